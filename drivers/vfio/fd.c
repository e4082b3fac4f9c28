// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: the file of a device
 *
 * The same file operations serve an fd of the device's own node (cdev.c) and
 * one that came from a group (group_fd.c). What they do depends on the state
 * alone, through one of three constant tables; see the DOC section below.
 */
#include <linux/compat.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <trace/events/vfio.h>

#include "vfio.h"

/**
 * DOC: States of a device fd
 *
 * ======== ================================= ===============================
 * state    entered by                        every call gives
 * ======== ================================= ===============================
 * UNBOUND  open(2) of /dev/vfio/devices/N    EINVAL, but for
 *                                            VFIO_DEVICE_BIND_IOMMUFD
 * BINDING  VFIO_DEVICE_BIND_IOMMUFD, while   EINVAL
 *          it runs
 * LIVE     the end of that ioctl, or         what the driver says
 *          VFIO_GROUP_GET_DEVICE_FD
 * DEAD     the last close(2), or revocation  ENODEV
 * ======== ================================= ===============================
 *
 * The state changes under &vfio_device.lock, but for the way out of BINDING,
 * which belongs to the call that has taken it there. &vfio_fd.ops is all that a
 * call looks at: it is stored with release semantics after the driver has opened
 * the device, and loaded with acquire, so a call that sees the live table sees
 * all that the driver has set up.
 *
 * A call runs inside &vfio_fd.gate, which counts who is there and leads to the
 * table of the state. It is one counter and not one for each CPU: threads that
 * call through one file share that file's count already, and to make and free
 * the others costs more than all else that an open and a close do here.
 * Revocation (revoke.c) closes the gate, so calls get what the dead table says,
 * and waits until nobody is inside before it takes the state to DEAD. Otherwise
 * there is no way from LIVE but closing the file, and as a call holds a
 * reference to the file, the table cannot change from LIVE under it either way.
 */

static long vfio_fd_live_ioctl(struct vfio_fd *fd, unsigned int cmd,
			       unsigned long arg)
{
	struct vfio_device *device = fd->device;
	void __user *uarg = (void __user *)arg;
	long ret;

	/* To bind a second time is always wrong; say so in the same words. */
	if (cmd == VFIO_DEVICE_BIND_IOMMUFD)
		return vfio_cdev_bind(fd, uarg);

	ret = vfio_device_pm_get(device);
	if (ret)
		return ret;

#if IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV)
	/* A group chooses the address space of its devices by itself. */
	if (!fd->group_file && cmd == VFIO_DEVICE_ATTACH_IOMMUFD_PT) {
		ret = vfio_cdev_attach(fd, uarg);
		goto put;
	}
	if (!fd->group_file && cmd == VFIO_DEVICE_DETACH_IOMMUFD_PT) {
		ret = vfio_cdev_detach(fd, uarg);
		goto put;
	}
#endif
	if (cmd == VFIO_DEVICE_FEATURE)
		ret = vfio_device_feature(device, uarg);
	else if (device->ops->ioctl)
		ret = device->ops->ioctl(device, cmd, arg);
	else
		ret = -EINVAL;
#if IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV)
put:
#endif
	vfio_device_pm_put(device);
	return ret;
}

static ssize_t vfio_fd_live_read(struct vfio_fd *fd, char __user *buf,
				 size_t count, loff_t *ppos)
{
	struct vfio_device *device = fd->device;

	if (!device->ops->read)
		return -EINVAL;
	return device->ops->read(device, buf, count, ppos);
}

static ssize_t vfio_fd_live_write(struct vfio_fd *fd, const char __user *buf,
				  size_t count, loff_t *ppos)
{
	struct vfio_device *device = fd->device;

	if (!device->ops->write)
		return -EINVAL;
	return device->ops->write(device, buf, count, ppos);
}

static int vfio_fd_live_mmap(struct vfio_fd *fd, struct vm_area_struct *vma)
{
	if (!fd->device->ops->mmap)
		return -EINVAL;
	return vfio_vma_mmap(fd, vma);
}

static const struct vfio_fd_ops vfio_fd_live_ops = {
	.ioctl = vfio_fd_live_ioctl,
	.read = vfio_fd_live_read,
	.write = vfio_fd_live_write,
	.mmap = vfio_fd_live_mmap,
};

static long vfio_fd_unbound_ioctl(struct vfio_fd *fd, unsigned int cmd,
				  unsigned long arg)
{
	if (cmd == VFIO_DEVICE_BIND_IOMMUFD)
		return vfio_cdev_bind(fd, (void __user *)arg);
	return -EINVAL;
}

static ssize_t vfio_fd_unbound_read(struct vfio_fd *fd, char __user *buf,
				    size_t count, loff_t *ppos)
{
	return -EINVAL;
}

static ssize_t vfio_fd_unbound_write(struct vfio_fd *fd,
				     const char __user *buf, size_t count,
				     loff_t *ppos)
{
	return -EINVAL;
}

static int vfio_fd_unbound_mmap(struct vfio_fd *fd, struct vm_area_struct *vma)
{
	return -EINVAL;
}

