# SPDX-License-Identifier: GPL-2.0-only
title="mediated devices at work: the mtty, mdpy and mbochs samples"
boot="one-cpu"
timeout=400
smp=1
programs="vfio/vfio_mtty_test vfio/vfio_display_test"
modules="samples/vfio-mdev/mtty samples/vfio-mdev/mdpy samples/vfio-mdev/mbochs"

guest()
{
	for m in mtty mdpy mbochs; do
		t_check "$m loads" modprobe $m
	done
	vfio_mtty_test
	vfio_display_test
	t_eq "no mdev is left" "$(ls /sys/bus/mdev/devices)" ""
	t_eq "no cdev is left" "$(ls /dev/vfio/devices 2>/dev/null)" ""
}
