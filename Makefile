# SPDX-License-Identifier: GPL-2.0-only
#
# Everything starts here. "make help" lists the targets. Kernels and roots are
# kept in BED_CACHE (~/.cache/vfio-bed), results below out/.

BED := tools/testing/bed

ifeq ($(origin ARCH),command line)
arch_arg := ARCH=$(ARCH)
endif
flavour_arg := $(if $(FLAVOUR),FLAVOUR=$(FLAVOUR))
tree_arg := $(if $(TREE),TREE=$(TREE))
# An exported ARCH or CROSS_COMPILE is some other build's.
unexport ARCH CROSS_COMPILE FLAVOUR TREE T MAKEFLAGS
export BED_CACHE
kernel_args := $(arch_arg) $(flavour_arg) $(tree_arg)

.DEFAULT_GOAL := help
.PHONY: help ready kernel kdir srctree test check clean distclean

help:
	@echo 'make kernel [ARCH=x86_64|s390|arm64] [FLAVOUR=debug|plain|csan] [TREE=ours|base]'
	@echo '                        build a kernel (default: x86_64 debug ours)'
	@echo 'make -s kdir …          print the object directory of that kernel'
	@echo 'make -s srctree …       assemble the tree and print where it is'
	@echo 'make test [T=pattern]   build what is needed and run the suites'
	@echo '     [TREE=…] [FLAVOUR=…] [ARCH=…] [LIST=1] [V=1] [NOBUILD=1] [JOBS=n]'
	@echo 'make check [C=step]     what can be said without booting: checkpatch, W=1,'
	@echo '                        sparse, kernel-doc, exports, …: tools/testing/bed/check'
	@echo 'make clean              remove out/'
	@echo 'make distclean          and the cache of kernels, roots and programs'
	@cat $(wildcard tools/make/*.help) /dev/null

kernel:
	@$(BED)/kernel $(kernel_args)

kdir:
	@$(BED)/kernel --dir $(kernel_args)

srctree:
	@$(BED)/kernel --tree $(kernel_args)

# The runner is Python; everything else that lacks, it installs itself.
ready:
	@bash -c '. $(BED)/lib.sh; need python3 patch'

test: ready
	@$(BED)/run $(if $(T),'T=$(T)') $(kernel_args) \
		$(foreach v,LIST NOBUILD JOBS,$(if $($v),$v=$($v)))

check: ready
	@$(BED)/check $(C)

clean:
	rm -rf out

distclean: clean
	rm -rf "$${BED_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/vfio-bed}"

-include $(sort $(wildcard tools/make/*.mk))
