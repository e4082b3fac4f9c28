# SPDX-License-Identifier: GPL-2.0-only
title="vfio-ccw: known defects; de-configured while open; races of bind, CRW, vary"
timeout=900
programs="vfio/vfio_ccw_defects_test vfio/vfio_ccw_pending_test vfio/vfio_ccw_gone"
modules="drivers/s390/cio/vfio_ccw"
extmods="tools/testing/selftests/vfio/ccw/modules"
. tools/testing/bed/suites/ccw.inc

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

# The device goes while user space has it open (C5), at rest or while a program
# is being translated (defect 6).
gone()
{
	no_mdevs
	: >/tmp/gone
	vfio_ccw_gone 0.0.0102 $1 >/tmp/gone 2>&1 &
	g_pid=$!
	t_check "gone $1: it is open" wait_for 30 says_holding
	hmp device_del rng0 | sed 's/^/# /'
	wait $g_pid
	t_eq "gone $1: told, refused, closed" $? 0
	sed 's/^/# /' /tmp/gone
	t_check "gone $1: the subchannel goes" wait_for 60 no_such_device 0.0.0102
	hmp device_add virtio-rng-ccw,devno=fe.0.0102,id=rng0 | sed 's/^/# /'
	t_check "gone $1: it comes back" wait_for 60 is_device 0.0.0102
}

prod() { echo $2 >/sys/module/css_prod/parameters/$1; }
prodded() { cat /sys/module/css_prod/parameters/$1; }

rebind()
{
	echo $2 >/sys/bus/css/devices/$1/driver_override
	[ ! -e /sys/bus/css/devices/$1/driver ] ||
		echo $1 >/sys/bus/css/devices/$1/driver/unbind
	echo $1 >/sys/bus/css/drivers_probe
}

# Events of the subchannel and of its path, all the time.
inject_all()
{
	i_hex=$(echo ${1##*.} | sed 's/^0*//')
	i_chpid=$(cut -d' ' -f1 /sys/bus/css/devices/$1/chpids)
	echo 1 >$cio_debug/enable_inject
	while [ -e /tmp/inject ]; do
		echo "0 0 0 3 0 4 ${i_hex:-0}" >$cio_debug/crw_inject
		echo "0 0 0 4 0 2 $i_chpid" >$cio_debug/crw_inject
	done 2>/dev/null
}

# Nobody calls a driver that is being probed or removed (C1, C2): css_prod's
# probe and remove take 200 ms each, and it counts.
window()
{
	cio_debug=/sys/kernel/debug/s390/cio
	w_sch=$(sch_of 0.0.000a)
	: >/tmp/inject
	inject_all $w_sch &
	for w_i in 1 2 3 4 5; do
		rebind $w_sch css_prod
		sleep 0.5
		rebind $w_sch io_subchannel
	done
	rm /tmp/inject
	wait $!
	timeout 60 sh -c "echo 1 >/proc/cio_settle"
	echo "# $(prodded events) events while it was bound, $(prodded astray) while it was not"
	t_check "window: events come in while it is bound" test $(prodded events) -gt 0
	t_eq "window: none during probe and remove" "$(prodded astray)" 0
}

# A subchannel for QDIO is refused.
qdio()
{
	q_sch=$(sch_of 0.0.000a)
	prod target $q_sch
	echo vfio_ccw >/sys/bus/css/devices/$q_sch/driver_override
	echo $q_sch >/sys/bus/css/devices/$q_sch/driver/unbind
	prod qdio 1
	echo $q_sch >/sys/bus/css/drivers_probe 2>/dev/null
	t_check "QDIO: it is not bound" test ! -e /sys/bus/css/devices/$q_sch/driver
	t_check "QDIO: the log says why" \
		sh -c "dmesg | grep -q 'does not support QDIO: $q_sch'"
	prod qdio 0
	echo $q_sch >/sys/bus/css/drivers_probe
	t_check "QDIO: without it, it is bound" \
		test -e /sys/bus/css/drivers/vfio_ccw/$q_sch
	prod target ""
}

# An interrupt at any moment, while the driver comes and goes (defect 1). Last:
# it ends the former driver's kernel.
hammer()
{
	h_sch=$(sch_of 0.0.000a)
	prod target $h_sch
	prod hammer 1
	for h_i in 1 2 3 4 5 6 7 8 9 10; do
		rebind $h_sch io_subchannel
		rebind $h_sch vfio_ccw
	done
	prod hammer 0
	echo "# $(prodded hammered) interrupts"
	t_check "hammer: interrupts came in" test $(prodded hammered) -gt 0
	t_check "hammer: it is bound" test -e /sys/bus/css/drivers/vfio_ccw/$h_sch
	prod target ""
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
	s_end=$(($(date +%s) + 10))
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
	t_check "css_prod loads" insmod /lib/modules/css_prod.ko
	first_bind
	qdio
	window
	gone
	gone translating
	vfio_ccw_pending_test
	storm
	hammer
	vfio_ccw_defects_test
	t_check "css_prod unloads" rmmod css_prod
}
