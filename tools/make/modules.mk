# SPDX-License-Identifier: GPL-2.0-only
.PHONY: modules
modules:
	@tools/modules/build '$(KDIR)'
