# SPDX-License-Identifier: GPL-2.0-only
title="a regression test for each known defect of vfio-ap, by number"
# The base fails most of them, and is not to be trusted after some.
trees="ours"
arch="s390"
timeout=1500
append="facilities=12,15,65 kasan_multi_shot"
modules="drivers/s390/crypto/vfio_ap drivers/s390/crypto/zcrypt_cex4"
extmods="tools/testing/selftests/vfio/ap/modules"
files="/usr/lib/bed/ap.sh=tools/testing/selftests/vfio/ap/ap.sh"
programs="vfio/ap/ap_defects_test"

# 8: a load that failed left the debug area, or the matrix device, behind. Programs
# try a load in two ways before they give up.
failed_load()
{
	t_check "vfio_ap unloads" rmmod vfio_ap
	echo "tapq 00.0000 trap always" >/sys/kernel/debug/ap_emu/inject
	t_errno "defect 8: no AP instructions" ENODEV insmod \
		"$(find /lib/modules -name vfio_ap.ko)"
	t_check "defect 8: no debug area is left" \
		test ! -e /sys/kernel/debug/s390dbf/vfio_ap
	echo "clear" >/sys/kernel/debug/ap_emu/inject
	echo "qci *.* trap always" >/sys/kernel/debug/ap_emu/inject
	t_check "defect 8: QCI fails" sh -c "! modprobe vfio_ap 2>/dev/null"
	echo "clear" >/sys/kernel/debug/ap_emu/inject
	t_check "defect 8: no debug area is left then" \
		test ! -e /sys/kernel/debug/s390dbf/vfio_ap
	t_check "vfio_ap loads after all" modprobe vfio_ap
	t_eq "with its queues" "$(ls -d /sys/bus/ap/drivers/vfio_ap/0* | wc -l)" 16
}

guest()
{
	. /usr/lib/bed/ap.sh
	ap_setup na=255 nd=255
	ap_defects_test
	sleep 8
	failed_load
}
