# SPDX-License-Identifier: GPL-2.0-only
title="each allocation fails once while a device is registered with VFIO"
boot="one-cpu"
timeout=1200
smp=1
programs="vfio/vfio_fail_register_test"
modules="samples/vfio-mdev/mtty"
# The base has no mdma.
[ "${BED_TREE:-ours}" = base ] || modules="$modules samples/vfio-mdev/mdma"
devices=(-device edu,id=edu0,addr=5)

guest()
{
	modprobe mtty
	modprobe mdma
	vfio_fail_register_test
}
