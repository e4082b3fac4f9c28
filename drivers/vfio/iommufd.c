// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: DMA through an iommufd
 *
 * Two halves. The DMA context of a binding (bind.c), for both ways in; and the
 * operations that a driver names in its vfio_device_ops: "physical" for a
 * device that an iommu translates, "emulated" for one whose driver uses
 * vfio_pin_pages() and vfio_dma_rw(). All under the lock of the device's set.
 */
#include <linux/iommufd.h>

#include "vfio.h"

MODULE_IMPORT_NS(IOMMUFD_VFIO);

/*
 * A device without iommu may come up under an iommufd only if the user has
 * asked for no translation: an IOAS for old programs is a sign that he did.
 */
static int vfio_iommufd_check_noiommu(struct iommufd_ctx *ictx)
{
	u32 ioas_id;

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	if (!iommufd_vfio_compat_ioas_get_id(ictx, &ioas_id))
		return -EPERM;
	return 0;
}

static int vfio_iommufd_ctx_bind(struct vfio_device *device,
				 const struct vfio_dma_ctx *ctx, u32 *devid)
{
	if (vfio_device_is_noiommu(device))
		return vfio_iommufd_check_noiommu(ctx->ictx);
	return device->ops->bind_iommufd(device, ctx->ictx, devid);
}

/* A group has no ATTACH: its devices get the IOAS for old programs. */
static int vfio_iommufd_ctx_attach(struct vfio_device *device,
				   const struct vfio_dma_ctx *ctx)
{
	u32 ioas_id;
	int ret;

	if (vfio_device_is_noiommu(device))
		return 0;

	ret = iommufd_vfio_compat_ioas_get_id(ctx->ictx, &ioas_id);
	if (ret)
		return ret;
	return device->ops->attach_ioas(device, &ioas_id);
}

static void vfio_iommufd_ctx_unbind(struct vfio_device *device)
{
	if (!vfio_device_is_noiommu(device))
		device->ops->unbind_iommufd(device);
}

static int vfio_iommufd_ctx_pin(struct vfio_device *device,
				const struct vfio_dma_ctx *ctx,
				dma_addr_t iova, int npage, int prot,
				struct page **pages)
{
	unsigned int flags = prot & IOMMU_WRITE ? IOMMUFD_ACCESS_RW_WRITE : 0;
	int ret;

	if (!device->iommufd_access || iova > ULONG_MAX)
		return -EINVAL;

	/* Whole pages only; the driver knows the offset that it asked for. */
	ret = iommufd_access_pin_pages(device->iommufd_access,
				       ALIGN_DOWN(iova, PAGE_SIZE),
				       (unsigned long)npage << PAGE_SHIFT,
				       pages, flags);
	return ret ? ret : npage;
}

static void vfio_iommufd_ctx_unpin(struct vfio_device *device,
				   const struct vfio_dma_ctx *ctx,
				   dma_addr_t iova, int npage)
{
	if (WARN_ON(!device->iommufd_access || iova > ULONG_MAX || npage <= 0))
		return;
	iommufd_access_unpin_pages(device->iommufd_access,
				   ALIGN_DOWN(iova, PAGE_SIZE),
				   (unsigned long)npage << PAGE_SHIFT);
}

static int vfio_iommufd_ctx_rw(struct vfio_device *device,
			       const struct vfio_dma_ctx *ctx,
			       dma_addr_t iova, void *data, size_t len,
			       bool write)
{
	unsigned int flags = 0;

	if (!device->iommufd_access || iova > ULONG_MAX)
		return -EINVAL;

	if (write)
		flags |= IOMMUFD_ACCESS_RW_WRITE;
	/* Who has no mm of his own must borrow the user's. */
	if (!current->mm)
		flags |= IOMMUFD_ACCESS_RW_KTHREAD;
	return iommufd_access_rw(device->iommufd_access, iova, data, len,
				 flags);
}

