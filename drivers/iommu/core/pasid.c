// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains of a group by PASID (PCI Express, Process Address Space ID), and the
 * handles by which a page fault finds out whom it concerns.
 *
 * iommu_group::pasids maps a PASID to what is attached to it: the domain, or,
 * marked, the handle that the user gave, which knows the domain. The entry of
 * IOMMU_NO_PASID stands for the domain of all DMA without a PASID, and exists
 * only when that has a handle. A slot is reserved first, filled when every
 * member is attached, and emptied when none is any more. Written under
 * iommu_group::mutex, read under RCU by page faults.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/idr.h>

#include "core.h"

#define TAG_DOMAIN	0
#define TAG_HANDLE	1

static DEFINE_IDA(global_pasids);

static void *make_entry(struct iommu_domain *domain, struct iommu_attach_handle *handle)
{
	if (!handle)
		return xa_tag_pointer(domain, TAG_DOMAIN);
	handle->domain = domain;
	return xa_tag_pointer(handle, TAG_HANDLE);
}

static struct iommu_attach_handle *entry_handle(void *entry)
{
	return xa_pointer_tag(entry) == TAG_HANDLE ? xa_untag_pointer(entry) : NULL;
}

static struct iommu_domain *entry_domain(void *entry)
{
	struct iommu_attach_handle *handle = entry_handle(entry);

	return handle ? handle->domain : xa_untag_pointer(entry);
}

/* -EBUSY if the slot is taken. Afterwards nothing can fail any more. */
static int reserve(struct iommu_group *group, ioasid_t pasid)
{
	return xa_insert(&group->pasids, pasid, XA_ZERO_ENTRY, GFP_KERNEL);
}

static void publish(struct iommu_group *group, ioasid_t pasid, void *entry)
{
	WARN_ON(xa_is_err(xa_store(&group->pasids, pasid, entry, GFP_KERNEL)));
}

/* A member without PASIDs cannot use one, and does not mind those of others. */
static bool has_pasids(struct iommu_member *m)
{
	return m->state == MEMBER_LIVE && m->dev->iommu->max_pasids > 0;
}

static void remove_from_member(struct iommu_member *m, ioasid_t pasid,
			       struct iommu_domain *domain)
{
	dev_iommu_ops(m->dev)->remove_dev_pasid(m->dev, pasid, domain);
}

static int set_for_members(struct iommu_group *group, ioasid_t pasid,
			   struct iommu_domain *domain)
{
	struct iommu_member *m;
	int ret;

	for_each_member(group, m) {
		if (!has_pasids(m))
			continue;
		ret = domain->ops->set_dev_pasid(domain, m->dev, pasid, NULL);
		if (ret)
			goto out_undo;
	}
	return 0;

out_undo:
	list_for_each_entry_continue_reverse(m, &group->members, node)
		if (has_pasids(m))
			remove_from_member(m, pasid, domain);
	return ret;
}

/* What is attached to PASIDs below @end, for one member only. */
static void remove_pasids_below(struct iommu_member *m, unsigned long end)
{
	unsigned long pasid;
	void *entry;

	xa_for_each_start(&m->group->pasids, pasid, entry, IOMMU_NO_PASID + 1) {
		if (pasid >= end)
			break;
		remove_from_member(m, pasid, entry_domain(entry));
	}
}

/**
 * iommu_member_replay_pasids() - attach a new member as the others are
 * @m: a member that is attached to the domain of its group, but not live yet
 *
 * Return: 0; -EINVAL if it has fewer PASIDs than the group uses; else what the
 * driver says. After an error, none is attached.
 */
int iommu_member_replay_pasids(struct iommu_member *m)
{
	u32 limit = m->dev->iommu->max_pasids;
	unsigned long pasid;
	void *entry;

	lockdep_assert_held(&m->group->mutex);
	if (!limit)
		return 0;
	xa_for_each_start(&m->group->pasids, pasid, entry, IOMMU_NO_PASID + 1) {
		struct iommu_domain *domain = entry_domain(entry);
		int ret = -EINVAL;

		if (pasid < limit)
			ret = domain->ops->set_dev_pasid(domain, m->dev, pasid, NULL);
		if (ret) {
			dev_err(m->dev, "cannot use PASID %lu as the others of iommu group %d do: %d\n",
				pasid, m->group->id, ret);
			remove_pasids_below(m, pasid);
			return ret;
		}
	}
	return 0;
}

