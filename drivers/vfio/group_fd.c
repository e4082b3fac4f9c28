// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: the file of a group, /dev/vfio/$GROUP
 *
 * Opened once at a time, given a DMA context (a container, or an iommufd in
 * its place), and asked for fds of the devices in it. Each such fd pins the
 * group's file, so the context outlives them all. Everything is under
 * &vfio_group.lock unless it says otherwise.
 */
#include <linux/anon_inodes.h>
#include <linux/compat.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vfio.h"

static int vfio_group_open(struct inode *inode, struct file *file)
{
	struct vfio_group *group = container_of(inode->i_cdev,
						struct vfio_group, cdev);
	int ret = 0;

	mutex_lock(&group->lock);
	if (!group->iommu_group) {
		ret = -ENODEV;
	} else if (group->type == VFIO_NO_IOMMU && !capable(CAP_SYS_RAWIO)) {
		ret = -EPERM;
	} else if (group->claim) {
		ret = -EBUSY;
		vfio_why_group_busy(group);
	} else {
		group->claim = -1;
		group->opener = get_pid(task_tgid(current));
		get_task_comm(group->comm, current->group_leader);
		file->private_data = group;
	}
	mutex_unlock(&group->lock);
	return ret;
}

static int vfio_group_release_file(struct inode *inode, struct file *file)
{
	struct vfio_group *group = file->private_data;

	mutex_lock(&group->lock);
	WARN_ON(group->users);
	vfio_group_drop_ctx(group);
	group->claim = 0;
	put_pid(group->opener);
	group->opener = NULL;
	mutex_unlock(&group->lock);
	return 0;
}

/**
 * vfio_group_drop_ctx() - let go of the DMA context, if there is one
 * @group: the group, none of whose devices uses it
 *
 * Context: caller holds &vfio_group.lock.
 */
void vfio_group_drop_ctx(struct vfio_group *group)
{
	struct vfio_dma_ctx ctx = group->ctx;

	lockdep_assert_held(&group->lock);

	group->ctx = (struct vfio_dma_ctx){};
	if (vfio_dma_ctx_is_container(&ctx))
		vfio_container_detach_group(ctx.container, group);
	else if (ctx.ops)
		iommufd_ctx_put(ctx.ictx);
}

#if IS_ENABLED(CONFIG_IOMMUFD)
/* An iommufd in place of a container: for programs that know no better. */
static int vfio_group_set_iommufd(struct vfio_group *group, struct file *file)
{
	struct iommufd_ctx *ictx = iommufd_ctx_from_file(file);
	int ret;

	if (IS_ERR(ictx))
		return -EBADFD;

	ret = group->type == VFIO_NO_IOMMU ?
		iommufd_vfio_compat_set_no_iommu(ictx) :
		iommufd_vfio_compat_ioas_create(ictx);
	if (ret) {
		iommufd_ctx_put(ictx);
		return ret;
	}
	group->ctx.ops = &vfio_iommufd_ctx_ops;
	group->ctx.ictx = ictx;
	return 0;
}
#else
static int vfio_group_set_iommufd(struct vfio_group *group, struct file *file)
{
	return -EBADFD;
}
#endif

/*
 * VFIO_GROUP_SET_CONTAINER. -EBADF for no open file, -EBADFD for one that is
 * neither, -EINVAL if there is a context already, -ENODEV when the devices are
 * gone; -EPERM, -EBUSY from the owner of the group's DMA.
 */
static long vfio_group_set_container(struct vfio_group *group, int __user *arg)
{
	struct iommu_group *refused = NULL;
	struct vfio_container *container;
	struct file *file;
	long ret;
	int fd;

	if (get_user(fd, arg))
		return -EFAULT;
	file = fget(fd);
	if (!file)
		return -EBADF;
	container = vfio_container_from_file(file);

	mutex_lock(&group->lock);
	if (group->ctx.ops)
		ret = -EINVAL;
	else if (!group->iommu_group)
		ret = -ENODEV;
	else if (container)
		ret = vfio_container_attach_group(container, group);
	else
		ret = vfio_group_set_iommufd(group, file);
	if (ret && container && group->iommu_group && group->type == VFIO_IOMMU)
		refused = iommu_group_ref_get(group->iommu_group);
	mutex_unlock(&group->lock);

	if (refused)
		vfio_why_no_dma(refused, ret);
	iommu_group_put(refused);
	fput(file);
	return ret;
}

