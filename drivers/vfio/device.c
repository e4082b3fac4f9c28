// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: the life of a vfio_device
 *
 * Called by drivers from their probe and remove, under device_lock(). See the
 * DOC section below for what counts what.
 */
#include <linux/device.h>
#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/mount.h>
#include <linux/pm_runtime.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>

#include <trace/events/vfio.h>

#include "vfio.h"

/**
 * DOC: Life of a vfio_device
 *
 * Two counts, for two questions.
 *
 * *Is the memory there?* The reference count of &vfio_device.device. Born with
 * one reference in vfio_alloc_device(), that of the driver, who drops it with
 * vfio_put_device() after unregistration. The last one frees. Whoever holds one
 * longer than the driver (the driver core, sysfs, an open directory) holds
 * memory of the core alone: vfio_put_device() itself calls
 * &vfio_device_ops.release and takes the device out of its set, so the driver's
 * module may go, and no reset walks over a device that is gone.
 *
 * *May one call into the driver?* &vfio_device.refcount: zero until the device
 * is registered, one for the registration, one for each open file and each
 * vfio_device_try_get(). Unregistration takes the device off every path by
 * which it can be found, drops the one of the registration, and waits until
 * the others are gone; those of files can be revoked, see revoke.c. Therefore a
 * driver's callback runs only between vfio_register_group_dev() and the return
 * of vfio_unregister_group_dev(), and a driver may free in remove() whatever
 * its callbacks use.
 *
 * A reference of the second kind implies one of the first.
 */

#define VFIO_FS_MAGIC	0x5646494f	/* "VFIO" */

static struct class *vfio_device_class;
static DEFINE_IDA(vfio_device_ida);
static struct vfsmount *vfio_fs_mount;
static int vfio_fs_users;

static int vfio_fs_init_context(struct fs_context *fc)
{
	return init_pseudo(fc, VFIO_FS_MAGIC) ? 0 : -ENOMEM;
}

static struct file_system_type vfio_fs_type = {
	.owner = THIS_MODULE,
	.name = "vfio",
	.kill_sb = kill_anon_super,
	.init_fs_context = vfio_fs_init_context,
};

/* One inode per device: its mapping is what a driver zaps on reset. */
static int vfio_device_inode_get(struct vfio_device *device)
{
	struct inode *inode;
	int ret;

	ret = simple_pin_fs(&vfio_fs_type, &vfio_fs_mount, &vfio_fs_users);
	if (ret)
		return ret;

	inode = alloc_anon_inode(vfio_fs_mount->mnt_sb);
	if (IS_ERR(inode)) {
		simple_release_fs(&vfio_fs_mount, &vfio_fs_users);
		return PTR_ERR(inode);
	}
	device->inode = inode;
	return 0;
}

static void vfio_device_inode_put(struct vfio_device *device)
{
	if (!device->inode)
		return;
	iput(device->inode);
	simple_release_fs(&vfio_fs_mount, &vfio_fs_users);
}

/* The last reference, possibly long after the driver is gone. */
static void vfio_device_release(struct device *dev)
{
	struct vfio_device *device = container_of(dev, struct vfio_device,
						  device);

	vfio_device_inode_put(device);
	kfree(device->syspath);
	ida_free(&vfio_device_ida, device->index);
	mutex_destroy(&device->lock);
	kvfree(device);
}

/**
 * _vfio_alloc_device() - allocate a device; drivers use vfio_alloc_device()
 * @size: bytes of the structure that embeds it at its start
 * @dev: the device behind it
 * @ops: the driver's operations
 *
 * Context: may sleep. Calls &vfio_device_ops.init; when that fails,
 *	&vfio_device_ops.release is not called.
 * Return: the device, for vfio_put_device(); or an error
 *	pointer: -EINVAL for a @size too small, -ENOMEM, -ENOSPC when all
 *	numbers are taken, or what &vfio_device_ops.init returned.
 */
