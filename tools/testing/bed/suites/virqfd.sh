# SPDX-License-Identifier: GPL-2.0-only
title="the life of a virqfd: events, removals and closes that race"
boot="edu"
timeout=800
trees="ours base"
smp=2
programs="vfio/vfio_virqfd_test"
devices=(-device edu,id=edu0,addr=5)

guest()
{
	t_check "vfio-pci takes the function" bind_vfio 0000:00:05.0
	VFIO_TEST_PCI=0000:00:05.0 vfio_virqfd_test
	t_check "vfio-pci gives the function back" unbind_vfio 0000:00:05.0
}
