# SPDX-License-Identifier: GPL-2.0-only
title="storms on a kernel that looks for data races"
flavour="csan"
trees="ours"
timeout=1500
programs="vfio/mdev_race_test vfio/vfio_cdev_test vfio/vfio_group_test vfio/vfio_rebind_test vfio/vfio_unregister_test vfio/vfio_virqfd_test vfio/vfio_mdma_life_test"
modules="samples/vfio-mdev/mtty samples/vfio-mdev/mdma"
devices=(-device edu,id=edu0,addr=5)
# The kernel has races of its own that it knows of; only ours count.
expect_splat='KCSAN: data-race in (?!.*(?:vfio|mdev|mdma))'

guest()
{
	modprobe mtty
	modprobe mdma
	mdev_race_test
	vfio_cdev_test
	vfio_group_test
	VFIO_TEST_PCI=0000:00:05.0 vfio_rebind_test
	vfio_unregister_test
	VFIO_TEST_PCI=0000:00:05.0 vfio_virqfd_test
	vfio_mdma_life_test
}
