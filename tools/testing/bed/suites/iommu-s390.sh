# SPDX-License-Identifier: GPL-2.0-only
title="s390: a PCI disk works through its IOMMU, is assigned and comes back"
arch="s390"
timeout=600
programs="vfio/vfio_holder"
. tools/testing/bed/suites/iommu.inc
devices=("${iommu_disk[@]}" -device zpci,uid=1,fid=1,target=vd0
	 -device virtio-blk-pci,id=vd0,drive=d0,disable-legacy=on,iommu_platform=on)

guest()
{
	disk=$(basename /sys/bus/pci/devices/*)
	t_check "the disk works" disk_works
	disk_sysfs
	disk_taken "group and type1" type1
	disk_taken "cdev and iommufd" cdev
}
