# SPDX-License-Identifier: GPL-2.0-only
title="what probing costs per device at 16, 256 and 4096 devices, in instructions"
flavour="plain"
timeout=900
iommu="none"
smp=1
icount=1
append="kunit.enable=1 log_buf_len=8M"
modules="lib/kunit/kunit"
extmods="drivers/iommu/tests"

guest()
{
	t_check "kunit loads" modprobe kunit enable=1 filter_glob='iommu_group_cost*'
	# The messages of 4096 devices are not what is measured.
	dmesg -n 6
	t_check "loads" insmod /lib/modules/iommu-group-kunit.ko
	dmesg -n 7
	# What is printed here stands in the log, too.
	costs=$(dmesg | sed -n 's/^.*cost of/# cost of/p')
	echo "$costs"
	t_eq "every size was measured" "$(echo "$costs" | grep -c "cost of")" 6
	t_eq "none failed" "$(dmesg | grep -c "not ok.*devices")" 0
	t_check "unloads" rmmod iommu-group-kunit
}
