# SPDX-License-Identifier: GPL-2.0-only
title="the example of Documentation/arch/s390/vfio-ap.rst, as it is printed there"
arch="s390"
flavour="plain"
trees="ours"
timeout=600
append="facilities=12,15,65"
modules="drivers/s390/crypto/vfio_ap drivers/s390/crypto/zcrypt_cex4"
extmods="tools/testing/selftests/vfio/ap/modules"
files="/usr/lib/bed/vfio-ap.rst=Documentation/arch/s390/vfio-ap.rst"

# Between its headline and the next one: lines with # are commands, the others
# what they print.
guest()
{
	cp /lib/modules/ap_emu.ko /root/
	sed -n '/^An example without/,/^Life and locks/s/^   //p' \
		/usr/lib/bed/vfio-ap.rst >/root/example
	t_check "the document has the example" grep -q assign_adapter /root/example
	sed -n 's/^# //p' /root/example >/root/commands
	# Each command is shown as in the document; adapters take a moment to come.
	{
		echo 'cd /root'
		while read -r line; do
			echo "echo '# $line'"
			echo "$line"
			case $line in
			'modprobe zcrypt_cex4')
				echo 'while ! grep -q complete /sys/bus/ap/bindings; do sleep 1; done' ;;
			esac
		done </root/commands
	} >/root/script
	sh /root/script >/root/out 2>&1
	# Times are not part of it, nor is the name of the script.
	sed -i 's/^\[ *[0-9.]*\] //; s/^\/root\/script: line [0-9]*: /sh: /' /root/out
	t_check "it prints what the document says" diff /root/example /root/out
}
