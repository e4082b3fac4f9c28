# SPDX-License-Identifier: GPL-2.0-only
# Runs a suite's functions: bed.sh, then the suite's, then guest().
. /lib/bed.sh
. "$1"
cd /tmp || exit 1
guest
echo "# bed: suite returned $?"
