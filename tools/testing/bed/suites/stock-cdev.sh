# SPDX-License-Identifier: GPL-2.0-only
title="Debian's own kernel, which has no iommufd, with our modules and the base's iommufd"
flavour="stockfd"
trees="ours"
timeout=600
memory=1536M
root="deb13"
programs="vfio/vfio_cdev_test vfio/vfio_attach_test vfio/vfio_nested_guest"
nested_kernel=$(tools/testing/bed/kernel --dir FLAVOUR=plain)/vmlinux
files="/nested/vmlinux=$nested_kernel"
modules="drivers/iommu/iommufd/iommufd drivers/vfio/vfio_iommu_type1
	drivers/vfio/pci/vfio-pci samples/vfio-mdev/mtty samples/vfio-mdev/mdma"
append="intel_iommu=on rcupdate.rcu_cpu_stall_timeout=200"
devices=(-device edu,id=edu0,addr=5)

says() { grep -q -- "$1" /tmp/console; }

# A real QEMU gives the function to a guest by its cdev.
nested()
{
	mkdir -p /tmp/nested/dev
	cp /usr/lib/bed/programs/vfio_nested_guest /tmp/nested/init
	mknod /tmp/nested/dev/console c 5 1
	(cd /tmp/nested && find . | cpio -o -H newc) >/tmp/nested.cpio 2>/dev/null
	: >/tmp/console
	qemu-system-x86_64 -accel tcg -M q35 -cpu qemu64 -m 96 -nodefaults -vga none \
		-display none -no-reboot -serial file:/tmp/console \
		-kernel /nested/vmlinux -initrd /tmp/nested.cpio \
		-append "console=ttyS0 loglevel=4 panic=-1 mitigations=off no_timer_check tsc=reliable lpj=5000000 nokaslr" \
		-object iommufd,id=iommufd0 \
		-device vfio-pci,host=0000:00:05.0,iommufd=iommufd0 >/tmp/qemu.out 2>&1 &
	n_qemu=$!
	t_check "the guest of a real QEMU drives the function" \
		wait_for 240 says "bar 010000ed config 11e81234"
	t_check "QEMU has it by its cdev" sh -c "ls -l /proc/$n_qemu/fd | grep -q vfio/devices/"
	sed 's/^/# /' /tmp/qemu.out
	kill $n_qemu
	wait $n_qemu
}

guest()
{
	depmod
	for m in iommufd vfio_iommu_type1 vfio-pci mtty mdma; do
		t_check "$m loads" modprobe $m
	done
	t_check "iommufd has its node" test -c /dev/iommu
	t_check "vfio-pci binds" bind_vfio 0000:00:05.0
	t_check "the device has a node of its own" test -c "/dev/vfio/devices/$(vfio_dev 0000:00:05.0)"
	vfio_cdev_test
	vfio_attach_test
	nested
	t_check "vfio-pci gives the function back" unbind_vfio 0000:00:05.0
	for m in mdma mtty vfio-pci vfio-pci-core mdev vfio_iommu_type1 vfio iommufd; do
		t_check "$m unloads" rmmod $m
	done
}
