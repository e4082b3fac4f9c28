// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which IOMMU instance serves a device. Instances register here; a device finds
 * the operations of its instance by the firmware node in its fwspec, or, where
 * firmware names none (Intel, AMD, s390, PAMU), the one driver that does without.
 *
 * The table is read under RCU and written under instance_lock.
 */
#define pr_fmt(fmt) "iommu: " fmt

#include <linux/amba/bus.h>
#include <linux/cdx/cdx_bus.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/fsl/mc.h>
#include <linux/hashtable.h>
#include <linux/host1x_context_bus.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "core.h"

/**
 * struct iommu_bus - a bus whose devices may be behind an IOMMU
 * @type: the bus
 * @listener: hears of its devices; a notifier can be on one bus only
 */
struct iommu_bus {
	const struct bus_type	*type;
	struct notifier_block	listener;
};

/* In the order in which devices get the numbers of their groups. */
static struct iommu_bus iommu_buses[] = {
	{ .type = &platform_bus_type },
#ifdef CONFIG_PCI
	{ .type = &pci_bus_type },
#endif
#ifdef CONFIG_ARM_AMBA
	{ .type = &amba_bustype },
#endif
#ifdef CONFIG_FSL_MC_BUS
	{ .type = &fsl_mc_bus_type },
#endif
#ifdef CONFIG_TEGRA_HOST1X_CONTEXT_BUS
	{ .type = &host1x_context_device_bus_type },
#endif
#ifdef CONFIG_CDX_BUS
	{ .type = &cdx_bus_type },
#endif
};

/**
 * struct iommu_instance - an entry of the table
 * @node: in @by_fwnode, or in @nameless if the instance has no firmware node
 * @fwnode: the firmware node; a reader may not look at @iommu, whose memory is
 *	the driver's again once it is unregistered
 * @iommu: the instance
 * @ops: its operations
 * @bus: the one bus it serves, or NULL for those of iommu_buses
 * @rcu: readers may be looking
 */
struct iommu_instance {
	struct hlist_node	node;
	const struct fwnode_handle *fwnode;
	struct iommu_device	*iommu;
	const struct iommu_ops	*ops;
	const struct bus_type	*bus;
	struct rcu_head		rcu;
};

static DEFINE_SPINLOCK(instance_lock);
static DEFINE_HASHTABLE(by_fwnode, 6);
static HLIST_HEAD(nameless);
static unsigned int nr_instances;	/* that serve all of iommu_buses */

static struct hlist_head *instance_list(const struct fwnode_handle *fwnode)
{
	if (!fwnode)
		return &nameless;
	return &by_fwnode[hash_ptr(fwnode, HASH_BITS(by_fwnode))];
}

/* Of several nameless instances the first counts: they share one driver. */
static int list_instance(struct iommu_device *iommu, const struct iommu_ops *ops,
			 const struct bus_type *bus)
{
	struct iommu_instance *new = kzalloc(sizeof(*new), GFP_KERNEL);
	struct hlist_head *head = instance_list(iommu->fwnode);
	struct iommu_instance *i, *last = NULL;

	if (!new)
		return -ENOMEM;
	iommu->ops = ops;
	new->fwnode = iommu->fwnode;
	new->iommu = iommu;
	new->ops = ops;
	new->bus = bus;

	spin_lock(&instance_lock);
	hlist_for_each_entry(i, head, node)
		last = i;
	if (last)
		hlist_add_behind_rcu(&new->node, &last->node);
	else
		hlist_add_head_rcu(&new->node, head);
	nr_instances += !bus;
	spin_unlock(&instance_lock);
	return 0;
}

static void unlist_instance(struct iommu_device *iommu)
{
	struct iommu_instance *i;

	spin_lock(&instance_lock);
	hlist_for_each_entry(i, instance_list(iommu->fwnode), node) {
		if (i->iommu == iommu) {
			nr_instances -= !i->bus;
			hlist_del_rcu(&i->node);
			kfree_rcu(i, rcu);
			break;
		}
	}
	spin_unlock(&instance_lock);
}

/* An instance that serves one bus comes first there, and serves nobody else. */
static const struct iommu_ops *find_ops(const struct fwnode_handle *fwnode,
					const struct bus_type *bus)
{
	const struct iommu_ops *ops = NULL;
	struct iommu_instance *i;

	rcu_read_lock();
	hlist_for_each_entry_rcu(i, instance_list(fwnode), node) {
		if (i->fwnode != fwnode)
			continue;
		if (i->bus && i->bus == bus) {
			ops = i->ops;
			break;
		}
		if (!i->bus && !ops) {
			ops = i->ops;
			if (fwnode)
				break;
		}
	}
	rcu_read_unlock();
	return ops;
}

/**
 * iommu_ops_from_fwnode() - operations of the instance at a firmware node
 * @fwnode: the node; NULL for the driver that has none
 *
 * Context: any. The operations stay as long as the instance is registered.
 * Return: the operations, or NULL as long as there is no such instance.
 */
const struct iommu_ops *iommu_ops_from_fwnode(const struct fwnode_handle *fwnode)
{
	return find_ops(fwnode, NULL);
}

/**
 * iommu_ops_for_dev() - operations of the instance that may serve a device
 * @dev: the device, with its fwspec complete if it gets one
 *
 * Context: iommu_probe_device_lock, so the instance cannot be unregistered
 * before the device has joined and will be found by iommu_device_unregister().
 * Return: the operations, or NULL.
 */
const struct iommu_ops *iommu_ops_for_dev(struct device *dev)
{
	struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(dev);

	lockdep_assert_held(&iommu_probe_device_lock);
	return find_ops(fwspec ? fwspec->iommu_fwnode : NULL, dev->bus);
}

