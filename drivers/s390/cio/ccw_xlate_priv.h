/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the channel-program translator, see ccw_xlate.c for the overview
 */
#ifndef _S390_CCW_XLATE_PRIV_H_
#define _S390_CCW_XLATE_PRIV_H_

#include <linux/bits.h>
#include <linux/types.h>

#include "ccw_xlate.h"

#define CCW_PAGE		4096u
#define CCW_HALF		2048u	/* block of a format-1 or 2K IDAW */

/* Limits of a program: pieces without a gap, CCWs in one of them. */
#define CCW_RUNS_MAX		16
#define CCW_RUN_LEN_MAX		256
#define CCW_COUNT_MAX		(CCW_RUNS_MAX * CCW_RUN_LEN_MAX)
/* Reads of guest memory for CCWs: more means CCWs all over the place. */
#define CCW_WINDOWS_MAX		128
/* CCWs fetched at first; each read that goes on doubles it. */
#define CCW_WINDOW_MIN		32

/* Bytes of address lists fetched at first, and at most; each read doubles it. */
#define CCW_LISTS_MIN		128
#define CCW_LISTS_MAX		1024

/* 65535 bytes from the last byte of a 2K block: so many words, at most. */
#define CCW_IDAL_MAX		33

/* Fields of word 1 of a command-mode ORB. */
#define ORB_KEY			0xf0000000u
#define ORB_SUSPEND		BIT(27)
#define ORB_STREAMING		BIT(26)
#define ORB_MODIFY		BIT(25)
#define ORB_SYNC		BIT(24)
#define ORB_FMT1		BIT(23)
#define ORB_PREFETCH		BIT(22)
#define ORB_INITIAL		BIT(21)
#define ORB_LIMIT		BIT(20)
#define ORB_NO_SUSP_INT		BIT(19)
#define ORB_TRANSPORT		BIT(18)
#define ORB_IDAW2		BIT(17)
#define ORB_IDAW_2K		BIT(16)
#define ORB_LPM			0x0000ff00u
#define ORB_LPM_SHIFT		8
#define ORB_ILS			BIT(7)
#define ORB_MIDAW		BIT(6)
#define ORB_RESERVED		0x0000003eu

#define CCW_DC			0x80
#define CCW_CC			0x40
#define CCW_SKIP		0x10
#define CCW_IDA			0x04
#define CCW_MIDA		0x01
#define CCW_TIC			0x08
#define CCW_NOP			0x03

/*
 * How the channel can come to a CCW, and what it does there. A CCW that is
 * fetched by data chaining goes on with the command before it, whatever its own
 * code: so the operations are handed down. A CCW can be come to in many ways.
 */
#define CCW_AT_COMMAND		BIT(0)	/* its own command code counts */
#define CCW_AT_AFTER_CC		BIT(1)	/* from the CCW in front of it */
#define CCW_AT_OUT		BIT(2)	/* chained: write, control */
#define CCW_AT_IN		BIT(3)	/* chained: read, sense */
#define CCW_AT_BACK		BIT(4)	/* chained: read backward */
#define CCW_AT_IDLE		BIT(5)	/* chained: no-operation */
#define CCW_AT_CHAINED		(CCW_AT_OUT | CCW_AT_IN | CCW_AT_BACK | CCW_AT_IDLE)
/* The CCW after this one belongs to the same piece. */
#define CCW_AT_GOES_ON		BIT(7)

/**
 * struct ccw_window - CCWs fetched by one read
 * @addr: guest address of the first
 * @count: how many there are
 * @slot: index of the first in the tables
 * @used: behind this many of them the channel comes to none
 */
struct ccw_window {
	u32 addr, count, slot, used;
};

/**
 * struct ccw_run - CCWs without a gap, in guest and host
 * @guest: guest address of the first
 * @host: host address of the first
 * @ccw: the host's CCWs; after the last stand an invalid one and a gap
 * @count: how many there are
 */
struct ccw_run {
	u32 guest, host;
	__be64 *ccw;
	u32 count;
};

/**
 * struct ccw_data - a CCW that moves data by way of IDAWs
 * @slot: index of the CCW in the tables
 * @word: index of its first IDAW in the table of words
 * @words: how many blocks of the guest's size it needs
 * @good: how many of the IDAWs are well formed, counted from the first
 * @back: it reads backward
 */
struct ccw_data {
	u32 slot, word;
	u16 words, good;
	bool back;
};

/**
 * struct ccw_ref - a word of an address list that waits for its page, or a TIC
 *		    that waits for its target
 * @iova: guest address
 * @word: the word, or CCW, that its host address goes into
 */
struct ccw_ref {
	u64 iova;
	__be64 *word;
};

/**
 * struct ccw_pin - one call of &ccw_mem_ops.pin
 * @iova: the first page, as it was pinned
 * @npages: how many, as they were pinned
 * @first: index of its first page in the table of host addresses
 */
struct ccw_pin {
	u64 iova;
	u32 npages, first;
};

/**
 * struct ccw_table - array that grows and is kept for the next program
 * @p: the elements
 * @len: elements in use
 * @cap: elements there is room for
 */
struct ccw_table {
	void *p;
	u32 len, cap;
};

/**
 * struct ccw_arena_page - page for CCWs and address lists
 * @va: where the kernel sees it
 * @addr: where a channel sees it, below 2 GiB
 */
struct ccw_arena_page {
	void *va;
	u32 addr;
};

/**
 * struct ccw_work - a place the channel may come to, not yet looked at
 * @addr: guest address of the CCW
 * @at: CCW_AT_* bits
 */
