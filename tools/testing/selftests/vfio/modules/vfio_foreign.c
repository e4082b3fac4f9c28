// SPDX-License-Identifier: GPL-2.0
/*
 * Attaches a domain of its own to a PCI function, as a kernel driver does that
 * sets up translation itself, and keeps it until the module is unloaded. Loaded
 * by vfio_foreign_test, beside the driver that the function has.
 */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>

static char *function;
module_param(function, charp, 0444);
MODULE_PARM_DESC(function, "the function, as 0000:00:05.0");

static struct device *dev;
static struct iommu_domain *domain;

static int __init foreign_init(void)
{
	int ret;

	if (!function)
		return -EINVAL;
	dev = bus_find_device_by_name(&pci_bus_type, NULL, function);
	if (!dev)
		return -ENODEV;

	domain = iommu_paging_domain_alloc(dev);
	if (IS_ERR(domain)) {
		ret = PTR_ERR(domain);
		goto put_device;
	}
	ret = iommu_attach_device(domain, dev);
	if (ret)
		goto free_domain;
	return 0;

free_domain:
	iommu_domain_free(domain);
put_device:
	put_device(dev);
	return ret;
}

static void __exit foreign_exit(void)
{
	iommu_detach_device(domain, dev);
	iommu_domain_free(domain);
	put_device(dev);
}

module_init(foreign_init);
module_exit(foreign_exit);

MODULE_DESCRIPTION("A domain that VFIO finds in its way");
MODULE_LICENSE("GPL");
