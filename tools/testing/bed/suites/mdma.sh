# SPDX-License-Identifier: GPL-2.0-only
title="mdma: DMA of a mediated device by pinned pages, dma_rw and an access of its own"
boot="functions"
timeout=900
trees="ours"
programs="vfio/vfio_mdma_test"
modules="samples/vfio-mdev/mdma"

skip_if()
{
	[ "$BED_TREE" != base ] || echo "the base has no mdma"
}

guest()
{
	uuid=5d1c86a4-7b1c-4a0c-9d0e-2f9f4f1d0a01
	types=/sys/class/mdev_bus/mdma/mdev_supported_types

	t_check "mdma loads" modprobe mdma
	t_eq "two types" "$(echo $(ls $types))" "mdma-core mdma-own"
	t_eq "device_api" "$(cat $types/mdma-own/device_api)" vfio-platform
	t_eq "instances" "$(cat $types/mdma-own/available_instances)" 64
	vfio_mdma_test
	t_check "nothing left on the bus" sh -c \
		'[ -z "$(ls /sys/bus/mdev/devices)" ]'

	# the parent goes, its devices with it, and comes back
	t_check "create a device" sh -c "echo $uuid >$types/mdma-own/create"
	t_check "unbind the parent" sh -c \
		'echo mdma >/sys/bus/platform/drivers/mdma/unbind'
	t_check "its device is gone" test ! -e /sys/bus/mdev/devices/$uuid
	t_check "its types are gone" test ! -e $types
	t_check "bind the parent" sh -c \
		'echo mdma >/sys/bus/platform/drivers/mdma/bind'
	t_check "create it again" sh -c "echo $uuid >$types/mdma-core/create"
	t_check "remove it" sh -c "echo 1 >/sys/bus/mdev/devices/$uuid/remove"
	t_check "unload" rmmod mdma
	t_check "its parent is gone" test ! -e /sys/class/mdev_bus/mdma
}
