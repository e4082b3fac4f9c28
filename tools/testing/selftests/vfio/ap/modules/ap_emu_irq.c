// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adapter interrupts of emulated adjunct processors. AQIC registers a
 * notification byte with a queue; when a reply is there, the byte is set, and
 * then either the interrupt is made pending in the GISA that AQIC named, or
 * the thin interrupt of the ISC is raised here.
 *
 * A timer delivers; its callback runs in the hard interrupt, and raises thin
 * interrupts after it has left ap_emu.lock.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/mm.h>
#include <linux/timekeeping.h>
#include <asm/irq.h>
#include <asm/irq_regs.h>
#include <asm/isc.h>
#include <asm/tpi.h>
#include "ap_emu.h"

/* IPM bits stand behind the 32 bits of the next-alert address. */
#define GISA_IPM_BIT(isc)	(63 - (32 + (isc)))

#define POLL_NS			(10 * NSEC_PER_MSEC)

/* A byte of memory that somebody has: given back, it has no references. */
static bool address_is_memory(u64 pa)
{
	return pfn_valid(PHYS_PFN(pa)) &&
	       page_ref_count(compound_head(phys_to_page(pa))) > 0;
}

bool ap_emu_irq_enabled(const struct ap_emu_queue *q, u64 now)
{
	bool changing = q->irq_at && now - q->irq_at < (u64)ap_emu.irq_ms * NSEC_PER_MSEC;

	return q->irq_on != changing;
}

void ap_emu_disarm(struct ap_emu_queue *q)
{
	list_del_init(&q->armed);
	q->irq_on = false;
	q->notified = false;
}

/* Queues that are not configured any more have no interrupts either. */
void ap_emu_disarm_gone(void)
{
	struct ap_emu_queue *q, *next;
	unsigned int apqn;

	list_for_each_entry_safe(q, next, &ap_emu.armed, armed) {
		apqn = q - ap_emu.queues;
		if (!test_bit(AP_QID_CARD(apqn), ap_emu.apm) ||
		    !test_bit(AP_QID_QUEUE(apqn), ap_emu.aqm))
			ap_emu_disarm(q);
	}
}

u8 ap_emu_aqic(struct ap_emu_call *c, struct ap_emu_queue *q)
{
	union ap_qirq_ctrl ctrl = { .value = c->regs->gprs[1] };
	u64 nib = c->regs->gprs[2];

	if (q->irq_on == ctrl.ir || ap_emu_irq_enabled(q, c->now) != q->irq_on)
		return EMU_RC_UNCHANGED;
	if (!ctrl.ir) {
		ap_emu_disarm(q);
		q->irq_at = c->now;
		return EMU_RC_OK;
	}
	if (!address_is_memory(nib) || (ctrl.gisa && !address_is_memory((u64)ctrl.gisa << 4)))
		return EMU_RC_BAD_ADDRESS;
	q->nib = nib;
	q->ctrl = ctrl;
	q->irq_on = true;
	q->irq_at = c->now;
	q->notified = false;
	list_add_tail(&q->armed, &ap_emu.armed);
	c->kick = q->nmsgs;
	return EMU_RC_OK;
}

/* Notify of a queue's replies; returns the bit of the ISC to raise, or 0. */
static u8 deliver(struct ap_emu_queue *q)
{
	u64 gisa = (u64)q->ctrl.gisa << 4;

	ap_emu.stats.interrupts++;
	q->notified = true;
	q->poked = false;
	if (!address_is_memory(q->nib) || (gisa && !address_is_memory(gisa))) {
		ap_emu.stats.bad_nib++;
		return 0;
	}
	WRITE_ONCE(*(u8 *)phys_to_virt(q->nib), 1);
	if (!gisa)
		return 1 << q->ctrl.isc;
	set_bit(GISA_IPM_BIT(q->ctrl.gisc), phys_to_virt(gisa));
	return 0;
}

static void raise(u8 iscs)
{
	struct pt_regs *regs = get_irq_regs();
	struct tpi_info saved = regs->tpi_info;
	unsigned int isc;

	for (isc = 0; isc <= MAX_ISC; isc++) {
		if (!(iscs & 1 << isc))
			continue;
		regs->tpi_info = (struct tpi_info) { .adapter_IO = 1, .isc = isc };
		generic_handle_irq(THIN_INTERRUPT);
	}
	regs->tpi_info = saved;
}

static enum hrtimer_restart ap_emu_timer(struct hrtimer *timer)
{
	u64 now = ktime_get_mono_fast_ns(), next = U64_MAX;
	struct ap_emu_queue *q;
	struct ap_emu_msg *msg;
	u8 iscs = 0;

	raw_spin_lock(&ap_emu.lock);
	list_for_each_entry(q, &ap_emu.armed, armed) {
		msg = list_first_entry_or_null(&q->msgs, struct ap_emu_msg, list);
		if (q->poked || (msg && !q->notified && msg->due <= now))
			iscs |= deliver(q);
		else if (msg && !q->notified)
			next = min(next, msg->due);
	}
	raw_spin_unlock(&ap_emu.lock);
	if (iscs)
		raise(iscs);
	/* Not later than that: this may replace a start that came meanwhile. */
	if (next != U64_MAX)
		hrtimer_start(timer, ns_to_ktime(min(next, now + POLL_NS)),
			      HRTIMER_MODE_ABS_HARD);
	return HRTIMER_NORESTART;
}

/* Let the timer look at once. Not under ap_emu.lock: it has a lock of its own. */
void ap_emu_kick(void)
{
	hrtimer_start(&ap_emu.timer, 0, HRTIMER_MODE_ABS_HARD);
}

void ap_emu_irq_init(void)
{
	hrtimer_init(&ap_emu.timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	ap_emu.timer.function = ap_emu_timer;
}
