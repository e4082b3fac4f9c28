// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-ccw: the mediated device
 *
 * Lives here: the life of struct vfio_ccw_private from create to remove, open
 * and close, and the ioctls. Called by the mdev bus under the mediated device's
 * device_lock, and by vfio for the user of the device. See vfio_ccw_private.h
 * for the locks.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vfio_ccw_private.h"

/**
 * DOC: Life of a vfio-ccw device
 *
 * The subchannel's driver owns a &struct vfio_ccw_parent, with the one type
 * that it offers. The mediated device owns everything else: its memory, a
 * &struct vfio_ccw_private, belongs to the reference count of its vfio_device.
 *
 * ======== ===================================================================
 * create   allocate; publish it as the parent's current device; register. Until
 *          it is registered nobody gets a reference, so no event comes in
 * open     new translator; enable the subchannel: IDLE
 * close    end what runs, disable the subchannel; take over the last status;
 *          release the program's pages; put the eventfds; forget what is unread
 * remove   unregister, which waits for the user. Interrupts must still come in
 *          for close, so it is hidden from the subchannel only after that
 * release  free the memory, with the last reference, which may be much later
 * ======== ===================================================================
 */

static const struct vfio_device_ops vfio_ccw_dev_ops;

/* Hide the device from interrupts and events, or show it. */
static void vfio_ccw_publish(struct vfio_ccw_parent *parent,
			     struct subchannel *sch,
			     struct vfio_ccw_private *private)
{
	spin_lock_irq(&sch->lock);
	parent->cur = private;
	spin_unlock_irq(&sch->lock);
}

static int vfio_ccw_init(struct vfio_device *vdev)
{
	struct vfio_ccw_private *private = to_vfio_ccw(vdev);

	private->sch = to_subchannel(vdev->dev->parent);
	mutex_init(&private->io_mutex);
	init_completion(&private->rested);
	vfio_ccw_events_init(private);
	vfio_ccw_fsm_init(&private->fsm, &private->sch->lock, &vfio_ccw_sch_hw);
	return 0;
}

static void vfio_ccw_release(struct vfio_device *vdev)
{
	mutex_destroy(&to_vfio_ccw(vdev)->io_mutex);
}

static int vfio_ccw_mdev_probe(struct mdev_device *mdev)
{
	struct vfio_ccw_parent *parent =
		container_of(mdev->type, struct vfio_ccw_parent, type);
	struct subchannel *sch = to_subchannel(mdev->dev.parent);
	struct vfio_ccw_private *private =
		vfio_alloc_device(vfio_ccw_private, vdev, &mdev->dev,
				  &vfio_ccw_dev_ops);
	int ret;

	if (IS_ERR(private))
		return PTR_ERR(private);
	VFIO_CCW_SCH_EVENT(2, sch, "create\n");
	dev_set_drvdata(&mdev->dev, private);
	vfio_ccw_publish(parent, sch, private);

	ret = vfio_register_emulated_iommu_dev(&private->vdev);
	if (ret) {
		vfio_ccw_publish(parent, sch, NULL);
		vfio_put_device(&private->vdev);
	}
	return ret;
}

static void vfio_ccw_mdev_remove(struct mdev_device *mdev)
{
	struct vfio_ccw_parent *parent =
		container_of(mdev->type, struct vfio_ccw_parent, type);
	struct vfio_ccw_private *private = dev_get_drvdata(&mdev->dev);

	VFIO_CCW_SCH_EVENT(2, private->sch, "remove\n");
	vfio_unregister_group_dev(&private->vdev);
	vfio_ccw_publish(parent, private->sch, NULL);
	cancel_work_sync(&private->io_work);
	cancel_work_sync(&private->crw_work);
	vfio_put_device(&private->vdev);
}

/* End what runs and let go of its pages. */
static void vfio_ccw_quiesce(struct vfio_ccw_private *private)
{
	bool rested;

	lockdep_assert_held(&private->io_mutex);

	spin_lock_irq(&private->sch->lock);
	rested = vfio_ccw_fsm_close(&private->fsm);
	spin_unlock_irq(&private->sch->lock);

	vfio_ccw_take_over(private);
	if (rested && private->prog)
		ccw_prog_release(private->prog);
}

/**
 * vfio_ccw_rest() - bring an open device to rest
 * @private: the device, with a reference to its registration
 *
 * Context: process context.
 */
