// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-ccw: the state machine
 *
 * Lives here: what an event does in each state, and nothing about memory,
 * files or the driver model. Everybody calls in with the subchannel's lock
 * held (vfio_ccw_fsm.lock), the interrupt handler included; the caller's
 * io_mutex serialises open, close, prepare to start, and reap.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/lockdep.h>
#include <linux/types.h>
#include <linux/vfio_ccw.h>

#include "vfio_ccw_fsm.h"

/**
 * DOC: States of a vfio-ccw device
 *
 * ============== =============================================================
 * STANDBY        nobody has it open, the subchannel is disabled
 * IDLE           open and enabled, no channel program
 * CP_PROCESSING  a channel program is being translated
 * CP_PENDING     it was started, its last status has not been handed over
 * NOT_OPER       the device is gone, or could not be enabled; there is no way
 *                back, the subchannel is being unregistered
 * ============== =============================================================
 *
 * What an event does (a name in capitals is the state that follows):
 *
 * ============== ========= =========== ============ ========= ======= ========
 * state          LOST      IO          ASYNC        INTERRUPT OPEN    CLOSE
 * ============== ========= =========== ============ ========= ======= ========
 * NOT_OPER       \-        EIO         EIO          disable   EINVAL  settle
 * STANDBY        NOT_OPER  EIO         EIO          disable   IDLE    \-
 * IDLE           NOT_OPER  PROCESSING  halt, clear  deliver   EBUSY   STANDBY
 * CP_PROCESSING  NOT_OPER  EAGAIN      EAGAIN       deliver   EBUSY   STANDBY
 * CP_PENDING     NOT_OPER  EBUSY       halt, clear  deliver   EBUSY   STANDBY
 * ============== ========= =========== ============ ========= ======= ========
 *
 * Closing ends what runs and disables the subchannel before it returns, in
 * NOT_OPER too: after it nothing accesses the program's pages. The exception
 * is a device that neither stops nor goes away. Its pages stay pinned.
 *
 * Whether an interrupt ends the program is decided when it comes, under the
 * lock that SSCH is issued under: a status left from before cannot end a
 * program that was started after it. CP_PENDING is left once all status up to
 * that point was taken over (vfio_ccw_fsm_reap()).
 */

/**
 * vfio_ccw_fsm_action() - what does an event lead to?
 * @state: the state it comes in
 * @event: the event
 *
 * The compiler complains of a missing state or event: there is no default.
 *
 * Context: any.
 * Return: the action.
 */
enum vfio_ccw_action vfio_ccw_fsm_action(enum vfio_ccw_state state,
					 enum vfio_ccw_event event)
{
	const bool gone = state == VFIO_CCW_ST_NOT_OPER;

	switch (state) {
	case VFIO_CCW_ST_NOT_OPER:
	case VFIO_CCW_ST_STANDBY:
		switch (event) {
		case VFIO_CCW_EV_LOST:
			return gone ? VFIO_CCW_NOP : VFIO_CCW_LOST;
		case VFIO_CCW_EV_IO:
		case VFIO_CCW_EV_ASYNC:
			return VFIO_CCW_REFUSE;
		case VFIO_CCW_EV_INTERRUPT:
			return VFIO_CCW_DISABLE;
		case VFIO_CCW_EV_OPEN:
			return gone ? VFIO_CCW_DEAD : VFIO_CCW_ENABLE;
		case VFIO_CCW_EV_CLOSE:
			return gone ? VFIO_CCW_SETTLE : VFIO_CCW_NOP;
		}
		break;
	case VFIO_CCW_ST_IDLE:
	case VFIO_CCW_ST_CP_PROCESSING:
	case VFIO_CCW_ST_CP_PENDING:
		switch (event) {
		case VFIO_CCW_EV_LOST:
			return VFIO_CCW_LOST;
		case VFIO_CCW_EV_IO:
			if (state == VFIO_CCW_ST_IDLE)
				return VFIO_CCW_PREPARE;
			return state == VFIO_CCW_ST_CP_PENDING ?
				VFIO_CCW_BUSY : VFIO_CCW_RETRY;
		case VFIO_CCW_EV_ASYNC:
			return state == VFIO_CCW_ST_CP_PROCESSING ?
				VFIO_CCW_RETRY : VFIO_CCW_ASYNC;
		case VFIO_CCW_EV_INTERRUPT:
			return VFIO_CCW_DELIVER;
		case VFIO_CCW_EV_OPEN:
			return VFIO_CCW_TWICE;
		case VFIO_CCW_EV_CLOSE:
			return VFIO_CCW_QUIESCE;
		}
		break;
	}
	WARN_ONCE(1, "vfio-ccw: state %d, event %d\n", state, event);
	return VFIO_CCW_REFUSE;
}

static enum vfio_ccw_action vfio_ccw_fsm_event(struct vfio_ccw_fsm *fsm,
					       enum vfio_ccw_event event)
{
	lockdep_assert_held(fsm->lock);

