// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a device gets behind its IOMMU, and how it gets away.
 *
 * Called by the bus notifiers, by the registration of an IOMMU instance, and
 * by firmware code that learns late which IOMMU a device has (the "replay" of
 * ACPI and OF from dma_configure()). iommu_probe_device_lock covers what has
 * to be atomic and no more; domains are set up under the group's mutex only.
 */
#define pr_fmt(fmt) "iommu: " fmt

#include <linux/device.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/pci-ats.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "core.h"

/**
 * DOC: joining and leaving
 *
 * A device joins in three steps:
 *
 * join
 *   Under iommu_probe_device_lock: the driver's probe_device() and
 *   device_group(), then the device becomes a member, in state JOINING. Grouping
 *   and membership are one step, because the next device is grouped by looking
 *   for the groups of those before it.
 * set-up
 *   Under the group's mutex alone, so different groups do it side by side:
 *   links in sysfs, direct mappings, the attach, PASIDs, the DMA API. A group's
 *   first set-up makes its default domain and attaches all who have joined by
 *   then; later members get what the group has. The state becomes LIVE. Until
 *   then nobody may bind a driver (-EPROBE_DEFER) or claim the group.
 * finalize
 *   With neither lock, as drivers call back into the core from
 *   probe_finalize(). Leaving waits until it is over.
 *
 * When an instance is registered, every device of a bus joins before the first
 * is set up, so that a group's domain is chosen with all members in view. A
 * device that fails is reported and left alone; the others go on.
 *
 * A device leaves at BUS_NOTIFY_REMOVED_DEVICE, when no driver is bound to it
 * any more, or with its IOMMU instance: under both locks it is parked, released
 * by the driver and taken from the group; the last member takes the group's
 * domains along. A bus walk may still hold a device that has left for good, so
 * its dev->iommu is made to point to iommu_dev_gone, which no join accepts.
 */

/* Protects dev->iommu, joining and leaving; device_group() runs under it. */
DEFINE_MUTEX(iommu_probe_device_lock);

/* dev->iommu of a device that has been removed from its bus. */
struct dev_iommu iommu_dev_gone;

static DECLARE_WAIT_QUEUE_HEAD(finalize_done);

/* join() found the device in a group already. */
#define ALREADY_JOINED	1

/**
 * dev_iommu_get() - the per-device data, made when there is none yet
 * @dev: the device
 *
 * Context: iommu_probe_device_lock is held.
 * Return: dev->iommu, or NULL without memory or when the device is gone.
 */
struct dev_iommu *dev_iommu_get(struct device *dev)
{
	struct iommu_devdata *data;

	lockdep_assert_held(&iommu_probe_device_lock);
	if (dev->iommu)
		return dev->iommu == &iommu_dev_gone ? NULL : dev->iommu;

	data = kzalloc(sizeof(*data), GFP_KERNEL);
	if (!data)
		return NULL;
	mutex_init(&data->pub.lock);
	dev->iommu = &data->pub;
	return dev->iommu;
}

/**
 * dev_iommu_free() - drop the per-device data and what the firmware said
 * @dev: a device that is in no group of an IOMMU and has such data
 *
 * Context: iommu_probe_device_lock is held, or nobody else knows the device.
 */
void dev_iommu_free(struct device *dev)
{
	struct dev_iommu *param = dev->iommu;

	dev->iommu = NULL;
	if (param == &iommu_dev_gone)
		return;
	if (param->fwspec) {
		fwnode_handle_put(param->fwspec->iommu_fwnode);
		kfree(param->fwspec);
	}
	kfree(to_iommu_devdata(param));
}

/**
 * dev_iommu_priv_set() - keep the IOMMU driver's own data with a device
 * @dev: the device
 * @priv: the driver's
 *
 * Context: from probe_device() or of_xlate(), under iommu_probe_device_lock;
 * fsl_pamu alone calls it elsewhere.
 */
void dev_iommu_priv_set(struct device *dev, void *priv)
{
	if (!IS_ENABLED(CONFIG_FSL_PAMU))
		lockdep_assert_held(&iommu_probe_device_lock);
	dev->iommu->priv = priv;
}
EXPORT_SYMBOL_GPL(dev_iommu_priv_set);

/* How many PASIDs both the device and its IOMMU can tell apart; 0 for none. */
static u32 usable_pasids(struct device *dev)
{
	u32 limit = dev->iommu->iommu_dev->max_pasids;
	u32 bits;

	if (dev_is_pci(dev))
		return min_t(u32, limit, max(pci_max_pasids(to_pci_dev(dev)), 0));
	if (device_property_read_u32(dev, "pasid-num-bits", &bits))
		return 0;
	return bits < 32 ? min_t(u32, limit, BIT(bits)) : limit;
}

