# SPDX-License-Identifier: GPL-2.0-only
title="vfio-ap: matrices, guests, hot plug, resets and interrupts, on emulated adapters"
arch="s390"
timeout=1500
append="facilities=12,15,65"
modules="drivers/s390/crypto/vfio_ap drivers/s390/crypto/zcrypt_cex4"
extmods="tools/testing/selftests/vfio/ap/modules"
files="/usr/lib/bed/ap.sh=tools/testing/selftests/vfio/ap/ap.sh"
programs="vfio/ap/ap_matrix_test vfio/ap/ap_guest_test vfio/ap/ap_irq_test"
# What the base does not do is in ap_defects_test; the rest is the contract.
trees="ours"

guest()
{
	. /usr/lib/bed/ap.sh
	ap_setup
	ap_matrix_test
	ap_guest_test
	ap_irq_test
	t_eq "no device is left" "$(ls /sys/bus/mdev/devices)" ""
	# Releases are put off by some seconds in this kernel.
	sleep 8
	t_check "guests unload" rmmod ap_guest
	t_check "vfio_ap unloads" rmmod vfio_ap
	t_check "and comes back" modprobe vfio_ap
	t_eq "with its queues" "$(ls -d /sys/bus/ap/drivers/vfio_ap/0* | wc -l)" 16
}
