# SPDX-License-Identifier: GPL-2.0-only
title="devices that go while they are open: unplug, unbind, remove, rmmod"
timeout=900
programs="vfio/vfio_holder vfio/vfio_rebind_test"
modules="samples/vfio-mdev/mtty"
devices=(-device edu,id=edu9,addr=5
	 -device pcie-root-port,id=rp0,chassis=1,addr=6
	 -device edu,id=edu0,bus=rp0)

behind_port() { ls -d /sys/bus/pci/devices/0000:00:06.0/0000:??:??.? 2>/dev/null; }
plugged() { [ -n "$(behind_port)" ]; }
unplugged() { ! plugged; }
slot_bdf() { basename "$(behind_port)"; }
# A new function may go and come again until the slot's events are worked off.
bind_slot() { u_bdf=$(slot_bdf) && [ -n "$u_bdf" ] && bind_vfio "$u_bdf"; }
says_holding() { grep -q holding /tmp/holder; }

# unplug NAME HOLDER-ARGUMENTS...: the holder has it, the monitor takes it.
unplug()
{
	u_name=$1 u_kind=$2
	shift 2
	wait_for 30 bind_slot || { t_fail "$u_name: bound" "no function behind the port"; return; }
	u_group=$(group_of "$u_bdf")
	: >/tmp/holder
	vfio_holder "$u_kind" "/sys/bus/pci/devices/$u_bdf" "$@" >/tmp/holder 2>&1 &
	u_pid=$!
	t_check "$u_name: the holder has it" wait_for 30 says_holding
	hmp device_del edu0 | sed 's/^/# /'
	wait $u_pid
	t_eq "$u_name: the holder lets go as it was asked to" $? 0
	sed 's/^/# /' /tmp/holder
	t_check "$u_name: the function goes" wait_for 60 unplugged
	t_check "$u_name: the group node goes" wait_for 10 test ! -e "/dev/vfio/$u_group"
	t_eq "$u_name: no cdev is left" "$(ls /dev/vfio/devices 2>/dev/null)" ""
	hmp device_add edu,id=edu0,bus=rp0 | sed 's/^/# /'
	t_check "$u_name: the function comes back" wait_for 60 plugged
}

guest()
{
	modprobe mtty
	unplug "unplug, cdev" cdev
	unplug "unplug, group and type1" type1
	unplug "unplug, group and iommufd" iommufd
	unplug "unplug, cdev, request ignored" cdev ignore 4000
	unplug "unplug, group, request ignored" type1 ignore 4000
	t_check "the function works" wait_for 30 bind_slot
	VFIO_TEST_PCI=0000:00:05.0 vfio_rebind_test
}
