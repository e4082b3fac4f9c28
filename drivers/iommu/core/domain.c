// SPDX-License-Identifier: GPL-2.0-only
/*
 * A domain: how it is made and freed, what it and a device are capable of, and
 * faults in it. Locks are the caller's business: whoever makes a domain is the
 * only one to know it. What is mapped in it is in map.c.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/sched/mm.h>
#include <trace/events/iommu.h>

#include "core.h"

/* The driver of the IOMMU that serves a device, or NULL. */
static const struct iommu_ops *ops_or_null(struct device *dev)
{
	return dev_has_iommu(dev) ? dev_iommu_ops(dev) : NULL;
}

/* What the driver has got for this type; NULL or an error if it has nothing. */
static struct iommu_domain *driver_alloc(struct device *dev, const struct iommu_ops *ops,
					 unsigned int type)
{
	if (type & __IOMMU_DOMAIN_PAGING && ops->domain_alloc_paging)
		return ops->domain_alloc_paging(dev);
	/* A flush queue is the core's business. */
	if (ops->domain_alloc)
		return ops->domain_alloc(type & IOMMU_DOMAIN_ALLOC_FLAGS);
	return ERR_PTR(-EOPNOTSUPP);
}

/**
 * iommu_domain_new() - make a domain, or find the static one of its type
 * @dev: device it is for, or NULL if only @ops are known
 * @ops: the driver
 * @type: IOMMU_DOMAIN_*
 *
 * Return: the domain; ERR_PTR(-EOPNOTSUPP) if the driver has no such type,
 * ERR_PTR(-ENOMEM), or what the driver or the DMA API says.
 */
struct iommu_domain *iommu_domain_new(struct device *dev, const struct iommu_ops *ops,
				      unsigned int type)
{
	struct iommu_domain *domain;
	int ret;

	if (type == IOMMU_DOMAIN_IDENTITY && ops->identity_domain)
		return ops->identity_domain;
	if (type == IOMMU_DOMAIN_BLOCKED && ops->blocked_domain)
		return ops->blocked_domain;

	domain = driver_alloc(dev, ops, type);
	if (!domain)
		return ERR_PTR(-ENOMEM);
	if (IS_ERR(domain))
		return domain;

	domain->type = type;
	domain->owner = ops;
	if (!domain->ops)
		domain->ops = ops->default_domain_ops;
	/* Drivers with one answer for all domains leave it to us. */
	if (!domain->pgsize_bitmap)
		domain->pgsize_bitmap = ops->pgsize_bitmap;

	if (iommu_is_dma_domain(domain)) {
		ret = iommu_get_dma_cookie(domain);
		if (ret) {
			iommu_domain_free(domain);
			return ERR_PTR(ret);
		}
	}
	return domain;
}

/**
 * iommu_paging_domain_alloc() - make a domain for the caller to map things in
 * @dev: a device that will be attached to it
 *
 * Takes no lock: it may be called within iommu_group_for_each_dev().
 *
 * Context: may sleep.
 * Return: the domain; ERR_PTR(-ENODEV) if no IOMMU serves @dev, -EOPNOTSUPP,
 * -ENOMEM, or what the driver says.
 */
struct iommu_domain *iommu_paging_domain_alloc(struct device *dev)
{
	const struct iommu_ops *ops = ops_or_null(dev);

	return ops ? iommu_domain_new(dev, ops, IOMMU_DOMAIN_UNMANAGED) : ERR_PTR(-ENODEV);
}
EXPORT_SYMBOL_GPL(iommu_paging_domain_alloc);

static int only_ops_of_bus(struct device *dev, void *data)
{
	const struct iommu_ops *ops = ops_or_null(dev);
	const struct iommu_ops **found = data;

	if (!ops)
		return 0;
	if (WARN_ONCE(*found && *found != ops,
		      "bus %s has several IOMMU drivers, use iommu_paging_domain_alloc()\n",
		      dev_bus_name(dev)))
		return -EBUSY;
	*found = ops;
	return 0;
}

/**
 * iommu_domain_alloc() - make a domain for no device in particular
 * @bus: bus whose devices all have one IOMMU driver
 *
 * For old callers; iommu_paging_domain_alloc() is right for all others.
 *
 * Context: may sleep.
 * Return: the domain or NULL.
 */
struct iommu_domain *iommu_domain_alloc(const struct bus_type *bus)
{
	const struct iommu_ops *ops = NULL;
	struct iommu_domain *domain;

	if (bus_for_each_dev(bus, NULL, &ops, only_ops_of_bus) || !ops)
		return NULL;
	domain = iommu_domain_new(NULL, ops, IOMMU_DOMAIN_UNMANAGED);
	return IS_ERR(domain) ? NULL : domain;
}
EXPORT_SYMBOL_GPL(iommu_domain_alloc);

/**
 * iommu_domain_free() - undo the allocation of a domain
 * @domain: a domain that nothing is attached to. Static ones stay
 *
 * Context: may sleep.
 */
