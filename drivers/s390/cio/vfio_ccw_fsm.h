/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio-ccw: the state of a subchannel that user space drives
 *
 * A pure state machine: it reaches the hardware through struct vfio_ccw_hw
 * only, so it runs under KUnit on any architecture. vfio_ccw_hw.c has the
 * operations of a real subchannel.
 */
#ifndef _VFIO_CCW_FSM_H_
#define _VFIO_CCW_FSM_H_

#include <linux/spinlock_types.h>
#include <linux/types.h>

struct vfio_ccw_fsm;

/*
 * The numbers of states and events show in the tracepoint vfio_ccw_fsm_event:
 * they stay, whatever order is the better one here.
 */

/**
 * enum vfio_ccw_state - what the device is doing
 * @VFIO_CCW_ST_STANDBY: nobody has it open
 * @VFIO_CCW_ST_IDLE: open, without a program
 * @VFIO_CCW_ST_CP_PROCESSING: a program is being translated
 * @VFIO_CCW_ST_CP_PENDING: a program was started and is not over
 * @VFIO_CCW_ST_NOT_OPER: it is gone
 */
enum vfio_ccw_state {
	VFIO_CCW_ST_STANDBY		= 1,
	VFIO_CCW_ST_IDLE		= 2,
	VFIO_CCW_ST_CP_PROCESSING	= 3,
	VFIO_CCW_ST_CP_PENDING		= 4,
	VFIO_CCW_ST_NOT_OPER		= 0,
};

#define VFIO_CCW_NR_STATES		5

/**
 * enum vfio_ccw_event - what happens to it
 * @VFIO_CCW_EV_OPEN: it gets a user
 * @VFIO_CCW_EV_CLOSE: the user leaves, or wants it as new
 * @VFIO_CCW_EV_IO: the user starts a program
 * @VFIO_CCW_EV_ASYNC: the user halts or clears
 * @VFIO_CCW_EV_INTERRUPT: the subchannel presents status
 * @VFIO_CCW_EV_LOST: the subchannel is not operational any more
 */
enum vfio_ccw_event {
	VFIO_CCW_EV_OPEN		= 4,
	VFIO_CCW_EV_CLOSE		= 5,
	VFIO_CCW_EV_IO			= 1,
	VFIO_CCW_EV_ASYNC		= 3,
	VFIO_CCW_EV_INTERRUPT		= 2,
	VFIO_CCW_EV_LOST		= 0,
};

#define VFIO_CCW_NR_EVENTS		6

/**
 * enum vfio_ccw_action - what an event leads to in a state
 * @VFIO_CCW_NOP: nothing
 * @VFIO_CCW_REFUSE: a request fails with -EIO, the device is not in use
 * @VFIO_CCW_RETRY: a request fails with -EAGAIN, another one is being set up
 * @VFIO_CCW_BUSY: a request fails with -EBUSY, a program is running
 * @VFIO_CCW_DEAD: an open fails with -EINVAL, the device is gone
 * @VFIO_CCW_TWICE: an open of what is open: a bug, -EBUSY
 * @VFIO_CCW_LOST: enter NOT_OPER and have the subchannel unregistered
 * @VFIO_CCW_ENABLE: enable the subchannel, enter IDLE
 * @VFIO_CCW_PREPARE: enter CP_PROCESSING, the caller translates and starts
 * @VFIO_CCW_ASYNC: halt or clear, the state stays
 * @VFIO_CCW_DELIVER: hand the status to user space
 * @VFIO_CCW_DISABLE: an interrupt that nobody waits for: disable again
 * @VFIO_CCW_QUIESCE: end what runs, disable the subchannel, enter STANDBY
 * @VFIO_CCW_SETTLE: the same, but the state stays
 */
enum vfio_ccw_action {
	VFIO_CCW_NOP,
	VFIO_CCW_REFUSE,
	VFIO_CCW_RETRY,
	VFIO_CCW_BUSY,
	VFIO_CCW_DEAD,
	VFIO_CCW_TWICE,
	VFIO_CCW_LOST,
	VFIO_CCW_ENABLE,
	VFIO_CCW_PREPARE,
	VFIO_CCW_ASYNC,
	VFIO_CCW_DELIVER,
	VFIO_CCW_DISABLE,
	VFIO_CCW_QUIESCE,
	VFIO_CCW_SETTLE,
};

