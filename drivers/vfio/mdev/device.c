// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mediated devices: create and remove, and the index of GUIDs.
 *
 * Called by a type's create attribute, by the device's own remove attribute,
 * and by parent.c when the parent goes. All of it runs under the parent's
 * unreg_sem; no lock is shared by the devices of different parents.
 */
#include <kunit/visibility.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/rhashtable.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "mdev_private.h"

/**
 * DOC: life cycle of a mediated device
 *
 * A device is reserved, built and published, in that order, by the write to
 * create:
 *
 * 1. **reserve**: its GUID goes into an index (a hash table, one for all
 *    parents) and one instance of its type is taken. From here on the same
 *    GUID is EEXIST elsewhere, and EUSERS is decided.
 * 2. **build**: device_add() with uevents held back, the ``mdev_type`` link and
 *    the link in ``devices/``, only then the ADD uevent. Who hears of the
 *    device finds it complete. The mdev bus matches nothing, so no driver can
 *    have been bound yet; the parent's driver is attached now, and its probe
 *    may refuse.
 * 3. **publish**: the state goes from BUILDING to LIVE. Nothing can fail after
 *    it. Until then a write to ``remove`` gets EAGAIN, and may be repeated: the
 *    attribute stays.
 *
 * An error on the way undoes the steps in reverse and leaves nothing behind.
 *
 * A device leaves by one of two doors: a write to its ``remove`` attribute, or
 * mdev_unregister_parent(). The writer who moves the state from LIVE to LEAVING
 * takes the device down; any other is told ENODEV. Then the driver lets go
 * (which waits for the device's user), the links go, device_del(), and at last
 * GUID and instance are given back. So both are free when the write to
 * ``remove`` returns, whoever may still hold a reference on the device.
 *
 * **Who frees what.** The struct mdev_device belongs to the core and goes with
 * the last reference on its struct device; the driver's private data is the
 * driver's, made in its probe and given up in its remove. The release function
 * frees the device and drops its reference on the registration, both of them
 * memory of the core. It does not look at the parent device or at the type:
 * these belong to a driver that may be gone by then. Directories are kobjects
 * in memory of the core for the same reason, as a driver's types and parent may
 * be static, may be freed at once, or may be registered a second time.
 *
 * **Locks.** Each parent has a semaphore, unreg_sem. Create and remove hold it
 * for reading and never wait for it: both run in an attribute that
 * unregistering the parent, with the semaphore held for writing, waits for.
 * Finding it taken means that the parent is going (ENODEV), and that the
 * devices are being removed anyway. Held in either way it keeps the parent
 * device, its driver and its types in place. Below it, a spinlock of the parent
 * protects the counts, and the buckets of the index have locks of their own.
 * Neither is held while sysfs, a uevent or a driver is called, so devices of
 * one parent are made and removed in parallel.
 *
 * The order is: device_lock of the parent, unreg_sem, device_lock of the
 * mediated device, locks of its driver.
 *
 * **remove removes itself.** Its attribute goes with the device, and deleting
 * an attribute waits for its writers. The one writer who may go on therefore
 * steps out of sysfs's protection first. It does so only after it has won the
 * device, since no error can occur from there on.
 */

static const struct rhashtable_params mdev_index_params = {
	.key_len = sizeof(guid_t),
	.key_offset = offsetof(struct mdev_device, uuid),
	.head_offset = offsetof(struct mdev_device, guid_node),
	.automatic_shrinking = true,
};

static struct rhashtable mdev_index;

int mdev_index_init(void)
{
	return rhashtable_init(&mdev_index, &mdev_index_params);
}

void mdev_index_exit(void)
{
	rhashtable_destroy(&mdev_index);
}

/*
 * The table grows in a worker; while it does, a crowded bucket answers EBUSY
 * for a moment, which is nothing that a user should see.
 */
static int mdev_guid_reserve(struct mdev_device *mdev)
{
	int ret;

	for (;;) {
		ret = rhashtable_lookup_insert_fast(&mdev_index,
						    &mdev->guid_node,
						    mdev_index_params);
		if (ret != -EBUSY)
			return ret;
		if (fatal_signal_pending(current))
			return -EINTR;
		msleep(20);
	}
}

static void mdev_guid_free(struct mdev_device *mdev)
{
	rhashtable_remove_fast(&mdev_index, &mdev->guid_node,
			       mdev_index_params);
}

