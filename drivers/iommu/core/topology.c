// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which devices cannot be told apart, and so share a group. The functions here
 * are device_group() operations of IOMMU drivers; they run under
 * iommu_probe_device_lock, so the grouping of one device is over before the
 * next begins. Groups of other devices are looked up by iommu_group_get().
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/fsl/mc.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "../../pci/pci.h"
#include "core.h"

/**
 * DOC: grouping of PCI functions
 *
 * A function gets a group of its own unless
 *
 * - its requests arrive at the IOMMU under an ID that is not its own: it is
 *   behind a bridge to conventional PCI, which puts its own ID in place, or it
 *   has a quirk (pci_for_each_dma_alias());
 * - a request of it can be routed to a peer before it reaches the IOMMU: on its
 *   way up, or among the functions of its device, something lacks PCI Access
 *   Control Services (PCI Express Base, 6.12): Source Validation, P2P Request
 *   Redirect, P2P Completion Redirect and Upstream Forwarding;
 * - it is a companion: a UHCI or OHCI function of a device that has an EHCI
 *   function, or the other way round. A port is handed from one to the other at
 *   run time, whether or not they are isolated from each other, so a user who
 *   owns one controls devices that the other sees.
 *
 * Devices on a bus of another kind behind a function (USB, I2C, NVMe
 * namespaces) are no members: they do no DMA of their own, and cannot be
 * assigned. The group is free for user space as soon as the function's driver
 * is gone, and its child devices with it.
 */

/* What it takes to call a function isolated. */
#define ISOLATION (PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF)

#define NR_DEVFN 256

/**
 * struct tied_set - functions of one bus that are in one group for some reason
 * @peer: the functions of the bus, with references
 * @nr_peers: how many
 * @seen: by place in @peer, those found to be tied
 * @todo: places of those whose own ties have not been followed yet
 * @nr_todo: how many
 */
struct tied_set {
	struct pci_dev *peer[NR_DEVFN];
	unsigned int nr_peers;
	DECLARE_BITMAP(seen, NR_DEVFN);
	u8 todo[NR_DEVFN];
	unsigned int nr_todo;
};

static bool isolated(struct pci_dev *pdev)
{
	return pci_acs_enabled(pdev, ISOLATION);
}

static bool has_companions(struct pci_dev *pdev)
{
	return pdev->class == PCI_CLASS_SERIAL_USB_UHCI ||
	       pdev->class == PCI_CLASS_SERIAL_USB_OHCI ||
	       pdev->class == PCI_CLASS_SERIAL_USB_EHCI;
}

/* Functions of one device that can reach each other, or share ports. */
static bool siblings(struct pci_dev *a, struct pci_dev *b)
{
	if (PCI_SLOT(a->devfn) != PCI_SLOT(b->devfn) || !a->multifunction)
		return false;
	if (has_companions(a) && has_companions(b))
		return true;
	return !isolated(a) && !isolated(b);
}

/* Relations are looked up without the lock: quirks may want it. */
static void list_peers(struct tied_set *set, struct pci_bus *bus)
{
	struct pci_dev *pdev;

	down_read(&pci_bus_sem);
	list_for_each_entry(pdev, &bus->devices, bus_list)
		if (!WARN_ON(set->nr_peers == NR_DEVFN))
			set->peer[set->nr_peers++] = pci_dev_get(pdev);
	up_read(&pci_bus_sem);
}

static void note_ties(struct tied_set *set, struct pci_dev *from)
{
	unsigned int i;

	for (i = 0; i < set->nr_peers; i++) {
		struct pci_dev *peer = set->peer[i];

		if (test_bit(i, set->seen))
			continue;
		if (peer == from || pci_devs_are_dma_aliases(from, peer) || siblings(from, peer)) {
			__set_bit(i, set->seen);
			set->todo[set->nr_todo++] = i;
		}
	}
}

/*
 * Follow the ties of a function to others of its bus, and theirs in turn, until
 * one of them has a group. Returns a reference to that, or NULL.
 */
static struct iommu_group *group_of_tied(struct pci_dev *pdev)
{
	struct iommu_group *group;
	struct tied_set *set;

