# SPDX-License-Identifier: GPL-2.0-only
title="KUnit suite of the mediated device core"
boot="kunit"
trees="ours"
timeout=240
modules="drivers/vfio/mdev/mdev_kunit"
# The results themselves are read from the kernel's log.
append="kunit.enable=1 loglevel=7"

guest()
{
	t_check "it loads" modprobe mdev_kunit
	t_check "it has run" \
		grep -q "^\(not \)\{0,1\}ok" /sys/kernel/debug/kunit/mdev/results
	# Releases are delayed by some seconds in this kernel.
	sleep 6
	t_ok "nothing was touched late"
	t_check "it unloads" rmmod mdev_kunit
}
