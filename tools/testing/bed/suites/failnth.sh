# SPDX-License-Identifier: GPL-2.0-only
title="each allocation and user copy fails once: open, BIND, ATTACH, the group's calls"
timeout=900
smp=1
programs="vfio/vfio_fail_nth_test"
modules="samples/vfio-mdev/mtty"
# A function without an interrupt pin: ACPICA, asked for the routing of one,
# frees an object too early when its memory runs out.
devices=(-object memory-backend-ram,id=m0,size=1M
	 -device ivshmem-plain,memdev=m0,addr=5)

guest()
{
	modprobe mtty
	before=$(ls -R /dev/vfio)
	VFIO_TEST_PCI=0000:00:05.0 vfio_fail_nth_test
	t_check "vfio-pci gives the function back" unbind_vfio 0000:00:05.0
	t_eq "/dev/vfio is as it was" "$(ls -R /dev/vfio)" "$before"
}