struct vfio_device *_vfio_alloc_device(size_t size, struct device *dev,
				       const struct vfio_device_ops *ops)
{
	struct vfio_device *device;
	int ret;

	if (WARN_ON(size < sizeof(*device)))
		return ERR_PTR(-EINVAL);

	device = kvzalloc(size, GFP_KERNEL);
	if (!device)
		return ERR_PTR(-ENOMEM);

	ret = ida_alloc_max(&vfio_device_ida, MINORMASK, GFP_KERNEL);
	if (ret < 0) {
		kvfree(device);
		return ERR_PTR(ret);
	}
	device->index = ret;

	/* From here on the reference count owns the memory. */
	device_initialize(&device->device);
	device->device.class = vfio_device_class;
	device->device.parent = dev;
	device->device.release = vfio_device_release;
	device->dev = dev;
	mutex_init(&device->lock);
	init_completion(&device->comp);
	init_waitqueue_head(&device->wait);
	spin_lock_init(&device->files_lock);
	INIT_LIST_HEAD(&device->files);
	device->revoke_timeout = -1;

	ret = vfio_device_inode_get(device);
	if (ret)
		goto put_device;

	device->ops = ops;
	if (ops->init) {
		ret = ops->init(device);
		if (ret)
			goto put_device;
	}
	return device;

put_device:
	/* The driver has nothing to release for a device it did not get. */
	vfio_release_device_set(device);
	put_device(&device->device);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(_vfio_alloc_device);

/**
 * vfio_put_device() - give a device up
 * @device: from vfio_alloc_device(), not registered, or not any more
 *
 * Called once for each device. The driver's part of the structure is released
 * before this returns; the memory stays until the last reference to the class
 * device is gone.
 *
 * Context: may sleep. Takes the lock of the device's set.
 */
void vfio_put_device(struct vfio_device *device)
{
	vfio_release_device_set(device);
	if (device->ops->release)
		device->ops->release(device);
	put_device(&device->device);
}
EXPORT_SYMBOL_GPL(vfio_put_device);

/**
 * vfio_device_try_get() - keep a device registered
 * @device: the device; the caller knows that its memory is there
 *
 * For a bus that wants to deliver an event into a driver outside the driver
 * core's own callbacks.
 *
 * Context: any, hard interrupts too.
 * Return: true if the device is registered and stays so until
 *	vfio_device_put(); false if it is not, not yet or not any more.
 */
bool vfio_device_try_get(struct vfio_device *device)
{
	return refcount_inc_not_zero(&device->refcount);
}
EXPORT_SYMBOL_GPL(vfio_device_try_get);

/**
 * vfio_device_put() - undo vfio_device_try_get()
 * @device: the device
 *
 * Context: any, hard interrupts too. The caller must not touch @device again:
 *	unregistration may go on at once.
 */
void vfio_device_put(struct vfio_device *device)
{
	if (refcount_dec_and_test(&device->refcount))
		complete(&device->comp);
}
EXPORT_SYMBOL_GPL(vfio_device_put);

static int vfio_device_check_ops(const struct vfio_device_ops *ops)
{
	if (!IS_ENABLED(CONFIG_IOMMUFD))
		return 0;
	if (WARN_ON(!ops->bind_iommufd || !ops->unbind_iommufd ||
		    !ops->attach_ioas || !ops->detach_ioas))
		return -EINVAL;
	return 0;
}

/*
 * User space has no way to keep caches coherent by itself, so the core asks
 * for mappings that are; an iommu that cannot give them is of no use.
 */
static int vfio_device_check_coherency(struct vfio_device *device,
				       enum vfio_group_type type)
{
	if (type != VFIO_IOMMU || vfio_device_is_noiommu(device))
		return 0;
	if (device_iommu_capable(device->dev, IOMMU_CAP_CACHE_COHERENCY))
		return 0;
	dev_info(device->dev,
		 "cannot be assigned: its iommu does not keep DMA coherent with the caches\n");
	return -EINVAL;
}

static int vfio_register_device(struct vfio_device *device,
				enum vfio_group_type type)
{
	struct device_driver *drv = device->dev->driver;
	int ret;

	ret = vfio_device_check_ops(device->ops);
	if (ret)
		return ret;

	/*
	 * Registration comes out of the driver's probe, under device_lock():
	 * what open and ioctl need of dev->driver is read here, once.
	 */
	device->owner = drv ? drv->owner : NULL;
	device->has_pm = drv && drv->pm;

	if (!device->dev_set) {
		ret = vfio_assign_device_set(device, device);
		if (ret)
			return ret;
	}

	ret = dev_set_name(&device->device, "vfio%u", device->index);
	if (ret)
		return ret;

	ret = vfio_device_set_group(device, type);
	if (ret)
		return ret;

	ret = vfio_device_check_coherency(device, type);
	if (ret)
		goto remove_group;

	ret = vfio_cdev_add(device);
	if (ret)
		goto remove_group;

	/*
	 * Last, so that an open which comes in by the new node before this
	 * finds a device that is not registered yet, as after the end.
	 */
	device->leaving = false;
	device->revoked = false;
	refcount_set(&device->refcount, 1);
	vfio_device_group_register(device);
	vfio_device_debugfs_init(device);
	trace_vfio_register(device);
	return 0;

remove_group:
	vfio_device_remove_group(device);
	return ret;
}

/**
 * vfio_register_group_dev() - offer a device that does its own DMA
 * @device: from vfio_alloc_device()
 *
 * User space may open the device before this returns.
 *
 * Context: the driver's probe, under device_lock().
 * Return: 0; -EINVAL for a device with no iommu group (and no permission to do
 *	without), one whose iommu is not cache coherent, or missing operations;
 *	-ENOMEM, or what the driver core says to a new device.
 */
int vfio_register_group_dev(struct vfio_device *device)
{
	return vfio_register_device(device, VFIO_IOMMU);
}
EXPORT_SYMBOL_GPL(vfio_register_group_dev);

/**
 * vfio_register_emulated_iommu_dev() - offer a device that does DMA by software
 * @device: from vfio_alloc_device()
 *
 * The driver reaches user memory through vfio_pin_pages() and vfio_dma_rw(),
 * or through an iommufd access of its own; the user must have no way to make
 * it go elsewhere.
 *
 * Context: the driver's probe, under device_lock().
 * Return: 0, -EINVAL for missing operations, -ENOMEM, or what the driver core
 *	says to a new device.
 */
int vfio_register_emulated_iommu_dev(struct vfio_device *device)
{
	return vfio_register_device(device, VFIO_EMULATED_IOMMU);
}
EXPORT_SYMBOL_GPL(vfio_register_emulated_iommu_dev);

/**
 * vfio_unregister_group_dev() - take a device back from user space
 * @device: a registered device
 *
 * Waits for the last user, whom &vfio_device_ops.request asks to go; if the
 * administrator has set a time, and it is over, takes the device from him.
 *
 * Context: the driver's remove, under device_lock(). On return no callback
 *	runs and none will.
 */
void vfio_unregister_group_dev(struct vfio_device *device)
{
	trace_vfio_unregister(device);

	/* No new user by the group ... */
	vfio_device_group_unregister(device);

	/* Some of its files hang on devres of the class device. */
	vfio_device_debugfs_exit(device);

	/* ... nor by the node. */
	WRITE_ONCE(device->leaving, true);
	vfio_cdev_del(device);

	vfio_device_put(device);
	vfio_device_wait_unused(device);

	vfio_device_remove_group(device);
	trace_vfio_unregistered(device);
}
EXPORT_SYMBOL_GPL(vfio_unregister_group_dev);

/**
 * vfio_device_resume() - wake a device up, see vfio_device_pm_get()
 * @device: an open device with power management
 *
 * Return: 0, or -EIO when it does not wake up.
 */
int vfio_device_resume(struct vfio_device *device)
{
	int ret;

	ret = pm_runtime_resume_and_get(device->dev);
	if (!ret)
		return 0;
	dev_info_ratelimited(device->dev, "vfio: runtime resume failed %d\n",
			     ret);
	return -EIO;
}

/**
 * vfio_device_idle() - undo vfio_device_resume()
 * @device: the device
 */
void vfio_device_idle(struct vfio_device *device)
{
	pm_runtime_put(device->dev);
}

/**
 * vfio_device_class_init() - make the class "vfio-dev" and its nodes' region
 *
 * Return: 0 or an error of the driver core.
 */
int __init vfio_device_class_init(void)
{
	int ret;

	vfio_device_class = class_create("vfio-dev");
	if (IS_ERR(vfio_device_class))
		return PTR_ERR(vfio_device_class);
	vfio_device_class->dev_groups = vfio_device_groups;

	ret = vfio_cdev_init(vfio_device_class);
	if (ret)
		class_destroy(vfio_device_class);
	return ret;
}

/**
 * vfio_device_class_exit() - undo vfio_device_class_init()
 */
void vfio_device_class_exit(void)
{
	vfio_cdev_cleanup();
	class_destroy(vfio_device_class);
	ida_destroy(&vfio_device_ida);
}
