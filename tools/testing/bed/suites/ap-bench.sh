# SPDX-License-Identifier: GPL-2.0-only
title="vfio-ap: instructions per assignment, small and large matrices"
arch="s390"
flavour="plain"
timeout=600
icount=1
smp=1
append="facilities=12,15"
modules="drivers/s390/crypto/vfio_ap drivers/s390/crypto/zcrypt_cex4"
extmods="tools/testing/selftests/vfio/ap/modules"
files="/usr/lib/bed/ap.sh=tools/testing/selftests/vfio/ap/ap.sh"
programs="vfio/ap/ap_bench"

guest()
{
	. /usr/lib/bed/ap.sh
	ap_setup na=255 nd=255
	ap_bench
}
