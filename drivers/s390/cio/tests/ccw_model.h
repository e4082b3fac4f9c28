/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A world for the channel-program translator to be tested in: guest memory with
 * holes, pages that can be pinned, an arena, and a channel that executes
 * programs as the Principles of Operation say
 *
 * The channel knows nothing of the translator. It is used in two ways:
 * model_safe() follows every path that a host's program allows and looks where
 * each would read and write; model_same() executes the guest's program and its
 * copy side by side and compares each step.
 *
 * For KUnit and for tools/testing/ccw. Included by one C file.
 */
#ifndef _CCW_MODEL_H_
#define _CCW_MODEL_H_

#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

#include <asm/byteorder.h>

#define MODEL_PAGE		4096u
#define MODEL_REGION_PAGES	16
#define MODEL_REGIONS		4
#define MODEL_PAGES		(MODEL_REGIONS * MODEL_REGION_PAGES)
#define MODEL_REGION_SIZE	(MODEL_REGION_PAGES * MODEL_PAGE)

/* Below everything, up to 16M, up to 2G, and above 4G. */
static const u64 model_region[MODEL_REGIONS] = { 0, 0xff0000, 0x7fff0000, 0x100000000 };

/* Pinned pages and arena pages are apart, so that running over an end shows. */
#define MODEL_FRAMES_LOW	0x20000000ull
#define MODEL_FRAMES_HIGH	0x7e0000000ull
#define MODEL_FRAME_STEP	0x3000u
#define MODEL_ARENA		0x40000000u
#define MODEL_ARENA_STEP	0x4000u
#define MODEL_ARENA_MAX		1024

#define MODEL_PINS_MAX		MODEL_PAGES

struct model_pin {
	u64 iova;
	u32 npages;
};

struct model {
	u8 *mem;
	bool hole[MODEL_PAGES];
	u8 pinned[MODEL_PAGES];
	struct model_pin pin[MODEL_PINS_MAX];
	u32 pins, pin_calls, unpin_calls;

	void *arena[MODEL_ARENA_MAX];
	u8 order[MODEL_ARENA_MAX];
	u32 arenas;

	/* Which bytes were read, to see that none is read twice. */
	u8 *fetched;
	bool fetched_twice;

	/* Fail the n-th call from now; 0: none. */
	u32 fail_read, fail_pin, fail_alloc;
	/* Change the memory behind the translator's back. */
	bool hostile;
	u64 random;

	/* Paths followed by model_safe(): stamp << 8 | ways to come here. */
	u32 *seen, stamp;

	/* The first thing that was wrong, and where. */
	const char *wrong;
	u64 where;
};

static inline u32 model_random(struct model *m)
{
	/* xorshift64* */
	m->random ^= m->random >> 12;
	m->random ^= m->random << 25;
	m->random ^= m->random >> 27;
	return m->random * 0x2545f4914f6cdd1dull >> 32;
}

static inline u32 model_below(struct model *m, u32 n)
{
	return (u64)model_random(m) * n >> 32;
}

static void model_complain(struct model *m, const char *wrong, u64 where)
{
	if (m->wrong)
		return;
	m->wrong = wrong;
	m->where = where;
}

/* Index of the guest page at addr; -1: there is no memory. */
static int model_page(struct model *m, u64 addr)
{
	int i;

	for (i = 0; i < MODEL_REGIONS; i++) {
		if (addr - model_region[i] < MODEL_REGION_SIZE) {
			int page = i * MODEL_REGION_PAGES +
				   (addr - model_region[i]) / MODEL_PAGE;

			return m->hole[page] ? -1 : page;
		}
	}
	return -1;
}

static u64 model_page_addr(int page)
{
	return model_region[page / MODEL_REGION_PAGES] +
	       page % MODEL_REGION_PAGES * MODEL_PAGE;
}

/* Where guest memory is; it must be there, and not go beyond its page. */
static u8 *model_at(struct model *m, u64 addr)
{
	int page = model_page(m, addr);

	return page < 0 ? NULL : m->mem + page * MODEL_PAGE + addr % MODEL_PAGE;
}

