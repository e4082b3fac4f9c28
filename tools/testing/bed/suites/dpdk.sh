# SPDX-License-Identifier: GPL-2.0-only
title="DPDK: testpmd forwards packets between ports given to it by vfio-pci"
flavour="plain"
timeout=400
memory=2G
root="deb13"
modules="drivers/net/ethernet/intel/e1000e/e1000e"
append="rcupdate.rcu_cpu_stall_timeout=200"

# Two wires: each a hub of two ports, so that what one sends the other gets.
devices=(-netdev hubport,hubid=0,id=wire0a -netdev hubport,hubid=0,id=wire0b
	 -netdev hubport,hubid=1,id=wire1a -netdev hubport,hubid=1,id=wire1b
	 -device e1000e,netdev=wire0a,addr=3,romfile= -device e1000e,netdev=wire0b,addr=4,romfile=
	 -device virtio-net-pci,netdev=wire1a,addr=5,romfile=,disable-legacy=on,iommu_platform=on
	 -device virtio-net-pci,netdev=wire1b,addr=6,romfile=,disable-legacy=on,iommu_platform=on)

# counter PORT DIRECTION: the last count of packets in testpmd's statistics.
counter()
{
	awk -v port="$1" -v what="$2-packets:" '
		/Forward statistics for port/ { on = ($0 ~ ("port " port " ")) }
		on && $1 == what { n = $2 }
		END { print n + 0 }' /tmp/testpmd.out
}

vfio_files()
{
	for link in /proc/[0-9]*/fd/*; do
		readlink "$link" 2>/dev/null
	done | grep -cE '^/dev/vfio/|vfio-device|^/dev/iommu'
}

# It prints its first statistics, or it is gone.
started() { grep -q 'Port statistics' /tmp/testpmd.out || ! kill -0 $1; }

# forward NAME BDF BDF: bind both, forward for some seconds, look at the counts.
forward()
{
	name=$1 first=$2 second=$3

	t_check "$name: vfio-pci takes the first port" bind_vfio $first
	t_check "$name: vfio-pci takes the second port" bind_vfio $second
	mkfifo /tmp/keys.$name
	# testpmd stops when its input ends or says quit.
	dpdk-testpmd --no-huge -m 128 -l 0,1 -a $first -a $second --iova-mode=va -- \
		--total-num-mbufs=4096 --forward-mode=io --tx-first --stats-period=2 \
		</tmp/keys.$name >/tmp/testpmd.out 2>&1 &
	pid=$!
	exec 9>/tmp/keys.$name
	wait_for 90 started $pid
	sleep 6
	for link in /proc/$pid/fd/*; do
		readlink "$link"
	done | grep vfio >/tmp/testpmd.fds
	sed 's/^/# holds /' /tmp/testpmd.fds
	t_eq "$name: testpmd holds the container" "$(grep -cx /dev/vfio/vfio /tmp/testpmd.fds)" 1
	t_eq "$name: and the two groups" "$(grep -cx '/dev/vfio/[0-9]*' /tmp/testpmd.fds)" 2
	kill -INT $pid
	exec 9>&-
	wait $pid
	rc=$?
	grep -A 4 'Forward statistics for' /tmp/testpmd.out | sed 's/^/# /'
	if [ $rc -ne 0 ]; then
		tail -n 15 /tmp/testpmd.out | sed 's/^/# /'
	fi
	t_eq "$name: testpmd ends well" $rc 0
	for port in 0 1; do
		t_check "$name: port $port received packets" test "$(counter $port RX)" -gt 100
		t_check "$name: port $port sent packets" test "$(counter $port TX)" -gt 100
	done
	t_eq "$name: nothing is left open" "$(vfio_files)" 0
	t_check "$name: the first port goes back" unbind_vfio $first
	t_check "$name: the second port goes back" unbind_vfio $second
}

guest()
{
	depmod -a 2>/dev/null
	# DPDK loads no plugins from below a directory that all may write.
	chmod 755 /
	modprobe e1000e
	dpdk-devbind.py --status-dev net 2>&1 | sed 's/^/# /'
	forward e1000e 0000:00:03.0 0000:00:04.0
	forward virtio 0000:00:05.0 0000:00:06.0
	t_check "e1000e has its ports again" test -d /sys/bus/pci/drivers/e1000e/0000:00:03.0 -a \
		-d /sys/bus/pci/drivers/e1000e/0000:00:04.0
}
