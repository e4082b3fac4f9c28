// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: what probing costs per device, by the number of devices. On a guest
 * whose clock counts instructions the figures are the same in every run. No
 * figure is judged but their growth: a device is a device, however many.
 */
#include <linux/ktime.h>

#include "mock.h"

static const unsigned int cost_counts[] = { 16, 256, 4096 };

static void cost_name(const unsigned int *count, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u devices", *count);
}

KUNIT_ARRAY_PARAM(cost_counts, cost_counts, cost_name);

static u64 first_register;

static void cost_probe(struct kunit *test)
{
	unsigned int i, n = *(const unsigned int *)test->param_value;
	u64 start, reg, unreg, plug = 0, unplug = 0;
	struct mock *mock = test->priv;
	struct mock_dev *mdev;

	mock->measured = true;
	for (i = 0; i < n; i++)
		mock_dev_added(mock, MOCK_OWN);
	start = ktime_get_ns();
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	reg = ktime_get_ns() - start;
	mdev = mock_dev(mock, MOCK_OWN);
	for (i = 0; i < 16; i++) {
		start = ktime_get_ns();
		KUNIT_ASSERT_EQ(test, mock_dev_add(mdev), 0);
		plug += ktime_get_ns() - start;
		KUNIT_ASSERT_NOT_NULL(test, mock_current(mdev));
		start = ktime_get_ns();
		mock_dev_del(mdev);
		unplug += ktime_get_ns() - start;
	}
	start = ktime_get_ns();
	mock_unregister(mock);
	unreg = ktime_get_ns() - start;
	reg = div_u64(reg, n);
	kunit_info(test, "cost of %u devices, each: register %llu, plug %llu, unplug %llu, unregister %llu\n",
		   n, reg, plug / 16, unplug / 16, div_u64(unreg, n));
	if (n == cost_counts[0])
		first_register = reg;
	/* Half as much again is what longer lists of sysfs and ida may cost. */
	else if (first_register)
		KUNIT_EXPECT_LT(test, reg, first_register * 3 / 2);
}

static struct kunit_case cost_cases[] = {
	KUNIT_CASE_PARAM(cost_probe, cost_counts_gen_params),
	{}
};

struct kunit_suite iommu_group_cost_suite = {
	.name = "iommu_group_cost",
	.init = mock_init,
	.exit = mock_exit,
	.test_cases = cost_cases,
};