static inline void model_put(struct model *m, u64 addr, const void *bytes, u32 len)
{
	const u8 *from = bytes;

	for (; len; len--, addr++, from++) {
		u8 *to = model_at(m, addr);

		if (to)
			*to = *from;
	}
}

/* Pages lie elsewhere in the host, in another order, half of them above 2 GiB. */
static u64 model_frame(int page)
{
	return (page & 1 ? MODEL_FRAMES_HIGH : MODEL_FRAMES_LOW) +
	       (u64)((page * 37 + 11) % MODEL_PAGES) * MODEL_FRAME_STEP;
}

/* The pinned page that holds all of [addr, addr + len); -1: none does. */
static int model_frame_page(struct model *m, u64 addr, u32 len)
{
	u64 at = addr - MODEL_FRAMES_LOW;
	u32 low = 0;
	int page;

	if (at >= MODEL_PAGES * MODEL_FRAME_STEP) {
		at = addr - MODEL_FRAMES_HIGH;
		low = 1;
	}
	if (at >= MODEL_PAGES * MODEL_FRAME_STEP)
		return -1;
	/* 37 * 45 = 1 modulo 64. */
	page = ((u32)at / MODEL_FRAME_STEP + MODEL_PAGES - 11) * 45 % MODEL_PAGES;
	at = (u32)at % MODEL_FRAME_STEP;
	if ((page & 1) != low || !m->pinned[page] || at + len > MODEL_PAGE)
		return -1;
	return page;
}

/* Where the arena's [addr, addr + len) is; NULL: not in it. Order 0 or 1. */
static u8 *model_arena(struct model *m, u64 addr, u32 len, int order)
{
	u32 i = (addr - MODEL_ARENA) / MODEL_ARENA_STEP;
	u32 at = (addr - MODEL_ARENA) % MODEL_ARENA_STEP;

	if (addr < MODEL_ARENA || i >= MODEL_ARENA_MAX || !m->arena[i] ||
	    m->order[i] != order || at + len > MODEL_PAGE << order)
		return NULL;
	return (u8 *)m->arena[i] + at;
}

/* The operations. */
static int model_read(void *ctx, u64 iova, void *buf, size_t len)
{
	struct model *m = ctx;
	u8 *from = model_at(m, iova);
	size_t i;

	if (!len || iova % MODEL_PAGE + len > MODEL_PAGE)
		model_complain(m, "read beyond a page", iova);
	if (m->fail_read && !--m->fail_read)
		return -EIO;
	if (!from)
		return -EFAULT;
	memcpy(buf, from, len);
	for (i = 0; m->fetched && i < len; i++) {
		m->fetched_twice |= m->fetched[from + i - m->mem];
		m->fetched[from + i - m->mem] = 1;
	}
	for (i = 0; m->hostile && i < 16; i++)
		m->mem[model_below(m, MODEL_PAGES * MODEL_PAGE)] = model_random(m);
	if (m->hostile)
		from[model_below(m, len)] = model_random(m);
	return 0;
}

static int model_pin(void *ctx, u64 iova, unsigned int npages, u64 *host)
{
	struct model *m = ctx;
	unsigned int i;

	if (iova % MODEL_PAGE || !npages || npages > 512)
		model_complain(m, "bad pin", iova);
	if (m->fail_pin && !--m->fail_pin)
		return -EIO;
	for (i = 0; i < npages; i++)
		if (model_page(m, iova + i * MODEL_PAGE) < 0)
			return -EFAULT;
	for (i = 0; i < npages; i++) {
		int page = model_page(m, iova + i * MODEL_PAGE);

		if (m->pinned[page]++)
			model_complain(m, "page pinned twice", iova);
		host[i] = model_frame(page);
	}
	if (m->pins == MODEL_PINS_MAX) {
		model_complain(m, "too many pins", iova);
		return -EIO;
	}
	m->pin[m->pins].iova = iova;
	m->pin[m->pins++].npages = npages;
	m->pin_calls++;
	return 0;
}

