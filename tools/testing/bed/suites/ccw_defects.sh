# SPDX-License-Identifier: GPL-2.0-only
title="vfio-ccw: known defects; de-configured while open; races of bind, CRW, vary"
arch="s390"
timeout=900
programs="vfio/vfio_ccw_defects_test vfio/vfio_ccw_gone"
modules="drivers/s390/cio/vfio_ccw"
devices=(-chardev null,id=c3270 -device x-terminal3270,chardev=c3270,devno=fe.0.000a
	 -device virtio-rng-ccw,devno=fe.0.0102,id=rng0)

# The subchannel of a device number.
sch_of()
{
	for s in /sys/bus/css/devices/0.*; do
		[ "$(cat $s/dev_busid 2>/dev/null)" = $1 ] && echo ${s##*/} && return
	done
}

says_holding() { grep -q holding /tmp/gone; }
no_such_device() { [ -z "$(sch_of $1)" ]; }
is_device() { [ -n "$(sch_of $1)" ]; }

no_mdevs()
{
	for m in /sys/bus/mdev/devices/*; do
		[ -e $m/remove ] && echo 1 >$m/remove
	done
}

# The device goes while user space has it open (C5).
gone()
{
	no_mdevs
	: >/tmp/gone
	vfio_ccw_gone 0.0.0102 >/tmp/gone 2>&1 &
	g_pid=$!
	t_check "gone: it is open" wait_for 30 says_holding
	hmp device_del rng0 | sed 's/^/# /'
	wait $g_pid
	t_eq "gone: told, refused, closed" $? 0
	sed 's/^/# /' /tmp/gone
	t_check "gone: the subchannel goes" wait_for 60 no_such_device 0.0.0102
	hmp device_add virtio-rng-ccw,devno=fe.0.0102,id=rng0 | sed 's/^/# /'
	t_check "gone: it comes back" wait_for 60 is_device 0.0.0102
}

# A subchannel that no other driver had before (defect 8: csense, paths).
first_bind()
{
	hmp device_del rng0 | sed 's/^/# /'
	wait_for 60 no_such_device 0.0.0102
	echo 0 >/sys/bus/css/drivers_autoprobe
	hmp device_add virtio-rng-ccw,devno=fe.0.0102,id=rng0 | sed 's/^/# /'
	t_check "first bind: it comes" wait_for 60 is_device 0.0.0102
	f_sch=$(sch_of 0.0.0102)
	echo vfio_ccw >/sys/bus/css/devices/$f_sch/driver_override
	echo $f_sch >/sys/bus/css/drivers_probe
	echo 1 >/sys/bus/css/drivers_autoprobe
	t_check "first bind: bound" test -e /sys/bus/css/drivers/vfio_ccw/$f_sch
	t_check "first bind: I/O runs" sh -c "vfio_ccw_gone 0.0.0102 >/tmp/gone 2>&1 &
		f_pid=\$!; sleep 5; kill \$f_pid; grep -q holding /tmp/gone"
}

# Everything that calls the driver of a subchannel, while it comes and goes. The
# 3270 has a channel path of its own; the virtio devices share one, the harness's
# among them.
storm()
{
	s_sch=$(sch_of 0.0.000a)
	s_path=/sys/bus/css/devices/$s_sch
	s_chpid=$(cut -d' ' -f1 $s_path/chpids)
	s_hex=$(echo ${s_sch##*.} | sed 's/^0*//')
	s_end=$(($(date +%s) + 60))
	s_inject=/sys/kernel/debug/s390/cio
	echo 1 >$s_inject/enable_inject

	(while [ $(date +%s) -lt $s_end ]; do
		for d in vfio_ccw io_subchannel; do
			echo $d >$s_path/driver_override
			echo $s_sch >$s_path/driver/unbind
			echo $s_sch >/sys/bus/css/drivers_probe
			for t in $s_path/mdev_supported_types/vfio_ccw-io; do
				echo 83b8f4f2-509f-382f-3c1e-e6bfe0fa2001 >$t/create
			done
		done
		echo bind >>/tmp/storm
	done) 2>/dev/null &
	(while [ $(date +%s) -lt $s_end ]; do
		echo "0 0 0 3 0 4 ${s_hex:-0}" >$s_inject/crw_inject
		echo "0 0 0 4 0 6 $s_chpid" >$s_inject/crw_inject
		echo "0 0 0 4 0 2 $s_chpid" >$s_inject/crw_inject
		echo crw >>/tmp/storm
	done) 2>/dev/null &
	s_vary=/sys/devices/css0/chp0.$s_chpid/status
	(while [ $(date +%s) -lt $s_end ]; do
		echo off >$s_vary
		echo on >$s_vary
		echo vary >>/tmp/storm
	done) 2>/dev/null &
	wait
	echo on >$s_vary
	for w in bind crw vary; do
		s_n=$(grep -c $w /tmp/storm)
		echo "# $w: $s_n rounds"
		t_check "storm: $w went on" test $s_n -gt 0
	done
	t_check "storm: it settles" timeout 60 sh -c "echo 1 >/proc/cio_settle"
	echo >$s_path/driver_override
	[ -e $s_path/driver ] || echo $s_sch >/sys/bus/css/drivers_probe
	t_check "storm: the subchannel has a driver" wait_for 30 test -e $s_path/driver
}

guest()
{
	t_check "vfio_ccw loads" modprobe vfio_ccw
	first_bind
	gone
	storm
	vfio_ccw_defects_test
}
