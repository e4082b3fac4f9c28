# SPDX-License-Identifier: GPL-2.0-only
title="intel-iommu with iommu.passthrough=1: what it says, what it does"
# nvme frees itself with its kobjects pending, which the debug kernel objects to.
flavour="plain"
timeout=420
append="iommu.passthrough=1"
programs="vfio/vfio_holder"
. tools/testing/bed/suites/iommu.inc
devices=("${iommu_disk[@]}" -device nvme,serial=bed,drive=d0,addr=3)

guest()
{
	disk=0000:00:03.0
	t_check "the log has the default" log_has "iommu: Default domain type: Passthrough (set via kernel command line)"
	t_check "the log has no policy" sh -c "! dmesg | grep 'invalidation policy'"
	t_eq "the default type" "$(disk_type)" identity
	t_check "the disk works" disk_works
	disk_taken "group and type1" type1
	t_eq "the type is as it was" "$(disk_type)" identity
	disk_becomes DMA
	disk_becomes auto identity
}
