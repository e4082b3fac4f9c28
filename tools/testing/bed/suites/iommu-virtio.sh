# SPDX-License-Identifier: GPL-2.0-only
title="virtio-iommu: a disk works, is assigned and comes back; types"
# nvme frees itself with its kobjects pending, which the debug kernel objects to.
flavour="plain"
timeout=900
iommu="virtio"
# There is no remapping of interrupts beside it.
append="vfio_iommu_type1.allow_unsafe_interrupts=1 iommufd.allow_unsafe_interrupts=1"
programs="vfio/vfio_holder"
. tools/testing/bed/suites/iommu.inc
devices=("${iommu_disk[@]}" -device nvme,serial=bed,drive=d0,addr=3)

guest()
{
	disk=0000:00:03.0
	t_check "the disk works" disk_works
	disk_sysfs
	t_check "the MSI window is reserved" \
		grep -q "0x00000000fee00000 0x00000000feefffff msi" "$(disk_group)/reserved_regions"
	# It has no late flush: the lazy default becomes strict.
	t_eq "the default type" "$(disk_type)" DMA-FQ
	disk_types
	disk_taken "group and type1" type1
	disk_taken "cdev and iommufd" cdev
}
