/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio-ccw: what its files share
 *
 *   vfio_ccw_main.c	the subchannel driver: parent, callbacks of the css bus
 *   vfio_ccw_dev.c	the mediated device: life, open, close, ioctls
 *   vfio_ccw_region.c	read and write of the four regions
 *   vfio_ccw_event.c	what comes from below: status, channel reports; eventfds
 *   vfio_ccw_fsm.c	the state machine
 *   vfio_ccw_hw.c	its operations on a real subchannel
 *   vfio_ccw_pin.c	guest memory, for the translator in ccw_xlate.c
 *
 * Locks, outermost first:
 *
 *   device_lock of the subchannel: probe, remove, events. Never taken below it:
 *	mdev and vfio callbacks run under it
 *   vfio_ccw_private.io_mutex
 *   subchannel.lock: the state machine, status, channel reports, and
 *	vfio_ccw_parent.cur
 *   vfio_ccw_private.trigger_lock
 */
#ifndef _VFIO_CCW_PRIVATE_H_
#define _VFIO_CCW_PRIVATE_H_

#include <linux/completion.h>
#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/vfio.h>
#include <linux/vfio_ccw.h>
#include <linux/workqueue.h>

#include <asm/cio.h>
#include <asm/debug.h>

#include "css.h"
#include "vfio_ccw_pin.h"
#include "vfio_ccw_fsm.h"

struct eventfd_ctx;
struct crw;

/**
 * struct vfio_ccw_parent - what the subchannel's driver owns
 * @mdev: of the mdev core
 * @type: the one type
 * @types: the same as the mdev core wants it
 * @cur: the mediated device, from before it is registered until nothing can
 *	 use it any more. Callbacks go through vfio_ccw_get(). Written and read
 *	 under the subchannel's lock
 */
struct vfio_ccw_parent {
	struct mdev_parent mdev;
	struct mdev_type type;
	struct mdev_type *types[1];
	struct vfio_ccw_private *cur;
};

/*
 * Status that user space has not read. A program ends once, but may report
 * intermediate status without end, and the device unsolicited status: the last
 * slots are kept for what a guest waits for.
 */
#define VFIO_CCW_NR_IRBS	32

/**
 * struct vfio_ccw_irb - status on its way to user space
 * @irb: as the subchannel presented it, then in the guest's addresses
 * @program: the program that was running, or 0
 */
struct vfio_ccw_irb {
	struct irb irb;
	u32 program;
};

/* Channel reports that user space has not read. */
#define VFIO_CCW_NR_CRWS	16

/**
 * struct vfio_ccw_private - a mediated device
 * @vdev: first; its reference count is the life of this memory
 * @sch: the subchannel, which outlives the registration of @vdev
 *
 * @io_mutex: serialises what user space asks for, and the program
 * @prog: the translator, while the device is open
 * @io: region 0 as user space reads it
 * @cmd: region 1 as user space reads it
 * @irb_unread: &ccw_io_region.irb_area of @io has not been read
 *
 * @fsm: the state machine, under the subchannel's lock
 * @rested: an interrupt came, completed under the subchannel's lock
 *
 * @irbs: ring of status. [irb_read, irb_done) is in guest addresses and waits
 *	for @io, under io_mutex; [irb_done, irb_head) is as presented
 * @irb_head: next slot of the interrupt handler, under the subchannel's lock
 * @irb_done: written under both locks
 * @irb_read: written under both locks
 * @irbs_lost: how many found no slot
 *
 * @crws: ring of reports, all under the subchannel's lock
 * @crw_head: next slot to fill
 * @crw_read: next slot to read
 *
 * @trigger_lock: protects @trigger, and holds off eventfd_ctx_put()
 * @trigger: eventfds, by VFIO_CCW_*_IRQ_INDEX
 * @io_work: takes status over
 * @crw_work: signals channel reports
 */
struct vfio_ccw_private {
	struct vfio_device vdev;
	struct subchannel *sch;

	struct mutex io_mutex; /* see above */
	struct ccw_prog *prog;
	struct ccw_io_region io;
	struct ccw_cmd_region cmd;
	bool irb_unread;

	struct vfio_ccw_fsm fsm;
	struct completion rested;

	struct vfio_ccw_irb irbs[VFIO_CCW_NR_IRBS];
	u32 irb_head;
	u32 irb_done;
	u32 irb_read;
	u32 irbs_lost;

	u32 crws[VFIO_CCW_NR_CRWS];
	u32 crw_head;
	u32 crw_read;

	spinlock_t trigger_lock; /* see above */
	struct eventfd_ctx *trigger[VFIO_CCW_NUM_IRQS];
	struct work_struct io_work;
	struct work_struct crw_work;
};

static inline struct vfio_ccw_private *to_vfio_ccw(struct vfio_device *vdev)
{
	return container_of(vdev, struct vfio_ccw_private, vdev);
}

/* vfio_ccw_dev.c */
extern struct mdev_driver vfio_ccw_mdev_driver;
void vfio_ccw_rest(struct vfio_ccw_private *private);

/* vfio_ccw_region.c */
#define VFIO_CCW_OFFSET_SHIFT	10
#define VFIO_CCW_NR_REGIONS	4
int vfio_ccw_region_info(unsigned int index, u64 *size, u32 *flags,
			 u32 *subtype);
ssize_t vfio_ccw_read(struct vfio_device *vdev, char __user *buf, size_t count,
		      loff_t *ppos);
ssize_t vfio_ccw_write(struct vfio_device *vdev, const char __user *buf,
		       size_t count, loff_t *ppos);

/* vfio_ccw_event.c */
extern struct workqueue_struct *vfio_ccw_wq;
void vfio_ccw_events_init(struct vfio_ccw_private *private);
void vfio_ccw_events_reset(struct vfio_ccw_private *private);
void vfio_ccw_interrupt(struct vfio_ccw_private *private,
			const struct irb *irb);
void vfio_ccw_take_over(struct vfio_ccw_private *private);
bool vfio_ccw_show_next(struct vfio_ccw_private *private);
void vfio_ccw_report(struct vfio_ccw_private *private, const struct crw *crw);
u32 vfio_ccw_next_report(struct vfio_ccw_private *private, bool *more);
bool vfio_ccw_signal(struct vfio_ccw_private *private, unsigned int index);
int vfio_ccw_set_trigger(struct vfio_ccw_private *private, unsigned int index,
			 int fd);

/* vfio_ccw_hw.c */
extern const struct vfio_ccw_hw vfio_ccw_sch_hw;

/* vfio_ccw_main.c */
extern debug_info_t *vfio_ccw_debug_msg_id;
extern debug_info_t *vfio_ccw_debug_trace_id;

#define VFIO_CCW_TRACE_EVENT(level, text) \
	debug_text_event(vfio_ccw_debug_trace_id, level, text)
#define VFIO_CCW_HEX_EVENT(level, data, length) \
	debug_event(vfio_ccw_debug_trace_id, level, data, length)

/* A line about a subchannel in s390dbf/vfio_ccw_msg. */
#define VFIO_CCW_SCH_EVENT(level, sch, format, ...)			\
do {									\
	const struct subchannel_id schid_ = (sch)->schid;			\
									\
	debug_sprintf_event(vfio_ccw_debug_msg_id, level,		\
			    "sch %x.%x.%04x: " format, schid_.cssid,	\
			    schid_.ssid, schid_.sch_no, ##__VA_ARGS__);	\
} while (0)

#endif
