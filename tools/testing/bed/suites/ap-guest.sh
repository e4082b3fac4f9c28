# SPDX-License-Identifier: GPL-2.0-only
title="vfio-ap: the emulator, KUnit, matrices, guests, hot plug, resets, interrupts, storms"
arch="s390"
timeout=1500
append="facilities=12,15,65 kunit.enable=1 kunit.filter_glob=vfio_ap* loglevel=7"
# How long each storm lasts; the environment of the run may want it longer.
append="$append AP_STORM_MS=${AP_STORM_MS:-3000}"
modules="drivers/s390/crypto/vfio_ap drivers/s390/crypto/zcrypt_cex4
	drivers/s390/crypto/tests/vfio_ap_matrix_kunit"
extmods="tools/testing/selftests/vfio/ap/modules"
files="/usr/lib/bed/ap.sh=tools/testing/selftests/vfio/ap/ap.sh"
programs="vfio/ap/ap_emu_test vfio/ap/ap_matrix_test vfio/ap/ap_guest_test
	vfio/ap/ap_irq_test vfio/ap/ap_storm_test"
# What the base does not do is in ap_defects_test; the rest is the contract.
trees="ours"

no_ap_bus()
{
	! modprobe ap 2>/dev/null
}

# The results themselves are read from the kernel's log.
ap_kunit()
{
	t_check "KUnit of the matrix loads" modprobe vfio_ap_matrix_kunit
	t_check "it has run" grep -q "^\(not \)\{0,1\}ok" \
		/sys/kernel/debug/kunit/vfio_ap_matrix/results
	t_check "it unloads" rmmod vfio_ap_matrix_kunit
}

guest()
{
	. /usr/lib/bed/ap.sh
	ap_kunit
	t_check "no AP bus without adapters" no_ap_bus
	ap_setup
	t_eq "interrupts" "$(cat /sys/bus/ap/ap_interrupts)" 1
	ap_emu_test
	ap_matrix_test
	ap_guest_test
	ap_irq_test
	ap_storm_test
	t_eq "no device is left" "$(ls /sys/bus/mdev/devices)" ""
	# Releases are put off by some seconds in this kernel.
	sleep 8
	t_check "guests unload" rmmod ap_guest
	t_check "vfio_ap unloads" rmmod vfio_ap
	t_check "and comes back" modprobe vfio_ap
	t_eq "with its queues" "$(ls -d /sys/bus/ap/drivers/vfio_ap/0* | wc -l)" 16
}
