// SPDX-License-Identifier: GPL-2.0-only
/*
 * Second and last pass of the channel-program translator: lay out the host's
 * CCWs and address lists, and write them.
 *
 * Every CCW of the host names an address list (IDAL), which is in the arena; a
 * word of a list names a pinned page or the scratch pages. Words that need a
 * page are collected; ccw_pin.c fills them in. Called by ccw_prog_translate()
 * for the program's owner; may sleep.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include <asm/byteorder.h>

#include "ccw_xlate_priv.h"

static u32 slot_at(struct ccw_prog *prog, u32 pos)
{
	return ((u32 *)prog->order.p)[pos];
}

/* Put the CCWs found into order of address, and cut them where one ends. */
static int plan_runs(struct ccw_prog *prog)
{
	struct ccw_run *run = NULL;
	u32 w, i, next = 0;
	int ret;

	ret = ccw_table_room(prog, &prog->order, sizeof(u32), prog->ccws);
	if (ret)
		return ret;
	for (w = 0; w < prog->windows; w++) {
		const struct ccw_window *win = &prog->window[w];

		for (i = 0; i < win->count; i++) {
			u32 addr = win->addr + i * 8, slot = win->slot + i;
			u8 at = *ccw_state(prog, slot);

			if (!at)
				continue;
			if (!run || addr != next) {
				if (prog->runs == CCW_RUNS_MAX)
					return -EINVAL;
				run = &prog->run[prog->runs++];
				run->guest = addr;
				run->first = prog->order.len;
				run->count = 0;
			}
			if (++run->count > CCW_RUN_LEN_MAX)
				return -EINVAL;
			((u32 *)prog->order.p)[prog->order.len++] = slot;
			/* 0 is the address of no CCW behind another. */
			next = at & CCW_AT_GOES_ON ? addr + 8 : 0;
		}
	}
	for (i = 0; i < prog->runs; i++) {
		run = &prog->run[i];
		/*
		 * What the channel fetches behind the last CCW is invalid, as a
		 * gap it leaves room for: the address behind that one, too, is
		 * no other piece's.
		 */
		run->ccw = ccw_arena_take(prog, (run->count + 2) * 8, &run->host);
		if (!run->ccw)
			return -ENOMEM;
		run->ccw[run->count] = 0;
		run->ccw[run->count + 1] = 0;
	}
	return 0;
}

/* Host address of the guest's CCW at addr; 0: it is not in the program. */
static u32 host_of(struct ccw_prog *prog, u32 addr)
{
	const struct ccw_run *run;

	for (run = prog->run; run < prog->run + prog->runs; run++)
		if (addr >= run->guest && (addr - run->guest) / 8 < run->count)
			return run->host + (addr - run->guest);
	return 0;
}

/* What a CCW can be part of: CCW_AT_OUT, IN, BACK, IDLE. */
static u8 operations(u64 ccw, u8 at)
{
	u8 does = at & CCW_AT_CHAINED;

	return at & CCW_AT_COMMAND ? does | ccw_operation(ccw_cmd(ccw)) : does;
}

/* Does any of these operations move the data of this CCW? */
static bool moves(u64 ccw, u8 does)
{
	does &= ccw_flags(ccw) & CCW_SKIP ? CCW_AT_OUT : ~CCW_AT_IDLE;
	return ccw_count(ccw) && does;
}

/* How many blocks count bytes take, the first of them at addr. */
static u32 blocks(u64 addr, u32 count, u32 block, bool back)
{
	u32 in_first = addr & (block - 1);

	in_first = back ? in_first + 1 : block - in_first;
	if (count <= in_first)
		return 1;
	count -= in_first;
	return 1 + (block == CCW_PAGE ? (count + CCW_PAGE - 1) / CCW_PAGE :
					(count + CCW_HALF - 1) / CCW_HALF);
}

/* Read from the guest's lists, by larger pieces that later lists may be in. */
static int read_lists(struct ccw_prog *prog, u64 addr, void *buf, u32 len)
{
	while (len) {
		u64 from = addr - prog->lists.addr;
		u32 n;

		if (addr < prog->lists.addr || from >= prog->lists.len) {
			u32 ahead = min_t(u32, sizeof(prog->lists.bytes),
					  CCW_PAGE - (addr & (CCW_PAGE - 1)));
			int ret;

			prog->lists.len = 0;
			prog->stats.reads++;
			ret = prog->ops->read(prog->ctx, addr, prog->lists.bytes, ahead);
			if (ret)
				return ret;
			prog->lists.addr = addr;
			prog->lists.len = ahead;
			from = 0;
		}
		n = min_t(u32, len, prog->lists.len - from);
		memcpy(buf, prog->lists.bytes + from, n);
		buf += n;
		addr += n;
		len -= n;
	}
	return 0;
}

