# SPDX-License-Identifier: GPL-2.0-only
# vfio-ccw, as it runs in an s390x guest: POSIX sh on top of bed.sh. Shared by
# "make run", which tells it as a story, and the suite ccw-nested, which counts.
# The lines are those of mainjob.sh.

cj_names()
{
	cj_devno=0.0.000a
	cj_guid=83b8f4f2-509f-382f-3c1e-e6bfe0fa3001
	cj_mdev=/sys/bus/mdev/devices/$cj_guid
}

cj_tell() { echo ":: $*"; }

# cj_typed NAME COMMAND: run a command as an admin types it; a step.
cj_typed()
{
	cj_name=$1
	shift
	echo "\$ $*"
	if (eval "$*") >/tmp/typed.out 2>&1; then
		sed 's/^/    /' /tmp/typed.out
		t_ok "$cj_name"
	else
		cj_rc=$?
		sed 's/^/    /' /tmp/typed.out
		t_fail "$cj_name" "'$*' returned $cj_rc"
	fi
}

# Files of VFIO and iommufd that any process has open.
cj_fds()
{
	for cj_link in /proc/[0-9]*/fd/*; do
		cj_to=$(readlink "$cj_link") || continue
		case $cj_to in
		/dev/vfio/*|/dev/iommu|*vfio-device*)	echo "$cj_to" ;;
		esac
	done 2>/dev/null
}

# The root of the nested guest: busybox and what it does.
cj_nested_root()
{
	(
	rm -rf /tmp/nested && mkdir -p /tmp/nested && cd /tmp/nested || exit
	mkdir -p bin proc sys dev tmp
	cp /nested/init init && chmod 755 init
	cp /usr/bin/busybox bin/busybox
	find . | cpio -o -H newc 2>/dev/null >/tmp/nested.cpio
	)
}

cj_result() { tr -d '\r' </tmp/console | sed -n "s/^result $1 //p" | tail -n 1; }

# cj_nested WAY OBJECT SUFFIX: boot a guest on the subchannel and look.
cj_nested()
{
	cj_way=$1
	rm -f /tmp/console
	cj_from=$(date +%s)
	echo "\$ qemu-system-s390x -M s390-ccw-virtio -m 192 -kernel bzImage … $2 \\"
	echo "        -device vfio-ccw,sysfsdev=$cj_mdev,devno=fe.0.1234$3"
	qemu-system-s390x -accel tcg -M s390-ccw-virtio -m 192 -nodefaults -nographic \
		-no-reboot -chardev file,id=c,path=/tmp/console \
		-device sclpconsole,chardev=c \
		-kernel /nested/bzImage -initrd /tmp/nested.cpio \
		-append "console=ttysclp0 loglevel=5 panic=-1 nokaslr rcupdate.rcu_cpu_stall_timeout=200" \
		$2 -device vfio-ccw,sysfsdev=$cj_mdev,devno=fe.0.1234$3 >/tmp/qemu.out 2>&1 &
	cj_pid=$!
	cj_held= cj_next=$((cj_from + 30))
	while kill -0 $cj_pid 2>/dev/null; do
		[ "$cj_held" ] || ! grep -q "^nested: Linux" /tmp/console 2>/dev/null ||
			cj_held=$(cj_fds | sort -u | xargs)
		if [ $(date +%s) -ge $cj_next ]; then
			cj_next=$((cj_next + 30))
			echo "    … $(($(date +%s) - cj_from)) s in an emulator in an emulator:" \
				"$(tail -n 1 /tmp/console | tr -d '\r')"
		fi
		sleep 1
	done
	wait $cj_pid
	cj_rc=$?
	sed 's/^/    qemu: /' /tmp/qemu.out
	tr -d '\r' </tmp/console | grep '^nested: ' | sed 's/^/    /'
	cj_tell "QEMU held $cj_held; it took $(($(date +%s) - cj_from)) s"

	if [ "$(cj_result up)" ]; then
		t_ok "$cj_way: the nested guest boots"
	else
		t_fail "$cj_way: the nested guest boots" \
			"QEMU returned $cj_rc; $(tail -n 5 /tmp/console | tr -d '\r')"
	fi
	t_eq "$cj_way: it sees the subchannel, and senses a 3270" \
		"$(cj_result cutype)" "3270/00"
	t_eq "$cj_way: it sets the terminal online" "$(cj_result online)" 1
	t_eq "$cj_way: it powers off, QEMU exits" "$(cj_result done) $cj_rc" "1 0"
	t_eq "$cj_way: no kernel splat inside" "$(tr -d '\r' </tmp/console |
		grep -A 12 -E 'WARNING:|BUG:|Oops|Call Trace' | head -n 20)" ""
	t_eq "$cj_way: QEMU left no file open" "$(cj_fds | wc -l)" 0
}

# cj_firmware WAY OBJECT SUFFIX: let QEMU's firmware try to boot from it. It senses
# the device for that, finds a terminal, and stops. Seconds where Linux takes a minute.
cj_firmware()
{
	cj_way=$1
	cj_from=$(date +%s)
	rm -f /tmp/console
	echo "\$ qemu-system-s390x -M s390-ccw-virtio -m 192 -no-shutdown $2\\"
	echo "        -device vfio-ccw,sysfsdev=$cj_mdev,devno=fe.0.1234,bootindex=1$3"
	qemu-system-s390x -accel tcg -M s390-ccw-virtio -m 192 -nodefaults -nographic \
		-no-shutdown -chardev file,id=c,path=/tmp/console \
		-device sclpconsole,chardev=c \
		$2 -device vfio-ccw,sysfsdev=$cj_mdev,devno=fe.0.1234,bootindex=1$3 \
		>/tmp/qemu.out 2>&1 &
	cj_pid=$!
	wait_for 120 grep -qi "device type" /tmp/console
	cj_held=$(cj_fds | sort -u | xargs)
	kill $cj_pid
	wait $cj_pid
	cj_rc=$?
	sed 's/^/    qemu: /' /tmp/qemu.out
	# Its last line has no end.
	(cat /tmp/console; echo) | tr -d '\r' | sed -n '/[^ ]/s/^/    firmware: /p'
	cj_tell "QEMU held $cj_held; it took $(($(date +%s) - cj_from)) s"
	t_check "$cj_way: the firmware senses a 3270" grep -q "device type 0x3270" /tmp/console
	t_eq "$cj_way: QEMU ends when it is told to" $cj_rc 0
	t_eq "$cj_way: QEMU left no file open" "$(cj_fds | wc -l)" 0
}

ccwjob()
{
	cj_names
	# What modprobe of kmod wants; the harness packs the text form only.
	depmod -a 2>/dev/null
	cj_steps=24
	! grep -q ccw.nested=all /proc/cmdline || cj_steps=27
	echo "# steps: $cj_steps"
	echo "## vfio-ccw: the subchannel of a terminal goes to a guest"
	cj_typed "vfio_ccw loads" modprobe vfio_ccw
	cj_sch=$(readlink -f /sys/bus/ccw/devices/$cj_devno)
	cj_sch=${cj_sch%/*}
	cj_sch=${cj_sch##*/}
	cj_tell "device $cj_devno, control unit $(cat /sys/bus/ccw/devices/$cj_devno/cutype)," \
		"is on subchannel $cj_sch"
	cj_typed "bind: driver_override" \
		"echo vfio_ccw >/sys/bus/css/devices/$cj_sch/driver_override"
	cj_typed "bind: its driver lets go" \
		"echo $cj_sch >/sys/bus/css/devices/$cj_sch/driver/unbind"
	cj_typed "bind: vfio_ccw takes it" "echo $cj_sch >/sys/bus/css/drivers_probe"
	t_check "bind: it has" test -e /sys/bus/css/drivers/vfio_ccw/$cj_sch

	cj_typed "mdevctl lists the type" "mdevctl types | grep vfio_ccw-io"
	cj_typed "mdevctl defines a device" \
		"mdevctl define -u $cj_guid -p $cj_sch -t vfio_ccw-io"
	cj_typed "mdevctl starts it" "mdevctl start -u $cj_guid"
	cj_typed "mdevctl lists it" "mdevctl list | grep $cj_guid"
	t_eq "there is no second one" "$(cat /sys/bus/css/devices/$cj_sch/mdev_supported_types/\
vfio_ccw-io/available_instances)" 0
	cj_nested_root

	echo "## QEMU opens it through /dev/vfio/devices and iommufd"
	cj_nested cdev "-object iommufd,id=iommufd0" ",iommufd=iommufd0"
	t_check "cdev: QEMU held the device's node" sh -c "case '$cj_held' in
		*/dev/vfio/devices/*) ;; *) false ;; esac"
	echo "## The same through /dev/vfio/GROUP and a container"
	if grep -q ccw.nested=all /proc/cmdline; then
		cj_nested group "" ""
	else
		cj_firmware group "" ""
	fi
	t_check "group: QEMU held the container" sh -c "case '$cj_held' in
		*/dev/vfio/vfio*) ;; *) false ;; esac"

	echo "## Everything goes back"
	cj_typed "mdevctl stops it" "mdevctl stop -u $cj_guid"
	cj_typed "and forgets it" "mdevctl undefine -u $cj_guid"
	echo >/sys/bus/css/devices/$cj_sch/driver_override
	echo $cj_sch >/sys/bus/css/devices/$cj_sch/driver/unbind
	echo $cj_sch >/sys/bus/css/drivers_probe
	t_check "the terminal is its own driver's again" \
		wait_for 30 test -e /sys/bus/ccw/devices/$cj_devno/online
}
