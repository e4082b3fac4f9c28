// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who owns the DMA of a group: kernel drivers, through the DMA API, or user
 * space, and why you may not. The driver core asks before it binds a driver;
 * VFIO and iommufd ask before they hand a device out. iommu_group::mutex
 * protects all of it.
 */
#define pr_fmt(fmt) "iommu: " fmt

#include <linux/device.h>
#include <linux/device/driver.h>
#include <linux/export.h>
#include <linux/sched.h>

#include "core.h"

/**
 * DOC: ownership of DMA
 *
 * The members of a group can reach each other's DMA, so a group belongs to the
 * kernel or to one user, never to both:
 *
 * free
 *   No member has a driver that does DMA, nobody has claimed the group. It is in
 *   its default domain.
 * used
 *   One or more drivers rely on the default domain. The driver core notes them
 *   from dma_configure(), unless the driver manages its DMA itself
 *   (driver_managed_dma: vfio-pci, and bridges). No claim succeeds.
 * owned
 *   A claim put the group into the blocking domain, where the owner attaches it
 *   to domains of its own. Claims by the same owner add up. No driver that
 *   relies on the DMA API can be bound to any member.
 *
 * The refusal names who stands in the way. A driver's name is copied when the
 * driver is bound, under device_lock; nobody reads dev->driver later.
 */

static void name_current(char who[IOMMU_WHO_LEN])
{
	snprintf(who, IOMMU_WHO_LEN, "%s[%d]", current->comm, task_pid_nr(current));
}

/* A member whose kernel driver relies on the default domain; NULL for none. */
struct iommu_member *iommu_group_find_user(struct iommu_group *group, struct device *except)
{
	struct iommu_member *m;

	lockdep_assert_held(&group->mutex);
	for_each_member(group, m)
		if (m->users && m->dev != except)
			return m;
	return NULL;
}

static int refuse_driver(struct iommu_group *group, struct device *dev)
{
	struct iommu_member *other;

	if (group->owner) {
		dev_notice_ratelimited(dev, "driver %s refused: the DMA of iommu group %d is owned by %s[%d]\n",
				       dev->driver ? dev->driver->name : "?", group->id,
				       group->claimant, group->claimant_pid);
		return -EBUSY;
	}
	other = iommu_group_find_user(group, dev);
	dev_notice_ratelimited(dev, "driver %s refused: iommu group %d is in a domain of driver %s of %s\n",
			       dev->driver ? dev->driver->name : "?", group->id,
			       other ? other->driver : "?",
			       other ? dev_name(other->dev) : "?");
	return -EBUSY;
}

/**
 * iommu_device_use_default_domain() - a driver is about to use the DMA API
 * @dev: the device it is being bound to
 *
 * Context: from the bus's dma_configure(), under device_lock. Takes
 * iommu_group::mutex.
 * Return: 0, also without a group; -EPROBE_DEFER while the device is still
 * joining its group; -EBUSY if the group is owned, or another member's driver
 * has it in a domain of its own.
 */
int iommu_device_use_default_domain(struct device *dev)
{
	struct iommu_group *group __free(group_put) = group_of(dev);
	struct iommu_member *m;

	if (!group)
		return 0;
	guard(mutex)(&group->mutex);
	m = iommu_member_of(group, dev);
	if (!m)
		return 0;
	if (m->state != MEMBER_LIVE || !group->default_domain)
		return -EPROBE_DEFER;
	if (group->owner ||
	    (group->users && (group->domain != group->default_domain ||
			      !xa_empty(&group->pasids))))
		return refuse_driver(group, dev);

	strscpy(m->driver, dev->driver ? dev->driver->name : "?", sizeof(m->driver));
	m->users++;
	group->users++;
	return 0;
}

/**
 * iommu_device_unuse_default_domain() - a driver uses the DMA API no more
 * @dev: the device, after iommu_device_use_default_domain() succeeded for it
 *
 * Context: from the bus's dma_cleanup(), under device_lock. Takes
 * iommu_group::mutex.
 */
