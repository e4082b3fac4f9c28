# SPDX-License-Identifier: GPL-2.0-only
title="refusals that need a device in trouble: a foreign domain, a VF without its token"
timeout=700
programs="vfio/vfio_foreign_test vfio/vfio_vf_token_test"
extmods="tools/testing/selftests/vfio/modules"
append="vfio_pci.enable_sriov=1"
devices=(-device edu,id=edu0,addr=5
	 -device pcie-root-port,id=rp0,chassis=1,addr=6
	 -device nvme-subsys,id=subsys0
	 -device nvme,serial=vfs,subsys=subsys0,bus=rp0,sriov_max_vfs=1,sriov_vq_flexible=2,sriov_vi_flexible=1)

guest()
{
	vfio_foreign_test
	pf=$(ls -d /sys/bus/pci/devices/0000:00:06.0/0000:??:??.?) || return
	VFIO_TEST_PF=${pf##*/} vfio_vf_token_test
}
