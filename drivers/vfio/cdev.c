// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: /dev/vfio/devices/vfioN
 *
 * The device's own node: opens with no group and no container, and is of no
 * use until it is bound to an iommufd. Calls arrive from fd.c; the uapi is in
 * VFIO_DEVICE_BIND_IOMMUFD, _ATTACH_IOMMUFD_PT and _DETACH_IOMMUFD_PT of
 * <uapi/linux/vfio.h>.
 */
#include <linux/iommufd.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <trace/events/vfio.h>

#include "vfio.h"

static dev_t vfio_cdev_region;

/**
 * vfio_cdev_add() - make the class device and its node
 * @device: a device that is named and has a group
 *
 * A device without iommu gets no node: there is no iommufd for it.
 *
 * Return: 0 or an error of the driver core.
 */
int vfio_cdev_add(struct vfio_device *device)
{
	if (vfio_device_is_noiommu(device))
		return device_add(&device->device);

	cdev_init(&device->cdev, &vfio_device_fops);
	device->cdev.owner = THIS_MODULE;
	device->device.devt = MKDEV(MAJOR(vfio_cdev_region), device->index);
	return cdev_device_add(&device->cdev, &device->device);
}

/**
 * vfio_cdev_del() - undo vfio_cdev_add()
 * @device: the device
 */
void vfio_cdev_del(struct vfio_device *device)
{
	if (vfio_device_is_noiommu(device))
		device_del(&device->device);
	else
		cdev_device_del(&device->cdev, &device->device);
}

/**
 * vfio_cdev_open() - open(2) of the node
 * @inode: the node
 * @file: the new file
 *
 * Return: 0; -ENODEV for a device that is not registered yet or not any more,
 *	-ENOMEM.
 */
int vfio_cdev_open(struct inode *inode, struct file *file)
{
	struct vfio_device *device = container_of(inode->i_cdev,
						  struct vfio_device, cdev);
	struct vfio_fd *fd;
	int ret;

	if (!vfio_device_try_get(device))
		return -ENODEV;

	/*
	 * An inode that was opened before still leads here when the node is
	 * gone, and unregistration shall not wait for one more.
	 */
	if (READ_ONCE(device->leaving)) {
		ret = -ENODEV;
		goto put_device;
	}

	fd = vfio_fd_alloc(device);
	if (!fd) {
		ret = -ENOMEM;
		goto put_device;
	}
	ret = vfio_fd_install(fd, file);
	if (ret)
		goto put_fd;
	return 0;

put_fd:
	vfio_fd_put(fd);
put_device:
	vfio_device_put(device);
	return ret;
}

/* Bind, with nothing told to user space yet. */
static int vfio_cdev_do_bind(struct vfio_fd *fd, int iommufd)
{
	struct vfio_device *device = fd->device;
	struct vfio_dma_ctx ctx = { .ops = &vfio_iommufd_ctx_ops };
	struct iommufd_ctx *ictx;
	int ret;

	ret = vfio_device_claim(device);
	if (ret)
		return ret;

	mutex_lock(&device->lock);
	if (READ_ONCE(fd->state) != VFIO_FD_UNBOUND) {
		ret = -EINVAL;
		goto unclaim;
	}

	ictx = iommufd_ctx_from_fd(iommufd);
	if (IS_ERR(ictx)) {
		ret = PTR_ERR(ictx);
		goto unclaim;
	}

	vfio_fd_enter(fd, VFIO_FD_BINDING);
	ctx.ictx = ictx;
	ret = vfio_bind(fd, &ctx, &fd->kvm);
	if (ret)
		goto put_ictx;
	mutex_unlock(&device->lock);
	return 0;

put_ictx:
	vfio_fd_enter(fd, VFIO_FD_UNBOUND);
	iommufd_ctx_put(ictx);
unclaim:
	mutex_unlock(&device->lock);
	vfio_device_unclaim(device);
	return ret;
}

/* Undo vfio_cdev_do_bind() and leave the fd in @state. */
static inline void vfio_cdev_unbind(struct vfio_fd *fd,
				    enum vfio_fd_state state)
{
	struct vfio_device *device = fd->device;
	struct iommufd_ctx *ictx;

	mutex_lock(&device->lock);
	/* There is no other user of a device that is bound by its own node. */
	ictx = device->binding.ctx.ictx;
	vfio_unbind(fd);
	iommufd_ctx_put(ictx);
	vfio_fd_enter(fd, state);
	mutex_unlock(&device->lock);
	vfio_device_unclaim(device);
}

/**
 * vfio_cdev_bind() - VFIO_DEVICE_BIND_IOMMUFD
 * @fd: any fd of a device
 * @arg: the argument in user space
 *
 * The device is not usable through @fd before user space has its id: the
 * states in between belong to this call alone, and no lock that others want is
 * held while the id is copied.
 *
 * Return: 0; -EFAULT; -EINVAL for a bad size or flag, an fd of a group, one
 *	that is bound, or a device that another fd has bound; -EBUSY when the
 *	group's node is open; -EBADF for an iommufd that is no open file,
 *	-EBADFD for a file that is no iommufd; or what vfio_bind() says.
 */
