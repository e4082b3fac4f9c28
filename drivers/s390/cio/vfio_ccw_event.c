// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-ccw: what comes from below, on its way to user space
 *
 * Lives here: the ring of status (IRBs), the ring of channel reports (CRWs),
 * their work items, and the eventfds. The rings are filled under the
 * subchannel's lock, status in the interrupt handler; taken over under
 * io_mutex. Eventfds have a lock of their own.
 */
#include <linux/eventfd.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include <asm/cio.h>
#include <asm/crw.h>

#include "vfio_ccw_private.h"

struct workqueue_struct *vfio_ccw_wq;

/*
 * Eventfds
 */

/**
 * vfio_ccw_signal() - signal user space
 * @private: the device
 * @index: VFIO_CCW_*_IRQ_INDEX
 *
 * Context: process context.
 * Return: true if there is an eventfd.
 */
bool vfio_ccw_signal(struct vfio_ccw_private *private, unsigned int index)
{
	struct eventfd_ctx *ctx;

	spin_lock(&private->trigger_lock);
	ctx = private->trigger[index];
	if (ctx)
		eventfd_signal(ctx);
	spin_unlock(&private->trigger_lock);
	return ctx;
}

/**
 * vfio_ccw_set_trigger() - set or clear an eventfd
 * @private: the device
 * @index: VFIO_CCW_*_IRQ_INDEX
 * @fd: the eventfd, or -1 for none
 *
 * Context: process context.
 * Return: 0; -EINVAL for a negative @fd other than -1 and for a file that is no
 *	eventfd; -EBADF for none.
 */
int vfio_ccw_set_trigger(struct vfio_ccw_private *private, unsigned int index,
			 int fd)
{
	struct eventfd_ctx *ctx = NULL;

	if (fd < -1)
		return -EINVAL;
	if (fd >= 0) {
		ctx = eventfd_ctx_fdget(fd);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}

	spin_lock(&private->trigger_lock);
	swap(ctx, private->trigger[index]);
	spin_unlock(&private->trigger_lock);

	if (ctx)
		eventfd_ctx_put(ctx);
	return 0;
}

/*
 * Status
 */

/* How many slots may be in use for one more of this kind? */
static u32 vfio_ccw_irb_limit(const struct vfio_ccw_status *status, bool final)
{
	if (final)
		return VFIO_CCW_NR_IRBS;
	return status->solicited ? VFIO_CCW_NR_IRBS * 3 / 4 : VFIO_CCW_NR_IRBS / 2;
}

/**
 * vfio_ccw_interrupt() - the subchannel presented status
 * @private: the device, with a reference to its registration
 * @irb: the status
 *
 * Context: the interrupt handler, under the subchannel's lock.
 */
void vfio_ccw_interrupt(struct vfio_ccw_private *private, const struct irb *irb)
{
	struct vfio_ccw_fsm *fsm = &private->fsm;
	struct vfio_ccw_status status = {
		.solicited = scsw_is_solicited((union scsw *)&irb->scsw),
		.actl = scsw_actl((union scsw *)&irb->scsw),
	};
	struct vfio_ccw_irb *slot;
	u32 limit;

	lockdep_assert_held(&private->sch->lock);

	VFIO_CCW_TRACE_EVENT(6, "IRQ");
	VFIO_CCW_TRACE_EVENT(6, dev_name(&private->sch->dev));

	complete(&private->rested);
	if (!vfio_ccw_fsm_interrupt(fsm, &status))
		return;

	limit = vfio_ccw_irb_limit(&status, fsm->final);
	if (private->irb_head - private->irb_read < limit) {
		slot = &private->irbs[private->irb_head % VFIO_CCW_NR_IRBS];
		slot->irb = *irb;
		slot->program = fsm->state == VFIO_CCW_ST_CP_PENDING ?
				fsm->program : 0;
		private->irb_head++;
	} else if (!private->irbs_lost++) {
		VFIO_CCW_SCH_EVENT(2, private->sch, "status lost, user space does not read\n");
	}
	queue_work(vfio_ccw_wq, &private->io_work);
}

/* Replace the host's addresses, which only the running program can tell. */
static void vfio_ccw_irb_to_guest(struct vfio_ccw_private *private,
				  struct vfio_ccw_irb *slot)
{
	bool current_program = slot->program == private->fsm.program;

	if (!scsw_is_tm(&slot->irb.scsw))
		ccw_prog_irb_to_guest(current_program ? private->prog : NULL, &slot->irb);
	else
		memset(&slot->irb.esw, 0, sizeof(slot->irb.esw));
}

/**
 * vfio_ccw_show_next() - put the next status into the I/O region
 * @private: the device
 *
 * Context: under io_mutex.
 * Return: true if there is something new to read: the caller signals.
 */
bool vfio_ccw_show_next(struct vfio_ccw_private *private)
{
	struct vfio_ccw_irb *slot;

	lockdep_assert_held(&private->io_mutex);

	if (private->irb_unread || private->irb_read == private->irb_done)
		return false;

	slot = &private->irbs[private->irb_read % VFIO_CCW_NR_IRBS];
	static_assert(sizeof(slot->irb) <= sizeof(private->io.irb_area));
	memcpy(private->io.irb_area, &slot->irb, sizeof(slot->irb));
	private->irb_unread = true;

	spin_lock_irq(&private->sch->lock);
	private->irb_read++;
	spin_unlock_irq(&private->sch->lock);
	return true;
}

