# SPDX-License-Identifier: GPL-2.0-only
title="the main job: QEMU 10 boots a guest on an NVMe function and two mediated devices"
flavour="plain"
timeout=600
memory=2G
root="deb13"
modules="samples/vfio-mdev/mtty"

. tools/run/guest/mainjob.sh

# The nested guest runs a plain kernel of the same tree.
nested_kernel=$(tools/testing/bed/kernel --dir TREE=${BED_TREE:-ours} FLAVOUR=plain)/arch/x86/boot/bzImage
disk=$(tools/run/disk)
files="/nested/bzImage=$nested_kernel /nested/init=tools/run/guest/nested-init /nested/disk.sum=$disk.sum"
devices=(-drive "file=${MAINJOB_DISK:-$disk},if=none,id=disk,format=raw,snapshot=${MAINJOB_SNAPSHOT:-on}"
	 -device nvme,drive=disk,serial=vfio-main-job,addr=2)

guest()
{
	mainjob
}
