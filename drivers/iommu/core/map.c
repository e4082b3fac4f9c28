// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is mapped in a domain: a range is cut into runs of one page size each,
 * and each run is one call of the driver. The caller keeps calls for one range
 * apart; drivers protect their page tables. May run in atomic context if the
 * allocation flags say so.
 */
#define pr_fmt(fmt) "iommu: " fmt

#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/scatterlist.h>
#include <trace/events/iommu.h>

#include "core.h"

/* Placement of the memory for page tables is the driver's choice. */
#define FORBIDDEN_GFP	(__GFP_COMP | __GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM)

/**
 * struct iommu_run - pages of one size, as many as can be done at once
 * @pgsize: bytes of a page
 * @count: how many
 */
struct iommu_run {
	size_t pgsize;
	size_t count;
};

/*
 * The first run of a range. Its pages are the largest that the domain has, that
 * both addresses are aligned to and that fit in. It ends where pages of the next
 * size could begin, if there will be a whole one.
 *
 * @size is a multiple of the smallest page and not 0, and both addresses are
 * aligned to it, so there always is a page size.
 */
static struct iommu_run first_run(struct iommu_domain *domain, unsigned long iova,
				  phys_addr_t paddr, size_t size)
{
	unsigned long sizes = domain->pgsize_bitmap;
	phys_addr_t bits = iova | paddr;
	unsigned long fit, larger;
	unsigned int shift;
	size_t next, lead;

	fit = sizes & GENMASK(__fls(size), 0);
	if (bits)
		fit &= GENMASK(__ffs64(bits), 0);
	shift = __fls(fit);

	larger = sizes & ~GENMASK(shift, 0);
	if (larger) {
		next = BIT(__ffs(larger));
		lead = next - (bits & (next - 1));
		/* Only if both addresses get there together, with room for one. */
		if (!((iova ^ paddr) & (next - 1)) && size >= lead && size - lead >= next)
			size = lead;
	}
	return (struct iommu_run) { .pgsize = BIT(shift), .count = size >> shift };
}

/* Complains and returns false if the range cannot be cut into pages. */
static bool aligned(struct iommu_domain *domain, unsigned long iova, phys_addr_t paddr,
		    size_t size)
{
	size_t smallest = BIT(__ffs(domain->pgsize_bitmap));

	if (IS_ALIGNED(iova | paddr | size, smallest))
		return true;
	pr_err("unaligned: iova 0x%lx pa %pa size 0x%zx min_pagesz 0x%zx\n",
	       iova, &paddr, size, smallest);
	return false;
}

/* Without a flush of what is new. On an error nothing is mapped. */
static int map_range(struct iommu_domain *domain, unsigned long iova, phys_addr_t paddr,
		     size_t size, int prot, gfp_t gfp)
{
	const struct iommu_domain_ops *ops = domain->ops;
	size_t done = 0;
	int ret = 0;

	if (unlikely(!(domain->type & __IOMMU_DOMAIN_PAGING)))
		return -EINVAL;
	if (WARN_ON(!ops->map_pages || !domain->pgsize_bitmap))
		return -ENODEV;
	if (!aligned(domain, iova, paddr, size))
		return -EINVAL;

	while (done < size && !ret) {
		struct iommu_run run = first_run(domain, iova + done, paddr + done, size - done);
		size_t mapped = 0;

		ret = ops->map_pages(domain, iova + done, paddr + done, run.pgsize,
				     run.count, prot, gfp, &mapped);
		/* Also on an error: then this much has to be undone. */
		done += mapped;
	}
	if (ret)
		iommu_unmap(domain, iova, done);
	else
		trace_map(iova, paddr, size);
	return ret;
}

/* Tell hardware that caches absent entries of what is there now. */
static int sync_range(struct iommu_domain *domain, unsigned long iova, size_t size)
{
	int ret;

	if (!domain->ops->iotlb_sync_map)
		return 0;
	ret = domain->ops->iotlb_sync_map(domain, iova, size);
	if (ret)
		iommu_unmap(domain, iova, size);
	return ret;
}

/**
 * iommu_map() - map a range of physical addresses
 * @domain: a domain with page tables
 * @iova: first address as devices see it, in bytes
 * @paddr: first physical address
 * @size: bytes; like both addresses a multiple of the domain's smallest page
 * @prot: IOMMU_READ, IOMMU_WRITE, …
 * @gfp: how to allocate page tables
 *
 * Context: may sleep if @gfp lets it.
 * Return: 0; -EINVAL for a domain without page tables, or a range that is not
 * aligned; -ENODEV if the driver cannot map; -ENOMEM, or what else the driver
 * says. On an error nothing is mapped.
 */
int iommu_map(struct iommu_domain *domain, unsigned long iova, phys_addr_t paddr,
	      size_t size, int prot, gfp_t gfp)
{
	int ret;

	might_sleep_if(gfpflags_allow_blocking(gfp));
	if (WARN_ON_ONCE(gfp & FORBIDDEN_GFP))
		return -EINVAL;
	ret = map_range(domain, iova, paddr, size, prot, gfp);
	return ret ?: sync_range(domain, iova, size);
}
EXPORT_SYMBOL_GPL(iommu_map);

