# SPDX-License-Identifier: GPL-2.0-only
. tools/testing/bed/suites/iommu-storm.sh
title="hot plug under fire, for data races (KCSAN)"
flavour="csan"
# The kernel has races of its own that it knows of; only those of the group core,
# whatever its functions are called, and of VFIO count.
expect_splat='KCSAN: data-race in (?!.*(?:iommu|vfio|group|member|domain|instance|pasid|\b(?:join\w*|complete_join|set_up|finalize|leave|park|release_for_good|release_from|release_member_of|lock_finalized|report|attach|attach_or_block|block_instead|end_deferral|take|let_go|refuse_\w+|reserve|publish|find_ops)\b))'
