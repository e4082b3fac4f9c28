# SPDX-License-Identifier: GPL-2.0-only
title="devices that are taken away, with Debian's own kernel: vfio-pci a module as well"
flavour="stock"
trees="ours"
timeout=1500
programs="vfio/vfio_revoke_test vfio/vfio_revoke_hostile_test vfio/vfio_why_test"
modules="drivers/vfio/vfio_iommu_type1 drivers/vfio/pci/vfio-pci samples/vfio-mdev/mtty"
append="intel_iommu=on"
# A function alone, and one that shares its group with a virtio function.
devices=(-device edu,id=edu0,addr=5
	 -device edu,id=edu1,addr=6.0,multifunction=on
	 -device virtio-rng-pci,addr=6.1,iommu_platform=on,disable-legacy=on)

guest()
{
	for m in vfio_iommu_type1 vfio-pci mtty; do
		t_check "$m loads" modprobe $m
	done
	vfio_revoke_test
	vfio_revoke_hostile_test
	vfio_why_test
	t_check "vfio-pci gives the function back" unbind_vfio 0000:00:05.0
	for m in mtty vfio-pci vfio-pci-core mdev vfio_iommu_type1 vfio; do
		t_check "$m unloads" rmmod $m
	done
}