/*
 * Take over the guest's list of a CCW. A word that the channel would refuse,
 * and all behind it, are never used: they are not @good. Without a first word
 * the CCW itself is made invalid, and data->words stays 0.
 */
static int plan_list(struct ccw_prog *prog, u64 *ccw, struct ccw_data *data)
{
	union {
		__be32 idaw1[CCW_IDAL_MAX];
		__be64 idaw2[CCW_IDAL_MAX];
	} list;
	u32 size = prog->idaw2 ? sizeof(__be64) : sizeof(__be32), addr = ccw_cda(*ccw), i, n;
	u64 *word;
	int ret;

	if (addr & (size - 1)) {
		*ccw = 0;
		return 0;
	}
	ret = read_lists(prog, addr, &list, size);
	if (ret)
		return ret;
	n = blocks(prog->idaw2 ? be64_to_cpu(list.idaw2[0]) : be32_to_cpu(list.idaw1[0]),
		   ccw_count(*ccw), prog->block, data->back);
	ret = read_lists(prog, addr + size, (void *)&list + size, (n - 1) * size);
	if (!ret)
		ret = ccw_table_room(prog, &prog->words, sizeof(u64), n);
	if (ret)
		return ret;

	word = (u64 *)prog->words.p + prog->words.len;
	for (i = 0; i < n; i++) {
		u32 from = data->back ? prog->block - 1 : 0;

		word[i] = prog->idaw2 ? be64_to_cpu(list.idaw2[i]) : be32_to_cpu(list.idaw1[i]);
		if (!prog->idaw2 && word[i] > 0x7fffffff)
			break;
		if (i && (word[i] & (prog->block - 1)) != from)
			break;
	}
	if (!i) {
		*ccw = 0;
		return 0;
	}
	data->word = prog->words.len;
	data->words = n;
	data->good = i;
	prog->words.len += n;
	return 0;
}

/* Is the block of a word of 2K the one that the channel uses first in its page? */
static bool half_is_first(u64 word, bool back)
{
	return back == !!(word & CCW_HALF);
}

/*
 * Would words of 4K say the same as these of 2K? The two halves of a page must
 * stand together; only the ends of the list may be half a page.
 */
static bool list_pairs(const u64 *word, const struct ccw_data *data)
{
	u32 i;

	if (data->good != data->words)
		return false;
	for (i = 0; i + 1 < data->words; i++) {
		bool first = half_is_first(word[i], data->back);
		bool same_page = (word[i] ^ word[i + 1]) < CCW_PAGE;

		if (first != same_page || first == half_is_first(word[i + 1], data->back))
			return false;
	}
	return true;
}

/**
 * ccw_plan() - lay out the host's program
 * @prog: scanned
 *
 * Places the CCWs in the arena, reads the guest's address lists and chooses the
 * size of the host's IDAWs, which is one for the whole program: 4K unless one
 * of the guest's lists of 2K needs 2K.
 *
 * Context: the program's owner; may sleep.
 * Return: 0; -EINVAL: more or longer pieces than the limits allow; -EOPNOTSUPP:
 * a CCW moves data and can be part of reading both forward and backward; -ENOMEM; or what
 * &ccw_mem_ops.read returned.
 */
int ccw_plan(struct ccw_prog *prog)
{
	int ret = plan_runs(prog);
	u32 pos;

	if (ret)
		return ret;
	prog->host_block = CCW_PAGE;
	for (pos = 0; pos < prog->order.len; pos++) {
		u32 slot = slot_at(prog, pos);
		u64 *ccw = ccw_raw(prog, slot);
		u8 does = operations(*ccw, *ccw_state(prog, slot));
		struct ccw_data *data;

		if (ccw_cmd(*ccw) == CCW_TIC || !moves(*ccw, does))
			continue;
		/* A list serves one direction. */
		if (does & CCW_AT_BACK && does != CCW_AT_BACK)
			return -EOPNOTSUPP;
		ret = ccw_table_room(prog, &prog->data, sizeof(*data), 1);
		if (ret)
			return ret;
		data = (struct ccw_data *)prog->data.p + prog->data.len;
		data->pos = pos;
		data->back = does == CCW_AT_BACK;
		data->words = 0;
		if (ccw_flags(*ccw) & CCW_IDA) {
			ret = plan_list(prog, ccw, data);
			if (ret)
				return ret;
			if (!data->words)
				continue;
			if (prog->block == CCW_HALF &&
			    !list_pairs((u64 *)prog->words.p + data->word, data))
				prog->host_block = CCW_HALF;
		}
		prog->data.len++;
	}
	return 0;
}

