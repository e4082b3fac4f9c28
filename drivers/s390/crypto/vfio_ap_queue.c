// SPDX-License-Identifier: GPL-2.0
/*
 * vfio-ap: queues that are bound to the driver
 *
 * Called by the AP bus under the device_lock of the queue. A queue that comes is
 * reset and may complete an adapter of some guest; one that goes takes its
 * adapter out of the guest, and nobody else gets it before it is reset.
 */
#include <linux/slab.h>

#include "vfio_ap.h"

static ssize_t status_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct vfio_ap_queue *q = dev_get_drvdata(dev);
	const char *status = "unassigned";
	struct vfio_ap_mdev *mdev;

	mutex_lock(&vfio_ap.guests_lock);
	mdev = vfio_ap_owner(q->apqn);
	if (mdev)
		status = mdev->kvm && vfio_ap_matrix_has_apqn(&mdev->guest, q->apqn) ?
			 "in use" : "assigned";
	mutex_unlock(&vfio_ap.guests_lock);
	return sysfs_emit(buf, "%s\n", status);
}
static DEVICE_ATTR_RO(status);

static struct attribute *vfio_ap_queue_attrs[] = {
	&dev_attr_status.attr,
	NULL
};

static const struct attribute_group vfio_ap_queue_group = {
	.attrs = vfio_ap_queue_attrs,
};

const struct attribute_group *vfio_ap_queue_groups[] = {
	&vfio_ap_queue_group,
	NULL
};

/**
 * vfio_ap_queue_probe() - a queue is bound
 * @apdev: the queue
 *
 * The AP bus has begun to reset it for the driver that had it, and does not
 * wait; so it is held back from guests until that is over.
 *
 * Context: callback of the AP bus, under the queue's device_lock.
 * Return: 0, or -ENOMEM.
 */
int vfio_ap_queue_probe(struct ap_device *apdev)
{
	struct vfio_ap_mdev *mdev;
	struct vfio_ap_queue *q;
	int ret;

	q = kzalloc(sizeof(*q), GFP_KERNEL);
	if (!q)
		return -ENOMEM;
	q->apqn = to_ap_queue(&apdev->device)->qid;
	vfio_ap_reset_init(q);
	INIT_LIST_HEAD(&q->irq.node);

	mutex_lock(&vfio_ap.guests_lock);
	ret = xa_insert(&vfio_ap.queues, q->apqn, q, GFP_KERNEL);
	if (ret) {
		mutex_unlock(&vfio_ap.guests_lock);
		kfree(q);
		return ret;
	}
	dev_set_drvdata(&apdev->device, q);
	/* Whoever had it before may have left it in any state. */
	mdev = vfio_ap_queue_lock(q);
	vfio_ap_queue_judge(q);
	vfio_ap_reset_start(q, true);
	if (mdev) {
		mutex_unlock(&mdev->lock);
		vfio_ap_apply(mdev, NULL, NULL);
	}
	mutex_unlock(&vfio_ap.guests_lock);
	return 0;
}

/**
 * vfio_ap_queue_remove() - a queue is unbound
 * @apdev: the queue
 *
 * Context: callback of the AP bus, under the queue's device_lock. Waits for the
 *	queue's reset, and the AP bus resets it once more.
 */
void vfio_ap_queue_remove(struct ap_device *apdev)
{
	struct vfio_ap_queue *q = dev_get_drvdata(&apdev->device);
	struct vfio_ap_area area = {};
	struct vfio_ap_mdev *mdev;
	bool had;

	vfio_ap_mask_set(&area.apm, AP_QID_CARD(q->apqn));
	vfio_ap_mask_set(&area.aqm, AP_QID_QUEUE(q->apqn));

	mutex_lock(&vfio_ap.guests_lock);
	q->leaving = true;
	vfio_ap_queue_judge(q);
	mdev = vfio_ap_owner(q->apqn);
	had = mdev && vfio_ap_matrix_has_apqn(&mdev->guest, q->apqn);
	if (had) {
		/* The adapter goes from the guest, and all of it is reset. */
		vfio_ap_apply(mdev, NULL, NULL);
	} else {
		mdev = vfio_ap_queue_lock(q);
		vfio_ap_reset_start(q, true);
		if (mdev)
			mutex_unlock(&mdev->lock);
	}
	mutex_unlock(&vfio_ap.guests_lock);

	vfio_ap_reset_wait(&area);

	mutex_lock(&vfio_ap.guests_lock);
	if (q->resetting) {
		mdev = vfio_ap_queue_lock(q);
		vfio_ap_reset_finish(q, AP_RESPONSE_RESET_IN_PROGRESS);
		if (mdev)
			mutex_unlock(&mdev->lock);
	}
	xa_erase(&vfio_ap.queues, q->apqn);
	dev_set_drvdata(&apdev->device, NULL);
	mutex_unlock(&vfio_ap.guests_lock);

	cancel_delayed_work_sync(&q->reset_work);
	if (vfio_ap_rc_quiet(q->rc))
		vfio_ap_stray_put(&q->stray);
	else if (q->stray.page)
		pr_err("vfio_ap: queue %02x.%04x was never reset; a page of its guest is lost\n",
		       AP_QID_CARD(q->apqn), AP_QID_QUEUE(q->apqn));
	kfree_rcu(q, rcu);
}
