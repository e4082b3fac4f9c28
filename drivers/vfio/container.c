// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: the container, /dev/vfio/vfio
 *
 * One kind of DMA context beside iommufd.c: groups are put into a container,
 * an iommu driver (type1, spapr) is chosen for it, and translates for them.
 * Called from group_fd.c under &vfio_group.lock, and from bind.c and dma.c for
 * devices. See the DOC section below.
 */
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/iommu.h>
#include <linux/lockdep.h>
#include <linux/miscdevice.h>
#include <linux/slab.h>

#include "vfio.h"

/**
 * DOC: Container and iommu driver
 *
 * A container has an iommu driver while it has groups: VFIO_SET_IOMMU needs
 * one, and the last to leave takes the driver's data along. An ioctl that is
 * passed on to the iommu driver runs with &vfio_container.lock held for
 * reading; whatever changes the driver, the groups or the devices that the
 * driver knows, holds it for writing. So the data cannot go while an ioctl uses
 * it.
 *
 * VFIO_IOMMU_UNMAP_DMA holds it for writing too. It makes type1 tell devices
 * of the unmap under its list's lock; a device then calls vfio_unpin_pages(),
 * which takes type1's own lock. Everything else in type1 takes these two the
 * other way round: another unmap, a device that comes or goes. One at a time,
 * they cannot meet.
 *
 * vfio_pin_pages() and its kin do not take the lock: an open device pins its
 * group, and with it the driver; and they are called out of an unmap, with the
 * lock held.
 */

/**
 * struct vfio_container - an open /dev/vfio/vfio
 * @kref: its file, and each group in it
 * @lock: protects the rest, see above
 * @groups: groups in it, by vfio_group.container_next
 * @driver: the iommu driver, or NULL
 * @data: the driver's own
 * @noiommu: the groups in it are of type VFIO_NO_IOMMU
 */
struct vfio_container {
	struct kref kref;
	struct rw_semaphore lock; /* protects what follows */
	struct list_head groups;
	const struct vfio_iommu_driver_ops *driver;
	void *data;
	bool noiommu;
};

/*
 * VFIO_CHECK_EXTENSION: the container's driver, or the first that says yes.
 * Before there is a group any driver may come to be chosen.
 */
static long vfio_container_check_extension(struct vfio_container *container,
					   unsigned long arg)
{
	struct vfio_iommu_driver *driver;
	long ret = 0;

	down_read(&container->lock);
	if (container->driver) {
		ret = container->driver->ioctl(container->data,
					       VFIO_CHECK_EXTENSION, arg);
		goto unlock;
	}

	for (driver = vfio_iommu_driver_next(NULL); driver;
	     driver = vfio_iommu_driver_next(driver)) {
		if (!list_empty(&container->groups) &&
		    !vfio_iommu_driver_fits(driver->ops, container->noiommu))
			continue;
		ret = driver->ops->ioctl(NULL, VFIO_CHECK_EXTENSION, arg);
		if (ret > 0) {
			module_put(driver->ops->owner);
			break;
		}
	}
unlock:
	up_read(&container->lock);
	return ret;
}

/* All groups to the driver, or none. */
static int vfio_container_attach_all(struct vfio_container *container,
				     const struct vfio_iommu_driver_ops *ops,
				     void *data)
{
	struct vfio_group *group;
	int ret = 0;

	list_for_each_entry(group, &container->groups, container_next) {
		ret = ops->attach_group(data, group->iommu_group, group->type);
		if (ret)
			break;
	}
	if (!ret)
		return 0;

	list_for_each_entry_continue_reverse(group, &container->groups,
					     container_next)
		ops->detach_group(data, group->iommu_group);
	return ret;
}

/* Make @ops the driver of the container if it knows what @arg asks for. */
static int vfio_container_try_driver(struct vfio_container *container,
				     const struct vfio_iommu_driver_ops *ops,
				     unsigned long arg)
{
	void *data;
	int ret;

	if (!vfio_iommu_driver_fits(ops, container->noiommu) ||
	    ops->ioctl(NULL, VFIO_CHECK_EXTENSION, arg) <= 0)
		return -ENODEV;

	data = ops->open(arg);
	if (IS_ERR(data))
		return PTR_ERR(data);

	ret = vfio_container_attach_all(container, ops, data);
	if (ret) {
		ops->release(data);
		return ret;
	}
	container->driver = ops;
	container->data = data;
	return 0;
}

/*
 * VFIO_SET_IOMMU: -EINVAL for a container that is empty (a group is what gives
 * the right to use resources) or has a driver; -ENODEV if no driver knows @arg;
 * else the error of the last that does.
 */
