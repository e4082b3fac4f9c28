// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which domain the DMA API of a group uses, and why: what the driver insists
 * on, what the admin asks for through the type file, what the kernel command
 * line says. Everything runs under iommu_group::mutex.
 */
#define pr_fmt(fmt) "iommu: " fmt

#include <linux/device.h>
#include <linux/pci.h>

#include "core.h"

/* For messages; the type file has its own words. */
const char *iommu_domain_type_str(unsigned int type)
{
	switch (type) {
	case IOMMU_DOMAIN_BLOCKED:	return "Blocked";
	case IOMMU_DOMAIN_IDENTITY:	return "Passthrough";
	case IOMMU_DOMAIN_UNMANAGED:	return "Unmanaged";
	case IOMMU_DOMAIN_PLATFORM:	return "Platform";
	case IOMMU_DOMAIN_DMA:
	case IOMMU_DOMAIN_DMA_FQ:	return "Translated";
	}
	return "Unknown";
}

/* What the driver insists on for one device, 0 if it does not mind. */
static unsigned int type_for_device(struct device *dev)
{
	const struct iommu_ops *ops = dev_iommu_ops(dev);

	if (ops->default_domain)
		return ops->default_domain->type;
	return ops->def_domain_type ? ops->def_domain_type(dev) : 0;
}

/* What the driver insists on for all members. Identity wins over translation. */
static unsigned int type_for_members(struct iommu_group *group)
{
	unsigned int type = 0;
	struct iommu_member *m;

	/*
	 * The DMA API of arm32 makes its own domains later, and must find the
	 * device on physical addresses.
	 */
	if (IS_ENABLED(CONFIG_ARM_DMA_USE_IOMMU))
		type = IOMMU_DOMAIN_IDENTITY;

	for_each_member(group, m) {
		unsigned int t = type_for_device(m->dev);

		if (!t || t == type)
			continue;
		if (type)
			dev_err_ratelimited(m->dev,
					    "IOMMU driver error, requesting conflicting def_domain_type, %s and %s, for devices in group %d.\n",
					    iommu_domain_type_str(type), iommu_domain_type_str(t),
					    group->id);
		if (!type || t == IOMMU_DOMAIN_IDENTITY)
			type = t;
	}
	/* Without the common DMA API nobody could use a translated domain. */
	if (!IS_ENABLED(CONFIG_IOMMU_DMA) && !type)
		type = IOMMU_DOMAIN_IDENTITY;
	return type;
}

/* A member that must never see physical addresses, e.g. behind Thunderbolt. */
static struct device *untrusted_member(struct iommu_group *group)
{
	struct iommu_member *m;

	for_each_member(group, m)
		if (dev_is_pci(m->dev) && to_pci_dev(m->dev)->untrusted)
			return m->dev;
	return NULL;
}

/*
 * Settle on a type. @request 0 leaves it to driver and system; a result of 0
 * leaves it to the system, or means that the driver insists on BLOCKED.
 */
static int settle_type(struct iommu_group *group, unsigned int request)
{
	unsigned int type = type_for_members(group);
	struct device *untrusted = untrusted_member(group);

	if (!IS_ENABLED(CONFIG_IOMMU_DMA) && WARN_ON(type == IOMMU_DOMAIN_DMA))
		return -EINVAL;
	if (untrusted) {
		if (WARN_ON(IS_ENABLED(CONFIG_ARM_DMA_USE_IOMMU)))
			return -EINVAL;
		if (type && type != IOMMU_DOMAIN_DMA) {
			dev_err_ratelimited(untrusted,
					    "Device is not trusted, but driver is overriding group %d to %s, refusing to probe.\n",
					    group->id, iommu_domain_type_str(type));
			return -EINVAL;
		}
		/* Strict, too: what was unmapped must not be reachable. */
		type = IOMMU_DOMAIN_DMA;
	}
	if (!request)
		return type;
	return !type || type == request ? request : -EINVAL;
}

static struct iommu_domain *get_domain_of_type(struct iommu_group *group, unsigned int type)
{
	struct device *dev = iommu_group_first_member(group)->dev;

	if (group->default_domain && group->default_domain->type == type)
		return group->default_domain;
	return iommu_domain_new(dev, dev_iommu_ops(dev), type);
}

/* A new default domain, or the present one if it will do. */
static struct iommu_domain *get_default_domain(struct iommu_group *group, unsigned int type)
{
	const struct iommu_ops *ops = dev_iommu_ops(iommu_group_first_member(group)->dev);
	unsigned int policy = iommu_default_domain_type();
	struct iommu_domain *domain;

	if (ops->default_domain)
		return type == ops->default_domain->type ? ops->default_domain :
							   ERR_PTR(-EINVAL);
	if (type)
		return get_domain_of_type(group, type);

	domain = get_domain_of_type(group, policy);
	if (!IS_ERR(domain))
		return domain;
	if (policy == IOMMU_DOMAIN_DMA)
		return ERR_PTR(-EINVAL);
	domain = get_domain_of_type(group, IOMMU_DOMAIN_DMA);
	if (!IS_ERR(domain))
		pr_warn("Failed to allocate default IOMMU domain of type %u for group %d - Falling back to IOMMU_DOMAIN_DMA\n",
			policy, group->id);
	return domain;
}

