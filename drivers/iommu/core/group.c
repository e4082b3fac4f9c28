// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of an iommu_group: allocation, references, look-up, the end.
 * Called by IOMMU drivers (device_group), by VFIO, iommufd and whoever asks
 * for the group of a device. Takes iommu_group::mutex only to look at members.
 */
#define pr_fmt(fmt) "iommu: " fmt

#include <linux/device.h>
#include <linux/export.h>
#include <linux/idr.h>
#include <linux/msi.h>
#include <linux/slab.h>

#include "core.h"

/**
 * DOC: life of a group
 *
 * A group is born with one reference, which belongs to its maker. Each member
 * holds one, and so does everyone who asked for the group of a device. When
 * the last is dropped, the group leaves sysfs, its number becomes free, and
 * its memory goes after a grace period of RCU.
 *
 * ``dev->iommu_group`` is read without a lock, by people who got hold of a
 * device in their own way: a PCI driver that looks at a sibling function, VFIO
 * opening a group, a page fault. What they may find, and why none of it hurts:
 *
 * - The pointer is stored (release) when the device has joined, while the
 *   maker's or the finder's reference, which becomes the member's, is held.
 *   Whoever loads it sees a group that is complete.
 * - It is cleared when the device leaves, before the member's reference is
 *   dropped. So while the pointer stands, the count is not zero.
 * - A reader may have loaded it just before it was cleared. It is in an RCU
 *   section, so the memory is still there when it looks at the count; and it
 *   raises the count only if that is not zero. If the count was zero, the group
 *   is on its way out, and the answer is the same as if the reader had come
 *   later: none.
 * - A count that has reached zero never rises again, because everyone else
 *   who raises it (iommu_group_ref_get()) already holds a reference.
 *
 * Hence iommu_group_get() returns a good reference or NULL, at any time and
 * against a removal on another CPU. tools/testing/models/iommu_group.pml
 * is this argument for spin, with the order that fails beside it.
 *
 * A group with no reference may still be seen through one of its sysfs files
 * that is being read. Removing the files waits for such a reader, who may want
 * iommu_group::mutex: hence the rule that the last reference is never dropped
 * under that mutex. At that point the group has no members, so what the reader
 * finds is an empty list.
 */

static DEFINE_IDA(iommu_group_ids);

/**
 * iommu_group_alloc() - make a group with no members
 *
 * For the device_group() operation of IOMMU drivers, and for VFIO, which makes
 * groups for devices that have no IOMMU. Once the device has joined, the caller
 * drops the reference it got, or leaves it to the core if it returns the group
 * from device_group().
 *
 * Context: may sleep.
 * Return: the group, with one reference for the caller; ERR_PTR of -ENOMEM, or
 * of -ENOSPC when no number is free, or of what sysfs says.
 */
struct iommu_group *iommu_group_alloc(void)
{
	int ret, id = ida_alloc(&iommu_group_ids, GFP_KERNEL);
	struct iommu_group *group;

	if (id < 0)
		return ERR_PTR(id);
	group = kzalloc(sizeof(*group), GFP_KERNEL);
	if (!group) {
		ret = -ENOMEM;
		goto out_id;
	}
	refcount_set(&group->refs, 1);
	group->id = id;
	mutex_init(&group->mutex);
	INIT_LIST_HEAD(&group->members);
	xa_init(&group->pasids);