/**
 * iommu_map_sg() - map a scatterlist, one segment behind the other
 * @domain: a domain with page tables
 * @iova: first address as devices see it
 * @sg: the list; each segment aligned as for iommu_map()
 * @nents: how many segments
 * @prot: IOMMU_READ, IOMMU_WRITE, …
 * @gfp: how to allocate page tables
 *
 * Neighbours that touch are mapped as one, with larger pages where that gives
 * any. Segments that are bus addresses (peer to peer, behind the IOMMU's back)
 * are left out and take no room.
 *
 * Context: may sleep if @gfp lets it.
 * Return: bytes mapped, or an error as iommu_map(), and nothing is mapped.
 */
ssize_t iommu_map_sg(struct iommu_domain *domain, unsigned long iova, struct scatterlist *sg,
		     unsigned int nents, int prot, gfp_t gfp)
{
	phys_addr_t start = 0;
	size_t mapped = 0, len = 0;
	struct scatterlist *s;
	unsigned int i;
	int ret = 0;

	might_sleep_if(gfpflags_allow_blocking(gfp));
	if (WARN_ON_ONCE(gfp & FORBIDDEN_GFP))
		return -EINVAL;

	for_each_sg(sg, s, nents, i) {
		if (sg_dma_is_bus_address(s))
			continue;
		if (len && sg_phys(s) == start + len) {
			len += s->length;
			continue;
		}
		if (len) {
			ret = map_range(domain, iova + mapped, start, len, prot, gfp);
			if (ret)
				goto out_unmap;
			mapped += len;
		}
		start = sg_phys(s);
		len = s->length;
	}
	if (len) {
		ret = map_range(domain, iova + mapped, start, len, prot, gfp);
		if (ret)
			goto out_unmap;
		mapped += len;
	}
	return sync_range(domain, iova, mapped) ?: mapped;

out_unmap:
	iommu_unmap(domain, iova, mapped);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_map_sg);

/**
 * iommu_unmap_fast() - unmap a range, and leave the flush to the caller
 * @domain: a domain with page tables
 * @iova: first address
 * @size: bytes; like @iova a multiple of the domain's smallest page
 * @iotlb_gather: collects what iommu_iotlb_sync() has to flush
 *
 * Ends where something is not mapped. If a larger page was mapped where the
 * range ends, all of it goes.
 *
 * Context: any.
 * Return: bytes unmapped.
 */
size_t iommu_unmap_fast(struct iommu_domain *domain, unsigned long iova, size_t size,
			struct iommu_iotlb_gather *iotlb_gather)
{
	const struct iommu_domain_ops *ops = domain->ops;
	size_t done = 0;

	if (unlikely(!(domain->type & __IOMMU_DOMAIN_PAGING)))
		return 0;
	if (WARN_ON(!ops->unmap_pages || !domain->pgsize_bitmap))
		return 0;
	if (!aligned(domain, iova, 0, size))
		return 0;

	while (done < size) {
		struct iommu_run run = first_run(domain, iova + done, iova + done, size - done);
		size_t unmapped = ops->unmap_pages(domain, iova + done, run.pgsize, run.count,
						   iotlb_gather);

		if (!unmapped)
			break;
		done += unmapped;
	}
	trace_unmap(iova, size, done);
	return done;
}
EXPORT_SYMBOL_GPL(iommu_unmap_fast);

/**
 * iommu_unmap() - unmap a range
 * @domain: a domain with page tables
 * @iova: first address
 * @size: bytes; like @iova a multiple of the domain's smallest page
 *
 * When it returns, no device reaches the range any more.
 *
 * Context: any.
 * Return: bytes unmapped, as iommu_unmap_fast().
 */
size_t iommu_unmap(struct iommu_domain *domain, unsigned long iova, size_t size)
{
	struct iommu_iotlb_gather gather;
	size_t done;

	iommu_iotlb_gather_init(&gather);
	done = iommu_unmap_fast(domain, iova, size, &gather);
	iommu_iotlb_sync(domain, &gather);
	return done;
}
EXPORT_SYMBOL_GPL(iommu_unmap);

/**
 * iommu_iova_to_phys() - where an address leads
 * @domain: the domain
 * @iova: the address
 *
 * Context: any.
 * Return: the physical address, or 0 if nothing is mapped there.
 */
phys_addr_t iommu_iova_to_phys(struct iommu_domain *domain, dma_addr_t iova)
{
	switch (domain->type) {
	case IOMMU_DOMAIN_IDENTITY:
		return iova;
	case IOMMU_DOMAIN_BLOCKED:
		return 0;
	}
	return domain->ops->iova_to_phys(domain, iova);
}
EXPORT_SYMBOL_GPL(iommu_iova_to_phys);
