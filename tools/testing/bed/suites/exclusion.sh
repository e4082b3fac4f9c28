# SPDX-License-Identifier: GPL-2.0-only
title="the group file and the cdevs of its devices exclude each other"
trees="ours base"
timeout=600
programs="vfio/vfio_exclusion_test"
modules="samples/vfio-mdev/mtty"
# Two functions of one slot without ACS are one group.
devices=(-device edu,id=edu0,addr=5.0,multifunction=on
	 -device edu,id=edu1,addr=5.1)

guest()
{
	t_check "mtty loads" modprobe mtty
	vfio_exclusion_test
}
