// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation and every user copy of the calls that open a device fails
 * once: open, BIND, ATTACH, SET_CONTAINER, SET_IOMMU, GET_DEVICE_FD. A call
 * that was hit either fails with an errno for it and leaves the object as it
 * was, so that the same call then succeeds, or has done its work.
 * Needs root, fault injection, mtty.ko, and an edu function for the variants
 * with a physical iommu.
 */
#define _GNU_SOURCE
#include "fail_nth.h"
#include "vfio_path.h"

/* What the calls work on. */
struct target {
	struct vfio_dut dut;
	int device, group, space;
	__u32 ioas;
};

FIXTURE(fail_nth) {
	struct target target;
	int fds;
	int mark;
};

FIXTURE_VARIANT(fail_nth) {
	enum vfio_dut_kind kind;
};

FIXTURE_VARIANT_ADD(fail_nth, mdev) { .kind = VFIO_DUT_MDEV };
FIXTURE_VARIANT_ADD(fail_nth, pci) { .kind = VFIO_DUT_PCI };

FIXTURE_SETUP(fail_nth)
{
	self->target.device = -1;
	self->target.group = -1;
	self->target.space = -1;
	self->mark = -1;
	if (!faults_setup())
		SKIP(return, "the kernel injects no faults");
	if (!dut_has_cdev(_metadata, &self->target.dut, variant->kind))
		return;
	self->mark = kmsg_mark();
	ASSERT_LE(0, self->mark);
	self->fds = count_entries("/proc/self/fd");
}

/* Nothing is open any more, and the device is as free as it was. */
FIXTURE_TEARDOWN(fail_nth)
{
	char line[256];
	int fd;

	if (self->mark < 0)
		return;
	EXPECT_EQ(self->fds, count_entries("/proc/self/fd"));
	fd = node_open(self->target.dut.group);
	EXPECT_LE(0, fd);
	close(fd);
	fd = node_open(self->target.dut.cdev);
	EXPECT_LE(0, fd);
	close(fd);
	EXPECT_FALSE(kmsg_splat(self->mark, line, sizeof(line))) {
		TH_LOG("%s", line);
	}
	close(self->mark);
}

/*
 * An attach goes through fault points of iommufd's own: each look-up of an
 * object, and what a physical device reserves in its address space. And iommufd
 * takes a domain that has no memory for its tables for one that does not fit.
 */
static void expect_attach_faults(struct sweep *sweep, unsigned int lookups)
{
	struct target *t = sweep->data;

	sweep->also[0].errnum = ENOENT;
	sweep->also[0].most = lookups;
	if (t->dut.kind == VFIO_DUT_PCI) {
		sweep->also[1].errnum = EINVAL;
		sweep->also[1].most = 2;
	}
}

static void close_result(void *data, int ret)
{
	close(ret);
}

/* open() of the cdev */

static int call_open(void *data)
{
	struct target *t = data;

	return node_open(t->dut.cdev);
}

TEST_F_TIMEOUT(fail_nth, cdev_open, 120)
{
	struct sweep sweep = {
		.what = "cdev open", .call = call_open, .undo = close_result,
		.data = &self->target,
	};

	sweep_run(_metadata, &sweep);
	EXPECT_LT(0, sweep.refused);
}

/* open() of the group */

static int call_group_open(void *data)
{
	struct target *t = data;

	return node_open(t->dut.group);
}

/* A group opens once: whatever is left of the failed open would block it. */
static const char *group_is_free(void *data, int ret)
{
	struct target *t = data;
	int fd = node_open(t->dut.group);

	if (fd < 0)
		return "the group does not open any more";
	close(fd);
	return NULL;
}

TEST_F_TIMEOUT(fail_nth, group_open, 120)
{
	struct sweep sweep = {
		.what = "group open", .call = call_group_open,
		.undo = close_result, .after = group_is_free, .data = &self->target,
	};

	sweep_run(_metadata, &sweep);
	EXPECT_LT(0, sweep.refused);
}

/* BIND on a fresh fd */

static int call_bind(void *data)
{
	struct target *t = data;

	return vfio_bind(t->device, t->space, NULL);
}

static void undo_bind(void *data, int ret)
{
	struct target *t = data;

	close(t->device);
	t->device = node_open(t->dut.cdev);
}