/* Ask the driver, and group the device. On failure it is as it was before. */
static int join_driver(struct device *dev, const struct iommu_ops *ops)
{
	struct iommu_device *iommu;
	struct iommu_group *group;
	struct iommu_member *m;
	int ret;

	iommu = ops->probe_device(dev);
	if (IS_ERR(iommu))
		return PTR_ERR(iommu);
	dev->iommu->iommu_dev = iommu;

	group = ops->device_group(dev);
	if (WARN_ON_ONCE(!group))
		group = ERR_PTR(-EINVAL);
	if (IS_ERR(group)) {
		ret = PTR_ERR(group);
		goto out_release;
	}
	dev->iommu->max_pasids = usable_pasids(dev);

	m = iommu_member_alloc(group, dev);
	if (!m) {
		iommu_group_put(group);
		ret = -ENOMEM;
		goto out_release;
	}
	if (ops->is_attach_deferred && ops->is_attach_deferred(dev))
		atomic_set(&m->defer, DEFER_WAITING);

	mutex_lock(&group->mutex);
	ret = iommu_member_enlist(m);
	if (!ret)
		to_iommu_devdata(dev->iommu)->member = m;
	mutex_unlock(&group->mutex);
	if (!ret)
		return 0;

	iommu_member_free(m);
	iommu_group_put(group);
out_release:
	if (ops->release_device)
		ops->release_device(dev);
	return ret;
}

/*
 * First step. Returns 0 for a device that has just joined, ALREADY_JOINED, or
 * an error: -ENODEV if no IOMMU serves it.
 */
static int join(struct device *dev)
{
	const struct iommu_ops *ops;
	int ret;

	lockdep_assert_held(&iommu_probe_device_lock);
	if (dev->iommu == &iommu_dev_gone)
		return -ENODEV;
	ops = iommu_ops_for_dev(dev);
	if (!ops)
		return -ENODEV;
	/* VFIO may have grouped it without an IOMMU. */
	if (dev->iommu_group)
		return ALREADY_JOINED;
	if (!dev_iommu_get(dev))
		return -ENOMEM;
	if (!try_module_get(ops->owner)) {
		ret = -EINVAL;
		goto out_free;
	}
	ret = join_driver(dev, ops);
	if (!ret)
		return 0;
	module_put(ops->owner);
out_free:
	dev->iommu->iommu_dev = NULL;
	dev_iommu_free(dev);
	return ret;
}

/* A driver may not fail to park a device, but some have nowhere to park it. */
static void park(struct iommu_member *m, const struct iommu_ops *ops)
{
	struct iommu_domain *domain = ops->release_domain;

	/* Firmware goes on using its 1:1 ranges after we are gone. */
	if (domain && m->dev->iommu->require_direct && ops->identity_domain &&
	    domain->type == IOMMU_DOMAIN_BLOCKED)
		domain = ops->identity_domain;
	/* Hardware that was never touched shall not be touched now. */
	if (domain && atomic_xchg(&m->defer, DEFER_NONE) == DEFER_NONE)
		domain->ops->attach_dev(domain, m->dev);
}

/*
 * Take a member away from its group and its IOMMU. Returns the group, whose
 * reference from the membership is now the caller's to put, without the lock.
 */
static struct iommu_group *leave(struct device *dev)
{
	struct iommu_member *m = to_iommu_devdata(dev->iommu)->member;
	const struct iommu_ops *ops = dev_iommu_ops(dev);
	struct iommu_domain *domain = NULL, *blocking = NULL;
	struct iommu_group *group = m->group;

	lockdep_assert_held(&iommu_probe_device_lock);
	list_del_init(&m->batch);

	mutex_lock(&group->mutex);
	if (m->link) {
		dev_info(dev, "Removing from iommu group %d\n", group->id);
		iommu_device_unlink(dev->iommu->iommu_dev, dev);
	}
	iommu_member_forget_user(m);
	iommu_member_remove_pasids(m);
	/*
	 * From here on the driver must not use a domain of the group for this
	 * device: either release_domain took its place, or release_device()
	 * leaves the device blocked or on physical addresses.
	 */
	park(m, ops);
	if (ops->release_device)
		ops->release_device(dev);
	if (group->nr_members == 1) {
		swap(domain, group->default_domain);
		swap(blocking, group->blocking_domain);
		group->domain = NULL;
	}
	iommu_member_delist(m);
	to_iommu_devdata(dev->iommu)->member = NULL;
	mutex_unlock(&group->mutex);