static const struct vfio_fd_ops vfio_fd_unbound_ops = {
	.ioctl = vfio_fd_unbound_ioctl,
	.read = vfio_fd_unbound_read,
	.write = vfio_fd_unbound_write,
	.mmap = vfio_fd_unbound_mmap,
};

static long vfio_fd_dead_ioctl(struct vfio_fd *fd, unsigned int cmd,
			       unsigned long arg)
{
	return -ENODEV;
}

static ssize_t vfio_fd_dead_read(struct vfio_fd *fd, char __user *buf,
				 size_t count, loff_t *ppos)
{
	return -ENODEV;
}

static ssize_t vfio_fd_dead_write(struct vfio_fd *fd, const char __user *buf,
				  size_t count, loff_t *ppos)
{
	return -ENODEV;
}

static int vfio_fd_dead_mmap(struct vfio_fd *fd, struct vm_area_struct *vma)
{
	return -ENODEV;
}

static const struct vfio_fd_ops vfio_fd_dead_ops = {
	.ioctl = vfio_fd_dead_ioctl,
	.read = vfio_fd_dead_read,
	.write = vfio_fd_dead_write,
	.mmap = vfio_fd_dead_mmap,
};

const struct vfio_fd_ops * const vfio_fd_ops_of[VFIO_FD_NR_STATES] = {
	[VFIO_FD_UNBOUND] = &vfio_fd_unbound_ops,
	[VFIO_FD_BINDING] = &vfio_fd_unbound_ops,
	[VFIO_FD_LIVE] = &vfio_fd_live_ops,
	[VFIO_FD_DEAD] = &vfio_fd_dead_ops,
};

/* For each state, those that may follow. */
const u8 vfio_fd_next[VFIO_FD_NR_STATES] = {
	[VFIO_FD_UNBOUND] = BIT(VFIO_FD_BINDING) | BIT(VFIO_FD_LIVE) |
			    BIT(VFIO_FD_DEAD),
	[VFIO_FD_BINDING] = BIT(VFIO_FD_UNBOUND) | BIT(VFIO_FD_LIVE),
	[VFIO_FD_LIVE] = BIT(VFIO_FD_DEAD),
	[VFIO_FD_DEAD] = 0,
};

/* The table for a call, which is inside the gate: so it is not the dead one. */
static const struct vfio_fd_ops *vfio_fd_ops_now(struct vfio_fd *fd)
{
	/* Pairs with vfio_fd_enter(). */
	return smp_load_acquire(&fd->ops);
}

/* The last one out of a closed gate. */
static noinline long vfio_gate_wake(struct vfio_fd *fd, long ret)
{
	wake_up_all(&fd->device->wait);
	return ret;
}

/* As vfio_gate_leave(), with nothing to keep while it wakes somebody. */
static inline long vfio_gate_leave_with(struct vfio_fd *fd, long ret)
{
	if (unlikely(atomic_dec_and_test(&fd->gate)))
		return vfio_gate_wake(fd, ret);
	return ret;
}

/**
 * vfio_fd_alloc() - make an fd for a device
 * @device: the device, on which the caller has a vfio_device_try_get()
 *
 * Return: the fd, unbound, for vfio_fd_put(); or NULL.
 */
struct vfio_fd *vfio_fd_alloc(struct vfio_device *device)
{
	struct vfio_fd *fd;

	fd = kmalloc(sizeof(*fd), GFP_KERNEL_ACCOUNT);
	if (!fd)
		return NULL;
	*fd = (struct vfio_fd) {
		.ops = vfio_fd_ops_of[VFIO_FD_UNBOUND],
		.state = VFIO_FD_UNBOUND,
		.device = device,
		.gate = ATOMIC_INIT(VFIO_GATE_OPEN),
		.ref = KREF_INIT(1),
		.node = LIST_HEAD_INIT(fd->node),
		.opener = get_pid(task_tgid(current)),
	};
	vfio_kvm_slot_init(&fd->kvm);
	spin_lock_init(&fd->vma_lock);
	/* A name that changes meanwhile is of no harm; its last byte never does. */
	data_race(memcpy(fd->comm, current->group_leader->comm,
			 sizeof(fd->comm)));
	return fd;
}

static void vfio_fd_free(struct vfio_fd *fd)
{
	vfio_vma_free(fd);
	put_pid(fd->opener);
	if (fd->revoked)
		put_device(&fd->device->device);
	kfree(fd);
}

static void vfio_fd_last_put(struct kref *ref)
{
	vfio_fd_free(container_of(ref, struct vfio_fd, ref));
}

/**
 * vfio_fd_put() - drop a reference to an fd
 * @fd: the fd
 *
 * Context: may sleep.
 */
void vfio_fd_put(struct vfio_fd *fd)
{
	kref_put(&fd->ref, vfio_fd_last_put);
}

