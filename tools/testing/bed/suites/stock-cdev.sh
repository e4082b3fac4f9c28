# SPDX-License-Identifier: GPL-2.0-only
title="Debian's own kernel, which has no iommufd, with our modules and the base's iommufd"
flavour="stockfd"
trees="ours"
timeout=600
programs="vfio/vfio_cdev_test vfio/vfio_attach_test"
modules="drivers/iommu/iommufd/iommufd drivers/vfio/vfio_iommu_type1
	drivers/vfio/pci/vfio-pci samples/vfio-mdev/mtty samples/vfio-mdev/mdma"
append="intel_iommu=on"
devices=(-device edu,id=edu0,addr=5)

guest()
{
	for m in iommufd vfio_iommu_type1 vfio-pci mtty mdma; do
		t_check "$m loads" modprobe $m
	done
	t_check "iommufd has its node" test -c /dev/iommu
	t_check "vfio-pci binds" bind_vfio 0000:00:05.0
	t_check "the device has a node of its own" test -c "/dev/vfio/devices/$(vfio_dev 0000:00:05.0)"
	vfio_cdev_test
	vfio_attach_test
	t_check "vfio-pci gives the function back" unbind_vfio 0000:00:05.0
	for m in mdma mtty vfio-pci vfio-pci-core mdev vfio_iommu_type1 vfio iommufd; do
		t_check "$m unloads" rmmod $m
	done
}
