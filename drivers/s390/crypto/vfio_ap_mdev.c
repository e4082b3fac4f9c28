// SPDX-License-Identifier: GPL-2.0
/*
 * vfio-ap: the mediated device and its ioctls
 *
 * A device comes with a GUID written to sysfs and goes the same way. It is on
 * the list before anybody can open it and leaves it after nobody can: while a
 * guest has it, every change of the host finds it.
 */
#include <linux/eventfd.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <asm/zcrypt.h>

#include "vfio_ap.h"

static int get_info(struct vfio_device_info __user *arg)
{
	struct vfio_device_info info;
	const size_t known = offsetofend(typeof(info), num_irqs);

	if (copy_from_user(&info, arg, known))
		return -EFAULT;
	if (info.argsz < known)
		return -EINVAL;

	info.num_irqs = VFIO_AP_NUM_IRQS;
	info.num_regions = 0;
	info.flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_AP;
	return copy_to_user(arg, &info, known) ? -EFAULT : 0;
}

static int get_irq_info(struct vfio_irq_info __user *arg)
{
	struct vfio_irq_info info;
	const size_t known = offsetofend(typeof(info), count);

	if (copy_from_user(&info, arg, known))
		return -EFAULT;
	if (info.argsz < known || info.index != VFIO_AP_REQ_IRQ_INDEX)
		return -EINVAL;

	info.count = 1;
	info.flags = VFIO_IRQ_INFO_EVENTFD;
	return copy_to_user(arg, &info, known) ? -EFAULT : 0;
}

/* The only interrupt is the eventfd that asks for the device back. */
static int set_irqs(struct vfio_ap_mdev *mdev, void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_irq_set, count);
	struct eventfd_ctx *request = NULL;
	struct vfio_irq_set set;
	size_t size;
	int ret;
	s32 fd;

	if (copy_from_user(&set, arg, minsz))
		return -EFAULT;
	ret = vfio_set_irqs_validate_and_prepare(&set, 1, VFIO_AP_NUM_IRQS, &size);
	if (ret)
		return ret;
	if (set.flags != (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER) ||
	    size != sizeof(fd))
		return -EINVAL;
	if (get_user(fd, (s32 __user *)(arg + minsz)))
		return -EFAULT;
	if (fd < -1)
		return -EINVAL;
	if (fd >= 0) {
		request = eventfd_ctx_fdget(fd);
		if (IS_ERR(request))
			return PTR_ERR(request);
	}

	mutex_lock(&mdev->lock);
	swap(mdev->request, request);
	mutex_unlock(&mdev->lock);
	if (request)
		eventfd_ctx_put(request);
	return 0;
}

static long vfio_ap_ioctl(struct vfio_device *vdev, unsigned int cmd,
			  unsigned long arg)
{
	struct vfio_ap_mdev *mdev = to_vfio_ap_mdev(vdev);

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return get_info((void __user *)arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info((void __user *)arg);
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(mdev, (void __user *)arg);
	case VFIO_DEVICE_RESET:
		return vfio_ap_reset(mdev);
	default:
		return -EOPNOTSUPP;
	}
}

static void vfio_ap_request(struct vfio_device *vdev, unsigned int count)
{
	struct vfio_ap_mdev *mdev = to_vfio_ap_mdev(vdev);
	bool asked = false;

	mutex_lock(&mdev->lock);
	if (mdev->request) {
		eventfd_signal(mdev->request);
		asked = true;
	}
	mutex_unlock(&mdev->lock);

	if (asked && count % 10 == 0)
		dev_notice_ratelimited(vdev->dev,
				       "Relaying device request to user (#%u)\n", count);
	else if (!asked && !count)
		dev_notice(vdev->dev,
			   "No device request registered, blocked until released by user\n");
}

static int vfio_ap_init_dev(struct vfio_device *vdev)
{
	struct vfio_ap_mdev *mdev = to_vfio_ap_mdev(vdev);

	mutex_init(&mdev->lock);
	INIT_LIST_HEAD(&mdev->node);
	INIT_LIST_HEAD(&mdev->irqs);
	INIT_LIST_HEAD(&mdev->pins);
	init_waitqueue_head(&mdev->pins_gone);
	mdev->hook = vfio_ap_pqap;
	return 0;
}

static void vfio_ap_release_dev(struct vfio_device *vdev)
{
	mutex_destroy(&to_vfio_ap_mdev(vdev)->lock);
}

static const struct vfio_device_ops vfio_ap_ops = {
	.init = vfio_ap_init_dev,
	.release = vfio_ap_release_dev,
	.open_device = vfio_ap_open,
	.close_device = vfio_ap_close,
	.ioctl = vfio_ap_ioctl,
	.request = vfio_ap_request,
	.dma_unmap = vfio_ap_dma_unmap,
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
};

/* Off the list, with nothing assigned. */
static void unlist(struct vfio_ap_mdev *mdev)
{
	const struct vfio_ap_matrix nothing = {};
	struct vfio_ap_delta delta;

	mutex_lock(&vfio_ap.guests_lock);
	vfio_ap_apply(mdev, &nothing, &delta);
	list_del_init(&mdev->node);
	mutex_unlock(&vfio_ap.guests_lock);

	vfio_ap_reset_wait_lost(&delta);
}

static int vfio_ap_mdev_probe(struct mdev_device *dev)
{
	struct vfio_ap_mdev *mdev;
	int ret;

	mdev = vfio_alloc_device(vfio_ap_mdev, vdev, mdev_dev(dev), &vfio_ap_ops);
	if (IS_ERR(mdev))
		return PTR_ERR(mdev);
	dev_set_drvdata(mdev_dev(dev), mdev);

	mutex_lock(&vfio_ap.guests_lock);
	mdev->max = vfio_ap.max;
	list_add_tail(&mdev->node, &vfio_ap.mdevs);
	mutex_unlock(&vfio_ap.guests_lock);

	ret = vfio_register_emulated_iommu_dev(&mdev->vdev);
	if (ret) {
		unlist(mdev);
		vfio_put_device(&mdev->vdev);
	}
	return ret;
}

static void vfio_ap_mdev_remove(struct mdev_device *dev)
{
	struct vfio_ap_mdev *mdev = dev_get_drvdata(mdev_dev(dev));

	vfio_unregister_group_dev(&mdev->vdev);
	unlist(mdev);
	vfio_put_device(&mdev->vdev);
}

struct mdev_driver vfio_ap_mdev_driver = {
	.device_api = VFIO_DEVICE_API_AP_STRING,
	.max_instances = MAX_ZDEV_ENTRIES_EXT,
	.probe = vfio_ap_mdev_probe,
	.remove = vfio_ap_mdev_remove,
	.driver = {
		.name = "vfio_ap_mdev",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
		.dev_groups = vfio_ap_mdev_groups,
	},
};