	/* The code that frees a domain is in the module. */
	if (domain)
		iommu_domain_free(domain);
	if (blocking)
		iommu_domain_free(blocking);
	module_put(ops->owner);
	iommu_member_free(m);
	dev_iommu_free(dev);
#ifdef CONFIG_IOMMU_DMA
	dev->dma_iommu = false;
#endif
	return group;
}

static struct iommu_member *joined(struct device *dev)
{
	lockdep_assert_held(&iommu_probe_device_lock);
	if (!dev->iommu || dev->iommu == &iommu_dev_gone)
		return NULL;
	return to_iommu_devdata(dev->iommu)->member;
}

/* Take the probe lock when nobody is inside probe_finalize() of @dev. */
static void lock_finalized(struct device *dev)
{
	struct iommu_member *m;

	mutex_lock(&iommu_probe_device_lock);
	while ((m = joined(dev)) && m->finalizing) {
		DEFINE_WAIT(wait);

		prepare_to_wait(&finalize_done, &wait, TASK_UNINTERRUPTIBLE);
		mutex_unlock(&iommu_probe_device_lock);
		schedule();
		finish_wait(&finalize_done, &wait);
		mutex_lock(&iommu_probe_device_lock);
	}
}

/* Unless it has left by itself, and perhaps come back elsewhere. */
static void release_from(struct device *dev, struct iommu_device *iommu,
			 struct iommu_group *group)
{
	struct iommu_group *left = NULL;
	struct iommu_member *m;

	lock_finalized(dev);
	m = joined(dev);
	if (m && (!iommu || dev->iommu->iommu_dev == iommu) && (!group || m->group == group))
		left = leave(dev);
	mutex_unlock(&iommu_probe_device_lock);
	iommu_group_put(left);
}

/**
 * iommu_release_device() - take a device away from its IOMMU
 * @dev: any device; nothing happens if no IOMMU serves it
 * @only: leave it alone if another instance than this serves it; NULL for any
 *
 * Context: takes iommu_probe_device_lock and the group's mutex.
 */
void iommu_release_device(struct device *dev, struct iommu_device *only)
{
	release_from(dev, only, NULL);
}

/* The device is off its bus: take it away, and let no bus walk bring it back. */
static void release_for_good(struct device *dev)
{
	struct iommu_group *group = NULL;

	/* VFIO or platform code has forgotten to. */
	if (dev->iommu_group && !dev_has_iommu(dev))
		iommu_group_remove_device(dev);

	lock_finalized(dev);
	if (joined(dev))
		group = leave(dev);
	if (dev->iommu)		/* what the firmware said, and no IOMMU came */
		dev_iommu_free(dev);
	dev->iommu = &iommu_dev_gone;
	mutex_unlock(&iommu_probe_device_lock);
	iommu_group_put(group);
}

/* A late member gets all that the group has. */
static int join_live_group(struct iommu_member *m)
{
	struct iommu_group *group = m->group;
	int ret;

	ret = iommu_map_direct(group->default_domain, m->dev);
	if (ret) {
		dev_err(m->dev, "iommu group %d cannot map what the firmware wants mapped 1:1: %d\n",
			group->id, ret);
		return ret;
	}
	ret = iommu_member_set_domain(m, group->domain);
	if (ret)
		return ret;
	ret = iommu_member_replay_pasids(m);
	if (ret)
		return ret;
	m->state = MEMBER_LIVE;
	iommu_setup_dma_ops(m->dev);
	if (group->owner)
		group->late_members = true;
	return 0;
}

/* Second step. Returns -ENODEV if the device left in between. */
static int set_up(struct device *dev, struct iommu_group *group)
{
	struct iommu_member *m;
	int ret = 0;

	mutex_lock(&group->mutex);
	m = iommu_member_of(group, dev);
	if (!m) {
		ret = -ENODEV;
		goto out;
	}
	if (!m->link) {
		ret = iommu_device_link(dev->iommu->iommu_dev, dev);
		if (ret)
			goto out;
		ret = iommu_member_add_links(m);
		if (ret) {
			iommu_device_unlink(dev->iommu->iommu_dev, dev);
			goto out;
		}
	}
	/* The group's first set-up attaches everyone who has joined. */
	if (m->state == MEMBER_JOINING && !group->domain)
		ret = iommu_setup_default_domain(group, 0);
	if (!ret && m->state == MEMBER_JOINING)
		ret = join_live_group(m);
out:
	mutex_unlock(&group->mutex);
	return ret;
}

