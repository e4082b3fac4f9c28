// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: the DMA logging features
 *
 * What user space passes lies in memory mapped into the test's own mm.
 */
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include "feature_kunit.h"

#define MAX_RANGES	(PAGE_SIZE / 16)

/* Ranges for LOGGING_START, with what comes of them. */
struct start_param {
	const char *name;
	int want;
	u64 page_size;
	u32 count;
	struct vfio_device_feature_dma_logging_range range[4];
	u32 pretend;	/* what num_ranges says, if not count */
};

#define START_TOP	(U64_MAX - SZ_4K + 1)

static const struct start_param start_params[] = {
	{ "one", 0, SZ_4K, 1, { { SZ_1M, SZ_4K } } },
	{ "from zero", 0, SZ_4K, 1, { { 0, SZ_4K } } },
	{ "neighbours", 0, SZ_4K, 2, { { SZ_4K, SZ_4K }, { SZ_8K, SZ_4K } } },
	{ "not sorted", 0, SZ_4K, 3,
	  { { SZ_1M, SZ_4K }, { 0, SZ_8K }, { SZ_64K, SZ_64K } } },
	{ "small page size", 0, 1, 1, { { 3, 5 } } },
	{ "defect 11: length 0", -EINVAL, SZ_4K, 1, { { SZ_1M, 0 } } },
	{ "defect 11: length 0 at 0", -EINVAL, SZ_4K, 1, { { 0, 0 } } },
	{ "defect 11: length 0 last", -EINVAL, SZ_4K, 2,
	  { { SZ_1M, SZ_4K }, { SZ_2M, 0 } } },
	{ "iova not aligned", -EINVAL, SZ_4K, 1, { { SZ_1K, SZ_4K } } },
	{ "length not aligned", -EINVAL, SZ_4K, 1, { { SZ_4K, SZ_1K } } },
	{ "page size 0", -EINVAL, 0, 1, { { SZ_4K, SZ_4K } } },
	{ "same twice", -EINVAL, SZ_4K, 2,
	  { { SZ_4K, SZ_4K }, { SZ_4K, SZ_4K } } },
	{ "overlap below", -EINVAL, SZ_4K, 2,
	  { { SZ_8K, SZ_8K }, { SZ_4K, SZ_8K } } },
	{ "overlap inside", -EINVAL, SZ_4K, 2,
	  { { 0, SZ_1M }, { SZ_64K, SZ_4K } } },
	{ "overlap around", -EINVAL, SZ_4K, 3,
	  { { SZ_1M, SZ_4K }, { SZ_64K, SZ_4K }, { 0, SZ_128K } } },
	{ "up to the top", -EOVERFLOW, SZ_4K, 1, { { START_TOP, SZ_4K } } },
	{ "wraps", -EOVERFLOW, SZ_4K, 1, { { START_TOP, SZ_8K } } },
	{ "all", -EOVERFLOW, SZ_4K, 1, { { SZ_4K, START_TOP } } },
	{ "too many", -E2BIG, SZ_4K, 1, { { SZ_1M, SZ_4K } }, MAX_RANGES + 1 },
	{ "far too many", -E2BIG, SZ_4K, 1, { { SZ_1M, SZ_4K } }, U32_MAX },
};