static void model_unpin(void *ctx, u64 iova, unsigned int npages)
{
	struct model *m = ctx;
	u32 i;

	m->unpin_calls++;
	for (i = 0; i < m->pins; i++)
		if (m->pin[i].iova == iova && m->pin[i].npages == npages)
			break;
	if (i == m->pins) {
		model_complain(m, "unpin that is no pin", iova);
		return;
	}
	m->pin[i] = m->pin[--m->pins];
	for (i = 0; i < npages; i++)
		m->pinned[model_page(m, iova + i * MODEL_PAGE)]--;
}

static void *model_alloc(void *ctx, unsigned int order, u32 *addr)
{
	struct model *m = ctx;
	u32 i;

	if (order > 1)
		model_complain(m, "large allocation", order);
	if (m->fail_alloc && !--m->fail_alloc)
		return NULL;
	for (i = 0; i < MODEL_ARENA_MAX; i++)
		if (!m->arena[i])
			break;
	if (i == MODEL_ARENA_MAX)
		return NULL;
	m->arena[i] = kzalloc(MODEL_PAGE << order, GFP_KERNEL);
	if (!m->arena[i])
		return NULL;
	m->order[i] = order;
	m->arenas++;
	*addr = MODEL_ARENA + i * MODEL_ARENA_STEP;
	return m->arena[i];
}

static void model_free(void *ctx, void *pages, unsigned int order)
{
	struct model *m = ctx;
	u32 i;

	for (i = 0; i < MODEL_ARENA_MAX; i++)
		if (m->arena[i] == pages)
			break;
	if (i == MODEL_ARENA_MAX || m->order[i] != order) {
		model_complain(m, "free of what was not allocated", order);
		return;
	}
	kfree(m->arena[i]);
	m->arena[i] = NULL;
	m->arenas--;
}

static const struct ccw_mem_ops model_ops = {
	.read = model_read,
	.pin = model_pin,
	.unpin = model_unpin,
	.alloc = model_alloc,
	.free = model_free,
};

static void model_destroy(struct model *m)
{
	if (!m)
		return;
	kvfree(m->mem);
	kvfree(m->seen);
	kvfree(m->fetched);
	kvfree(m);
}

static struct model *model_create(u64 seed)
{
	struct model *m = kvzalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		return NULL;
	m->random = seed * 0x9e3779b97f4a7c15ull + 1;
	m->mem = kvzalloc(MODEL_PAGES * MODEL_PAGE, GFP_KERNEL);
	m->seen = kvzalloc(MODEL_ARENA_MAX * MODEL_PAGE / 8 * sizeof(u32), GFP_KERNEL);
	if (!m->mem || !m->seen) {
		model_destroy(m);
		return NULL;
	}
	return m;
}

/* What a channel knows of the program that it executes. */
struct model_channel {
	bool host, fmt1, idaw2, midaw, suspend;
	u32 block, limit;
};

struct model_ccw {
	u8 cmd, flags;
	u16 count;
	u32 cda;
};

enum model_op {
	OP_INVALID, OP_TIC, OP_NOP, OP_OUT, OP_IN, OP_BACK,
};

/* Channel-command codes by their low four bits. */
static enum model_op model_op(u8 cmd, bool fmt1)
{
	static const u8 ops[16] = {
		OP_INVALID, OP_OUT, OP_IN, OP_OUT, OP_IN, OP_OUT, OP_IN, OP_OUT,
		OP_TIC, OP_OUT, OP_IN, OP_OUT, OP_BACK, OP_OUT, OP_IN, OP_OUT,
	};

	if (cmd == 0x03)
		return OP_NOP;
	if (fmt1 && cmd != 0x08 && (cmd & 0x0f) == 0x08)
		return OP_INVALID;
	return ops[cmd & 0x0f];
}

