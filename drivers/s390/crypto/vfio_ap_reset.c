// SPDX-License-Identifier: GPL-2.0
/*
 * vfio-ap: resetting queues
 *
 * Called by whatever takes a queue from a guest, by VFIO_DEVICE_RESET, and by
 * the work item that sees a reset through.
 */

/**
 * DOC: life of a reset
 *
 * ZAPQ only begins a reset; TAPQ tells when it is over, usually at once, at
 * times after many milliseconds, and with broken hardware never. So:
 *
 * start
 *	under guests_lock and the lock of the mediated device that has the
 *	queue. &vfio_ap_queue.resetting goes up; the guest's AQIC gets "reset in
 *	progress" from now on. If TAPQ says so, it is over here.
 * poll
 *	a work item per queue looks every 20 ms, and every 200 ms when nobody
 *	waits any more.
 * finish
 *	the outcome is written down, the interrupt registration freed, and the
 *	plan of whoever has the queue now is made anew.
 * wait
 *	with no lock, no longer than five seconds from the start. A waiter that
 *	gives up leaves the queue held back; it comes into use by itself should
 *	the reset ever succeed.
 *
 * A queue that a guest lost is held back until it is over. One that is reset
 * at its guest's own request stays where it is.
 */
#include <linux/jiffies.h>

#include "vfio_ap.h"

#define VFIO_AP_POLL_MS		20
#define VFIO_AP_POLL_LATE_MS	200
#define VFIO_AP_RESET_MS	5000

/**
 * vfio_ap_queue_judge() - may a guest have this queue?
 * @q: the queue
 *
 * Writes the answer down for vfio_ap_plan().
 *
 * Context: caller holds guests_lock.
 */
void vfio_ap_queue_judge(struct vfio_ap_queue *q)
{
	struct vfio_ap_mask *row = &vfio_ap.passable.row[AP_QID_CARD(q->apqn)];

	lockdep_assert_held(&vfio_ap.guests_lock);

	if (!q->leaving && !q->held && vfio_ap_rc_passable(q->rc))
		vfio_ap_mask_set(row, AP_QID_QUEUE(q->apqn));
	else
		vfio_ap_mask_clear(row, AP_QID_QUEUE(q->apqn));
}

/**
 * vfio_ap_queue_lock() - lock the mediated device that minds a queue
 * @q: the queue
 *
 * That is the one whose guest it interrupts, even if that guest has lost it
 * and the reset is not over, else the one that it is assigned to.
 *
 * Context: caller holds guests_lock, which keeps all of this as it is.
 * Return: the device whose lock is now held, or NULL if there is none.
 */
struct vfio_ap_mdev *vfio_ap_queue_lock(struct vfio_ap_queue *q)
{
	struct vfio_ap_mdev *mdev;

	mdev = READ_ONCE(q->irq.mdev) ?: vfio_ap_owner(q->apqn);
	if (mdev)
		mutex_lock(&mdev->lock);
	return mdev;
}

/* Look at the hardware once. True if the reset is over, and how in @rc. */
static bool reset_poll(struct vfio_ap_queue *q, u8 *rc)
{
	switch (q->zapq) {
	case AP_RESPONSE_NORMAL:
	case AP_RESPONSE_RESET_IN_PROGRESS:
	case AP_RESPONSE_BUSY:
	case AP_RESPONSE_STATE_CHANGE_IN_PROGRESS:
		break;
	default:
		*rc = q->zapq;
		return true;
	}

	*rc = ap_tapq(q->apqn, NULL).response_code;
	switch (*rc) {
	case AP_RESPONSE_RESET_IN_PROGRESS:
	case AP_RESPONSE_BUSY:
		return false;
	case AP_RESPONSE_NORMAL:
	case AP_RESPONSE_DECONFIGURED:
	case AP_RESPONSE_CHECKSTOPPED:
		if (q->zapq == AP_RESPONSE_NORMAL) {
			*rc = AP_RESPONSE_NORMAL;
			return true;
		}
		/* What kept our ZAPQ from being accepted is over. */
		break;
	case AP_RESPONSE_ASSOC_SECRET_NOT_UNIQUE:
	case AP_RESPONSE_ASSOC_FAILED:
		/* Left from a failed association; only a reset clears it. */
		break;
	default:
		return true;
	}
	q->zapq = ap_zapq(q->apqn, 0).response_code;
	return false;
}

/**
 * vfio_ap_reset_finish() - a reset is over
 * @q: the queue
 * @rc: with which response code
 *
 * Context: caller holds guests_lock and what vfio_ap_queue_lock() locks, and
 *	applies the plan afterwards.
 */
