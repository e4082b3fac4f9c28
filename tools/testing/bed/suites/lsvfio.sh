# SPDX-License-Identifier: GPL-2.0-only
title="lsvfio: groups, what makes one not viable, who has what open, mediated devices"
boot="functions"
timeout=300
trees="ours base"
programs="vfio/lsvfio vfio/vfio_holder"
modules="samples/vfio-mdev/mtty"
# One function alone, and one that shares its group with a virtio function.
devices=(-device edu,id=edu0,addr=5
	 -device edu,id=edu1,addr=6.0,multifunction=on
	 -device virtio-rng-pci,addr=6.1,iommu_platform=on,disable-legacy=on)

# shows TEXT LSVFIO-ARGUMENTS...
shows()
{
	s_text=$1
	shift
	lsvfio "$@" >/tmp/out 2>&1 || cat /tmp/out
	grep -q -- "$s_text" /tmp/out || { cat /tmp/out; return 1; }
}

hides() { ! shows "$@"; }
says_holding() { grep -q holding /tmp/holder; }

guest()
{
	uuid=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
	modprobe mtty
	t_check "without -a nothing, as VFIO has nothing" hides "^group"
	t_check "-a shows the group of a function" shows 0000:00:05.0 -a
	t_check "vfio-pci takes the first function" bind_vfio 0000:00:05.0
	t_check "vfio-pci takes the second function" bind_vfio 0000:00:06.0
	good=$(group_of 0000:00:05.0) bad=$(group_of 0000:00:06.0)
	t_check "the group, its node, and that it is viable" \
		shows "^group $good .*/dev/vfio/$good  viable"
	t_check "the device and its cdev" \
		shows "0000:00:05.0 .*vfio-pci .*/dev/vfio/devices/$(vfio_dev 0000:00:05.0) .*dmar"
	t_check "a group that is not viable" shows "^group $bad .*NOT VIABLE"
	t_check "who stands in the way" shows "0000:00:06.1 is bound to virtio-pci"
	echo 0000:00:06.1 >/sys/bus/pci/devices/0000:00:06.1/driver/unbind
	t_check "viable when he is gone" shows "^group $bad .*  viable" $bad

	vfio_holder cdev /sys/bus/pci/devices/0000:00:05.0 >/tmp/holder 2>&1 &
	pid=$!
	wait_for 30 says_holding
	t_check "who has the cdev open" shows "open by $pid (vfio_holder)" 0000:00:05.0
	t_check "JSON: the same" shows "\"pid\": $pid, \"command\": \"vfio_holder\"" --json
	kill $pid
	wait $pid
	vfio_holder type1 /sys/bus/pci/devices/0000:00:06.0 >/tmp/holder 2>&1 &
	pid=$!
	wait_for 30 says_holding
	t_check "who has a group open" shows "^    open by $pid (vfio_holder)" $bad
	kill $pid
	wait $pid
	t_check "nobody has it any more" hides "open by" $bad

	t_check "types" shows "mtty-2 .*vfio-pci .*12 left  Dual port serial"
	echo $uuid >/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-2/create
	t_check "one left less" shows "mtty-2 .*11 left" mtty
	t_check "its GUID" shows "^    $uuid" mtty
	t_check "its group" shows "^group .*vfio-noiommu.*viable" $uuid
	t_check "a graph" shows "^digraph" --dot
	t_errno "nothing of that name" "no such group or device" /usr/lib/bed/programs/lsvfio nothing
	echo 1 >/sys/bus/mdev/devices/$uuid/remove
}
