# SPDX-License-Identifier: GPL-2.0-only
title="vfio-ccw: channel programs on a 3270 and a virtio device, every way in"
arch="s390"
timeout=600
programs="vfio/vfio_ccw_test"
modules="drivers/s390/cio/vfio_ccw"
devices=(-chardev null,id=c3270 -device x-terminal3270,chardev=c3270,devno=fe.0.000a
	 -netdev hubport,hubid=0,id=h0
	 -device virtio-net-ccw,netdev=h0,devno=fe.0.0101,mac=52:54:00:12:34:56)

guest()
{
	t_check "vfio_ccw loads" modprobe vfio_ccw
	vfio_ccw_test
	for d in /sys/bus/css/drivers/vfio_ccw/0.*; do
		id=${d##*/}
		echo >$d/driver_override
		t_check "$id: unbind" sh -c "echo $id >/sys/bus/css/drivers/vfio_ccw/unbind"
		echo $id >/sys/bus/css/drivers_probe
	done
	t_check "vfio_ccw unloads" rmmod vfio_ccw
}
