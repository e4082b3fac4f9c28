// SPDX-License-Identifier: GPL-2.0
/*
 * vfio-ap: from inputs to guests
 *
 * An input changes (an assignment, the host's configuration, the queues that
 * may be passed); the plan is made anew; what differs is pushed to the guest
 * and what it lost is reset. Called from sysfs, the AP bus and the end of a
 * reset, all under guests_lock.
 *
 * Nobody but the guest may reach a queue from the push to the end of its
 * reset, so the order in vfio_ap_apply() matters: first the guest loses the
 * queue, then the queue is reset, and until that is over it is held back.
 */
#include <asm/facility.h>

#include "vfio_ap.h"

/**
 * vfio_ap_owner() - the mediated device that a queue is assigned to
 * @apqn: the queue, bound to the driver or not
 *
 * Context: caller holds guests_lock.
 * Return: the device, or NULL.
 */
struct vfio_ap_mdev *vfio_ap_owner(unsigned int apqn)
{
	struct vfio_ap_mdev *mdev;

	lockdep_assert_held(&vfio_ap.guests_lock);

	list_for_each_entry(mdev, &vfio_ap.mdevs, node)
		if (vfio_ap_matrix_has_apqn(&mdev->assigned, apqn))
			return mdev;
	return NULL;
}

/* One plan, and what follows from it. False if nothing does. */
static bool apply_once(struct vfio_ap_mdev *mdev,
		       const struct vfio_ap_matrix *assigned,
		       struct vfio_ap_delta *delta)
{
	struct kvm *kvm = mdev->kvm;
	struct vfio_ap_matrix guest;
	int i;

	vfio_ap_plan(assigned, &vfio_ap.host, &vfio_ap.passable, &guest);
	vfio_ap_diff(&mdev->guest, &guest, delta);
	if (!delta->push && assigned == &mdev->assigned)
		return false;

	if (kvm)
		mutex_lock(&kvm->lock);
	mutex_lock(&mdev->lock);
	mdev->assigned = *assigned;
	mdev->guest = guest;
	if (delta->push && kvm)
		vfio_ap_push(mdev);
	for (i = 0; i < ARRAY_SIZE(delta->lost); i++)
		vfio_ap_reset_area(&delta->lost[i]);
	mutex_unlock(&mdev->lock);
	if (kvm)
		mutex_unlock(&kvm->lock);
	return true;
}

/**
 * vfio_ap_apply() - bring a guest in line with the inputs
 * @mdev: its mediated device
 * @assigned: what the device has from now on, or NULL if that stays
 * @delta: receives what changed, for vfio_ap_reset_wait_lost(); may be NULL
 *
 * Starts the resets that this takes and waits for none.
 *
 * A reset that is over at once may have mended a queue, so that its adapter
 * can come back. That is one more round, and the last: it only adds.
 *
 * Context: caller holds guests_lock. Takes kvm->lock and the device's lock.
 */
void vfio_ap_apply(struct vfio_ap_mdev *mdev,
		   const struct vfio_ap_matrix *assigned,
		   struct vfio_ap_delta *delta)
{
	struct vfio_ap_delta unused;

	lockdep_assert_held(&vfio_ap.guests_lock);

	if (apply_once(mdev, assigned ?: &mdev->assigned, delta ?: &unused))
		apply_once(mdev, &mdev->assigned, &unused);
}

static void apply_all(void)
{
	struct vfio_ap_mdev *mdev;

	list_for_each_entry(mdev, &vfio_ap.mdevs, node)
		vfio_ap_apply(mdev, NULL, NULL);
}

/* On s390 the masks of the AP bus and of QCI look like ours. */
static struct vfio_ap_mask mask_from(const void *bits)
{
	struct vfio_ap_mask mask;

	BUILD_BUG_ON(sizeof(mask) != sizeof_field(struct ap_config_info, apm));
	BUILD_BUG_ON(sizeof(mask) != sizeof_field(struct ap_perms, apm));
	memcpy(&mask, bits, sizeof(mask));
	return mask;
}

/* Is a queue of @matrix kept for the host's drivers? */
static int reserved_for_host(struct vfio_ap_mdev *mdev,
			     const struct vfio_ap_matrix *matrix)
{
	struct vfio_ap_matrix perms = {
		.apm = mask_from(ap_perms.apm),
		.aqm = mask_from(ap_perms.aqm),
	};
	unsigned int apid, apqi, n;

	lockdep_assert_held(&ap_perms_mutex);

	n = vfio_ap_conflict(matrix, &perms, &apid, &apqi);
	if (!n)
		return 0;
	dev_warn(mdev->vdev.dev,
		 "Userspace may not assign queue %02x.%04x to mdev: reserved for host drivers by apmask and aqmask (%u queues in all)\n",
		 apid, apqi, n);
	return -EADDRNOTAVAIL;
}

/* Does another mediated device have a queue of @matrix? */
static int assigned_elsewhere(struct vfio_ap_mdev *mdev,
			      const struct vfio_ap_matrix *matrix)
{
	struct vfio_ap_mdev *other;
	unsigned int apid, apqi, n;

	list_for_each_entry(other, &vfio_ap.mdevs, node) {
		if (other == mdev)
			continue;
		n = vfio_ap_conflict(matrix, &other->assigned, &apid, &apqi);
		if (!n)
			continue;
		dev_warn(mdev->vdev.dev,
			 "Userspace may not assign queue %02x.%04x to mdev: already assigned to %s (%u queues in all)\n",
			 apid, apqi, dev_name(other->vdev.dev), n);
		return -EADDRINUSE;
	}
	return 0;
}