static void model_decode(const struct model_channel *ch, const u8 *p, struct model_ccw *ccw)
{
	ccw->cmd = p[0];
	if (ch->fmt1) {
		ccw->flags = p[1];
		ccw->count = p[2] << 8 | p[3];
		ccw->cda = (u32)p[4] << 24 | p[5] << 16 | p[6] << 8 | p[7];
	} else {
		ccw->cda = p[1] << 16 | p[2] << 8 | p[3];
		ccw->flags = p[4];
		ccw->count = p[6] << 8 | p[7];
	}
}

static bool model_is_tic(const struct model_channel *ch, const struct model_ccw *ccw)
{
	return model_op(ccw->cmd, ch->fmt1) == OP_TIC;
}

/* Does the channel refuse a CCW for its form, come to as a command or chained? */
static bool model_refuses(const struct model_channel *ch, const struct model_ccw *ccw,
			  bool chained)
{
	if (model_is_tic(ch, ccw)) {
		if (ch->fmt1 && (ccw->flags || ccw->count || ccw->cda >> 31))
			return true;
		return ccw->cda & 7;
	}
	if (!chained && model_op(ccw->cmd, ch->fmt1) == OP_INVALID)
		return true;
	if (ch->fmt1 ? ccw->cda >> 31 || (!ccw->count && (ccw->flags & 0x80 || chained)) :
	    !ccw->count)
		return true;
	if (ccw->flags & 0x01 && !ch->midaw)
		return true;
	return ccw->flags & 0x02 && (!ch->suspend || chained);
}

static bool model_moves(const struct model_ccw *ccw, enum model_op op)
{
	if (!ccw->count || op == OP_NOP)
		return false;
	return !(ccw->flags & 0x10) || op == OP_OUT;
}

/* Memory as this channel sees it; never across a page. */
static u8 *model_mem(struct model *m, const struct model_channel *ch, u64 addr, u32 len)
{
	return ch->host ? model_arena(m, addr, len, 0) : model_at(m, addr);
}

/* A piece of memory that a CCW moves, ascending. */
struct model_range {
	u64 addr;
	u32 len;
};

struct model_ranges {
	struct model_range range[40];
	u32 n;
	bool refused;	/* the channel stopped behind them */
};

static void model_range_add(struct model_ranges *r, u64 addr, u32 len, bool back)
{
	struct model_range *last = r->n ? &r->range[r->n - 1] : NULL;

	if (last && !back && last->addr + last->len == addr) {
		last->len += len;
	} else if (last && back && addr + len == last->addr) {
		last->addr = addr;
		last->len += len;
	} else {
		r->range[r->n].addr = addr;
		r->range[r->n++].len = len;
	}
}

/* The IDAW with this number of a list; false: the channel refuses it. */
static bool model_idaw(struct model *m, const struct model_channel *ch, u32 list, u32 number,
		       bool back, u64 *addr)
{
	u32 size = ch->idaw2 ? 8 : 4, i;
	const u8 *p = model_mem(m, ch, (u64)list + number * size, size);

	if (!p || list % size)
		return false;
	*addr = 0;
	for (i = 0; i < size; i++)
		*addr = *addr << 8 | p[i];
	if (!ch->idaw2 && *addr >> 31)
		return false;
	return !number || *addr % ch->block == (back ? ch->block - 1 : 0);
}

/* Where a CCW's data is, block by block, as far as the channel would go. */
static void model_data(struct model *m, const struct model_channel *ch,
		       const struct model_ccw *ccw, bool back, struct model_ranges *r)
{
	u32 left = ccw->count, n = 0;
	u64 addr = ccw->cda;

	r->n = 0;
	r->refused = false;
	while (left) {
		u32 len;

		if (ccw->flags & 0x04) {
			if (!model_idaw(m, ch, ccw->cda, n++, back, &addr)) {
				r->refused = true;
				return;
			}
		} else if (addr > ch->limit) {
			r->refused = true;
			return;
		}
		len = back ? addr % ch->block + 1 : ch->block - addr % ch->block;
		len = min(len, left);
		model_range_add(r, back ? addr - len + 1 : addr, len, back);
		/* Below 0 is above the limit. */
		addr = back ? addr - len : addr + len;
		left -= len;
	}
}

