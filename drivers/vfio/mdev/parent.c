// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parents: what a driver calls to offer types below a device, and to stop.
 *
 * Called by drivers, mostly from their probe and remove, so often under the
 * parent's device_lock. Takes mdev_registration.unreg_sem for writing, which
 * waits for creations and removals that are under way and refuses new ones.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "mdev_private.h"

static struct class_compat *mdev_bus_class;

/* /sys/class/mdev_bus: links to all parents, which libvirt and others list. */
int mdev_compat_class_init(void)
{
	mdev_bus_class = class_compat_register("mdev_bus");
	return mdev_bus_class ? 0 : -ENOMEM;
}

void mdev_compat_class_exit(void)
{
	class_compat_unregister(mdev_bus_class);
}

static void mdev_registration_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct mdev_registration, kobj));
	module_put(THIS_MODULE);
}

static const struct kobj_type mdev_registration_ktype = {
	.sysfs_ops = &kobj_sysfs_ops,
	.release = mdev_registration_release,
};

static struct mdev_registration *mdev_registration_alloc(struct device *dev,
							 struct mdev_driver *drv)
{
	struct mdev_registration *reg;

	reg = kzalloc(sizeof(*reg), GFP_KERNEL);
	if (!reg)
		return NULL;

	/* The caller's module needs ours: it cannot be going away. */
	__module_get(THIS_MODULE);
	kobject_init(&reg->kobj, &mdev_registration_ktype);
	reg->dev = dev;
	reg->drv = drv;
	reg->max_instances = drv->max_instances;
	init_rwsem(&reg->unreg_sem);
	spin_lock_init(&reg->lock);
	return reg;
}

/*
 * Make the directories. A type is visible as soon as its directory is, and the
 * next one may still fail: hence the write lock, under which a create is
 * refused. The counts of all types are set before, for they are summed up.
 */
static int mdev_parent_add_types(struct mdev_registration *reg)
{
	unsigned int i;
	int ret;

	lockdep_assert_held_write(&reg->unreg_sem);

	ret = kobject_add(&reg->kobj, &reg->dev->kobj, "mdev_supported_types");
	if (ret)
		return ret;

	for (i = 0; i < reg->nr_types; i++) {
		ret = mdev_type_add(reg, reg->types[i]);
		if (ret)
			goto err_types;
	}
	return 0;

err_types:
	while (i--)
		mdev_type_del(reg->types[i]);
	kobject_del(&reg->kobj);
	return ret;
}

static void mdev_parent_announce(struct device *dev, char *state)
{
	char *envp[2] = { state };

	kobject_uevent_env(&dev->kobj, KOBJ_CHANGE, envp);
}

/**
 * mdev_register_parent - offer mediated devices below a device
 * @parent: the driver's handle, overwritten; in any memory that stays until
 *	mdev_unregister_parent() returns
 * @dev: the device; registered, and kept so by the caller
 * @mdev_driver: driver for the devices that will be created. Nothing can be
 *	created before it is registered too
 * @types: what can be created; array and entries stay as long as @parent
 * @nr_types: entries in @types
 *
 * User space learns of it from a change uevent of @dev with
 * MDEV_STATE=registered.
 *
 * Context: Process context, may sleep; @dev's device_lock may be held.
 * Return: 0; -EINVAL if a type has no sysfs_name or an argument is missing;
 * -EEXIST if @dev is a parent already or two types have the same name;
 * -ENOMEM. After an error @dev shows no trace of it.
 */
int mdev_register_parent(struct mdev_parent *parent, struct device *dev,
			 struct mdev_driver *mdev_driver,
			 struct mdev_type **types, unsigned int nr_types)
{
	struct mdev_registration *reg;
	unsigned int i;
	int ret;

	if (!dev || !mdev_driver || (nr_types && !types))
		return -EINVAL;

	for (i = 0; i < nr_types; i++) {
		if (!types[i]->sysfs_name) {
			dev_err(dev, "mdev type %u has no sysfs_name\n", i);
			return -EINVAL;
		}
	}

	reg = mdev_registration_alloc(dev, mdev_driver);
	if (!reg)
		return -ENOMEM;

	reg->types = types;
	reg->nr_types = nr_types;
	for (i = 0; i < nr_types; i++) {
		types[i]->parent = parent;
		types[i]->in_use = 0;
	}
	parent->dev = dev;
	parent->reg = reg;

	down_write(&reg->unreg_sem);
	ret = mdev_parent_add_types(reg);
	if (ret) {
		up_write(&reg->unreg_sem);
		parent->reg = NULL;
		kobject_put(&reg->kobj);
		dev_err(dev, "no directories for mdev types: %pe\n",
			ERR_PTR(ret));
		return ret;
	}

	if (class_compat_create_link(mdev_bus_class, dev, NULL))
		dev_warn(dev, "cannot be listed in /sys/class/mdev_bus\n");
	up_write(&reg->unreg_sem);

	dev_info(dev, "MDEV: Registered\n");
	mdev_parent_announce(dev, "MDEV_STATE=registered");
	return 0;
}
EXPORT_SYMBOL(mdev_register_parent);

static int mdev_parent_drop_child(struct device *dev, void *unused)
{
	if (dev->bus == &mdev_bus_type)
		mdev_device_orphan(to_mdev_device(dev));
	return 0;
}

/**
 * mdev_unregister_parent - remove all devices of a parent, and its types
 * @parent: a parent that mdev_register_parent() accepted
 *
 * Waits for creations and removals that are under way, then removes what
 * devices there are, which waits for their users as the driver's remove does.
 * When it returns, the core has forgotten @parent, its types and its device:
 * mediated devices that someone still holds a reference on do not touch them.
 *
 * Context: Process context, may sleep; the parent's device_lock may be held.
 * Must not be called from a callback of the mdev_driver.
 */
void mdev_unregister_parent(struct mdev_parent *parent)
{
	struct mdev_registration *reg = parent->reg;
	unsigned int i;

	dev_info(reg->dev, "MDEV: Unregistering\n");

	down_write(&reg->unreg_sem);
	class_compat_remove_link(mdev_bus_class, reg->dev, NULL);
	device_for_each_child(reg->dev, NULL, mdev_parent_drop_child);
	/* Waits for whoever is in an attribute; creators find the sem taken. */
	for (i = 0; i < reg->nr_types; i++)
		mdev_type_del(reg->types[i]);
	kobject_del(&reg->kobj);
	up_write(&reg->unreg_sem);

	mdev_parent_announce(reg->dev, "MDEV_STATE=unregistered");
	parent->reg = NULL;
	kobject_put(&reg->kobj);
}
EXPORT_SYMBOL(mdev_unregister_parent);