void vfio_ccw_rest(struct vfio_ccw_private *private)
{
	mutex_lock(&private->io_mutex);
	vfio_ccw_quiesce(private);
	mutex_unlock(&private->io_mutex);
}

/* Back to where open begins: IDLE, or it is gone. */
static int vfio_ccw_enable(struct vfio_ccw_private *private)
{
	int ret;

	lockdep_assert_held(&private->io_mutex);

	spin_lock_irq(&private->sch->lock);
	ret = vfio_ccw_fsm_open(&private->fsm);
	spin_unlock_irq(&private->sch->lock);
	return ret;
}

static int vfio_ccw_open(struct vfio_device *vdev)
{
	struct vfio_ccw_private *private = to_vfio_ccw(vdev);
	struct ccw_prog *prog;
	int ret;

	prog = ccw_prog_create(&vfio_ccw_mem_ops, vdev);
	if (IS_ERR_OR_NULL(prog))
		return prog ? PTR_ERR(prog) : -ENOMEM;

	mutex_lock(&private->io_mutex);
	memset(&private->io, 0, sizeof(private->io));
	memset(&private->cmd, 0, sizeof(private->cmd));
	vfio_ccw_events_reset(private);
	private->prog = prog;
	ret = vfio_ccw_enable(private);
	if (ret)
		private->prog = NULL;
	mutex_unlock(&private->io_mutex);

	if (ret)
		ccw_prog_destroy(prog);
	return ret;
}

static void vfio_ccw_close(struct vfio_device *vdev)
{
	struct vfio_ccw_private *private = to_vfio_ccw(vdev);
	struct ccw_prog *prog;
	unsigned int i;

	mutex_lock(&private->io_mutex);
	vfio_ccw_quiesce(private);
	vfio_ccw_events_reset(private);
	prog = private->prog;
	private->prog = NULL;
	mutex_unlock(&private->io_mutex);

	cancel_work_sync(&private->io_work);
	cancel_work_sync(&private->crw_work);
	for (i = 0; i < VFIO_CCW_NUM_IRQS; i++)
		vfio_ccw_set_trigger(private, i, -1);

	if (ccw_prog_loaded(prog))
		dev_err(vdev->dev, "subchannel %s does not stop: the pages of its channel program stay pinned\n",
			dev_name(&private->sch->dev));
	else
		ccw_prog_destroy(prog);
}

static int vfio_ccw_reset(struct vfio_ccw_private *private)
{
	int ret;

	mutex_lock(&private->io_mutex);
	vfio_ccw_quiesce(private);
	vfio_ccw_events_reset(private);
	ret = vfio_ccw_enable(private);
	mutex_unlock(&private->io_mutex);
	return ret;
}

/* The device goes on, without the program; the guest sees how it ended. */
static void vfio_ccw_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct vfio_ccw_private *private = to_vfio_ccw(vdev);
	bool signal = false;

	mutex_lock(&private->io_mutex);
	if (private->prog &&
	    ccw_prog_iova_pinned(private->prog, iova, length)) {
		vfio_ccw_quiesce(private);
		vfio_ccw_enable(private);
		signal = vfio_ccw_show_next(private);
	}
	mutex_unlock(&private->io_mutex);

	if (signal)
		vfio_ccw_signal(private, VFIO_CCW_IO_IRQ_INDEX);
}

/* Take over an ioctl's structure, which begins with the size user space has. */
static int vfio_ccw_get_arg(void *to, size_t minsz, const void __user *arg)
{
	const u32 *argsz = to;

	if (copy_from_user(to, arg, minsz))
		return -EFAULT;
	return *argsz < minsz ? -EINVAL : 0;
}

