# SPDX-License-Identifier: GPL-2.0-only
title="iommufd's mock devices: attach, replace, detach, with handles; every allocation fails"
timeout=900
iommu="none"
# Two programs of one system call: which CPU's allocation fails is theirs alone.
smp=1
programs="iommu_group/iommufd_mock_test iommu_group/iommufd_mock_fail_nth_test"

guest()
{
	iommufd_mock_test
	iommufd_mock_fail_nth_test
}
