# SPDX-License-Identifier: GPL-2.0-only
title="KUnit suite of the channel-program translator"
arch="x86_64 s390"
trees="ours"
timeout=600
modules="drivers/s390/cio/tests/ccw_xlate_kunit"
# The results themselves are read from the kernel's log.
append="kunit.enable=1 kunit.filter_glob=ccw_xlate* loglevel=7"

guest()
{
	t_check "it loads" modprobe ccw_xlate_kunit
	t_check "it has run" \
		grep -q "^\(not \)\{0,1\}ok" /sys/kernel/debug/kunit/ccw_xlate/results
	t_check "it unloads" rmmod ccw_xlate_kunit
}
