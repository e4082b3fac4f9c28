// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: groups, and the devices in them
 *
 * A vfio_group stands for an iommu_group as long as a device of it is
 * registered. It is found, made and unmade here, under device_lock() of some
 * device; what its file does is in group_fd.c. See the DOC section below.
 */
#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "vfio.h"

/**
 * DOC: Life of a vfio_group
 *
 * Groups are looked up by the number of the iommu group, in an xarray. The
 * entry goes in before the node in /dev is made, and comes out after it is
 * gone, so two groups never want the same node at once. No lock of the table
 * is held meanwhile: who finds an entry takes a reference to its memory and
 * then its &vfio_group.setup, which the one who makes or unmakes the node
 * holds. If the group turns out dead, the entry is gone by then, and the
 * search starts again.
 *
 * An iommu group is referenced by its vfio_group while the entry stands, so
 * the number cannot come to mean another one. When the last device leaves,
 * &vfio_group.iommu_group becomes NULL and the DMA context is let go, even if
 * the group's file is still open: it then answers ENODEV. All that is over when
 * the entry goes, so the next vfio_group of that iommu group finds its DMA free.
 */

static struct class *vfio_group_class;
static dev_t vfio_group_region;
static DEFINE_IDA(vfio_group_ida);
static DEFINE_XARRAY(vfio_groups);

static void vfio_group_release(struct device *dev)
{
	struct vfio_group *group = container_of(dev, struct vfio_group, dev);

	mutex_destroy(&group->setup);
	mutex_destroy(&group->device_lock);
	mutex_destroy(&group->lock);
	ida_free(&vfio_group_ida, MINOR(dev->devt));
	kfree(group);
}

static struct vfio_group *vfio_group_alloc(struct iommu_group *iommu_group,
					   enum vfio_group_type type)
{
	struct vfio_group *group;
	int minor, ret;

	group = kzalloc(sizeof(*group), GFP_KERNEL);
	if (!group)
		return ERR_PTR(-ENOMEM);

	minor = ida_alloc_max(&vfio_group_ida, MINORMASK, GFP_KERNEL);
	if (minor < 0) {
		kfree(group);
		return ERR_PTR(minor);
	}

	device_initialize(&group->dev);
	group->dev.class = vfio_group_class;
	group->dev.devt = MKDEV(MAJOR(vfio_group_region), minor);
	group->dev.release = vfio_group_release;
	cdev_init(&group->cdev, &vfio_group_fops);
	group->cdev.owner = THIS_MODULE;
	group->type = type;
	group->id = iommu_group_id(iommu_group);
	mutex_init(&group->setup);
	mutex_init(&group->device_lock);
	INIT_LIST_HEAD(&group->device_list);
	mutex_init(&group->lock);
	vfio_kvm_slot_init(&group->kvm);

	ret = dev_set_name(&group->dev, "%s%d",
			   type == VFIO_NO_IOMMU ? "noiommu-" : "", group->id);
	if (ret) {
		put_device(&group->dev);
		return ERR_PTR(ret);
	}
	group->iommu_group = iommu_group_ref_get(iommu_group);
	return group;
}

/* The group in the table, with a reference to its memory, or NULL. */
static struct vfio_group *vfio_group_find(int id)
{
	struct vfio_group *group;

	xa_lock(&vfio_groups);
	group = xa_load(&vfio_groups, id);
	if (group)
		get_device(&group->dev);
	xa_unlock(&vfio_groups);
	return group;
}

/* One more device in a group that is there; -EAGAIN if it is not any more. */
static int vfio_group_join(struct vfio_group *group)
{
	int ret = 0;

	mutex_lock(&group->setup);
	if (group->dead)
		ret = -EAGAIN;
	else
		group->drivers++;
	mutex_unlock(&group->setup);
	return ret;
}

/*
 * No device is left: nothing may be done through the group any more. Returns
 * the reference to the iommu group, the caller's to put.
 */
static struct iommu_group *vfio_group_revoke(struct vfio_group *group)
{
	struct iommu_group *iommu_group;

	mutex_lock(&group->lock);
	WARN_ON(!list_empty(&group->device_list));
	WARN_ON(group->users);
	vfio_group_drop_ctx(group);
	iommu_group = group->iommu_group;
	group->iommu_group = NULL;
	mutex_unlock(&group->lock);
	return iommu_group;
}