void iommu_domain_free(struct iommu_domain *domain)
{
	if (domain->type == IOMMU_DOMAIN_SVA)
		mmdrop(domain->mm);
	/* VFIO's MSI cookie as well as the DMA API's. */
	iommu_put_dma_cookie(domain);
	if (domain->ops->free)
		domain->ops->free(domain);
}
EXPORT_SYMBOL_GPL(iommu_domain_free);

/**
 * iommu_group_default_domain() - domain of the DMA API of a group
 * @group: a group with a member whose driver is bound, so that it stays
 *
 * Return: the domain, or NULL.
 */
struct iommu_domain *iommu_group_default_domain(struct iommu_group *group)
{
	return group->default_domain;
}

/**
 * device_iommu_capable() - can the IOMMU do this for a device?
 * @dev: the device
 * @cap: what
 *
 * Context: any. The caller keeps @dev behind its IOMMU: a driver is bound to it, or
 * it is a member of a group that is held.
 * Return: true if an IOMMU serves @dev and can.
 */
bool device_iommu_capable(struct device *dev, enum iommu_cap cap)
{
	const struct iommu_ops *ops = ops_or_null(dev);

	return ops && ops->capable && ops->capable(dev, cap);
}
EXPORT_SYMBOL_GPL(device_iommu_capable);

/**
 * iommu_dev_enable_feature() - turn a feature of device and IOMMU on
 * @dev: the device
 * @feat: the feature
 *
 * Context: may sleep; the caller's driver is bound to @dev.
 * Return: 0; -ENODEV if no IOMMU serves @dev or it has no features; else what
 * the driver says.
 */
int iommu_dev_enable_feature(struct device *dev, enum iommu_dev_features feat)
{
	const struct iommu_ops *ops = ops_or_null(dev);

	return ops && ops->dev_enable_feat ? ops->dev_enable_feat(dev, feat) : -ENODEV;
}
EXPORT_SYMBOL_GPL(iommu_dev_enable_feature);

/**
 * iommu_dev_disable_feature() - turn a feature of device and IOMMU off
 * @dev: the device, which no longer makes use of it
 * @feat: the feature
 *
 * Context: may sleep; the caller's driver is bound to @dev.
 * Return: 0; -EBUSY if no IOMMU serves @dev or it has no features; else what
 * the driver says.
 */
int iommu_dev_disable_feature(struct device *dev, enum iommu_dev_features feat)
{
	const struct iommu_ops *ops = ops_or_null(dev);

	return ops && ops->dev_disable_feat ? ops->dev_disable_feat(dev, feat) : -EBUSY;
}
EXPORT_SYMBOL_GPL(iommu_dev_disable_feature);

/**
 * iommu_enable_nesting() - prepare a domain for a second stage
 * @domain: a domain of a user, attached to nothing yet
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for a domain of the core, or if the driver cannot; else
 * what the driver says.
 */
int iommu_enable_nesting(struct iommu_domain *domain)
{
	if (domain->type != IOMMU_DOMAIN_UNMANAGED || !domain->ops->enable_nesting)
		return -EINVAL;
	return domain->ops->enable_nesting(domain);
}
EXPORT_SYMBOL_GPL(iommu_enable_nesting);

/**
 * iommu_set_pgtable_quirks() - choose quirks of a domain's page tables
 * @domain: a domain of a user, attached to nothing yet
 * @quirk: IO_PGTABLE_QUIRK_*
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for a domain of the core, or if the driver cannot; else
 * what the driver says.
 */
int iommu_set_pgtable_quirks(struct iommu_domain *domain, unsigned long quirk)
{
	if (domain->type != IOMMU_DOMAIN_UNMANAGED || !domain->ops->set_pgtable_quirks)
		return -EINVAL;
	return domain->ops->set_pgtable_quirks(domain, quirk);
}
EXPORT_SYMBOL_GPL(iommu_set_pgtable_quirks);

/**
 * iommu_set_fault_handler() - hear of faults in a domain
 * @domain: a domain that is not for SVA, attached to nothing yet
 * @handler: called by report_iommu_fault(), in the context of the driver's
 *	interrupt
 * @token: handed to @handler
 *
 * Context: any.
 */
void iommu_set_fault_handler(struct iommu_domain *domain, iommu_fault_handler_t handler,
			     void *token)
{
	if (WARN_ON(!domain || domain->type == IOMMU_DOMAIN_SVA))
		return;
	domain->handler = handler;
	domain->handler_token = token;
}
EXPORT_SYMBOL_GPL(iommu_set_fault_handler);

/**
 * report_iommu_fault() - an IOMMU driver reports a fault
 * @domain: where it happened
 * @dev: who caused it
 * @iova: address of the access
 * @flags: IOMMU_FAULT_READ or IOMMU_FAULT_WRITE
 *
 * Context: any.
 * Return: 0 if it was handled; -ENOSYS without a handler, or if the handler
 * wants what the driver does by default; else what the handler says.
 */
int report_iommu_fault(struct iommu_domain *domain, struct device *dev,
		       unsigned long iova, int flags)
{
	int ret = -ENOSYS;

	if (domain->handler)
		ret = domain->handler(domain, dev, iova, flags, domain->handler_token);
	trace_io_page_fault(dev, iova, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(report_iommu_fault);