/**
 * iommu_present() - is there an IOMMU for a bus?
 * @bus: the bus
 *
 * Says nothing about any one device: device_iommu_mapped() does.
 *
 * Context: any.
 * Return: true if @bus is one that the core listens to, and an instance is
 * registered.
 */
bool iommu_present(const struct bus_type *bus)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(iommu_buses); i++)
		if (iommu_buses[i].type == bus)
			return READ_ONCE(nr_instances);
	return false;
}
EXPORT_SYMBOL_GPL(iommu_present);

static int release_member_of(struct device *dev, void *iommu)
{
	iommu_release_device(dev, iommu);
	return 0;
}

/*
 * First out of the table, so that no more devices join; then those who have
 * joined leave. One who was looking while we unlisted holds the probe lock.
 */
static void begin_unregister(struct iommu_device *iommu)
{
	unlist_instance(iommu);
	mutex_lock(&iommu_probe_device_lock);
	mutex_unlock(&iommu_probe_device_lock);
}

static void finish_unregister(struct iommu_device *iommu)
{
	/* The reference that generic_single_device_group() keeps here. */
	iommu_group_put(iommu->singleton_group);
	iommu->singleton_group = NULL;
}

/**
 * iommu_device_register() - announce an IOMMU instance
 * @iommu: the instance, which its driver has set up for use
 * @ops: its operations; from a module, with an owner
 * @hwdev: the device whose firmware node names the instance, or NULL
 *
 * Devices that wait for this instance join at once. One that fails is reported
 * and does not keep the others or the instance from working.
 *
 * Context: takes iommu_probe_device_lock and groups' mutexes.
 * Return: 0; -EINVAL for a module without owner; -ENOMEM.
 */
int iommu_device_register(struct iommu_device *iommu, const struct iommu_ops *ops,
			  struct device *hwdev)
{
	unsigned int i;
	int ret;

	/* No device can hold on to a module that has no owner. */
	if (WARN_ON(!ops->owner && is_module_address((unsigned long)ops)))
		return -EINVAL;
	if (hwdev)
		iommu->fwnode = dev_fwnode(hwdev);
	ret = list_instance(iommu, ops, NULL);
	if (ret)
		return ret;
	for (i = 0; i < ARRAY_SIZE(iommu_buses); i++)
		bus_iommu_probe(iommu_buses[i].type);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_device_register);

/**
 * iommu_device_unregister() - take an IOMMU instance away
 * @iommu: the instance
 *
 * When it returns, no device uses the instance, and none will.
 *
 * Context: takes iommu_probe_device_lock and groups' mutexes.
 */
void iommu_device_unregister(struct iommu_device *iommu)
{
	unsigned int i;

	begin_unregister(iommu);
	for (i = 0; i < ARRAY_SIZE(iommu_buses); i++)
		bus_for_each_dev(iommu_buses[i].type, NULL, iommu, release_member_of);
	finish_unregister(iommu);
}
EXPORT_SYMBOL_GPL(iommu_device_unregister);

#if IS_ENABLED(CONFIG_IOMMUFD_TEST)
/**
 * iommu_device_register_bus() - announce an instance for one bus of its own
 * @iommu: the instance
 * @ops: its operations
 * @bus: the bus; the core listens to no other on behalf of @iommu
 * @nb: memory for the listener, the caller's
 *
 * For mock drivers. The devices of real buses never meet @iommu, and those of
 * @bus get @iommu even where a real nameless instance was there before.
 *
 * Context: takes iommu_probe_device_lock and groups' mutexes.
 * Return: 0, -ENOMEM, or what the bus says.
 */
int iommu_device_register_bus(struct iommu_device *iommu, const struct iommu_ops *ops,
			      const struct bus_type *bus, struct notifier_block *nb)
{
	int ret;

	nb->notifier_call = iommu_bus_notify;
	ret = bus_register_notifier(bus, nb);
	if (ret)
		return ret;
	ret = list_instance(iommu, ops, bus);
	if (ret) {
		bus_unregister_notifier(bus, nb);
		return ret;
	}
	return bus_iommu_probe(bus);
}
EXPORT_SYMBOL_GPL(iommu_device_register_bus);

/**
 * iommu_device_unregister_bus() - undo iommu_device_register_bus()
 * @iommu: the instance
 * @bus: its bus
 * @nb: the listener, free for other use afterwards
 *
 * Context: takes iommu_probe_device_lock and groups' mutexes.
 */
void iommu_device_unregister_bus(struct iommu_device *iommu, const struct bus_type *bus,
				 struct notifier_block *nb)
{
	begin_unregister(iommu);
	bus_for_each_dev(bus, NULL, iommu, release_member_of);
	/* Last: a device removed meanwhile still has to be heard of. */
	bus_unregister_notifier(bus, nb);
	finish_unregister(iommu);
}
EXPORT_SYMBOL_GPL(iommu_device_unregister_bus);
#endif

/**
 * iommu_register_bus_notifiers() - hear of devices that come and go
 *
 * Return: 0, or what the first bus says that refuses.
 */
int __init iommu_register_bus_notifiers(void)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(iommu_buses); i++) {
		struct iommu_bus *b = &iommu_buses[i];
		int err;

		b->listener.notifier_call = iommu_bus_notify;
		err = bus_register_notifier(b->type, &b->listener);
		if (err)
			pr_err("cannot listen to bus %s: %d\n", b->type->name, err);
		ret = ret ?: err;
	}
	return ret;
}
