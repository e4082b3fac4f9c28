# SPDX-License-Identifier: GPL-2.0-only
title="boots; VFIO, IOMMU groups and the sample mediated devices are there"
boot="edu"
timeout=180
modules="samples/vfio-mdev/mtty samples/vfio-mdev/mdpy samples/vfio-mdev/mbochs"
devices=(-device edu,id=edu0,addr=5)

guest()
{
	t_check "container node" test -c /dev/vfio/vfio
	t_check "iommufd node" test -c /dev/iommu
	t_check "iommu groups exist" test -d /sys/kernel/iommu_groups/0
	t_check "edu has a group" test -e /sys/bus/pci/devices/0000:00:05.0/iommu_group
	t_check "vfio-pci binds" bind_vfio 0000:00:05.0
	t_check "group node" test -c "/dev/vfio/$(group_of 0000:00:05.0)"
	t_check "cdev node" test -c "/dev/vfio/devices/$(vfio_dev 0000:00:05.0)"
	t_check "vfio-pci unbinds" unbind_vfio 0000:00:05.0
	for m in mtty mdpy mbochs; do
		t_check "$m loads" modprobe $m
	done
	types=/sys/class/mdev_bus/mtty/mdev_supported_types
	uuid=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
	t_eq "mtty has two types" "$(ls $types | wc -l)" 2
	t_check "create an mtty" sh -c "echo $uuid >$types/mtty-2/create"
	t_check "it is on the bus" test -d /sys/bus/mdev/devices/$uuid
	t_check "remove it" sh -c "echo 1 >/sys/bus/mdev/devices/$uuid/remove"
	t_check "the monitor answers" sh -c '. /lib/bed.sh; hmp info version | grep -q "^[0-9]"'
}
