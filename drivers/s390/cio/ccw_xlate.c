// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channel-program translator: its life, the ORB, and the way back
 *
 * Called by vfio-ccw for the program's owner, see ccw_xlate.h for contexts. The
 * passes are in ccw_scan.c, ccw_plan.c and ccw_pin.c.
 */

/**
 * DOC: Channel programs
 *
 * A guest's channel program consists of CCWs, which name data by guest
 * addresses, directly or through lists of them (IDALs), and which branch by
 * guest addresses (TIC). The channel executes a copy: the same CCWs below 2 GiB,
 * in format 1, each with a list of its own. The copy is made in three passes:
 *
 * 1. Scan: find every CCW that the channel can come to, by chaining, by TIC, and
 *    by the status modifier with which a device leaves one out. Each byte is
 *    fetched once, so that what was looked at is what runs. A CCW that is come
 *    to by data chaining goes on with the command before it; so each learns what
 *    it can be part of.
 * 2. Plan and emit: lay out the CCWs without gaps where the guest has none, with
 *    an invalid one behind each piece; take over the guest's lists; write the
 *    copy.
 * 3. Pin: sort the pages, pin neighbours by one call, and complete the lists.
 *    Each call is recorded and undone as it was made.
 *
 * What stays true, whatever the guest writes, and while it writes: an address in
 * the copy is in the arena, in a page that is pinned for this program, or in the
 * two scratch pages; and the bytes that the channel moves there do not leave the
 * page.
 *
 * The copy is not cleverer than the original: where the channel would answer the
 * guest's program with a program check, it answers the copy with one, at the
 * same CCW. Zero serves as the invalid CCW. Only what is not there, is beyond
 * the limits (16 pieces of 256 CCWs), or cannot be carried over (MIDAWs, data
 * that one CCW can move in both directions) fails START SUBCHANNEL.
 *
 * Memory is kept from program to program: a device that runs programs like the
 * one before allocates nothing.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <asm/byteorder.h>

#include "ccw_xlate_priv.h"

#ifdef CONFIG_S390
#include <asm/cio.h>
#include <asm/page.h>
#include "orb.h"

static_assert(CCW_PAGE == PAGE_SIZE);
static_assert(sizeof(struct ccw1) == sizeof(u64));
static_assert(offsetof(struct ccw1, count) == 2 && offsetof(struct ccw1, cda) == 4);
static_assert(sizeof(union orb) == sizeof(struct ccw_orb));
static_assert(offsetof(struct cmd_orb, cpa) == 8);
static_assert(CCW_DC == CCW_FLAG_DC && CCW_CC == CCW_FLAG_CC && CCW_SKIP == CCW_FLAG_SKIP &&
	      CCW_IDA == CCW_FLAG_IDA && CCW_TIC == CCW_CMD_TIC && CCW_NOP == CCW_CMD_NOOP);
static_assert(offsetof(struct irb, esw.esw0.erw) == 4 * sizeof(u32) &&
	      offsetof(struct irb, esw.esw0.saddr) == 7 * sizeof(u32));
#endif

/* Arena pages and bytes of a table that stay allocated between programs. */
#define CCW_KEEP_PAGES	8
#define CCW_KEEP_BYTES	(64 * 1024)

/* Bits of an ORB that reach the host as they are. */
#define ORB_PASSED	(ORB_KEY | ORB_SUSPEND | ORB_STREAMING | ORB_MODIFY | ORB_SYNC | \
			 ORB_PREFETCH | ORB_INITIAL | ORB_NO_SUSP_INT | ORB_LPM | ORB_ILS)

/* Fields of an IRB: word 0 of the SCSW, and the extended report word. */
#define SCSW_ESW_FORMAT		BIT(26)
#define SCSW_START_FUNCTION	BIT(14)
#define SCSW_FROM_ORB		(ORB_FMT1 | ORB_LIMIT)
#define IRB_CPA			1
#define IRB_ERW			4
#define IRB_FAILING		5
#define IRB_SECONDARY		7
#define ERW_FAILING_VALID	BIT(25)
#define ERW_SECONDARY_VALID	BIT(23)
#define ERW_FAILING_64BIT	BIT(22)

/**
 * ccw_table_grow() - make room in a table that has not enough
 * @prog: owner of the table
 * @table: the table
 * @size: bytes of an element
 * @more: how many elements are going to be added
 *
 * Context: the program's owner; may sleep.
 * Return: 0 or -ENOMEM.
 */
