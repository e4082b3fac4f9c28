# SPDX-License-Identifier: GPL-2.0-only
. tools/testing/bed/suites/iommu-storm.sh
title="hot plug under fire, for data races (KCSAN)"
flavour="csan"