/* Where the host's channel moves data, it is in a pinned page; in guest terms. */
static bool model_to_guest(struct model *m, const struct model_ranges *host,
			   struct model_ranges *guest, bool back)
{
	u32 i;

	guest->n = 0;
	guest->refused = host->refused;
	for (i = 0; i < host->n; i++) {
		/* Frames do not touch: a range is in one page. */
		const struct model_range *r = &host->range[i];
		int page = model_frame_page(m, r->addr, r->len);

		if (page < 0) {
			model_complain(m, "data moves outside pinned pages", r->addr);
			return false;
		}
		model_range_add(guest, model_page_addr(page) + r->addr % MODEL_PAGE, r->len, back);
	}
	return true;
}

/* Ways to come to a CCW, for model_safe(). */
#define WAY_COMMAND	BIT(0)
#define WAY(op)		BIT(op)

struct model_step {
	u32 addr;
	u8 op;		/* OP_INVALID: as a command */
};

static bool model_seen(struct model *m, u32 addr, u8 op)
{
	u32 i = (addr - MODEL_ARENA) / MODEL_ARENA_STEP * (MODEL_PAGE / 8) +
		(addr - MODEL_ARENA) % MODEL_ARENA_STEP / 8;
	u32 way = op == OP_INVALID ? WAY_COMMAND : WAY(op);

	if (m->seen[i] >> 8 != m->stamp)
		m->seen[i] = m->stamp << 8;
	if (m->seen[i] & way)
		return true;
	m->seen[i] |= way;
	return false;
}

/* Every word that a CCW may use leads to a pinned page or the scratch pages. */
static void model_safe_data(struct model *m, const struct model_channel *ch,
			    const struct model_ccw *ccw, enum model_op op)
{
	bool back = op == OP_BACK;
	u32 left = ccw->count, n;
	u64 addr;

	if (!(ccw->flags & 0x04)) {
		model_complain(m, "CCW of the host without a list", ccw->cda);
		return;
	}
	if (ccw->cda & 7 || !model_arena(m, ccw->cda, 8, 0)) {
		model_complain(m, "list outside the arena", ccw->cda);
		return;
	}
	for (n = 0; left; n++) {
		u32 len;

		if (!model_arena(m, ccw->cda + n * 8, 8, 0)) {
			model_complain(m, "list runs out of the arena", ccw->cda);
			return;
		}
		if (!model_idaw(m, ch, ccw->cda, n, back, &addr)) {
			/* A lax channel would go on here. */
			if (!model_arena(m, back ? addr - ch->block + 1 : addr, ch->block, 1) &&
			    model_frame_page(m, addr, 1) < 0)
				model_complain(m, "refused word outside", addr);
			return;
		}
		len = back ? addr % ch->block + 1 : ch->block - addr % ch->block;
		len = min(len, left);
		if (back)
			addr -= len - 1;
		if (model_frame_page(m, addr, len) < 0 && !model_arena(m, addr, len, 1))
			model_complain(m, "word leads outside", addr);
		left -= len;
	}
}

/**
 * model_safe() - follow all paths of a host's program
 * @m: the world
 * @orb: what ccw_prog_orb() returned
 *
 * Devices end and chain as they like, with status modifier or without.
 *
 * Return: true if nothing leads outside; else &model.wrong says what does.
 */
