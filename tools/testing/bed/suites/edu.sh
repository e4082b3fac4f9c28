# SPDX-License-Identifier: GPL-2.0-only
title="a PCI function at work: DMA, interrupts, regions, through vfio-pci"
boot="one-cpu"
timeout=420
smp=1
programs="vfio/vfio_edu_test vfio/vfio_irq_test"
# One on the root bus, one behind a port of its own: that one can be reset.
devices=(-device edu,id=edu0,addr=5
	 -device pcie-root-port,id=rp0,chassis=1,addr=6
	 -device edu,id=edu1,bus=rp0)

guest()
{
	behind_port=$(ls -d /sys/bus/pci/devices/0000:00:06.0/0000:??:??.?) || return
	behind_port=${behind_port##*/}
	t_check "vfio-pci takes the first function" bind_vfio 0000:00:05.0
	t_check "vfio-pci takes the second function" bind_vfio "$behind_port"
	VFIO_TEST_PCI=0000:00:05.0 vfio_edu_test
	VFIO_TEST_PCI=0000:00:05.0 vfio_irq_test
	echo "# the function behind the port"
	export VFIO_TEST_PCI="$behind_port"
	t_check "behind a port: reset and hot reset info" \
		vfio_edu_test -t reset_and_hot_reset_info
	t_check "behind a port: DMA" vfio_edu_test -t dma_both_ways
	unset VFIO_TEST_PCI
	t_check "vfio-pci gives the first function back" unbind_vfio 0000:00:05.0
	t_check "vfio-pci gives the second function back" unbind_vfio "$behind_port"
	t_eq "no cdev is left" "$(ls /dev/vfio/devices)" ""
	t_eq "no group is left" "$(ls /dev/vfio | grep -v -e '^vfio$' -e '^devices$')" ""
}
