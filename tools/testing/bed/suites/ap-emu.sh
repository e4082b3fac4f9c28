# SPDX-License-Identifier: GPL-2.0-only
title="the emulated adapters, as the AP bus of the kernel sees them"
arch="s390"
timeout=600
trees="ours"
append="facilities=12,15,65"
modules="drivers/s390/crypto/vfio_ap drivers/s390/crypto/zcrypt_cex4"
extmods="tools/testing/selftests/vfio/ap/modules"
files="/usr/lib/bed/ap.sh=tools/testing/selftests/vfio/ap/ap.sh"
programs="vfio/ap/ap_emu_test"

guest()
{
	. /usr/lib/bed/ap.sh
	t_fails_without()
	{
		! modprobe ap 2>/dev/null
	}
	t_check "no AP bus without adapters" t_fails_without
	ap_setup
	t_eq "interrupts" "$(cat /sys/bus/ap/ap_interrupts)" 1
	ap_emu_test
}
