# SPDX-License-Identifier: GPL-2.0-only
.PHONY: ccw-fuzz ccw-bench ccw-defects
ccw-fuzz:
	@tools/testing/ccw/run kunit
	@tools/testing/ccw/run fuzz $(or $(N),1000000) $(or $(SEED),1)

ccw-bench:
	@tools/testing/ccw/run bench

ccw-defects:
	@tools/testing/ccw/run defects $(filter base,$(TREE))
