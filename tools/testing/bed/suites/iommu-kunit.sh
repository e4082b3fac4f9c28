# SPDX-License-Identifier: GPL-2.0-only
title="KUnit of the iommu_group core: life, probing, domains, owners, PASIDs"
timeout=900
iommu="none"
# At boot nothing: the module's suites run one by one.
append="kunit.enable=1 kunit.filter_glob=none loglevel=7 kasan_multi_shot"
extmods="drivers/iommu/tests"

guest()
{
	for suite in lifetime probe domain owner pasid; do
		printf 'iommu_group_%s*' $suite >/sys/module/kunit/parameters/filter_glob
		t_check "$suite: loads" insmod /lib/modules/iommu-group-kunit.ko
		t_check "$suite: unloads" rmmod iommu-group-kunit
	done
}
