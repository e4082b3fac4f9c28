# SPDX-License-Identifier: GPL-2.0-only
title="PCI functions behind an IOMMU: bind, open, map, 64 virtual functions"
memory="2G"
timeout=900
smp=1
trees="insn time"
programs="map_cost parallel_cost vfio_cost write_cost"
devices=(-device edu,id=edu0,addr=5
	 -device pcie-root-port,id=rp0,chassis=1,addr=6
	 -device nvme-subsys,id=subsys0
	 -device "nvme,serial=vfs,subsys=subsys0,bus=rp0,max_ioqpairs=130,sriov_max_vfs=64,sriov_vq_flexible=128,sriov_vi_flexible=64")

run()
{
	"$@" || echo "! $1: $?"
}

binding()
{
	for i in 1 2 3 4 5 6 7 8; do
		echo "pci.bind 1 1 /sys/bus/pci/drivers/vfio-pci/bind $edu"
		echo "pci.unbind 1 1 /sys/bus/pci/drivers/vfio-pci/unbind $edu"
	done
	echo "- 1 1 /sys/bus/pci/drivers/vfio-pci/bind $edu"
}

# bind_functions: they take the driver that is named, when they are told to
bind_functions()
{
	for vf in $pf/virtfn*; do
		name=$(readlink $vf)
		echo "- 64 1 $vf/driver_override vfio-pci"
		echo "vf.bind 64 1 /sys/bus/pci/drivers/vfio-pci/bind ${name##*/}"
	done
}

unbind_functions()
{
	for vf in $pf/virtfn*; do
		name=$(readlink $vf)
		echo "vf.unbind 64 1 /sys/bus/pci/drivers/vfio-pci/unbind ${name##*/}"
	done
}

guest()
{
	pci=/sys/bus/pci/devices
	edu=0000:00:05.0

	dmesg -n 6
	echo vfio-pci >$pci/$edu/driver_override
	binding >/tmp/plan
	run write_cost </tmp/plan
	run env BENCH_ROUNDS=8 vfio_cost $pci/$edu pci
	run map_cost $pci/$edu

	pf=$(ls -d $pci/0000:00:06.0/0000:??:??.?)
	echo 0 >$pf/sriov_drivers_autoprobe
	echo "vf.enable 64 64 $pf/sriov_numvfs 64" >/tmp/plan
	run write_cost </tmp/plan
	bind_functions >/tmp/plan
	run write_cost </tmp/plan
	run parallel_cost vf 5 $pf/virtfn*
	unbind_functions >/tmp/plan
	run write_cost </tmp/plan
	echo "vf.disable 64 64 $pf/sriov_numvfs 0" >/tmp/plan
	run write_cost </tmp/plan
	dmesg -n 7
}
