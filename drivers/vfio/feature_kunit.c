// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: the dispatch of VFIO_DEVICE_FEATURE, and the migration features
 *
 * A fake device stands behind vfio_device_feature(); what the user passes lies
 * in memory that is mapped into the test's own mm.
 */
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/interval_tree.h>
#include <linux/iova_bitmap.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include "feature_kunit.h"
#include "vfio.h"

/* What the fake driver's device_feature returns, to be told from all else. */
#define DRIVER_SAYS	(-EDOM)

static struct fake *to_fake(struct vfio_device *vdev)
{
	return container_of(vdev, struct fake, vdev);
}

static int fake_leave(struct fake *fake)
{
	if (fake->pull_memory)
		vm_munmap((unsigned long)fake->user, fake->user_size);
	return fake->err;
}

static struct file *fake_set_state(struct vfio_device *vdev,
				   enum vfio_device_mig_state state)
{
	struct fake *fake = to_fake(vdev);
	int err = fake_leave(fake);

	fake->sets++;
	fake->state = state;
	return err ? ERR_PTR(err) : fake->file;
}

static int fake_get_state(struct vfio_device *vdev,
			  enum vfio_device_mig_state *state)
{
	*state = to_fake(vdev)->state;
	return fake_leave(to_fake(vdev));
}

static int fake_get_size(struct vfio_device *vdev, unsigned long *length)
{
	*length = 0x12345;
	return fake_leave(to_fake(vdev));
}

static const struct vfio_migration_ops fake_mig_ops = {
	.migration_set_state = fake_set_state,
	.migration_get_state = fake_get_state,
	.migration_get_data_size = fake_get_size,
};

static int fake_log_start(struct vfio_device *vdev, struct rb_root_cached *root,
			  u32 count, u64 *page_size)
{
	struct fake *fake = to_fake(vdev);
	struct interval_tree_node *node;

	fake->starts++;
	fake->ranges = 0;
	node = interval_tree_iter_first(root, 0, ULONG_MAX);
	fake->first = node->start;
	for (; node; node = interval_tree_iter_next(node, 0, ULONG_MAX)) {
		fake->ranges++;
		fake->last = node->last;
	}
	if (fake->ranges != count)
		return -EILSEQ;
	*page_size *= 2;
	return fake_leave(fake);
}

static int fake_log_stop(struct vfio_device *vdev)
{
	to_fake(vdev)->stops++;
	return to_fake(vdev)->err;
}

static int fake_log_read(struct vfio_device *vdev, unsigned long iova,
			 unsigned long length, struct iova_bitmap *dirty)
{
	struct fake *fake = to_fake(vdev);

	fake->reads++;
	fake->first = iova;
	fake->last = iova + length - 1;
	iova_bitmap_set(dirty, iova + SZ_4K, SZ_8K);
	return fake->err;
}

static const struct vfio_log_ops fake_log_ops = {
	.log_start = fake_log_start,
	.log_stop = fake_log_stop,
	.log_read_and_clear = fake_log_read,
};

static int fake_device_feature(struct vfio_device *vdev, u32 flags,
			       void __user *arg, size_t argsz)
{
	struct fake *fake = to_fake(vdev);

	fake->flags = flags;
	fake->argsz = argsz;
	return arg == fake->user + HEAD ? DRIVER_SAYS : -EILSEQ;
}

/* A device with everything, gone after the test. */
struct fake *fake_device(struct kunit *test)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	unsigned long addr;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->user_size = 4 * PAGE_SIZE;
	addr = kunit_vm_mmap(test, NULL, 0, fake->user_size,
			     PROT_READ | PROT_WRITE,
			     MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, addr, 0);
	fake->user = (void __user *)addr;

	fake->vdev.ops = &fake->ops;
	fake->ops.device_feature = fake_device_feature;
	fake->vdev.mig_ops = &fake_mig_ops;
	fake->vdev.log_ops = &fake_log_ops;
	fake->vdev.migration_flags = VFIO_MIGRATION_STOP_COPY |
				     VFIO_MIGRATION_P2P;
	return fake;
}

/* Put the header in front of @data, call, and fetch @data again. */
int feature_call(struct kunit *test, struct fake *fake, u32 argsz, u32 flags,
		 void *data, size_t size)
{
	struct vfio_device_feature head = { .argsz = argsz, .flags = flags };
	int ret;

	KUNIT_ASSERT_EQ(test, 0, copy_to_user(fake->user, &head, HEAD));
	if (size)
		KUNIT_ASSERT_EQ(test, 0,
				copy_to_user(fake->user + HEAD, data, size));
	ret = vfio_device_feature(&fake->vdev, fake->user);
	if (size && !fake->pull_memory)
		KUNIT_ASSERT_EQ(test, 0, copy_from_user(data, fake->user + HEAD,
							size));
	return ret;
}

