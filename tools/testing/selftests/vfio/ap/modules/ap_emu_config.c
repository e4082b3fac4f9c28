// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the emulated adjunct processors are: module parameters for the state at
 * load time, and the lines that debugfs takes to change it afterwards. What
 * QCI and TAPQ say of it is put together here too.
 *
 * Text is parsed without a lock, and what it asks for is done under
 * ap_emu.lock at once.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include "ap_emu.h"

#define MODE_CCA	0x10000000
#define MODE_ACCEL	0x08000000
#define MODE_EP11	0x04000000
#define FAC_APXA	0x02000000
#define ML_12K		3

unsigned int ap_emu_na = 255, ap_emu_nd = 255;
module_param_named(na, ap_emu_na, uint, 0444);
MODULE_PARM_DESC(na, "highest adapter number");
module_param_named(nd, ap_emu_nd, uint, 0444);
MODULE_PARM_DESC(nd, "highest domain number");

bool ap_emu_apxa = true;
module_param_named(apxa, ap_emu_apxa, bool, 0444);
MODULE_PARM_DESC(apxa, "the extended addressing facility; without, numbers end at 63 and 15");

static char *apm = "1-2", *aqm = "4-5", *adm = "4-5";
module_param(apm, charp, 0444);
MODULE_PARM_DESC(apm, "adapters, as a list: 1,3-5");
module_param(aqm, charp, 0444);
MODULE_PARM_DESC(aqm, "usage domains, as a list");
module_param(adm, charp, 0444);
MODULE_PARM_DESC(adm, "control domains, as a list");

static unsigned int type = 14;
module_param(type, uint, 0444);
MODULE_PARM_DESC(type, "type of the adapters, 14 (CEX8) if not given");

static char *mode = "accel";
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode, "what the adapters are: accel, cca or ep11");

static const char *const state_names[] = {
	[EMU_ONLINE]	= "online",
	[EMU_STANDBY]	= "standby",
	[EMU_CHECKSTOP]	= "checkstop",
};

static const char *const mode_names[] = { "accel", "cca", "ep11" };
static const u32 mode_bits[] = { MODE_ACCEL, MODE_CCA, MODE_EP11 };

/*
 * A list replaces the mask, "+list" adds to it, "-list" takes away from it.
 * The caller's mask is changed only if the text is right.
 */
int ap_emu_parse_mask(const char *text, unsigned long *mask, unsigned int max)
{
	DECLARE_BITMAP(given, EMU_IDS);
	char sign = *text;
	int ret;

	if (sign == '+' || sign == '-')
		text++;
	ret = bitmap_parselist(text, given, EMU_IDS);
	if (ret)
		return ret;
	if (find_next_bit(given, EMU_IDS, max + 1) < EMU_IDS)
		return -ERANGE;
	if (sign == '+')
		bitmap_or(mask, mask, given, EMU_IDS);
	else if (sign == '-')
		bitmap_andnot(mask, mask, given, EMU_IDS);
	else
		bitmap_copy(mask, given, EMU_IDS);
	return 0;
}

/* "03.0004", with "*" for any where @any allows it, which gives -1. */
static int parse_apqn(char *word, bool any, int *card, int *domain)
{
	char *dot = strchr(word ?: "", '.');
	int *to[] = { card, domain }, i;

	if (!dot)
		return -EINVAL;
	*dot++ = '\0';
	for (i = 0; i < 2; i++) {
		char *part = i ? dot : word;

		if (any && !strcmp(part, "*"))
			*to[i] = -1;
		else if (kstrtoint(part, 16, to[i]) || *to[i] < 0 || *to[i] >= EMU_IDS)
			return -EINVAL;
	}
	return 0;
}

/* "key=value" of a card. */
static int card_key(struct ap_emu_card *card, const char *key, const char *value)
{
	int ret;

	if (!strcmp(key, "type"))
		return kstrtou8(value, 0, &card->type);
	if (!strcmp(key, "depth")) {
		ret = kstrtou8(value, 0, &card->depth);
		return ret ?: (card->depth < 1 || card->depth > 16) ? -ERANGE : 0;
	}
	if (!strcmp(key, "mode")) {
		ret = match_string(mode_names, ARRAY_SIZE(mode_names), value);
		card->mode = ret < 0 ? 0 : mode_bits[ret];
		return min(ret, 0);
	}
	if (!strcmp(key, "state")) {
		ret = match_string(state_names, ARRAY_SIZE(state_names), value);
		card->state = ret;
		return min(ret, 0);
	}
	return -EINVAL;
}

static int card_command(char *line)
{
	char *word = strsep(&line, " ");
	struct ap_emu_card card;
	u8 id;
	int ret;

	if (!word || kstrtou8(word, 0, &id))
		return -EINVAL;
	card = ap_emu.cards[id];
	while ((word = strsep(&line, " "))) {
		char *value = strchr(word, '=');

		if (!value)
			return -EINVAL;
		*value++ = '\0';
		ret = card_key(&card, word, value);
		if (ret)
			return ret;
	}
	raw_spin_lock_irq(&ap_emu.lock);
	ap_emu.cards[id] = card;
	raw_spin_unlock_irq(&ap_emu.lock);
	return 0;
}