/* The fd is unbound again: it blocks no group, and it can be bound. */
static const char *bind_left_nothing(void *data, int ret)
{
	struct target *t = data;
	struct vfio_device_info info;
	const char *wrong;

	if (ret >= 0)
		return NULL;
	wrong = group_is_free(data, ret);
	if (wrong)
		return wrong;
	if (device_info(t->device, &info) != -EINVAL)
		return "the fd answers without being bound";
	if (vfio_bind(t->device, t->space, NULL))
		return "the fd cannot be bound any more";
	if (device_alive(t->device))
		return "the device does not answer";
	undo_bind(data, 0);
	return NULL;
}

TEST_F_TIMEOUT(fail_nth, bind, 300)
{
	struct sweep sweep = {
		.what = "BIND", .call = call_bind, .undo = undo_bind,
		.after = bind_left_nothing, .data = &self->target,
	};
	struct target *t = sweep.data;

	t->space = iommufd_open();
	ASSERT_LE(0, t->space);
	t->device = node_open(t->dut.cdev);
	ASSERT_LE(0, t->device);
	sweep_run(_metadata, &sweep);
	EXPECT_LT(1, sweep.refused);
	close(t->device);
	close(t->space);
}

/* ATTACH and DETACH on a bound fd */

static int call_attach(void *data)
{
	struct target *t = data;
	__u32 pt = t->ioas;

	return vfio_attach(t->device, &pt);
}

static void undo_attach(void *data, int ret)
{
	struct target *t = data;

	vfio_detach(t->device);
}

static const char *attach_left_nothing(void *data, int ret)
{
	struct target *t = data;
	__u32 other, pt;

	/* Not attached: the space has no user, and another one is taken. */
	if (ioas_alloc(t->space, &other))
		return "no other IOAS";
	pt = other;
	if (vfio_attach(t->device, &pt))
		return "the device cannot be attached any more";
	if (vfio_detach(t->device))
		return "the device cannot be detached";
	if (iommufd_destroy(t->space, t->ioas))
		return "the IOAS is still in use";
	t->ioas = other;
	return NULL;
}

TEST_F_TIMEOUT(fail_nth, attach, 300)
{
	struct sweep sweep = {
		.what = "ATTACH", .call = call_attach, .undo = undo_attach,
		.after = attach_left_nothing, .data = &self->target,
	};
	struct target *t = sweep.data;

	t->space = iommufd_open();
	ASSERT_LE(0, t->space);
	ASSERT_EQ(0, ioas_alloc(t->space, &t->ioas));
	t->device = vfio_open_bind(&t->dut, t->space, NULL);
	ASSERT_LE(0, t->device);
	expect_attach_faults(&sweep, 1);
	sweep_run(_metadata, &sweep);
	EXPECT_LT(1, sweep.refused);
	close(t->device);
	close(t->space);
}

static int call_detach(void *data)
{
	struct target *t = data;

	return vfio_detach(t->device);
}

static void undo_detach(void *data, int ret)
{
	call_attach(data);
}

TEST_F_TIMEOUT(fail_nth, detach, 120)
{
	struct sweep sweep = {
		.what = "DETACH", .call = call_detach, .undo = undo_detach,
		.data = &self->target,
	};
	struct target *t = sweep.data;

	t->space = iommufd_open();
	ASSERT_LE(0, t->space);
	ASSERT_EQ(0, ioas_alloc(t->space, &t->ioas));
	t->device = vfio_open_bind(&t->dut, t->space, NULL);
	ASSERT_LE(0, t->device);
	ASSERT_EQ(0, call_attach(t));
	sweep_run(_metadata, &sweep);
	close(t->device);
	close(t->space);
}

/* SET_CONTAINER, with a container and with an iommufd */

static int call_set_container(void *data)
{
	struct target *t = data;

	return group_set_container(t->group, t->space);
}

static void undo_set_container(void *data, int ret)
{
	struct target *t = data;

	group_unset_container(t->group);
}

static const char *container_is_not_set(void *data, int ret)
{
	struct target *t = data;
	__u32 flags;

	if (group_status(t->group, &flags))
		return "GET_STATUS fails";
	if (flags != VFIO_GROUP_FLAGS_VIABLE)
		return "the group is not viable, or in a container";
	return NULL;
}

