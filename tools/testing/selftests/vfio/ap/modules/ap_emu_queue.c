// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queues of emulated adjunct processors: TAPQ, resets, and messages, whose
 * replies are echoes. What takes time is not run by a timer: a queue notes
 * when it began, and settles up when it is looked at next.
 *
 * Everything here runs under ap_emu.lock.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "ap_emu.h"

#define STATUS_EMPTY	0x80000000
#define STATUS_REPLIES	0x40000000
#define STATUS_FULL	0x20000000
#define STATUS_IRQ	0x01000000

static void drop_messages(struct ap_emu_queue *q)
{
	list_splice_tail_init(&q->msgs, &ap_emu.free_msgs);
	q->nmsgs = 0;
	q->notified = false;
	q->poked = false;
}

static bool reset_is_over(const struct ap_emu_queue *q, u64 now)
{
	u64 ms = q->reset_ms < 0 ? ap_emu.reset_ms : q->reset_ms;

	return now - q->reset_at >= ms * NSEC_PER_MSEC;
}

/* Finish what has become due. A reset takes the interrupts with it at its end. */
void ap_emu_settle(struct ap_emu_queue *q, u64 now)
{
	if (q->resetting && reset_is_over(q, now)) {
		q->resetting = false;
		ap_emu_disarm(q);
		q->irq_at = 0;
	}
}

static bool reply_ready(struct ap_emu_queue *q, u64 now)
{
	struct ap_emu_msg *msg;

	msg = list_first_entry_or_null(&q->msgs, struct ap_emu_msg, list);
	return msg && msg->due <= now;
}

u32 ap_emu_status(struct ap_emu_queue *q, u64 now, u8 rc)
{
	u32 status = rc << 16;

	if (!q->nmsgs)
		status |= STATUS_EMPTY;
	if (reply_ready(q, now))
		status |= STATUS_REPLIES;
	if (q->nmsgs >= ap_emu.cards[(q - ap_emu.queues) >> 8].depth)
		status |= STATUS_FULL;
	if (ap_emu_irq_enabled(q, now))
		status |= STATUS_IRQ;
	return status;
}

/* What stands in the way of any function: 0, or a response code. */
static u8 not_ready(const struct ap_emu_call *c, const struct ap_emu_queue *q)
{
	u8 state = ap_emu.cards[AP_QID_CARD(c->apqn)].state;

	if (!test_bit(AP_QID_CARD(c->apqn), ap_emu.apm) ||
	    !test_bit(AP_QID_QUEUE(c->apqn), ap_emu.aqm))
		return EMU_RC_NOT_AVAIL;
	state = max(state, q->state);
	if (state == EMU_STANDBY)
		return EMU_RC_DECONFIGURED;
	if (state == EMU_CHECKSTOP)
		return EMU_RC_CHECKSTOPPED;
	return q->resetting ? EMU_RC_RESETTING : EMU_RC_OK;
}

static u8 tapq(struct ap_emu_call *c, u8 rc)
{
	c->regs->gprs[2] = rc == EMU_RC_NOT_AVAIL ? 0 :
			   ap_emu_hwinfo(AP_QID_CARD(c->apqn));
	return rc;
}

static u8 reset(struct ap_emu_call *c, struct ap_emu_queue *q, u8 rc)
{
	if (rc == EMU_RC_NOT_AVAIL)
		ap_emu.stats.reset_gone++;
	if (ap_emu.plugged && ap_emu.plugged(c->apqn))
		ap_emu.stats.reset_plugged++;
	if (rc)
		return rc;
	drop_messages(q);
	q->resetting = true;
	q->reset_at = c->now;
	q->resets++;
	ap_emu_settle(q, c->now);
	return EMU_RC_OK;
}

