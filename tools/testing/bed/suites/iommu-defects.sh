# SPDX-License-Identifier: GPL-2.0-only
title="KUnit of the iommu_group core: a case for each known defect, by number"
# The base fails every one of them. Its threads die with locks held in the last
# ones: go on all the same, a splat is a failure anyway.
trees="ours"
timeout=600
iommu="none"
append="kunit.enable=1 kunit.filter_glob=none loglevel=7 kasan_multi_shot oops=go"
# The base dies of it; here it is a warning, and asked for.
expect_splat="iommu_set_fault_handler"
extmods="drivers/iommu/tests"

guest()
{
	# The first is one of the races.
	for suite in defects race; do
		printf 'iommu_group_%s*' $suite >/sys/module/kunit/parameters/filter_glob
		t_check "$suite: loads" insmod /lib/modules/iommu-group-kunit.ko
		t_check "$suite: unloads" rmmod iommu-group-kunit
	done
}
