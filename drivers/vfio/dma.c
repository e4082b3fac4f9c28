// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: user memory for drivers whose DMA is software
 *
 * Called by drivers between open_device() and close_device(); in that time the
 * binding and its context cannot change, so no lock is needed to look at them.
 * iommufd.c and container.c do the work.
 */
#include <linux/export.h>

#include "vfio.h"

/* The context of an open device; a driver that asks without one is buggy. */
static const struct vfio_dma_ctx *vfio_open_ctx(struct vfio_device *device)
{
	if (WARN_ON_ONCE(!READ_ONCE(device->open_count)))
		return NULL;
	return &device->binding.ctx;
}

/**
 * vfio_pin_pages() - pin user pages that are contiguous in IOVA
 * @device: a device registered by vfio_register_emulated_iommu_dev(), open,
 *	whose driver has a dma_unmap operation
 * @iova: where they start; the offset into the page is ignored
 * @npage: how many, at most VFIO_PIN_PAGES_MAX_ENTRIES
 * @prot: IOMMU_READ and IOMMU_WRITE
 * @pages: an array of @npage that receives them
 *
 * Context: may sleep; takes the mmap_lock of the user.
 * Return: the number of pages, always @npage; -EINVAL for bad arguments or an
 *	@iova that the iommufd cannot express, -E2BIG for too many, -ENOTTY if
 *	the container's iommu driver has no such thing, -ENOENT or -EINVAL where
 *	nothing is mapped, -EPERM for a write to a read-only mapping, -ENOMEM.
 */
int vfio_pin_pages(struct vfio_device *device, dma_addr_t iova,
		   int npage, int prot, struct page **pages)
{
	const struct vfio_dma_ctx *ctx = vfio_open_ctx(device);

	if (!ctx || !pages || npage <= 0 || !device->ops->dma_unmap)
		return -EINVAL;
	return ctx->ops->pin(device, ctx, iova, npage, prot, pages);
}
EXPORT_SYMBOL(vfio_pin_pages);

/**
 * vfio_unpin_pages() - undo vfio_pin_pages()
 * @device: the device
 * @iova: as pinned
 * @npage: as pinned
 *
 * Context: may sleep.
 */
void vfio_unpin_pages(struct vfio_device *device, dma_addr_t iova, int npage)
{
	const struct vfio_dma_ctx *ctx = vfio_open_ctx(device);

	if (!ctx || WARN_ON(!device->ops->dma_unmap))
		return;
	ctx->ops->unpin(device, ctx, iova, npage);
}
EXPORT_SYMBOL(vfio_unpin_pages);

/**
 * vfio_dma_rw() - copy between a kernel buffer and user memory by IOVA
 * @device: a device registered by vfio_register_emulated_iommu_dev(), open
 * @iova: address in the user's space
 * @data: the buffer
 * @len: bytes
 * @write: true to write to user memory, false to read from it
 *
 * Context: may sleep. Works from a kernel thread and from a task with an mm of
 *	its own.
 * Return: 0; -EINVAL for bad arguments, -ENOTTY if the container's iommu
 *	driver has no such thing, -ENOENT or -EINVAL where nothing is mapped,
 *	-EPERM for a write to a read-only mapping, -EFAULT.
 */
int vfio_dma_rw(struct vfio_device *device, dma_addr_t iova, void *data,
		size_t len, bool write)
{
	const struct vfio_dma_ctx *ctx = vfio_open_ctx(device);

	if (!ctx || !data || !len)
		return -EINVAL;
	return ctx->ops->rw(device, ctx, iova, data, len, write);
}
EXPORT_SYMBOL(vfio_dma_rw);
