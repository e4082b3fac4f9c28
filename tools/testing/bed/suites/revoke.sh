# SPDX-License-Identifier: GPL-2.0-only
title="devices that are taken away from those who do not let go"
boot="functions"
# The base waits for them for ever.
trees="ours"
timeout=1500
programs="vfio/vfio_revoke_test vfio/vfio_revoke_hostile_test vfio/vfio_why_test"
modules="samples/vfio-mdev/mtty arch/x86/kvm/kvm-amd"
# A function alone, and one that shares its group with a virtio function.
devices=(-device edu,id=edu0,addr=5
	 -device edu,id=edu1,addr=6.0,multifunction=on
	 -device virtio-rng-pci,addr=6.1,iommu_platform=on,disable-legacy=on)

guest()
{
	t_check "mtty loads" modprobe mtty
	t_check "kvm_amd loads" modprobe kvm_amd
	vfio_revoke_test
	vfio_revoke_hostile_test
	vfio_why_test
}
