// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory of a vfio-ccw device for the channel-program translator: reads
 * by vfio_dma_rw(), pages by vfio_pin_pages(), the arena from below 2 GiB
 *
 * Called by ccw_prog_*() for the program's owner, with io_mutex held; all of it
 * may sleep. The device is open.
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/vfio.h>

#include "vfio_ccw_pin.h"

static int pin_read(void *ctx, u64 iova, void *buf, size_t len)
{
	return vfio_dma_rw(ctx, iova, buf, len, false);
}

/*
 * For reading and writing always, whatever the CCW does: should the device
 * write where it was to read, it must not be a page that others share.
 */
static int pin_pin(void *ctx, u64 iova, unsigned int npages, u64 *host)
{
	struct page **pages = (struct page **)host;
	unsigned int i;
	int ret;

	/* Each address takes the place of its page. */
	static_assert(sizeof(*pages) == sizeof(*host));
	static_assert(CCW_PIN_MAX <= VFIO_PIN_PAGES_MAX_ENTRIES);
	ret = vfio_pin_pages(ctx, iova, npages, IOMMU_READ | IOMMU_WRITE, pages);
	if (ret < 0)
		return ret;
	if (ret != npages) {
		if (ret)
			vfio_unpin_pages(ctx, iova, ret);
		return -EFAULT;
	}
	for (i = 0; i < npages; i++)
		host[i] = page_to_phys(pages[i]);
	return 0;
}

static void pin_unpin(void *ctx, u64 iova, unsigned int npages)
{
	vfio_unpin_pages(ctx, iova, npages);
}

static void *pin_alloc(void *ctx, unsigned int order, u32 *addr)
{
	struct page *page = alloc_pages(GFP_KERNEL_ACCOUNT | GFP_DMA | __GFP_ZERO, order);

	if (!page)
		return NULL;
	*addr = page_to_phys(page);
	return page_address(page);
}

static void pin_free(void *ctx, void *pages, unsigned int order)
{
	free_pages((unsigned long)pages, order);
}

const struct ccw_mem_ops vfio_ccw_mem_ops = {
	.read = pin_read,
	.pin = pin_pin,
	.unpin = pin_unpin,
	.alloc = pin_alloc,
	.free = pin_free,
};
