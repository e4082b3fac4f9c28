# SPDX-License-Identifier: GPL-2.0-only
title="vfio-ccw: channel programs as a guest may write them; defect 9"
timeout=600
programs="vfio/vfio_ccw_xlate_test"
modules="drivers/s390/cio/vfio_ccw"
. tools/testing/bed/suites/ccw.inc

guest()
{
	t_check "vfio_ccw loads" modprobe vfio_ccw
	vfio_ccw_xlate_test
}
