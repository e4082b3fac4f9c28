// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mdev bus, its drivers, and the start and end of the module.
 *
 * The driver core calls probe and remove under the mediated device's
 * device_lock; nothing here takes a lock of its own.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "mdev_private.h"

static struct mdev_driver *to_mdev_driver(const struct device_driver *drv)
{
	return container_of(drv, struct mdev_driver, driver);
}

/*
 * A device belongs to the driver that its parent named. mdev_device_create()
 * binds the two by itself once the device is complete; a match would let
 * device_add() or a driver's registration do it too early, or with another
 * driver.
 */
static int mdev_bus_match(struct device *dev, const struct device_driver *drv)
{
	return 0;
}

static int mdev_bus_probe(struct device *dev)
{
	struct mdev_driver *drv = to_mdev_driver(dev->driver);

	return drv->probe ? drv->probe(to_mdev_device(dev)) : 0;
}

static void mdev_bus_remove(struct device *dev)
{
	struct mdev_driver *drv = to_mdev_driver(dev->driver);

	if (drv->remove)
		drv->remove(to_mdev_device(dev));
}

const struct bus_type mdev_bus_type = {
	.name = "mdev",
	.match = mdev_bus_match,
	.probe = mdev_bus_probe,
	.remove = mdev_bus_remove,
};

/**
 * mdev_register_driver - make a driver known to the mdev bus
 * @drv: the driver, with device_api set
 *
 * It takes care of no device until a parent is registered with it; devices
 * can be created only after this call succeeded.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EINVAL without device_api; else what driver_register() says:
 * -EBUSY if the name is taken on the bus, -ENOMEM.
 */
int mdev_register_driver(struct mdev_driver *drv)
{
	int ret;

	if (!drv->device_api) {
		pr_err("mdev: driver %s names no device_api\n",
		       drv->driver.name);
		return -EINVAL;
	}

	drv->driver.bus = &mdev_bus_type;
	ret = driver_register(&drv->driver);
	if (ret)
		return ret;

	/* Pairs with mdev_device_make(): the driver can be attached now. */
	smp_store_release(&drv->ready, true);
	return 0;
}
EXPORT_SYMBOL(mdev_register_driver);

/**
 * mdev_unregister_driver - take a driver off the mdev bus
 * @drv: a driver that mdev_register_driver() accepted
 *
 * Its parents must have been unregistered.
 *
 * Context: Process context, may sleep. Must not be called from a callback of
 * @drv.
 */
void mdev_unregister_driver(struct mdev_driver *drv)
{
	WRITE_ONCE(drv->ready, false);
	driver_unregister(&drv->driver);
}
EXPORT_SYMBOL(mdev_unregister_driver);

static int __init mdev_init(void)
{
	int ret;

	ret = mdev_index_init();
	if (ret)
		return ret;

	ret = bus_register(&mdev_bus_type);
	if (ret)
		goto err_index;

	ret = mdev_compat_class_init();
	if (ret)
		goto err_bus;
	return 0;

err_bus:
	bus_unregister(&mdev_bus_type);
err_index:
	mdev_index_exit();
	return ret;
}

static void __exit mdev_exit(void)
{
	/*
	 * Each object whose release function is in this module held a
	 * reference on the module until that function's last statement. What
	 * is left is its way out: wait for whoever was preempted there.
	 */
	synchronize_rcu_tasks();

	mdev_compat_class_exit();
	bus_unregister(&mdev_bus_type);
	mdev_index_exit();
}

/* Before the drivers that are built in with it. */
subsys_initcall(mdev_init);
module_exit(mdev_exit);

MODULE_DESCRIPTION("Mediated device core");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1");