/* Third step. The device may have left, and come back, in between. */
static void finalize(struct device *dev, struct iommu_group *group)
{
	const struct iommu_ops *ops = NULL;
	struct iommu_member *m;

	mutex_lock(&iommu_probe_device_lock);
	m = joined(dev);
	if (m && m->group == group && !m->finalizing) {
		ops = dev_iommu_ops(dev);
		if (ops->probe_finalize)
			m->finalizing = true;
		else
			ops = NULL;
	}
	mutex_unlock(&iommu_probe_device_lock);
	if (!ops)
		return;

	ops->probe_finalize(dev);

	/* The member could not leave meanwhile, so it is still @m. */
	mutex_lock(&iommu_probe_device_lock);
	m->finalizing = false;
	mutex_unlock(&iommu_probe_device_lock);
	wake_up_all(&finalize_done);
}

/* What join() began, for one device. Needs references to both. */
static int complete_join(struct device *dev, struct iommu_group *group)
{
	int ret = set_up(dev, group);

	if (ret) {
		release_from(dev, NULL, group);
		return ret;
	}
	finalize(dev, group);
	return 0;
}

/**
 * iommu_probe_device() - put a device behind its IOMMU
 * @dev: a device whose fwspec, if the firmware gives one, is complete
 *
 * May be called again, by whoever learns more about the device: then nothing
 * happens to a device that has joined.
 *
 * Context: takes iommu_probe_device_lock and the group's mutex.
 * Return: 0, also if the device is in a group already; -ENODEV if no IOMMU
 * serves it; -ENOMEM; -EINVAL if the driver's module is going; else what the
 * IOMMU driver says.
 */
int iommu_probe_device(struct device *dev)
{
	struct iommu_group *group = NULL;
	int ret;

	mutex_lock(&iommu_probe_device_lock);
	ret = join(dev);
	if (!ret)
		group = iommu_group_get(dev);
	mutex_unlock(&iommu_probe_device_lock);
	if (ret)
		return ret == ALREADY_JOINED ? 0 : ret;

	ret = complete_join(dev, group);
	iommu_group_put(group);
	return ret;
}

/* -ENODEV: not our business. -EPROBE_DEFER: somebody will call again. */
static void report(struct device *dev, int ret)
{
	if (ret && ret != -ENODEV && ret != -EPROBE_DEFER)
		dev_err(dev, "could not be put behind its IOMMU: %d\n", ret);
}

static int join_batch(struct device *dev, void *data)
{
	struct list_head *batch = data;
	int ret;

	mutex_lock(&iommu_probe_device_lock);
	ret = join(dev);
	if (!ret)
		list_add_tail(&joined(dev)->batch, batch);
	mutex_unlock(&iommu_probe_device_lock);
	if (ret != ALREADY_JOINED)
		report(dev, ret);
	return 0;
}

/* Take the next member of a batch; whoever leaves takes itself out of it. */
static struct device *next_of_batch(struct list_head *batch, struct iommu_group **group)
{
	struct iommu_member *m;
	struct device *dev = NULL;

	mutex_lock(&iommu_probe_device_lock);
	m = list_first_entry_or_null(batch, struct iommu_member, batch);
	if (m) {
		list_del_init(&m->batch);
		dev = get_device(m->dev);
		*group = iommu_group_ref_get(m->group);
	}
	mutex_unlock(&iommu_probe_device_lock);
	return dev;
}

/**
 * bus_iommu_probe() - put every device of a bus behind its IOMMU
 * @bus: the bus
 *
 * Devices that have joined before are left alone. A device that fails is
 * reported, and the others go on.
 *
 * Context: takes iommu_probe_device_lock and groups' mutexes.
 * Return: 0.
 */
int bus_iommu_probe(const struct bus_type *bus)
{
	struct iommu_group *group;
	struct device *dev;
	LIST_HEAD(batch);

	bus_for_each_dev(bus, NULL, &batch, join_batch);
	while ((dev = next_of_batch(&batch, &group))) {
		report(dev, complete_join(dev, group));
		iommu_group_put(group);
		put_device(dev);
	}
	return 0;
}

/* ADD comes before a driver can bind, REMOVED after the last one has gone. */
int iommu_bus_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	struct device *dev = data;
	int ret;

	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
		mutex_lock(&iommu_probe_device_lock);
		if (dev->iommu == &iommu_dev_gone)
			dev->iommu = NULL;
		mutex_unlock(&iommu_probe_device_lock);
		ret = iommu_probe_device(dev);
		report(dev, ret);
		return ret ? NOTIFY_DONE : NOTIFY_OK;
	case BUS_NOTIFY_REMOVED_DEVICE:
		release_for_good(dev);
		return NOTIFY_OK;
	}
	return NOTIFY_DONE;
}
