// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the firmware said about a device: the node of its IOMMU, and the IDs by
 * which that IOMMU knows it. Written by ACPI and OF code under
 * iommu_probe_device_lock before the device joins, read by IOMMU drivers.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/fwnode.h>
#include <linux/slab.h>

#include "core.h"

/**
 * iommu_fwspec_init() - note which IOMMU a device has
 * @dev: the device
 * @iommu_fwnode: firmware node of the IOMMU
 *
 * Context: iommu_probe_device_lock is held.
 * Return: 0, also when it was noted before; -EPROBE_DEFER as long as that IOMMU
 * is not registered; -EINVAL if the device has one with another driver;
 * -ENOMEM.
 */
int iommu_fwspec_init(struct device *dev, struct fwnode_handle *iommu_fwnode)
{
	const struct iommu_ops *ops = iommu_ops_from_fwnode(iommu_fwnode);
	struct iommu_fwspec *noted = dev_iommu_fwspec_get(dev);
	struct iommu_fwspec *fwspec;

	if (!ops)
		return -EPROBE_DEFER;
	if (noted)
		return iommu_fwspec_ops(noted) == ops ? 0 : -EINVAL;

	/* Most devices have one ID. */
	fwspec = kzalloc(struct_size(fwspec, ids, 1), GFP_KERNEL);
	if (!fwspec || !dev_iommu_get(dev)) {
		kfree(fwspec);
		return -ENOMEM;
	}
	fwspec->iommu_fwnode = fwnode_handle_get(iommu_fwnode);
	dev_iommu_fwspec_set(dev, fwspec);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_fwspec_init);

/**
 * iommu_fwspec_free() - forget what the firmware said about a device
 * @dev: the device
 *
 * Context: iommu_probe_device_lock is held, or the device is not in use.
 */
void iommu_fwspec_free(struct device *dev)
{
	struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(dev);

	if (!fwspec)
		return;
	dev_iommu_fwspec_set(dev, NULL);
	fwnode_handle_put(fwspec->iommu_fwnode);
	kfree(fwspec);
}
EXPORT_SYMBOL_GPL(iommu_fwspec_free);

/**
 * iommu_fwspec_add_ids() - add IDs by which the IOMMU knows a device
 * @dev: a device with a fwspec
 * @ids: the IDs, in the units of the IOMMU (Stream ID, Requester ID, …)
 * @num_ids: how many
 *
 * Context: iommu_probe_device_lock is held.
 * Return: 0; -EINVAL without a fwspec; -ENOMEM, and nothing was added.
 */
int iommu_fwspec_add_ids(struct device *dev, const u32 *ids, int num_ids)
{
	struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(dev);
	struct iommu_fwspec *larger;
	unsigned int total;

	if (!fwspec)
		return -EINVAL;

	total = fwspec->num_ids + num_ids;
	if (total > 1) {
		larger = krealloc(fwspec, struct_size(fwspec, ids, total), GFP_KERNEL);
		if (!larger)
			return -ENOMEM;
		dev_iommu_fwspec_set(dev, larger);
		fwspec = larger;
	}
	memcpy(&fwspec->ids[fwspec->num_ids], ids, num_ids * sizeof(*ids));
	fwspec->num_ids = total;
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_fwspec_add_ids);