int ccw_table_grow(struct ccw_prog *prog, struct ccw_table *table, size_t size, u32 more)
{
	u32 cap = max3(table->len + more, 2 * table->cap, 32u);
	void *p;

	p = kvrealloc(table->p, cap * size, GFP_KERNEL_ACCOUNT);
	if (!p)
		return -ENOMEM;
	prog->stats.allocs++;
	table->p = p;
	table->cap = cap;
	prog->trim |= cap * size > CCW_KEEP_BYTES;
	return 0;
}

static void table_trim(struct ccw_table *table, size_t size)
{
	table->len = 0;
	if (table->cap * size <= CCW_KEEP_BYTES)
		return;
	kvfree(table->p);
	table->p = NULL;
	table->cap = 0;
}

static int arena_grow(struct ccw_prog *prog)
{
	struct ccw_arena_page *page;
	int ret = ccw_table_room(prog, &prog->pages, sizeof(*page), 1);

	if (ret)
		return ret;
	page = (struct ccw_arena_page *)prog->pages.p + prog->pages.len;
	page->va = prog->ops->alloc(prog->ctx, 0, &page->addr);
	if (!page->va)
		return -ENOMEM;
	prog->stats.allocs++;
	prog->pages.len++;
	return 0;
}

/**
 * ccw_arena_next() - begin another page of the arena
 * @prog: the program
 *
 * Context: the program's owner; may sleep.
 * Return: 0 or -ENOMEM.
 */
int ccw_arena_next(struct ccw_prog *prog)
{
	if (prog->page + 1 == prog->pages.len && arena_grow(prog))
		return -ENOMEM;
	prog->page++;
	return 0;
}

/*
 * The lists for CCWs that move nothing, at the beginning of the arena. As with
 * the words that must not be used, a block is in the scratch pages either way.
 */
static int make_scratch(struct ccw_prog *prog)
{
	__be64 *list, *back;
	u32 i;

	prog->scratch = prog->ops->alloc(prog->ctx, 1, &prog->scratch_addr);
	if (!prog->scratch)
		return -ENOMEM;
	prog->stats.allocs++;
	if (arena_grow(prog))
		return -ENOMEM;
	list = ccw_arena_take(prog, CCW_IDAL_MAX * sizeof(*list), &prog->scratch_list);
	back = ccw_arena_take(prog, CCW_IDAL_MAX * sizeof(*back), &prog->scratch_list_back);
	for (i = 0; i < CCW_IDAL_MAX; i++) {
		list[i] = cpu_to_be64(prog->scratch_addr + CCW_PAGE);
		back[i] = cpu_to_be64(prog->scratch_addr + CCW_PAGE - 1);
	}
	return 0;
}

/* Forget the program, keep the memory. */
static void reset(struct ccw_prog *prog)
{
	prog->windows = 0;
	prog->window_hint = 0;
	prog->runs = 0;
	prog->ccws = 0;
	prog->guessed = false;
	prog->lists.len = 0;
	prog->lists.ahead = CCW_LISTS_MIN;
	prog->raw.len = 0;
	prog->state.len = 0;
	prog->work.len = 0;
	prog->data.len = 0;
	prog->words.len = 0;
	prog->tics.len = 0;
	prog->planned = 0;
	prog->refs.len = 0;
	prog->page = 0;
	prog->used = 2 * CCW_IDAL_MAX * sizeof(__be64);
}

/**
 * ccw_prog_create() - make a translator for one device
 * @ops: how to reach guest memory
 * @ctx: what @ops are called with
 *
 * Context: may sleep; calls only &ccw_mem_ops.alloc.
 * Return: the translator, to be freed by ccw_prog_destroy(), or NULL if there
 * is no memory.
 */
struct ccw_prog *ccw_prog_create(const struct ccw_mem_ops *ops, void *ctx)
{
	struct ccw_prog *prog = kzalloc(sizeof(*prog), GFP_KERNEL_ACCOUNT);

	if (!prog)
		return NULL;
	prog->ops = ops;
	prog->ctx = ctx;
	prog->stats.allocs++;
	if (make_scratch(prog)) {
		ccw_prog_destroy(prog);
		return NULL;
	}
	reset(prog);
	return prog;
}