void vfio_ap_reset_finish(struct vfio_ap_queue *q, u8 rc)
{
	vfio_ap_irq_release(q, vfio_ap_rc_quiet(rc));
	if (vfio_ap_rc_quiet(rc))
		q->stray.over = q->stray.page;
	q->rc = rc;
	if (q->asked) {
		q->asked = false;
		WRITE_ONCE(q->asked_rc, rc);
	}
	q->held = false;
	WRITE_ONCE(q->resetting, false);
	vfio_ap_queue_judge(q);
	wake_up_all(&vfio_ap.reset_done);
	if (!vfio_ap_rc_quiet(rc))
		pr_warn_ratelimited("vfio_ap: reset of queue %02x.%04x failed, response code %02x\n",
				    AP_QID_CARD(q->apqn), AP_QID_QUEUE(q->apqn), rc);
}

/**
 * vfio_ap_reset_start() - begin to reset a queue
 * @q: the queue
 * @hold: whether it is held back until that is over
 *
 * A queue that is held back already is being reset, and nobody has had it
 * since that began. A queue that has left the configuration is not touched;
 * only what its interrupts used is freed.
 *
 * Context: caller holds guests_lock and what vfio_ap_queue_lock() locks.
 */
void vfio_ap_reset_start(struct vfio_ap_queue *q, bool hold)
{
	u8 rc;

	lockdep_assert_held(&vfio_ap.guests_lock);

	if (q->resetting && q->held)
		return;
	if (!vfio_ap_matrix_has_apqn(&vfio_ap.qci, q->apqn)) {
		vfio_ap_irq_release(q, true);
		q->asked = false;
		WRITE_ONCE(q->asked_rc, AP_RESPONSE_NORMAL);
		return;
	}

	if (!q->resetting)
		WRITE_ONCE(q->started, jiffies);
	q->held |= hold;
	WRITE_ONCE(q->resetting, true);
	q->zapq = ap_zapq(q->apqn, 0).response_code;
	if (reset_poll(q, &rc)) {
		vfio_ap_reset_finish(q, rc);
		/* The work lets go of strays, outside of the locks. */
		if (q->stray.over)
			mod_delayed_work(vfio_ap.reset_wq, &q->reset_work, 0);
		return;
	}
	vfio_ap_queue_judge(q);
	mod_delayed_work(vfio_ap.reset_wq, &q->reset_work,
			 msecs_to_jiffies(VFIO_AP_POLL_MS));
}

/**
 * vfio_ap_reset_area() - begin to reset what a guest lost
 * @area: its queues
 *
 * Context: caller holds guests_lock and the lock of the mediated device; the
 *	guest's matrix is without them already.
 */
void vfio_ap_reset_area(const struct vfio_ap_area *area)
{
	struct vfio_ap_queue *q;
	unsigned long apqn;
	unsigned int apid;

	if (vfio_ap_mask_empty(&area->aqm))
		return;
	vfio_ap_for_each_id(apid, &area->apm) {
		xa_for_each_range(&vfio_ap.queues, apqn, q, AP_MKQID(apid, 0),
				  AP_MKQID(apid, 255))
			if (vfio_ap_mask_test(&area->aqm, AP_QID_QUEUE(apqn)))
				vfio_ap_reset_start(q, true);
	}
}

/**
 * vfio_ap_reset_mdev() - begin to reset all that is assigned to a device
 * @mdev: the mediated device
 * @area: receives what was assigned, for vfio_ap_reset_wait()
 *
 * The queues of its guest stay in its guest.
 *
 * Context: caller holds guests_lock.
 */
void vfio_ap_reset_mdev(struct vfio_ap_mdev *mdev, struct vfio_ap_area *area)
{
	struct vfio_ap_queue *q;
	unsigned long apqn;
	unsigned int apid;

	lockdep_assert_held(&vfio_ap.guests_lock);

	area->apm = mdev->assigned.apm;
	area->aqm = mdev->assigned.aqm;

	mutex_lock(&mdev->lock);
	vfio_ap_for_each_id(apid, &area->apm) {
		xa_for_each_range(&vfio_ap.queues, apqn, q, AP_MKQID(apid, 0),
				  AP_MKQID(apid, 255)) {
			if (!vfio_ap_mask_test(&area->aqm, AP_QID_QUEUE(apqn)) ||
			    q->leaving)
				continue;
			q->asked = true;
			vfio_ap_reset_start(q, !vfio_ap_matrix_has_apqn(&mdev->guest, apqn));
		}
	}
	mutex_unlock(&mdev->lock);

	/* Some may have failed already. */
	vfio_ap_apply(mdev, NULL, NULL);
}