static long vfio_container_set_iommu(struct vfio_container *container,
				     unsigned long arg)
{
	struct vfio_iommu_driver *driver;
	long ret = -ENODEV;
	int err;

	down_write(&container->lock);
	if (list_empty(&container->groups) || container->driver) {
		ret = -EINVAL;
		goto unlock;
	}

	for (driver = vfio_iommu_driver_next(NULL); driver;
	     driver = vfio_iommu_driver_next(driver)) {
		err = vfio_container_try_driver(container, driver->ops, arg);
		if (!err) {
			/* The container keeps the module. */
			ret = 0;
			break;
		}
		if (err != -ENODEV || ret == -ENODEV)
			ret = err;
	}
unlock:
	up_write(&container->lock);
	return ret;
}

/* Everything else is the driver's, once there is one. */
static long vfio_container_pass_on(struct vfio_container *container,
				   unsigned int cmd, unsigned long arg)
{
	bool alone = cmd == VFIO_IOMMU_UNMAP_DMA;
	long ret = -EINVAL;

	if (alone)
		down_write(&container->lock);
	else
		down_read(&container->lock);
	if (container->driver)
		ret = container->driver->ioctl(container->data, cmd, arg);
	if (alone)
		up_write(&container->lock);
	else
		up_read(&container->lock);
	return ret;
}

static long vfio_container_ioctl(struct file *file, unsigned int cmd,
				 unsigned long arg)
{
	struct vfio_container *container = file->private_data;

	switch (cmd) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return vfio_container_check_extension(container, arg);
	case VFIO_SET_IOMMU:
		return vfio_container_set_iommu(container, arg);
	}
	return vfio_container_pass_on(container, cmd, arg);
}

static int vfio_container_open(struct inode *inode, struct file *file)
{
	struct vfio_container *container;

	container = kzalloc(sizeof(*container), GFP_KERNEL_ACCOUNT);
	if (!container)
		return -ENOMEM;
	kref_init(&container->kref);
	init_rwsem(&container->lock);
	INIT_LIST_HEAD(&container->groups);
	file->private_data = container;
	return 0;
}

static void vfio_container_free(struct kref *kref)
{
	kfree(container_of(kref, struct vfio_container, kref));
}

static int vfio_container_release(struct inode *inode, struct file *file)
{
	struct vfio_container *container = file->private_data;

	/* Groups in it keep it: file and groups may be closed in any order. */
	kref_put(&container->kref, vfio_container_free);
	return 0;
}

