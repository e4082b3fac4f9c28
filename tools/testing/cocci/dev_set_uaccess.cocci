// SPDX-License-Identifier: GPL-2.0-only
//
// vfio: no user memory under the lock of a device set
//
// Whoever has the lock may wait for a page as long as user space likes
// (userfaultfd, FUSE), and with it every device that is reset together.
//
// files: drivers/vfio/*.c drivers/vfio/mdev/*.c
@locked@
expression E;
position p;
@@
(
 mutex_lock(&E->dev_set->lock);
|
 mutex_lock_interruptible(&E->dev_set->lock)
|
 guard(mutex)(&E->dev_set->lock);
|
 lockdep_assert_held(&E->dev_set->lock);
)
 ... when != mutex_unlock(&E->dev_set->lock)
     when any
(
* copy_from_user(...)
|
* copy_to_user(...)
|
* copy_struct_from_user(...)
|
* memdup_user(...)
|
* memdup_array_user(...)
|
* clear_user(...)
|
* get_user(...)
|
* put_user(...)
)