/* VFIO_GROUP_UNSET_CONTAINER. */
static long vfio_group_unset_container(struct vfio_group *group)
{
	long ret = 0;

	mutex_lock(&group->lock);
	if (!group->ctx.ops)
		ret = -EINVAL;
	else if (group->users)
		ret = -EBUSY;
	else
		vfio_group_drop_ctx(group);
	mutex_unlock(&group->lock);
	return ret;
}

/*
 * VFIO_GROUP_GET_STATUS. With a container the DMA of the group is user space's
 * from SET_CONTAINER on; with an iommufd only from the first device on, so
 * "viable" is a promise in the first case and a forecast in the second.
 */
static long vfio_group_get_status(struct vfio_group *group,
				  struct vfio_group_status __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_group_status, flags);
	struct vfio_group_status status;
	long ret;

	ret = vfio_copy_arg(&status, arg, minsz);
	if (ret)
		return ret;

	status.flags = 0;
	mutex_lock(&group->lock);
	if (!group->iommu_group)
		ret = -ENODEV;
	else if (group->ctx.ops)
		status.flags = VFIO_GROUP_FLAGS_VIABLE |
			       VFIO_GROUP_FLAGS_CONTAINER_SET;
	else if (!iommu_group_dma_owner_claimed(group->iommu_group))
		status.flags = VFIO_GROUP_FLAGS_VIABLE;
	mutex_unlock(&group->lock);

	if (ret)
		return ret;
	return copy_to_user(arg, &status, minsz) ? -EFAULT : 0;
}

/* Does @name mean this device? As &vfio_device_ops.match says it. */
static int vfio_device_match(struct vfio_device *device, char *name)
{
	if (device->ops->match)
		return device->ops->match(device, name);
	return !strcmp(dev_name(device->dev), name);
}

/* The device of that name, kept registered, or an error pointer. */
static struct vfio_device *vfio_group_find_device(struct vfio_group *group,
						  char *name)
{
	struct vfio_device *device, *found = ERR_PTR(-ENODEV);
	int match;

	mutex_lock(&group->device_lock);
	list_for_each_entry(device, &group->device_list, group_next) {
		match = vfio_device_match(device, name);
		if (match < 0) {
			found = ERR_PTR(match);
			break;
		}
		if (match && vfio_device_try_get(device)) {
			found = device;
			break;
		}
	}
	mutex_unlock(&group->device_lock);
	return found;
}

/* Give @fd, that nobody else knows, its device. */
static int vfio_group_bind(struct vfio_group *group, struct vfio_fd *fd)
{
	struct vfio_device *device = fd->device;
	int ret = -EINVAL;

	mutex_lock(&group->lock);
	if (group->ctx.ops) {
		mutex_lock(&device->lock);
		ret = vfio_bind(fd, &group->ctx, &group->kvm);
		if (!ret) {
			group->users++;
			vfio_fd_enter(fd, VFIO_FD_LIVE);
		}
		mutex_unlock(&device->lock);
	}
	mutex_unlock(&group->lock);

	if (!ret && group->type == VFIO_NO_IOMMU)
		dev_warn(device->dev, "vfio-noiommu device opened by user (%s:%d)\n",
			 current->comm, task_pid_nr(current));
	if (ret)
		vfio_why_no_bind(fd, ret);
	return ret;
}

/**
 * vfio_group_close_device() - the end of an fd that came from a group
 * @fd: the fd, closed or revoked; it may not have come to be bound
 */
void vfio_group_close_device(struct vfio_fd *fd)
{
	struct vfio_device *device = fd->device;
	struct vfio_group *group = device->group;

	mutex_lock(&group->lock);
	mutex_lock(&device->lock);
	if (fd->state == VFIO_FD_LIVE) {
		vfio_unbind(fd);
		group->users--;
	}
	vfio_fd_enter(fd, VFIO_FD_DEAD);
	mutex_unlock(&device->lock);
	mutex_unlock(&group->lock);
}

/* A file for @device, whose vfio_device_try_get() goes over to it. */
static struct file *vfio_group_make_file(struct file *group_file,
					 struct vfio_device *device)
{
	struct vfio_fd *fd;
	struct file *file;

	fd = vfio_fd_alloc(device);
	if (!fd) {
		vfio_device_put(device);
		return ERR_PTR(-ENOMEM);
	}

	/* A device's regions lie at offsets in the file. */
	file = anon_inode_getfile_fmode("[vfio-device]", &vfio_device_fops, fd,
					O_RDWR, FMODE_PREAD | FMODE_PWRITE);
	if (IS_ERR(file)) {
		vfio_fd_put(fd);
		vfio_device_put(device);
		return file;
	}
	fd->group_file = get_file(group_file);
	return file;
}