/* A member leaves before the PASIDs of its group were detached. */
void iommu_member_remove_pasids(struct iommu_member *m)
{
	lockdep_assert_held(&m->group->mutex);
	if (has_pasids(m))
		remove_pasids_below(m, ULONG_MAX);
}

/**
 * iommu_attach_device_pasid() - attach a PASID of a device to a domain
 * @domain: the domain
 * @dev: the device, with the caller's driver bound
 * @pasid: the PASID, not IOMMU_NO_PASID; of all members, as their DMA cannot be
 *	told apart
 * @handle: for page faults to find the caller by, or NULL. Valid from when this
 *	succeeds until iommu_detach_device_pasid()
 *
 * Context: takes iommu_group::mutex.
 * Return: 0; -EOPNOTSUPP if the domain is not for PASIDs; -ENODEV without a
 * group; -EINVAL for IOMMU_NO_PASID, a PASID too large for a member, or a domain
 * of another driver; -EBUSY if the PASID is taken; -ENOMEM; else what the driver
 * says.
 */
int iommu_attach_device_pasid(struct iommu_domain *domain, struct device *dev,
			      ioasid_t pasid, struct iommu_attach_handle *handle)
{
	struct iommu_group *group __free(iommu_group_put) = iommu_group_get(dev);
	struct iommu_member *m;
	int ret;

	if (!group)
		return -ENODEV;
	if (!domain->ops->set_dev_pasid)
		return -EOPNOTSUPP;
	if (pasid == IOMMU_NO_PASID || !iommu_domain_fits(domain, dev))
		return -EINVAL;

	guard(mutex)(&group->mutex);
	for_each_member(group, m)
		if (has_pasids(m) && pasid >= m->dev->iommu->max_pasids)
			return -EINVAL;
	ret = reserve(group, pasid);
	if (ret)
		return ret;
	ret = set_for_members(group, pasid, domain);
	if (ret)
		xa_erase(&group->pasids, pasid);
	else
		publish(group, pasid, make_entry(domain, handle));
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_attach_device_pasid);

/**
 * iommu_detach_device_pasid() - undo iommu_attach_device_pasid()
 * @domain: the domain
 * @dev: the device
 * @pasid: the PASID
 *
 * Context: takes iommu_group::mutex.
 */
void iommu_detach_device_pasid(struct iommu_domain *domain, struct device *dev,
			       ioasid_t pasid)
{
	struct iommu_group *group __free(iommu_group_put) = iommu_group_get(dev);
	struct iommu_member *m;

	if (!group)
		return;
	guard(mutex)(&group->mutex);
	for_each_member(group, m)
		if (has_pasids(m))
			remove_from_member(m, pasid, domain);
	xa_erase(&group->pasids, pasid);
}
EXPORT_SYMBOL_GPL(iommu_detach_device_pasid);

/**
 * iommu_alloc_global_pasid() - a PASID that no other device uses
 * @dev: the device that has to be able to use it
 *
 * Context: may sleep; the caller's driver is bound to @dev.
 * Return: the PASID, or IOMMU_PASID_INVALID if the device has no PASIDs or none
 * of those it can use is free.
 */
ioasid_t iommu_alloc_global_pasid(struct device *dev)
{
	int pasid;

	if (!dev->iommu->max_pasids)
		return IOMMU_PASID_INVALID;
	pasid = ida_alloc_range(&global_pasids, IOMMU_FIRST_GLOBAL_PASID,
				dev->iommu->max_pasids - 1, GFP_KERNEL);
	return pasid < 0 ? IOMMU_PASID_INVALID : pasid;
}
EXPORT_SYMBOL_GPL(iommu_alloc_global_pasid);

/**
 * iommu_free_global_pasid() - undo iommu_alloc_global_pasid()
 * @pasid: the PASID
 *
 * Context: any.
 */
