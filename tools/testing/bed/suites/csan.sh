# SPDX-License-Identifier: GPL-2.0-only
title="storms on a kernel that looks for data races, which runs 32-bit programs as well"
flavour="csan"
trees="ours"
timeout=1200
programs="vfio/mdev_race_test vfio/vfio_rebind_test vfio/vfio_unregister_test vfio/vfio_virqfd_test
	vfio/vfio_mdma_life_test vfio/vfio_revoke_hostile_test vfio/vfio_fake_revoke_test
	vfio/vfio_ioctl32_test vfio/vfio_ioas_exec"
extmods="tools/testing/selftests/vfio/modules"
modules="samples/vfio-mdev/mtty samples/vfio-mdev/mdma arch/x86/kvm/kvm-amd"
devices=(-device edu,id=edu0,addr=5)
# The kernel has races of its own that it knows of; only ours count.
expect_splat='KCSAN: data-race in (?!.*(?:vfio|mdev|mdma))'

ioctls_of_32_bits()
{
	uuid=83b8f4f2-509f-382f-3c1e-e6bfe0fa1032
	dev=/sys/bus/mdev/devices/$uuid

	echo $uuid >/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/create
	/usr/lib/bed/programs/vfio_ioas_exec vfio_ioctl32_test \
		/dev/vfio/devices/$(ls $dev/vfio-dev) \
		/dev/vfio/$(basename "$(readlink $dev/iommu_group)") $uuid
	t_check "remove the device" sh -c "echo 1 >$dev/remove"
}

guest()
{
	t_check "mtty loads" modprobe mtty
	t_check "mdma loads" modprobe mdma
	t_check "kvm_amd loads" modprobe kvm_amd
	ioctls_of_32_bits
	mdev_race_test
	VFIO_TEST_PCI=0000:00:05.0 vfio_rebind_test
	vfio_unregister_test
	VFIO_TEST_PCI=0000:00:05.0 vfio_virqfd_test
	vfio_mdma_life_test
	vfio_revoke_hostile_test
	t_check "vfio_fake loads" insmod /lib/modules/vfio_fake.ko
	vfio_fake_revoke_test
}