/**
 * ccw_prog_destroy() - free a translator
 * @prog: the translator, or NULL
 *
 * Unpins what is pinned. No channel may be using the program any more.
 *
 * Context: may sleep; there is no other user.
 */
void ccw_prog_destroy(struct ccw_prog *prog)
{
	const struct ccw_arena_page *page;

	if (!prog)
		return;
	ccw_unpin_all(prog);
	while (prog->pages.len) {
		page = (struct ccw_arena_page *)prog->pages.p + --prog->pages.len;
		prog->ops->free(prog->ctx, page->va, 0);
	}
	if (prog->scratch)
		prog->ops->free(prog->ctx, prog->scratch, 1);
	kvfree(prog->pages.p);
	kvfree(prog->raw.p);
	kvfree(prog->state.p);
	kvfree(prog->work.p);
	kvfree(prog->data.p);
	kvfree(prog->words.p);
	kvfree(prog->tics.p);
	kvfree(prog->refs.p);
	kvfree(prog->host.p);
	kvfree(prog->pins.p);
	kfree(prog);
}

/**
 * ccw_prog_release() - unpin a program's pages and forget it
 * @prog: the translator, with a program or without
 *
 * Once the subchannel can no longer run the program: its final status is in,
 * SSCH was refused, or the subchannel is disabled. A program that is suspended,
 * or whose device did not answer halt and clear, is not finished. Memory that
 * an unusually large program needed is freed.
 *
 * Context: the program's owner; may sleep.
 */
void ccw_prog_release(struct ccw_prog *prog)
{
	const struct ccw_arena_page *page;

	prog->loaded = false;
	ccw_unpin_all(prog);
	reset(prog);
	while (prog->pages.len > CCW_KEEP_PAGES) {
		page = (struct ccw_arena_page *)prog->pages.p + --prog->pages.len;
		prog->ops->free(prog->ctx, page->va, 0);
	}
	if (!prog->trim)
		return;
	prog->trim = false;
	table_trim(&prog->raw, sizeof(u64));
	table_trim(&prog->state, sizeof(u8));
	table_trim(&prog->work, sizeof(struct ccw_work));
	table_trim(&prog->data, sizeof(struct ccw_data));
	table_trim(&prog->words, sizeof(u64));
	table_trim(&prog->tics, sizeof(struct ccw_ref));
	table_trim(&prog->refs, sizeof(struct ccw_ref));
	table_trim(&prog->host, sizeof(u64));
	table_trim(&prog->pins, sizeof(struct ccw_pin));
}

/* Take over what the guest's ORB says. */
static int take_orb(struct ccw_prog *prog, const void *guest_orb)
{
	__be32 word[3];
	u32 flags;

	static_assert(sizeof(word) == CCW_ORB_GUEST_SIZE);
	memcpy(word, guest_orb, sizeof(word));
	flags = be32_to_cpu(word[1]);
	if (flags & ORB_TRANSPORT)
		return -EOPNOTSUPP;
	if (flags & ORB_RESERVED)
		return -EINVAL;
	prog->guest_flags = flags;
	prog->guest_cpa = be32_to_cpu(word[2]);
	prog->fmt1 = flags & ORB_FMT1;
	prog->idaw2 = flags & ORB_IDAW2;
	prog->midaw = flags & ORB_MIDAW;
	prog->block = (flags & (ORB_IDAW2 | ORB_IDAW_2K)) == ORB_IDAW2 ? CCW_PAGE : CCW_HALF;
	prog->limit = prog->fmt1 ? 0x7fffffff : 0xffffff;
	if (prog->guest_cpa & 7 || prog->guest_cpa > prog->limit)
		return -EINVAL;
	return 0;
}

static int translate(struct ccw_prog *prog)
{
	int ret = ccw_scan(prog);

	prog->host_block = CCW_PAGE;
	if (!ret && prog->block == CCW_HALF)
		ret = ccw_plan(prog);
	if (!ret)
		ret = ccw_emit(prog);
	if (!ret)
		ret = ccw_pin_refs(prog);
	return ret;
}

