# SPDX-License-Identifier: GPL-2.0-only
# The main job, as it runs in the guest: POSIX sh on top of bed.sh. Shared by
# "make run", which tells it as a story, and the suite mainjob, which counts.
#
# Lines that begin with "## ", ":: " and "$ " are a chapter, an explanation and
# a command with its output; ok/not ok lines are the steps.

# Functions only: variables of a suite file do not travel to the guest.
mj_names()
{
	mj_nvme=0000:00:02.0
	mj_card1=6a5bd1b8-9b33-4d0c-8a0d-5f2f1d1c0001
	mj_card2=6a5bd1b8-9b33-4d0c-8a0d-5f2f1d1c0002
	mj_types=/sys/class/mdev_bus/mtty/mdev_supported_types
	mj_mdev=/sys/bus/mdev/devices
	mj_sum=$(cat /nested/disk.sum)
	# Emulated twice, a delay loop or a calibration takes seconds.
	mj_hurry="mitigations=off no_timer_check tsc=reliable lpj=5000000 nokaslr"
}

chapter() { echo "## $*"; }
tell()    { echo ":: $*"; }

# run COMMAND: show it as an admin would type it, run it, show what it says.
run()
{
	echo "\$ $*"
	(eval "$*") >/tmp/run.out 2>&1
	run_rc=$?
	sed 's/^/    /' /tmp/run.out
	return $run_rc
}

# typed NAME COMMAND: run a command; a step that is ok if it succeeds.
typed()
{
	typed_name=$1
	shift
	if run "$*"; then
		t_ok "$typed_name"
	else
		t_fail "$typed_name" "'$*' returned $run_rc"
	fi
}

# What has to be the same before and after, one "NAME VALUE" per line.
counts()
{
	echo "iommu groups: $(ls /sys/kernel/iommu_groups | wc -l)"
	echo "/dev/vfio: $(ls /dev/vfio | grep -v '^devices$' | xargs)"
	echo "/dev/vfio/devices: $(ls /dev/vfio/devices 2>/dev/null | xargs)"
	echo "mediated devices: $(ls $mj_mdev | wc -l)"
	for counts_type in mtty-1 mtty-2; do
		echo "$counts_type available: $(cat $mj_types/$counts_type/available_instances)"
	done
	echo "mtty users: $(cat /sys/module/mtty/refcnt)"
	echo "open vfio and iommufd files: $(vfio_fds | wc -l)"
	echo "driver of $mj_nvme: $(driver_of $mj_nvme)"
}

driver_of()
{
	basename "$(readlink /sys/bus/pci/devices/$1/driver || echo none)"
}

# vfio_fds [PID]: files of VFIO and iommufd that a process, or any, has open.
vfio_fds()
{
	for fds_link in /proc/${1:-[0-9]*}/fd/*; do
		fds_to=$(readlink "$fds_link") || continue
		case $fds_to in
		/dev/vfio/*|/dev/iommu|*vfio-device*|*\[vfio*)
			echo "${fds_link##*/} -> $fds_to" ;;
		esac
	done 2>/dev/null
}

mdev_vfio() { ls $mj_mdev/$1/vfio-dev; }
mdev_group() { basename "$(readlink $mj_mdev/$1/iommu_group)"; }

disk_sum() { dd if=/dev/nvme0n1 bs=64k count=16 2>/dev/null | sha256sum | cut -d' ' -f1; }

# disk_line MIB: the text that stands there.
disk_line() { dd if=/dev/nvme0n1 bs=4k skip=$(($1 * 256)) count=1 2>/dev/null | head -n 1; }

# The root of the nested guest: busybox and what it does.
nested_root()
{
	(
	rm -rf /tmp/nested && mkdir -p /tmp/nested && cd /tmp/nested || exit
	mkdir -p bin proc sys dev tmp
	cp /nested/init init && chmod 755 init
	cp /usr/bin/busybox bin/busybox
	find . | cpio -o -H newc 2>/dev/null >/tmp/nested.cpio
	)
}

# pci_name CLASS VENDOR:DEVICE: in words, as lspci says it. The nested guest has
# numbers only, for it is slow enough without a table of names.
pci_name()
{
	awk -v class="$1" -v vendor="${2%:*}" -v device="${2#*:}" '
		/^C / { inc = ($2 == substr(class, 1, 2)); inv = 0 }
		/^[0-9a-f]/ { inv = ($1 == vendor); inc = 0
			if (inv) { v = $0; sub(/^[0-9a-f]+ +/, "", v) } }
		/^\t[0-9a-f]/ {
			text = $0; sub(/^\t[0-9a-f]+ +/, "", text)
			if (inv && $1 == device) d = text
			if (inc && $1 == substr(class, 3, 2)) c = text
		}
		END { print c ": " v " " d }' /usr/share/misc/pci.ids
}

