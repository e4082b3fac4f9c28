// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a group moves from one domain to another, as one, although the driver
 * attaches devices one by one. Everything that changes iommu_group::domain is
 * here, and runs under iommu_group::mutex.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/processor.h>
#include <trace/events/iommu.h>

#include "core.h"

/**
 * DOC: one domain for a group
 *
 * There are two ways to change the domain of a group:
 *
 * - A user's attach may fail. Members that had moved already go back, so that
 *   the group is in one domain before and after. The member whose attach failed
 *   stayed where it was: that is the contract of attach_dev().
 * - Going back, and going to a domain of the core (the default domain when a
 *   user lets go), must not fail. If a driver fails it all the same, the member
 *   gets the blocking domain: no DMA is better than DMA into freed page tables,
 *   and the others go on.
 *
 * iommu_group::domain changes last. iommu_get_domain_for_dev(), which drivers
 * call from attach_dev() without a lock to learn where the device comes from,
 * gives the old domain until then.
 *
 * After a kernel crash the new kernel may take over devices whose DMA still
 * runs. Their drivers ask that the first attach waits for the first mapping
 * (is_attach_deferred). Such a member counts as attached to the default domain;
 * its first mapping, which may be in atomic context and cannot take the mutex,
 * and a change of domain agree by enum iommu_defer who attaches it.
 */

/**
 * iommu_domain_fits() - may a device be attached to a domain?
 * @domain: the domain
 * @dev: the device
 *
 * Return: true if the driver that made @domain serves @dev.
 */
bool iommu_domain_fits(struct iommu_domain *domain, struct device *dev)
{
	const struct iommu_ops *ops;

	if (!dev_has_iommu(dev))
		return false;
	ops = dev_iommu_ops(dev);
	if (domain->owner)
		return domain->owner == ops;
	/* Static domains are made by nobody. */
	return domain == ops->identity_domain || domain == ops->blocked_domain ||
	       domain == ops->default_domain;
}

static int attach(struct iommu_domain *domain, struct device *dev)
{
	int ret;

	if (unlikely(!domain->ops->attach_dev))
		return -ENODEV;
	ret = domain->ops->attach_dev(domain, dev);
	if (!ret)
		trace_attach_device_to_domain(dev);
	return ret;
}

/* The caller will attach @m in place of its first mapping. */
static void end_deferral(struct iommu_member *m)
{
	while (atomic_cmpxchg(&m->defer, DEFER_WAITING, DEFER_NONE) == DEFER_BUSY)
		cpu_relax();
}

/**
 * iommu_member_set_domain() - attach one member to a domain
 * @m: the member
 * @domain: the domain
 *
 * Return: 0; -EINVAL if the firmware relies on 1:1 ranges of the device and
 * @domain blocks it; else what the driver says, and the device stays where it
 * was.
 */
int iommu_member_set_domain(struct iommu_member *m, struct iommu_domain *domain)
{
	struct iommu_group *group = m->group;

	lockdep_assert_held(&group->mutex);
	/* Hence such a device can never be claimed by user space. */
	if (m->dev->iommu->require_direct &&
	    (domain->type == IOMMU_DOMAIN_BLOCKED || domain == group->blocking_domain)) {
		dev_warn(m->dev,
			 "Firmware has requested this device have a 1:1 IOMMU mapping, rejecting configuring the device without a 1:1 mapping. Contact your platform vendor.\n");
		return -EINVAL;
	}
	if (atomic_read(&m->defer) != DEFER_NONE) {
		if (domain == group->default_domain)
			return 0;
		end_deferral(m);
	}
	return attach(domain, m->dev);
}

/* A driver has refused @domain to @m, which it must not do. No DMA, then. */
static noinline void block_instead(struct iommu_member *m, struct iommu_domain *domain,
				   int ret)
{
	struct iommu_domain *blocking = m->group->blocking_domain;

	WARN_ON(ret);
	if (blocking && blocking != domain)
		attach(blocking, m->dev);
}

static void attach_or_block(struct iommu_member *m, struct iommu_domain *domain)
{
	int ret = iommu_member_set_domain(m, domain);

	if (unlikely(ret))
		block_instead(m, domain, ret);
}

/* Those before @failed have moved, and it has not. */
static noinline void move_back(struct iommu_group *group, struct iommu_member *failed)
{
	struct iommu_member *m;

	for_each_member(group, m) {
		if (m == failed)
			break;
		if (m->state == MEMBER_LIVE)
			attach_or_block(m, group->domain);
	}
}

