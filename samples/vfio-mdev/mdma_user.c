// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdma: what the user's file descriptor can do.
 *
 * Lives here: the callbacks of vfio_device_ops that both types share, but for
 * dma_unmap. vfio calls open and close under dev_set->lock; read, write and
 * ioctl under no lock and several at a time, between open and close. User
 * memory is accessed with no lock of the device held.
 */
#include <linux/eventfd.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "mdma_private.h"

#define MDMA_OFFSET_SHIFT	32
#define MDMA_OFFSET_MASK	GENMASK_ULL(MDMA_OFFSET_SHIFT - 1, 0)

/**
 * mdma_user_init - the private part of fresh memory
 * @vdev: the device
 *
 * Context: from vfio_alloc_device().
 * Return: 0 or what mdma_engine_init() says.
 */
int mdma_user_init(struct vfio_device *vdev)
{
	return mdma_engine_init(to_mdma(vdev));
}

/**
 * mdma_user_release - the opposite; vfio frees the memory itself
 * @vdev: the device
 *
 * Context: from vfio_put_device(), after any other callback.
 */
void mdma_user_release(struct vfio_device *vdev)
{
	mdma_engine_free(to_mdma(vdev));
}

/**
 * mdma_user_open - first file descriptor
 * @vdev: the device
 *
 * Context: dev_set->lock; bound already.
 * Return: 0.
 */
int mdma_user_open(struct vfio_device *vdev)
{
	struct mdma *m = to_mdma(vdev);

	mutex_lock(&m->ctl_lock);
	mdma_engine_reset(m);
	mutex_unlock(&m->ctl_lock);
	return 0;
}

/**
 * mdma_user_close - last file descriptor
 * @vdev: the device
 *
 * The engine is at rest on return, nothing is pinned and no eventfd held.
 *
 * Context: dev_set->lock; still bound. Unmaps may go on to come.
 */
void mdma_user_close(struct vfio_device *vdev)
{
	struct mdma *m = to_mdma(vdev);

	mutex_lock(&m->ctl_lock);
	mdma_engine_reset(m);
	mdma_regs_set_irq(m, NULL);
	mutex_unlock(&m->ctl_lock);
}

static ssize_t mdma_regs_access(struct mdma *m, char __user *in,
				const char __user *out, size_t count, u64 off)
{
	__le32 val;
	int ret;

	if (count != sizeof(val) || !IS_ALIGNED(off, sizeof(val)) ||
	    off >= MDMA_REGS_SIZE)
		return -EINVAL;

	if (in) {
		val = cpu_to_le32(mdma_regs_read(m, off));
		return copy_to_user(in, &val, sizeof(val)) ? -EFAULT : count;
	}

	if (copy_from_user(&val, out, sizeof(val)))
		return -EFAULT;

	if (mutex_lock_interruptible(&m->ctl_lock))
		return -ERESTARTSYS;
	ret = mdma_regs_write(m, off, le32_to_cpu(val));
	mutex_unlock(&m->ctl_lock);
	return ret ?: count;
}

/* By way of a buffer: the user's page may fault, the engine needs mem_lock. */
static ssize_t mdma_mem_access(struct mdma *m, char __user *in,
			       const char __user *out, size_t count, u64 off)
{
	u8 buf[256];

	if (off >= MDMA_MEM_SIZE)
		return -EINVAL;
	count = min3(count, sizeof(buf), (size_t)(MDMA_MEM_SIZE - off));

	if (!in && copy_from_user(buf, out, count))
		return -EFAULT;

	mutex_lock(&m->mem_lock);
	if (in)
		memcpy(buf, m->mem + off, count);
	else
		memcpy(m->mem + off, buf, count);
	mutex_unlock(&m->mem_lock);

	if (in && copy_to_user(in, buf, count))
		return -EFAULT;
	return count;
}

/* One of @in and @out is given. A short count is the caller's to continue. */
static ssize_t mdma_access(struct vfio_device *vdev, char __user *in,
			   const char __user *out, size_t count, loff_t *ppos)
{
	struct mdma *m = to_mdma(vdev);
	u64 off = *ppos & MDMA_OFFSET_MASK;
	ssize_t ret = -EINVAL;

	switch (*ppos >> MDMA_OFFSET_SHIFT) {
	case MDMA_REGION_REGS:
		ret = mdma_regs_access(m, in, out, count, off);
		break;
	case MDMA_REGION_MEM:
		ret = mdma_mem_access(m, in, out, count, off);
		break;
	}
	if (ret > 0)
		*ppos += ret;
	return ret;
}

/**
 * mdma_user_read - read(2) of a region
 * @vdev: the device
 * @buf: the user's
 * @count: bytes; 4 for registers
 * @ppos: region and offset, advanced
 *
 * Context: device open.
 * Return: bytes, perhaps fewer than asked for; -EINVAL out of a region or not
 * aligned; -EFAULT.
 */
ssize_t mdma_user_read(struct vfio_device *vdev, char __user *buf, size_t count,
		       loff_t *ppos)
{
	return mdma_access(vdev, buf, NULL, count, ppos);
}

