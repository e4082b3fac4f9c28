# SPDX-License-Identifier: GPL-2.0-only
title="drivers that refuse, lack operations, are slow or about to go, made to order"
boot="mdev"
# The base calls a driver's operations seconds after it was let go.
trees="ours"
timeout=600
programs="vfio/vfio_fake_test vfio/vfio_fake_revoke_test vfio/vfio_leaving_test"
extmods="tools/testing/selftests/vfio/modules"

guest()
{
	t_check "vfio_fake loads" insmod /lib/modules/vfio_fake.ko
	vfio_fake_test
	vfio_fake_revoke_test
	for n in 0 1; do
		echo vfio_fake.$n >/sys/bus/platform/drivers/vfio_fake/unbind
	done
	t_check "vfio_fake unloads" rmmod vfio_fake
	vfio_leaving_test
}