static void start_param_name(const struct start_param *param, char *name)
{
	strscpy(name, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(start, start_params, start_param_name);

static int start_call(struct kunit *test, struct fake *fake,
		      struct vfio_device_feature_dma_logging_control *control)
{
	return feature_call(test, fake, HEAD + sizeof(*control),
			    F(DMA_LOGGING_START) | SET, control,
			    sizeof(*control));
}

static void start_test(struct kunit *test)
{
	const struct start_param *param = test->param_value;
	struct vfio_device_feature_dma_logging_control control = {
		.page_size = param->page_size,
		.num_ranges = param->pretend ?: param->count,
	};
	struct fake *fake = fake_device(test);
	void __user *ranges = fake->user + PAGE_SIZE;

	control.ranges = (uintptr_t)ranges;
	KUNIT_ASSERT_EQ(test, 0, copy_to_user(ranges, param->range,
					      sizeof(param->range)));
	KUNIT_EXPECT_EQ(test, param->want, start_call(test, fake, &control));
	KUNIT_EXPECT_EQ(test, fake->starts, param->want ? 0 : 1);
	KUNIT_EXPECT_EQ(test, control.page_size,
			param->want ? param->page_size : 2 * param->page_size);
	if (!param->want)
		KUNIT_EXPECT_EQ(test, fake->ranges, param->count);
}

static void start_full_page_test(struct kunit *test)
{
	struct vfio_device_feature_dma_logging_control control = {
		.page_size = SZ_4K,
		.num_ranges = MAX_RANGES,
	};
	struct vfio_device_feature_dma_logging_range range;
	struct fake *fake = fake_device(test);
	void __user *ranges = fake->user + PAGE_SIZE;
	unsigned int i;

	control.ranges = (uintptr_t)ranges;
	for (i = 0; i < MAX_RANGES; i++) {
		range.iova = (u64)i * SZ_1M;
		range.length = SZ_4K;
		KUNIT_ASSERT_EQ(test, 0,
				copy_to_user(ranges + i * sizeof(range),
					     &range, sizeof(range)));
	}
	KUNIT_EXPECT_EQ(test, 0, start_call(test, fake, &control));
	KUNIT_EXPECT_EQ(test, fake->ranges, MAX_RANGES);
	KUNIT_EXPECT_EQ(test, fake->first, 0);
	KUNIT_EXPECT_EQ(test, fake->last, range.iova + SZ_4K - 1);
}

/* EFAULT before the driver is asked, and after: then logging is stopped. */
static void start_fault_test(struct kunit *test)
{
	struct vfio_device_feature_dma_logging_range range = { SZ_1M, SZ_4K };
	struct vfio_device_feature_dma_logging_control control = {
		.page_size = SZ_4K,
		.num_ranges = 1,
	};
	struct fake *fake = fake_device(test);
	void __user *ranges = fake->user + PAGE_SIZE;

	control.ranges = (uintptr_t)fake->user + fake->user_size - 8;
	vm_munmap((unsigned long)fake->user + 3 * PAGE_SIZE, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, -EFAULT, start_call(test, fake, &control));
	KUNIT_EXPECT_EQ(test, fake->starts, 0);

	control.ranges = (uintptr_t)ranges;
	KUNIT_ASSERT_EQ(test, 0, copy_to_user(ranges, &range, sizeof(range)));
	fake->err = -ENOSPC;
	KUNIT_EXPECT_EQ(test, -ENOSPC, start_call(test, fake, &control));
	KUNIT_EXPECT_EQ(test, fake->stops, 0);

	fake->err = 0;
	control.page_size = SZ_4K;
	fake->pull_memory = true;
	KUNIT_EXPECT_EQ(test, -EFAULT, start_call(test, fake, &control));
	KUNIT_EXPECT_EQ(test, fake->starts, 2);
	KUNIT_EXPECT_EQ(test, fake->stops, 1);
}

struct report_param {
	const char *name;
	int want;
	u64 iova, length, page_size;
};

static const struct report_param report_params[] = {
	{ "4K pages", 0, SZ_1M, SZ_64K, SZ_4K },
	{ "from zero", 0, 0, SZ_64K, SZ_4K },
	{ "page size 0", -EINVAL, SZ_1M, SZ_64K, 0 },
	{ "page size 2K", -EINVAL, SZ_1M, SZ_64K, SZ_2K },
	{ "page size 12K", -EINVAL, SZ_1M, SZ_64K, 3 * SZ_4K },
	{ "page size 4K + 1", -EINVAL, SZ_1M, SZ_64K, SZ_4K + 1 },
	{ "length 0", -EINVAL, SZ_1M, 0, SZ_4K },
	{ "up to the top", -EOVERFLOW, START_TOP, SZ_4K, SZ_4K },
	{ "wraps", -EOVERFLOW, START_TOP, SZ_64K, SZ_4K },
};

static void report_param_name(const struct report_param *param, char *name)
{
	strscpy(name, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(report, report_params, report_param_name);

static void report_test(struct kunit *test)
{
	const struct report_param *param = test->param_value;
	struct vfio_device_feature_dma_logging_report report = {
		.iova = param->iova,
		.length = param->length,
		.page_size = param->page_size,
	};
	struct fake *fake = fake_device(test);
	u64 __user *bitmap = fake->user + PAGE_SIZE;
	u64 bits = 0;

	if (!IS_ENABLED(CONFIG_IOMMUFD_DRIVER) && !param->want)
		kunit_skip(test, "no iova_bitmap in this kernel");

	report.bitmap = (uintptr_t)bitmap;
	KUNIT_EXPECT_EQ(test, param->want,
			feature_call(test, fake, HEAD + sizeof(report),
				     F(DMA_LOGGING_REPORT) | GET, &report,
				     sizeof(report)));
	KUNIT_EXPECT_EQ(test, fake->reads, param->want ? 0 : 1);
	KUNIT_ASSERT_EQ(test, 0, copy_from_user(&bits, bitmap, sizeof(bits)));
	KUNIT_EXPECT_EQ(test, bits, param->want ? 0 : 6);
	if (!param->want) {
		KUNIT_EXPECT_EQ(test, fake->first, param->iova);
		KUNIT_EXPECT_EQ(test, fake->last,
				param->iova + param->length - 1);
	}
}

static struct kunit_case vfio_dma_logging_cases[] = {
	KUNIT_CASE_PARAM(start_test, start_gen_params),
	KUNIT_CASE(start_full_page_test),
	KUNIT_CASE(start_fault_test),
	KUNIT_CASE_PARAM(report_test, report_gen_params),
	{}
};

static struct kunit_suite vfio_dma_logging_suite = {
	.name = "vfio_dma_logging",
	.test_cases = vfio_dma_logging_cases,
};

kunit_test_suites(&vfio_dma_logging_suite);
