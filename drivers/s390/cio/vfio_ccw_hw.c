// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-ccw: the state machine's operations on a real subchannel
 *
 * Lives here: the I/O instructions of user space's requests, and their
 * condition codes as errors. Called by vfio_ccw_fsm.c, with the subchannel's
 * lock held.
 */
#include <linux/build_bug.h>
#include <linux/jiffies.h>

#include <asm/cio.h>
#include <asm/isc.h>

#include "chp.h"
#include "ioasm.h"
#include "vfio_ccw_private.h"
#include "vfio_ccw_trace.h"

static_assert(VFIO_CCW_ACTL_SUSPENDED == SCSW_ACTL_SUSPENDED);
static_assert(VFIO_CCW_ACTL_DEVACT == SCSW_ACTL_DEVACT);
static_assert(VFIO_CCW_ACTL_SCHACT == SCSW_ACTL_SCHACT);
static_assert(VFIO_CCW_ACTL_START_PEND == SCSW_ACTL_START_PEND);
static_assert(VFIO_CCW_ACTL_RESUME_PEND == SCSW_ACTL_RESUME_PEND);
static_assert(sizeof(struct ccw_orb) == sizeof(union orb));

/* How long to wait for the interrupt of a halt or clear before trying again. */
#define VFIO_CCW_REST_TIMEOUT	(3 * HZ)

static struct vfio_ccw_private *fsm_private(struct vfio_ccw_fsm *fsm)
{
	return container_of(fsm, struct vfio_ccw_private, fsm);
}

static struct subchannel *fsm_sch(struct vfio_ccw_fsm *fsm)
{
	return fsm_private(fsm)->sch;
}

/* Note in s390dbf/vfio_ccw_trace which instruction gave which code. */
static void vfio_ccw_hw_trace_cc(struct subchannel *sch, int level,
				 const char *what, int cc)
{
	VFIO_CCW_TRACE_EVENT(level, what);
	VFIO_CCW_TRACE_EVENT(level, dev_name(&sch->dev));
	VFIO_CCW_HEX_EVENT(level, &cc, sizeof(cc));
}

static int vfio_ccw_hw_enable(struct vfio_ccw_fsm *fsm)
{
	struct subchannel *sch = fsm_sch(fsm);
	int ret;

	sch->isc = VFIO_CCW_ISC;
	ret = cio_enable_subchannel(sch, (u32)virt_to_phys(sch));
	if (ret)
		return ret;

	/* A start that found no path took paths away: a new user tries again. */
	sch->lpm = sch->schib.pmcw.pam & sch->opm;
	return 0;
}

static int vfio_ccw_hw_disable(struct vfio_ccw_fsm *fsm)
{
	return cio_disable_subchannel(fsm_sch(fsm));
}

/* SSCH said that no path of those asked for works. */
static int vfio_ccw_hw_no_path(struct subchannel *sch, const struct ccw_orb *orb)
{
	u8 tried = be32_to_cpu(orb->word[1]) >> 8;

	sch->lpm &= tried ? ~tried : 0;
	if (cio_update_schib(sch) || !sch->lpm)
		return -ENODEV;
	return -EACCES;
}

static int vfio_ccw_hw_start(struct vfio_ccw_fsm *fsm)
{
	struct vfio_ccw_private *private = fsm_private(fsm);
	struct subchannel *sch = private->sch;
	const struct ccw_orb *orb;
	int cc;

	orb = ccw_prog_orb(private->prog, (u32)virt_to_phys(sch), sch->lpm);
	if (!orb)
		return -EIO;

	cc = ssch(sch->schid, (union orb *)orb);
	vfio_ccw_hw_trace_cc(sch, 5, "stIO", cc);

	switch (cc) {
	case 0:
		sch->schib.scsw.cmd.actl |= SCSW_ACTL_START_PEND;
		return 0;
	case 1:
	case 2:
		return -EBUSY;
	case 3:
		return vfio_ccw_hw_no_path(sch, orb);
	default:
		return cc < 0 ? cc : -EIO;
	}
}

static int vfio_ccw_hw_halt(struct vfio_ccw_fsm *fsm)
{
	struct subchannel *sch = fsm_sch(fsm);
	int cc = hsch(sch->schid);

	vfio_ccw_hw_trace_cc(sch, 2, "haltIO", cc);
	if (cc == 0)
		sch->schib.scsw.cmd.actl |= SCSW_ACTL_HALT_PEND;
	else if (cc == 1 || cc == 2)
		return -EBUSY;
	else
		return cc == 3 ? -ENODEV : -EIO;
	return 0;
}

static int vfio_ccw_hw_clear(struct vfio_ccw_fsm *fsm)
{
	struct subchannel *sch = fsm_sch(fsm);
	int cc = csch(sch->schid);

	vfio_ccw_hw_trace_cc(sch, 2, "clearIO", cc);
	if (cc)
		return cc == 3 ? -ENODEV : -EIO;
	/* Clear ends every other function. */
	sch->schib.scsw.cmd.actl = SCSW_ACTL_CLEAR_PEND;
	return 0;
}

static int vfio_ccw_hw_cancel(struct vfio_ccw_fsm *fsm, int *tries)
{
	struct subchannel *sch = fsm_sch(fsm);
	int ret = cio_cancel_halt_clear(sch, tries);

	if (ret == -EIO)
		dev_err(&sch->dev, "vfio_ccw: could not quiesce subchannel 0.%x.%04x!\n",
			sch->schid.ssid, sch->schid.sch_no);
	return ret;
}

static void vfio_ccw_hw_wait(struct vfio_ccw_fsm *fsm)
{
	struct vfio_ccw_private *private = fsm_private(fsm);

	/* The interrupt that counts is handled after the lock was released. */
	reinit_completion(&private->rested);
	spin_unlock_irq(fsm->lock);
	wait_for_completion_timeout(&private->rested, VFIO_CCW_REST_TIMEOUT);
	spin_lock_irq(fsm->lock);
}

static void vfio_ccw_hw_lost(struct vfio_ccw_fsm *fsm)
{
	struct vfio_ccw_private *private = fsm_private(fsm);

	VFIO_CCW_SCH_EVENT(2, private->sch, "not operational\n");
	css_sched_sch_todo(private->sch, SCH_TODO_UNREG);
	queue_work(vfio_ccw_wq, &private->io_work);
}

static void vfio_ccw_hw_trace(struct vfio_ccw_fsm *fsm,
			      enum vfio_ccw_event event)
{
	trace_vfio_ccw_fsm_event(fsm_sch(fsm)->schid, fsm->state, event);
}

const struct vfio_ccw_hw vfio_ccw_sch_hw = {
	.enable = vfio_ccw_hw_enable,
	.disable = vfio_ccw_hw_disable,
	.start = vfio_ccw_hw_start,
	.halt = vfio_ccw_hw_halt,
	.clear = vfio_ccw_hw_clear,
	.cancel = vfio_ccw_hw_cancel,
	.wait = vfio_ccw_hw_wait,
	.lost = vfio_ccw_hw_lost,
	.trace = vfio_ccw_hw_trace,
};
