# SPDX-License-Identifier: GPL-2.0-only
# What the suites of vfio-ap do first: adapters, the AP bus with its zcrypt
# drivers, vfio_ap, guests. Sourced by guest() of tools/testing/bed/suites.

# ap_cards [PARAMETER...]: the emulator and the bus. Every queue has a driver
# before a mask changes, for the bus takes that for granted.
ap_cards()
{
	insmod /lib/modules/ap_emu.ko "$@" || return
	modprobe zcrypt_cex4 || return
	wait_for 10 grep -q complete /sys/bus/ap/bindings
}

# ap_setup [PARAMETER...]: cards 1 to 6, domains 4 to 7; 1 and 2 are the host's,
# the others vfio_ap's. What a scan of the bus costs goes with the highest domain.
ap_setup()
{
	t_check "adapters" ap_cards apm=1-6 aqm=4-7 adm=4-7 na=63 nd=31 "$@"
	t_check "vfio_ap" modprobe vfio_ap
	t_check "guests" insmod /lib/modules/ap_guest.ko
	echo 120 >/sys/bus/ap/config_time
	echo 0x6000000000000000000000000000000000000000000000000000000000000000 \
		>/sys/bus/ap/apmask
	t_eq "the host keeps two adapters" \
		"$(ls -d /sys/bus/ap/drivers/cex4queue/0* | wc -l)" 8
	t_eq "vfio_ap has four" \
		"$(ls -d /sys/bus/ap/drivers/vfio_ap/0* | wc -l)" 16
}
