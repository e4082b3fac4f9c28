# SPDX-License-Identifier: GPL-2.0-only
title="the core alone: mediated devices and an IOMMU with nothing behind them"
memory="4G"
iommu="none"
timeout=1500
smp=1
trees="insn time"
programs="mdev_cost vfio_cost write_cost"
modules="drivers/vfio/mdev/mdev"
extmods="tools/testing/bench/modules"

# sample NAME X OPERATIONS COMMAND...: a line for write_cost
sample()
{
	s_head="$1 $2 $3"
	shift 3
	echo "$s_head /sys/kernel/debug/$module $*"
}

groups_and_domains()
{
	module=bench-iommu
	alive=0
	for x in 16 256 4096; do
		sample - $x 1 add $((x - alive))
		alive=$x
		# More than once, as what others have left to be done falls into some.
		for i in 1 2; do
			sample iommu.register $x $x register
			sample iommu.unregister $x $x unregister
		done
		sample iommu.register $x $x register
		for i in 1 2 3 4; do
			sample iommu.plug $x 8 add 8
			sample iommu.unplug $x 8 del 8
			sample iommu.lookup $x 500 lookup 500
			sample iommu.attach $x 200 attach 200
			sample iommu.claim $x 200 claim 200
		done
		sample iommu.unregister $x $x unregister
	done
	sample - 0 1 register
	for i in 1 2 3 4; do
		sample log.line 1 200 say 200
		sample iommu.map 4096 500 map 4096 500
		sample iommu.map 2031616 200 map 2031616 200
		sample iommu.map 2097152 200 map 2097152 200
	done
}

# guids N: names of mediated devices
guids()
{
	i=0
	while [ $((i += 1)) -le $1 ]; do
		printf '6c1ab1a3-4d0c-4c0e-9d0c-%012x\n' $i
	done
}

# A parent goes, with its devices, and comes back.
parents()
{
	parent=/sys/module/bench_mdev/parameters/parent
	# A few devices do not give whole pages back.
	for x in 256 1024 4096; do
		guids $x | sed "s|^|- 0 1 $types/create |"
		echo "mdev.parent-gone $x $x $parent 0"
		echo "- 0 1 $parent 1"
	done
}

# The youngest first: the other order takes the base minutes.
nodes()
{
	module=bench-nodes
	for x in 1000 8000; do
		sample - $x 1 create $((x - ${alive:-0}))
		alive=$x
		for i in 1 2 3 4 5 6 7 8; do
			sample nodes.create $x 64 create 64
			sample nodes.remove $x 64 remove 64
		done
	done
	sample - 0 1 remove 8000
}

run()
{
	"$@" || echo "! $1: $?"
}

guest()
{
	types=/sys/class/mdev_bus/bench/mdev_supported_types/bench-null
	guid=6c1ab1a3-4d0c-4c0e-9d0c-2c6b5f1f0001

	# What each of thousands of devices says is not what is measured.
	dmesg -n 6
	modprobe mdev
	for m in mdev iommu nodes; do
		insmod /lib/modules/bench_$m.ko || echo "! bench_$m does not load"
	done
	echo $guid >$types/create
	run vfio_cost /sys/bus/mdev/devices/$guid mdev pin
	echo 1 >/sys/bus/mdev/devices/$guid/remove
	parents >/tmp/plan
	run write_cost </tmp/plan
	groups_and_domains >/tmp/plan
	run write_cost </tmp/plan
	rmmod bench_iommu
	(alive=0; nodes) >/tmp/plan
	run write_cost </tmp/plan
	run mdev_cost $types "${BENCH_N:-30000}"
	dmesg -n 7
}
