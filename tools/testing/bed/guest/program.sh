#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Stands in /bin for a test program, so that the log says whose results come.
# Where the output is not the log (a pipe, a file) nothing is added to it.
name=${0##*/}
program=/usr/lib/bed/programs/$name
[ -t 1 ] || exec "$program" "$@"
echo "# bed: begin $name"
"$program" "$@"
rc=$?
echo "# bed: done $name $rc"
exit $rc
