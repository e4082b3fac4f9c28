# SPDX-License-Identifier: GPL-2.0-only
title="the core alone, at many devices at a time"
memory="2G"
iommu="none"
smp=2
timeout=600
trees="insn time"
programs="parallel_cost write_cost"
modules="drivers/vfio/mdev/mdev"
extmods="tools/testing/bench/modules"

# What one and two workers need to put devices behind an IOMMU, for each device;
# of two, each has a CPU of its own where time is measured.
workers()
{
	iommu=/sys/kernel/debug/bench-iommu
	echo "- 0 1 $iommu add 16"
	echo "- 0 1 $iommu register"
	for i in 1 2 3 4 5 6; do
		for w in 1 2; do
			echo "iommu.workers.plug $w 512 $iommu add 512 $w"
			echo "- 0 1 $iommu del 512"
		done
	done
}

run()
{
	"$@" || echo "! $1: $?"
}

guest()
{
	types=/sys/class/mdev_bus/bench/mdev_supported_types/bench-null

	dmesg -n 6
	modprobe mdev
	for m in mdev iommu; do
		insmod /lib/modules/bench_$m.ko || echo "! bench_$m does not load"
	done
	i=0
	while [ $((i += 1)) -le 64 ]; do
		guid=$(printf '6c1ab1a3-4d0c-4c0e-9d0c-%012x' $i)
		echo $guid >$types/create
		echo /sys/bus/mdev/devices/$guid
	done >/tmp/devices
	run parallel_cost mdev 6 $(cat /tmp/devices)
	workers >/tmp/plan
	run write_cost </tmp/plan
	dmesg -n 7
}
