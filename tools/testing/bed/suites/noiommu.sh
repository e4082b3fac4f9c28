# SPDX-License-Identifier: GPL-2.0-only
title="devices without an iommu, and the capability that they ask for"
trees="ours base"
timeout=600
iommu=none
programs="vfio/vfio_noiommu_test"
modules="samples/vfio-mdev/mtty"
devices=(-device edu,id=edu0,addr=5)

guest()
{
	t_check "mtty loads" modprobe mtty
	vfio_noiommu_test
}