const struct vfio_dma_ctx_ops vfio_iommufd_ctx_ops = {
	.bind = vfio_iommufd_ctx_bind,
	.attach = vfio_iommufd_ctx_attach,
	.unbind = vfio_iommufd_ctx_unbind,
	.pin = vfio_iommufd_ctx_pin,
	.unpin = vfio_iommufd_ctx_unpin,
	.rw = vfio_iommufd_ctx_rw,
};

/**
 * vfio_iommufd_device_ictx() - the iommufd that translates a device
 * @vdev: a device with physical operations
 *
 * Context: caller holds the lock of the device's set.
 * Return: the iommufd, good as long as the lock is held, or NULL.
 */
struct iommufd_ctx *vfio_iommufd_device_ictx(struct vfio_device *vdev)
{
	struct iommufd_device *idev = vdev->iommufd_device;

	return idev ? iommufd_device_to_ictx(idev) : NULL;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_device_ictx);

/**
 * vfio_iommufd_get_dev_id() - does this iommufd own that device?
 * @vdev: the device
 * @ictx: the iommufd
 *
 * For VFIO_DEVICE_GET_PCI_HOT_RESET_INFO: a device is owned also when another
 * one of its iommu group is bound, though it has no id then.
 *
 * Context: caller holds the lock of the device's set.
 * Return: the id, a positive number; -ENOENT if the device is owned without
 *	one; -ENODEV if it is not owned.
 */
int vfio_iommufd_get_dev_id(struct vfio_device *vdev, struct iommufd_ctx *ictx)
{
	struct iommu_group *group;
	int ret = -ENODEV;

	if (vfio_iommufd_device_ictx(vdev) == ictx) {
		if (!vdev->iommufd_device)
			return -EINVAL;
		return iommufd_device_to_id(vdev->iommufd_device);
	}

	group = iommu_group_get(vdev->dev);
	if (group && iommufd_ctx_has_group(ictx, group))
		ret = -ENOENT;
	iommu_group_put(group);
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_get_dev_id);

/**
 * vfio_iommufd_physical_bind() - put the hardware under an iommufd
 * @vdev: a device registered by vfio_register_group_dev()
 * @ictx: the iommufd
 * @out_device_id: receives the id
 *
 * Context: caller holds the lock of the device's set.
 * Return: 0, or what iommufd_device_bind() says: -EPERM without isolated MSIs,
 *	-EBUSY or -EINVAL when the DMA of the group belongs to someone else,
 *	-ENOMEM.
 */
int vfio_iommufd_physical_bind(struct vfio_device *vdev,
			       struct iommufd_ctx *ictx, u32 *out_device_id)
{
	struct iommufd_device *idev;

	lockdep_assert_held(&vdev->dev_set->lock);

	idev = iommufd_device_bind(ictx, vdev->dev, out_device_id);
	if (!IS_ERR(idev))
		vdev->iommufd_device = idev;
	return PTR_ERR_OR_ZERO(idev);
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_bind);

/**
 * vfio_iommufd_physical_detach_ioas() - take the address space away
 * @vdev: a bound device; without an address space nothing happens
 *
 * Context: caller holds the lock of the device's set.
 */
void vfio_iommufd_physical_detach_ioas(struct vfio_device *vdev)
{
	lockdep_assert_held(&vdev->dev_set->lock);

	if (WARN_ON(!vdev->iommufd_device) || !vdev->iommufd_attached)
		return;
	vdev->iommufd_attached = false;
	iommufd_device_detach(vdev->iommufd_device);
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_detach_ioas);

/**
 * vfio_iommufd_physical_unbind() - undo vfio_iommufd_physical_bind()
 * @vdev: a bound device, with an address space or without
 *
 * Context: caller holds the lock of the device's set.
 */
void vfio_iommufd_physical_unbind(struct vfio_device *vdev)
{
	vfio_iommufd_physical_detach_ioas(vdev);
	iommufd_device_unbind(vdev->iommufd_device);
	vdev->iommufd_device = NULL;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_unbind);

/**
 * vfio_iommufd_physical_attach_ioas() - give the hardware an address space
 * @vdev: a bound device
 * @pt_id: an IOAS or a page table of the iommufd; receives the page table that
 *	was chosen
 *
 * The address space that the device has is replaced.
 *
 * Context: caller holds the lock of the device's set.
 * Return: 0, or what iommufd says: -ENOENT, -EINVAL, -ENOMEM.
 */