void iommu_free_global_pasid(ioasid_t pasid)
{
	if (!WARN_ON(pasid == IOMMU_PASID_INVALID))
		ida_free(&global_pasids, pasid);
}
EXPORT_SYMBOL_GPL(iommu_free_global_pasid);

/**
 * iommu_attach_handle_get() - whom a page fault concerns
 * @group: the group of the faulting device
 * @pasid: the PASID of the fault, or IOMMU_NO_PASID
 * @type: type that the attached domain must have, 0 for any
 *
 * Context: any. The caller keeps the domain from being detached as long as it
 * uses the handle.
 * Return: the handle; ERR_PTR(-ENOENT) if none was given; ERR_PTR(-EBUSY) if
 * the domain is of another type.
 */
struct iommu_attach_handle *
iommu_attach_handle_get(struct iommu_group *group, ioasid_t pasid, unsigned int type)
{
	struct iommu_attach_handle *handle = NULL;
	void *entry;

	rcu_read_lock();
	entry = xa_load(&group->pasids, pasid);
	if (entry)
		handle = entry_handle(entry);
	rcu_read_unlock();

	if (!handle)
		return ERR_PTR(-ENOENT);
	if (type && handle->domain->type != type)
		return ERR_PTR(-EBUSY);
	return handle;
}
EXPORT_SYMBOL_NS_GPL(iommu_attach_handle_get, IOMMUFD_INTERNAL);

/**
 * iommu_attach_group_handle() - attach a group, with a handle for page faults
 * @domain: the domain
 * @group: the group, with a reference
 * @handle: the caller's; valid from when this succeeds until the detach
 *
 * Context: takes iommu_group::mutex.
 * Return: as iommu_attach_group(); -EBUSY also if there is a handle already;
 * -ENOMEM.
 */
int iommu_attach_group_handle(struct iommu_domain *domain, struct iommu_group *group,
			      struct iommu_attach_handle *handle)
{
	int ret;

	guard(mutex)(&group->mutex);
	ret = reserve(group, IOMMU_NO_PASID);
	if (ret)
		return ret;
	ret = iommu_group_attach_user(group, domain);
	if (ret)
		xa_erase(&group->pasids, IOMMU_NO_PASID);
	else
		publish(group, IOMMU_NO_PASID, make_entry(domain, handle));
	return ret;
}
EXPORT_SYMBOL_NS_GPL(iommu_attach_group_handle, IOMMUFD_INTERNAL);

/**
 * iommu_detach_group_handle() - undo iommu_attach_group_handle()
 * @domain: unused, for symmetry
 * @group: the group, with a reference
 *
 * Context: takes iommu_group::mutex.
 */
void iommu_detach_group_handle(struct iommu_domain *domain, struct iommu_group *group)
{
	guard(mutex)(&group->mutex);
	/* In this order: a fault of the old domain still finds its handle. */
	iommu_group_set_core_domain(group);
	xa_erase(&group->pasids, IOMMU_NO_PASID);
}
EXPORT_SYMBOL_NS_GPL(iommu_detach_group_handle, IOMMUFD_INTERNAL);

/**
 * iommu_replace_group_handle() - move a group to another domain and handle
 * @group: the group, with a reference
 * @new_domain: where to
 * @handle: the new handle, or NULL for none
 *
 * Context: takes iommu_group::mutex.
 * Return: 0; -EINVAL without a domain; -ENOMEM; else what the driver says, and
 * domain and handle are the old ones.
 */
int iommu_replace_group_handle(struct iommu_group *group, struct iommu_domain *new_domain,
			       struct iommu_attach_handle *handle)
{
	int ret;

	if (!new_domain)
		return -EINVAL;
	guard(mutex)(&group->mutex);
	if (handle) {
		ret = xa_reserve(&group->pasids, IOMMU_NO_PASID, GFP_KERNEL);
		if (ret)
			return ret;
	}
	ret = iommu_group_set_domain(group, new_domain);
	if (ret) {
		xa_release(&group->pasids, IOMMU_NO_PASID);
		return ret;
	}
	if (handle)
		publish(group, IOMMU_NO_PASID, make_entry(new_domain, handle));
	else
		xa_erase(&group->pasids, IOMMU_NO_PASID);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(iommu_replace_group_handle, IOMMUFD_INTERNAL);