static u8 nqap(struct ap_emu_call *c, struct ap_emu_queue *q)
{
	unsigned long *id = &c->regs->gprs[c->r1];
	unsigned long *text = &c->regs->gprs[c->r2];
	struct ap_emu_msg *msg;

	if (text[1] > EMU_MSG_MAX)
		return EMU_RC_TOO_BIG;
	msg = list_first_entry_or_null(&ap_emu.free_msgs, struct ap_emu_msg, list);
	if (!msg || q->nmsgs >= ap_emu.cards[AP_QID_CARD(c->apqn)].depth)
		return EMU_RC_FULL;
	list_move_tail(&msg->list, &q->msgs);
	q->nmsgs++;
	msg->psmid = id[0] << 32 | (u32)id[1];
	msg->due = c->now + (u64)ap_emu.reply_ms * NSEC_PER_MSEC;
	msg->len = text[1];
	msg->offset = 0;
	memcpy(msg->data, (void *)text[0], msg->len);
	text[0] += msg->len;
	text[1] = 0;
	c->kick = q->irq_on;
	return EMU_RC_OK;
}

/* A reply too long for the buffer stays; gr2 says how much of it is left. */
static u8 dqap(struct ap_emu_call *c, struct ap_emu_queue *q)
{
	unsigned long *id = &c->regs->gprs[c->r1];
	unsigned long *text = &c->regs->gprs[c->r2];
	struct ap_emu_msg *msg;
	unsigned long n;

	if (!reply_ready(q, c->now))
		return EMU_RC_EMPTY;
	msg = list_first_entry(&q->msgs, struct ap_emu_msg, list);
	n = min_t(unsigned long, text[1], msg->len - msg->offset);
	memcpy((void *)text[0], msg->data + msg->offset, n);
	text[0] += n;
	text[1] -= n;
	msg->offset += n;
	c->regs->gprs[2] = msg->len - msg->offset;
	if (c->regs->gprs[2])
		return EMU_RC_OK;
	id[0] = msg->psmid >> 32;
	id[1] = (u32)msg->psmid;
	list_move_tail(&msg->list, &ap_emu.free_msgs);
	q->nmsgs--;
	q->notified = false;
	c->kick = q->irq_on && q->nmsgs;
	return EMU_RC_OK;
}

u32 ap_emu_do(struct ap_emu_call *c)
{
	struct ap_emu_queue *q = ap_emu_queue(c->apqn);
	u8 rc;

	ap_emu_settle(q, c->now);
	rc = not_ready(c, q);
	switch (c->op) {
	case EMU_TAPQ:
		rc = tapq(c, rc);
		break;
	case EMU_RAPQ:
	case EMU_ZAPQ:
		rc = reset(c, q, rc);
		break;
	case EMU_AQIC:
		rc = rc ?: ap_emu_aqic(c, q);
		break;
	case EMU_NQAP:
		rc = rc ?: nqap(c, q);
		break;
	default:
		rc = rc ?: dqap(c, q);
		break;
	}
	return ap_emu_status(q, c->now, rc);
}

int ap_emu_queues_init(void)
{
	struct ap_emu_msg *msgs;
	unsigned int i;
	char *text;

	INIT_LIST_HEAD(&ap_emu.free_msgs);
	INIT_LIST_HEAD(&ap_emu.armed);
	ap_emu.queues = vcalloc(EMU_QUEUES, sizeof(*ap_emu.queues));
	msgs = kcalloc(EMU_MSGS, sizeof(*msgs), GFP_KERNEL);
	text = vcalloc(EMU_MSGS, EMU_MSG_MAX);
	if (!ap_emu.queues || !msgs || !text) {
		vfree(ap_emu.queues);
		kfree(msgs);
		vfree(text);
		return -ENOMEM;
	}
	for (i = 0; i < EMU_QUEUES; i++) {
		INIT_LIST_HEAD(&ap_emu.queues[i].msgs);
		INIT_LIST_HEAD(&ap_emu.queues[i].armed);
		ap_emu.queues[i].reset_ms = -1;
	}
	for (i = 0; i < EMU_MSGS; i++) {
		msgs[i].data = text + i * EMU_MSG_MAX;
		list_add_tail(&msgs[i].list, &ap_emu.free_msgs);
	}
	return 0;
}
