// SPDX-License-Identifier: GPL-2.0-only
/*
 * The KUnit suites of the iommu_group core, in one module. It uses nothing but
 * exported symbols, so it can be built for any 6.12 kernel:
 *	make -C $KERNEL_OBJECTS M=$PWD/drivers/iommu/tests
 */
#include <linux/module.h>

#include "mock.h"

kunit_test_suites(&iommu_group_lifetime_suite, &iommu_group_probe_suite,
		  &iommu_group_domain_suite, &iommu_group_owner_suite,
		  &iommu_group_pasid_suite, &iommu_group_deferred_suite,
		  &iommu_group_race_suite, &iommu_group_cost_suite,
		  &iommu_group_defects_suite);

MODULE_DESCRIPTION("KUnit tests of the iommu_group core");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(IOMMUFD_INTERNAL);
