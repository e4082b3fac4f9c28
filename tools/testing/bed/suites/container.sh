# SPDX-License-Identifier: GPL-2.0-only
title="the container file, with type1 behind it"
boot="edu"
trees="ours base"
timeout=600
programs="vfio/vfio_container_test"
modules="samples/vfio-mdev/mtty"
devices=(-device edu,id=edu0,addr=5)

guest()
{
	t_check "mtty loads" modprobe mtty
	vfio_container_test
}
