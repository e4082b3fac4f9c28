# SPDX-License-Identifier: GPL-2.0-only
title="the main job: QEMU 10 boots a guest on an NVMe function and two mediated devices"
flavour="plain"
timeout=900
memory=2G
root="deb13"
modules="samples/vfio-mdev/mtty"
# Emulated twice on a busy machine, a CPU can be away for long.
append="rcupdate.rcu_cpu_stall_timeout=200"

. tools/run/guest/mainjob.sh

# The nested guest runs a plain kernel of the same tree; PVH spares it unpacking
# a bzImage.
nested_kernel=$(tools/testing/bed/kernel --dir TREE=${BED_TREE:-ours} FLAVOUR=plain)/vmlinux
disk=$(tools/run/disk)
files="/nested/vmlinux=$nested_kernel /nested/init=tools/run/guest/nested-init /nested/disk.sum=$disk.sum"
devices=(-drive "file=${MAINJOB_DISK:-$disk},if=none,id=disk,format=raw,snapshot=${MAINJOB_SNAPSHOT:-on}"
	 -device nvme,drive=disk,serial=vfio-main-job,addr=2)

guest()
{
	mainjob
}
