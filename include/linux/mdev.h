/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mediated devices: what a driver that offers them includes.
 *
 * A parent device offers types; user space writes a GUID to a type's create
 * file; the core makes a struct mdev_device on the mdev bus and binds the
 * parent's mdev_driver to it. Life cycle and locks: drivers/vfio/mdev/device.c.
 */
#ifndef _LINUX_MDEV_H
#define _LINUX_MDEV_H

#include <linux/device.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>
#include <linux/uuid.h>

struct mdev_parent;
struct mdev_registration;
struct mdev_type;
struct mdev_type_dir;

/**
 * struct mdev_device - one mediated device
 * @dev: its place in the driver model; the core allocates the structure and
 *	the last put_device() frees it
 * @uuid: the GUID that was written to create, which is the device's name too
 * @type: the type it is an instance of; points into the driver's memory and
 *	is good until mdev_unregister_parent() returns
 */
struct mdev_device {
	struct device dev;
	guid_t uuid;
	struct mdev_type *type;

	/* private: */
	struct mdev_registration *reg;
	struct rhash_head guid_node;
	int state;
	struct rcu_head rcu;
};

/**
 * struct mdev_type - one kind of device that a parent can be asked for
 * @sysfs_name: second half of the directory's name, "<driver>-<sysfs_name>"
 * @pretty_name: what the name attribute shows; @sysfs_name if NULL
 * @parent: the parent that offers the type, filled in by the core
 *
 * The driver embeds it where it likes, static memory included, fills in the
 * two names, and may offer the same structure again after unregistering.
 */
struct mdev_type {
	const char *sysfs_name;
	const char *pretty_name;
	struct mdev_parent *parent;

	/* private: */
	struct mdev_type_dir *dir;
	unsigned int in_use;
};

/**
 * struct mdev_parent - the driver's handle for a registered parent
 * @dev: the device below which the mediated devices appear
 */
struct mdev_parent {
	struct device *dev;

	/* private: */
	struct mdev_registration *reg;
};

/**
 * struct mdev_driver - driver for the mediated devices of a parent
 * @device_api: the uapi its devices speak, for instance "vfio-pci"; mandatory
 * @max_instances: devices that a parent takes over all its types, read when
 *	the parent is registered; unused where @get_available is set
 * @probe: bind to a new device. An error refuses the create and is what its
 *	writer gets. May be NULL
 * @remove: let go of a device; may wait for the device's user. May be NULL
 * @get_available: how many more devices of a type can be had; with it, the
 *	limits are the driver's own and @probe enforces them. May be NULL
 * @show_description: fill the type's description attribute, which exists only
 *	where this is set
 * @driver: name, owner and dev_groups are the driver's to fill in
 *
 * The core calls @probe and @remove from the bus, under the mediated device's
 * device_lock. @get_available and @show_description are called from sysfs
 * with no lock held.
 */
struct mdev_driver {
	const char *device_api;
	unsigned int max_instances;
	int (*probe)(struct mdev_device *dev);
	void (*remove)(struct mdev_device *dev);
	unsigned int (*get_available)(struct mdev_type *mtype);
	ssize_t (*show_description)(struct mdev_type *mtype, char *buf);
	struct device_driver driver;

	/* private: */
	bool ready;
};

/**
 * to_mdev_device - the mediated device that a struct device is part of
 * @dev: a device on the mdev bus
 *
 * Context: Any.
 * Return: The enclosing mdev_device.
 */
static inline struct mdev_device *to_mdev_device(struct device *dev)
{
	return container_of(dev, struct mdev_device, dev);
}

/**
 * mdev_dev - the struct device of a mediated device
 * @mdev: a mediated device
 *
 * Context: Any.
 * Return: Its driver-model device.
 */
static inline struct device *mdev_dev(struct mdev_device *mdev)
{
	return &mdev->dev;
}

int mdev_register_parent(struct mdev_parent *parent, struct device *dev,
			 struct mdev_driver *mdev_driver,
			 struct mdev_type **types, unsigned int nr_types);
void mdev_unregister_parent(struct mdev_parent *parent);

int mdev_register_driver(struct mdev_driver *drv);
void mdev_unregister_driver(struct mdev_driver *drv);

#endif /* _LINUX_MDEV_H */
