# SPDX-License-Identifier: GPL-2.0-only
title="a regression test for each defect of locks and references, by number"
# The base fails every one of them, and may hang in number 3.
trees="ours"
timeout=900
append="kasan_multi_shot"
programs="vfio/vfio_kvm_test vfio/vfio_defects_test vfio/vfio_mdma_lock_test"
modules="samples/vfio-mdev/mtty samples/vfio-mdev/mdma arch/x86/kvm/kvm-amd"
[ "$BED_TREE" != base ] || modules=${modules/samples\/vfio-mdev\/mdma/}
# Two functions behind one port are reset together, and are one group.
devices=(-device edu,id=edu0,addr=5
	 -device pcie-root-port,id=rp0,chassis=1,addr=6
	 -device edu,id=edu1,bus=rp0,addr=0.0,multifunction=on
	 -device edu,id=edu2,bus=rp0,addr=0.1)

guest()
{
	t_check "mtty loads" modprobe mtty
	t_check "kvm_amd loads" modprobe kvm_amd
	vfio_kvm_test -t defect_1_second_bind_keeps_the_vm
	vfio_defects_test
	modprobe mdma
	vfio_mdma_lock_test
}