	fsm->hw->trace(fsm, event);
	return vfio_ccw_fsm_action(fsm->state, event);
}

static int vfio_ccw_fsm_errno(enum vfio_ccw_action action)
{
	switch (action) {
	case VFIO_CCW_RETRY:
		return -EAGAIN;
	case VFIO_CCW_BUSY:
	case VFIO_CCW_TWICE:
		return -EBUSY;
	case VFIO_CCW_DEAD:
		return -EINVAL;
	default:
		return -EIO;
	}
}

static void vfio_ccw_fsm_enter_lost(struct vfio_ccw_fsm *fsm)
{
	if (fsm->state == VFIO_CCW_ST_NOT_OPER)
		return;
	fsm->state = VFIO_CCW_ST_NOT_OPER;
	fsm->hw->lost(fsm);
}

/* Rounds of disable and cancel: more than the retries of all steps together. */
#define VFIO_CCW_QUIESCE_ROUNDS	300

/* 0 or -ENODEV: nothing runs any more. Anything else: the device is stuck. */
static int vfio_ccw_fsm_quiesce(struct vfio_ccw_fsm *fsm)
{
	int rounds = VFIO_CCW_QUIESCE_ROUNDS;
	int tries = 255;
	int ret;

	while (rounds--) {
		ret = fsm->hw->disable(fsm);
		if (ret != -EBUSY)
			return ret;

		ret = fsm->hw->cancel(fsm, &tries);
		if (ret == -EBUSY)
			fsm->hw->wait(fsm);
		else if (ret)
			return ret;
	}
	return -EIO;
}

/**
 * vfio_ccw_fsm_init() - a machine for a device that nobody has open
 * @fsm: the machine
 * @lock: the subchannel's lock
 * @hw: the hardware
 *
 * Context: before anybody else knows @fsm.
 */
void vfio_ccw_fsm_init(struct vfio_ccw_fsm *fsm, spinlock_t *lock,
		       const struct vfio_ccw_hw *hw)
{
	*fsm = (struct vfio_ccw_fsm) {
		.lock = lock,
		.hw = hw,
		.state = VFIO_CCW_ST_STANDBY,
	};
}

/**
 * vfio_ccw_fsm_open() - the device gets its first user, or a new start
 * @fsm: the machine
 *
 * Context: under the subchannel's lock.
 * Return: 0; -EINVAL if the device is gone or cannot be enabled; -EBUSY if it
 *	is open already, which is a bug.
 */
int vfio_ccw_fsm_open(struct vfio_ccw_fsm *fsm)
{
	enum vfio_ccw_action action;

	action = vfio_ccw_fsm_event(fsm, VFIO_CCW_EV_OPEN);
	if (action != VFIO_CCW_ENABLE) {
		WARN_ON_ONCE(action == VFIO_CCW_TWICE);
		return vfio_ccw_fsm_errno(action);
	}

	if (fsm->hw->enable(fsm)) {
		vfio_ccw_fsm_enter_lost(fsm);
		return -EINVAL;
	}
	fsm->final = false;
	fsm->state = VFIO_CCW_ST_IDLE;
	return 0;
}

/**
 * vfio_ccw_fsm_close() - bring the device to rest
 * @fsm: the machine
 *
 * Context: under the subchannel's lock, which is released while this waits
 *	for the hardware; so in process context.
 * Return: true if nothing accesses the program's pages any more; false if the
 *	device would not stop.
 */
bool vfio_ccw_fsm_close(struct vfio_ccw_fsm *fsm)
{
	enum vfio_ccw_action action;
	int ret;

	action = vfio_ccw_fsm_event(fsm, VFIO_CCW_EV_CLOSE);
	if (action == VFIO_CCW_NOP)
		return !fsm->stuck;

	ret = vfio_ccw_fsm_quiesce(fsm);
	fsm->stuck = ret && ret != -ENODEV;
	if (ret)
		vfio_ccw_fsm_enter_lost(fsm);
	else if (fsm->state != VFIO_CCW_ST_NOT_OPER)
		fsm->state = VFIO_CCW_ST_STANDBY;
	return !fsm->stuck;
}

/**
 * vfio_ccw_fsm_lost() - the device is not operational any more
 * @fsm: the machine
 *
 * The program stays as it is: whether the device still uses it is found out in
 * process context, by vfio_ccw_fsm_close().
 *
 * Context: under the subchannel's lock.
 */
void vfio_ccw_fsm_lost(struct vfio_ccw_fsm *fsm)
{
	if (vfio_ccw_fsm_event(fsm, VFIO_CCW_EV_LOST) == VFIO_CCW_LOST)
		vfio_ccw_fsm_enter_lost(fsm);
}

/**
 * vfio_ccw_fsm_prepare() - user space asks for a channel program
 * @fsm: the machine
 *
 * Context: under the subchannel's lock.
 * Return: 0: the caller translates it, and then calls vfio_ccw_fsm_start() or
 *	vfio_ccw_fsm_abandon(); -EIO if the device is not open or gone; -EAGAIN
 *	if another program is being translated; -EBUSY if one is running.
 */
