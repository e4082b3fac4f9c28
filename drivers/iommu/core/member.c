// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device's place in its group: the links in sysfs, the messages, joining and
 * leaving the list. probe.c calls this for devices behind an IOMMU; VFIO and
 * platform code put devices without one into groups through
 * iommu_group_add_device(). Everything here runs under iommu_group::mutex, but
 * for allocation and the two public functions, which take it.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <trace/events/iommu.h>

#include "core.h"

/**
 * iommu_member_alloc() - prepare a device's membership
 * @group: the group; a reference of the caller's moves into the membership
 * @dev: the device
 *
 * Return: the member, or NULL without memory, and then the reference stays
 * with the caller.
 */
struct iommu_member *iommu_member_alloc(struct iommu_group *group, struct device *dev)
{
	struct iommu_member *m = kzalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		return NULL;
	INIT_LIST_HEAD(&m->node);
	INIT_LIST_HEAD(&m->batch);
	m->dev = dev;
	m->group = group;
	m->state = MEMBER_JOINING;
	return m;
}

/**
 * iommu_member_enlist() - let the device be found in the group, and it by it
 * @m: a member of no list
 *
 * VFIO and an IOMMU that is just being registered may want the same device, in
 * different groups, with no lock in common: one of them gets it.
 *
 * Return: 0, or -EEXIST for a device that is in a group.
 */
int iommu_member_enlist(struct iommu_member *m)
{
	struct iommu_group *group = m->group;

	lockdep_assert_held(&group->mutex);
	/* Pairs with the load in iommu_group_get(): the group is complete. */
	if (cmpxchg_release(&m->dev->iommu_group, NULL, group))
		return -EEXIST;
	list_add_tail(&m->node, &group->members);
	group->nr_members++;
	return 0;
}

/*
 * Take the device out. The caller drops the membership's reference to the
 * group afterwards, when it no longer holds the mutex.
 */
void iommu_member_delist(struct iommu_member *m)
{
	struct iommu_group *group = m->group;

	lockdep_assert_held(&group->mutex);
	list_del_init(&m->node);
	group->nr_members--;
	m->state = MEMBER_GONE;
	WRITE_ONCE(m->dev->iommu_group, NULL);

	if (m->link) {
		sysfs_remove_link(group->devices_kobj, m->link);
		sysfs_remove_link(&m->dev->kobj, "iommu_group");
		trace_remove_device_from_group(group->id, m->dev);
	}
}

void iommu_member_free(struct iommu_member *m)
{
	kfree(m->link);
	kfree(m);
}

/*
 * Two devices of different buses may have one name: the second is listed with
 * .0 behind it, the next with .1, and so on.
 */
static int add_device_link(struct iommu_member *m)
{
	struct kobject *folder = m->group->devices_kobj;
	const char *name = kobject_name(&m->dev->kobj);
	unsigned int n = 0;
	char *link;
	int ret;

	link = kstrdup(name, GFP_KERNEL);
	while (link) {
		ret = sysfs_create_link_nowarn(folder, &m->dev->kobj, link);
		if (!ret) {
			m->link = link;
			return 0;
		}
		kfree(link);
		if (ret != -EEXIST)
			return ret;
		link = kasprintf(GFP_KERNEL, "%s.%u", name, n++);
	}
	return -ENOMEM;
}

/**
 * iommu_member_add_links() - show a membership in sysfs, and say so
 * @m: a member that is in its group's list
 *
 * Makes <device>/iommu_group and <group>/devices/<name>.
 *
 * Return: 0, -ENOMEM, or what sysfs says.
 */
int iommu_member_add_links(struct iommu_member *m)
{
	struct iommu_group *group = m->group;
	const char *name = group->name;
	int ret;

	lockdep_assert_held(&group->mutex);
	ret = sysfs_create_link(&m->dev->kobj, &group->kobj, "iommu_group");
	if (ret)
		goto out_say;
	ret = add_device_link(m);
	if (ret)
		goto out_unlink;

	trace_add_device_to_group(group->id, m->dev);
	dev_info(m->dev, "Adding to iommu group %d%s%s%s\n", group->id,
		 name ? " (" : "", name ?: "", name ? ")" : "");
	if (strcmp(m->link, kobject_name(&m->dev->kobj)))
		dev_info(m->dev, "Listed as %s in iommu group %d\n", m->link, group->id);
	return 0;

out_unlink:
	sysfs_remove_link(&m->dev->kobj, "iommu_group");
out_say:
	dev_err(m->dev, "Failed to add to iommu group %d: %d\n", group->id, ret);
	return ret;
}

/* The member that @dev is in @group, or NULL. */
struct iommu_member *iommu_member_of(struct iommu_group *group, struct device *dev)
{
	struct iommu_member *m;

	lockdep_assert_held(&group->mutex);
	/* As long as it is a member, dev->iommu stays: see leave() in probe.c. */
	if (READ_ONCE(dev->iommu_group) != group)
		return NULL;
	if (dev_has_iommu(dev))
		return to_iommu_devdata(dev->iommu)->member;
	/* VFIO's groups have one member, those of platform code a few. */
	for_each_member(group, m)
		if (m->dev == dev)
			return m;
	return NULL;
}

/**
 * iommu_group_add_device() - put a device that no IOMMU serves into a group
 * @group: the group, with a reference
 * @dev: the device; in no group yet
 *
 * The membership takes a reference of its own. The device gets no domain from
 * the core: whoever made the group knows what its DMA may reach.
 *
 * Context: takes iommu_group::mutex; not from iommu_group_for_each_dev().
 * Return: 0; -EEXIST for a device that is in a group; -ENOMEM, or what sysfs
 * says.
 */
int iommu_group_add_device(struct iommu_group *group, struct device *dev)
{
	struct iommu_member *m;
	int ret;

	iommu_group_assert_not_walking(group);
	m = iommu_member_alloc(group, dev);
	if (!m)
		return -ENOMEM;
	iommu_group_ref_get(group);

	mutex_lock(&group->mutex);
	ret = iommu_member_enlist(m);
	if (!ret) {
		m->state = MEMBER_LIVE;
		ret = iommu_member_add_links(m);
		if (ret)
			iommu_member_delist(m);
	}
	mutex_unlock(&group->mutex);

	if (ret) {
		iommu_member_free(m);
		iommu_group_put(group);
	}
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_group_add_device);

/**
 * iommu_group_remove_device() - take a device out of its group
 * @dev: the device; nothing happens if it is in no group
 *
 * Undoes iommu_group_add_device(). A device that an IOMMU serves leaves its
 * IOMMU as well.
 *
 * Context: takes iommu_group::mutex, and iommu_probe_device_lock for a device
 * with an IOMMU; not from iommu_group_for_each_dev().
 */
void iommu_group_remove_device(struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct iommu_member *m;

	if (!group)
		return;
	iommu_group_assert_not_walking(group);

	if (dev_has_iommu(dev)) {
		iommu_release_device(dev, NULL);
		iommu_group_put(group);
		return;
	}

	mutex_lock(&group->mutex);
	m = iommu_member_of(group, dev);
	if (m) {
		dev_info(dev, "Removing from iommu group %d\n", group->id);
		iommu_member_delist(m);
	}
	mutex_unlock(&group->mutex);

	if (m) {
		iommu_member_free(m);
		iommu_group_put(group);
	}
	iommu_group_put(group);
}
EXPORT_SYMBOL_GPL(iommu_group_remove_device);
