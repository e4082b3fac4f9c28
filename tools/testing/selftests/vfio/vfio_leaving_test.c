// SPDX-License-Identifier: GPL-2.0
/*
 * The module of a device's driver is on its way out, and the device is still
 * registered: nobody may begin to use it, as nothing would keep the driver.
 * Needs root and vfio_fake.ko, which waits in its exit when it is asked to.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "vfio_harness.h"
#include "vfio_module.h"
#include "vfio_path.h"

#define MODULE		"/sys/module/vfio_fake"
#define DEVICE		"/sys/bus/platform/devices/vfio_fake.0"
#define WAIT_MS		"6000"

FIXTURE(leaving) {
	struct vfio_dut dut;
	struct vfio_path path;
	pthread_t thread;
	bool unloading;
	int unloaded;
};

FIXTURE_VARIANT(leaving) {
	enum vfio_path_kind kind;
};

FIXTURE_VARIANT_ADD(leaving, cdev) { .kind = PATH_CDEV };
FIXTURE_VARIANT_ADD(leaving, type1) { .kind = PATH_TYPE1 };
FIXTURE_VARIANT_ADD(leaving, group_iommufd) { .kind = PATH_COMPAT };

FIXTURE_SETUP(leaving)
{
	int ret;

	vfio_path_init(&self->path);
	ret = module_load("vfio_fake", "exit_ms=" WAIT_MS);
	if (ret == -ENOENT)
		SKIP(return, "there is no vfio_fake.ko");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, vfio_dut_from_sysfs(&self->dut, DEVICE));
}

FIXTURE_TEARDOWN(leaving)
{
	vfio_path_close(&self->path);
	if (self->unloading)
		pthread_join(self->thread, NULL);
	else
		module_unload("vfio_fake");
	EXPECT_EQ(-1, access(MODULE, F_OK));
}

static void *unload(void *data)
{
	int *ret = data;

	*ret = module_unload("vfio_fake");
	return NULL;
}

/* All but the last step: the device itself. */
static int everything_but_the_device(struct vfio_path *path)
{
	int ret;

	ret = vfio_path_new_space(path);
	if (ret || path->kind != PATH_CDEV)
		return ret;
	path->device = node_open(path->dut.cdev);
	return path->device < 0 ? path->device : 0;
}

static int the_device(struct vfio_path *path)
{
	if (path->kind == PATH_CDEV)
		return vfio_bind(path->device, path->space, NULL);
	return group_get_device(path->group, path->dut.name);
}

TEST_F(leaving, no_new_user_ENODEV)
{
	long long end = now_ms() + 5000;
	char state[16] = "";

	self->path.kind = variant->kind;
	self->path.dut = self->dut;
	ASSERT_EQ(0, everything_but_the_device(&self->path));
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, unload,
				    &self->unloaded));
	self->unloading = true;
	while (strcmp(state, "going") && now_ms() < end) {
		sleep_ms(20);
		sysfs_read(MODULE "/initstate", state, sizeof(state));
	}
	ASSERT_STREQ("going", state);

	EXPECT_EQ(-ENODEV, the_device(&self->path));
	/* It was there: the module still has it. */
	EXPECT_EQ(0, access(self->dut.group, F_OK));
	EXPECT_EQ(0, access(DEVICE "/driver", F_OK));

	vfio_path_close(&self->path);
	pthread_join(self->thread, NULL);
	self->unloading = false;
	EXPECT_EQ(0, self->unloaded);
	EXPECT_EQ(-1, access(self->dut.group, F_OK));
	EXPECT_EQ(-1, access(self->dut.cdev, F_OK));
}

TEST_HARNESS_MAIN