void iommu_device_unuse_default_domain(struct device *dev)
{
	struct iommu_group *group __free(group_put) = group_of(dev);
	struct iommu_member *m;

	if (!group)
		return;
	guard(mutex)(&group->mutex);
	m = iommu_member_of(group, dev);
	if (!m || WARN_ON(!m->users))
		return;
	m->users--;
	group->users--;
	/* Whoever attached a PASID must have taken it back before it went. */
	WARN_ON(!group->users && !xa_empty(&group->pasids));
}

/* A member leaves. Its IOMMU may be taken away from under its driver. */
void iommu_member_forget_user(struct iommu_member *m)
{
	struct iommu_group *group = m->group;

	lockdep_assert_held(&group->mutex);
	if (m->users)
		dev_warn(m->dev, "loses its IOMMU while driver %s is bound\n", m->driver);
	group->users -= m->users;
	m->users = 0;
	if (group->owner && group->nr_members == 1)
		dev_warn(m->dev, "leaves iommu group %d empty while its DMA is owned by %s[%d]\n",
			 group->id, group->claimant, group->claimant_pid);
}

static int refuse_claim(struct iommu_group *group, int ret)
{
	struct iommu_member *user = iommu_group_find_user(group, NULL);
	char who[IOMMU_WHO_LEN];

	name_current(who);
	if (user)
		dev_notice_ratelimited(user->dev, "iommu group %d refused to %s: driver %s is bound to the device\n",
				       group->id, who, user->driver);
	else if (group->owner)
		pr_notice_ratelimited("group %d refused to %s: its DMA is owned by %s[%d]\n",
				      group->id, who, group->claimant, group->claimant_pid);
	else
		pr_notice_ratelimited("group %d refused to %s: it is in a domain of another user\n",
				      group->id, who);
	return ret;
}

/* The domain without mappings that an owned group is in between two others. */
static noinline int make_blocking_domain(struct iommu_group *group)
{
	struct device *dev = iommu_group_first_member(group)->dev;
	const struct iommu_ops *ops = dev_iommu_ops(dev);
	struct iommu_domain *domain;

	domain = iommu_domain_new(dev, ops, IOMMU_DOMAIN_BLOCKED);
	/* A driver that knows no such thing: nothing will ever be mapped in it. */
	if (IS_ERR(domain))
		domain = iommu_domain_new(dev, ops, IOMMU_DOMAIN_UNMANAGED);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	group->blocking_domain = domain;
	return 0;
}

/* First claim of a group that no driver uses. */
static int take(struct iommu_group *group, void *owner)
{
	struct iommu_member *m;
	int ret;

	if ((group->domain && group->domain != group->default_domain) ||
	    !xa_empty(&group->pasids))
		return refuse_claim(group, -EBUSY);
	if (!group->nr_members)
		return -ENODEV;

	/* One that is joining would be attached to what we take away. */
	for_each_member(group, m) {
		if (m->state != MEMBER_LIVE)
			return -EBUSY;
		if (!dev_has_iommu(m->dev))
			return -ENODEV;
	}
	if (!group->blocking_domain) {
		ret = make_blocking_domain(group);
		if (ret)
			return ret;
	}
	ret = iommu_group_set_domain(group, group->blocking_domain);
	if (ret)
		return ret;
	group->owner = owner;
	group->claims = 1;
	/*
	 * Most claims are never refused to others: no text is made of it here. A
	 * name that changes meanwhile is of no harm; its last byte never does.
	 */
	data_race(memcpy(group->claimant, current->comm, sizeof(group->claimant)));
	group->claimant_pid = task_pid_nr(current);
	return 0;
}