static void sweep_set_container(struct __test_metadata *_metadata,
				struct target *t, bool iommufd)
{
	struct sweep sweep = {
		.what = "SET_CONTAINER", .call = call_set_container,
		.undo = undo_set_container, .after = container_is_not_set,
		.data = t,
	};

	t->space = iommufd ? iommufd_open() : container_open();
	ASSERT_LE(0, t->space);
	t->group = node_open(t->dut.group);
	ASSERT_LE(0, t->group);
	/* For a container there may be no fault point at all. */
	sweep_run(_metadata, &sweep);
	close(t->group);
	close(t->space);
}

TEST_F_TIMEOUT(fail_nth, set_container, 120)
{
	sweep_set_container(_metadata, &self->target, false);
}

TEST_F_TIMEOUT(fail_nth, set_container_iommufd, 120)
{
	sweep_set_container(_metadata, &self->target, true);
}

/* SET_IOMMU; leaving the container takes it back */

static int call_set_iommu(void *data)
{
	struct target *t = data;

	return container_set_iommu(t->space, VFIO_TYPE1v2_IOMMU);
}

static void undo_set_iommu(void *data, int ret)
{
	struct target *t = data;

	group_unset_container(t->group);
	group_set_container(t->group, t->space);
}

static const char *iommu_is_not_set(void *data, int ret)
{
	struct target *t = data;

	if (ret >= 0)
		return NULL;
	if (group_get_device(t->group, t->dut.name) != -EINVAL)
		return "the container gives a device without SET_IOMMU";
	if (call_set_iommu(data))
		return "SET_IOMMU fails for good";
	undo_set_iommu(data, 0);
	return NULL;
}

TEST_F_TIMEOUT(fail_nth, set_iommu, 300)
{
	/* Type1 without memory is as good as no driver that knows the type. */
	struct sweep sweep = {
		.what = "SET_IOMMU", .call = call_set_iommu,
		.undo = undo_set_iommu, .after = iommu_is_not_set,
		.also = { { ENODEV, 1 } }, .data = &self->target,
	};
	struct target *t = sweep.data;

	t->space = container_open();
	t->group = node_open(t->dut.group);
	ASSERT_LE(0, t->group);
	ASSERT_EQ(0, call_set_container(t));
	sweep_run(_metadata, &sweep);
	EXPECT_LT(0, sweep.refused);
	close(t->group);
	close(t->space);
}

/* GET_DEVICE_FD behind type1 and behind an iommufd */

static int call_get_device(void *data)
{
	struct target *t = data;

	return group_get_device(t->group, t->dut.name);
}

/* An open device would keep the group in its container. */
static const char *no_device_is_open(void *data, int ret)
{
	struct target *t = data;

	if (group_unset_container(t->group))
		return "the device is still open";
	if (group_set_container(t->group, t->space))
		return "the group does not go back into the container";
	if (container_set_iommu(t->space, VFIO_TYPE1v2_IOMMU))
		return "the container takes no iommu any more";
	return NULL;
}

static void sweep_get_device(struct __test_metadata *_metadata,
			     struct target *t, bool iommufd)
{
	struct sweep sweep = {
		.what = "GET_DEVICE_FD", .call = call_get_device,
		.undo = close_result, .after = no_device_is_open, .data = t,
	};

	t->space = iommufd ? iommufd_open() : container_open();
	ASSERT_LE(0, t->space);
	t->group = node_open(t->dut.group);
	ASSERT_LE(0, t->group);
	ASSERT_EQ(0, call_set_container(t));
	ASSERT_EQ(0, call_set_iommu(t));
	/* What binds a physical device looks one up more. */
	if (iommufd)
		expect_attach_faults(&sweep,
				     t->dut.kind == VFIO_DUT_PCI ? 2 : 1);
	sweep_run(_metadata, &sweep);
	EXPECT_LT(1, sweep.refused);
	close(t->group);
	close(t->space);
}

TEST_F_TIMEOUT(fail_nth, get_device_fd, 300)
{
	sweep_get_device(_metadata, &self->target, false);
}

TEST_F_TIMEOUT(fail_nth, get_device_fd_iommufd, 300)
{
	sweep_get_device(_metadata, &self->target, true);
}

TEST_HARNESS_MAIN