static const struct file_operations vfio_container_fops = {
	.owner = THIS_MODULE,
	.open = vfio_container_open,
	.release = vfio_container_release,
	.unlocked_ioctl = vfio_container_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice vfio_container_misc = {
	.minor = VFIO_MINOR,
	.name = "vfio",
	.nodename = "vfio/vfio",
	.mode = 0666,
	.fops = &vfio_container_fops,
};

/**
 * vfio_container_from_file() - the container of a file
 * @file: any file
 *
 * Return: the container, there as long as @file is open, or NULL.
 */
struct vfio_container *vfio_container_from_file(struct file *file)
{
	return file->f_op == &vfio_container_fops ? file->private_data : NULL;
}

static int vfio_container_ctx_use(struct vfio_device *device,
				  const struct vfio_dma_ctx *ctx)
{
	struct vfio_container *container = ctx->container;
	int ret = 0;

	if (vfio_device_is_noiommu(device) && !capable(CAP_SYS_RAWIO))
		return -EPERM;

	down_write(&container->lock);
	if (!container->driver)
		ret = -EINVAL;
	else if (container->driver->register_device)
		container->driver->register_device(container->data, device);
	up_write(&container->lock);
	return ret;
}

static void vfio_container_ctx_unuse(struct vfio_device *device,
				     const struct vfio_dma_ctx *ctx)
{
	struct vfio_container *container = ctx->container;

	down_write(&container->lock);
	if (container->driver->unregister_device)
		container->driver->unregister_device(container->data, device);
	up_write(&container->lock);
}

static int vfio_container_ctx_pin(struct vfio_device *device,
				  const struct vfio_dma_ctx *ctx,
				  dma_addr_t iova, int npage, int prot,
				  struct page **pages)
{
	struct vfio_container *container = ctx->container;

	if (npage > VFIO_PIN_PAGES_MAX_ENTRIES)
		return -E2BIG;
	if (!container->driver->pin_pages)
		return -ENOTTY;
	return container->driver->pin_pages(container->data,
					    device->group->iommu_group, iova,
					    npage, prot, pages);
}

static void vfio_container_ctx_unpin(struct vfio_device *device,
				     const struct vfio_dma_ctx *ctx,
				     dma_addr_t iova, int npage)
{
	struct vfio_container *container = ctx->container;

	if (WARN_ON(npage <= 0 || npage > VFIO_PIN_PAGES_MAX_ENTRIES))
		return;

	/*
	 * Out of an unmap, this takes type1's lock inside that of its list.
	 * The container's lock, held there for writing, keeps away who takes
	 * them the other way round; lockdep has no means to see that.
	 */
	lockdep_off();
	container->driver->unpin_pages(container->data, iova, npage);
	lockdep_on();
}

static int vfio_container_ctx_rw(struct vfio_device *device,
				 const struct vfio_dma_ctx *ctx,
				 dma_addr_t iova, void *data, size_t len,
				 bool write)
{
	struct vfio_container *container = ctx->container;

	if (!container->driver->dma_rw)
		return -ENOTTY;
	return container->driver->dma_rw(container->data, iova, data, len,
					 write);
}

static const struct vfio_dma_ctx_ops vfio_container_ctx_ops = {
	.use = vfio_container_ctx_use,
	.unuse = vfio_container_ctx_unuse,
	.pin = vfio_container_ctx_pin,
	.unpin = vfio_container_ctx_unpin,
	.rw = vfio_container_ctx_rw,
};

/**
 * vfio_dma_ctx_is_container() - what kind of context is it?
 * @ctx: a context, or none
 *
 * Return: true for a container.
 */
bool vfio_dma_ctx_is_container(const struct vfio_dma_ctx *ctx)
{
	return ctx->ops == &vfio_container_ctx_ops;
}

/* Take the group's DMA for user space and give it to the driver, if any. */
static int vfio_container_claim_dma(struct vfio_container *container,
				    struct vfio_group *group)
{
	int ret;

	if (group->type == VFIO_IOMMU) {
		ret = iommu_group_claim_dma_owner(group->iommu_group, group);
		if (ret)
			return ret;
	}
	if (!container->driver)
		return 0;

	ret = container->driver->attach_group(container->data,
					      group->iommu_group, group->type);
	if (ret && group->type == VFIO_IOMMU)
		iommu_group_release_dma_owner(group->iommu_group);
	return ret;
}

/**
 * vfio_container_attach_group() - put a group into a container
 * @container: the container
 * @group: a group without context, which becomes this container
 *
 * Context: caller holds &vfio_group.lock.
 * Return: 0; -EPERM for a group without iommu and a task without CAP_SYS_RAWIO,
 *	for groups with and without iommu in one container, or when the group's
 *	DMA belongs to a kernel driver; -EBUSY when it is in use otherwise; or
 *	what the container's iommu driver says.
 */
int vfio_container_attach_group(struct vfio_container *container,
				struct vfio_group *group)
{
	bool noiommu = group->type == VFIO_NO_IOMMU;
	int ret;

	lockdep_assert_held(&group->lock);

	if (noiommu && !capable(CAP_SYS_RAWIO))
		return -EPERM;

	down_write(&container->lock);
	if (!list_empty(&container->groups) && container->noiommu != noiommu) {
		ret = -EPERM;
		goto unlock;
	}
	ret = vfio_container_claim_dma(container, group);
	if (ret)
		goto unlock;

	container->noiommu = noiommu;
	list_add(&group->container_next, &container->groups);
	kref_get(&container->kref);
	group->ctx.ops = &vfio_container_ctx_ops;
	group->ctx.container = container;
unlock:
	up_write(&container->lock);
	return ret;
}

/**
 * vfio_container_detach_group() - undo vfio_container_attach_group()
 * @container: the container
 * @group: a group in it, none of whose devices is open
 *
 * The last group takes the iommu driver along: an empty container has no
 * right to resources.
 *
 * Context: caller holds &vfio_group.lock.
 */
void vfio_container_detach_group(struct vfio_container *container,
				 struct vfio_group *group)
{
	const struct vfio_iommu_driver_ops *driver;

	lockdep_assert_held(&group->lock);

	down_write(&container->lock);
	driver = container->driver;
	if (driver)
		driver->detach_group(container->data, group->iommu_group);
	if (group->type == VFIO_IOMMU)
		iommu_group_release_dma_owner(group->iommu_group);

	list_del(&group->container_next);
	if (driver && list_empty(&container->groups)) {
		driver->release(container->data);
		module_put(driver->owner);
		container->driver = NULL;
		container->data = NULL;
	}
	up_write(&container->lock);
	kref_put(&container->kref, vfio_container_free);
}

/**
 * vfio_container_init() - make the node and the driver for no iommu
 *
 * Return: 0 or an error.
 */
int __init vfio_container_init(void)
{
	int ret;

	ret = misc_register(&vfio_container_misc);
	if (ret) {
		pr_err("vfio: cannot register /dev/vfio/vfio: %d\n", ret);
		return ret;
	}

	ret = vfio_noiommu_init();
	if (ret)
		misc_deregister(&vfio_container_misc);
	return ret;
}

/**
 * vfio_container_cleanup() - undo vfio_container_init()
 */
void vfio_container_cleanup(void)
{
	vfio_noiommu_exit();
	misc_deregister(&vfio_container_misc);
}

MODULE_ALIAS_MISCDEV(VFIO_MINOR);
MODULE_ALIAS("devname:vfio/vfio");