# follow PID: show the nested guest's story until its QEMU ends.
follow()
{
	follow_rest= follow_from=$(date +%s) follow_next=15
	follow_cr=$(printf '\r')
	: >>/tmp/console
	exec 7</tmp/console
	while :; do
		follow_on=yes
		kill -0 $1 2>/dev/null || follow_on=
		while IFS= read -r follow_line <&7; do
			follow_line=${follow_rest}${follow_line%"$follow_cr"}
			follow_rest=
			case $follow_line in
			"nested: pci "*)
				set -- $1 ${follow_line#nested: pci }
				echo "    nested: $2 $(pci_name $3 $4)" ;;
			nested:*)
				echo "    $follow_line" ;;
			esac
			case $follow_line in
			"nested: Linux"*)	holds $1 ;;
			esac
		done
		follow_rest=$follow_rest$follow_line
		[ "$follow_on" ] || break
		follow_for=$(($(date +%s) - follow_from))
		if [ $follow_for -ge $follow_next ]; then
			follow_next=$((follow_for + 15))
			echo "    … $follow_for s in an emulator in an emulator"
		fi
		sleep 0.5
	done
	exec 7<&-
}

# holds PID: which files QEMU has open, while its guest runs.
holds()
{
	tell "while it runs, QEMU (process $1) holds"
	vfio_fds $1 >/tmp/fds
	sed 's/^/    fd /' /tmp/fds
	mj_refs=$(cat /sys/module/mtty/refcnt)
	mj_blocked=$( { : <>/dev/vfio/$mj_group; } 2>&1)
}

result_of() { sed -n "s/^result $1 \([^$follow_cr]*\).*/\1/p" /tmp/console | tail -n 1; }

# nested WAY OBJECT SUFFIX: boot a guest on the three devices and check it.
nested()
{
	nested_way=$1 nested_object=$2 nested_with=$3

	rm -f /tmp/console
	mj_blocked= mj_refs=0
	: >/tmp/fds
	set -- qemu-system-x86_64 -accel tcg -M q35 -cpu qemu64 -m 128 -nodefaults -vga none \
		-display none -no-reboot -serial file:/tmp/console \
		-kernel /nested/vmlinux -initrd /tmp/nested.cpio \
		-append "console=ttyS0 loglevel=5 panic=-1 nested.way=$nested_way $mj_hurry" \
		$nested_object \
		-device vfio-pci,host=$mj_nvme$nested_with \
		-device vfio-pci,sysfsdev=$mj_mdev/$mj_card1$nested_with \
		-device vfio-pci,sysfsdev=$mj_mdev/$mj_card2$nested_with
	echo "\$ qemu-system-x86_64 -M q35 -m 128 -kernel vmlinux -initrd nested.cpio …\\"
	[ -z "$nested_object" ] || echo "        $nested_object \\"
	echo "        -device vfio-pci,host=$mj_nvme$nested_with \\"
	echo "        -device vfio-pci,sysfsdev=$mj_mdev/$mj_card1$nested_with \\"
	echo "        -device vfio-pci,sysfsdev=$mj_mdev/$mj_card2$nested_with"
	"$@" >/tmp/qemu.out 2>&1 &
	nested_pid=$!
	follow $nested_pid
	wait $nested_pid
	nested_rc=$?
	# What QEMU says in passing: a PCI BAR is not memory that can be mapped
	# for DMA, and an mtty offers no reset.
	grep -v -E 'PCI BAR|PCI peer-to-peer|dma_map.*Bad address|Cannot reset device' \
		/tmp/qemu.out | sed 's/^/    qemu: /'

	if [ "$(result_of up)" ]; then
		t_ok "$nested_way: the nested guest boots"
	else
		t_fail "$nested_way: the nested guest boots" \
			"QEMU returned $nested_rc; $(tail -n 5 /tmp/console | tr -d '\r')"
	fi
	t_eq "$nested_way: it has the NVMe function" "$(result_of pci.nvme)" 1
	t_eq "$nested_way: it has both serial cards" "$(result_of pci.serial)" 2
	t_eq "$nested_way: it reads the known pattern from the disk" \
		"$(result_of disk.sum)" "$mj_sum"
	t_check "$nested_way: it wrote to the disk" test -n "$(result_of disk.written)"
	t_check "$nested_way: the NVMe interrupts reach it" test "$(result_of nvme.irqs)" -gt 0
	t_eq "$nested_way: three serial ports return what they are sent" \
		"$(result_of serial.ports)" 3
	t_eq "$nested_way: it powers off, QEMU exits" "$(result_of done) $nested_rc" "1 0"
	t_eq "$nested_way: no kernel splat inside" \
		"$(grep -cE 'WARNING:|BUG:|Oops|Call Trace' /tmp/console)" 0
	t_eq "$nested_way: QEMU left no file open" "$(vfio_fds | wc -l)" 0
}

