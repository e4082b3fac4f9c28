# SPDX-License-Identifier: GPL-2.0-only
title="KUnit of the iommu_group core: attaches put off, in a kernel after a crash"
timeout=300
iommu="none"
# The DMA API looks for them only in a kernel that was told of an ELF header.
append="kunit.enable=1 kunit.filter_glob=none loglevel=7 kasan_multi_shot elfcorehdr=4K"
extmods="drivers/iommu/tests"

guest()
{
	printf 'iommu_group_deferred*' >/sys/module/kunit/parameters/filter_glob
	t_check "loads" insmod /lib/modules/iommu-group-kunit.ko
	t_check "unloads" rmmod iommu-group-kunit
}
