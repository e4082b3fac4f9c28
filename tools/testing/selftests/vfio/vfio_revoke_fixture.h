/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of the vfio_revoke_*_test programs: a device of either kind, open
 * by one of the three paths, and taken away in time. Included by the programs.
 */
#ifndef VFIO_SELFTEST_REVOKE_FIXTURE_H
#define VFIO_SELFTEST_REVOKE_FIXTURE_H

#include "vfio_harness.h"
#include "vfio_revoke.h"

struct revoke_env {
	struct vfio_dut dut;
	struct vfio_path path;
	bool ready;
};

struct revoke_variant {
	enum vfio_dut_kind kind;
	enum vfio_path_kind path;
};

static inline void revoke_env_setup(struct __test_metadata *_metadata,
				    struct revoke_env *env,
				    const struct revoke_variant *v)
{
	vfio_path_init(&env->path);
	env->ready = false;
	if (v->path != PATH_TYPE1 && access(IOMMUFD_NODE, F_OK))
		SKIP(return, "no iommufd");
	if (v->kind == VFIO_DUT_PCI) {
		if (!dut_ready(_metadata, &env->dut, v->kind))
			return;
	} else {
		ASSERT_EQ(0, mdev_new(&env->dut, MTTY_TYPE));
	}
	env->ready = true;
	ASSERT_EQ(0, vfio_path_open(&env->path, v->path, &env->dut, NULL));
}

static inline void revoke_env_teardown(struct revoke_env *env)
{
	vfio_path_close(&env->path);
	revoke_done(-1, REVOKE_WAIT_MS);
	if (env->ready && env->dut.kind == VFIO_DUT_MDEV &&
	    access(env->dut.sysfs, F_OK) == 0)
		mdev_remove(env->dut.name);
}

/* The device goes when its time is over, soon, and its nodes with it. */
static inline void taken_away(struct __test_metadata *_metadata,
			      const struct vfio_dut *dut)
{
	long long ms;

	ASSERT_EQ(0, revoke_set_seconds(dut, REVOKE_S));
	ASSERT_EQ(0, revoke_now(dut, &ms));
	TH_LOG("gone %lld ms after the time set", ms - 1000 * REVOKE_S);
	EXPECT_LE(1000 * REVOKE_S - 50, ms);
	EXPECT_GT(1000 * REVOKE_S + REVOKE_CLOSE_MS, ms);
	EXPECT_EQ(-1, access(dut->cdev, F_OK));
	EXPECT_EQ(-1, access(dut->group, F_OK));
}

#endif