static int vfio_ccw_get_info(void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info;
	int ret;

	ret = vfio_ccw_get_arg(&info, minsz, arg);
	if (ret)
		return ret;

	info.flags = VFIO_DEVICE_FLAGS_CCW | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VFIO_CCW_NR_REGIONS;
	info.num_irqs = VFIO_CCW_NUM_IRQS;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static int vfio_ccw_get_region_info(void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info_cap_type type = {
		.header.id = VFIO_REGION_INFO_CAP_TYPE,
		.header.version = 1,
		.type = VFIO_REGION_TYPE_CCW,
	};
	struct vfio_region_info info;
	int ret;

	ret = vfio_ccw_get_arg(&info, minsz, arg);
	if (!ret)
		ret = vfio_ccw_region_info(info.index, &info.size, &info.flags,
					   &type.subtype);
	if (ret)
		return ret;
	info.offset = (u64)info.index << VFIO_CCW_OFFSET_SHIFT;

	/* There is one capability, after the structure. */
	if (info.index != VFIO_CCW_CONFIG_REGION_INDEX) {
		info.flags |= VFIO_REGION_INFO_FLAG_CAPS;
		info.cap_offset = sizeof(info);
		if (info.argsz < sizeof(info) + sizeof(type)) {
			info.argsz = sizeof(info) + sizeof(type);
			info.cap_offset = 0;
		} else if (copy_to_user(arg + sizeof(info), &type, sizeof(type))) {
			return -EFAULT;
		}
	}
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static int vfio_ccw_get_irq_info(void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;
	int ret;

	ret = vfio_ccw_get_arg(&info, minsz, arg);
	if (ret)
		return ret;
	if (info.index >= VFIO_CCW_NUM_IRQS)
		return -EINVAL;

	info.flags = VFIO_IRQ_INFO_EVENTFD;
	info.count = 1;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static int vfio_ccw_set_irqs(struct vfio_ccw_private *private, void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_irq_set, count);
	struct vfio_irq_set set;
	size_t size;
	u8 trigger;
	s32 fd;
	int ret;

	if (copy_from_user(&set, arg, minsz))
		return -EFAULT;
	ret = vfio_set_irqs_validate_and_prepare(&set, 1, VFIO_CCW_NUM_IRQS,
						 &size);
	if (ret)
		return ret;
	if (!(set.flags & VFIO_IRQ_SET_ACTION_TRIGGER))
		return -EINVAL;

	switch (set.flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		vfio_ccw_signal(private, set.index);
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		if (size < sizeof(trigger))
			return -EINVAL;
		if (copy_from_user(&trigger, arg + minsz, sizeof(trigger)))
			return -EFAULT;
		if (trigger)
			vfio_ccw_signal(private, set.index);
		return 0;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		if (size < sizeof(fd))
			return -EINVAL;
		if (copy_from_user(&fd, arg + minsz, sizeof(fd)))
			return -EFAULT;
		return vfio_ccw_set_trigger(private, set.index, fd);
	default:
		return -EINVAL;
	}
}

static long vfio_ccw_ioctl(struct vfio_device *vdev, unsigned int cmd,
			   unsigned long arg)
{
	struct vfio_ccw_private *private = to_vfio_ccw(vdev);
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return vfio_ccw_get_info(uarg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return vfio_ccw_get_region_info(uarg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return vfio_ccw_get_irq_info(uarg);
	case VFIO_DEVICE_SET_IRQS:
		return vfio_ccw_set_irqs(private, uarg);
	case VFIO_DEVICE_RESET:
		return vfio_ccw_reset(private);
	default:
		return -ENOTTY;
	}
}

static void vfio_ccw_request(struct vfio_device *vdev, unsigned int count)
{
	if (vfio_ccw_signal(to_vfio_ccw(vdev), VFIO_CCW_REQ_IRQ_INDEX)) {
		if (count % 10 == 0)
			dev_notice_ratelimited(vdev->dev, "Relaying device request to user (#%u)\n",
					       count);
	} else if (!count) {
		dev_notice(vdev->dev, "No device request channel registered, blocked until released by user\n");
	}
}

static const struct vfio_device_ops vfio_ccw_dev_ops = {
	.name		= "vfio-ccw",
	.init		= vfio_ccw_init,
	.bind_iommufd	= vfio_iommufd_emulated_bind,
	.open_device	= vfio_ccw_open,
	.attach_ioas	= vfio_iommufd_emulated_attach_ioas,
	.read		= vfio_ccw_read,
	.write		= vfio_ccw_write,
	.ioctl		= vfio_ccw_ioctl,
	.dma_unmap	= vfio_ccw_dma_unmap,
	.request	= vfio_ccw_request,
	.detach_ioas	= vfio_iommufd_emulated_detach_ioas,
	.close_device	= vfio_ccw_close,
	.unbind_iommufd	= vfio_iommufd_emulated_unbind,
	.release	= vfio_ccw_release,
};

struct mdev_driver vfio_ccw_mdev_driver = {
	.device_api	= VFIO_DEVICE_API_CCW_STRING,
	.max_instances	= 1,
	.probe		= vfio_ccw_mdev_probe,
	.remove		= vfio_ccw_mdev_remove,
	.driver		= {
		.name		= "vfio_ccw_mdev",
		.owner		= THIS_MODULE,
		.mod_name	= KBUILD_MODNAME,
	},
};
