// SPDX-License-Identifier: GPL-2.0-only
//
// iommu: nothing is done with a group after its reference has been given back
//
// files: drivers/vfio/*.c drivers/vfio/mdev/*.c drivers/iommu/core/*.c
@@
identifier g;
expression E;
@@
 iommu_group_put(g);
 ... when != g = E
     when != &g
     when any
(
 g = E
|
* g
)
