// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adjunct processors for a machine that has none. Under QEMU's TCG the AP
 * instructions do not exist, and the operation exception that they raise in
 * kernel mode is first offered to the die notifiers. The notifier of this file
 * does what the instruction would have done and lets the kernel go on behind
 * it: to everything above, PQAP, NQAP and DQAP are there.
 *
 * Called from the program check handler in whatever context the instruction
 * stood in; takes ap_emu.lock. Load it before ap.ko; it is never unloaded,
 * for the AP bus would be left with instructions that do not exist.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kdebug.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>
#include <asm/facility.h>
#include <asm/uv.h>
#include "ap_emu.h"

#define INSN_NQAP	0xb2ad
#define INSN_DQAP	0xb2ae
#define INSN_PQAP	0xb2af
#define INSN_UVC	0xb9a4

#define PQAP_FC(gr0)	(((gr0) >> 24) & 0xff)

struct ap_emu ap_emu = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(ap_emu.lock),
};

const char *const ap_emu_op_names[EMU_OPS] = {
	[EMU_TAPQ]	= "tapq",
	[EMU_RAPQ]	= "rapq",
	[EMU_ZAPQ]	= "zapq",
	[EMU_AQIC]	= "aqic",
	[EMU_QCI]	= "qci",
	[EMU_NQAP]	= "nqap",
	[EMU_DQAP]	= "dqap",
	[EMU_UVC]	= "uvc",
};

static void set_cc(struct pt_regs *regs, unsigned int cc)
{
	regs->psw.mask &= ~PSW_MASK_CC;
	regs->psw.mask |= (unsigned long)cc << 44;
}

static void book(struct ap_emu_call *c, u64 gr1, u64 gr2, u32 status)
{
	struct ap_emu_log *log;

	log = &ap_emu.log[ap_emu.log_seq++ & (EMU_LOG_ENTRIES - 1)];
	log->time = c->now;
	log->gr1 = gr1;
	log->gr2 = gr2;
	log->status = status;
	log->apqn = c->apqn;
	log->op = c->op;
	log->pid = task_pid_nr(current);
	memcpy(log->comm, current->comm, sizeof(log->comm));
	ap_emu.stats.ops[c->op]++;
}

/* The rule for this call, counted down; NULL if it shall take its course. */
static struct ap_emu_rule *rule_for(struct ap_emu_call *c)
{
	struct ap_emu_rule *rule;

	for (rule = ap_emu.rules; rule < ap_emu.rules + EMU_RULES; rule++) {
		if (!rule->count || rule->op != c->op)
			continue;
		if (rule->card >= 0 && rule->card != AP_QID_CARD(c->apqn))
			continue;
		if (rule->domain >= 0 && rule->domain != AP_QID_QUEUE(c->apqn))
			continue;
		/* Only ap_instructions_available() survives a missing TAPQ. */
		if (rule->trap && c->op == EMU_TAPQ && c->regs->gprs[0])
			continue;
		if (rule->count > 0)
			rule->count--;
		return rule;
	}
	return NULL;
}

/*
 * The ultravisor, as far as ap_guest's protected guests need one: it takes
 * pages in, and finds that none is shared. The log has the guest's address
 * as gr2 and the command as gr1.
 */
static void uvc(struct ap_emu_call *c)
{
	struct uv_cb_cts *cb = (void *)c->regs->gprs[c->r2];
	u64 address = 0;

	switch (cb->header.cmd) {
	case UVC_CMD_CONV_TO_SEC_STOR:
		address = cb->gaddr;
		cb->header.rc = UVC_RC_EXECUTED;
		set_cc(c->regs, 0);
		break;
	case UVC_CMD_PIN_PAGE_SHARED:
		address = ((struct uv_cb_cfs *)cb)->paddr;
		fallthrough;
	default:
		cb->header.rc = 0x101;
		set_cc(c->regs, 1);
		break;
	}
	book(c, cb->header.cmd, address, cb->header.rc);
}

