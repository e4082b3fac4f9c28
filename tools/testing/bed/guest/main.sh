# SPDX-License-Identifier: GPL-2.0-only
# Runs a suite's functions: bed.sh, then suite.sh, then guest().
. /lib/bed.sh
. /usr/lib/bed/suite.sh
cd /tmp || exit 1
guest
echo "# bed: suite returned $?"
