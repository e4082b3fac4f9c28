# SPDX-License-Identifier: GPL-2.0-only
title="VFIO files handed to KVM, and who holds the VM"
boot="edu"
# The base drops the VM at the second BIND of a device (defect 1).
trees="ours"
timeout=600
programs="vfio/vfio_kvm_test"
modules="samples/vfio-mdev/mtty arch/x86/kvm/kvm-amd"
devices=(-device edu,id=edu0,addr=5)

guest()
{
	t_check "mtty loads" modprobe mtty
	# The machine's CPU is emulated, and emulates SVM as well.
	t_check "kvm_amd loads" modprobe kvm_amd
	vfio_kvm_test
}
