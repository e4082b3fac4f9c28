# SPDX-License-Identifier: GPL-2.0-only
title="the ioctls of a 32-bit program: group, container, cdev, device"
# The flavour that runs 32-bit programs.
flavour="csan"
timeout=300
programs="vfio/vfio_ioctl32_test"
modules="samples/vfio-mdev/mtty"

guest()
{
	uuid=83b8f4f2-509f-382f-3c1e-e6bfe0fa1032
	dev=/sys/bus/mdev/devices/$uuid

	t_check "mtty loads" modprobe mtty
	echo $uuid >/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/create
	vfio_ioctl32_test /dev/vfio/devices/$(ls $dev/vfio-dev) \
		/dev/vfio/$(basename "$(readlink $dev/iommu_group)") $uuid
	t_check "remove the device" sh -c "echo 1 >$dev/remove"
}