long vfio_cdev_bind(struct vfio_fd *fd,
		    struct vfio_device_bind_iommufd __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_bind_iommufd,
					 out_devid);
	struct vfio_device_bind_iommufd bind;
	long ret;

	ret = vfio_copy_arg(&bind, arg, minsz);
	if (ret)
		return ret;
	if (bind.flags || bind.iommufd < 0 || fd->group_file)
		return -EINVAL;

	ret = vfio_cdev_do_bind(fd, bind.iommufd);
	if (ret) {
		vfio_why_no_bind(fd, ret);
		return ret;
	}

	if (put_user(fd->device->binding.devid, &arg->out_devid)) {
		vfio_cdev_unbind(fd, VFIO_FD_UNBOUND);
		return -EFAULT;
	}
	vfio_fd_enter(fd, VFIO_FD_LIVE);
	return 0;
}

/* Undo the attach of this number, unless another one has taken its place. */
static void vfio_cdev_undo_attach(struct vfio_fd *fd, unsigned int nr)
{
	struct vfio_device *device = fd->device;

	mutex_lock(&device->dev_set->lock);
	if (fd->attaches == nr)
		device->ops->detach_ioas(device);
	mutex_unlock(&device->dev_set->lock);
}

/**
 * vfio_cdev_attach() - VFIO_DEVICE_ATTACH_IOMMUFD_PT
 * @fd: a live fd of the device's own node
 * @arg: the argument in user space
 *
 * Replaces the address space that the device has, if any. When the answer
 * cannot be copied out, the device is left with none, or with what another
 * attach has given it meanwhile: no lock is held while it is copied.
 *
 * Return: 0; -EFAULT; -EINVAL for a bad size or flag; or what the iommufd
 *	says to the id: -ENOENT if there is no such object, -EINVAL if it is no
 *	address space or does not fit the device, -ENOMEM.
 */
long vfio_cdev_attach(struct vfio_fd *fd,
		      struct vfio_device_attach_iommufd_pt __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_attach_iommufd_pt,
					 pt_id);
	struct vfio_device *device = fd->device;
	struct vfio_device_attach_iommufd_pt attach;
	unsigned int nr = 0;
	long ret;

	ret = vfio_copy_arg(&attach, arg, minsz);
	if (ret)
		return ret;
	if (attach.flags)
		return -EINVAL;

	mutex_lock(&device->dev_set->lock);
	ret = device->ops->attach_ioas(device, &attach.pt_id);
	if (!ret)
		nr = ++fd->attaches;
	mutex_unlock(&device->dev_set->lock);
	trace_vfio_attach(device, fd->comm, pid_nr(fd->opener), ret);
	if (!ret && put_user(attach.pt_id, &arg->pt_id)) {
		vfio_cdev_undo_attach(fd, nr);
		ret = -EFAULT;
	}
	return ret;
}

/**
 * vfio_cdev_detach() - VFIO_DEVICE_DETACH_IOMMUFD_PT
 * @fd: a live fd of the device's own node
 * @arg: the argument in user space
 *
 * Return: 0, also when there is nothing to detach; -EFAULT; -EINVAL for a bad
 *	size or flag.
 */
long vfio_cdev_detach(struct vfio_fd *fd,
		      struct vfio_device_detach_iommufd_pt __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_detach_iommufd_pt,
					 flags);
	struct vfio_device *device = fd->device;
	struct vfio_device_detach_iommufd_pt detach;
	int ret;

	ret = vfio_copy_arg(&detach, arg, minsz);
	if (ret)
		return ret;
	if (detach.flags)
		return -EINVAL;

	mutex_lock(&device->dev_set->lock);
	device->ops->detach_ioas(device);
	mutex_unlock(&device->dev_set->lock);
	return 0;
}

/**
 * vfio_cdev_close() - the end of an fd of the node
 * @fd: the fd, closed or revoked
 */
void vfio_cdev_close(struct vfio_fd *fd)
{
	/* Nobody is inside any more, so nobody changes the state. */
	if (fd->state == VFIO_FD_LIVE) {
		vfio_cdev_unbind(fd, VFIO_FD_DEAD);
		return;
	}
	mutex_lock(&fd->device->lock);
	vfio_fd_enter(fd, VFIO_FD_DEAD);
	mutex_unlock(&fd->device->lock);
}

static char *vfio_cdev_devnode(const struct device *dev, umode_t *mode)
{
	return kasprintf(GFP_KERNEL, "vfio/devices/%s", dev_name(dev));
}

/**
 * vfio_cdev_init() - reserve the numbers of the nodes
 * @device_class: the class of the devices, which gets the nodes' place in /dev
 *
 * Return: 0 or an error.
 */
int vfio_cdev_init(struct class *device_class)
{
	device_class->devnode = vfio_cdev_devnode;
	return alloc_chrdev_region(&vfio_cdev_region, 0, MINORMASK + 1,
				   "vfio-dev");
}

/**
 * vfio_cdev_cleanup() - undo vfio_cdev_init()
 */
void vfio_cdev_cleanup(void)
{
	unregister_chrdev_region(vfio_cdev_region, MINORMASK + 1);
}
