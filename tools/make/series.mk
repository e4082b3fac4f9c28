# SPDX-License-Identifier: GPL-2.0-only
.PHONY: series check-series
export SIGNOFF
series: ready
	@tools/series/make

check-series: ready
	@tools/series/check $(C)