static bool model_safe(struct model *m, const struct ccw_orb *orb)
{
	static struct model_step stack[4096];
	u32 flags = be32_to_cpu(orb->word[1]), depth = 0;
	struct model_channel ch = {
		.host = true, .fmt1 = true, .idaw2 = true, .limit = 0x7fffffff,
		.midaw = flags & 0x40, .suspend = flags & BIT(27),
		.block = flags & BIT(16) ? 2048 : 4096,
	};

	if (!(flags & BIT(23)) || !(flags & BIT(17)) || flags & 0x0014007f)
		model_complain(m, "ORB bits", flags);
	m->stamp++;
	stack[depth++] = (struct model_step){ be32_to_cpu(orb->word[2]), OP_INVALID };
	while (depth && !m->wrong) {
		struct model_step s = stack[--depth];
		bool chained = s.op != OP_INVALID;
		struct model_ccw ccw;
		enum model_op op;
		u8 *p;

		p = s.addr & 7 ? NULL : model_arena(m, s.addr, 8, 0);
		if (!p) {
			model_complain(m, "CCW outside the arena", s.addr);
			break;
		}
		if (model_seen(m, s.addr, s.op))
			continue;
		if (depth + 3 > ARRAY_SIZE(stack)) {
			model_complain(m, "too deep", depth);
			break;
		}
		model_decode(&ch, p, &ccw);
		if (model_refuses(&ch, &ccw, chained))
			continue;
		if (model_is_tic(&ch, &ccw)) {
			stack[depth++] = (struct model_step){ ccw.cda, s.op };
			continue;
		}
		op = chained ? s.op : model_op(ccw.cmd, true);
		model_safe_data(m, &ch, &ccw, op);
		if (ccw.flags & 0x80) {
			stack[depth++] = (struct model_step){ s.addr + 8, op };
		} else if (ccw.flags & 0x40) {
			stack[depth++] = (struct model_step){ s.addr + 8, OP_INVALID };
			stack[depth++] = (struct model_step){ s.addr + 16, OP_INVALID };
		}
	}
	return !m->wrong;
}

/* Could the device's status modifier leave out this CCW of the guest? */
static bool model_can_skip(struct model *m, const struct model_channel *ch, u32 addr)
{
	struct model_ccw ccw;
	u8 *p = addr > ch->limit ? NULL : model_at(m, addr);

	if (!p)
		return false;
	model_decode(ch, p, &ccw);
	if (model_is_tic(ch, &ccw))
		return !model_refuses(ch, &ccw, false);
	/* Not behind what is invalid, nor behind the end: see ccw_scan.c. */
	return ccw.flags & 0xc0 && !model_refuses(ch, &ccw, false);
}

/* How an execution came to its end. */
enum model_end {
	END_NORMAL, END_REFUSED, END_SUSPENDED, END_LOOP,
};

static void model_channel_guest(struct model_channel *ch, const __be32 *orb)
{
	u32 flags = be32_to_cpu(orb[1]);

	*ch = (struct model_channel){
		.fmt1 = flags & BIT(23), .idaw2 = flags & BIT(17), .midaw = flags & 0x40,
		.suspend = flags & BIT(27),
		.block = flags & BIT(17) && !(flags & BIT(16)) ? 4096 : 2048,
		.limit = flags & BIT(23) ? 0x7fffffff : 0xffffff,
	};
}

static bool model_same_data(struct model *m, const struct model_channel *guest,
			    const struct model_channel *host, const struct model_ccw *gc,
			    const struct model_ccw *hc, bool back, u32 g)
{
	static struct model_ranges want, there, got;

	model_data(m, guest, gc, back, &want);
	model_data(m, host, hc, back, &there);
	if (!model_to_guest(m, &there, &got, back))
		return false;
	if (want.refused != got.refused || want.n != got.n ||
	    memcmp(want.range, got.range, want.n * sizeof(want.range[0]))) {
		model_complain(m, "other data than the guest's", g);
		return false;
	}
	return true;
}

/**
 * model_same() - execute a guest's program and its copy side by side
 * @m: the world, whose memory has not changed since the translation
 * @guest_orb: words 0 to 2
 * @prog: translated from it
 * @modifier: the device may use status modifier
 * @ended: how it ended
 *
 * What the device does is drawn at random: end in the middle of a data chain,
 * answer with status modifier.
 *
 * Return: true if each step was the same; else &model.wrong says what was not.
 */
