# SPDX-License-Identifier: GPL-2.0-only
.PHONY: bench
bench: ready
	@tools/testing/bench/bench \
		$(foreach v,T N MODE NOBUILD JOBS,$(if $($v),'$v=$($v)'))
