# SPDX-License-Identifier: GPL-2.0-only
BED := tools/testing/bed
ARCH := x86_64
FLAVOUR := debug
TREE := ours
export BED_CACHE

.PHONY: kernel kdir
kernel:
	@$(BED)/kernel ARCH=$(ARCH) FLAVOUR=$(FLAVOUR) TREE=$(TREE)

kdir:
	@$(BED)/kernel --dir ARCH=$(ARCH) FLAVOUR=$(FLAVOUR) TREE=$(TREE)
