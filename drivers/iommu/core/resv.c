// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address ranges that are not for everyone: those that the firmware wants
 * mapped 1:1, doorbells of interrupts, holes. Drivers list them for a device;
 * the core merges them for a group and maps the 1:1 ranges.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/list_sort.h>
#include <linux/slab.h>

#include "core.h"

#define NR_RESV_TYPES	(IOMMU_RESV_SW_MSI + 1)

/**
 * iommu_alloc_resv_region() - make the description of a reserved range
 * @start: first address
 * @length: bytes
 * @prot: IOMMU_READ, IOMMU_WRITE, … for a 1:1 mapping
 * @type: what it is reserved for
 * @gfp: how to allocate it
 *
 * Context: may sleep if @gfp lets it.
 * Return: the description, or NULL.
 */
struct iommu_resv_region *iommu_alloc_resv_region(phys_addr_t start, size_t length, int prot,
						  enum iommu_resv_type type, gfp_t gfp)
{
	struct iommu_resv_region *region = kmalloc(sizeof(*region), gfp);

	if (!region)
		return NULL;
	*region = (struct iommu_resv_region) {
		.list = LIST_HEAD_INIT(region->list),
		.start = start,
		.length = length,
		.prot = prot,
		.type = type,
	};
	return region;
}
EXPORT_SYMBOL_GPL(iommu_alloc_resv_region);

/**
 * iommu_get_resv_regions() - list the reserved ranges of a device
 * @dev: a device with an IOMMU
 * @list: where to add them; iommu_put_resv_regions() frees them
 *
 * Context: may sleep.
 */
void iommu_get_resv_regions(struct device *dev, struct list_head *list)
{
	if (dev_iommu_ops(dev)->get_resv_regions)
		dev_iommu_ops(dev)->get_resv_regions(dev, list);
}
EXPORT_SYMBOL_GPL(iommu_get_resv_regions);

/**
 * iommu_put_resv_regions() - free a list of iommu_get_resv_regions()
 * @dev: the device
 * @list: the list, of which nothing is left
 *
 * Context: may sleep.
 */
void iommu_put_resv_regions(struct device *dev, struct list_head *list)
{
	struct iommu_resv_region *region, *next;

	list_for_each_entry_safe(region, next, list, list) {
		if (region->free)
			region->free(dev, region);
		else
			kfree(region);
	}
}
EXPORT_SYMBOL(iommu_put_resv_regions);

static int by_start_then_type(void *priv, const struct list_head *a, const struct list_head *b)
{
	const struct iommu_resv_region *x = list_entry(a, struct iommu_resv_region, list);
	const struct iommu_resv_region *y = list_entry(b, struct iommu_resv_region, list);

	if (x->start != y->start)
		return x->start > y->start ? 1 : -1;
	return (int)x->type - (int)y->type;
}

/* Sort, and make one of ranges of one type that overlap or touch. */
static void sort_and_merge(struct list_head *regions)
{
	struct iommu_resv_region *last[NR_RESV_TYPES] = { };
	struct iommu_resv_region *r, *next;

	list_sort(NULL, regions, by_start_then_type);
	list_for_each_entry_safe(r, next, regions, list) {
		struct iommu_resv_region *before = last[r->type];

		if (!before || r->start > before->start + before->length) {
			last[r->type] = r;
			continue;
		}
		before->length = max(before->start + before->length, r->start + r->length) -
				 before->start;
		list_del(&r->list);
		kfree(r);
	}
}

static int add_copies(struct device *dev, struct list_head *regions)
{
	struct iommu_resv_region *r, *copy;
	LIST_HEAD(of_device);
	int ret = 0;

	iommu_get_resv_regions(dev, &of_device);
	list_for_each_entry(r, &of_device, list) {
		copy = iommu_alloc_resv_region(r->start, r->length, r->prot, r->type, GFP_KERNEL);
		if (!copy) {
			ret = -ENOMEM;
			break;
		}
		list_add_tail(&copy->list, regions);
	}
	iommu_put_resv_regions(dev, &of_device);
	return ret;
}

/**
 * iommu_get_group_resv_regions() - list the reserved ranges of a group
 * @group: the group, with a reference
 * @head: where to add them, sorted by address, with ranges of one type merged;
 *	the caller frees each with kfree(), also after an error
 *
 * Context: takes iommu_group::mutex.
 * Return: 0, also for a group without an IOMMU, or -ENOMEM.
 */
int iommu_get_group_resv_regions(struct iommu_group *group, struct list_head *head)
{
	struct iommu_member *m;
	int ret = 0;

	guard(mutex)(&group->mutex);
	for_each_member(group, m) {
		if (!dev_has_iommu(m->dev))
			continue;
		ret = add_copies(m->dev, head);
		if (ret)
			break;
	}
	sort_and_merge(head);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_get_group_resv_regions);

/*
 * A page that is mapped 1:1 translates to itself. Its last byte tells a page at
 * address 0, whose first byte translates to 0, from one that is not mapped.
 */
static bool mapped_at(struct iommu_domain *domain, dma_addr_t page, size_t pgsize)
{
	return iommu_iova_to_phys(domain, page + pgsize - 1);
}

/* Map what of a range is not mapped yet: ranges of several devices may overlap. */
static int map_gaps(struct iommu_domain *domain, const struct iommu_resv_region *r, size_t pgsize)
{
	dma_addr_t addr = ALIGN(r->start, pgsize);
	dma_addr_t end = ALIGN(r->start + r->length, pgsize);

	while (addr < end) {
		dma_addr_t gap = addr;
		int ret;

		while (addr < end && !mapped_at(domain, addr, pgsize))
			addr += pgsize;
		if (addr > gap) {
			ret = iommu_map(domain, gap, gap, addr - gap, r->prot, GFP_KERNEL);
			if (ret)
				return ret;
		}
		while (addr < end && mapped_at(domain, addr, pgsize))
			addr += pgsize;
	}
	return 0;
}

/**
 * iommu_map_direct() - map the 1:1 ranges of a device in a default domain
 * @domain: the domain; nothing is mapped unless it is one of the DMA API
 * @dev: a member of the group that uses it or will
 *
 * Also notes whether the device must have its ranges at all times, so that it
 * is never blocked. May be called again for what failed.
 *
 * Context: iommu_group::mutex is held.
 * Return: 0, -EINVAL if @domain has no page size, or what iommu_map() says.
 */
int iommu_map_direct(struct iommu_domain *domain, struct device *dev)
{
	bool pages = iommu_is_dma_domain(domain);
	struct iommu_resv_region *r;
	LIST_HEAD(regions);
	size_t pgsize = 0;
	int ret = 0;

	if (pages) {
		if (WARN_ON_ONCE(!domain->pgsize_bitmap))
			return -EINVAL;
		pgsize = BIT(__ffs(domain->pgsize_bitmap));
	}

	iommu_get_resv_regions(dev, &regions);
	list_for_each_entry(r, &regions, list) {
		if (r->type == IOMMU_RESV_DIRECT)
			dev->iommu->require_direct = 1;
		else if (r->type != IOMMU_RESV_DIRECT_RELAXABLE)
			continue;
		if (pages && !ret)
			ret = map_gaps(domain, r, pgsize);
	}
	if (pages && !list_empty(&regions))
		iommu_flush_iotlb_all(domain);
	iommu_put_resv_regions(dev, &regions);
	return ret;
}
