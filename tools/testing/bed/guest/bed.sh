# SPDX-License-Identifier: GPL-2.0-only
# What a suite's guest() can use. POSIX sh; sourced before guest().
#
#   t_ok NAME | t_fail NAME [WHY] | t_skip NAME [WHY]   one result
#   t_check NAME COMMAND...      ok if the command succeeds; else its output
#   t_eq NAME GOT WANT           ok if they are the same
#   t_errno NAME ERRNO COMMAND   ok if it fails with that message (EBUSY, ...)
#   hmp COMMAND...               a line to QEMU's monitor; prints the reply
#   bind_vfio BDF [DRIVER]       driver_override + unbind + bind, vfio-pci
#   unbind_vfio BDF              give the function back to its own driver
#   wait_for SECONDS COMMAND...  until it succeeds, or fail
#   group_of BDF                 its iommu group number
#   vfio_dev BDF                 its name below /dev/vfio/devices

t_count=0

t_ok()
{
	t_count=$((t_count + 1))
	echo "ok $t_count $1"
}

t_fail()
{
	t_count=$((t_count + 1))
	[ -z "$2" ] || echo "# $2"
	echo "not ok $t_count $1"
}

t_skip()
{
	t_count=$((t_count + 1))
	echo "ok $t_count $1 # SKIP $2"
}

t_check()
{
	t_name=$1
	shift
	if t_out=$("$@" 2>&1); then
		t_ok "$t_name"
	else
		t_rc=$?
		[ -z "$t_out" ] || echo "$t_out" | sed 's/^/# /'
		t_fail "$t_name" "'$*' returned $t_rc"
	fi
}

t_eq()
{
	if [ "$2" = "$3" ]; then
		t_ok "$1"
	else
		t_fail "$1" "got '$2', want '$3'"
	fi
}

t_errno()
{
	t_name=$1 t_want=$2
	shift 2
	case $t_want in
	EPERM)	t_text="Operation not permitted" ;;
	ENOENT)	t_text="No such file or directory" ;;
	EIO)	t_text="Input/output error" ;;
	EBADF)	t_text="Bad file descriptor" ;;
	EAGAIN)	t_text="Resource temporarily unavailable" ;;
	ENOMEM)	t_text="Cannot allocate memory" ;;
	EBUSY)	t_text="Device or resource busy" ;;
	EEXIST)	t_text="File exists" ;;
	ENODEV)	t_text="No such device" ;;
	EINVAL)	t_text="Invalid argument" ;;
	ENOSPC)	t_text="No space left on device" ;;
	EUSERS)	t_text="Too many users" ;;
	ENXIO)	t_text="No such device or address" ;;
	EACCES)	t_text="Permission denied" ;;
	*)	t_text=$t_want ;;
	esac
	if t_out=$("$@" 2>&1); then
		t_fail "$t_name" "'$*' succeeded, want $t_want"
	else
		case $t_out in
		*"$t_text"*)	t_ok "$t_name" ;;
		*)		t_fail "$t_name" "got '$t_out', want $t_want" ;;
		esac
	fi
}

wait_for()
{
	t_tries=$(($1 * 10))
	shift
	while [ $t_tries -gt 0 ]; do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
		t_tries=$((t_tries - 1))
	done
	return 1
}

hmp()
{
	if [ -z "$bed_hmp" ]; then
		bed_hmp=/dev/ttyS1
		[ -c /dev/ttyS1 ] || bed_hmp=/dev/vport0p1
		case $bed_hmp in
		*tty*)	stty -F $bed_hmp raw -echo 115200 ;;
		esac
		exec 8<>$bed_hmp
	fi
	printf '%s\n' "$*" >&8
	while IFS= read -r t_line <&8; do
		[ "$t_line" = . ] && break
		printf '%s\n' "$t_line"
	done
}

bind_vfio()
{
	b_driver=${2:-vfio-pci}
	b_dev=/sys/bus/pci/devices/$1

	[ -e /sys/bus/pci/drivers/$b_driver ] || modprobe $b_driver 2>/dev/null
	echo $b_driver >$b_dev/driver_override || return
	if [ -e $b_dev/driver ]; then
		echo $1 >$b_dev/driver/unbind || return
	fi
	echo $1 >/sys/bus/pci/drivers/$b_driver/bind
}

unbind_vfio()
{
	b_dev=/sys/bus/pci/devices/$1

	echo >$b_dev/driver_override
	if [ -e $b_dev/driver ]; then
		echo $1 >$b_dev/driver/unbind || return
	fi
	echo $1 >/sys/bus/pci/drivers_probe
}

group_of()
{
	basename "$(readlink /sys/bus/pci/devices/$1/iommu_group)"
}

vfio_dev()
{
	ls /sys/bus/pci/devices/$1/vfio-dev
}
