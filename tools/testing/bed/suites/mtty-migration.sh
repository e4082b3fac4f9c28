# SPDX-License-Identifier: GPL-2.0-only
title="migration and DMA logging with the mtty sample, through cdev and group"
boot="functions"
timeout=500
trees="ours"
programs="vfio/vfio_mtty_migration_test"
modules="samples/vfio-mdev/mtty"

guest()
{
	t_check "mtty loads" modprobe mtty
	vfio_mtty_migration_test
	t_eq "no mdev is left" "$(ls /sys/bus/mdev/devices)" ""
	t_eq "debugfs has no device left" "$(ls /sys/kernel/debug/vfio)" ""
}
