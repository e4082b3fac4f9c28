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

host_run()
{
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