/**
 * ccw_prog_translate() - make a guest's channel program one for the host
 * @prog: the translator, without a program
 * @guest_orb: CCW_ORB_GUEST_SIZE bytes, words 0 to 2 of the guest's ORB
 *
 * Reads the program, pins the pages that it moves data from and to, and builds
 * the copy. Prefetching is taken for granted, whatever the ORB says about it;
 * the caller may warn. On failure nothing stays pinned.
 *
 * Context: the program's owner; may sleep.
 * Return: 0, or
 * * -EBUSY: there is a program already
 * * -EOPNOTSUPP: transport mode, MIDAWs, or a CCW that moves data both ways
 * * -EINVAL: reserved bits or a bad program address in the ORB, or more CCWs than
 *   the limits allow: 16 pieces of 256
 * * -ENOMEM
 * * what &ccw_mem_ops.read or &ccw_mem_ops.pin returned for memory that is not
 *   there
 */
int ccw_prog_translate(struct ccw_prog *prog, const void *guest_orb)
{
	int ret;

	if (prog->loaded)
		return -EBUSY;
	ret = take_orb(prog, guest_orb);
	if (ret)
		return ret;
	prog->guess = true;
	for (;;) {
		ret = translate(prog);
		if (!ret || !prog->guessed)
			break;
		/*
		 * It fails, perhaps for CCWs that only a guess led to: do
		 * without them. The channel finds an invalid CCW there, should
		 * it ever come.
		 */
		ccw_unpin_all(prog);
		reset(prog);
		prog->guess = false;
	}
	if (ret) {
		ccw_prog_release(prog);
		return ret;
	}
	prog->loaded = true;
	prog->stats.programs++;
	prog->stats.ccws += prog->ccws;
	return 0;
}

/**
 * ccw_prog_loaded() - is there a program
 * @prog: the translator, or NULL
 *
 * Context: any, the program's owner.
 * Return: true between ccw_prog_translate() and ccw_prog_release().
 */
bool ccw_prog_loaded(const struct ccw_prog *prog)
{
	return prog && prog->loaded;
}

/* Host address of the guest's first CCW. */
static u32 host_cpa(const struct ccw_prog *prog)
{
	const struct ccw_run *run = prog->run;

	/* Below the piece, the difference wraps. */
	while (prog->guest_cpa - run->guest >= run->count * 8)
		run++;
	return run->host + (prog->guest_cpa - run->guest);
}

/**
 * ccw_prog_orb() - the ORB that starts the program
 * @prog: the translator
 * @intparm: interruption parameter
 * @lpm: logical-path mask to use if the guest has left the choice open
 *
 * Always 32 bytes, format 1 and format-2 IDAWs. Of the guest's bits only those
 * pass that mean for the host what they mean for the guest: not address-limit
 * checking, MIDAW control or the ORB extension. Format 0 has no
 * incorrect-length indication for immediate operations, which is what the
 * suppression mode is for format 1.
 *
 * Context: any, the program's owner.
 * Return: the ORB, valid until the program is released; NULL if there is none.
 */
const struct ccw_orb *ccw_prog_orb(struct ccw_prog *prog, u32 intparm, u8 lpm)
{
	u32 flags = (prog->guest_flags & ORB_PASSED) | ORB_FMT1 | ORB_IDAW2;

	if (!prog->loaded)
		return NULL;
	if (prog->host_block == CCW_HALF)
		flags |= ORB_IDAW_2K;
	if (!(flags & ORB_LPM))
		flags |= lpm << ORB_LPM_SHIFT;
	if (!prog->fmt1)
		flags |= ORB_ILS;
	prog->orb.word[0] = cpu_to_be32(intparm);
	prog->orb.word[1] = cpu_to_be32(flags);
	prog->orb.word[2] = cpu_to_be32(host_cpa(prog));
	return &prog->orb;
}

/*
 * Guest address of a CCW that the channel names. It names the one behind the
 * last that it used, which may be the invalid one behind a piece. 0: not ours.
 */
static u32 ccw_to_guest(const struct ccw_prog *prog, u32 host)
{
	const struct ccw_run *run, *end;

	if (!ccw_prog_loaded(prog))
		return 0;
	end = prog->run + prog->runs;
	for (run = prog->run; run < end; run++)
		if (host >= run->host && host - run->host <= (run->count + 1) * 8)
			return run->guest + (host - run->host);
	return 0;
}

