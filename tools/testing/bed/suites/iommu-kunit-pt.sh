# SPDX-License-Identifier: GPL-2.0-only
title="KUnit of the iommu_group core with iommu.passthrough=1"
timeout=600
iommu="none"
append="kunit.enable=1 kunit.filter_glob=none loglevel=7 kasan_multi_shot iommu.passthrough=1"
extmods="drivers/iommu/tests"

guest()
{
	# What the probe suite makes fail is not asked for in passthrough mode.
	for suite in domain owner; do
		printf 'iommu_group_%s*' $suite >/sys/module/kunit/parameters/filter_glob
		t_check "$suite: loads" insmod /lib/modules/iommu-group-kunit.ko
		t_check "$suite: unloads" rmmod iommu-group-kunit
	done
}