int vfio_iommufd_physical_attach_ioas(struct vfio_device *vdev, u32 *pt_id)
{
	int ret;

	lockdep_assert_held(&vdev->dev_set->lock);

	if (WARN_ON(!vdev->iommufd_device))
		return -EINVAL;

	ret = vdev->iommufd_attached ?
		iommufd_device_replace(vdev->iommufd_device, pt_id) :
		iommufd_device_attach(vdev->iommufd_device, pt_id);
	if (!ret)
		vdev->iommufd_attached = true;
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_attach_ioas);

/* From an unmap in the iommufd; until the access is destroyed. */
static void vfio_emulated_unmap(void *vdev, unsigned long first,
				unsigned long length)
{
	struct vfio_device *device = vdev;

	if (device->ops->dma_unmap)
		device->ops->dma_unmap(device, first, length);
}

static const struct iommufd_access_ops vfio_emulated_access_ops = {
	.needs_pin_pages = 1,
	.unmap = vfio_emulated_unmap,
};

/**
 * vfio_iommufd_emulated_bind() - put a device's software DMA under an iommufd
 * @vdev: a device registered by vfio_register_emulated_iommu_dev()
 * @ictx: the iommufd
 * @out_device_id: receives the id
 *
 * Context: caller holds the lock of the device's set.
 * Return: 0 or -ENOMEM.
 */
int vfio_iommufd_emulated_bind(struct vfio_device *vdev,
			       struct iommufd_ctx *ictx, u32 *out_device_id)
{
	struct iommufd_access *access;

	lockdep_assert_held(&vdev->dev_set->lock);

	access = iommufd_access_create(ictx, &vfio_emulated_access_ops, vdev,
				       out_device_id);
	if (!IS_ERR(access))
		vdev->iommufd_access = access;
	return PTR_ERR_OR_ZERO(access);
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_bind);

/**
 * vfio_iommufd_emulated_unbind() - undo vfio_iommufd_emulated_bind()
 * @vdev: the device; one that is not bound is left alone
 *
 * Context: caller holds the lock of the device's set. &vfio_device_ops.dma_unmap
 *	may still run until this returns.
 */
void vfio_iommufd_emulated_unbind(struct vfio_device *vdev)
{
	lockdep_assert_held(&vdev->dev_set->lock);

	if (!vdev->iommufd_access)
		return;
	iommufd_access_destroy(vdev->iommufd_access);
	vdev->iommufd_access = NULL;
	vdev->iommufd_attached = false;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_unbind);

/**
 * vfio_iommufd_emulated_attach_ioas() - give software DMA an address space
 * @vdev: a bound device
 * @pt_id: an IOAS of the iommufd
 *
 * The address space that the device has is replaced.
 *
 * Context: caller holds the lock of the device's set.
 * Return: 0, or what iommufd says: -ENOENT, -EINVAL, -ENOMEM.
 */
int vfio_iommufd_emulated_attach_ioas(struct vfio_device *vdev, u32 *pt_id)
{
	int ret;

	lockdep_assert_held(&vdev->dev_set->lock);

	ret = vdev->iommufd_attached ?
		iommufd_access_replace(vdev->iommufd_access, *pt_id) :
		iommufd_access_attach(vdev->iommufd_access, *pt_id);
	if (!ret)
		vdev->iommufd_attached = true;
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_attach_ioas);

/**
 * vfio_iommufd_emulated_detach_ioas() - take the address space away
 * @vdev: a bound device; without an address space nothing happens
 *
 * Context: caller holds the lock of the device's set.
 */
void vfio_iommufd_emulated_detach_ioas(struct vfio_device *vdev)
{
	lockdep_assert_held(&vdev->dev_set->lock);

	if (WARN_ON(!vdev->iommufd_access) || !vdev->iommufd_attached)
		return;
	vdev->iommufd_attached = false;
	iommufd_access_detach(vdev->iommufd_access);
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_detach_ioas);
