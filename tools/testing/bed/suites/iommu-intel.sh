# SPDX-License-Identifier: GPL-2.0-only
title="intel-iommu: a disk works, is assigned and comes back; types; who shares a group"
# nvme frees itself with its kobjects pending, which the debug kernel objects to.
flavour="plain"
timeout=900
programs="vfio/vfio_holder"
. tools/testing/bed/suites/iommu.inc
# A PCI bus behind a bridge: its functions are seen as the bridge. A UHCI and an
# EHCI function are one USB controller. A virtio disk has a bus of its own.
devices=("${iommu_disk[@]}" -device nvme,serial=bed,drive=d0,addr=3
	 -device pcie-pci-bridge,id=br0,addr=7
	 -device edu,bus=br0,addr=1
	 -chardev null,id=null0 -device pci-serial,chardev=null0,bus=br0,addr=2
	 -device ich9-usb-ehci1,id=ehci,addr=1d.7,multifunction=on
	 -device ich9-usb-uhci1,masterbus=ehci.0,firstport=0,addr=1d.0,multifunction=on
	 -device virtio-rng-pci,disable-legacy=on,iommu_platform=on,addr=5)

members() { ls "/sys/kernel/iommu_groups/$1/devices" | xargs; }

usb_companions()
{
	u_group=$(group_of 0000:00:1d.0)
	t_eq "companions: one group" "$(group_of 0000:00:1d.7)" "$u_group"
	t_eq "companions: and nobody else" "$(members "$u_group")" "0000:00:1d.0 0000:00:1d.7"
}

behind_bridge()
{
	b_group=$(group_of 0000:00:07.0)
	b_edu=$(basename /sys/bus/pci/devices/0000:00:07.0/*:01.0)
	b_serial=$(basename /sys/bus/pci/devices/0000:00:07.0/*:02.0)
	t_eq "bridge: with all behind it" "$(members "$b_group")" "0000:00:07.0 $b_edu $b_serial"
	t_eq "bridge: the serial port has a driver" \
		"$(basename "$(readlink /sys/bus/pci/devices/$b_serial/driver)")" serial
	t_check "bridge: vfio-pci takes one function" bind_vfio "$b_edu"
	vfio_holder type1 /sys/bus/pci/devices/$b_edu >/tmp/holder 2>&1
	t_eq "bridge: which may not be used beside a kernel driver" $? 1
	t_check "bridge: the log says whose" log_has "$b_serial" serial "group $b_group"
	echo "$b_serial" >/sys/bus/pci/drivers/serial/unbind
	: >/tmp/holder
	vfio_holder type1 /sys/bus/pci/devices/$b_edu >/tmp/holder 2>&1 &
	b_pid=$!
	t_check "bridge: it may when that is gone" wait_for 60 holding
	t_errno "bridge: then that may not come back" EBUSY \
		sh -c "echo $b_serial >/sys/bus/pci/drivers/serial/bind"
	t_check "bridge: and the log says so" log_has "serial $b_serial" "group $b_group"
	t_check "bridge: given back" unbind_vfio "$b_edu"
	wait $b_pid
	t_eq "bridge: the program lets go" $? 0
	t_check "bridge: the serial port's driver comes back" \
		sh -c "echo $b_serial >/sys/bus/pci/drivers/serial/bind"
}

# A device on a bus of its own below a member is no member (virtio, USB, I2C...).
subordinate_bus()
{
	s_child=$(basename /sys/bus/pci/devices/0000:00:05.0/virtio*)
	t_check "subordinate: the child is there" test -e "/sys/bus/virtio/devices/$s_child"
	t_check "subordinate: it has no group" \
		test ! -e "/sys/bus/virtio/devices/$s_child/iommu_group"
	t_eq "subordinate: it is no member" "$(members "$(group_of 0000:00:05.0)")" 0000:00:05.0
	t_check "subordinate: the parent's group is free without its driver" bind_vfio 0000:00:05.0
	: >/tmp/holder
	vfio_holder type1 /sys/bus/pci/devices/0000:00:05.0 >/tmp/holder 2>&1 &
	s_pid=$!
	t_check "subordinate: and in use" wait_for 60 holding
	t_check "subordinate: given back" unbind_vfio 0000:00:05.0
	wait $s_pid
}

guest()
{
	disk=0000:00:03.0
	t_check "the log has the default" log_has "iommu: Default domain type: Translated"
	t_check "the log has the policy" log_has "DMA domain TLB invalidation policy: lazy mode"
	t_check "the disk works" disk_works
	disk_sysfs
	t_eq "reserved regions" "$(cat "$(disk_group)/reserved_regions")" \
		"0x00000000fee00000 0x00000000feefffff msi"
	t_eq "the default type" "$(disk_type)" DMA-FQ
	disk_types
	disk_taken "group and type1" type1
	disk_taken "cdev and iommufd" cdev
	usb_companions
	behind_bridge
	subordinate_bus
}