/* May run long after the parent is gone, in any order with its other devices */
static void mdev_device_release(struct device *dev)
{
	struct mdev_device *mdev = to_mdev_device(dev);

	kobject_put(&mdev->reg->kobj);
	/* A look-up in the index may still compare GUIDs with it. */
	kfree_rcu(mdev, rcu);
	module_put(THIS_MODULE);
}

/*
 * Take a device down that the caller has won, or was about to make. The links
 * stay as long as the driver does, which can be long if a user is slow.
 */
static void mdev_device_dismantle(struct mdev_device *mdev)
{
	lockdep_assert_held(&mdev->reg->unreg_sem);

	device_release_driver(&mdev->dev);
	mdev_type_unlink(mdev);
	device_del(&mdev->dev);
}

/* The GUID goes after device_del(), or its next owner would find it in sysfs */
static void mdev_device_forget(struct mdev_device *mdev)
{
	lockdep_assert_held(&mdev->reg->unreg_sem);

	mdev_type_give_instance(mdev->type);
	mdev_guid_free(mdev);
	put_device(&mdev->dev);
}

/**
 * mdev_remove_begin - win a device, to remove it
 * @mdev: a device; the caller holds a reference or runs in its attribute
 *
 * Context: Process context; never sleeps. On success unreg_sem is held for
 * reading, and mdev_remove_finish() must follow.
 * Return: 0; -EAGAIN if its creation is not finished; -ENODEV if another
 * remover was first or the parent is being unregistered.
 */
VISIBLE_IF_KUNIT int mdev_remove_begin(struct mdev_device *mdev)
{
	struct mdev_registration *reg = mdev->reg;
	int state;

	if (!down_read_trylock(&reg->unreg_sem))
		return -ENODEV;

	state = cmpxchg(&mdev->state, MDEV_LIVE, MDEV_LEAVING);
	if (state == MDEV_LIVE)
		return 0;

	up_read(&reg->unreg_sem);
	return state == MDEV_BUILDING ? -EAGAIN : -ENODEV;
}
EXPORT_SYMBOL_IF_KUNIT(mdev_remove_begin);

/**
 * mdev_remove_finish - remove a device that was won
 * @mdev: the device that mdev_remove_begin() returned 0 for; gone afterwards
 *	unless the caller has a reference
 *
 * Context: Process context; waits for the user of the device as its driver
 * does. Drops unreg_sem.
 */
VISIBLE_IF_KUNIT void mdev_remove_finish(struct mdev_device *mdev)
{
	struct mdev_registration *reg = mdev->reg;

	/* The reference on reg must last until the semaphore is let go. */
	get_device(&mdev->dev);
	mdev_device_dismantle(mdev);
	mdev_device_forget(mdev);
	up_read(&reg->unreg_sem);
	put_device(&mdev->dev);
}
EXPORT_SYMBOL_IF_KUNIT(mdev_remove_finish);

/**
 * mdev_device_orphan - remove a device whose parent is being unregistered
 * @mdev: a child of the parent
 *
 * Context: unreg_sem held for writing.
 */
void mdev_device_orphan(struct mdev_device *mdev)
{
	lockdep_assert_held_write(&mdev->reg->unreg_sem);

	/* Makers and removers hold the semaphore until they are done. */
	WARN_ON(cmpxchg(&mdev->state, MDEV_LIVE, MDEV_LEAVING) != MDEV_LIVE);
	mdev_device_dismantle(mdev);
	mdev_device_forget(mdev);
}

static ssize_t remove_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	struct mdev_device *mdev = to_mdev_device(dev);
	struct kernfs_node *kn;
	unsigned long val;
	int ret;

	if (kstrtoul(buf, 0, &val))
		return -EINVAL;
	if (!val)
		return count;

	ret = mdev_remove_begin(mdev);
	if (ret) {
		dev_info_ratelimited(dev, "not removed: %s\n", ret == -EAGAIN ?
				     "it is still being created, try again" :
				     "it is being removed already");
		return ret;
	}

	/* Only the owner of LEAVING deletes the file: it must be there. */
	kn = sysfs_break_active_protection(&dev->kobj, &attr->attr);
	WARN_ON_ONCE(!kn);
	mdev_remove_finish(mdev);
	if (kn)
		sysfs_unbreak_active_protection(kn);
	return count;
}
static DEVICE_ATTR_WO(remove);

