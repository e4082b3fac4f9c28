# SPDX-License-Identifier: GPL-2.0-only
title="KUnit suites of vfio-ccw: the channel-program translator, the state machine"
boot="kunit"
arch="x86_64 s390"
trees="ours"
timeout=600
modules="drivers/s390/cio/tests/ccw_xlate_kunit drivers/s390/cio/tests/vfio_ccw_fsm_kunit"
# The results themselves are read from the kernel's log.
append="kunit.enable=1 loglevel=7"

guest()
{
	for suite in ccw_xlate vfio_ccw_fsm; do
		t_check "$suite: it loads" modprobe ${suite}_kunit
		t_check "$suite: it has run" \
			grep -q "^\(not \)\{0,1\}ok" /sys/kernel/debug/kunit/$suite/results
		t_check "$suite: it unloads" rmmod ${suite}_kunit
	done
}
