// SPDX-License-Identifier: GPL-2.0-only
//
// iommu: nothing sleeps in a callback of iommu_group_for_each_dev()
//
// The group's mutex is held over the callback: what takes it again deadlocks,
// and whoever waits there has everybody wait who attaches or claims the group.
//
// files: drivers/vfio/*.c drivers/iommu/core/*.c
@walk@
identifier f;
expression G, D;
@@
 iommu_group_for_each_dev(G, D, f)

@@
identifier walk.f;
expression E;
@@
f(...) {
<...
(
* mutex_lock(...)
|
* mutex_lock_interruptible(...)
|
* device_lock(...)
|
* down_read(...)
|
* down_write(...)
|
* wait_for_completion(...)
|
* wait_event(...)
|
* synchronize_rcu(...)
|
* flush_work(...)
|
* cancel_work_sync(...)
|
* msleep(...)
|
* schedule(...)
|
* schedule_timeout(...)
|
* kmalloc(E, GFP_KERNEL)
|
* kzalloc(E, GFP_KERNEL)
|
* copy_from_user(...)
|
* copy_to_user(...)
|
* iommu_group_add_device(...)
|
* iommu_group_remove_device(...)
|
* iommu_attach_group(...)
|
* iommu_detach_group(...)
|
* iommu_group_claim_dma_owner(...)
|
* iommu_group_release_dma_owner(...)
)
...>
}
