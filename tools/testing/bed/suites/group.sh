# SPDX-License-Identifier: GPL-2.0-only
title="the group file, with a container and with an iommufd in its place"
boot="functions"
# The base lets UNSET_CONTAINER through while a device is open under iommufd.
trees="ours"
timeout=900
programs="vfio/vfio_group_test vfio/vfio_compat_test vfio/vfio_viable_test"
modules="samples/vfio-mdev/mtty"
# A function alone, and one that shares its group with a virtio function.
devices=(-device edu,id=edu0,addr=5
	 -device edu,id=edu1,addr=6.0,multifunction=on
	 -device virtio-rng-pci,addr=6.1,iommu_platform=on,disable-legacy=on)

guest()
{
	t_check "mtty loads" modprobe mtty
	vfio_group_test
	vfio_compat_test
	vfio_viable_test
}
