# SPDX-License-Identifier: GPL-2.0-only
.PHONY: deb dkms-deb
deb: ready
	@tools/packages/deb $(flavour_arg) $(if $(TRIM),TRIM=1)

dkms-deb: ready
	@tools/packages/dkms
