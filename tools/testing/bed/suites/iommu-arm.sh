# SPDX-License-Identifier: GPL-2.0-only
title="arm-smmu-v3: a disk works, is assigned and comes back; types"
arch="arm64"
flavour="plain"
timeout=900
iommu="smmuv3"
programs="vfio/vfio_holder"
. tools/testing/bed/suites/iommu.inc
devices=("${iommu_disk[@]}" -device nvme,serial=bed,drive=d0,addr=3)

guest()
{
	disk=0000:00:03.0
	t_check "the disk works" disk_works
	disk_sysfs
	t_check "the window for MSIs" \
		grep -q "0x0000000008000000 0x00000000080fffff msi" "$(disk_group)/reserved_regions"
	disk_types
	disk_taken "group and type1" type1
	disk_taken "cdev and iommufd" cdev
}
