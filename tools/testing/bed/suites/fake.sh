# SPDX-License-Identifier: GPL-2.0-only
title="drivers that refuse, lack operations or are slow, made to order"
timeout=600
programs="vfio/vfio_fake_test"
extmods="tools/testing/selftests/vfio/modules"

guest()
{
	t_check "vfio_fake loads" insmod /lib/modules/vfio_fake.ko
	vfio_fake_test
	t_check "vfio_fake unloads" rmmod vfio_fake
}
