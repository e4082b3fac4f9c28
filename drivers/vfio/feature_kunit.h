/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fake device behind the KUnit tests of VFIO_DEVICE_FEATURE
 *
 * feature_kunit.c has its code; logging_kunit.c uses it too.
 */
#ifndef __VFIO_FEATURE_KUNIT_H__
#define __VFIO_FEATURE_KUNIT_H__

#include <kunit/test.h>
#include <linux/vfio.h>

#define GET	VFIO_DEVICE_FEATURE_GET
#define SET	VFIO_DEVICE_FEATURE_SET
#define PROBE	VFIO_DEVICE_FEATURE_PROBE
#define F(name)	VFIO_DEVICE_FEATURE_##name
#define HEAD	((u32)sizeof(struct vfio_device_feature))

struct fake {
	struct vfio_device vdev;
	struct vfio_device_ops ops;
	/* The arguments that user space passes, and the room for them. */
	void __user *user;
	size_t user_size;
	/* Take the user's memory away before an op returns. */
	bool pull_memory;
	/* What the next op returns, and what the last one got. */
	int err;
	struct file *file;
	enum vfio_device_mig_state state;
	u32 flags;
	size_t argsz;
	unsigned int sets, starts, stops, reads, released;
	u32 ranges;
	u64 first, last;
};

struct fake *fake_device(struct kunit *test);
int feature_call(struct kunit *test, struct fake *fake, u32 argsz, u32 flags,
		 void *data, size_t size);

#endif
