# SPDX-License-Identifier: GPL-2.0-only
title="devices that are taken away from those who do not let go"
# The base waits for them for ever.
trees="ours"
# REVOKE_ROUNDS=100: the hostile holders so many times more.
timeout=$((600 + 60 * ${REVOKE_ROUNDS:-0}))
append="bed.rounds=${REVOKE_ROUNDS:-0}"
programs="vfio/vfio_revoke_test vfio/vfio_revoke_hostile_test vfio/vfio_revoke_set_test
	vfio/vfio_why_test"
modules="samples/vfio-mdev/mtty arch/x86/kvm/kvm-amd"
# Two functions alone, one that shares its group with a virtio function, and two
# that are reset together.
devices=(-device edu,id=edu0,addr=5
	 -device edu,id=edu1,addr=6.0,multifunction=on
	 -device virtio-rng-pci,addr=6.1,iommu_platform=on,disable-legacy=on
	 -device edu,id=edu2,addr=7
	 -device pcie-root-port,id=rp0,chassis=1,addr=8
	 -device edu,id=edu3,bus=rp0,addr=0.1
	 -device edu,id=edu4,bus=rp0,addr=0.0,multifunction=on)

# Most of these tests wait for a time to pass, so several run at once. Not those
# of the module's parameter, and not the one that unloads mtty.

# beside WORDS...: a program next to others; shown() waits for all of them.
beside()
{
	b_last=$((b_last + 1))
	(
	"$@" >/tmp/beside.$b_last 2>&1
	echo $? >/tmp/beside.$b_last.rc
	) &
	b_running="$b_running $!"
	echo "$*" >/tmp/beside.$b_last.words
}

# The exit statuses of all, in words.
finished()
{
	wait $b_running
	f_all=
	for f_n in $(seq $b_last); do
		f_rc=$(cat /tmp/beside.$f_n.rc)
		[ "$f_rc" = 0 ] || f_all="$f_all $(cat /tmp/beside.$f_n.words): $f_rc;"
	done
	b_running=
}

shown()
{
	finished
	for s_n in $(seq $b_last); do
		s_words=$(cat /tmp/beside.$s_n.words)
		s_name=$(echo "$s_words" | grep -o 'vfio_[a-z_]*test' | head -n 1)
		echo "# bed: begin $s_name"
		echo "# $s_words"
		cat /tmp/beside.$s_n
		echo "# bed: done $s_name $(cat /tmp/beside.$s_n.rc)"
	done
	b_last=0
}

hostile()
{
	beside env VFIO_TEST_PCI=0000:00:05.0 vfio_revoke_hostile_test -v pci_cdev
	beside env VFIO_TEST_PCI=0000:00:07.0 vfio_revoke_hostile_test -v pci_type1
	beside vfio_revoke_hostile_test -T module_unloaded -v mdev_cdev
	beside vfio_revoke_hostile_test -T module_unloaded -v mdev_type1
}

# A round as one result: what it printed is shown if something failed.
storms()
{
	for round in $(seq $1); do
		hostile
		finished
		t_eq "round $round of $1" "$f_all" ""
		[ -z "$f_all" ] || grep -h -e '^not ok' -e '^# .*Expected' /tmp/beside.?
		b_last=0
	done
}

guest()
{
	b_last=0 b_running=
	not_these="-T parameter_while_it_waits -T attribute_over_parameter"
	t_check "mtty loads" modprobe mtty
	t_check "kvm_amd loads" modprobe kvm_amd

	beside env VFIO_TEST_PCI=0000:00:05.0 vfio_revoke_test $not_these \
		-v pci_cdev -v pci_type1 -v pci_compat
	beside vfio_revoke_test $not_these -v mdev_cdev -v mdev_type1 -v mdev_compat
	shown
	hostile
	shown
	vfio_revoke_test -t parameter_while_it_waits -t attribute_over_parameter
	vfio_revoke_hostile_test -t module_unloaded
	vfio_revoke_set_test
	vfio_why_test
	storms "$(sed 's/.*bed.rounds=\([0-9]*\).*/\1/' /proc/cmdline)"
}