static void put_ref(struct ccw_prog *prog, u64 iova, __be64 *word)
{
	struct ccw_ref *ref = (struct ccw_ref *)prog->refs.p + prog->refs.len++;

	ref->iova = iova;
	ref->word = word;
	*word = 0;
}

/* The blocks of a CCW without a list. Returns how many are within bounds. */
static u32 direct_words(struct ccw_prog *prog, u64 ccw, bool back, __be64 *list, u32 n)
{
	u32 block = prog->host_block, i;
	u64 addr = ccw_cda(ccw);

	for (i = 0; i < n; i++) {
		put_ref(prog, addr, &list[i]);
		addr &= ~(u64)(block - 1);
		if (back ? !addr : addr + block > prog->limit)
			return i + 1;
		addr = back ? addr - 1 : addr + block;
	}
	return n;
}

/* The words of a CCW that has a list; two halves of a page become one word. */
static u32 listed_words(struct ccw_prog *prog, const struct ccw_data *data, __be64 *list)
{
	const u64 *from = (u64 *)prog->words.p + data->word;
	bool pairs = prog->host_block != prog->block;
	u32 i, n = 0;

	for (i = 0; i < data->good; i++)
		if (!i || !pairs || (from[i] ^ from[i - 1]) >= CCW_PAGE)
			put_ref(prog, from[i], &list[n++]);
	return n;
}

/*
 * Write the list of one CCW. A word that must not be used is misaligned, which
 * the channel refuses; and it is in the middle of the scratch pages, so that a
 * block would be in them, whichever way it is moved.
 */
static int emit_list(struct ccw_prog *prog, const struct ccw_data *data, u64 ccw, u32 *addr)
{
	u32 n = data->words ?: blocks(ccw_cda(ccw), ccw_count(ccw), prog->host_block, data->back);
	__be64 *list = ccw_arena_take(prog, n * sizeof(*list), addr);
	u32 good;

	if (!list || ccw_table_room(prog, &prog->refs, sizeof(struct ccw_ref), n))
		return -ENOMEM;
	if (data->words) {
		good = listed_words(prog, data, list);
		/* What pairs have saved is behind the list, where it was taken. */
		if (prog->host_block != prog->block) {
			prog->used -= (n - good) * sizeof(*list);
			n = good;
		}
	} else {
		good = direct_words(prog, ccw, data->back, list, n);
	}
	prog->stats.idaws += n;
	for (; good < n; good++)
		list[good] = cpu_to_be64(prog->scratch_addr + CCW_PAGE - !data->back);
	return 0;
}

/* Write the CCW at @pos; @data says what it moves, NULL: nothing. */
static int emit_ccw(struct ccw_prog *prog, u32 pos, const struct ccw_data *data, __be64 *out)
{
	u32 slot = slot_at(prog, pos), cda;
	u64 ccw = *ccw_raw(prog, slot);
	u8 at = *ccw_state(prog, slot), cmd = ccw_cmd(ccw);

	if (cmd == CCW_TIC) {
		cda = host_of(prog, ccw_cda(ccw));
		*out = cpu_to_be64(cda ? ccw_make(cmd, 0, 0, cda) : 0);
		return 0;
	}
	/* No command, and no way here but as one. */
	if (!ccw || (!cmd && !(at & CCW_AT_CHAINED))) {
		*out = 0;
		return 0;
	}
	if (data) {
		int ret = emit_list(prog, data, ccw, &cda);

		if (ret)
			return ret;
	} else if (operations(ccw, at) & CCW_AT_BACK) {
		cda = prog->scratch_list_back;
	} else {
		cda = prog->scratch_list;
	}
	*out = cpu_to_be64(ccw_make(cmd, ccw_flags(ccw) | CCW_IDA, ccw_count(ccw), cda));
	return 0;
}

/**
 * ccw_emit() - write the host's CCWs and lists
 * @prog: planned
 *
 * What is still missing are the pages: their words are in &ccw_prog.refs.
 *
 * Context: the program's owner; may sleep.
 * Return: 0 or -ENOMEM.
 */
int ccw_emit(struct ccw_prog *prog)
{
	const struct ccw_data *data = prog->data.p, *end = data + prog->data.len;
	struct ccw_run *run;
	u32 i;

	for (run = prog->run; run < prog->run + prog->runs; run++) {
		for (i = 0; i < run->count; i++) {
			u32 pos = run->first + i;
			bool mine = data < end && data->pos == pos;
			int ret = emit_ccw(prog, pos, mine ? data : NULL, &run->ccw[i]);

			if (ret)
				return ret;
			data += mine;
		}
	}
	return 0;
}
