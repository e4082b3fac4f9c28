# SPDX-License-Identifier: GPL-2.0-only
title="the example of Documentation/arch/s390/vfio-ap.rst, as it is printed there"
arch="s390"
flavour="plain"
trees="ours"
timeout=300
append="facilities=12,15,65"
modules="drivers/s390/crypto/vfio_ap drivers/s390/crypto/zcrypt_cex4"
extmods="tools/testing/selftests/vfio/ap/modules"
files="/usr/lib/bed/vfio-ap.rst=Documentation/arch/s390/vfio-ap.rst"

. tools/run/guest/ap-example.sh

guest()
{
	ap_example
}