/*
 * VFIO_GROUP_GET_DEVICE_FD. -ENODEV for no such device, or what the driver's
 * match says; -EINVAL without a context; see vfio_bind() for the rest.
 */
static long vfio_group_get_device_fd(struct file *group_file, char __user *arg)
{
	struct vfio_group *group = group_file->private_data;
	struct vfio_device *device;
	struct file *file;
	char *name;
	int fdno, ret;

	name = strndup_user(arg, PAGE_SIZE);
	if (IS_ERR(name))
		return PTR_ERR(name);
	device = vfio_group_find_device(group, name);
	kfree(name);
	if (IS_ERR(device))
		return PTR_ERR(device);

	fdno = get_unused_fd_flags(O_CLOEXEC);
	if (fdno < 0) {
		vfio_device_put(device);
		return fdno;
	}

	file = vfio_group_make_file(group_file, device);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
		goto put_fdno;
	}

	/* From when it is installed, it can be revoked. */
	ret = vfio_group_bind(group, file->private_data);
	if (!ret)
		ret = vfio_fd_install(file->private_data, file);
	if (ret) {
		/* Closing it undoes the rest. */
		fput(file);
		goto put_fdno;
	}
	fd_install(fdno, file);
	return fdno;

put_fdno:
	put_unused_fd(fdno);
	return ret;
}

static long vfio_group_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	struct vfio_group *group = file->private_data;
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_GROUP_GET_STATUS:
		return vfio_group_get_status(group, uarg);
	case VFIO_GROUP_SET_CONTAINER:
		return vfio_group_set_container(group, uarg);
	case VFIO_GROUP_UNSET_CONTAINER:
		return vfio_group_unset_container(group);
	case VFIO_GROUP_GET_DEVICE_FD:
		return vfio_group_get_device_fd(file, uarg);
	}
	return -ENOTTY;
}

const struct file_operations vfio_group_fops = {
	.owner = THIS_MODULE,
	.open = vfio_group_open,
	.release = vfio_group_release_file,
	.unlocked_ioctl = vfio_group_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/**
 * vfio_group_from_file() - the group of a file
 * @file: any file
 *
 * Return: the group, whose memory is there as long as @file is open; NULL if
 *	it is no file of a group.
 */
struct vfio_group *vfio_group_from_file(struct file *file)
{
	return file->f_op == &vfio_group_fops ? file->private_data : NULL;
}

/**
 * vfio_group_enforced_coherent() - is all DMA of a group always coherent?
 * @group: the group
 *
 * A domain that any of its devices is attached to enforces coherency only if
 * the iommus of all of them can.
 *
 * Return: true if so.
 */
bool vfio_group_enforced_coherent(struct vfio_group *group)
{
	struct vfio_device *device;
	bool all = true;

	mutex_lock(&group->device_lock);
	list_for_each_entry(device, &group->device_list, group_next)
		all &= device_iommu_capable(device->dev,
					    IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
	mutex_unlock(&group->device_lock);
	return all;
}

/**
 * vfio_file_iommu_group() - the iommu group of a group's file
 * @file: any file
 *
 * For KVM on spapr alone.
 *
 * Return: the iommu group, for iommu_group_put(); NULL if @file is no file of
 *	a group, if the devices are gone, or elsewhere than on spapr.
 */
struct iommu_group *vfio_file_iommu_group(struct file *file)
{
	struct vfio_group *group = vfio_group_from_file(file);
	struct iommu_group *iommu_group = NULL;

	if (!IS_ENABLED(CONFIG_SPAPR_TCE_IOMMU) || !group)
		return NULL;

	mutex_lock(&group->lock);
	if (group->iommu_group)
		iommu_group = iommu_group_ref_get(group->iommu_group);
	mutex_unlock(&group->lock);
	return iommu_group;
}
EXPORT_SYMBOL_GPL(vfio_file_iommu_group);

/**
 * vfio_file_is_group() - is this the file of a group?
 * @file: any file
 *
 * Return: true if so.
 */
bool vfio_file_is_group(struct file *file)
{
	return vfio_group_from_file(file);
}
EXPORT_SYMBOL_GPL(vfio_file_is_group);

/**
 * vfio_file_has_dev() - does a file give a right to that device?
 * @file: any file
 * @device: the device
 *
 * Who holds a group holds its devices, for a reset of several at once.
 *
 * Return: true if @file is the file of @device's group.
 */
bool vfio_file_has_dev(struct file *file, struct vfio_device *device)
{
	struct vfio_group *group = vfio_group_from_file(file);

	return group && group == READ_ONCE(device->group);
}
EXPORT_SYMBOL_GPL(vfio_file_has_dev);