static void let_go(struct iommu_group *group)
{
	if (WARN_ON(!group->owner || !xa_empty(&group->pasids)))
		return;
	/* Before the attach: the core's domain depends on it. */
	group->owner = NULL;
	group->claims = 0;
	iommu_group_force_domain(group, group->default_domain);
	if (group->late_members && group->domain) {
		iommu_group_setup_dma_ops(group);
		group->late_members = false;
	}
}

/**
 * iommu_group_claim_dma_owner() - claim the DMA of a group for user space
 * @group: the group, with a reference
 * @owner: anything unique to the owner, not NULL
 *
 * For VFIO's containers: there is one claim for a group at a time, whoever
 * makes it.
 *
 * Context: takes iommu_group::mutex.
 * Return: 0, and DMA is blocked; -EINVAL without an owner, or if firmware relies
 * on 1:1 ranges of a member; -EPERM if a driver is bound to a member, or the
 * group is owned; -EBUSY if it is in another domain, or a member is just
 * joining; -ENODEV without members or IOMMU; -ENOMEM; else what the driver says.
 */
int iommu_group_claim_dma_owner(struct iommu_group *group, void *owner)
{
	if (WARN_ON(!owner))
		return -EINVAL;
	iommu_group_assert_not_walking(group);
	guard(mutex)(&group->mutex);
	if (group->users || group->owner)
		return refuse_claim(group, -EPERM);
	return take(group, owner);
}
EXPORT_SYMBOL_GPL(iommu_group_claim_dma_owner);

/**
 * iommu_device_claim_dma_owner() - claim the DMA of a device for user space
 * @dev: the device, with a driver bound that manages its DMA itself
 * @owner: anything unique to the owner, not NULL
 *
 * An owner may claim several members of a group, and a member several times.
 *
 * Context: takes iommu_group::mutex.
 * Return: as iommu_group_claim_dma_owner(), with -EPERM only if somebody else
 * owns the group; -ENODEV also without a group.
 */
int iommu_device_claim_dma_owner(struct device *dev, void *owner)
{
	struct iommu_group *group __free(group_put) = group_of(dev);

	if (WARN_ON(!owner))
		return -EINVAL;
	if (!group)
		return -ENODEV;
	guard(mutex)(&group->mutex);
	if (group->owner == owner) {
		group->claims++;
		return 0;
	}
	if (group->users || group->owner)
		return refuse_claim(group, -EPERM);
	return take(group, owner);
}
EXPORT_SYMBOL_GPL(iommu_device_claim_dma_owner);

/**
 * iommu_group_release_dma_owner() - undo iommu_group_claim_dma_owner()
 * @group: the group
 *
 * Context: takes iommu_group::mutex.
 */
void iommu_group_release_dma_owner(struct iommu_group *group)
{
	guard(mutex)(&group->mutex);
	let_go(group);
}
EXPORT_SYMBOL_GPL(iommu_group_release_dma_owner);

/**
 * iommu_device_release_dma_owner() - undo one iommu_device_claim_dma_owner()
 * @dev: the device; nothing happens if it has lost its group
 *
 * Context: takes iommu_group::mutex.
 */
void iommu_device_release_dma_owner(struct device *dev)
{
	struct iommu_group *group __free(group_put) = group_of(dev);

	if (!group)
		return;
	guard(mutex)(&group->mutex);
	if (group->claims > 1)
		group->claims--;
	else
		let_go(group);
}
EXPORT_SYMBOL_GPL(iommu_device_release_dma_owner);

/**
 * iommu_group_dma_owner_claimed() - is the DMA of a group anybody's?
 * @group: the group, with a reference
 *
 * For reports: the answer may be out of date when it arrives.
 *
 * Context: takes iommu_group::mutex.
 * Return: true if the group is used or owned.
 */
bool iommu_group_dma_owner_claimed(struct iommu_group *group)
{
	guard(mutex)(&group->mutex);
	return group->users || group->claims;
}
EXPORT_SYMBOL_GPL(iommu_group_dma_owner_claimed);