/**
 * iommu_group_set_domain() - move a group to a domain, or not at all
 * @group: the group
 * @domain: where to
 *
 * Members that are still joining are left out: they go where the group is when
 * they are set up.
 *
 * Return: 0, or the first member's error, and the group is where it was.
 */
int iommu_group_set_domain(struct iommu_group *group, struct iommu_domain *domain)
{
	struct iommu_member *m;
	int ret;

	lockdep_assert_held(&group->mutex);
	if (group->domain == domain)
		return 0;
	if (WARN_ON(!domain))
		return -EINVAL;

	for_each_member(group, m) {
		if (m->state != MEMBER_LIVE)
			continue;
		ret = iommu_member_set_domain(m, domain);
		if (unlikely(ret)) {
			move_back(group, m);
			return ret;
		}
	}
	WRITE_ONCE(group->domain, domain);
	return 0;
}

/**
 * iommu_group_force_domain() - move a group to a domain that it must accept
 * @group: the group
 * @domain: a domain of the core, or NULL for a group that has lost all members
 */
void iommu_group_force_domain(struct iommu_group *group, struct iommu_domain *domain)
{
	struct iommu_member *m;

	lockdep_assert_held(&group->mutex);
	if (group->domain == domain || WARN_ON(!domain && group->nr_members))
		return;
	for_each_member(group, m)
		if (m->state == MEMBER_LIVE)
			attach_or_block(m, domain);
	WRITE_ONCE(group->domain, domain);
}

/**
 * iommu_group_first_attach() - attach those who have joined a new group
 * @group: a group with no domain yet
 * @domain: its default domain
 *
 * Members whose attach succeeds are live. One that fails stays behind, for its
 * own set-up to try again and to fail.
 *
 * Return: 0 if the group has a domain now, else the last member's error.
 */
int iommu_group_first_attach(struct iommu_group *group, struct iommu_domain *domain)
{
	struct iommu_member *m;
	int ret = -ENODEV;

	lockdep_assert_held(&group->mutex);
	for_each_member(group, m) {
		int err = iommu_member_set_domain(m, domain);

		if (err) {
			dev_err(m->dev, "cannot be attached to the default domain of iommu group %d: %d\n",
				group->id, err);
			if (!group->domain)
				ret = err;
			continue;
		}
		m->state = MEMBER_LIVE;
		WRITE_ONCE(group->domain, domain);
		ret = 0;
	}
	return ret;
}

/* Back to the domain of the core: nobody's DMA, or the DMA API's. */
void iommu_group_set_core_domain(struct iommu_group *group)
{
	iommu_group_force_domain(group, group->owner ? group->blocking_domain :
						       group->default_domain);
}

/**
 * iommu_group_attach_user() - move a group from the core to a user's domain
 * @group: the group
 * @domain: the user's
 *
 * Return: 0; -EBUSY if the group is in a user's domain already; -EINVAL if
 * @domain is of another driver, or the group has no IOMMU or no members; else
 * what the driver says.
 */
int iommu_group_attach_user(struct iommu_group *group, struct iommu_domain *domain)
{
	struct iommu_member *first = iommu_group_first_member(group);

	if (group->domain && group->domain != group->default_domain &&
	    group->domain != group->blocking_domain)
		return -EBUSY;
	if (!first || !iommu_domain_fits(domain, first->dev))
		return -EINVAL;
	return iommu_group_set_domain(group, domain);
}

/**
 * iommu_attach_device() - attach a device that is alone in its group
 * @domain: the domain
 * @dev: the device, with the caller's driver bound
 *
 * Context: takes iommu_group::mutex.
 * Return: 0; -ENODEV without a group; -EINVAL if others are in the group, or if
 * domain and device do not go together, so that another domain may still do;
 * -EBUSY if it is attached to another domain of a user; else what the driver
 * says.
 */
int iommu_attach_device(struct iommu_domain *domain, struct device *dev)
{
	struct iommu_group *group __free(group_put) = group_of(dev);

	if (!group)
		return -ENODEV;
	iommu_group_assert_not_walking(group);
	guard(mutex)(&group->mutex);
	if (group->nr_members != 1)
		return -EINVAL;
	return iommu_group_attach_user(group, domain);
}
EXPORT_SYMBOL_GPL(iommu_attach_device);

