# SPDX-License-Identifier: GPL-2.0-only
.PHONY: run
run:
	@tools/run/main $(kernel_args) $(if $(NOBUILD),NOBUILD=$(NOBUILD)) $(if $(NOS390),NOS390=$(NOS390))
