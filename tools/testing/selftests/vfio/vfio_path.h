/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The three ways to a device fd with an IOVA space behind it, as one object,
 * so that a fixture can have them as its variants; and interrupts through
 * eventfds. Included by the programs that work on an open device; every call
 * returns a negative errno on failure, and vfio_path_close() takes down what
 * is there.
 */
#ifndef VFIO_SELFTEST_PATH_H
#define VFIO_SELFTEST_PATH_H

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/eventfd.h>

#include "vfio_util.h"

enum vfio_path_kind {
	PATH_CDEV,		/* cdev, BIND, ATTACH to an IOAS */
	PATH_TYPE1,		/* group, container, type1 */
	PATH_COMPAT,		/* group, an iommufd in place of the container */
};

struct vfio_path {
	enum vfio_path_kind kind;
	struct vfio_dut dut;
	int device, group, space;	/* space: the iommufd or the container */
	bool own_space;
	__u32 ioas;
};

/* A mediated device of @type; the caller takes it away by dut->name. */
static inline int mdev_new(struct vfio_dut *dut, const char *type)
{
	long long end = now_ms() + 10000;
	char sysfs[128], guid[37];
	int ret;

	mdev_guid(guid);
	/* An instance given back a moment ago may not be countable yet. */
	while ((ret = mdev_create(type, guid)) != 0) {
		if ((ret != -ENOSPC && ret != -EUSERS) || now_ms() > end)
			return ret;
		sleep_ms(50);
	}
	snprintf(sysfs, sizeof(sysfs), "/sys/bus/mdev/devices/%s", guid);
	return vfio_dut_from_sysfs(dut, sysfs);
}

static inline void vfio_path_init(struct vfio_path *path)
{
	memset(path, 0, sizeof(*path));
	path->device = -1;
	path->group = -1;
	path->space = -1;
}

static inline void vfio_path_close_device(struct vfio_path *path)
{
	if (path->device >= 0)
		close(path->device);
	path->device = -1;
}

static inline void vfio_path_close(struct vfio_path *path)
{
	vfio_path_close_device(path);
	if (path->group >= 0)
		close(path->group);
	if (path->space >= 0 && path->own_space)
		close(path->space);
	path->group = -1;
	path->space = -1;
}

/* The device fd, on the group or cdev and the space that are there already. */
static inline int vfio_path_get_device(struct vfio_path *path)
{
	__u32 pt = path->ioas;
	int ret;

	if (path->kind == PATH_CDEV) {
		ret = vfio_open_bind(&path->dut, path->space, NULL);
		if (ret < 0)
			return ret;
		path->device = ret;
		return vfio_attach(path->device, &pt);
	}
	ret = group_get_device(path->group, path->dut.name);
	if (ret < 0)
		return ret;
	path->device = ret;
	return 0;
}

/* The IOVA space of a new user, and the group in it. */
static inline int vfio_path_new_space(struct vfio_path *path)
{
	int ret;

	path->own_space = true;
	if (path->kind == PATH_TYPE1)
		path->space = container_open();
	else
		path->space = iommufd_open();
	if (path->space < 0)
		return path->space;
	if (path->kind == PATH_CDEV)
		return ioas_alloc(path->space, &path->ioas);
	path->group = node_open(path->dut.group);
	if (path->group < 0)
		return path->group;
	ret = group_set_container(path->group, path->space);
	if (ret)
		return ret;
	return container_set_iommu(path->space, VFIO_TYPE1v2_IOMMU);
}

/* Join the space of another device. */
static inline int vfio_path_share_space(struct vfio_path *path,
					const struct vfio_path *other)
{
	path->space = other->space;
	path->ioas = other->ioas;
	path->own_space = false;
	if (path->kind == PATH_CDEV)
		return 0;
	path->group = node_open(path->dut.group);
	if (path->group < 0)
		return path->group;
	return group_set_container(path->group, path->space);
}

/* All of it for @dut; with @other, in the space of that one. */
static inline int vfio_path_open(struct vfio_path *path,
				 enum vfio_path_kind kind,
				 const struct vfio_dut *dut,
				 const struct vfio_path *other)
{
	int ret;

	vfio_path_init(path);
	path->kind = kind;
	path->dut = *dut;
	if (other)
		ret = vfio_path_share_space(path, other);
	else
		ret = vfio_path_new_space(path);
	return ret ?: vfio_path_get_device(path);
}

static inline int vfio_path_map(struct vfio_path *path, void *va, size_t len,
				__u64 iova)
{
	if (path->kind == PATH_CDEV)
		return ioas_map(path->space, path->ioas, va, len, iova);
	return container_map(path->space, va, len, iova);
}

static inline int vfio_path_unmap(struct vfio_path *path, size_t len,
				  __u64 iova)
{
	__u64 size = len;

	if (path->kind == PATH_CDEV)
		return ioas_unmap(path->space, path->ioas, iova, len);
	return container_unmap(path->space, iova, &size);
}

/* Interrupts: an eventfd for the only vector of @index; fd -1 takes it off. */
static inline int vfio_set_irq(int device, unsigned int index,
			       unsigned int action, int fd)
{
	struct {
		struct vfio_irq_set set;
		__s32 fd;
	} irq = {
		.set = {
			.argsz = sizeof(irq),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | action,
			.index = index,
			.count = 1,
		},
		.fd = fd,
	};

	return vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, &irq);
}

/* The same without data: mask, unmask, fire by hand, or (count 0) disable. */
static inline int vfio_irq_action(int device, unsigned int index,
				  unsigned int action, unsigned int count)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | action,
		.index = index,
		.count = count,
	};

	return vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, &set);
}

/* How often the eventfd was signalled within @ms, zero if it was not. */
static inline int irq_count(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	__u64 n;

	if (poll(&p, 1, ms) != 1 || read(fd, &n, sizeof(n)) != sizeof(n))
		return 0;
	return n;
}

#endif
