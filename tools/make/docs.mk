# SPDX-License-Identifier: GPL-2.0-only
.PHONY: docs
docs:
	@tools/docs/build
