# SPDX-License-Identifier: GPL-2.0-only
title="KUnit of the iommu_group core: life, probing, domains, owners, PASIDs, races, defects"
boot="iommu-none"
timeout=900
iommu="none"
# At boot nothing: the module's suites run one by one.
append="kunit.enable=1 kunit.filter_glob=none loglevel=7 kasan_multi_shot iommu.strict=0"
# The base dies of it; here it is a warning, and asked for.
expect_splat="iommu_set_fault_handler"
extmods="drivers/iommu/tests"

kunit_suites() { echo lifetime probe domain owner pasid race defects; }

# TREE=base fails every defect. Threads die in the last ones with locks held: go
# on all the same, with what there is no coming back from at the end.
if [ "${BED_TREE:-}" = base ]; then
	append+=" oops=go"
	kunit_suites() { echo race.race_lookup defects; }
fi

guest()
{
	t_check "iommu.strict=0 is the default, and the log says who asked" sh -c \
		'dmesg | grep -F "policy: lazy mode (set via kernel command line)"'
	for suite in $(kunit_suites); do
		printf 'iommu_group_%s*' $suite >/sys/module/kunit/parameters/filter_glob
		t_check "$suite: loads" insmod /lib/modules/iommu-group-kunit.ko
		t_check "$suite: unloads" rmmod iommu-group-kunit
	done
}
