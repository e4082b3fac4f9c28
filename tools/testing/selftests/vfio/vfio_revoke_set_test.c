// SPDX-License-Identifier: GPL-2.0
/*
 * Revocation of one of two functions that are reset together: a reset walks
 * over both, and must neither meet what is gone nor keep it.
 * Needs root and two edu functions behind one port.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "vfio_harness.h"
#include "vfio_revoke.h"

/* Two functions that are reset together, of one user. */
FIXTURE(reset_set) {
	struct vfio_dut dut[2];
	struct vfio_path path[2];
};

FIXTURE_VARIANT(reset_set) {
	enum vfio_path_kind path;
};

FIXTURE_VARIANT_ADD(reset_set, cdev) { PATH_CDEV };
FIXTURE_VARIANT_ADD(reset_set, type1) { PATH_TYPE1 };

FIXTURE_SETUP(reset_set)
{
	vfio_path_init(&self->path[0]);
	vfio_path_init(&self->path[1]);
	if (!vfio_dut_pair(self->dut))
		SKIP(return, "no two edu functions in one group");
	ASSERT_EQ(0, vfio_path_open(&self->path[0], variant->path,
				    &self->dut[0], NULL));
	if (variant->path == PATH_CDEV) {
		ASSERT_EQ(0, vfio_path_open(&self->path[1], variant->path,
					    &self->dut[1], &self->path[0]));
	} else {
		self->path[1].device = group_get_device(self->path[0].group,
							self->dut[1].name);
		ASSERT_LE(0, self->path[1].device);
	}
}

FIXTURE_TEARDOWN(reset_set)
{
	vfio_path_close(&self->path[1]);
	vfio_path_close(&self->path[0]);
	revoke_done(-1, REVOKE_WAIT_MS);
}

struct resetter {
	int device, group;	/* no group: the iommufd says whose they are */
	unsigned int done, refused;
	bool stop;
};

static int hot_reset(int device, int group)
{
	struct {
		struct vfio_pci_hot_reset head;
		__s32 group;
	} reset = {
		.head = { .argsz = sizeof(reset), .count = group >= 0 },
		.group = group,
	};

	return vfio_ioctl(device, VFIO_DEVICE_PCI_HOT_RESET, &reset);
}

static void *reset_both(void *data)
{
	struct resetter *r = data;

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		if (hot_reset(r->device, r->group))
			r->refused++;
		else
			r->done++;
	}
	return NULL;
}

/* One of them is taken away while the other one has both reset. */
TEST_F_TIMEOUT(reset_set, one_of_two, 120)
{
	struct resetter r = {
		.device = self->path[1].device, .group = self->path[0].group,
	};
	struct vfio_dut again;
	pthread_t thread;
	long long end;
	pid_t pid;

	ASSERT_EQ(0, pthread_create(&thread, NULL, reset_both, &r));
	for (end = now_ms() + 5000; now_ms() < end; sleep_ms(10))
		if (__atomic_load_n(&r.done, __ATOMIC_RELAXED) > 2)
			break;
	EXPECT_LT(2U, r.done);
	ASSERT_EQ(0, revoke_set_seconds(&self->dut[0], REVOKE_S));
	pid = revoke_start(&self->dut[0]);
	EXPECT_EQ(0, revoke_done(pid, REVOKE_WAIT_MS));
	sleep_ms(100);
	__atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	TH_LOG("%u resets, %u refused", r.done, r.refused);

	EXPECT_STREQ("", revoked_badly(self->path[0].device));
	/* The other one is as it was, but a reset would reach what is not its. */
	EXPECT_EQ(0, device_alive(self->path[1].device));
	EXPECT_GT(0, hot_reset(r.device, r.group));
	EXPECT_EQ(0, access(self->dut[1].group, F_OK));

	/* Bound again, the first is the same user's for the asking. */
	ASSERT_EQ(0, pci_bind(self->dut[0].name, "vfio-pci"));
	ASSERT_EQ(0, vfio_dut_from_sysfs(&again, self->dut[0].sysfs));
	vfio_path_close_device(&self->path[0]);
	self->path[0].dut = again;
	EXPECT_EQ(0, vfio_path_get_device(&self->path[0]));
	EXPECT_EQ(0, device_alive(self->path[0].device));
	EXPECT_EQ(0, hot_reset(r.device, r.group));
}

TEST_HARNESS_MAIN
