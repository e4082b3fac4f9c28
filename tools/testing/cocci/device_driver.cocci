// SPDX-License-Identifier: GPL-2.0-only
//
// driver core: who looks at the driver of a device
//
// dev->driver is stable under device_lock alone. Whoever looks takes the lock in
// the same function, asserts it, or is called by the driver core with the lock
// held: those are named here, and their comments say who calls them.
//
// files: drivers/vfio/*.c drivers/vfio/mdev/*.c drivers/iommu/core/*.c drivers/s390/cio/vfio_ccw*.c drivers/s390/cio/css_driver.c drivers/s390/crypto/vfio_ap*.c samples/vfio-mdev/mdma*.c
@held@
struct device *dev;
expression E;
position p;
@@
(
 device_lock(dev)
|
 device_lock_assert(dev)
|
 device_trylock(dev)
|
 guard(device)(dev)
)
 ... when != device_unlock(dev)
     when any
(
 dev@E->driver@p
)

@named@
identifier f = { mdev_bus_probe, mdev_bus_remove,
		 vfio_register_device, vfio_why_shares_dma,
		 iommu_device_use_default_domain, refuse_driver };
struct device *dev;
position p;
@@
f(...) { <... dev->driver@p ...> }

@loose@
struct device *dev;
position p != { held.p, named.p };
@@
* dev->driver@p

@member@
identifier f != { vfio_register_device };
expression E;
@@
f(...) {
<...
(
* E->dev->driver
|
* E->dev.driver
|
* E.dev->driver
)
...>
}
