# SPDX-License-Identifier: GPL-2.0-only
title="models of life cycles, every order of events (spin); runs without a guest"
timeout=600
packages="spin gcc libc6-dev"

# host_check MODEL VARIANT: spin's verdict on all states; the last line is the error.
host_check()
{
	h_dir=$(mktemp -d) || return
	cp "tools/testing/models/$1.pml" "$h_dir/" && cd "$h_dir" || return
	spin -a ${2:+"-D$2"} "$1.pml" && gcc -w -O2 -DSAFETY -DCOLLAPSE -o pan pan.c &&
		./pan -m1000000 >out || return
	grep -E "^State-vector|states, stored|assertion violated|invalid end state" out
	! grep -qE "max search depth too small|out of memory" out &&
		grep -q "errors: 0" out
}

# host_finds MODEL VARIANT ERROR: the variant has this error.
host_finds()
{
	h_out=$(host_check "$1" "$2" 2>&1)
	echo "$h_out"
	echo "$h_out" | grep -q "errors: 1" && echo "$h_out" | grep -qF -- "$3"
}

# host_returns MODEL VARIANT: its liveness claim, under weak fairness.
host_returns()
{
	h_dir=$(mktemp -d) || return
	cp "tools/testing/models/$1.pml" "$h_dir/" && cd "$h_dir" || return
	spin -a -DRETURNS ${2:+"-D$2"} "$1.pml" && gcc -w -O2 -DNFAIR=3 -o pan pan.c &&
		./pan -a -f -m1000000 >out || return
	grep -E "^State-vector|states, stored|acceptance cycle" out
	! grep -qE "max search depth too small|out of memory" out &&
		grep -q "errors: 0" out
}

host_never_returns()
{
	h_out=$(host_returns "$1" "$2" 2>&1)
	echo "$h_out"
	echo "$h_out" | grep -q "errors: 1"
}

host_run()
{
	t_check "vfio_revoke: no error in any order" host_check vfio_revoke ""
	t_check "vfio_revoke: unregistration returns" host_returns vfio_revoke ""
	t_check "vfio_revoke: with no time set a holder stops it" \
		host_never_returns vfio_revoke NO_TIME
	for v in NO_DRAIN NO_RECHECK; do
		t_check "vfio_revoke: $v closes with a call inside" \
			host_finds vfio_revoke $v "(driver_open&& !(gone))"
	done
	for v in NO_SETTLE ZAP_EARLY; do
		t_check "vfio_revoke: $v leaves a page mapped" \
			host_finds vfio_revoke $v "assertion violated 0"
	done
	t_check "vfio_revoke: NO_MARK closes twice" \
		host_finds vfio_revoke NO_MARK "assertion violated driver_open"
	t_check "vfio_revoke: NO_REF uses freed memory" \
		host_finds vfio_revoke NO_REF "!(fd_freed)"

	t_check "iommu_group: no error in any order" host_check iommu_group ""
	for v in OLD_ORDER NO_RCU NO_UNLESS; do
		t_check "iommu_group: $v uses freed memory" \
			host_finds iommu_group $v "!(freed[g])"
	done
	t_check "iommu_group: ID_FIRST makes one directory twice" \
		host_finds iommu_group ID_FIRST "directory[n]"
	t_check "iommu_group: PUT_LOCKED waits for ever" \
		host_finds iommu_group PUT_LOCKED "invalid end state"
}
