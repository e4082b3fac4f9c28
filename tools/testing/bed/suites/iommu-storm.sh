# SPDX-License-Identifier: GPL-2.0-only
title="hot plug under fire: functions come and go while all look at their groups (KASAN)"
timeout=900
programs="iommu_group/group_storm vfio/vfio_holder"
# Two functions that share a group, and one alone, each behind a port.
devices=(-device pcie-root-port,id=rp0,chassis=1,addr=6
	 -device pcie-root-port,id=rp1,chassis=2,addr=8
	 -device edu,id=edu1,bus=rp0,addr=0.1
	 -device edu,id=edu0,bus=rp0,addr=0.0,multifunction=on
	 -device edu,id=edu2,bus=rp1)

# It lasts until both kinds of rounds have been often enough, or ten minutes.
often() { [ $rounds -ge 4 ] && [ "$(wc -l </tmp/removed)" -ge 12 ]; }

fn_of() { ls -d /sys/bus/pci/devices/0000:00:$1.0/0000:??:??.$2 2>/dev/null; }
both() { [ -n "$(fn_of 06 0)" ] && [ -n "$(fn_of 06 1)" ]; }
none() { [ -z "$(fn_of 06 0)$(fn_of 06 1)" ]; }
third() { [ -n "$(fn_of 08 0)" ]; }
calm() { both && third && [ "$(groups)" = "$groups_before" ]; }
groups() { ls /sys/kernel/iommu_groups | wc -l; }

# Bind, hold for a moment, unbind, whatever is there: fails as often as not.
binder()
{
	while [ ! -e /tmp/stop ]; do
		for b_dir in $(fn_of 06 0) $(fn_of 06 1) $(fn_of 08 0); do
			b_bdf=${b_dir##*/}
			bind_vfio "$b_bdf" && vfio_holder cdev "$b_dir" ignore 30
			unbind_vfio "$b_bdf"
		done
	done >/dev/null 2>&1
}

# rescan PORT: only the bus behind it; the other port's slot may be being emptied.
rescan() { echo 1 >"/sys/class/pci_bus/$(ls "/sys/bus/pci/devices/0000:00:$1.0/pci_bus")/rescan"; }

# The third is taken out and found again through sysfs, as fast as it goes.
remover()
{
	while [ ! -e /tmp/stop ]; do
		r_dir=$(fn_of 08 0)
		[ -z "$r_dir" ] || echo 1 >"$r_dir/remove"
		rescan 08
		echo x >>/tmp/removed
	done 2>/dev/null
}

# The slot's button is pressed once: all its functions go. Pressed for each of
# them, the second time calls it off, or waits for the next plug to undo it.
unplug()
{
	hmp device_del edu0 >/dev/null
	wait_for 20 none
}

# A function that is plugged is given a group before the PCI core marks those after
# the first as parts of a whole: each has to say so itself, on any kernel.
# An identifier is free when its device is really gone, and a slot that is busy
# misses what is plugged into it: once more, then.
plug()
{
	for p_try in 1 2 3 4 5 6; do
		hmp device_add edu,id=edu1,bus=rp0,addr=0.1,multifunction=on >/dev/null
		hmp device_add edu,id=edu0,bus=rp0,addr=0.0,multifunction=on >/dev/null
		wait_for 5 both && return
		rescan 06
	done
	both
}

guest()
{
	wait_for 30 both
	groups_before=$(groups)
	t_check "all functions are there" both
	t_eq "the two share a group" "$(group_of "$(basename "$(fn_of 06 0)")")" \
		"$(group_of "$(basename "$(fn_of 06 1)")")"
	: >/tmp/removed
	group_storm 600 >/tmp/storm 2>&1 &
	storm=$!
	binder &
	binder=$!
	remover &
	remover=$!
	rounds=0
	while kill -0 $storm 2>/dev/null && ! often; do
		unplug && plug && rounds=$((rounds + 1))
	done
	kill $storm
	wait $storm
	t_eq "the onlookers end" $? 0
	touch /tmp/stop
	sed 's/^/# /' /tmp/storm
	echo "# $rounds rounds of hot plug, $(wc -l </tmp/removed) of removal"
	wait $binder $remover
	plug
	rescan 08
	t_check "hot plug and removal went round often" often
	t_check "all is there in the end, in as many groups" wait_for 30 calm
	for dir in $(fn_of 06 0) $(fn_of 06 1) $(fn_of 08 0); do
		bdf=${dir##*/}
		unbind_vfio "$bdf" 2>/dev/null
		t_check "$bdf: a user can have it" bind_vfio "$bdf"
		t_check "$bdf: and give it back" unbind_vfio "$bdf"
	done
}