	group = iommu_group_get(&pdev->dev);
	if (group)
		return group;
	set = kzalloc(sizeof(*set), GFP_KERNEL);
	if (!set)
		return ERR_PTR(-ENOMEM);

	list_peers(set, pdev->bus);
	note_ties(set, pdev);
	while (set->nr_todo && !group) {
		struct pci_dev *next = set->peer[set->todo[--set->nr_todo]];

		group = iommu_group_get(&next->dev);
		if (!group)
			note_ties(set, next);
	}
	while (set->nr_peers)
		pci_dev_put(set->peer[--set->nr_peers]);
	kfree(set);
	return group;
}

/* The last function under whose ID requests arrive, and its group if it has one. */
struct alias_walk {
	struct pci_dev *last;
	struct iommu_group *group;
};

static int note_alias(struct pci_dev *pdev, u16 alias, void *data)
{
	struct alias_walk *walk = data;

	walk->last = pdev;
	walk->group = iommu_group_get(&pdev->dev);
	return walk->group ? 1 : 0;
}

/**
 * pci_device_group() - the group of a PCI function, by topology and isolation
 * @dev: the function, in no group yet
 *
 * See DOC: grouping of PCI functions.
 *
 * Context: iommu_probe_device_lock is held.
 * Return: an existing group or a new one, with a reference for the caller;
 * ERR_PTR(-EINVAL) if @dev is not a PCI function, or of what
 * iommu_group_alloc() says.
 */
struct iommu_group *pci_device_group(struct device *dev)
{
	struct alias_walk walk = { };
	struct iommu_group *group;
	struct pci_dev *pdev;
	struct pci_bus *bus;

	if (WARN_ON(!dev_is_pci(dev)))
		return ERR_PTR(-EINVAL);

	pci_for_each_dma_alias(to_pci_dev(dev), note_alias, &walk);
	if (walk.group)
		return walk.group;
	pdev = walk.last;

	/* Up to where requests cannot turn round to a peer any more. */
	for (bus = pdev->bus; !pci_is_root_bus(bus); bus = bus->parent) {
		if (!bus->self)		/* the bus of virtual functions */
			continue;
		if (pci_acs_path_enabled(bus->self, NULL, ISOLATION))
			break;
		pdev = bus->self;
		group = iommu_group_get(&pdev->dev);
		if (group)
			return group;
	}

	group = group_of_tied(pdev);
	return group ?: iommu_group_alloc();
}
EXPORT_SYMBOL_GPL(pci_device_group);

/**
 * generic_device_group() - a group of its own for each device
 * @dev: the device
 *
 * Context: iommu_probe_device_lock is held.
 * Return: as iommu_group_alloc().
 */
struct iommu_group *generic_device_group(struct device *dev)
{
	return iommu_group_alloc();
}
EXPORT_SYMBOL_GPL(generic_device_group);

/**
 * generic_single_device_group() - one group for all devices of an instance
 * @dev: the device, after probe_device()
 *
 * The instance keeps a reference until it is unregistered.
 *
 * Context: iommu_probe_device_lock is held.
 * Return: the group, with a reference for the caller; or as
 * iommu_group_alloc().
 */
struct iommu_group *generic_single_device_group(struct device *dev)
{
	struct iommu_device *iommu = dev->iommu->iommu_dev;
	struct iommu_group *group;

	if (iommu->singleton_group)
		return iommu_group_ref_get(iommu->singleton_group);
	/* The caller's reference is the new group's own, the instance's is added. */
	group = iommu_group_alloc();
	if (!IS_ERR(group))
		iommu->singleton_group = iommu_group_ref_get(group);
	return group;
}
EXPORT_SYMBOL_GPL(generic_single_device_group);

/**
 * fsl_mc_device_group() - one group for all devices of an fsl-mc container
 * @dev: a device of the fsl-mc bus
 *
 * Context: iommu_probe_device_lock is held.
 * Return: the container's group or a new one, with a reference for the caller;
 * or as iommu_group_alloc().
 */
struct iommu_group *fsl_mc_device_group(struct device *dev)
{
	return iommu_group_get(fsl_mc_cont_dev(dev)) ?: iommu_group_alloc();
}
EXPORT_SYMBOL_GPL(fsl_mc_device_group);
