# SPDX-License-Identifier: GPL-2.0-only
title="vfio-ap: a matrix device defined, started and stopped by mdevctl with an ap_config"
arch="s390"
# It is about what mdevctl does; lockdep and KASAN look on in ap-guest.
flavour="plain"
timeout=300
memory=2G
root="deb13"
append="facilities=12,15,65"
modules="drivers/s390/crypto/vfio_ap drivers/s390/crypto/zcrypt_cex4"
extmods="tools/testing/selftests/vfio/ap/modules"
files="/usr/lib/bed/ap.sh=tools/testing/selftests/vfio/ap/ap.sh"

# The mask, all 64 digits, that begins with these two.
mask()
{
	printf '0x%s%062d' "$1" 0
}

guest()
{
	. /usr/lib/bed/ap.sh
	uuid=9d4a1f0c-0c9b-4b43-9a8e-0f6b0e9f0001
	second=9d4a1f0c-0c9b-4b43-9a8e-0f6b0e9f0002
	dev=/sys/bus/mdev/devices
	config="$(mask 18),$(mask 0c),$(mask 08)"

	# What modprobe of kmod wants; the harness packs the text form only.
	depmod -a 2>/dev/null
	ap_setup
	t_check "it lists the type" sh -c "mdevctl types | grep -q vfio_ap-passthrough"
	t_check "define" mdevctl define -u $uuid -p matrix -t vfio_ap-passthrough
	t_check "give it an ap_config" mdevctl modify -u $uuid \
		--addattr=ap_config --value="$config"
	t_check "start" mdevctl start -u $uuid
	t_eq "its ap_config" "$(cat $dev/$uuid/ap_config)" "$config"
	t_eq "its matrix" "$(echo $(cat $dev/$uuid/matrix))" \
		"03.0004 03.0005 04.0004 04.0005"
	t_eq "all of it for a guest" "$(echo $(cat $dev/$uuid/guest_matrix))" \
		"03.0004 03.0005 04.0004 04.0005"
	t_check "mdevctl lists it" sh -c "mdevctl list | grep -q $uuid"

	# Another one with a queue of the first does not start, and leaves nothing.
	mdevctl define -u $second -p matrix -t vfio_ap-passthrough
	mdevctl modify -u $second --addattr=ap_config \
		--value="$(mask 08),$(mask 06),$(mask 00)"
	t_check "a conflict is refused" sh -c "! mdevctl start -u $second 2>/dev/null"
	t_check "and leaves no device" test ! -e $dev/$second
	t_check "stop" mdevctl stop -u $uuid
	t_check "gone" test ! -e $dev/$uuid
	t_check "now the other one starts" mdevctl start -u $second
	t_eq "its matrix" "$(echo $(cat $dev/$second/matrix))" "04.0005 04.0006"
	t_check "stop it" mdevctl stop -u $second
}
