# SPDX-License-Identifier: GPL-2.0-only
title="vfio-ccw: channel programs on a 3270 and a virtio device, every way in"
timeout=600
programs="vfio/vfio_ccw_test vfio/vfio_holder"
modules="drivers/s390/cio/vfio_ccw"
. tools/testing/bed/suites/ccw.inc

# taken_from KIND SUBCHANNEL: a program that has a mediated device of it by KIND
# (of vfio_holder) does not let go when it is removed, and a second one has it then.
taken_from()
{
	r_kind=$1 r_types=$2/mdev_supported_types/vfio_ccw-io
	r_guid=83b8f4f2-509f-382f-3c1e-e6bfe0fa1008
	r_dir=/sys/bus/mdev/devices/$r_guid

	echo $r_guid >$r_types/create
	: >/tmp/holder
	vfio_holder $r_kind $r_dir ignore 60000 >/tmp/holder 2>&1 &
	r_pid=$!
	t_check "$r_kind: a program holds it" wait_for 30 grep -q holding /tmp/holder
	echo 1 >"$(ls -d $r_dir/vfio-dev/vfio*)/revoke_timeout"
	t_check "$r_kind: removed all the same" sh -c "echo 1 >$r_dir/remove"
	t_check "$r_kind: made anew" sh -c "echo $r_guid >$r_types/create"
	t_check "$r_kind: and given to somebody else" vfio_holder $r_kind $r_dir ignore 10
	echo 1 >$r_dir/remove
	kill $r_pid
	wait $r_pid
}

guest()
{
	t_check "vfio_ccw loads" modprobe vfio_ccw
	vfio_ccw_test
	set -- /sys/bus/css/drivers/vfio_ccw/0.*
	if [ -e /sys/module/vfio/parameters/revoke_timeout ]; then
		taken_from cdev $1
		taken_from type1 $1
	fi
	for d in /sys/bus/css/drivers/vfio_ccw/0.*; do
		id=${d##*/}
		echo >$d/driver_override
		t_check "$id: unbind" sh -c "echo $id >/sys/bus/css/drivers/vfio_ccw/unbind"
		echo $id >/sys/bus/css/drivers_probe
	done
	t_check "vfio_ccw unloads" rmmod vfio_ccw
}
