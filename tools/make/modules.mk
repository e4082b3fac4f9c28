# SPDX-License-Identifier: GPL-2.0-only
.PHONY: modules
modules:
	@$(if $(IOMMUFD),IOMMUFD=1) $(if $(CCW),CCW=1) tools/modules/build '$(KDIR)'
