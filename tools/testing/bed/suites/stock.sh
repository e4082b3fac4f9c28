# SPDX-License-Identifier: GPL-2.0-only
title="Debian's own kernel with our modules in it: vfio-pci, mdev, group and container"
flavour="stock"
trees="ours"
timeout=600
programs="vfio/vfio_group_test vfio/vfio_container_test vfio/vfio_mdma_test"
modules="drivers/vfio/vfio_iommu_type1 drivers/vfio/pci/vfio-pci samples/vfio-mdev/mtty samples/vfio-mdev/mdma"
append="intel_iommu=on"
devices=(-device edu,id=edu0,addr=5)

ours() { grep -q "$1.*\[$2\]" /proc/kallsyms; }

guest()
{
	uuid=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
	bus=/sys/bus/mdev/devices

	for m in vfio_iommu_type1 vfio-pci mtty mdma; do
		t_check "$m loads" modprobe $m
	done
	t_check "the vfio that runs is ours" ours vfio_device_try_get vfio
	t_check "the mdev that runs is ours" ours mdev_type_take_instance mdev
	t_check "no cdevs without iommufd" test ! -e /dev/vfio/devices

	types=/sys/class/mdev_bus/mtty/mdev_supported_types
	free=$(cat $types/mtty-2/available_instances)
	t_check "create an mtty" sh -c "echo $uuid >$types/mtty-2/create"
	t_errno "a second one of that GUID" EEXIST sh -c "echo $uuid >$types/mtty-1/create"
	t_check "remove it" sh -c "echo 1 >$bus/$uuid/remove"
	t_eq "its instances are free" "$(cat $types/mtty-2/available_instances)" $free
	types=/sys/class/mdev_bus/mdma/mdev_supported_types
	t_eq "mdma needs no iommufd" "$(echo $(ls $types))" "mdma-core mdma-own"
	t_check "create an mdma" sh -c "echo $uuid >$types/mdma-core/create"
	t_check "it has a group" test -c "/dev/vfio/$(basename "$(readlink $bus/$uuid/iommu_group)")"
	t_check "remove it" sh -c "echo 1 >$bus/$uuid/remove"

	vfio_group_test
	vfio_container_test
	vfio_mdma_test

	t_check "vfio-pci gives the function back" unbind_vfio 0000:00:05.0
	for m in mdma mtty vfio-pci vfio-pci-core mdev vfio_iommu_type1 vfio; do
		t_check "$m unloads" rmmod $m
	done
}
