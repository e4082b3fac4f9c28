// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: the module
 *
 * Brings the parts up and down, in this order and its reverse. Nothing else
 * lives here: a device's life is in device.c, its files in fd.c.
 */
#include <linux/init.h>
#include <linux/module.h>

#include "vfio.h"

#define VFIO_VERSION	"0.3"

#ifdef CONFIG_VFIO_NOIOMMU
bool vfio_noiommu __read_mostly;
module_param_named(enable_unsafe_noiommu_mode, vfio_noiommu, bool, 0644);
MODULE_PARM_DESC(enable_unsafe_noiommu_mode,
		 "Hand out devices that no IOMMU confines. UNSAFE: such a device can read and write all of memory. Needs CAP_SYS_RAWIO, taints the kernel, is of no use for virtual machines. (default: false)");
#endif

static int __init vfio_init(void)
{
	int ret;

	ret = vfio_group_init();
	if (ret)
		return ret;

	ret = vfio_virqfd_init();
	if (ret)
		goto cleanup_group;

	ret = vfio_device_class_init();
	if (ret)
		goto exit_virqfd;

	vfio_debugfs_create_root();
	pr_info("VFIO - User Level meta-driver version: " VFIO_VERSION "\n");
	return 0;

exit_virqfd:
	vfio_virqfd_exit();
cleanup_group:
	vfio_group_cleanup();
	return ret;
}

static void __exit vfio_exit(void)
{
	vfio_debugfs_remove_root();
	vfio_device_class_exit();
	vfio_virqfd_exit();
	vfio_group_cleanup();
}

module_init(vfio_init);
module_exit(vfio_exit);

MODULE_IMPORT_NS(IOMMUFD);
MODULE_VERSION(VFIO_VERSION);
MODULE_LICENSE("GPL");
MODULE_AUTHOR("The VFIO developers <kvm@vger.kernel.org>");
MODULE_DESCRIPTION("VFIO - device assignment to user space");
MODULE_SOFTDEP("post: vfio_iommu_type1 vfio_iommu_spapr_tce");