static bool model_same(struct model *m, const __be32 *guest_orb, struct ccw_prog *prog,
		       bool modifier, enum model_end *ended)
{
	const struct ccw_orb *orb = ccw_prog_orb(prog, 0, 0x80);
	u32 g = be32_to_cpu(guest_orb[2]), h = be32_to_cpu(orb->word[2]), steps;
	struct model_channel guest, host = {
		.host = true, .fmt1 = true, .idaw2 = true, .limit = 0x7fffffff,
		.suspend = be32_to_cpu(orb->word[1]) & BIT(27),
		.block = be32_to_cpu(orb->word[1]) & BIT(16) ? 2048 : 4096,
	};
	bool chained = false, after_tic = true;
	enum model_op op = OP_INVALID;

	model_channel_guest(&guest, guest_orb);
	*ended = END_LOOP;
	for (steps = 0; steps < 600; steps++) {
		u8 *gp = g > guest.limit ? NULL : model_at(m, g);
		u8 *hp = model_arena(m, h, 8, 0);
		bool gbad = true, hbad = true;
		__be32 scsw[3] = { cpu_to_be32(BIT(14)), cpu_to_be32(h + 8) };
		struct model_ccw gc, hc;

		/* The status would name this CCW by the address behind it. */
		ccw_prog_scsw_to_guest(prog, scsw);
		if (be32_to_cpu(scsw[1]) != g + 8) {
			model_complain(m, "CCW address in the status", g);
			return false;
		}
		if (gp) {
			model_decode(&guest, gp, &gc);
			gbad = model_refuses(&guest, &gc, chained) ||
			       (after_tic && model_is_tic(&guest, &gc));
		}
		if (hp) {
			model_decode(&host, hp, &hc);
			hbad = model_refuses(&host, &hc, chained) ||
			       (after_tic && model_is_tic(&host, &hc));
		}
		/*
		 * The copy of a CCW with a bad list is invalid: that is found at
		 * once, and even where this execution would not use the list.
		 */
		if (!gbad && hbad && !model_is_tic(&guest, &gc)) {
			static struct model_ranges r;

			if (!chained)
				op = model_op(gc.cmd, guest.fmt1);
			model_data(m, &guest, &gc, op == OP_BACK, &r);
			gbad = r.refused && !r.n;
		}
		if (gbad != hbad) {
			model_complain(m, gbad ? "the guest's CCW is refused, the copy is not" :
				       "the copy is refused, the guest's CCW is not", g);
			return false;
		}
		if (gbad) {
			*ended = END_REFUSED;
			return true;
		}
		after_tic = model_is_tic(&guest, &gc);
		if (after_tic != model_is_tic(&host, &hc)) {
			model_complain(m, "TIC", g);
			return false;
		}
		if (after_tic) {
			g = gc.cda;
			h = hc.cda;
			continue;
		}
		if ((gc.flags | 0x04) != (hc.flags | 0x04) || gc.count != hc.count) {
			model_complain(m, "flags or count", g);
			return false;
		}
		if (gc.flags & 0x02) {
			*ended = END_SUSPENDED;
			return true;
		}
		if (!chained) {
			op = model_op(gc.cmd, guest.fmt1);
			if (gc.cmd != hc.cmd) {
				model_complain(m, "command", g);
				return false;
			}
		}
		if (model_moves(&gc, op)) {
			static struct model_ranges r;

			if (!model_same_data(m, &guest, &host, &gc, &hc, op == OP_BACK, g))
				return false;
			model_data(m, &guest, &gc, op == OP_BACK, &r);
			if (r.refused) {
				*ended = END_REFUSED;
				return true;
			}
		}
		chained = gc.flags & 0x80;
		if (!(gc.flags & 0xc0) || (chained && !model_below(m, 16))) {
			*ended = END_NORMAL;
			return true;
		}
		if (!chained && modifier && !model_below(m, 5) &&
		    model_can_skip(m, &guest, g + 8)) {
			g += 8;
			h += 8;
		}
		g += 8;
		h += 8;
	}
	return true;
}

#endif
