// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types: their directories in sysfs, and how many instances are left.
 *
 * Called by parent.c under unreg_sem held for writing, by device.c under it
 * held for reading, and by sysfs with no lock. An attribute that runs keeps
 * its directory, and with it the registration, from being taken down.
 */
#include <kunit/visibility.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "mdev_private.h"

struct mdev_type_attr {
	struct attribute attr;
	ssize_t (*show)(struct mdev_type *type, char *buf);
	ssize_t (*store)(struct mdev_type *type, const char *buf, size_t count);
};

static struct mdev_type *kobj_to_mdev_type(struct kobject *kobj)
{
	return container_of(kobj, struct mdev_type_dir, kobj)->type;
}

/* The limit is one for all types of a parent, so their counts are summed. */
static unsigned int mdev_in_use(struct mdev_registration *reg)
{
	unsigned int i, sum = 0;

	lockdep_assert_held(&reg->lock);

	for (i = 0; i < reg->nr_types; i++)
		sum += reg->types[i]->in_use;
	return sum;
}

/**
 * mdev_type_take_instance - count one more device of a type
 * @type: a registered type
 *
 * A driver with get_available keeps its own books, and refuses in its probe.
 *
 * Context: unreg_sem held.
 * Return: 0, or -EUSERS if the parent has no instance left.
 */
int mdev_type_take_instance(struct mdev_type *type)
{
	struct mdev_registration *reg = type->parent->reg;
	int ret = 0;

	lockdep_assert_held(&reg->unreg_sem);

	spin_lock(&reg->lock);
	if (reg->drv->get_available || mdev_in_use(reg) < reg->max_instances)
		type->in_use++;
	else
		ret = -EUSERS;
	spin_unlock(&reg->lock);
	return ret;
}

/**
 * mdev_type_give_instance - undo mdev_type_take_instance()
 * @type: a registered type
 *
 * Context: unreg_sem held.
 */
void mdev_type_give_instance(struct mdev_type *type)
{
	struct mdev_registration *reg = type->parent->reg;

	lockdep_assert_held(&reg->unreg_sem);

	spin_lock(&reg->lock);
	type->in_use--;
	spin_unlock(&reg->lock);
}

/**
 * mdev_type_available - how many more devices of a type can be created
 * @type: a registered type
 *
 * Context: Process context; may sleep in the driver.
 * Return: The driver's answer, or what the shared limit leaves.
 */
VISIBLE_IF_KUNIT unsigned int mdev_type_available(struct mdev_type *type)
{
	struct mdev_registration *reg = type->parent->reg;
	unsigned int left;

	if (reg->drv->get_available)
		return reg->drv->get_available(type);

	spin_lock(&reg->lock);
	left = reg->max_instances - mdev_in_use(reg);
	spin_unlock(&reg->lock);
	return left;
}
EXPORT_SYMBOL_IF_KUNIT(mdev_type_available);

/**
 * mdev_guid_parse - read what was written to create
 * @buf: the text, NUL terminated behind @count
 * @count: its length
 * @guid: the result
 *
 * Takes the 36 characters of a GUID in either case, and the newline that echo
 * adds or the NUL that C programs add.
 *
 * Context: Any.
 * Return: 0, or -EINVAL for anything else.
 */
VISIBLE_IF_KUNIT int mdev_guid_parse(const char *buf, size_t count,
				     guid_t *guid)
{
	if (count == UUID_STRING_LEN + 1 &&
	    (buf[UUID_STRING_LEN] == '\n' || !buf[UUID_STRING_LEN]))
		count--;
	if (count != UUID_STRING_LEN)
		return -EINVAL;
	return guid_parse(buf, guid);
}
EXPORT_SYMBOL_IF_KUNIT(mdev_guid_parse);

static ssize_t create_store(struct mdev_type *type, const char *buf,
			    size_t count)
{
	guid_t guid;
	int ret;

	ret = mdev_guid_parse(buf, count, &guid);
	if (ret) {
		dev_info_ratelimited(type->parent->dev,
				     "mdev type %s: the %zu bytes written to create are no GUID\n",
				     kobject_name(&type->dir->kobj), count);
		return ret;
	}

	return mdev_device_create(type, &guid) ?: count;
}

static ssize_t device_api_show(struct mdev_type *type, char *buf)
{
	return sysfs_emit(buf, "%s\n", type->parent->reg->drv->device_api);
}

static ssize_t name_show(struct mdev_type *type, char *buf)
{
	return sysfs_emit(buf, "%s\n", type->pretty_name ?: type->sysfs_name);
}

static ssize_t available_instances_show(struct mdev_type *type, char *buf)
{
	return sysfs_emit(buf, "%u\n", mdev_type_available(type));
}

static ssize_t description_show(struct mdev_type *type, char *buf)
{
	return type->parent->reg->drv->show_description(type, buf);
}

static struct mdev_type_attr attr_create = __ATTR_WO(create);
static struct mdev_type_attr attr_device_api = __ATTR_RO(device_api);
static struct mdev_type_attr attr_name = __ATTR_RO(name);
static struct mdev_type_attr attr_available = __ATTR_RO(available_instances);
static struct mdev_type_attr attr_description = __ATTR_RO(description);

