# SPDX-License-Identifier: GPL-2.0-only
title="the device cdev: unbound, BIND, ATTACH, DETACH, closing in every state"
boot="edu"
# The base's fdinfo names neither the device nor the state of the fd.
trees="ours"
timeout=900
programs="vfio/vfio_cdev_test vfio/vfio_attach_test vfio/vfio_unregister_test"
modules="samples/vfio-mdev/mtty"
devices=(-device edu,id=edu0,addr=5)

guest()
{
	t_check "mtty loads" modprobe mtty
	vfio_cdev_test
	vfio_attach_test
	vfio_unregister_test
}
