# SPDX-License-Identifier: GPL-2.0-only
title="mediated devices: the last instance, and a driver's limit of none"
boot="functions"
trees="ours"
timeout=180
modules="samples/vfio-mdev/mdpy"

guest()
{
	types=/sys/class/mdev_bus/mdpy/mdev_supported_types
	bus=/sys/bus/mdev/devices
	stem=83b8f4f2-509f-382f-3c1e

	modprobe mdpy count=2
	t_check "first" sh -c "echo $stem-000000000001 >$types/mdpy-vga/create"
	t_check "last" sh -c "echo $stem-000000000002 >$types/mdpy-hd/create"
	for t in vga xga hd; do
		t_eq "none of $t left" "$(cat $types/mdpy-$t/available_instances)" 0
		t_errno "exhausted: $t" EUSERS \
			sh -c "echo $stem-000000000003 >$types/mdpy-$t/create"
	done
	t_errno "exhausted, and in use" EEXIST \
		sh -c "echo $stem-000000000001 >$types/mdpy-vga/create"
	t_check "nothing came of it" test ! -e $bus/$stem-000000000003
	t_check "the refusal is explained" \
		sh -c "dmesg | grep -q 'mdev $stem-000000000003 of type mdpy-hd not created: no instance is left'"
	t_check "one goes" sh -c "echo 1 >$bus/$stem-000000000001/remove"
	t_check "another comes at once" \
		sh -c "echo $stem-000000000003 >$types/mdpy-xga/create"
}
