/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fixtures of the programs have in common: two matrix devices with
 * nothing assigned, two guests with nothing open, and that the kernel had
 * nothing to complain about. Included by the programs alone, as vfio_harness.h
 * is.
 */
#ifndef AP_FIXTURE_H
#define AP_FIXTURE_H

#include "vfio_harness.h"
#include "ap_util.h"

struct ap_test {
	struct vfio_dut dut, other;
	struct ap_vm vm, vm2;
	int mark;
};

/* False if there are no adapters or no guests; the reason has been recorded then. */
static inline bool ap_ready(struct __test_metadata *_metadata, int *mark)
{
	if (ap_emu_stat("tapq") < 0)
		SKIP(return false, "ap_emu.ko is not loaded");
	if (access("/dev/ap_guest", F_OK))
		SKIP(return false, "ap_guest.ko is not loaded");
	ap_emu_reset();
	*mark = kmsg_mark();
	return true;
}

/* All adapters as they were, and no splat since ap_ready(). */
static inline void ap_done(struct __test_metadata *_metadata, int mark)
{
	char line[256];

	ap_emu_reset();
	EXPECT_FALSE(kmsg_splat(mark, line, sizeof(line))) {
		TH_LOG("%s", line);
	}
}

static inline void ap_test_setup(struct __test_metadata *_metadata, struct ap_test *t)
{
	if (!ap_ready(_metadata, &t->mark))
		return;
	ASSERT_EQ(0, ap_mdev_new(&t->dut));
	ASSERT_EQ(0, ap_mdev_new(&t->other));
	ASSERT_EQ(0, ap_vm_new(&t->vm));
	ASSERT_EQ(0, ap_vm_new(&t->vm2));
}

/* Before ap_done(). A test may have taken the devices away. */
static inline void ap_test_release(struct __test_metadata *_metadata, struct ap_test *t)
{
	ap_vm_free(&t->vm);
	ap_vm_free(&t->vm2);
	mdev_remove(t->dut.name);
	mdev_remove(t->other.name);
	/* No interrupt went into memory that was given back. */
	EXPECT_EQ(0, ap_emu_stat("bad_nib"));
}

/* A thread that removes the device, which waits for whoever has it open. */
static inline void *ap_remove(void *dut)
{
	return (void *)(long)mdev_remove(((struct vfio_dut *)dut)->name);
}

#endif /* AP_FIXTURE_H */