/**
 * vfio_fd_install() - make a file the file of an fd
 * @fd: the fd; if this succeeds, it and the caller's vfio_device_try_get()
 *	belong to the file from now on
 * @file: a file with vfio_device_fops
 *
 * All mappings of a device, whatever file they came by, hang off one inode:
 * so a driver finds and zaps them by unmap_mapping_range().
 *
 * Return: 0, or -ENODEV when the device is being revoked.
 */
int vfio_fd_install(struct vfio_fd *fd, struct file *file)
{
	struct vfio_device *device = fd->device;
	int ret = 0;

	spin_lock(&device->files_lock);
	if (device->revoked)
		ret = -ENODEV;
	else
		list_add_tail(&fd->node, &device->files);
	/* Once the lock is dropped, the device may go. */
	trace_vfio_open(device, fd->comm, pid_nr(fd->opener), ret);
	spin_unlock(&device->files_lock);
	if (ret)
		return ret;

	file->private_data = fd;
	file->f_mapping = device->inode->i_mapping;
	return 0;
}

static long vfio_fd_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	struct vfio_fd *fd = file->private_data;
	long ret;

	if (unlikely(!vfio_gate_enter(fd)))
		return vfio_fd_dead_ioctl(fd, cmd, arg);
	ret = vfio_fd_ops_now(fd)->ioctl(fd, cmd, arg);
	return vfio_gate_leave_with(fd, ret);
}

static ssize_t vfio_fd_read(struct file *file, char __user *buf, size_t count,
			    loff_t *ppos)
{
	struct vfio_fd *fd = file->private_data;
	ssize_t ret;

	if (unlikely(!vfio_gate_enter(fd)))
		return vfio_fd_dead_read(fd, buf, count, ppos);
	ret = vfio_fd_ops_now(fd)->read(fd, buf, count, ppos);
	return vfio_gate_leave_with(fd, ret);
}

static ssize_t vfio_fd_write(struct file *file, const char __user *buf,
			     size_t count, loff_t *ppos)
{
	struct vfio_fd *fd = file->private_data;
	ssize_t ret;

	if (unlikely(!vfio_gate_enter(fd)))
		return vfio_fd_dead_write(fd, buf, count, ppos);
	ret = vfio_fd_ops_now(fd)->write(fd, buf, count, ppos);
	return vfio_gate_leave_with(fd, ret);
}

static int vfio_fd_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vfio_fd *fd = file->private_data;
	int ret;

	if (unlikely(!vfio_gate_enter(fd)))
		return vfio_fd_dead_mmap(fd, vma);
	ret = vfio_fd_ops_now(fd)->mmap(fd, vma);
	return vfio_gate_leave_with(fd, ret);
}

/* There is nothing to wait for but the end. */
static __poll_t vfio_fd_poll(struct file *file, struct poll_table_struct *wait)
{
	struct vfio_fd *fd = file->private_data;

	poll_wait(file, &fd->device->wait, wait);
	if (vfio_gate_is_closed(fd))
		return EPOLLHUP | EPOLLERR;
	return DEFAULT_POLLMASK;
}

/**
 * vfio_fd_close() - let go of the device
 * @fd: an fd that is in no list of the device any more, with nobody inside its
 *	gate
 *
 * Context: may sleep. Takes vfio_group.lock and all below it.
 */
void vfio_fd_close(struct vfio_fd *fd)
{
	struct file *group_file = fd->group_file;

	if (group_file)
		vfio_group_close_device(fd);
	else
		vfio_cdev_close(fd);

	trace_vfio_close(fd->device, fd->comm, pid_nr(fd->opener), 0);
	vfio_device_put(fd->device);
	/* After the device: it may be the last that keeps the group's context. */
	if (group_file)
		fput(group_file);
}

static int vfio_fd_release(struct inode *inode, struct file *file)
{
	struct vfio_fd *fd = file->private_data;
	struct vfio_device *device = fd->device;
	bool revoked;

	spin_lock(&device->files_lock);
	revoked = fd->revoked;
	if (!revoked)
		__list_del_entry(&fd->node);
	spin_unlock(&device->files_lock);

	if (revoked) {
		vfio_fd_put(fd);
		return 0;
	}
	/* Not in the list any more, so nobody else ever gets a reference. */
	vfio_fd_close(fd);
	vfio_fd_free(fd);
	return 0;
}

const struct file_operations vfio_device_fops = {
	.owner = THIS_MODULE,
#if IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV)
	.open = vfio_cdev_open,
#endif
	.release = vfio_fd_release,
	.unlocked_ioctl = vfio_fd_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.read = vfio_fd_read,
	.write = vfio_fd_write,
	.mmap = vfio_fd_mmap,
	.poll = vfio_fd_poll,
#ifdef CONFIG_PROC_FS
	.show_fdinfo = vfio_fd_show_fdinfo,
#endif
};

/**
 * vfio_fd_from_file() - the fd behind a file
 * @file: any file
 *
 * Return: the fd, there as long as @file is open; NULL if it is no file of a
 *	device.
 */
struct vfio_fd *vfio_fd_from_file(struct file *file)
{
	return file->f_op == &vfio_device_fops ? file->private_data : NULL;
}
