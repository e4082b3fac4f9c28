# SPDX-License-Identifier: GPL-2.0-only
title="KUnit suites of the VFIO and mdev cores, run at boot"
boot="kunit"
trees="ours"
timeout=700
append="kunit.enable=1 loglevel=7"

guest()
{
	# The results stand in the kernel's log; here only that they are all in.
	for dir in /sys/kernel/debug/kunit/*; do
		[ -e "$dir/results" ] || continue
		t_check "${dir##*/} has reported" grep -q "^ok\|^not ok" "$dir/results"
	done
}