enum { NO_MIG = 1, NO_LOG = 2, NO_DRIVER = 4 };

/* Calls whose data is all zero. */
struct call_param {
	const char *name;
	u32 feature;
	u32 ops;
	u32 size;
	int want;
	unsigned int without;
};

static const struct call_param call_params[] = {
	{ "migration get", F(MIGRATION), GET, 8 },
	{ "migration get, too short", F(MIGRATION), GET, 7, -EINVAL },
	{ "migration set", F(MIGRATION), SET, 8, -EINVAL },
	{ "migration get, none", F(MIGRATION), GET, 8, -ENOTTY, NO_MIG },
	{ "migration set, none", F(MIGRATION), SET, 8, -ENOTTY, NO_MIG },
	{ "migration probe", F(MIGRATION), PROBE, 0 },
	{ "migration probe get", F(MIGRATION), PROBE | GET, 0 },
	{ "migration probe set", F(MIGRATION), PROBE | SET, 0, -EINVAL },
	{ "migration probe both", F(MIGRATION), PROBE | GET | SET, 0, -EINVAL },
	{ "migration probe, none", F(MIGRATION), PROBE, 0, -ENOTTY, NO_MIG },
	{ "migration no op", F(MIGRATION), 0, 8, -EINVAL },

	{ "state get", F(MIG_DEVICE_STATE), GET, 8 },
	{ "state set", F(MIG_DEVICE_STATE), SET, 8 },
	{ "state get and set", F(MIG_DEVICE_STATE), GET | SET, 8, -EINVAL },
	{ "state get, too short", F(MIG_DEVICE_STATE), GET, 7, -EINVAL },
	{ "state set, too short", F(MIG_DEVICE_STATE), SET, 4, -EINVAL },
	{ "state probe both", F(MIG_DEVICE_STATE), PROBE | GET | SET, 0 },
	{ "state get, none", F(MIG_DEVICE_STATE), GET, 8, -ENOTTY, NO_MIG },

	{ "size get", F(MIG_DATA_SIZE), GET, 8 },
	{ "size get, too short", F(MIG_DATA_SIZE), GET, 0, -EINVAL },
	{ "size set", F(MIG_DATA_SIZE), SET, 8, -EINVAL },
	{ "size probe get", F(MIG_DATA_SIZE), PROBE | GET, 0 },
	{ "size get, none", F(MIG_DATA_SIZE), GET, 8, -ENOTTY, NO_MIG },

	{ "start, no ranges", F(DMA_LOGGING_START), SET, 24, -EINVAL },
	{ "start, too short", F(DMA_LOGGING_START), SET, 23, -EINVAL },
	{ "start get", F(DMA_LOGGING_START), GET, 24, -EINVAL },
	{ "start probe set", F(DMA_LOGGING_START), PROBE | SET, 0 },
	{ "start probe get", F(DMA_LOGGING_START), PROBE | GET, 0, -EINVAL },
	{ "start, none", F(DMA_LOGGING_START), SET, 24, -ENOTTY, NO_LOG },
	{ "stop", F(DMA_LOGGING_STOP), SET, 0 },
	{ "stop get", F(DMA_LOGGING_STOP), GET, 0, -EINVAL },
	{ "stop probe", F(DMA_LOGGING_STOP), PROBE, 0 },
	{ "stop, none", F(DMA_LOGGING_STOP), SET, 0, -ENOTTY, NO_LOG },
	{ "report, page size 0", F(DMA_LOGGING_REPORT), GET, 32, -EINVAL },
	{ "report, too short", F(DMA_LOGGING_REPORT), GET, 31, -EINVAL },
	{ "report set", F(DMA_LOGGING_REPORT), SET, 32, -EINVAL },
	{ "report probe get", F(DMA_LOGGING_REPORT), PROBE | GET, 0 },
	{ "report, none", F(DMA_LOGGING_REPORT), GET, 32, -ENOTTY, NO_LOG },

	{ "driver's lowest", F(PCI_VF_TOKEN), SET, 16, DRIVER_SAYS },
	{ "driver's in between", F(LOW_POWER_EXIT), SET, 0, DRIVER_SAYS },
	{ "driver's next", F(BUS_MASTER), SET, 4, DRIVER_SAYS },
	{ "driver's highest", 0xffff, PROBE, 0, DRIVER_SAYS },
	{ "driver's get and set", F(PCI_VF_TOKEN), GET | SET, 16, -EINVAL },
	{ "driver's probe both", F(PCI_VF_TOKEN), PROBE | GET | SET, 0,
	  DRIVER_SAYS },
	{ "driver has none", F(PCI_VF_TOKEN), SET, 16, -ENOTTY, NO_DRIVER },
	{ "nobody's", 0xffff, GET, 0, -ENOTTY, NO_DRIVER },
	{ "unknown flag", F(MIGRATION), GET | BIT(19), 8, -EINVAL },
	{ "unknown high flag", F(MIGRATION), PROBE | BIT(31), 8, -EINVAL },
	{ "unknown flag, driver's", F(PCI_VF_TOKEN), GET | BIT(20), 16, -EINVAL },
};