/**
 * iommu_detach_device() - undo iommu_attach_device()
 * @domain: the domain
 * @dev: the device
 *
 * Context: takes iommu_group::mutex.
 */
void iommu_detach_device(struct iommu_domain *domain, struct device *dev)
{
	struct iommu_group *group __free(group_put) = group_of(dev);

	if (!group)
		return;
	guard(mutex)(&group->mutex);
	if (WARN_ON(domain != group->domain || group->nr_members != 1))
		return;
	iommu_group_set_core_domain(group);
}
EXPORT_SYMBOL_GPL(iommu_detach_device);

/**
 * iommu_attach_group() - attach a group
 * @domain: the domain
 * @group: the group, with a reference
 *
 * Context: takes iommu_group::mutex.
 * Return: as iommu_group_attach_user(): 0, -EBUSY, -EINVAL (another domain may
 * still do), or what the driver says.
 */
int iommu_attach_group(struct iommu_domain *domain, struct iommu_group *group)
{
	iommu_group_assert_not_walking(group);
	guard(mutex)(&group->mutex);
	return iommu_group_attach_user(group, domain);
}
EXPORT_SYMBOL_GPL(iommu_attach_group);

/**
 * iommu_detach_group() - give a group back to the core
 * @domain: unused, for symmetry
 * @group: the group, with a reference
 *
 * The group goes to its blocking domain if it is owned, else to its default.
 *
 * Context: takes iommu_group::mutex.
 */
void iommu_detach_group(struct iommu_domain *domain, struct iommu_group *group)
{
	guard(mutex)(&group->mutex);
	iommu_group_set_core_domain(group);
}
EXPORT_SYMBOL_GPL(iommu_detach_group);

/**
 * iommu_group_replace_domain() - move a group from one domain to the next
 * @group: the group, with a reference
 * @new_domain: where to
 *
 * Without a stop in the blocking domain, so DMA to what both map goes on.
 *
 * Context: takes iommu_group::mutex.
 * Return: 0; -EINVAL without a domain; else what the driver says, and the group
 * is where it was.
 */
int iommu_group_replace_domain(struct iommu_group *group, struct iommu_domain *new_domain)
{
	if (!new_domain)
		return -EINVAL;
	guard(mutex)(&group->mutex);
	return iommu_group_set_domain(group, new_domain);
}
EXPORT_SYMBOL_NS_GPL(iommu_group_replace_domain, IOMMUFD_INTERNAL);

/**
 * iommu_deferred_attach() - attach a device whose attach waited for this
 * @dev: the device, with its driver bound
 * @domain: its default domain
 *
 * Called for each mapping of the DMA API on systems that defer at all.
 *
 * Context: any. Waits, spinning, for another CPU that is just attaching it.
 * Return: 0, or what the driver says, and the next mapping tries again.
 */
int iommu_deferred_attach(struct device *dev, struct iommu_domain *domain)
{
	struct iommu_member *m;
	int ret;

	if (!dev_has_iommu(dev))
		return 0;
	m = to_iommu_devdata(dev->iommu)->member;
	if (!m)
		return 0;

	for (;;) {
		switch (atomic_cmpxchg(&m->defer, DEFER_WAITING, DEFER_BUSY)) {
		case DEFER_NONE:
			return 0;
		case DEFER_WAITING:
			ret = attach(domain, dev);
			atomic_set_release(&m->defer, ret ? DEFER_WAITING : DEFER_NONE);
			return ret;
		}
		cpu_relax();
	}
}

/**
 * iommu_get_domain_for_dev() - the domain that a device is attached to
 * @dev: the device, with the caller's driver bound, or from its IOMMU driver
 *
 * Takes no lock; during a change it is the domain that the group comes from.
 *
 * Context: any.
 * Return: the domain, or NULL without a group or before the first attach.
 */
struct iommu_domain *iommu_get_domain_for_dev(struct device *dev)
{
	struct iommu_group *group = dev->iommu_group;

	return group ? READ_ONCE(group->domain) : NULL;
}
EXPORT_SYMBOL_GPL(iommu_get_domain_for_dev);

/**
 * iommu_get_dma_domain() - the default domain of a device
 * @dev: a device whose driver uses the DMA API, so it has one
 *
 * Return: the domain.
 */
struct iommu_domain *iommu_get_dma_domain(struct device *dev)
{
	return dev->iommu_group->default_domain;
}