/* Guest address of data that the channel names. */
static bool data_to_guest(const struct ccw_prog *prog, u64 host, u64 *guest)
{
	const struct ccw_pin *pin, *end;
	const u64 *page;
	u32 i;

	if (!ccw_prog_loaded(prog))
		return false;
	page = prog->host.p;
	end = (struct ccw_pin *)prog->pins.p + prog->pins.len;
	for (pin = prog->pins.p; pin < end; pin++) {
		for (i = 0; i < pin->npages; i++) {
			if (host - page[pin->first + i] < CCW_PAGE) {
				*guest = pin->iova + i * CCW_PAGE +
					 (host - page[pin->first + i]);
				return true;
			}
		}
	}
	return false;
}

/**
 * ccw_prog_scsw_to_guest() - make a subchannel-status word the guest's
 * @prog: the translator, with a program or without; NULL: the status is not of
 *	  the program that is there now
 * @scsw: 12 bytes, from an IRB or a SCHIB
 *
 * The CCW address becomes the guest's, or zero where it is none of the
 * program's; the bits that repeat the ORB repeat the guest's.
 *
 * Context: any, the program's owner.
 */
void ccw_prog_scsw_to_guest(const struct ccw_prog *prog, void *scsw)
{
	__be32 word[3];

	memcpy(word, scsw, sizeof(word));
	if (ccw_prog_loaded(prog) && word[0] & cpu_to_be32(SCSW_START_FUNCTION)) {
		word[0] &= ~cpu_to_be32(SCSW_FROM_ORB);
		word[0] |= cpu_to_be32(prog->guest_flags & SCSW_FROM_ORB);
	}
	word[IRB_CPA] = cpu_to_be32(ccw_to_guest(prog, be32_to_cpu(word[IRB_CPA])));
	memcpy(scsw, word, sizeof(word));
}

/* The failing storage address of a format-0 ESW: of a CCW or of data. */
static void failing_to_guest(const struct ccw_prog *prog, __be32 *esw, u32 *erw)
{
	u32 high = be32_to_cpu(esw[0]), low = be32_to_cpu(esw[1]);
	bool wide = *erw & ERW_FAILING_64BIT;
	u64 host = wide ? (u64)high << 32 | low : high, guest = 0;

	if (*erw & ERW_FAILING_VALID && !data_to_guest(prog, host, &guest)) {
		guest = host < BIT(31) ? ccw_to_guest(prog, host) : 0;
		if (!guest)
			*erw &= ~ERW_FAILING_VALID;
	}
	if (!(*erw & ERW_FAILING_VALID))
		guest = 0;
	/* A host's page may be below 2 GiB and the guest's is not. */
	if (guest > 0x7fffffff) {
		*erw |= ERW_FAILING_64BIT;
		wide = true;
	}
	esw[0] = cpu_to_be32(wide ? guest >> 32 : guest);
	esw[1] = cpu_to_be32(wide ? guest : 0);
}

/**
 * ccw_prog_irb_to_guest() - make an interruption-response block the guest's
 * @prog: the translator, with a program or without; NULL: the status is not of
 *	  the program that is there now
 * @irb: struct irb, of which words 0 to 7 are looked at
 *
 * As ccw_prog_scsw_to_guest(), and for the addresses in the extended status: one
 * that is none of the program's is cleared and no longer said to be valid.
 *
 * Context: any, the program's owner.
 */
void ccw_prog_irb_to_guest(const struct ccw_prog *prog, void *irb)
{
	__be32 word[8];
	u32 erw, guest;

	ccw_prog_scsw_to_guest(prog, irb);
	memcpy(word, irb, sizeof(word));
	if (!(word[0] & cpu_to_be32(SCSW_ESW_FORMAT)))
		return;
	erw = be32_to_cpu(word[IRB_ERW]);
	failing_to_guest(prog, &word[IRB_FAILING], &erw);
	guest = erw & ERW_SECONDARY_VALID ?
		ccw_to_guest(prog, be32_to_cpu(word[IRB_SECONDARY])) : 0;
	if (!guest)
		erw &= ~ERW_SECONDARY_VALID;
	word[IRB_SECONDARY] = cpu_to_be32(guest);
	word[IRB_ERW] = cpu_to_be32(erw);
	memcpy(irb, word, sizeof(word));
}

/**
 * ccw_prog_stats() - what translating has cost
 * @prog: the translator
 *
 * Context: any, the program's owner.
 * Return: the counters, valid until ccw_prog_destroy().
 */
const struct ccw_prog_stats *ccw_prog_stats(const struct ccw_prog *prog)
{
	return &prog->stats;
}
