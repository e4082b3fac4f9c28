# SPDX-License-Identifier: GPL-2.0-only
title="iommufd's mock devices: attach, replace, detach, with handles; every allocation fails"
boot="iommu-none"
timeout=900
iommu="none"
# As iommu-kunit has it.
append="kunit.enable=1 kunit.filter_glob=none loglevel=7 kasan_multi_shot iommu.strict=0"
programs="iommu_group/iommufd_mock_test iommu_group/iommufd_mock_fail_nth_test"

guest()
{
	iommufd_mock_test
	iommufd_mock_fail_nth_test
}
