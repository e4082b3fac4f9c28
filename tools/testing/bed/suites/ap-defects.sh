# SPDX-License-Identifier: GPL-2.0-only
title="a regression test for each known defect of vfio-ap, by number"
# The base fails them all, and is not to be trusted after the first two.
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
	# The second try finds the driver's name still taken, as its release is put
	# off (DEBUG_KOBJECT_RELEASE): the program takes EEXIST for "loaded".
	modprobe vfio_ap 2>/dev/null
	t_check "defect 8: QCI fails" sh -c "! grep -q '^vfio_ap ' /proc/modules"
	sleep 8
	echo "clear" >/sys/kernel/debug/ap_emu/inject
	t_check "defect 8: no debug area is left then" \
		test ! -e /sys/kernel/debug/s390dbf/vfio_ap
	t_check "vfio_ap loads after all" modprobe vfio_ap
	t_eq "with its queues" "$(ls -d /sys/bus/ap/drivers/vfio_ap/0* | wc -l)" 16
}

all_defects() { ap_defects_test; }

# What the base leaves of one test is not to fail the next.
if [ "${BED_TREE:-}" = base ]; then
	all_defects()
	{
		for o_test in 3_a_failed_aqic_changes_nothing \
				4_no_interrupts_are_not_at_address_0 \
				5_the_eventfd_goes_with_its_opener \
				6_a_device_is_known_before_it_is_seen \
				7_a_slow_reset_is_ones_own \
				7_a_reset_without_end_is_given_up \
				8_ap_config_shows_what_was_accepted \
				9_ap_config_is_one_change \
				10_only_the_guests_own_page_is_converted \
				11_old_cards_are_not_plugged \
				1_a_queue_forgets_its_device \
				2_a_large_matrix_is_shown_whole; do
			ap_defects_test -t $o_test
			for o_dir in /sys/bus/mdev/devices/*; do
				[ ! -e $o_dir/remove ] ||
					timeout 20 sh -c "echo 1 >$o_dir/remove"
			done
		done
	}
fi

guest()
{
	. /usr/lib/bed/ap.sh
	ap_setup na=255 nd=255
	all_defects
	sleep 8
	failed_load
}