static struct attribute *mdev_type_attrs[] = {
	&attr_create.attr,
	&attr_device_api.attr,
	&attr_name.attr,
	&attr_available.attr,
	&attr_description.attr,
	NULL
};

static umode_t mdev_type_attr_mode(struct kobject *kobj,
				   struct attribute *attr, int index)
{
	struct mdev_driver *drv = kobj_to_mdev_type(kobj)->parent->reg->drv;

	if (attr == &attr_description.attr && !drv->show_description)
		return 0;
	return attr->mode;
}

static const struct attribute_group mdev_type_group = {
	.attrs = mdev_type_attrs,
	.is_visible = mdev_type_attr_mode,
};

/* No attributes: a place for the links to the type's devices. */
static struct attribute *mdev_devices_attrs[] = { NULL };

static const struct attribute_group mdev_devices_group = {
	.name = "devices",
	.attrs = mdev_devices_attrs,
};

static const struct attribute_group *mdev_type_groups[] = {
	&mdev_devices_group,
	&mdev_type_group,
	NULL
};

static ssize_t mdev_type_show(struct kobject *kobj, struct attribute *attr,
			      char *buf)
{
	struct mdev_type_attr *ta =
		container_of(attr, struct mdev_type_attr, attr);

	return ta->show ? ta->show(kobj_to_mdev_type(kobj), buf) : -EIO;
}

static ssize_t mdev_type_store(struct kobject *kobj, struct attribute *attr,
			       const char *buf, size_t count)
{
	struct mdev_type_attr *ta =
		container_of(attr, struct mdev_type_attr, attr);

	return ta->store ? ta->store(kobj_to_mdev_type(kobj), buf, count) : -EIO;
}

static const struct sysfs_ops mdev_type_sysfs_ops = {
	.show = mdev_type_show,
	.store = mdev_type_store,
};

static void mdev_type_dir_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct mdev_type_dir, kobj));
	module_put(THIS_MODULE);
}

static const struct kobj_type mdev_type_ktype = {
	.sysfs_ops = &mdev_type_sysfs_ops,
	.default_groups = mdev_type_groups,
	.release = mdev_type_dir_release,
};

/**
 * mdev_type_add - make the directory of a type
 * @reg: the parent's registration; its own directory exists
 * @type: the type; @type->parent is set
 *
 * Context: unreg_sem held for writing.
 * Return: 0, -EEXIST if the name is taken, or -ENOMEM.
 */
int mdev_type_add(struct mdev_registration *reg, struct mdev_type *type)
{
	struct mdev_type_dir *dir;
	int ret;

	lockdep_assert_held_write(&reg->unreg_sem);

	dir = kzalloc(sizeof(*dir), GFP_KERNEL);
	if (!dir)
		return -ENOMEM;
	__module_get(THIS_MODULE);
	dir->type = type;
	type->dir = dir;

	ret = kobject_init_and_add(&dir->kobj, &mdev_type_ktype, &reg->kobj,
				   "%s-%s", dev_driver_string(reg->dev),
				   type->sysfs_name);
	if (ret) {
		type->dir = NULL;
		kobject_put(&dir->kobj);
	}
	return ret;
}

/**
 * mdev_type_del - take the directory of a type down
 * @type: a registered type without devices
 *
 * Afterwards no attribute runs, and nobody looks at @type any more.
 *
 * Context: unreg_sem held for writing.
 */
void mdev_type_del(struct mdev_type *type)
{
	struct mdev_type_dir *dir = type->dir;

	lockdep_assert_held_write(&type->parent->reg->unreg_sem);
	WARN_ON(type->in_use);

	kobject_del(&dir->kobj);
	type->dir = NULL;
	kobject_put(&dir->kobj);
}

/**
 * mdev_type_link - link a device and its type to each other
 * @mdev: a device that was added to the driver core
 *
 * Context: unreg_sem held.
 * Return: 0, or -ENOMEM with neither link left.
 */
int mdev_type_link(struct mdev_device *mdev)
{
	struct kobject *type = &mdev->type->dir->kobj;
	struct kobject *kobj = &mdev->dev.kobj;
	int ret;

	lockdep_assert_held(&mdev->reg->unreg_sem);

	ret = sysfs_create_link(kobj, type, "mdev_type");
	if (ret)
		return ret;

	ret = sysfs_add_link_to_group(type, mdev_devices_group.name, kobj,
				      kobject_name(kobj));
	if (ret)
		sysfs_remove_link(kobj, "mdev_type");
	return ret;
}

/**
 * mdev_type_unlink - undo mdev_type_link()
 * @mdev: a device that the driver core still has
 *
 * Context: unreg_sem held.
 */
void mdev_type_unlink(struct mdev_device *mdev)
{
	struct kobject *kobj = &mdev->dev.kobj;

	lockdep_assert_held(&mdev->reg->unreg_sem);

	sysfs_remove_link_from_group(&mdev->type->dir->kobj,
				     mdev_devices_group.name,
				     kobject_name(kobj));
	sysfs_remove_link(kobj, "mdev_type");
}
