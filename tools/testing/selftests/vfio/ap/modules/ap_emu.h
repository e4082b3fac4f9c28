/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The adjunct processors that ap_emu.ko pretends to be: what its files share,
 * and what it exports to ap_guest.ko.
 *
 * One raw spinlock, ap_emu.lock, covers everything. It is a leaf: an AP
 * instruction may trap under any lock of the AP bus, with interrupts on or
 * off, so nothing below it sleeps, allocates, prints or takes another lock.
 */
#ifndef AP_EMU_H
#define AP_EMU_H

#include <linux/bitmap.h>
#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <asm/ap.h>
#include <asm/ptrace.h>

#define EMU_IDS			256
#define EMU_QUEUES		(EMU_IDS * EMU_IDS)
#define EMU_MSG_MAX		(12 * 1024)
#define EMU_MSGS		64
#define EMU_RULES		32
#define EMU_LOG_ENTRIES		4096	/* a power of two */

/* Response codes of PQAP, NQAP and DQAP; see drivers/s390/crypto/ap_bus.h. */
#define EMU_RC_OK		0x00
#define EMU_RC_NOT_AVAIL	0x01
#define EMU_RC_RESETTING	0x02
#define EMU_RC_DECONFIGURED	0x03
#define EMU_RC_CHECKSTOPPED	0x04
#define EMU_RC_BAD_ADDRESS	0x06
#define EMU_RC_UNCHANGED	0x07
#define EMU_RC_FULL		0x10
#define EMU_RC_EMPTY		0x10
#define EMU_RC_TOO_BIG		0x15

/* The instructions, in the order of their names in ap_emu_op_names[]. */
enum ap_emu_op {
	EMU_TAPQ,
	EMU_RAPQ,
	EMU_ZAPQ,
	EMU_AQIC,
	EMU_QCI,
	EMU_NQAP,
	EMU_DQAP,
	EMU_UVC,
	EMU_OPS
};

extern const char *const ap_emu_op_names[EMU_OPS];

enum ap_emu_state {
	EMU_ONLINE,
	EMU_STANDBY,		/* response code 03 */
	EMU_CHECKSTOP,		/* response code 04 */
};

struct ap_emu_card {
	u8 type;		/* 10 is a CEX4, 14 a CEX8 */
	u8 depth;		/* requests a queue can hold */
	u8 state;
	u32 mode;		/* facility bits of TAPQ */
};

struct ap_emu_msg {
	struct list_head list;	/* in a queue, or among the free ones */
	u64 psmid;
	u64 due;		/* when its reply is there */
	u32 len;
	u32 offset;		/* what DQAP has handed out already */
	void *data;
};

struct ap_emu_queue {
	struct list_head msgs;	/* of struct ap_emu_msg, oldest first */
	struct list_head armed;	/* in ap_emu.armed while irq_on */
	u64 reset_at;		/* when the reset began that is going on */
	u64 irq_at;		/* when irq_on was changed */
	u64 nib;		/* physical address of the notification byte */
	union ap_qirq_ctrl ctrl;
	s32 reset_ms;		/* -1: as ap_emu.reset_ms says */
	u8 state;
	u8 nmsgs;
	bool resetting;
	bool irq_on;		/* what AQIC asked for last */
	bool notified;		/* of the replies that are waiting */
	bool poked;		/* interrupt without a reply, by debugfs */
	u32 resets;
};

/* What an instruction answers instead of what it would. */
struct ap_emu_rule {
	u8 op;
	s16 card, domain;	/* -1: any */
	u8 rc;
	bool async;
	bool trap;		/* the instruction does not exist */
	s32 count;		/* how often still; below 0: always */
};

struct ap_emu_log {
	u64 time;
	u64 gr1, gr2;		/* what went in */
	u32 status;		/* what came out in gr1 */
	u16 apqn;
	u8 op;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

struct ap_emu_stats {
	u64 ops[EMU_OPS];
	u64 interrupts;
	u64 bad_nib;		/* interrupts into memory that was given back */
	u64 reset_plugged;	/* resets of queues that a guest could still use */
	u64 reset_gone;		/* resets of queues that are not configured */
};

struct ap_emu {
	raw_spinlock_t lock;
	/* Configuration. Bit n of a mask is adapter or domain n. */
	DECLARE_BITMAP(apm, EMU_IDS);
	DECLARE_BITMAP(aqm, EMU_IDS);
	DECLARE_BITMAP(adm, EMU_IDS);
	struct ap_emu_card cards[EMU_IDS];
	u32 reset_ms, irq_ms, reply_ms;
	struct ap_emu_rule rules[EMU_RULES];
	/* State. */
	struct ap_emu_queue *queues;
	struct list_head free_msgs;
	struct list_head armed;
	struct hrtimer timer;
	/* Books. */
	struct ap_emu_stats stats;
	struct ap_emu_log *log;
	u64 log_seq;
	bool (*plugged)(u16 apqn);
};

extern struct ap_emu ap_emu;
extern unsigned int ap_emu_na, ap_emu_nd;
extern bool ap_emu_apxa;

/* An instruction while it is carried out, under ap_emu.lock. */
struct ap_emu_call {
	struct pt_regs *regs;
	enum ap_emu_op op;
	u16 apqn;
	u64 now;
	u8 r1, r2;		/* register pairs of NQAP and DQAP */
	bool kick;		/* start the timer when the lock is free again */
};

static inline struct ap_emu_queue *ap_emu_queue(u16 apqn)
{
	return &ap_emu.queues[apqn];
}

/* ap_emu_queue.c: each returns the status word for gr1 */
void ap_emu_settle(struct ap_emu_queue *q, u64 now);
u32 ap_emu_status(struct ap_emu_queue *q, u64 now, u8 rc);
u32 ap_emu_do(struct ap_emu_call *c);
int ap_emu_queues_init(void);

/* ap_emu_irq.c */
u8 ap_emu_aqic(struct ap_emu_call *c, struct ap_emu_queue *q);
void ap_emu_disarm(struct ap_emu_queue *q);
void ap_emu_disarm_gone(void);
bool ap_emu_irq_enabled(const struct ap_emu_queue *q, u64 now);
void ap_emu_irq_init(void);
void ap_emu_kick(void);

/* ap_emu_config.c */
int ap_emu_parse_mask(const char *text, unsigned long *mask, unsigned int max);
int ap_emu_command(char *line);
int ap_emu_rule_add(char *line);
void ap_emu_qci(struct ap_config_info *info);
u64 ap_emu_hwinfo(unsigned int card);
int ap_emu_config_init(void);

/* ap_emu_debugfs.c */
void ap_emu_debugfs_init(void);

/*
 * Whether a guest can use a queue, asked at each reset. Called under a raw
 * lock with interrupts off.
 */
void ap_emu_set_plugged(bool (*plugged)(u16 apqn));

#endif /* AP_EMU_H */
