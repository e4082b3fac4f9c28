# SPDX-License-Identifier: GPL-2.0-only
title="vfio-ccw: mdevctl, and QEMU 10 boots a guest on the subchannel of a 3270"
arch="s390"
flavour="plain"
timeout=600
memory=1G
root="deb13"
modules="drivers/s390/cio/vfio_ccw"
devices=(-chardev null,id=c3270 -device x-terminal3270,chardev=c3270,devno=fe.0.000a)
# CCW_NESTED_ALL=1: Linux in the second guest, too, not QEMU's firmware alone.
# Emulated twice on a busy machine, a CPU can be away for long.
append="rcupdate.rcu_cpu_stall_timeout=200 ${CCW_NESTED_ALL:+ccw.nested=all}"

. tools/run/guest/ccwjob.sh

nested_kernel=$(tools/testing/bed/kernel --dir TREE=${BED_TREE:-ours} ARCH=s390 FLAVOUR=plain)
files="/nested/bzImage=$nested_kernel/arch/s390/boot/bzImage.stored /nested/init=tools/run/guest/nested-ccw-init"

guest()
{
	ccwjob
}
