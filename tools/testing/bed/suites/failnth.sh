# SPDX-License-Identifier: GPL-2.0-only
title="each allocation and user copy fails once: open, BIND, ATTACH, the group's calls"
timeout=900
smp=1
programs="vfio/vfio_fail_nth_test"
modules="samples/vfio-mdev/mtty"
devices=(-device edu,id=edu0,addr=5)

guest()
{
	modprobe mtty
	before=$(ls -R /dev/vfio)
	vfio_fail_nth_test
	t_check "vfio-pci gives the function back" unbind_vfio 0000:00:05.0
	t_eq "/dev/vfio is as it was" "$(ls -R /dev/vfio)" "$before"
}