static int queue_command(char *line)
{
	int card, domain, state = -1, reset_ms = INT_MIN;
	char *word = strsep(&line, " ");
	struct ap_emu_queue *q;

	if (parse_apqn(word, false, &card, &domain))
		return -EINVAL;
	while ((word = strsep(&line, " "))) {
		if (str_has_prefix(word, "state="))
			state = match_string(state_names, ARRAY_SIZE(state_names), word + 6);
		else if (!str_has_prefix(word, "reset_ms=") ||
			 kstrtoint(word + 9, 0, &reset_ms) || reset_ms < -1)
			return -EINVAL;
		if (state < 0 && reset_ms == INT_MIN)
			return -EINVAL;
	}
	raw_spin_lock_irq(&ap_emu.lock);
	q = ap_emu_queue(card << 8 | domain);
	if (state >= 0)
		q->state = state;
	if (reset_ms != INT_MIN)
		q->reset_ms = reset_ms;
	raw_spin_unlock_irq(&ap_emu.lock);
	return 0;
}

/* An interrupt as if a reply were there; -ENXIO if it has none registered. */
static int poke_command(char *line)
{
	int card, domain, ret = -ENXIO;
	struct ap_emu_queue *q;

	if (parse_apqn(line, false, &card, &domain))
		return -EINVAL;
	raw_spin_lock_irq(&ap_emu.lock);
	q = ap_emu_queue(card << 8 | domain);
	if (q->irq_on) {
		q->poked = true;
		ret = 0;
	}
	raw_spin_unlock_irq(&ap_emu.lock);
	if (!ret)
		ap_emu_kick();
	return ret;
}

/* One line of the file "control". */
int ap_emu_command(char *line)
{
	char *word = strsep(&line, " ");

	if (!line)
		return -EINVAL;
	if (!strcmp(word, "card"))
		return card_command(line);
	if (!strcmp(word, "queue"))
		return queue_command(line);
	if (!strcmp(word, "poke"))
		return poke_command(line);
	return -EINVAL;
}

/* One line of the file "inject": OP APQN RC|trap [async] [COUNT|always]. */
int ap_emu_rule_add(char *line)
{
	struct ap_emu_rule rule = { .count = 1 }, *slot;
	char *word = strsep(&line, " ");
	int card, domain, ret;

	ret = match_string(ap_emu_op_names, EMU_OPS, word);
	if (ret < 0)
		return ret;
	rule.op = ret;
	if (parse_apqn(strsep(&line, " "), true, &card, &domain))
		return -EINVAL;
	rule.card = card;
	rule.domain = domain;
	word = strsep(&line, " ") ?: "";
	rule.trap = !strcmp(word, "trap");
	if (!rule.trap) {
		ret = kstrtou8(word, 16, &rule.rc);
		if (ret)
			return ret;
	}
	/* QCI and TAPQ are what drivers are prepared to miss; QCI has no response. */
	if (rule.trap ? rule.op != EMU_TAPQ && rule.op != EMU_QCI :
			rule.op == EMU_QCI || rule.op == EMU_UVC)
		return -EINVAL;
	while ((word = strsep(&line, " "))) {
		if (!strcmp(word, "async"))
			rule.async = true;
		else if (!strcmp(word, "always"))
			rule.count = -1;
		else if (kstrtos32(word, 0, &rule.count) || rule.count < 1)
			return -EINVAL;
	}
	ret = -ENOSPC;
	raw_spin_lock_irq(&ap_emu.lock);
	for (slot = ap_emu.rules; slot < ap_emu.rules + EMU_RULES; slot++) {
		if (slot->count)
			continue;
		*slot = rule;
		ret = 0;
		break;
	}
	raw_spin_unlock_irq(&ap_emu.lock);
	return ret;
}

/* The masks of QCI number their bits from the left. */
static void qci_mask(unsigned int *words, const unsigned long *mask)
{
	unsigned int bit;

	for_each_set_bit(bit, mask, EMU_IDS)
		words[bit / 32] |= 0x80000000 >> bit % 32;
}

void ap_emu_qci(struct ap_config_info *info)
{
	memset(info, 0, sizeof(*info));
	info->apsc = 1;
	info->apxa = ap_emu_apxa;
	info->rc8a = 1;
	info->na = ap_emu_na;
	info->nd = ap_emu_nd;
	qci_mask(info->apm, ap_emu.apm);
	qci_mask(info->aqm, ap_emu.aqm);
	qci_mask(info->adm, ap_emu.adm);
}

u64 ap_emu_hwinfo(unsigned int card)
{
	const struct ap_emu_card *c = &ap_emu.cards[card];
	struct ap_tapq_hwinfo info = {
		.fac	= c->mode | (ap_emu_apxa ? FAC_APXA : 0),
		.apinfo	= (u32)c->type << 24 | ap_emu_nd << 16 | ML_12K << 8 | (c->depth - 1),
	};

	return info.value;
}

int ap_emu_config_init(void)
{
	int bits = match_string(mode_names, ARRAY_SIZE(mode_names), mode);
	unsigned int i;

	if (!ap_emu_apxa) {
		ap_emu_na = 63;
		ap_emu_nd = 15;
	}
	if (ap_emu_na >= EMU_IDS || ap_emu_nd >= EMU_IDS || bits < 0 || type > 255)
		return -EINVAL;
	if (ap_emu_parse_mask(apm, ap_emu.apm, ap_emu_na) ||
	    ap_emu_parse_mask(aqm, ap_emu.aqm, ap_emu_nd) ||
	    ap_emu_parse_mask(adm, ap_emu.adm, ap_emu_nd)) {
		pr_err("apm, aqm and adm are lists of numbers\n");
		return -EINVAL;
	}
	for (i = 0; i < EMU_IDS; i++)
		ap_emu.cards[i] = (struct ap_emu_card) {
			.type	= type,
			.depth	= 8,
			.mode	= mode_bits[bits],
		};
	return 0;
}