/*
 * The 1:1 ranges go in before the first attach, so that what the firmware does
 * goes on. Some drivers map only after an attach: then once more. Returns
 * whether there is a need to.
 */
static bool map_direct_early(struct iommu_group *group, struct iommu_domain *domain)
{
	struct iommu_member *m;
	bool again = false;

	for_each_member(group, m)
		again |= iommu_map_direct(domain, m->dev) != 0;
	return again;
}

/*
 * Second try. In a new group, a member whose ranges cannot be mapped is not
 * live: its set-up will fail.
 */
static int map_direct_late(struct iommu_group *group, struct iommu_domain *domain, bool first)
{
	struct iommu_member *m;

	for_each_member(group, m) {
		int ret = iommu_map_direct(domain, m->dev);

		if (!ret)
			continue;
		dev_warn(m->dev, "IOMMU driver was not able to establish FW requested direct mapping.\n");
		if (!first)
			return ret;
		m->state = MEMBER_JOINING;
	}
	return 0;
}

/* Have the DMA API of every member use the default domain that it is attached to. */
void iommu_group_setup_dma_ops(struct iommu_group *group)
{
	struct iommu_member *m;

	lockdep_assert_held(&group->mutex);
	for_each_member(group, m)
		if (m->state == MEMBER_LIVE)
			iommu_setup_dma_ops(m->dev);
}

/**
 * iommu_setup_default_domain() - give a group a default domain, or another one
 * @group: a group with members; nobody relies on its present default domain
 * @request: type that the admin wants, 0 to leave it to driver and system
 *
 * A new group is attached to it, and its members are live afterwards unless
 * their own attach failed.
 *
 * Context: iommu_group::mutex is held.
 * Return: 0; -EINVAL if the driver or an untrusted member forbids the type;
 * else what the driver says. An old default domain stays if there is one.
 */
int iommu_setup_default_domain(struct iommu_group *group, unsigned int request)
{
	struct iommu_domain *old = group->default_domain;
	struct iommu_domain *domain;
	bool first = !group->domain;
	bool again;
	int type, ret;

	lockdep_assert_held(&group->mutex);
	type = settle_type(group, request);
	if (type < 0)
		return type;
	domain = get_default_domain(group, type);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	if (domain == old && !first)
		return 0;

	again = map_direct_early(group, domain);
	/* Before the attach: a deferred member is attached to this by definition. */
	group->default_domain = domain;
	if (first) {
		/*
		 * A driver that fails here is broken. The domain stays where
		 * leave() finds it: some member may point to it.
		 */
		ret = iommu_group_first_attach(group, domain);
	} else {
		ret = iommu_group_set_domain(group, domain);
		if (ret)
			goto out_restore;
	}
	if (!ret && again) {
		ret = map_direct_late(group, domain, first);
		if (ret)
			goto out_back;
	}
	if (old && old != domain)
		iommu_domain_free(old);
	if (!ret)
		iommu_group_setup_dma_ops(group);
	return ret;

out_back:
	iommu_group_force_domain(group, old);
out_restore:
	group->default_domain = old;
	iommu_domain_free(domain);
	return ret;
}

/* Can unmapped ranges of every member wait for a flush? */
static bool can_flush_late(struct iommu_group *group)
{
	struct iommu_member *m;

	for_each_member(group, m)
		if (!device_iommu_capable(m->dev, IOMMU_CAP_DEFERRED_FLUSH))
			return false;
	return true;
}

/**
 * iommu_group_change_type() - change the default domain at the admin's wish
 * @group: the group
 * @request: a type, or 0 for what it would be by itself
 *
 * From DMA to DMA-FQ a domain only gets a flush queue, so drivers may be bound.
 *
 * Context: takes iommu_group::mutex.
 * Return: 0; -EINVAL if the group has no default domain, as when it is empty, or
 * if driver, hardware or an untrusted member forbids the type; -EPERM if a driver
 * is bound, or the group is owned; else what the driver says.
 */
int iommu_group_change_type(struct iommu_group *group, unsigned int request)
{
	struct iommu_member *user;
	int ret;

	guard(mutex)(&group->mutex);
	if (!group->default_domain)
		return -EINVAL;
	if (request == IOMMU_DOMAIN_DMA_FQ) {
		if (!can_flush_late(group) || settle_type(group, request) < 0)
			return -EINVAL;
		if (group->default_domain->type == IOMMU_DOMAIN_DMA) {
			ret = iommu_dma_init_fq(group->default_domain);
			if (!ret)
				group->default_domain->type = IOMMU_DOMAIN_DMA_FQ;
			return ret;
		}
	}

	user = iommu_group_find_user(group, NULL);
	if (user) {
		dev_notice_ratelimited(user->dev,
				       "the type of iommu group %d cannot be changed: driver %s is bound to the device\n",
				       group->id, user->driver);
		return -EPERM;
	}
	if (group->owner) {
		pr_notice_ratelimited("the type of group %d cannot be changed: its DMA is owned by %s[%d]\n",
				      group->id, group->claimant, group->claimant_pid);
		return -EPERM;
	}
	return iommu_setup_default_domain(group, request);
}