/* Carry out one instruction. False: it does not exist. */
static bool execute(struct ap_emu_call *c)
{
	struct pt_regs *regs = c->regs;
	u64 gr1 = regs->gprs[1], gr2 = regs->gprs[2];
	struct ap_emu_rule *rule;
	u32 status;

	rule = rule_for(c);
	if (rule && rule->trap)
		return false;
	switch (c->op) {
	case EMU_UVC:
		uvc(c);
		return true;
	case EMU_QCI:
		ap_emu_qci((struct ap_config_info *)gr2);
		book(c, gr1, gr2, 0);
		set_cc(regs, 0);
		return true;
	default:
		break;
	}
	if (rule) {
		status = ap_emu_status(ap_emu_queue(c->apqn), c->now, rule->rc);
		if (rule->async)
			status |= 0x02000000;
		if (c->op == EMU_TAPQ)
			regs->gprs[2] = ap_emu_hwinfo(AP_QID_CARD(c->apqn));
	} else {
		status = ap_emu_do(c);
	}
	book(c, gr1, gr2, status);
	regs->gprs[1] = status;
	set_cc(regs, status & 0x00ff0000 ? 3 : 0);
	return true;
}

/* Which instruction it is. False: none of ours. */
static bool decode(struct ap_emu_call *c)
{
	const u16 *insn = (const u16 *)(c->regs->psw.addr - 4);
	u64 gr0 = c->regs->gprs[0];

	c->apqn = gr0;
	switch (insn[0]) {
	case INSN_PQAP:
		switch (PQAP_FC(gr0)) {
		case 0:
			c->op = EMU_TAPQ;
			return true;
		case 1:
			c->op = EMU_RAPQ;
			return true;
		case 2:
			c->op = EMU_ZAPQ;
			return true;
		case 3:
			c->op = EMU_AQIC;
			return true;
		case 4:
			c->op = EMU_QCI;
			c->apqn = 0;
			return true;
		default:
			return false;
		}
	case INSN_NQAP:
		c->op = EMU_NQAP;
		break;
	case INSN_DQAP:
		c->op = EMU_DQAP;
		break;
	case INSN_UVC:
		c->op = EMU_UVC;
		c->apqn = 0;
		break;
	default:
		return false;
	}
	c->r1 = insn[1] >> 4 & 0xf;
	c->r2 = insn[1] & 0xf;
	return true;
}

static int ap_emu_trap(struct notifier_block *nb, unsigned long event, void *data)
{
	struct die_args *args = data;
	struct ap_emu_call c = { .regs = args->regs };
	unsigned long flags;
	bool done;

	/* An operation exception of the kernel, of four bytes. */
	if (event != DIE_BPT || user_mode(c.regs) ||
	    c.regs->int_code >> 16 != 4 || !decode(&c))
		return NOTIFY_DONE;
	c.now = ktime_get_mono_fast_ns();
	raw_spin_lock_irqsave(&ap_emu.lock, flags);
	done = execute(&c);
	raw_spin_unlock_irqrestore(&ap_emu.lock, flags);
	if (c.kick)
		ap_emu_kick();
	return done ? NOTIFY_STOP : NOTIFY_DONE;
}

static struct notifier_block ap_emu_nb = {
	.notifier_call	= ap_emu_trap,
};

void ap_emu_set_plugged(bool (*plugged)(u16 apqn))
{
	raw_spin_lock_irq(&ap_emu.lock);
	ap_emu.plugged = plugged;
	raw_spin_unlock_irq(&ap_emu.lock);
}
EXPORT_SYMBOL_GPL(ap_emu_set_plugged);

static int __init ap_emu_init(void)
{
	int ret;

	if (ap_instructions_available()) {
		pr_err("this machine has AP instructions\n");
		return -EEXIST;
	}
	ap_emu.log = vcalloc(EMU_LOG_ENTRIES, sizeof(*ap_emu.log));
	if (!ap_emu.log)
		return -ENOMEM;
	ret = ap_emu_config_init();
	if (ret)
		goto free_log;
	ret = ap_emu_queues_init();
	if (ret)
		goto free_log;
	ap_emu_irq_init();
	ret = register_die_notifier(&ap_emu_nb);
	if (ret)
		goto free_queues;
	ap_emu_debugfs_init();
	if (!test_facility(12) || !test_facility(15))
		pr_warn("boot with facilities=12,15 for QCI and APFT\n");
	return 0;

free_queues:
	vfree(ap_emu.queues);
free_log:
	vfree(ap_emu.log);
	return ret;
}
module_init(ap_emu_init);

MODULE_DESCRIPTION("Emulated adjunct processors, for tests");
MODULE_LICENSE("GPL");
