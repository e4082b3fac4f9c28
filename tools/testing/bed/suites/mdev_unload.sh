# SPDX-License-Identifier: GPL-2.0-only
title="mediated devices: mtty and mdev unload under two writers"
# The samples' static struct device forbids this where releases are delayed.
flavour="plain"
timeout=240
modules="samples/vfio-mdev/mtty samples/vfio-mdev/mdpy"

# Create and remove until told to stop; $1 keeps the GUIDs apart.
writer()
{
	n=0
	while [ ! -e /tmp/stop ]; do
		n=$((n + 1))
		id=$(printf '%08x-0000-4000-8000-%012x' $1 $n)
		echo $id >$types/mtty-1/create || continue
		echo 1 >$bus/$id/remove
	done
	echo $n >/tmp/writer.$1
}

guest()
{
	types=/sys/class/mdev_bus/mtty/mdev_supported_types
	bus=/sys/bus/mdev/devices

	modprobe mtty
	modprobe mdpy
	writer 1 2>/dev/null &
	writer 2 2>/dev/null &
	i=0
	failed=0
	while [ $i -lt 20 ]; do
		sleep 0.2
		rmmod mtty && [ ! -e /sys/devices/virtual/mtty ] &&
			modprobe mtty || failed=$((failed + 1))
		i=$((i + 1))
	done
	touch /tmp/stop
	wait
	t_eq "20 times mtty went and came back" $failed 0
	t_check "the writers got through" \
		test $(($(cat /tmp/writer.1) + $(cat /tmp/writer.2))) -gt 40
	t_eq "no device is left" "$(ls $bus)" ""
	t_eq "all ports are free" "$(cat $types/mtty-1/available_instances)" 24

	echo 83b8f4f2-509f-382f-3c1e-000000000001 >$types/mtty-2/create
	t_check "mtty goes with a device alive" rmmod mtty
	t_eq "so does the device" "$(ls $bus)" ""
	t_check "mdpy goes" rmmod mdpy
	t_check "nothing holds mdev" rmmod mdev
	t_check "the bus is gone" test ! -e /sys/bus/mdev
	t_check "the class is gone" test ! -e /sys/class/mdev_bus
	t_check "all of it comes back" modprobe mtty
	t_check "and works" sh -c \
		"echo 83b8f4f2-509f-382f-3c1e-000000000001 >$types/mtty-2/create"
}
