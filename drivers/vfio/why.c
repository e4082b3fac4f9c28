// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: why a program did not get a device, in words
 *
 * An errno has to do for the program; the administrator reads the log. Called
 * by cdev.c and group_fd.c after a refusal, with no lock of the core held, so
 * what is said here may have changed since. All of it is rate limited: programs
 * try again.
 */
#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/pid.h>
#include <linux/platform_device.h>
#include <linux/ratelimit.h>

#include "vfio.h"

/* As many devices as are worth naming. */
#define VFIO_WHY_DEVICES	8

static DEFINE_RATELIMIT_STATE(vfio_why_limit, DEFAULT_RATELIMIT_INTERVAL,
			      DEFAULT_RATELIMIT_BURST);

struct vfio_why_members {
	struct device *dev[VFIO_WHY_DEVICES];
	unsigned int n, all;
};

/* Under the group's lock: no more than a reference. */
static int vfio_why_note(struct device *dev, void *data)
{
	struct vfio_why_members *members = data;

	members->all++;
	if (members->n < VFIO_WHY_DEVICES)
		members->dev[members->n++] = get_device(dev);
	return 0;
}

/* Does the driver leave the DMA of its device to others? */
static bool vfio_why_shares_dma(struct device *dev)
{
#ifdef CONFIG_PCI
	if (dev_is_pci(dev))
		return to_pci_driver(dev->driver)->driver_managed_dma;
#endif
	if (dev_is_platform(dev))
		return to_platform_driver(dev->driver)->driver_managed_dma;
	return false;
}

/* True if a device is named that stands in the way. */
static bool vfio_why_name_driver(struct device *dev, int id)
{
	bool named = false;

	/*
	 * Only with the lock may one look at the driver. Not to be had, it is
	 * with somebody who binds or unbinds the device: who may wait for the
	 * very program that is told here.
	 */
	if (!device_trylock(dev)) {
		pr_info("vfio: group %d not viable: %s is being bound or unbound\n",
			id, dev_name(dev));
		return true;
	}
	if (dev->driver && !vfio_why_shares_dma(dev)) {
		pr_info("vfio: group %d not viable: %s is bound to %s\n", id,
			dev_name(dev), dev->driver->name);
		named = true;
	}
	device_unlock(dev);
	return named;
}

static void vfio_why_owner(struct iommu_group *iommu_group)
{
	struct vfio_why_members members = {};
	int id = iommu_group_id(iommu_group);
	bool named = false;
	unsigned int i;

	iommu_group_for_each_dev(iommu_group, &members, vfio_why_note);
	for (i = 0; i < members.n; i++) {
		named |= vfio_why_name_driver(members.dev[i], id);
		put_device(members.dev[i]);
	}
	if (members.all > members.n)
		pr_info("vfio: group %d has %u devices more\n", id,
			members.all - members.n);
	if (!named)
		pr_info("vfio: group %d not viable: another program has its DMA, or a domain of its own is attached to it\n",
			id);
}

/**
 * vfio_why_no_dma() - say why a group's DMA was not to be had
 * @iommu_group: the group, on which the caller has a reference
 * @err: the error; those that have nothing to do with it are ignored
 *
 * Context: may sleep. Takes the group's lock.
 */
void vfio_why_no_dma(struct iommu_group *iommu_group, int err)
{
	if (err != -EPERM && err != -EBUSY)
		return;
	if (!__ratelimit(&vfio_why_limit))
		return;
	if (err == -EPERM && !iommu_group_has_isolated_msi(iommu_group))
		pr_info("vfio: group %d: its interrupts cannot be isolated: there is no interrupt remapping, or it is off\n",
			iommu_group_id(iommu_group));
	else
		vfio_why_owner(iommu_group);
}

#if IS_ENABLED(CONFIG_VFIO_GROUP)
/* Name the program that has the device's group open; false if there is none. */
static bool vfio_why_group_open(struct vfio_device *device)
{
	struct vfio_group *group = device->group;
	bool open;

	mutex_lock(&group->lock);
	open = group->claim < 0;
	if (open && __ratelimit(&vfio_why_limit))
		dev_info(device->dev,
			 "not given to \"%s\" (%d): \"%s\" (%d) has its group %d open\n",
			 current->comm, task_tgid_nr(current), group->comm,
			 pid_nr(group->opener), group->id);
	mutex_unlock(&group->lock);
	return open;
}
#else
static bool vfio_why_group_open(struct vfio_device *device)
{
	return false;
}
#endif

/**
 * vfio_why_no_bind() - say why VFIO_DEVICE_BIND_IOMMUFD was refused
 * @fd: the fd, inside its gate
 * @err: the error; if it is none that another user explains, nothing is said
 *
 * Context: may sleep. Takes &vfio_group.lock.
 */
void vfio_why_no_bind(struct vfio_fd *fd, int err)
{
	struct vfio_device *device = fd->device;
	struct iommu_group *iommu_group;
	struct vfio_fd *other;
	bool named = false;

	/* Others have nothing to do with whose the device is. */
	if (err != -EINVAL && err != -EBUSY && err != -EPERM)
		return;

	/* The one who has it: a state is stable enough for a message. */
	spin_lock(&device->files_lock);
	list_for_each_entry(other, &device->files, node) {
		if (other == fd || READ_ONCE(other->state) != VFIO_FD_LIVE)
			continue;
		named = true;
		if (__ratelimit(&vfio_why_limit))
			dev_info(device->dev,
				 "not given to \"%s\" (%d): in use by \"%s\" (%d)\n",
				 current->comm, task_tgid_nr(current),
				 other->comm, pid_nr(other->opener));
		break;
	}
	spin_unlock(&device->files_lock);
	if (named)
		return;
	/* Who came through the group has it open himself. */
	if (err == -EBUSY && !fd->group_file && vfio_why_group_open(device))
		return;

	iommu_group = iommu_group_get(device->dev);
	if (!iommu_group)
		return;
	vfio_why_no_dma(iommu_group, err);
	iommu_group_put(iommu_group);
}

#if IS_ENABLED(CONFIG_VFIO_GROUP)
/**
 * vfio_why_group_busy() - say why a group cannot be opened
 * @group: the group
 *
 * Context: caller holds &vfio_group.lock.
 */
void vfio_why_group_busy(struct vfio_group *group)
{
	lockdep_assert_held(&group->lock);

	if (!__ratelimit(&vfio_why_limit))
		return;
	if (group->claim < 0)
		pr_info("vfio: group %d not given to \"%s\" (%d): \"%s\" (%d) has it open\n",
			group->id, current->comm, task_tgid_nr(current),
			group->comm, pid_nr(group->opener));
	else
		pr_info("vfio: group %d not given to \"%s\" (%d): %d of its devices are in use through nodes of their own\n",
			group->id, current->comm, task_tgid_nr(current),
			group->claim);
}
#endif
