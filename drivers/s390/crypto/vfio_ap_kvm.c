// SPDX-License-Identifier: GPL-2.0
/*
 * vfio-ap: attaching a guest to its mediated device
 *
 * The user of the vfio device opens it for a guest. From then on the guest's
 * control block follows the plan, and its PQAP(AQIC) comes to vfio_ap_irq.c.
 * Called from VFIO, which holds the lock of the device set.
 */
#include <linux/eventfd.h>

#include "vfio_ap.h"

/**
 * vfio_ap_push() - write the plan to the guest's control block
 * @mdev: a mediated device that has a guest
 *
 * Context: caller holds guests_lock, the lock of the guest and that of @mdev.
 *	Every CPU of the guest leaves it for a moment.
 */
void vfio_ap_push(struct vfio_ap_mdev *mdev)
{
	struct vfio_ap_matrix *guest = &mdev->guest;

	lockdep_assert_held(&mdev->kvm->lock);
	lockdep_assert_held(&mdev->lock);

	kvm_arch_crypto_set_masks(mdev->kvm, (unsigned long *)guest->apm.w,
				  (unsigned long *)guest->aqm.w,
				  (unsigned long *)guest->adm.w);
}

static void lock_guest(struct vfio_ap_mdev *mdev, struct kvm *kvm)
{
	lockdep_assert_held(&vfio_ap.guests_lock);

	mutex_lock(&kvm->lock);
	down_write(&kvm->arch.crypto.pqap_hook_rwsem);
	mutex_lock(&mdev->lock);
}

static void unlock_guest(struct vfio_ap_mdev *mdev, struct kvm *kvm)
{
	mutex_unlock(&mdev->lock);
	up_write(&kvm->arch.crypto.pqap_hook_rwsem);
	mutex_unlock(&kvm->lock);
}

/**
 * vfio_ap_open() - the device gets a user
 * @vdev: the vfio_device
 *
 * Return: 0; -EINVAL if the user has named no guest, -EPERM if the guest has a
 *	matrix already.
 */
int vfio_ap_open(struct vfio_device *vdev)
{
	struct vfio_ap_mdev *mdev = to_vfio_ap_mdev(vdev);
	struct kvm *kvm = vdev->kvm;
	int ret = 0;

	if (!kvm)
		return -EINVAL;
	/* A guest without a control block has no AP instructions either. */
	if (!kvm->arch.crypto.crycbd)
		return 0;

	mutex_lock(&vfio_ap.guests_lock);
	lock_guest(mdev, kvm);
	if (kvm->arch.crypto.pqap_hook) {
		ret = -EPERM;
	} else {
		kvm_get_kvm(kvm);
		mdev->kvm = kvm;
		kvm->arch.crypto.pqap_hook = &mdev->hook;
		vfio_ap_push(mdev);
	}
	unlock_guest(mdev, kvm);
	mutex_unlock(&vfio_ap.guests_lock);

	if (ret)
		dev_warn(vdev->dev, "%s[%d]: its guest has a matrix already\n",
			 current->comm, task_tgid_nr(current));
	return ret;
}

/* What no reset has freed: the hardware did not answer in time. */
static void release_irqs(struct vfio_ap_mdev *mdev)
{
	struct vfio_ap_queue *q, *next;

	mutex_lock(&vfio_ap.guests_lock);
	mutex_lock(&mdev->lock);
	list_for_each_entry_safe(q, next, &mdev->irqs, irq.node)
		vfio_ap_irq_release(q, false);
	mutex_unlock(&mdev->lock);
	mutex_unlock(&vfio_ap.guests_lock);
}

/**
 * vfio_ap_close() - the device lost its last user
 * @vdev: the vfio_device
 *
 * The guest loses everything first; then all queues are reset; the guest is let
 * go when its interrupts are.
 */
void vfio_ap_close(struct vfio_device *vdev)
{
	struct vfio_ap_mdev *mdev = to_vfio_ap_mdev(vdev);
	struct kvm *kvm = mdev->kvm;
	struct eventfd_ctx *request;
	struct vfio_ap_area area;

	if (kvm) {
		mutex_lock(&vfio_ap.guests_lock);
		lock_guest(mdev, kvm);
		kvm->arch.crypto.pqap_hook = NULL;
		kvm_arch_crypto_clear_masks(kvm);
		mdev->kvm = NULL;
		unlock_guest(mdev, kvm);
		vfio_ap_reset_mdev(mdev, &area);
		mutex_unlock(&vfio_ap.guests_lock);

		vfio_ap_reset_wait(&area);
		release_irqs(mdev);
		kvm_put_kvm(kvm);
	}

	mutex_lock(&mdev->lock);
	request = mdev->request;
	mdev->request = NULL;
	mutex_unlock(&mdev->lock);
	if (request)
		eventfd_ctx_put(request);
}

/**
 * vfio_ap_reset() - reset everything that is assigned
 * @mdev: the mediated device
 *
 * Context: none of the driver's locks held; waits for the hardware.
 * Return: 0, or -EIO if a queue did not take it.
 */
int vfio_ap_reset(struct vfio_ap_mdev *mdev)
{
	struct vfio_ap_area area;

	mutex_lock(&vfio_ap.guests_lock);
	vfio_ap_reset_mdev(mdev, &area);
	mutex_unlock(&vfio_ap.guests_lock);

	return vfio_ap_reset_wait(&area);
}
