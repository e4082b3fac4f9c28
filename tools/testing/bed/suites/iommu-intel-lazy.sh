# SPDX-License-Identifier: GPL-2.0-only
title="intel-iommu with iommu.strict=0: what it says, what it does"
# nvme frees itself with its kobjects pending, which the debug kernel objects to.
flavour="plain"
timeout=420
append="iommu.strict=0"
programs="vfio/vfio_holder"
. tools/testing/bed/suites/iommu.inc
devices=("${iommu_disk[@]}" -device nvme,serial=bed,drive=d0,addr=3)

guest()
{
	disk=0000:00:03.0
	t_check "the log has the default" log_has "iommu: Default domain type: Translated"
	t_check "the log has the policy" log_has "DMA domain TLB invalidation policy: lazy mode (set via kernel command line)"
	t_eq "the default type" "$(disk_type)" DMA-FQ
	t_check "the disk works" disk_works
	disk_taken "group and type1" type1
	t_eq "the type is as it was" "$(disk_type)" DMA-FQ
}
