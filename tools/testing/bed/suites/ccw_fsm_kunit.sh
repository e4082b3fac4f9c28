# SPDX-License-Identifier: GPL-2.0-only
title="KUnit suite of vfio-ccw's state machine"
arch="x86_64 s390"
trees="ours"
modules="drivers/s390/cio/tests/vfio_ccw_fsm_kunit"
append="kunit.enable=1 kunit.filter_glob=vfio_ccw_fsm* loglevel=7"

guest()
{
	t_check "it loads" modprobe vfio_ccw_fsm_kunit
	t_check "it has run" \
		grep -q "^\(not \)\{0,1\}ok" /sys/kernel/debug/kunit/vfio_ccw_fsm/results
	t_check "it unloads" rmmod vfio_ccw_fsm_kunit
}