static struct attribute *mdev_device_attrs[] = {
	&dev_attr_remove.attr,
	NULL
};
ATTRIBUTE_GROUPS(mdev_device);

static struct mdev_device *mdev_device_alloc(struct mdev_type *type,
					     const guid_t *guid)
{
	struct mdev_registration *reg = type->parent->reg;
	struct mdev_device *mdev;

	mdev = kzalloc(sizeof(*mdev), GFP_KERNEL);
	if (!mdev)
		return NULL;

	__module_get(THIS_MODULE);
	kobject_get(&reg->kobj);
	mdev->reg = reg;
	mdev->type = type;
	mdev->state = MDEV_BUILDING;
	guid_copy(&mdev->uuid, guid);

	device_initialize(&mdev->dev);
	mdev->dev.parent = reg->dev;
	mdev->dev.bus = &mdev_bus_type;
	mdev->dev.groups = mdev_device_groups;
	mdev->dev.release = mdev_device_release;
	return mdev;
}

/* Add the device, complete but for its driver, and tell user space of it. */
static int mdev_device_build(struct mdev_device *mdev)
{
	struct device *dev = &mdev->dev;
	int ret;

	ret = dev_set_name(dev, "%pUl", &mdev->uuid);
	if (ret)
		return ret;

	dev_set_uevent_suppress(dev, true);
	ret = device_add(dev);
	if (ret)
		return ret;

	ret = mdev_type_link(mdev);
	if (ret) {
		device_del(dev);
		return ret;
	}

	dev_set_uevent_suppress(dev, false);
	kobject_uevent(&dev->kobj, KOBJ_ADD);
	return 0;
}

/*
 * The three steps of the life cycle. Sets *why where it knows better than the
 * errno.
 */
static int mdev_device_make(struct mdev_type *type, const guid_t *guid,
			    const char **why)
{
	struct mdev_driver *drv = type->parent->reg->drv;
	struct mdev_device *mdev;
	int ret;

	/* Pairs with mdev_register_driver(). */
	if (!smp_load_acquire(&drv->ready)) {
		*why = "its driver is not registered yet";
		return -ENODEV;
	}

	mdev = mdev_device_alloc(type, guid);
	if (!mdev)
		return -ENOMEM;

	ret = mdev_guid_reserve(mdev);
	if (ret) {
		*why = ret == -EEXIST ? "this GUID is in use" : "no index entry";
		goto err_put;
	}

	ret = mdev_type_take_instance(type);
	if (ret) {
		*why = "no instance is left";
		goto err_guid;
	}

	ret = mdev_device_build(mdev);
	if (ret)
		goto err_instance;

	ret = device_driver_attach(&drv->driver, &mdev->dev);
	if (ret) {
		*why = "its driver refused";
		goto err_dismantle;
	}

	/* Pairs with cmpxchg() of the remover, who finds it complete. */
	smp_store_release(&mdev->state, MDEV_LIVE);
	return 0;

err_dismantle:
	mdev_device_dismantle(mdev);
err_instance:
	mdev_type_give_instance(type);
err_guid:
	mdev_guid_free(mdev);
err_put:
	put_device(&mdev->dev);
	return ret;
}

/**
 * mdev_device_create - create a mediated device
 * @type: the type; the caller keeps its directory from being taken down, as a
 *	running attribute does
 * @guid: its name
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENODEV if the parent is being registered or unregistered;
 * -EEXIST if the GUID is in use; -EUSERS if no instance is left; -ENOMEM;
 * -EINTR if the caller is being killed; or the error of the driver's probe.
 * After an error nothing has changed.
 */
int mdev_device_create(struct mdev_type *type, const guid_t *guid)
{
	struct mdev_registration *reg = type->parent->reg;
	const char *why = "cannot be built";
	int ret;

	if (down_read_trylock(&reg->unreg_sem)) {
		ret = mdev_device_make(type, guid, &why);
		up_read(&reg->unreg_sem);
	} else {
		why = "the parent is coming or going";
		ret = -ENODEV;
	}

	if (ret)
		dev_info_ratelimited(reg->dev, "mdev %pUl of type %s not created: %s (%pe)\n",
				     guid, kobject_name(&type->dir->kobj), why,
				     ERR_PTR(ret));
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(mdev_device_create);
