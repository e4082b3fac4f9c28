# SPDX-License-Identifier: GPL-2.0-only
title="KUnit suite of vfio-ap's matrices, on x86"
boot="kunit"
trees="ours"
timeout=300
modules="drivers/s390/crypto/tests/vfio_ap_matrix_kunit"
# The results themselves are read from the kernel's log.
append="kunit.enable=1 loglevel=7"

guest()
{
	t_check "it loads" modprobe vfio_ap_matrix_kunit
	t_check "it has run" grep -q "^\(not \)\{0,1\}ok" \
		/sys/kernel/debug/kunit/vfio_ap_matrix/results
	t_check "it unloads" rmmod vfio_ap_matrix_kunit
}