/**
 * vfio_ap_assign() - give a mediated device another matrix
 * @mdev: the device
 * @matrix: all that it is to have
 * @delta: receives what its guest lost, for vfio_ap_reset_wait_lost()
 *
 * Context: caller holds ap_perms_mutex and guests_lock.
 * Return: 0; -EADDRNOTAVAIL if the host's drivers have one of the queues,
 *	-EADDRINUSE if another mediated device has, -ENODEV if an id is too
 *	high. On error nothing has changed.
 */
int vfio_ap_assign(struct vfio_ap_mdev *mdev, const struct vfio_ap_matrix *matrix,
		   struct vfio_ap_delta *delta)
{
	int ret;

	lockdep_assert_held(&vfio_ap.guests_lock);

	ret = reserved_for_host(mdev, matrix);
	if (!ret)
		ret = assigned_elsewhere(mdev, matrix);
	if (!ret && !vfio_ap_matrix_fits(matrix, &mdev->max))
		ret = -ENODEV;
	if (!ret)
		vfio_ap_apply(mdev, matrix, delta);
	return ret;
}

/**
 * vfio_ap_in_use() - may the host's drivers have these queues?
 * @apm: adapters, as a bitmap of the AP bus
 * @aqm: domains
 *
 * Context: callback of the AP bus, under ap_perms_mutex.
 * Return: 0, or -EADDRINUSE if a mediated device has one of them.
 */
int vfio_ap_in_use(unsigned long *apm, unsigned long *aqm)
{
	struct vfio_ap_matrix wanted = {
		.apm = mask_from(apm),
		.aqm = mask_from(aqm),
	};
	struct vfio_ap_mdev *mdev;
	unsigned int apid, apqi, n;
	int ret = 0;

	mutex_lock(&vfio_ap.guests_lock);
	list_for_each_entry(mdev, &vfio_ap.mdevs, node) {
		n = vfio_ap_conflict(&wanted, &mdev->assigned, &apid, &apqi);
		if (!n)
			continue;
		dev_warn(mdev->vdev.dev,
			 "Can not reserve queue %02x.%04x for host driver: in use by mdev (%u queues in all)\n",
			 apid, apqi, n);
		ret = -EADDRINUSE;
		break;
	}
	mutex_unlock(&vfio_ap.guests_lock);
	return ret;
}

static void take_config(const struct ap_config_info *info)
{
	vfio_ap.qci.apm = mask_from(info->apm);
	vfio_ap.qci.aqm = mask_from(info->aqm);
	vfio_ap.qci.adm = mask_from(info->adm);
	vfio_ap.max.apid = info->apxa ? info->na : 63;
	vfio_ap.max.apqi = info->apxa ? info->nd : 15;
	vfio_ap.max.control = vfio_ap.max.apqi;
}

/**
 * vfio_ap_host_init() - learn what the host has
 *
 * Context: once the driver is registered with the AP bus, which tells of changes
 *	from then on, and before there are mediated devices.
 * Return: 0, or -EOPNOTSUPP if the machine does not tell although it says that
 *	it does.
 */
int vfio_ap_host_init(void)
{
	struct ap_config_info info = {};
	int ret = 0;

	mutex_lock(&vfio_ap.guests_lock);
	/* Without QCI there is nothing to plan with, and guests stay empty. */
	if (test_facility(12))
		ret = ap_qci(&info);
	take_config(&info);
	vfio_ap.host = vfio_ap.qci;
	mutex_unlock(&vfio_ap.guests_lock);
	return ret;
}

/**
 * vfio_ap_config_changed() - the AP bus is about to scan
 * @new: what the host has now
 * @old: what it had before
 *
 * What went is taken from the guests at once, before its queues are unbound;
 * it is not reset, for the hardware no longer knows it. What came has no
 * queues yet: planning with it now would take whole adapters out of running
 * guests for the time of the scan. It counts from vfio_ap_scan_complete() on.
 *
 * Context: callback of the AP bus, under its scan mutex.
 */
void vfio_ap_config_changed(struct ap_config_info *new, struct ap_config_info *old)
{
	mutex_lock(&vfio_ap.guests_lock);
	take_config(new);
	vfio_ap_matrix_and(&vfio_ap.host, &vfio_ap.host, &vfio_ap.qci);
	apply_all();
	mutex_unlock(&vfio_ap.guests_lock);
}

/**
 * vfio_ap_scan_complete() - every queue of the new configuration is bound
 * @new: what the host has now
 * @old: what it had before
 *
 * Context: callback of the AP bus, under its scan mutex.
 */
void vfio_ap_scan_complete(struct ap_config_info *new, struct ap_config_info *old)
{
	mutex_lock(&vfio_ap.guests_lock);
	vfio_ap.host = vfio_ap.qci;
	apply_all();
	mutex_unlock(&vfio_ap.guests_lock);
}