static void reset_work(struct work_struct *work)
{
	struct vfio_ap_queue *q = container_of(to_delayed_work(work),
					       struct vfio_ap_queue, reset_work);
	struct vfio_ap_stray stray = {};
	struct vfio_ap_mdev *mdev;
	unsigned int interval;
	bool over = false;
	u8 rc;

	mutex_lock(&vfio_ap.guests_lock);
	mdev = vfio_ap_queue_lock(q);
	if (q->resetting) {
		over = reset_poll(q, &rc);
		if (over)
			vfio_ap_reset_finish(q, rc);
	}
	if (q->stray.over)
		swap(stray, q->stray);
	if (mdev)
		mutex_unlock(&mdev->lock);

	if (over) {
		mdev = vfio_ap_owner(q->apqn);
		if (mdev)
			vfio_ap_apply(mdev, NULL, NULL);
	} else if (q->resetting) {
		interval = time_after(jiffies, q->started +
				      msecs_to_jiffies(VFIO_AP_RESET_MS)) ?
			   VFIO_AP_POLL_LATE_MS : VFIO_AP_POLL_MS;
		queue_delayed_work(vfio_ap.reset_wq, &q->reset_work,
				   msecs_to_jiffies(interval));
	}
	mutex_unlock(&vfio_ap.guests_lock);

	vfio_ap_stray_put(&stray);
}

/**
 * vfio_ap_reset_init() - prepare a queue for being reset
 * @q: the queue, which nobody knows yet
 */
void vfio_ap_reset_init(struct vfio_ap_queue *q)
{
	INIT_DELAYED_WORK(&q->reset_work, reset_work);
}

/* 0, or -EINPROGRESS, or -EIO if the last one that was asked for failed. */
static int reset_outcome(unsigned int apqn, unsigned long *started)
{
	struct vfio_ap_queue *q;
	int ret = 0;

	rcu_read_lock();
	q = xa_load(&vfio_ap.queues, apqn);
	if (q) {
		*started = READ_ONCE(q->started);
		if (READ_ONCE(q->resetting))
			ret = -EINPROGRESS;
		else if (READ_ONCE(q->asked_rc) != AP_RESPONSE_NORMAL)
			ret = -EIO;
	}
	rcu_read_unlock();
	return ret;
}

/* Nobody waits any longer: make sure that no guest gets it as it is. */
static void give_up(unsigned int apqn)
{
	struct vfio_ap_mdev *mdev;
	struct vfio_ap_queue *q;

	mutex_lock(&vfio_ap.guests_lock);
	q = xa_load(&vfio_ap.queues, apqn);
	if (q && q->resetting && !q->held) {
		q->held = true;
		vfio_ap_queue_judge(q);
		mdev = vfio_ap_owner(apqn);
		if (mdev)
			vfio_ap_apply(mdev, NULL, NULL);
	}
	mutex_unlock(&vfio_ap.guests_lock);
}

/**
 * vfio_ap_reset_wait() - wait until the resets of some queues are over
 * @area: the queues; those that are not bound to the driver do not count
 *
 * Context: no lock of the driver's held. May sleep for VFIO_AP_RESET_MS.
 * Return: -EIO if one is not over, or if the last that vfio_ap_reset_mdev() began
 *	ended with another response code than 0; else 0.
 */
int vfio_ap_reset_wait(const struct vfio_ap_area *area)
{
	unsigned int apid, late = 0, first = 0;
	unsigned long apqn, started = 0;
	int one, ret = 0;
	long left;
	void *q;

	vfio_ap_for_each_id(apid, &area->apm) {
		xa_for_each_range(&vfio_ap.queues, apqn, q, AP_MKQID(apid, 0),
				  AP_MKQID(apid, 255)) {
			if (!vfio_ap_mask_test(&area->aqm, AP_QID_QUEUE(apqn)))
				continue;
			one = reset_outcome(apqn, &started);
			left = started + msecs_to_jiffies(VFIO_AP_RESET_MS) - jiffies;
			if (one == -EINPROGRESS && left > 0)
				wait_event_timeout(vfio_ap.reset_done,
						   (one = reset_outcome(apqn, &started)) !=
						   -EINPROGRESS, left);
			if (one == -EINPROGRESS) {
				if (!late++)
					first = apqn;
				give_up(apqn);
			}
			if (one)
				ret = -EIO;
		}
	}
	/* Whoever finished the last of them has applied the plan after this. */
	mutex_lock(&vfio_ap.guests_lock);
	mutex_unlock(&vfio_ap.guests_lock);

	if (late)
		pr_warn("vfio_ap: %u queues are held back, the first %02x.%04x: not reset within %u ms\n",
			late, AP_QID_CARD(first), AP_QID_QUEUE(first),
			VFIO_AP_RESET_MS);
	return ret;
}

/**
 * vfio_ap_reset_wait_lost() - wait until what a guest lost is reset
 * @delta: as vfio_ap_apply() filled it in
 *
 * Context: see vfio_ap_reset_wait().
 */
void vfio_ap_reset_wait_lost(const struct vfio_ap_delta *delta)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(delta->lost); i++)
		if (!vfio_ap_mask_empty(&delta->lost[i].aqm))
			vfio_ap_reset_wait(&delta->lost[i]);
}