/* Activity control of a subchannel, as in <asm/scsw.h>, which is s390's own. */
#define VFIO_CCW_ACTL_SUSPENDED		0x01
#define VFIO_CCW_ACTL_DEVACT		0x02
#define VFIO_CCW_ACTL_SCHACT		0x04
#define VFIO_CCW_ACTL_START_PEND	0x20
#define VFIO_CCW_ACTL_RESUME_PEND	0x40

/**
 * struct vfio_ccw_status - what the machine needs to know of an interrupt
 * @solicited: it answers a function that was started
 * @actl: activity control of its status word
 */
struct vfio_ccw_status {
	bool solicited;
	u8 actl;
};

/**
 * struct vfio_ccw_hw - operations on the subchannel
 * @enable: let it take requests and raise interrupts. 0 or -errno
 * @disable: the opposite. 0; -EBUSY while a function is active; -ENODEV if the
 *	     device is gone; or another error
 * @start: start the translated program. 0, or what user space is told
 * @halt: halt what runs. 0, or what user space is told
 * @clear: clear the subchannel. 0, or what user space is told
 * @cancel: one step to end what runs, as cio_cancel_halt_clear(): 0 if idle,
 *	    -EBUSY if an interrupt will tell, -ENODEV if the device is gone,
 *	    -EIO if nothing helped. @tries counts what is left
 * @wait: release the lock, wait a while for an interrupt, take it again
 * @lost: have the subchannel unregistered, and the program looked after
 * @trace: an event comes in; the state is still the old one
 *
 * All are called under &vfio_ccw_fsm.lock, and only @wait releases it.
 */
struct vfio_ccw_hw {
	int (*enable)(struct vfio_ccw_fsm *fsm);
	int (*disable)(struct vfio_ccw_fsm *fsm);
	int (*start)(struct vfio_ccw_fsm *fsm);
	int (*halt)(struct vfio_ccw_fsm *fsm);
	int (*clear)(struct vfio_ccw_fsm *fsm);
	int (*cancel)(struct vfio_ccw_fsm *fsm, int *tries);
	void (*wait)(struct vfio_ccw_fsm *fsm);
	void (*lost)(struct vfio_ccw_fsm *fsm);
	void (*trace)(struct vfio_ccw_fsm *fsm, enum vfio_ccw_event event);
};

/**
 * struct vfio_ccw_fsm - the machine
 * @lock: the subchannel's lock; everything below is under it
 * @hw: the hardware; constant
 * @state: written in vfio_ccw_fsm.c only
 * @program: number of the program that was started last, never 0 then
 * @final: the program's last status has come; meaningful in CP_PENDING
 * @stuck: the device could not be brought to rest and may still access the
 *	   program's pages
 */
struct vfio_ccw_fsm {
	spinlock_t *lock; /* the subchannel's */
	const struct vfio_ccw_hw *hw;
	enum vfio_ccw_state state;
	u32 program;
	bool final;
	bool stuck;
};

enum vfio_ccw_action vfio_ccw_fsm_action(enum vfio_ccw_state state,
					 enum vfio_ccw_event event);

void vfio_ccw_fsm_init(struct vfio_ccw_fsm *fsm, spinlock_t *lock,
		       const struct vfio_ccw_hw *hw);
int vfio_ccw_fsm_open(struct vfio_ccw_fsm *fsm);
bool vfio_ccw_fsm_close(struct vfio_ccw_fsm *fsm);
void vfio_ccw_fsm_lost(struct vfio_ccw_fsm *fsm);

int vfio_ccw_fsm_prepare(struct vfio_ccw_fsm *fsm);
void vfio_ccw_fsm_abandon(struct vfio_ccw_fsm *fsm);
int vfio_ccw_fsm_start(struct vfio_ccw_fsm *fsm);
int vfio_ccw_fsm_async(struct vfio_ccw_fsm *fsm, u32 command);

bool vfio_ccw_fsm_interrupt(struct vfio_ccw_fsm *fsm,
			    const struct vfio_ccw_status *status);
bool vfio_ccw_fsm_reap(struct vfio_ccw_fsm *fsm);

/**
 * vfio_ccw_fsm_opened() - does user space have the device open?
 * @fsm: the machine
 *
 * Context: under the subchannel's lock.
 * Return: true from a successful open to close, or until the device is gone.
 */
static inline bool vfio_ccw_fsm_opened(const struct vfio_ccw_fsm *fsm)
{
	return fsm->state != VFIO_CCW_ST_STANDBY && fsm->state != VFIO_CCW_ST_NOT_OPER;
}

#endif
