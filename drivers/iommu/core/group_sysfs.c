// SPDX-License-Identifier: GPL-2.0-only
/*
 * What user space sees of a group: /sys/kernel/iommu_groups/<id> with devices/,
 * reserved_regions, type and, if the IOMMU driver gave one, name. Described in
 * Documentation/ABI/testing/sysfs-kernel-iommu_groups. Each file takes
 * iommu_group::mutex; removing a file waits for its readers, so files come and
 * go without that mutex.
 */
#include <linux/capability.h>
#include <linux/export.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "core.h"

#define to_group(kobject) container_of(kobject, struct iommu_group, kobj)

static ssize_t name_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct iommu_group *group = to_group(kobj);
	ssize_t ret;

	mutex_lock(&group->mutex);
	ret = sysfs_emit(buf, "%s\n", group->name ?: "");
	mutex_unlock(&group->mutex);
	return ret;
}

static const char *resv_type_str(enum iommu_resv_type type)
{
	switch (type) {
	case IOMMU_RESV_DIRECT:			return "direct";
	case IOMMU_RESV_DIRECT_RELAXABLE:	return "direct-relaxable";
	case IOMMU_RESV_RESERVED:		return "reserved";
	case IOMMU_RESV_MSI:			return "msi";
	case IOMMU_RESV_SW_MSI:			return "msi";
	}
	return "unknown";
}

static ssize_t reserved_regions_show(struct kobject *kobj, struct kobj_attribute *attr,
				     char *buf)
{
	struct iommu_resv_region *region, *next;
	LIST_HEAD(regions);
	int len = 0, ret;

	ret = iommu_get_group_resv_regions(to_group(kobj), &regions);
	list_for_each_entry_safe(region, next, &regions, list) {
		u64 last = (u64)region->start + region->length - 1;

		len += sysfs_emit_at(buf, len, "0x%016llx 0x%016llx %s\n",
				     (u64)region->start, last, resv_type_str(region->type));
		kfree(region);
	}
	return ret ?: len;
}

/* The words of the type file; "auto" can be written only. */
static const struct {
	const char *word;
	unsigned int type;
} group_types[] = {
	{ "blocked",	IOMMU_DOMAIN_BLOCKED },
	{ "identity",	IOMMU_DOMAIN_IDENTITY },
	{ "unmanaged",	IOMMU_DOMAIN_UNMANAGED },
	{ "DMA",	IOMMU_DOMAIN_DMA },
	{ "DMA-FQ",	IOMMU_DOMAIN_DMA_FQ },
};

static ssize_t type_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct iommu_group *group = to_group(kobj);
	const char *word = "unknown";
	unsigned int i;

	mutex_lock(&group->mutex);
	for (i = 0; group->default_domain && i < ARRAY_SIZE(group_types); i++)
		if (group_types[i].type == group->default_domain->type)
			word = group_types[i].word;
	mutex_unlock(&group->mutex);
	return sysfs_emit(buf, "%s\n", word);
}

static ssize_t type_store(struct kobject *kobj, struct kobj_attribute *attr,
			  const char *buf, size_t count)
{
	unsigned int type;
	int ret;

	if (!capable(CAP_SYS_ADMIN) || !capable(CAP_SYS_RAWIO))
		return -EACCES;

	if (sysfs_streq(buf, "identity"))
		type = IOMMU_DOMAIN_IDENTITY;
	else if (sysfs_streq(buf, "DMA"))
		type = IOMMU_DOMAIN_DMA;
	else if (sysfs_streq(buf, "DMA-FQ"))
		type = IOMMU_DOMAIN_DMA_FQ;
	else if (sysfs_streq(buf, "auto"))
		type = 0;
	else
		return -EINVAL;

	ret = iommu_group_change_type(to_group(kobj), type);
	return ret ?: count;
}

static struct kobj_attribute name_attr = __ATTR_RO(name);
static struct kobj_attribute reserved_regions_attr = __ATTR_RO(reserved_regions);
static struct kobj_attribute type_attr = __ATTR_RW(type);

static const struct attribute *const group_attrs[] = {
	&reserved_regions_attr.attr,
	&type_attr.attr,
	NULL
};

/* The last one to hold the kobject is gone; readers of dev->iommu_group may not be. */
static void iommu_group_release(struct kobject *kobj)
{
	struct iommu_group *group = to_group(kobj);

	kfree(group->name);
	mutex_destroy(&group->mutex);
	kfree_rcu(group, rcu);
}

const struct kobj_type iommu_group_ktype = {
	.sysfs_ops = &kobj_sysfs_ops,
	.release = iommu_group_release,
};

/**
 * iommu_group_sysfs_add() - give a new group its folder
 * @group: a group that nobody else knows yet; its kobject is initialised here
 *
 * Return: 0; -ENOMEM, also before the core has started; or what sysfs says.
 * Whatever it returns, the caller ends the group with kobject_put().
 */
int iommu_group_sysfs_add(struct iommu_group *group)
{
	int ret;

	kobject_init(&group->kobj, &iommu_group_ktype);
	if (!iommu_group_kset)
		return -ENOMEM;
	group->kobj.kset = iommu_group_kset;

	ret = kobject_add(&group->kobj, NULL, "%d", group->id);
	if (ret)
		return ret;
	group->devices_kobj = kobject_create_and_add("devices", &group->kobj);
	if (!group->devices_kobj) {
		ret = -ENOMEM;
		goto out_del;
	}
	ret = sysfs_create_files(&group->kobj, (const struct attribute *const *)group_attrs);
	if (ret)
		goto out_devices;
	return 0;

out_devices:
	kobject_del(group->devices_kobj);
	kobject_put(group->devices_kobj);
out_del:
	kobject_del(&group->kobj);
	return ret;
}

/* Returns when nobody reads a file of the group any more and none can be opened. */
void iommu_group_sysfs_del(struct iommu_group *group)
{
	kobject_del(group->devices_kobj);
	kobject_put(group->devices_kobj);
	kobject_del(&group->kobj);
}

/**
 * iommu_group_set_name() - tell people what a group is
 * @group: the group, with a reference; the caller keeps its own calls apart
 * @name: copied; NULL takes the name away
 *
 * The name is the group's file "name", and follows its number in messages.
 *
 * Context: takes iommu_group::mutex.
 * Return: 0, -ENOMEM (and the old name stays), or what sysfs says (and there is
 * no name).
 */
int iommu_group_set_name(struct iommu_group *group, const char *name)
{
	char *copy = kstrdup(name, GFP_KERNEL);
	char *old;
	int ret = 0;

	if (name && !copy)
		return -ENOMEM;

	mutex_lock(&group->mutex);
	old = group->name;
	group->name = copy;
	mutex_unlock(&group->mutex);

	if (old && !copy) {
		sysfs_remove_file(&group->kobj, &name_attr.attr);
	} else if (!old && copy) {
		ret = sysfs_create_file(&group->kobj, &name_attr.attr);
		if (ret) {
			mutex_lock(&group->mutex);
			group->name = NULL;
			mutex_unlock(&group->mutex);
			old = copy;
		}
	}
	kfree(old);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_group_set_name);
