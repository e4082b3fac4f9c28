# SPDX-License-Identifier: GPL-2.0-only
title="vfio-ap: assigning the last domain of small and of large matrices"
arch="s390"
timeout=600
# Its program counts instructions; time has no meaning on an emulated adapter.
smp=1
trees="insn"
append="facilities=12,15"
modules="drivers/s390/crypto/vfio_ap drivers/s390/crypto/zcrypt_cex4"
extmods="tools/testing/selftests/vfio/ap/modules"
files="/usr/lib/bed/ap.sh=tools/testing/selftests/vfio/ap/ap.sh"
programs="vfio/ap/ap_bench"

guest()
{
	. /usr/lib/bed/ap.sh
	ap_setup na=255 nd=255
	ap_bench | awk '/^# instructions/ { print "= ap." $3, $4, $5, 0 }'
}