struct ccw_work {
	u32 addr;
	u8 at;
};

struct ccw_prog {
	const struct ccw_mem_ops *ops;
	void *ctx;
	bool loaded;

	/* The guest's ORB, and what it says. */
	u32 guest_flags, guest_cpa;
	u32 limit;		/* last address of CCWs and direct data */
	bool fmt1, idaw2, midaw;
	u32 block;		/* bytes that an IDAW of the guest stands for */

	/* Scan: windows by address; raw and state are indexed by slot. */
	struct ccw_window window[CCW_WINDOWS_MAX];
	u32 windows, window_hint;
	struct ccw_table raw;	/* u64: as format 1 once come to, before as fetched */
	struct ccw_table state;	/* u8: CCW_AT_* */
	struct ccw_table work;	/* struct ccw_work */
	u32 ccws;
	bool guess, guessed;

	/* Plan, for blocks of 2K only: lists by the address of their CCW. */
	struct ccw_table data;	/* struct ccw_data */
	struct ccw_table words;	/* u64: the guest's IDAWs */
	u32 planned;		/* how many have been written */
	u32 host_block;		/* bytes that an IDAW of the host stands for */

	/* Emit: pieces by address, branches that wait for them all. */
	struct ccw_run run[CCW_RUNS_MAX];
	u32 runs;
	struct ccw_table tics;	/* struct ccw_ref */

	/*
	 * The last piece of guest memory that held address lists, and how much
	 * the next one is going to be.
	 */
	struct {
		u64 addr;
		u32 len, ahead;
		u64 words[CCW_LISTS_MAX / sizeof(u64)];
	} lists;

	/* Pin: refs in the order of the CCWs, pins by address. */
	struct ccw_table refs;	/* struct ccw_ref */
	struct ccw_table host;	/* u64: address of each pinned page */
	struct ccw_table pins;	/* struct ccw_pin */

	/* Arena: pages in use up to page, of which used bytes are taken. */
	struct ccw_table pages;	/* struct ccw_arena_page */
	u32 page, used;

	/*
	 * Two pages of zeroes for what moves no data, and in the first page of
	 * the arena two lists of their addresses: ascending, and backward.
	 */
	void *scratch;
	u32 scratch_addr, scratch_list, scratch_list_back;

	bool trim;		/* a table is larger than what is kept */

	struct ccw_orb orb;
	struct ccw_prog_stats stats;
};

/* A CCW of format 1 as a number. */
#define CCW_RAW_FLAGS(flags)	((u64)(flags) << 48)
#define CCW_RAW_CDA		0xffffffffull

static inline u8 ccw_cmd(u64 ccw)
{
	return ccw >> 56;
}

static inline u8 ccw_flags(u64 ccw)
{
	return ccw >> 48;
}

static inline u16 ccw_count(u64 ccw)
{
	return ccw >> 32;
}

static inline u32 ccw_cda(u64 ccw)
{
	return ccw;
}

static inline u64 ccw_make(u8 cmd, u8 flags, u16 count, u32 cda)
{
	return (u64)cmd << 56 | (u64)flags << 48 | (u64)count << 32 | cda;
}

static inline u64 *ccw_raw(struct ccw_prog *prog, u32 slot)
{
	return (u64 *)prog->raw.p + slot;
}

static inline u8 *ccw_state(struct ccw_prog *prog, u32 slot)
{
	return (u8 *)prog->state.p + slot;
}

/* What a CCW's own command does, as if it were chained; 0: it is invalid. */
static inline u8 ccw_operation(u8 cmd)
{
	static const u8 does[16] = {
		0,		CCW_AT_OUT,	CCW_AT_IN,	CCW_AT_OUT,
		CCW_AT_IN,	CCW_AT_OUT,	CCW_AT_IN,	CCW_AT_OUT,
		0,		CCW_AT_OUT,	CCW_AT_IN,	CCW_AT_OUT,
		CCW_AT_BACK,	CCW_AT_OUT,	CCW_AT_IN,	CCW_AT_OUT,
	};

	return cmd == CCW_NOP ? CCW_AT_IDLE : does[cmd & 0x0f];
}

/* ccw_xlate.c */
int ccw_table_grow(struct ccw_prog *prog, struct ccw_table *table, size_t size, u32 more);
int ccw_arena_next(struct ccw_prog *prog);

/* Make room for more elements of this size. */
static inline int ccw_table_room(struct ccw_prog *prog, struct ccw_table *table, size_t size,
				 u32 more)
{
	return table->len + more <= table->cap ? 0 : ccw_table_grow(prog, table, size, more);
}

/*
 * Take a contiguous piece of the arena, of less than a page and a multiple of 8
 * bytes, with whatever was in it; addr receives where a channel sees it. NULL
 * if there is no memory.
 */
static inline void *ccw_arena_take(struct ccw_prog *prog, u32 bytes, u32 *addr)
{
	const struct ccw_arena_page *page;
	u32 at = prog->used;

	if (at + bytes > CCW_PAGE) {
		if (ccw_arena_next(prog))
			return NULL;
		at = 0;
	}
	page = (struct ccw_arena_page *)prog->pages.p + prog->page;
	prog->used = at + bytes;
	*addr = page->addr + at;
	return page->va + at;
}

/* ccw_scan.c */
int ccw_scan(struct ccw_prog *prog);

/* ccw_plan.c */
int ccw_plan(struct ccw_prog *prog);
int ccw_emit(struct ccw_prog *prog);

/* ccw_pin.c */
int ccw_pin_refs(struct ccw_prog *prog);
void ccw_unpin_all(struct ccw_prog *prog);

#endif
