// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: sets of devices that are reset together
 *
 * A driver names the set of a device before it registers it; devices with the
 * same name share one lock over open, close and reset. The table of sets is
 * looked at once in the life of a device, under its own spinlock.
 */
#include <linux/slab.h>
#include <linux/xarray.h>

#include "vfio.h"

/* Sets by their name; the lock protects device_count of each. */
static DEFINE_XARRAY(vfio_device_sets);

/* Find the set, or put @fresh into its place; takes a reference. */
static struct vfio_device_set *vfio_device_set_get(unsigned long id,
						   struct vfio_device_set *fresh)
{
	struct vfio_device_set *set;

	xa_lock(&vfio_device_sets);
	set = xa_load(&vfio_device_sets, id);
	if (!set && fresh) {
		set = __xa_cmpxchg(&vfio_device_sets, id, NULL, fresh,
				   GFP_KERNEL);
		if (xa_is_err(set))
			set = ERR_PTR(xa_err(set));
		else if (!set)
			set = fresh;
	}
	if (!IS_ERR_OR_NULL(set))
		set->device_count++;
	xa_unlock(&vfio_device_sets);
	return set;
}

/**
 * vfio_assign_device_set() - say what a device is reset together with
 * @device: the device, not yet registered and in no set
 * @set_id: any pointer that the members have in common and others have not
 *
 * A device for which no driver calls this gets a set of its own.
 *
 * Context: may sleep.
 * Return: 0, -EINVAL for no @set_id, -ENOMEM.
 */
int vfio_assign_device_set(struct vfio_device *device, void *set_id)
{
	unsigned long id = (unsigned long)set_id;
	struct vfio_device_set *set, *fresh;

	if (WARN_ON(!set_id))
		return -EINVAL;

	set = vfio_device_set_get(id, NULL);
	if (!set) {
		fresh = kzalloc(sizeof(*fresh), GFP_KERNEL);
		if (!fresh)
			return -ENOMEM;
		fresh->set_id = set_id;
		mutex_init(&fresh->lock);
		INIT_LIST_HEAD(&fresh->device_list);

		set = vfio_device_set_get(id, fresh);
		if (set != fresh)
			kfree(fresh);
		if (IS_ERR(set))
			return PTR_ERR(set);
	}

	mutex_lock(&set->lock);
	device->dev_set = set;
	list_add_tail(&device->dev_set_list, &set->device_list);
	mutex_unlock(&set->lock);
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_assign_device_set);

/**
 * vfio_release_device_set() - take a device out of its set
 * @device: a device that its driver gives up; may be in none
 *
 * Not earlier, since a hot reset walks the members up to then; nor later, as
 * what it finds there must be a driver's.
 */
void vfio_release_device_set(struct vfio_device *device)
{
	struct vfio_device_set *set = device->dev_set;

	if (!set)
		return;

	mutex_lock(&set->lock);
	list_del(&device->dev_set_list);
	mutex_unlock(&set->lock);

	xa_lock(&vfio_device_sets);
	if (--set->device_count)
		set = NULL;
	else
		__xa_erase(&vfio_device_sets, (unsigned long)set->set_id);
	xa_unlock(&vfio_device_sets);

	/* Not in the table any more, so nobody can find it. */
	if (set)
		mutex_destroy(&set->lock);
	kfree(set);
}

/**
 * vfio_device_set_open_count() - fds open in the set
 * @dev_set: the set
 *
 * Context: caller holds @dev_set's lock.
 * Return: their number, over all members.
 */
unsigned int vfio_device_set_open_count(struct vfio_device_set *dev_set)
{
	struct vfio_device *member;
	unsigned int sum = 0;

	lockdep_assert_held(&dev_set->lock);

	list_for_each_entry(member, &dev_set->device_list, dev_set_list)
		sum += member->open_count;
	return sum;
}
EXPORT_SYMBOL_GPL(vfio_device_set_open_count);

/**
 * vfio_find_device_in_devset() - the member behind a device
 * @dev_set: the set
 * @dev: what &vfio_device.dev must be
 *
 * Context: caller holds @dev_set's lock.
 * Return: the member, valid as long as the lock is held, or NULL.
 */
struct vfio_device *
vfio_find_device_in_devset(struct vfio_device_set *dev_set,
			   struct device *dev)
{
	struct vfio_device *member;

	lockdep_assert_held(&dev_set->lock);

	list_for_each_entry(member, &dev_set->device_list, dev_set_list) {
		if (member->dev == dev)
			return member;
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(vfio_find_device_in_devset);
