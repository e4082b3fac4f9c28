# SPDX-License-Identifier: GPL-2.0-only
# Runs a suite's functions: bed.sh, then the suite's, then guest().
. /lib/bed.sh
. "$1"
cd /tmp || exit 1
guest
echo "# bed: suite returned $?"

# Who shares the guest finds each function with its own driver.
set -- /usr/lib/bed/suites/*
[ $# -gt 1 ] || exit 0
for m_dev in /sys/bus/pci/drivers/vfio-pci/*:*; do
	[ ! -e "$m_dev" ] || unbind_vfio "${m_dev##*/}"
done
