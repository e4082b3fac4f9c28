# SPDX-License-Identifier: GPL-2.0-only
title="boots on s390; vfio-ccw makes a mediated device"
arch="s390"
flavour="plain"
timeout=240
modules="drivers/s390/cio/vfio_ccw samples/vfio-mdev/mtty"
devices=(-device virtio-rng-ccw,devno=fe.0.0100)

guest()
{
	uuid=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001

	t_check "container node" test -c /dev/vfio/vfio
	t_check "mtty loads" modprobe mtty
	types=/sys/class/mdev_bus/mtty/mdev_supported_types
	t_check "create an mtty" sh -c "echo $uuid >$types/mtty-1/create"
	t_check "remove it" sh -c "echo 1 >/sys/bus/mdev/devices/$uuid/remove"
	t_check "vfio_ccw loads" modprobe vfio_ccw
	sch=$(readlink -f /sys/bus/ccw/devices/0.0.0100)
	sch=${sch%/*}
	id=${sch##*/}
	echo vfio_ccw >$sch/driver_override
	t_check "the subchannel leaves its driver" \
		sh -c "echo $id >$sch/driver/unbind"
	echo $id >/sys/bus/css/drivers_probe
	t_check "vfio_ccw has it" test -e /sys/bus/css/drivers/vfio_ccw/$id
	types=$sch/mdev_supported_types
	t_eq "one free instance" "$(cat $types/vfio_ccw-io/available_instances)" 1
	t_check "create a vfio-ccw device" \
		sh -c "echo $uuid >$types/vfio_ccw-io/create"
	t_eq "no free instance" "$(cat $types/vfio_ccw-io/available_instances)" 0
	t_check "it has a cdev" sh -c "ls /dev/vfio/devices/vfio*"
	t_check "remove it again" \
		sh -c "echo 1 >/sys/bus/mdev/devices/$uuid/remove"
	t_eq "free again" "$(cat $types/vfio_ccw-io/available_instances)" 1
}