/*
 * Put a new group into the table and make its node. -EAGAIN: somebody else was
 * faster. The reference to the memory stays with the caller in any case. On an
 * error somebody may have opened the node, and then has a dead group.
 */
static int vfio_group_publish(struct vfio_group *group)
{
	int ret;

	mutex_lock(&group->setup);
	ret = xa_insert(&vfio_groups, group->id, group, GFP_KERNEL);
	if (ret) {
		if (ret == -EBUSY)
			ret = -EAGAIN;
		goto dead;
	}
	ret = cdev_device_add(&group->cdev, &group->dev);
	if (ret)
		goto erase;

	group->drivers = 1;
	mutex_unlock(&group->setup);
	return 0;

erase:
	xa_erase(&vfio_groups, group->id);
dead:
	group->dead = true;
	iommu_group_put(vfio_group_revoke(group));
	mutex_unlock(&group->setup);
	return ret;
}

/* The group for @iommu_group, made if need be, with one device more in it. */
static struct vfio_group *vfio_group_get(struct iommu_group *iommu_group,
					 enum vfio_group_type type)
{
	struct vfio_group *group;
	int ret;

	do {
		group = vfio_group_find(iommu_group_id(iommu_group));
		if (group) {
			ret = vfio_group_join(group);
			/* The devices in it hold the memory. */
			put_device(&group->dev);
		} else {
			group = vfio_group_alloc(iommu_group, type);
			if (IS_ERR(group))
				return group;
			ret = vfio_group_publish(group);
			if (ret)
				put_device(&group->dev);
		}
	} while (ret == -EAGAIN);

	return ret ? ERR_PTR(ret) : group;
}

/* One device less; undoes vfio_group_get(). */
static void vfio_group_put(struct vfio_group *group)
{
	struct iommu_group *iommu_group;
	bool last;

	mutex_lock(&group->setup);
	last = !--group->drivers;
	if (last) {
		cdev_device_del(&group->cdev, &group->dev);
		group->dead = true;
		iommu_group = vfio_group_revoke(group);
		xa_erase(&vfio_groups, group->id);
		iommu_group_put(iommu_group);
	}
	mutex_unlock(&group->setup);
	if (last)
		put_device(&group->dev);
}

/* The group that @dev is in, with one device more; NULL if it is in none. */
static struct vfio_group *vfio_group_of(struct device *dev,
					enum vfio_group_type type)
{
	struct iommu_group *iommu_group = iommu_group_get(dev);
	struct vfio_group *group = NULL;

	if (iommu_group) {
		group = vfio_group_get(iommu_group, type);
		iommu_group_put(iommu_group);
	}
	return group;
}

/*
 * Put a device that no iommu knows into an iommu group of its own, so that it
 * is named and found like the others. The group's name says what it is not, and
 * it is there as long as the device is in it.
 */
static int vfio_iommu_group_fake(struct device *dev)
{
	struct iommu_group *fake = iommu_group_alloc();
	int ret = PTR_ERR_OR_ZERO(fake);

	if (ret)
		return ret;
	ret = iommu_group_set_name(fake, "vfio-noiommu") ?:
	      iommu_group_add_device(fake, dev);
	iommu_group_put(fake);
	return ret;
}

static struct vfio_group *vfio_group_fake(struct device *dev,
					  enum vfio_group_type type)
{
	int ret = vfio_iommu_group_fake(dev);
	struct vfio_group *group;

	if (ret)
		return ERR_PTR(ret);
	group = vfio_group_of(dev, type);
	if (IS_ERR(group))
		iommu_group_remove_device(dev);
	return group;
}

static struct vfio_group *vfio_group_real(struct device *dev)
{
	struct vfio_group *group = vfio_group_of(dev, VFIO_IOMMU);

	if (group)
		return group;

	if (!vfio_noiommu) {
		dev_info(dev, "cannot be assigned: no iommu translates its DMA\n");
		return ERR_PTR(-EINVAL);
	}

	group = vfio_group_fake(dev, VFIO_NO_IOMMU);
	if (!IS_ERR(group)) {
		add_taint(TAINT_USER, LOCKDEP_STILL_OK);
		dev_warn(dev, "Adding kernel taint for vfio-noiommu group on device\n");
	}
	return group;
}

