// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: iommu drivers of the container
 *
 * Modules like type1 register here; container.c asks them in turn. The list
 * has a mutex of its own, which is never held while a driver is called. The
 * driver for devices without iommu lives here as well.
 */
#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "vfio.h"

/* Newest first. */
static LIST_HEAD(vfio_iommu_drivers);
static DEFINE_MUTEX(vfio_iommu_drivers_lock); /* protects the list */

static struct vfio_iommu_driver *
vfio_iommu_driver_find(const struct vfio_iommu_driver_ops *ops)
{
	struct vfio_iommu_driver *driver;

	lockdep_assert_held(&vfio_iommu_drivers_lock);

	list_for_each_entry(driver, &vfio_iommu_drivers, node) {
		if (driver->ops == ops)
			return driver;
	}
	return NULL;
}

/**
 * vfio_register_iommu_driver() - offer an iommu driver to containers
 * @ops: its operations
 *
 * Return: 0; -EINVAL for one that is registered, or that knows how to register
 *	devices but not how to unregister them, or the other way round; -ENOMEM.
 */
int vfio_register_iommu_driver(const struct vfio_iommu_driver_ops *ops)
{
	bool in = ops->register_device, out = ops->unregister_device;
	struct vfio_iommu_driver *driver;

	if (WARN_ON(in != out))
		return -EINVAL;

	guard(mutex)(&vfio_iommu_drivers_lock);
	if (vfio_iommu_driver_find(ops))
		return -EINVAL;
	driver = kmalloc(sizeof(*driver), GFP_KERNEL);
	if (!driver)
		return -ENOMEM;
	driver->ops = ops;
	list_add(&driver->node, &vfio_iommu_drivers);
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_register_iommu_driver);

/**
 * vfio_unregister_iommu_driver() - undo vfio_register_iommu_driver()
 * @ops: its operations; nothing happens if they are not registered
 *
 * Context: the module's exit, so no container uses it.
 */
void vfio_unregister_iommu_driver(const struct vfio_iommu_driver_ops *ops)
{
	struct vfio_iommu_driver *driver;

	guard(mutex)(&vfio_iommu_drivers_lock);
	driver = vfio_iommu_driver_find(ops);
	if (!driver)
		return;
	list_del(&driver->node);
	kfree(driver);
}
EXPORT_SYMBOL_GPL(vfio_unregister_iommu_driver);

/**
 * vfio_iommu_driver_next() - walk the drivers, newest first
 * @prev: where the walk is, or NULL to begin
 *
 * A pinned module cannot unregister, so @prev is still in the list when it is
 * passed back, and nobody needs the lock while he works with it. Who leaves the
 * walk early keeps the module pinned, or drops it.
 *
 * Return: the driver after @prev, or the first, with its module pinned; NULL at
 *	the end. @prev's module is let go.
 */
struct vfio_iommu_driver *
vfio_iommu_driver_next(struct vfio_iommu_driver *prev)
{
	struct vfio_iommu_driver *driver;

	mutex_lock(&vfio_iommu_drivers_lock);
	driver = prev ? list_next_entry(prev, node) :
		 list_first_entry(&vfio_iommu_drivers, struct vfio_iommu_driver,
				  node);
	while (!list_entry_is_head(driver, &vfio_iommu_drivers, node)) {
		if (try_module_get(driver->ops->owner))
			break;
		driver = list_next_entry(driver, node);
	}
	if (list_entry_is_head(driver, &vfio_iommu_drivers, node))
		driver = NULL;
	mutex_unlock(&vfio_iommu_drivers_lock);

	if (prev)
		module_put(prev->ops->owner);
	return driver;
}

/* No translation: nothing to map, and nothing to keep. */
static void *vfio_noiommu_open(unsigned long arg)
{
	if (arg != VFIO_NOIOMMU_IOMMU)
		return ERR_PTR(-EINVAL);
	return capable(CAP_SYS_RAWIO) ? NULL : ERR_PTR(-EPERM);
}

static void vfio_noiommu_release(void *data)
{
}

static long vfio_noiommu_ioctl(void *data, unsigned int cmd, unsigned long arg)
{
	if (cmd != VFIO_CHECK_EXTENSION)
		return -ENOTTY;
	return vfio_noiommu && arg == VFIO_NOIOMMU_IOMMU;
}

static int vfio_noiommu_attach(void *data, struct iommu_group *group,
			       enum vfio_group_type type)
{
	return 0;
}

static void vfio_noiommu_detach(void *data, struct iommu_group *group)
{
}

static const struct vfio_iommu_driver_ops vfio_noiommu_driver = {
	.attach_group = vfio_noiommu_attach,
	.detach_group = vfio_noiommu_detach,
	.ioctl = vfio_noiommu_ioctl,
	.name = "vfio-noiommu",
	.open = vfio_noiommu_open,
	.owner = THIS_MODULE,
	.release = vfio_noiommu_release,
};

/**
 * vfio_iommu_driver_fits() - may groups of that kind use a driver?
 * @ops: the driver
 * @noiommu: they are of type VFIO_NO_IOMMU
 *
 * Groups without iommu need the driver for that, and nobody else may have it.
 *
 * Return: true if so.
 */
bool vfio_iommu_driver_fits(const struct vfio_iommu_driver_ops *ops,
			    bool noiommu)
{
	if (!IS_ENABLED(CONFIG_VFIO_NOIOMMU))
		return true;
	return noiommu == (ops == &vfio_noiommu_driver);
}

/**
 * vfio_noiommu_init() - offer the driver for no iommu, if there is such
 *
 * Return: 0 or -ENOMEM.
 */
int __init vfio_noiommu_init(void)
{
	if (!IS_ENABLED(CONFIG_VFIO_NOIOMMU))
		return 0;
	return vfio_register_iommu_driver(&vfio_noiommu_driver);
}

/**
 * vfio_noiommu_exit() - undo vfio_noiommu_init()
 */
void vfio_noiommu_exit(void)
{
	if (IS_ENABLED(CONFIG_VFIO_NOIOMMU))
		vfio_unregister_iommu_driver(&vfio_noiommu_driver);
}