mainjob()
{
	mj_names
	# What modprobe of kmod wants; the harness packs the text form only.
	depmod -a 2>/dev/null
	echo "# steps: 49"

	chapter "What is there"
	tell "$(uname -sr), $(nproc) CPUs, intel-iommu; $(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' \
		/etc/os-release) with $(qemu-system-x86_64 --version | head -n 1 |
		sed 's/ (.*//'), $(mdevctl --version)"
	run "lspci -nnk -s ${mj_nvme#0000:}"
	tell "the kernel's own NVMe driver sees a disk with a pattern that we know"
	run "head -c 60 /dev/nvme0n1 | head -n 1"
	t_eq "before: the disk has its pattern" "$(disk_sum)" "$mj_sum"
	typed "before: the mtty sample loads" modprobe mtty
	counts >/tmp/counts.before
	sed 's/^/    /' /tmp/counts.before

	chapter "The admin hands an NVMe function to user space"
	tell "driver_override says who may have it, unbind takes it away, bind gives it"
	typed "bind: driver_override" \
		"echo vfio-pci >/sys/bus/pci/devices/$mj_nvme/driver_override"
	typed "bind: the NVMe driver lets go" \
		"echo $mj_nvme >/sys/bus/pci/devices/$mj_nvme/driver/unbind"
	t_check "bind: the block device is gone" test ! -e /sys/block/nvme0n1
	typed "bind: vfio-pci takes it" "echo $mj_nvme >/sys/bus/pci/drivers/vfio-pci/bind"
	t_eq "bind: its driver is vfio-pci" "$(driver_of $mj_nvme)" vfio-pci
	mj_group=$(group_of $mj_nvme)
	mj_dev=$(vfio_dev $mj_nvme)
	t_check "bind: it has a node of its own" test -c /dev/vfio/devices/$mj_dev
	t_check "bind: its group has a node" test -c /dev/vfio/$mj_group
	run "ls -l /dev/vfio /dev/vfio/devices"

	chapter "Two mediated devices: serial cards that exist in software"
	run "cd $mj_types; grep . mtty-*/name mtty-*/device_api mtty-*/available_instances"
	tell "one is created by writing a GUID into sysfs, the other by mdevctl"
	typed "mdev: create by GUID" "echo $mj_card1 >$mj_types/mtty-1/create"
	typed "mdev: create by mdevctl" "mdevctl start -u $mj_card2 -p mtty -t mtty-2"
	run "mdevctl list"
	t_eq "mdev: mdevctl lists both" "$(mdevctl list | grep -c ' mtty ')" 2
	t_eq "mdev: three of 24 ports are taken" \
		"$(cat $mj_types/mtty-1/available_instances $mj_types/mtty-2/available_instances |
		xargs)" "21 10"
	t_check "mdev: the first has a group and a node" \
		test -c /dev/vfio/$(mdev_group $mj_card1) -a \
			-c /dev/vfio/devices/$(mdev_vfio $mj_card1)
	t_check "mdev: the second has a group and a node" \
		test -c /dev/vfio/$(mdev_group $mj_card2) -a \
			-c /dev/vfio/devices/$(mdev_vfio $mj_card2)

	nested_root

	chapter "QEMU opens all three through /dev/vfio/devices and iommufd"
	nested cdev "-object iommufd,id=iommufd0" ",iommufd=iommufd0"
	t_eq "cdev: QEMU held three device nodes" \
		"$(grep -c '/dev/vfio/devices/' /tmp/fds)" 3
	t_eq "cdev: and one iommufd" "$(grep -c '/dev/iommu' /tmp/fds)" 1
	case $mj_blocked in
	*busy*)	t_ok "cdev: the group was refused meanwhile" ;;
	*)	t_fail "cdev: the group was refused meanwhile" "got '$mj_blocked'" ;;
	esac

	chapter "The same through /dev/vfio/GROUP and a container"
	nested group "" ""
	t_eq "group: QEMU held the container" "$(grep -c '/dev/vfio/vfio' /tmp/fds)" 1
	t_eq "group: and three groups" "$(grep -c '> /dev/vfio/[0-9]' /tmp/fds)" 3
	case $mj_blocked in
	*busy*)	t_ok "group: a second opener was refused meanwhile" ;;
	*)	t_fail "group: a second opener was refused meanwhile" "got '$mj_blocked'" ;;
	esac

	chapter "Everything goes back"
	typed "undo: remove the first card" "echo 1 >$mj_mdev/$mj_card1/remove"
	typed "undo: stop the second card" "mdevctl stop -u $mj_card2"
	run "echo >/sys/bus/pci/devices/$mj_nvme/driver_override"
	typed "undo: vfio-pci lets go" \
		"echo $mj_nvme >/sys/bus/pci/drivers/vfio-pci/unbind"
	typed "undo: the NVMe driver has it again" \
		"echo $mj_nvme >/sys/bus/pci/drivers_probe"
	wait_for 20 test -b /dev/nvme0n1
	t_eq "undo: the disk still has its pattern" "$(disk_sum)" "$mj_sum"
	t_eq "undo: and the line written through iommufd" \
		"$(disk_line 2)" "written by the guest through cdev"
	t_eq "undo: and the line written through the container" \
		"$(disk_line 3)" "written by the guest through group"
	counts >/tmp/counts.after
	sed 's/^/    /' /tmp/counts.after
	t_eq "undo: all counts are back where they were" "$(cat /tmp/counts.after)" \
		"$(cat /tmp/counts.before)"
}