static void call_param_name(const struct call_param *param, char *name)
{
	strscpy(name, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(call, call_params, call_param_name);

static void call_test(struct kunit *test)
{
	const struct call_param *param = test->param_value;
	struct fake *fake = fake_device(test);
	u64 zero[4] = {};

	if (param->without & NO_MIG)
		fake->vdev.mig_ops = NULL;
	if (param->without & NO_LOG)
		fake->vdev.log_ops = NULL;
	if (param->without & NO_DRIVER)
		fake->ops.device_feature = NULL;

	KUNIT_EXPECT_EQ(test, param->want,
			feature_call(test, fake, HEAD + param->size,
				     param->feature | param->ops,
				     zero, sizeof(zero)));
	if (param->want == DRIVER_SAYS) {
		KUNIT_EXPECT_EQ(test, fake->flags, param->feature | param->ops);
		KUNIT_EXPECT_EQ(test, fake->argsz, param->size);
	}
	/* Neither a refusal nor a PROBE reaches the ops. */
	if (param->want || (param->ops & PROBE))
		KUNIT_EXPECT_EQ(test, 0, fake->sets + fake->starts +
				fake->stops + fake->reads);
}

static void argsz_test(struct kunit *test)
{
	struct fake *fake = fake_device(test);
	u32 argsz;

	for (argsz = 0; argsz < HEAD; argsz++)
		KUNIT_EXPECT_EQ(test, -EINVAL,
				feature_call(test, fake, argsz,
					     F(MIGRATION) | PROBE, NULL, 0));
	KUNIT_EXPECT_EQ(test, 0, feature_call(test, fake, HEAD,
					      F(MIGRATION) | PROBE, NULL, 0));
	KUNIT_EXPECT_EQ(test, 0, feature_call(test, fake, U32_MAX,
					      F(MIGRATION) | PROBE, NULL, 0));
	vm_munmap((unsigned long)fake->user, fake->user_size);
	KUNIT_EXPECT_EQ(test, -EFAULT,
			vfio_device_feature(&fake->vdev, fake->user));
}

static void migration_get_test(struct kunit *test)
{
	struct vfio_device_feature_mig_data_size size = {};
	struct vfio_device_feature_migration flags = {};
	struct fake *fake = fake_device(test);

	KUNIT_EXPECT_EQ(test, 0,
			feature_call(test, fake, HEAD + sizeof(flags),
				     F(MIGRATION) | GET, &flags, sizeof(flags)));
	KUNIT_EXPECT_EQ(test, flags.flags,
			VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P);

	KUNIT_EXPECT_EQ(test, 0,
			feature_call(test, fake, HEAD + sizeof(size),
				     F(MIG_DATA_SIZE) | GET, &size, sizeof(size)));
	KUNIT_EXPECT_EQ(test, size.stop_copy_length, 0x12345);
	fake->err = -EBUSY;
	size.stop_copy_length = 7;
	KUNIT_EXPECT_EQ(test, -EBUSY,
			feature_call(test, fake, HEAD + sizeof(size),
				     F(MIG_DATA_SIZE) | GET, &size, sizeof(size)));
	KUNIT_EXPECT_EQ(test, size.stop_copy_length, 7);
}

static int state_call(struct kunit *test, struct fake *fake, u32 op,
		      struct vfio_device_feature_mig_state *state)
{
	return feature_call(test, fake, HEAD + sizeof(*state),
			    F(MIG_DEVICE_STATE) | op, state, sizeof(*state));
}

static void state_test(struct kunit *test)
{
	struct vfio_device_feature_mig_state state = { .data_fd = 77 };
	struct fake *fake = fake_device(test);

	fake->state = VFIO_DEVICE_STATE_RESUMING;
	KUNIT_EXPECT_EQ(test, 0, state_call(test, fake, GET, &state));
	KUNIT_EXPECT_EQ(test, state.device_state, VFIO_DEVICE_STATE_RESUMING);
	KUNIT_EXPECT_EQ(test, state.data_fd, -1);

	/* A SET that opens no data transfer. */
	state.device_state = VFIO_DEVICE_STATE_STOP;
	state.data_fd = 77;
	KUNIT_EXPECT_EQ(test, 0, state_call(test, fake, SET, &state));
	KUNIT_EXPECT_EQ(test, fake->state, VFIO_DEVICE_STATE_STOP);
	KUNIT_EXPECT_EQ(test, state.data_fd, -1);

	/* A failed SET: the fd that is none is told all the same. */
	fake->err = -EIO;
	state.device_state = VFIO_DEVICE_STATE_RUNNING;
	state.data_fd = 77;
	KUNIT_EXPECT_EQ(test, -EIO, state_call(test, fake, SET, &state));
	KUNIT_EXPECT_EQ(test, state.data_fd, -1);
	KUNIT_EXPECT_EQ(test, fake->sets, 2);

	/* A failed GET leaves the user's memory alone. */
	state.data_fd = 77;
	KUNIT_EXPECT_EQ(test, -EIO, state_call(test, fake, GET, &state));
	KUNIT_EXPECT_EQ(test, state.data_fd, 77);
}

static int fake_file_release(struct inode *inode, struct file *file)
{
	struct fake *fake = file->private_data;

	fake->released++;
	return 0;
}

static const struct file_operations fake_file_fops = {
	.release = fake_file_release,
};

static void fake_open_file(struct kunit *test, struct fake *fake)
{
	fake->file = anon_inode_getfile("fake_mig", &fake_file_fops, fake,
					O_RDONLY);
	KUNIT_ASSERT_FALSE(test, IS_ERR(fake->file));
}

static void state_data_fd_test(struct kunit *test)
{
	struct vfio_device_feature_mig_state state = {
		.device_state = VFIO_DEVICE_STATE_STOP_COPY,
	};
	struct fake *fake = fake_device(test);
	struct file *file;

	fake_open_file(test, fake);
	KUNIT_ASSERT_EQ(test, 0, state_call(test, fake, SET, &state));
	KUNIT_ASSERT_GE(test, state.data_fd, 0);
	file = fget(state.data_fd);
	KUNIT_EXPECT_PTR_EQ(test, file, fake->file);
	if (file)
		fput(file);
	KUNIT_EXPECT_EQ(test, fake->released, 0);
	KUNIT_EXPECT_EQ(test, 0, close_fd(state.data_fd));
	flush_delayed_fput();
	KUNIT_EXPECT_EQ(test, fake->released, 1);
}

/* If the user cannot be told the fd's number, there is no fd. */
static void state_data_fd_fault_test(struct kunit *test)
{
	struct vfio_device_feature_mig_state state = {
		.device_state = VFIO_DEVICE_STATE_STOP_COPY,
	};
	struct fake *fake = fake_device(test);

	fake_open_file(test, fake);
	fake->pull_memory = true;
	KUNIT_EXPECT_EQ(test, -EFAULT, state_call(test, fake, SET, &state));
	flush_delayed_fput();
	KUNIT_EXPECT_EQ(test, fake->released, 1);
}

/* The error of the copy goes before that of the driver. */
static void state_fault_test(struct kunit *test)
{
	struct vfio_device_feature_mig_state state = {};
	struct fake *fake = fake_device(test);

	fake->err = -EIO;
	fake->pull_memory = true;
	KUNIT_EXPECT_EQ(test, -EFAULT, state_call(test, fake, SET, &state));
}

static struct kunit_case vfio_feature_cases[] = {
	KUNIT_CASE_PARAM(call_test, call_gen_params),
	KUNIT_CASE(argsz_test),
	KUNIT_CASE(migration_get_test),
	KUNIT_CASE(state_test),
	KUNIT_CASE(state_data_fd_test),
	KUNIT_CASE(state_data_fd_fault_test),
	KUNIT_CASE(state_fault_test),
	{}
};

static struct kunit_suite vfio_feature_suite = {
	.name = "vfio_feature",
	.test_cases = vfio_feature_cases,
};

kunit_test_suites(&vfio_feature_suite);