/**
 * mdma_user_write - write(2) of a region
 * @vdev: the device
 * @buf: the user's
 * @count: bytes; 4 for registers
 * @ppos: region and offset, advanced
 *
 * Context: device open.
 * Return: as for mdma_user_read(); also what mdma_regs_write() says, and
 * -ERESTARTSYS.
 */
ssize_t mdma_user_write(struct vfio_device *vdev, const char __user *buf,
			size_t count, loff_t *ppos)
{
	return mdma_access(vdev, NULL, buf, count, ppos);
}

static void mdma_fill_device(struct vfio_device_info *info)
{
	info->flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PLATFORM;
	info->num_regions = MDMA_NUM_REGIONS;
	info->num_irqs = MDMA_NUM_IRQS;
}

static int mdma_fill_region(struct vfio_region_info *info)
{
	if (info->index >= MDMA_NUM_REGIONS)
		return -EINVAL;

	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	info->size = info->index == MDMA_REGION_REGS ? MDMA_REGS_SIZE :
						       MDMA_MEM_SIZE;
	info->offset = (u64)info->index << MDMA_OFFSET_SHIFT;
	info->cap_offset = 0;
	return 0;
}

static int mdma_fill_irq(struct vfio_irq_info *info)
{
	if (info->index >= MDMA_NUM_IRQS)
		return -EINVAL;

	info->flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;
	info->count = 1;
	return 0;
}

/* The three queries differ in the structure that goes in and out. */
static long mdma_get_info(unsigned int cmd, void __user *arg)
{
	union {
		u32 argsz;
		struct vfio_device_info device;
		struct vfio_region_info region;
		struct vfio_irq_info irq;
	} u = {};
	size_t size;
	int ret = 0;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		size = offsetofend(struct vfio_device_info, num_irqs);
		break;
	case VFIO_DEVICE_GET_REGION_INFO:
		size = offsetofend(struct vfio_region_info, offset);
		break;
	default:
		size = offsetofend(struct vfio_irq_info, count);
	}
	if (copy_from_user(&u, arg, size))
		return -EFAULT;
	if (u.argsz < size)
		return -EINVAL;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		mdma_fill_device(&u.device);
		break;
	case VFIO_DEVICE_GET_REGION_INFO:
		ret = mdma_fill_region(&u.region);
		break;
	default:
		ret = mdma_fill_irq(&u.irq);
	}
	if (ret)
		return ret;
	return copy_to_user(arg, &u, size) ? -EFAULT : 0;
}

static long mdma_set_eventfd(struct mdma *m, int fd)
{
	struct eventfd_ctx *irq = NULL;

	if (fd >= 0) {
		irq = eventfd_ctx_fdget(fd);
		if (IS_ERR(irq))
			return PTR_ERR(irq);
	}
	mdma_regs_set_irq(m, irq);
	return 0;
}

/* One interrupt, neither maskable nor shared: all it takes is a trigger. */
static long mdma_set_irqs(struct mdma *m, struct vfio_irq_set __user *arg)
{
	size_t minsz = offsetofend(struct vfio_irq_set, count), size;
	struct vfio_irq_set set;
	s32 fd = -1;
	u8 on = 1;
	int ret;

	if (copy_from_user(&set, arg, minsz))
		return -EFAULT;
	ret = vfio_set_irqs_validate_and_prepare(&set, 1, MDMA_NUM_IRQS, &size);
	if (ret)
		return ret;
	if ((set.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) !=
	    VFIO_IRQ_SET_ACTION_TRIGGER)
		return -EINVAL;

	switch (set.flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_EVENTFD:
		if (size != sizeof(fd))
			return -EINVAL;
		if (copy_from_user(&fd, arg->data, size))
			return -EFAULT;
		return mdma_set_eventfd(m, fd);
	case VFIO_IRQ_SET_DATA_NONE:
		if (!set.count)
			return mdma_set_eventfd(m, -1);
		break;
	case VFIO_IRQ_SET_DATA_BOOL:
		if (size != sizeof(on))
			return -EINVAL;
		if (copy_from_user(&on, arg->data, size))
			return -EFAULT;
		break;
	}
	if (on)
		mdma_regs_fire(m);
	return 0;
}

/**
 * mdma_user_ioctl - queries, eventfd and reset
 * @vdev: the device
 * @cmd: VFIO_DEVICE_*
 * @arg: as <uapi/linux/vfio.h> has it
 *
 * Context: device open.
 * Return: 0; -EFAULT; -EINVAL for an index, a size or a flag; -ENOTTY for
 * another command; -EBADF or -EINVAL for what is no eventfd; -ERESTARTSYS.
 */
long mdma_user_ioctl(struct vfio_device *vdev, unsigned int cmd,
		     unsigned long arg)
{
	struct mdma *m = to_mdma(vdev);

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
	case VFIO_DEVICE_GET_REGION_INFO:
	case VFIO_DEVICE_GET_IRQ_INFO:
		return mdma_get_info(cmd, (void __user *)arg);
	case VFIO_DEVICE_SET_IRQS:
		return mdma_set_irqs(m, (void __user *)arg);
	case VFIO_DEVICE_RESET:
		if (mutex_lock_interruptible(&m->ctl_lock))
			return -ERESTARTSYS;
		mdma_engine_reset(m);
		mutex_unlock(&m->ctl_lock);
		return 0;
	}
	return -ENOTTY;
}
