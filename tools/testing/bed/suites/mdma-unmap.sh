# SPDX-License-Identifier: GPL-2.0-only
title="mdma: unmap, replace, detach, reset, close and exit while DMA is running, or stalled"
boot="mdev"
timeout=1500
trees="ours"
programs="vfio/vfio_mdma_unmap_test vfio/vfio_mdma_life_test vfio/vfio_mdma_stall_test"
modules="samples/vfio-mdev/mdma"

skip_if()
{
	[ "$BED_TREE" != base ] || echo "the base has no mdma"
}

guest()
{
	t_check "mdma loads" modprobe mdma
	vfio_mdma_unmap_test
	vfio_mdma_life_test
	vfio_mdma_stall_test
	t_check "nothing left on the bus" sh -c \
		'[ -z "$(ls /sys/bus/mdev/devices)" ]'
}