int vfio_ccw_fsm_prepare(struct vfio_ccw_fsm *fsm)
{
	enum vfio_ccw_action action;

	action = vfio_ccw_fsm_event(fsm, VFIO_CCW_EV_IO);
	if (action != VFIO_CCW_PREPARE)
		return vfio_ccw_fsm_errno(action);
	fsm->state = VFIO_CCW_ST_CP_PROCESSING;
	return 0;
}

/**
 * vfio_ccw_fsm_abandon() - the program could not be translated
 * @fsm: the machine
 *
 * Context: under the subchannel's lock.
 */
void vfio_ccw_fsm_abandon(struct vfio_ccw_fsm *fsm)
{
	lockdep_assert_held(fsm->lock);

	if (fsm->state == VFIO_CCW_ST_CP_PROCESSING)
		fsm->state = VFIO_CCW_ST_IDLE;
}

/**
 * vfio_ccw_fsm_start() - start the translated program
 * @fsm: the machine
 *
 * Context: under the subchannel's lock.
 * Return: 0; -EIO if the device was lost or closed meanwhile; or the error of
 *	the start function. With an error the program is not running.
 */
int vfio_ccw_fsm_start(struct vfio_ccw_fsm *fsm)
{
	int ret;

	lockdep_assert_held(fsm->lock);

	if (fsm->state != VFIO_CCW_ST_CP_PROCESSING)
		return -EIO;

	ret = fsm->hw->start(fsm);
	if (ret) {
		fsm->state = VFIO_CCW_ST_IDLE;
		return ret;
	}

	fsm->program++;
	if (!fsm->program)
		fsm->program = 1;
	fsm->final = false;
	fsm->state = VFIO_CCW_ST_CP_PENDING;
	return 0;
}

/**
 * vfio_ccw_fsm_async() - user space asks to halt or to clear
 * @fsm: the machine
 * @command: VFIO_CCW_ASYNC_CMD_HSCH or VFIO_CCW_ASYNC_CMD_CSCH
 *
 * Context: under the subchannel's lock.
 * Return: 0; -EIO if the device is not open or gone; -EAGAIN if a program is
 *	being translated; -EINVAL for another command; or the function's error.
 */
int vfio_ccw_fsm_async(struct vfio_ccw_fsm *fsm, u32 command)
{
	enum vfio_ccw_action action;

	action = vfio_ccw_fsm_event(fsm, VFIO_CCW_EV_ASYNC);
	if (action != VFIO_CCW_ASYNC)
		return vfio_ccw_fsm_errno(action);

	switch (command) {
	case VFIO_CCW_ASYNC_CMD_HSCH:
		return fsm->hw->halt(fsm);
	case VFIO_CCW_ASYNC_CMD_CSCH:
		return fsm->hw->clear(fsm);
	default:
		return -EINVAL;
	}
}

/* Suspended is not over: the program may be resumed. */
#define VFIO_CCW_ACTL_RUNNING						\
	(VFIO_CCW_ACTL_SUSPENDED | VFIO_CCW_ACTL_DEVACT |		\
	 VFIO_CCW_ACTL_SCHACT | VFIO_CCW_ACTL_START_PEND |		\
	 VFIO_CCW_ACTL_RESUME_PEND)

/**
 * vfio_ccw_fsm_interrupt() - the subchannel presented status
 * @fsm: the machine
 * @status: what it says
 *
 * Context: under the subchannel's lock, in the interrupt handler.
 * Return: true if user space shall see it.
 */
bool vfio_ccw_fsm_interrupt(struct vfio_ccw_fsm *fsm,
			    const struct vfio_ccw_status *status)
{
	enum vfio_ccw_action action;

	action = vfio_ccw_fsm_event(fsm, VFIO_CCW_EV_INTERRUPT);
	if (action != VFIO_CCW_DELIVER) {
		fsm->hw->disable(fsm);
		return false;
	}

	if (fsm->state == VFIO_CCW_ST_CP_PENDING && status->solicited &&
	    !(status->actl & VFIO_CCW_ACTL_RUNNING))
		fsm->final = true;
	return true;
}

/**
 * vfio_ccw_fsm_reap() - leave CP_PENDING if the program is over
 * @fsm: the machine
 *
 * Context: under the subchannel's lock, once all status that came so far was
 *	taken over. The caller excludes a new start until it has released the
 *	program's pages.
 * Return: true if the program is over and its pages can be released.
 */
bool vfio_ccw_fsm_reap(struct vfio_ccw_fsm *fsm)
{
	lockdep_assert_held(fsm->lock);

	if (fsm->state != VFIO_CCW_ST_CP_PENDING || !fsm->final)
		return false;
	fsm->state = VFIO_CCW_ST_IDLE;
	return true;
}
