# SPDX-License-Identifier: GPL-2.0-only
title="a QEMU that does not give a device back loses it, and its guest goes on without"
# The base waits for it for ever.
trees="ours"
flavour="plain"
timeout=600
memory=1536M
root="deb13"
programs="vfio/vfio_nested_guest vfio/vfio_holder"
# Emulated twice on a busy machine, a CPU can be away for long.
append="rcupdate.rcu_cpu_stall_timeout=200"
nested_kernel=$(tools/testing/bed/kernel --dir TREE=${BED_TREE:-ours} FLAVOUR=plain)/vmlinux
files="/nested/vmlinux=$nested_kernel"
devices=(-device edu,id=edu0,addr=5)

centiseconds() { sed 's/ .*//; s/\.//' /proc/uptime; }
ticks() { grep -c ^tick /tmp/console; }
says() { grep -q -- "$1" /tmp/console; }
more_ticks() { [ "$(ticks)" -gt $((ticks_before + 3)) ]; }
unbind() { echo $1 >/sys/bus/pci/drivers/vfio-pci/unbind; touch /tmp/unbound; }
is_running() { [ -e /proc/$1/exe ]; }
holds_device() { ls -l /proc/$qemu/fd | grep -qE 'vfio-device|vfio/devices'; }

# loses NAME PATH SIGNAL OBJECT SUFFIX: QEMU has it by PATH (of vfio_holder), gets
# the signal, and loses it; then the function is for others.
loses()
{
	l_name=$1 l_path=$2 l_signal=$3 l_object=$4 l_with=$5
	l_bdf=0000:00:05.0 l_dir=/sys/bus/pci/devices/0000:00:05.0

	t_check "$l_name: vfio-pci takes the function" bind_vfio $l_bdf
	: >/tmp/console
	qemu-system-x86_64 -accel tcg -M q35 -cpu qemu64 -m 96 -nodefaults -vga none \
		-display none -no-reboot -serial file:/tmp/console \
		-kernel /nested/vmlinux -initrd /tmp/nested.cpio \
		-append "console=ttyS0 loglevel=4 panic=-1 mitigations=off no_timer_check tsc=reliable lpj=5000000 nokaslr" \
		$l_object -device vfio-pci,host=$l_bdf$l_with >/tmp/qemu.out 2>&1 &
	qemu=$!
	t_check "$l_name: the nested guest drives it" \
		wait_for 240 says "bar 010000ed config 11e81234"
	t_check "$l_name: QEMU holds it" holds_device
	echo 2 >$l_dir/vfio-dev/$(vfio_dev $l_bdf)/revoke_timeout
	[ -z "$l_signal" ] || kill -$l_signal $qemu

	l_start=$(centiseconds)
	rm -f /tmp/unbound
	unbind $l_bdf &
	t_check "$l_name: unbind returns" wait_for 30 test -e /tmp/unbound
	l_end=$(centiseconds)
	echo "# unbind took $((l_end - l_start)) cs, 200 of them the time set"
	t_check "$l_name: and not before the time" test $((l_end - l_start)) -ge 200
	t_check "$l_name: the function has no driver" test ! -e $l_dir/driver

	t_check "$l_name: another user gets it" bind_vfio $l_bdf
	t_check "$l_name: and can work with it" vfio_holder $l_path $l_dir ignore 10

	kill -CONT $qemu
	ticks_before=$(ticks)
	t_check "$l_name: the nested guest goes on" wait_for 60 more_ticks
	t_check "$l_name: its mapped register reads all ones" wait_for 60 says "bar ffffffff"
	t_check "$l_name: its configuration space is gone" wait_for 60 says "config ffff"
	t_check "$l_name: another user still has it" vfio_holder $l_path $l_dir ignore 10
	t_check "$l_name: QEMU is alive" is_running $qemu
	tail -n 2 /tmp/console | sed 's/^/# /'
	sort -u /tmp/qemu.out | head -n 10 | sed 's/^/# /'
	kill $qemu
	wait $qemu
	t_check "$l_name: the function is as before" vfio_holder $l_path $l_dir ignore 10
	t_check "$l_name: vfio-pci gives it back" unbind_vfio $l_bdf
}

guest()
{
	mkdir -p /tmp/nested/dev
	cp /usr/lib/bed/programs/vfio_nested_guest /tmp/nested/init
	mknod /tmp/nested/dev/console c 5 1
	(cd /tmp/nested && find . | cpio -o -H newc) >/tmp/nested.cpio 2>/dev/null

	# It serves the request, but a slot of the root bus cannot be emptied.
	loses asked cdev "" "-object iommufd,id=iommufd0" ",iommufd=iommufd0"
	t_check "asked: QEMU was asked" grep -q hotplug /tmp/qemu.out
	loses stopped type1 STOP "" ""
}