	ret = iommu_group_sysfs_add(group);
	if (!ret)
		return group;
	kobject_put(&group->kobj);
out_id:
	ida_free(&iommu_group_ids, id);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(iommu_group_alloc);

/* The last reference is gone, and with it every member. */
void iommu_group_end(struct iommu_group *group)
{
	iommu_group_sysfs_del(group);
	if (group->driver_data_release)
		group->driver_data_release(group->driver_data);

	WARN_ON(!list_empty(&group->members) || !xa_empty(&group->pasids));
	WARN_ON(group->default_domain || group->blocking_domain);

	/* Only now: a new group of this number makes a folder of this name. */
	ida_free(&iommu_group_ids, group->id);
	kobject_put(&group->kobj);
}

/**
 * iommu_group_get() - take a reference to the group of a device
 * @dev: any device that cannot be freed during the call
 *
 * Lock-free, and right at any time: see DOC: life of a group.
 *
 * Context: any.
 * Return: the group, to be given back with iommu_group_put(), or NULL if the
 * device has none or is just leaving it.
 */
struct iommu_group *iommu_group_get(struct device *dev)
{
	return group_of(dev);
}
EXPORT_SYMBOL_GPL(iommu_group_get);

/**
 * iommu_group_ref_get() - take one more reference
 * @group: a group to which the caller holds a reference already
 *
 * Context: any.
 * Return: @group.
 */
struct iommu_group *iommu_group_ref_get(struct iommu_group *group)
{
	refcount_inc(&group->refs);
	return group;
}
EXPORT_SYMBOL_GPL(iommu_group_ref_get);

/**
 * iommu_group_put() - give a reference back
 * @group: the group, or NULL
 *
 * Context: may sleep, as the last reference takes the group out of sysfs;
 * never under iommu_group::mutex, nor within iommu_group_for_each_dev().
 */
void iommu_group_put(struct iommu_group *group)
{
	if (group)
		group_put(group);
}
EXPORT_SYMBOL_GPL(iommu_group_put);

/**
 * iommu_group_id() - the number of a group
 * @group: the group, with a reference
 *
 * Context: any.
 * Return: N of /sys/kernel/iommu_groups/N.
 */
int iommu_group_id(struct iommu_group *group)
{
	return group->id;
}
EXPORT_SYMBOL_GPL(iommu_group_id);

/**
 * iommu_group_get_iommudata() - what the IOMMU driver keeps with a group
 * @group: the group, with a reference
 *
 * Context: any.
 * Return: what iommu_group_set_iommudata() was given, or NULL.
 */
void *iommu_group_get_iommudata(struct iommu_group *group)
{
	return group->driver_data;
}
EXPORT_SYMBOL_GPL(iommu_group_get_iommudata);

/**
 * iommu_group_set_iommudata() - keep something of the IOMMU driver with a group
 * @group: the group, with a reference; the driver keeps its own calls apart
 * @iommu_data: the driver's
 * @release: called with @iommu_data once nobody can reach the group any more,
 *	or NULL
 *
 * Context: any.
 */
void iommu_group_set_iommudata(struct iommu_group *group, void *iommu_data,
			       void (*release)(void *iommu_data))
{
	group->driver_data = iommu_data;
	group->driver_data_release = release;
}
EXPORT_SYMBOL_GPL(iommu_group_set_iommudata);

/**
 * iommu_group_for_each_dev() - call a function for each member of a group
 * @group: the group, with a reference
 * @data: handed to @fn
 * @fn: called for each device; anything but 0 ends the walk
 *
 * The group's mutex is held over each call, so that no member comes or goes.
 * Therefore @fn must not add or remove a device, attach a domain, claim the
 * group or drop its last reference: each of these wants the mutex (asserted).
 * iommu_paging_domain_alloc() does not and may be called.
 *
 * Context: takes iommu_group::mutex.
 * Return: 0, or what @fn returned in the end.
 */
int iommu_group_for_each_dev(struct iommu_group *group, void *data,
			     int (*fn)(struct device *dev, void *data))
{
	struct iommu_member *m;
	int ret = 0;

	iommu_group_assert_not_walking(group);
	guard(mutex)(&group->mutex);
	WRITE_ONCE(group->walker, current);
	for_each_member(group, m) {
		ret = fn(m->dev, data);
		if (ret)
			break;
	}
	WRITE_ONCE(group->walker, NULL);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_group_for_each_dev);

/**
 * iommu_group_has_isolated_msi() - are the interrupts of every member isolated?
 * @group: the group, with a reference
 *
 * One member that can raise an interrupt it does not own is enough to make the
 * group unsafe to hand out.
 *
 * Context: takes iommu_group::mutex.
 * Return: true if msi_device_has_isolated_msi() holds for all members.
 */
bool iommu_group_has_isolated_msi(struct iommu_group *group)
{
	struct iommu_member *m;

	guard(mutex)(&group->mutex);
	for_each_member(group, m)
		if (!msi_device_has_isolated_msi(m->dev))
			return false;
	return true;
}
EXPORT_SYMBOL_GPL(iommu_group_has_isolated_msi);

#if IS_ENABLED(CONFIG_LOCKDEP) && IS_ENABLED(CONFIG_IOMMU_API)
/**
 * iommu_group_mutex_assert() - assert that the group of a device is locked
 * @dev: a device in a group
 *
 * For IOMMU drivers whose state the group's mutex protects.
 *
 * Context: under the group's mutex, or it complains.
 */
void iommu_group_mutex_assert(struct device *dev)
{
	lockdep_assert_held(&dev->iommu_group->mutex);
}
EXPORT_SYMBOL_GPL(iommu_group_mutex_assert);
#endif