/**
 * vfio_ccw_take_over() - take all status over, and end the program if it is over
 * @private: the device
 *
 * Context: under io_mutex, process context.
 */
void vfio_ccw_take_over(struct vfio_ccw_private *private)
{
	struct subchannel *sch = private->sch;
	bool over;

	lockdep_assert_held(&private->io_mutex);

	spin_lock_irq(&sch->lock);
	while (private->irb_done != private->irb_head) {
		spin_unlock_irq(&sch->lock);
		vfio_ccw_irb_to_guest(private, &private->irbs[private->irb_done %
							      VFIO_CCW_NR_IRBS]);
		spin_lock_irq(&sch->lock);
		private->irb_done++;
	}
	/* Nothing is left in the ring that the program has to explain. */
	over = vfio_ccw_fsm_reap(&private->fsm);
	spin_unlock_irq(&sch->lock);

	if (over)
		ccw_prog_release(private->prog);
}

/* A device that is gone has let go of the program; see that it has. */
static void vfio_ccw_settle(struct vfio_ccw_private *private)
{
	bool rested = false;

	if (!private->prog || !ccw_prog_loaded(private->prog))
		return;

	spin_lock_irq(&private->sch->lock);
	if (private->fsm.state == VFIO_CCW_ST_NOT_OPER)
		rested = vfio_ccw_fsm_close(&private->fsm);
	spin_unlock_irq(&private->sch->lock);

	if (rested)
		ccw_prog_release(private->prog);
}

static void vfio_ccw_io_work(struct work_struct *work)
{
	struct vfio_ccw_private *private =
		container_of(work, struct vfio_ccw_private, io_work);
	bool signal;

	mutex_lock(&private->io_mutex);
	vfio_ccw_take_over(private);
	vfio_ccw_settle(private);
	signal = vfio_ccw_show_next(private);
	mutex_unlock(&private->io_mutex);

	if (signal)
		vfio_ccw_signal(private, VFIO_CCW_IO_IRQ_INDEX);
}

/*
 * Channel reports
 */

static_assert(sizeof(struct crw) == sizeof(u32));

/**
 * vfio_ccw_report() - queue a channel report for user space
 * @private: the device
 * @crw: the report
 *
 * Where there is no room the last report gets the overflow bit instead.
 *
 * Context: under the subchannel's lock.
 */
void vfio_ccw_report(struct vfio_ccw_private *private, const struct crw *crw)
{
	struct crw *last;

	lockdep_assert_held(&private->sch->lock);

	if (!vfio_ccw_fsm_opened(&private->fsm))
		return;

	if (private->crw_head - private->crw_read < VFIO_CCW_NR_CRWS) {
		memcpy(&private->crws[private->crw_head % VFIO_CCW_NR_CRWS],
		       crw, sizeof(*crw));
		private->crw_head++;
	} else {
		last = (struct crw *)&private->crws[(private->crw_head - 1) %
						    VFIO_CCW_NR_CRWS];
		last->oflw = 1;
	}
	queue_work(vfio_ccw_wq, &private->crw_work);
}

/**
 * vfio_ccw_next_report() - take the oldest channel report
 * @private: the device
 * @more: set to whether there are more
 *
 * Context: process context.
 * Return: the report, or 0.
 */
u32 vfio_ccw_next_report(struct vfio_ccw_private *private, bool *more)
{
	u32 crw = 0;

	spin_lock_irq(&private->sch->lock);
	if (private->crw_read != private->crw_head) {
		crw = private->crws[private->crw_read % VFIO_CCW_NR_CRWS];
		private->crw_read++;
	}
	*more = private->crw_read != private->crw_head;
	spin_unlock_irq(&private->sch->lock);
	return crw;
}

static void vfio_ccw_crw_work(struct work_struct *work)
{
	struct vfio_ccw_private *private =
		container_of(work, struct vfio_ccw_private, crw_work);

	vfio_ccw_signal(private, VFIO_CCW_CRW_IRQ_INDEX);
}

/**
 * vfio_ccw_events_reset() - forget all status and reports
 * @private: the device, whose subchannel is disabled
 *
 * Context: under io_mutex, process context.
 */
void vfio_ccw_events_reset(struct vfio_ccw_private *private)
{
	lockdep_assert_held(&private->io_mutex);

	spin_lock_irq(&private->sch->lock);
	private->irb_read = private->irb_head;
	private->irb_done = private->irb_head;
	private->irbs_lost = 0;
	private->crw_read = private->crw_head;
	spin_unlock_irq(&private->sch->lock);
	private->irb_unread = false;
}

/**
 * vfio_ccw_events_init() - set up rings, eventfds and work items
 * @private: the device
 *
 * Context: before anybody else knows @private.
 */
void vfio_ccw_events_init(struct vfio_ccw_private *private)
{
	spin_lock_init(&private->trigger_lock);
	INIT_WORK(&private->io_work, vfio_ccw_io_work);
	INIT_WORK(&private->crw_work, vfio_ccw_crw_work);
}
