# SPDX-License-Identifier: GPL-2.0-only
title="KUnit of the iommu_group core: attaches put off, in a kernel after a crash"
flavour="csan"
timeout=400
iommu="none"
# The DMA API looks for them only in a kernel that was told of an ELF header.
append="kunit.enable=1 loglevel=7 elfcorehdr=4K"
modules="lib/kunit/kunit"
extmods="drivers/iommu/tests"

guest()
{
	t_check "kunit loads" modprobe kunit enable=1 filter_glob='iommu_group_deferred*'
	t_check "loads" insmod /lib/modules/iommu-group-kunit.ko
	t_check "unloads" rmmod iommu-group-kunit
}
