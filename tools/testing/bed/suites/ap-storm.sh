# SPDX-License-Identifier: GPL-2.0-only
title="vfio-ap: configuration, drivers, guests, resets and readers all at once"
arch="s390"
timeout=1800
append="facilities=12,15,65"
modules="drivers/s390/crypto/vfio_ap drivers/s390/crypto/zcrypt_cex4"
extmods="tools/testing/selftests/vfio/ap/modules"
files="/usr/lib/bed/ap.sh=tools/testing/selftests/vfio/ap/ap.sh"
programs="vfio/ap/ap_storm_test"
# The base does not live through it.
trees="ours"

guest()
{
	. /usr/lib/bed/ap.sh
	ap_setup
	ap_storm_test
	t_eq "no device is left" "$(ls /sys/bus/mdev/devices)" ""
}
