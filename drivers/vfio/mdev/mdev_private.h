/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of mdev.ko share: the registration of a parent, the directory
 * of a type, the states of a device. Everything declared here is memory of the
 * core; nothing in it lives in a driver's structures, so that no late release
 * can run in memory that a driver has freed.
 */
#ifndef _MDEV_PRIVATE_H
#define _MDEV_PRIVATE_H

#include <linux/kobject.h>
#include <linux/mdev.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>

/**
 * struct mdev_registration - a parent from its registration on
 * @kobj: the directory mdev_supported_types, and the reference count. One
 *	reference belongs to the mdev_parent until it is unregistered, one to
 *	every mdev_device until its release: @unreg_sem must stay while anyone
 *	may still try it
 * @dev: the parent device; good while the parent is registered, which holding
 *	@unreg_sem or running in a type's attribute implies
 * @drv: the driver for its devices; good as long as @dev
 * @unreg_sem: held for reading, and only ever tried, while a device is made or
 *	removed; held for writing while types and devices appear or disappear
 *	as a whole. A reader that finds it taken is told ENODEV
 * @lock: protects in_use of each of @types
 * @max_instances: limit on the sum of them, where the driver does not count
 * @types: the driver's array of the types; good as long as @dev
 * @nr_types: entries in @types
 */
struct mdev_registration {
	struct kobject kobj;
	struct device *dev;
	struct mdev_driver *drv;
	struct rw_semaphore unreg_sem;
	spinlock_t lock; /* in_use of the types */
	unsigned int max_instances;
	struct mdev_type **types;
	unsigned int nr_types;
};

/**
 * struct mdev_type_dir - the directory of a type
 * @kobj: mdev_supported_types/<driver>-<name>
 * @type: the driver's description of it; not to be touched once the directory
 *	was taken down
 */
struct mdev_type_dir {
	struct kobject kobj;
	struct mdev_type *type;
};

/*
 * mdev_device.state. BUILDING is left by the creator alone; whoever moves LIVE
 * to LEAVING is the one who takes the device down. There is no way back.
 */
enum mdev_state {
	MDEV_BUILDING,
	MDEV_LIVE,
	MDEV_LEAVING,
};

/* bus.c */
extern const struct bus_type mdev_bus_type;

/* parent.c */
int mdev_compat_class_init(void);
void mdev_compat_class_exit(void);

/* type.c */
int mdev_type_add(struct mdev_registration *reg, struct mdev_type *type);
void mdev_type_del(struct mdev_type *type);
int mdev_type_take_instance(struct mdev_type *type);
void mdev_type_give_instance(struct mdev_type *type);
int mdev_type_link(struct mdev_device *mdev);
void mdev_type_unlink(struct mdev_device *mdev);

/* device.c */
int mdev_index_init(void);
void mdev_index_exit(void);
int mdev_device_create(struct mdev_type *type, const guid_t *guid);
void mdev_device_orphan(struct mdev_device *mdev);

#if IS_ENABLED(CONFIG_KUNIT)
int mdev_remove_begin(struct mdev_device *mdev);
void mdev_remove_finish(struct mdev_device *mdev);
int mdev_guid_parse(const char *buf, size_t count, guid_t *guid);
unsigned int mdev_type_available(struct mdev_type *type);
#endif

#endif /* _MDEV_PRIVATE_H */