/**
 * vfio_device_set_group() - find or make the group of a device
 * @device: a device that is being registered
 * @type: VFIO_IOMMU or VFIO_EMULATED_IOMMU
 *
 * A device of type VFIO_IOMMU that has no iommu group gets one of type
 * VFIO_NO_IOMMU if the administrator allows it, and the kernel is tainted.
 *
 * Context: under device_lock() of the device behind it.
 * Return: 0; -EINVAL for a device without iommu group; -ENOMEM, -ENOSPC, or
 *	what the driver core says to the group's node.
 */
int vfio_device_set_group(struct vfio_device *device,
			  enum vfio_group_type type)
{
	struct vfio_group *group;

	if (type == VFIO_IOMMU)
		group = vfio_group_real(device->dev);
	else
		group = vfio_group_fake(device->dev, type);
	if (IS_ERR(group))
		return PTR_ERR(group);

	device->group = group;
	return 0;
}

/**
 * vfio_device_remove_group() - undo vfio_device_set_group()
 * @device: a device that nobody uses any more
 */
void vfio_device_remove_group(struct vfio_device *device)
{
	struct vfio_group *group = device->group;

	/* A hot reset of its set may still ask whose it is: nobody's. */
	WRITE_ONCE(device->group, NULL);
	if (group->type != VFIO_IOMMU)
		iommu_group_remove_device(device->dev);
	vfio_group_put(group);
}

/**
 * vfio_device_group_register() - let VFIO_GROUP_GET_DEVICE_FD find a device
 * @device: a registered device
 */
void vfio_device_group_register(struct vfio_device *device)
{
	struct vfio_group *group = device->group;

	mutex_lock(&group->device_lock);
	list_add(&device->group_next, &group->device_list);
	mutex_unlock(&group->device_lock);
}

/**
 * vfio_device_group_unregister() - undo vfio_device_group_register()
 * @device: the device
 */
void vfio_device_group_unregister(struct vfio_device *device)
{
	struct vfio_group *group = device->group;

	mutex_lock(&group->device_lock);
	list_del(&device->group_next);
	mutex_unlock(&group->device_lock);
}

/**
 * vfio_group_claim_device() - take the group for a device's own node
 * @group: the group
 *
 * Return: 0, or -EBUSY while the group's file is open.
 */
int vfio_group_claim_device(struct vfio_group *group)
{
	int ret = 0;

	mutex_lock(&group->lock);
	if (group->claim < 0)
		ret = -EBUSY;
	else
		group->claim++;
	mutex_unlock(&group->lock);
	return ret;
}

/**
 * vfio_group_unclaim_device() - undo vfio_group_claim_device()
 * @group: the group
 */
void vfio_group_unclaim_device(struct vfio_group *group)
{
	mutex_lock(&group->lock);
	WARN_ON(group->claim <= 0);
	group->claim--;
	mutex_unlock(&group->lock);
}

static char *vfio_group_devnode(const struct device *dev, umode_t *mode)
{
	return kasprintf(GFP_KERNEL, "vfio/%s", dev_name(dev));
}

/**
 * vfio_group_init() - make the class "vfio", its region, and the container
 *
 * Return: 0 or an error.
 */
int __init vfio_group_init(void)
{
	int ret;

	ret = vfio_container_init();
	if (ret)
		return ret;

	vfio_group_class = class_create("vfio");
	if (IS_ERR(vfio_group_class)) {
		ret = PTR_ERR(vfio_group_class);
		goto cleanup_container;
	}
	vfio_group_class->devnode = vfio_group_devnode;

	ret = alloc_chrdev_region(&vfio_group_region, 0, MINORMASK + 1, "vfio");
	if (ret)
		goto destroy_class;
	return 0;

destroy_class:
	class_destroy(vfio_group_class);
cleanup_container:
	vfio_container_cleanup();
	return ret;
}

/**
 * vfio_group_cleanup() - undo vfio_group_init()
 */
void vfio_group_cleanup(void)
{
	WARN_ON(!xa_empty(&vfio_groups));
	unregister_chrdev_region(vfio_group_region, MINORMASK + 1);
	class_destroy(vfio_group_class);
	ida_destroy(&vfio_group_ida);
	vfio_container_cleanup();
}
