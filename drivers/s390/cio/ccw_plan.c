// SPDX-License-Identifier: GPL-2.0-only
/*
 * Second pass of the channel-program translator: lay out the host's CCWs and
 * address lists, and write them.
 *
 * Every CCW of the host names an address list (IDAL), which is in the arena; a
 * word of a list names a pinned page or the scratch pages. Words that need a
 * page are collected; ccw_pin.c fills them in. Called by ccw_prog_translate()
 * for the program's owner; may sleep.
 */
#include <linux/errno.h>

#include <asm/byteorder.h>

#include "ccw_xlate_priv.h"

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

/* The same CCW, with a list of addresses. */
static u64 ccw_with_list(u64 ccw, u32 list)
{
	return (ccw & ~CCW_RAW_CDA) | CCW_RAW_FLAGS(CCW_IDA) | list;
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

/*
 * Fetch the guest's lists from addr on, a piece that later lists may be in too.
 * It begins with a word and ends with one.
 */
static noinline int fetch_lists(struct ccw_prog *prog, u64 addr)
{
	u32 len = CCW_PAGE - (addr & (CCW_PAGE - 1));
	int ret;

	if (len > prog->lists.ahead)
		len = prog->lists.ahead;
	if (prog->lists.ahead < CCW_LISTS_MAX)
		prog->lists.ahead *= 2;
	prog->lists.len = 0;
	prog->stats.reads++;
	ret = prog->ops->read(prog->ctx, addr, prog->lists.words, len);
	if (ret)
		return ret;
	prog->lists.addr = addr;
	prog->lists.len = len;
	return 0;
}

static int read_word(struct ccw_prog *prog, u64 addr, u64 *word)
{
	u64 from = addr - prog->lists.addr;
	const void *p;

	if (from >= prog->lists.len) {
		int ret = fetch_lists(prog, addr);

		if (ret)
			return ret;
		from = 0;
	}
	p = (const u8 *)prog->lists.words + from;
	*word = prog->idaw2 ? be64_to_cpu(*(const __be64 *)p) : be32_to_cpu(*(const __be32 *)p);
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

/* May this word stand behind others in a list? The first may begin anywhere. */
static bool word_is_good(struct ccw_prog *prog, u64 word, bool first, bool back)
{
	u32 inside = prog->block - 1;

	if (!prog->idaw2 && word > 0x7fffffff)
		return false;
	return first || (word & inside) == (back ? inside : 0);
}

/*
 * Take over the guest's list of a CCW. A word that the channel would refuse,
 * and all behind it, are never used: they are not @good, and not looked at.
 * Without a first word there is no list.
 */
static int plan_list(struct ccw_prog *prog, u32 slot, u64 ccw, bool back)
{
	u32 n, i = 0, size = prog->idaw2 ? sizeof(__be64) : sizeof(__be32);
	u64 addr = ccw_cda(ccw), *words, word;
	struct ccw_data *data;
	int ret;

	if (addr & (size - 1))
		return 0;
	ret = read_word(prog, addr, &word);
	if (ret || !word_is_good(prog, word, true, back))
		return ret;
	n = blocks(word, ccw_count(ccw), prog->block, back);
	if (ccw_table_room(prog, &prog->words, sizeof(u64), n) ||
	    ccw_table_room(prog, &prog->data, sizeof(*data), 1))
		return -ENOMEM;

	data = (struct ccw_data *)prog->data.p + prog->data.len++;
	data->slot = slot;
	data->back = back;
	data->word = prog->words.len;
	data->words = n;
	words = (u64 *)prog->words.p + prog->words.len;
	do {
		words[i++] = word;
		if (i == n)
			break;
		addr += size;
		ret = read_word(prog, addr, &word);
		if (ret)
			return ret;
	} while (word_is_good(prog, word, false, back));
	data->good = i;
	prog->words.len += i;
	if (!list_pairs(words, data))
		prog->host_block = CCW_HALF;
	return 0;
}

/**
 * ccw_plan() - choose the size of the host's blocks for a guest that has 2K
 * @prog: scanned
 *
 * It is one for the whole program: 4K, unless one of the guest's lists needs 2K.
 * To know that, all its lists are read. Lists of 4K are read when they are
 * written.
 *
 * Context: the program's owner; may sleep.
 * Return: 0, -ENOMEM, or what &ccw_mem_ops.read returned.
 */
int ccw_plan(struct ccw_prog *prog)
{
	const struct ccw_window *win, *end = prog->window + prog->windows;
	u32 i;

	for (win = prog->window; win < end; win++) {
		for (i = 0; i < win->used; i++) {
			u64 ccw = *ccw_raw(prog, win->slot + i);
			u8 at = *ccw_state(prog, win->slot + i), does;
			int ret;

			if (!at || !(ccw & CCW_RAW_FLAGS(CCW_IDA)))
				continue;
			does = operations(ccw, at);
			if (!moves(ccw, does))
				continue;
			ret = plan_list(prog, win->slot + i, ccw, does & CCW_AT_BACK);
			if (ret)
				return ret;
		}
	}
	return 0;
}

static void put_ref(struct ccw_ref *ref, u64 iova, __be64 *word)
{
	ref->iova = iova;
	ref->word = word;
}

/*
 * Room for the list of one CCW, and for the references to its pages; NULL if
 * there is no memory.
 */
static inline __be64 *take_list(struct ccw_prog *prog, u32 n, u32 *addr)
{
	if (ccw_table_room(prog, &prog->refs, sizeof(struct ccw_ref), n))
		return NULL;
	prog->stats.idaws += n;
	return ccw_arena_take(prog, n * sizeof(__be64), addr);
}

/*
 * Words of a list that must not be used: misaligned, which the channel refuses;
 * and in the middle of the scratch pages, so that a block would be in them,
 * whichever way it is moved.
 */
static void put_bad_words(struct ccw_prog *prog, __be64 *list, u32 from, u32 n, bool back)
{
	for (; from < n; from++)
		list[from] = cpu_to_be64(prog->scratch_addr + CCW_PAGE - !back);
}

/* Write a CCW and the list of it, which has none of the guest's. */
static int emit_direct(struct ccw_prog *prog, u64 ccw, bool back, __be64 *out)
{
	u64 addr = ccw_cda(ccw), block = prog->host_block;
	u32 host, n = blocks(addr, ccw_count(ccw), block, back), i = 0;
	__be64 *list = take_list(prog, n, &host);
	struct ccw_ref *ref = (struct ccw_ref *)prog->refs.p + prog->refs.len;

	if (!list)
		return -ENOMEM;
	*out = cpu_to_be64(ccw_with_list(ccw, host));
	for (;;) {
		put_ref(&ref[i], addr, &list[i]);
		if (++i == n)
			break;
		addr &= ~(block - 1);
		if (back ? !addr : addr + block > prog->limit) {
			put_bad_words(prog, list, i, n, back);
			break;
		}
		addr = back ? addr - 1 : addr + block;
	}
	prog->refs.len += i;
	return 0;
}

/* Write a CCW and its list of 4K; a bad word ends it as in plan_list(). */
static int emit_list(struct ccw_prog *prog, u64 ccw, bool back, __be64 *out)
{
	u64 addr = ccw_cda(ccw), word;
	struct ccw_ref *ref;
	u32 host, n, i = 0;
	__be64 *list;
	int ret;

	*out = 0;
	if (addr & (sizeof(__be64) - 1))
		return 0;
	ret = read_word(prog, addr, &word);
	if (ret)
		return ret;
	n = blocks(word, ccw_count(ccw), CCW_PAGE, back);
	list = take_list(prog, n, &host);
	if (!list)
		return -ENOMEM;
	*out = cpu_to_be64(ccw_with_list(ccw, host));
	ref = (struct ccw_ref *)prog->refs.p + prog->refs.len;
	do {
		put_ref(&ref[i], word, &list[i]);
		if (++i == n)
			break;
		addr += sizeof(__be64);
		ret = read_word(prog, addr, &word);
		if (ret)
			return ret;
	} while (word_is_good(prog, word, false, back));
	put_bad_words(prog, list, i, n, back);
	prog->refs.len += i;
	return 0;
}

/* The same with a list that was planned; two halves of a page become one word. */
static noinline int emit_planned(struct ccw_prog *prog, const struct ccw_data *data, u64 ccw,
				 __be64 *out)
{
	const u64 *from = (u64 *)prog->words.p + data->word;
	u32 host, i, n = 1;
	__be64 *list = take_list(prog, data->words, &host);
	struct ccw_ref *ref = (struct ccw_ref *)prog->refs.p + prog->refs.len;

	if (!list)
		return -ENOMEM;
	*out = cpu_to_be64(ccw_with_list(ccw, host));
	put_ref(ref, from[0], list);
	for (i = 1; i < data->good; i++) {
		if (prog->host_block == CCW_PAGE && (from[i] ^ from[i - 1]) < CCW_PAGE)
			continue;
		put_ref(&ref[n], from[i], &list[n]);
		n++;
	}
	if (prog->host_block == CCW_HALF) {
		put_bad_words(prog, list, n, data->words, data->back);
	} else {
		/* What pairs have saved is behind the list, where it was taken. */
		prog->used -= (data->words - n) * sizeof(*list);
		prog->stats.idaws -= data->words - n;
	}
	prog->refs.len += n;
	return 0;
}

/* Write the host's CCW for the guest's in slot. */
static int emit_ccw(struct ccw_prog *prog, u32 slot, u64 ccw, u8 at, __be64 *out)
{
	u8 does;

	if (ccw_cmd(ccw) == CCW_TIC) {
		if (ccw_table_room(prog, &prog->tics, sizeof(struct ccw_ref), 1))
			return -ENOMEM;
		put_ref((struct ccw_ref *)prog->tics.p + prog->tics.len++, ccw_cda(ccw), out);
		*out = 0;
		return 0;
	}
	does = operations(ccw, at);
	if (moves(ccw, does)) {
		const struct ccw_data *data;

		/* A list serves one direction. */
		if (does & CCW_AT_BACK && does != CCW_AT_BACK)
			return -EOPNOTSUPP;
		if (!(ccw & CCW_RAW_FLAGS(CCW_IDA)))
			return emit_direct(prog, ccw, does & CCW_AT_BACK, out);
		if (prog->block == CCW_PAGE)
			return emit_list(prog, ccw, does & CCW_AT_BACK, out);
		data = (struct ccw_data *)prog->data.p + prog->planned;
		if (prog->planned < prog->data.len && data->slot == slot) {
			prog->planned++;
			return emit_planned(prog, data, ccw, out);
		}
		ccw = 0;
	}
	/* Without an operation: no command, and no way here but as one. */
	if (ccw && does)
		ccw = ccw_with_list(ccw, does & CCW_AT_BACK ?
				    prog->scratch_list_back : prog->scratch_list);
	else
		ccw = 0;
	*out = cpu_to_be64(ccw);
	return 0;
}

/* A piece begins with the i-th CCW of a window. */
static int begin_run(struct ccw_prog *prog, const struct ccw_window *win, u32 i)
{
	const struct ccw_window *end = prog->window + prog->windows;
	struct ccw_run *run = &prog->run[prog->runs];
	u32 count = 1;

	if (prog->runs == CCW_RUNS_MAX)
		return -EINVAL;
	prog->runs++;
	run->guest = win->addr + i * 8;
	for (;;) {
		const u8 *state = ccw_state(prog, win->slot);
		u32 in_window = win->count, next = win->addr + in_window * 8;

		for (; i < in_window && state[i] & CCW_AT_GOES_ON; i++)
			count++;
		/* If it goes on behind the window, then with the next one's first. */
		if (i < in_window)
			break;
		win++;
		if (win == end || win->addr != next) {
			count--;
			break;
		}
		i = 0;
	}
	if (count > CCW_RUN_LEN_MAX)
		return -EINVAL;
	run->count = count;
	/*
	 * What the channel fetches behind the last CCW is invalid, as a gap it
	 * leaves room for: the address behind that one, too, is no other
	 * piece's.
	 */
	run->ccw = ccw_arena_take(prog, (count + 2) * 8, &run->host);
	if (!run->ccw)
		return -ENOMEM;
	run->ccw[count] = 0;
	run->ccw[count + 1] = 0;
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

static noinline void emit_tics(struct ccw_prog *prog)
{
	const struct ccw_ref *tic = prog->tics.p, *end = tic + prog->tics.len;

	for (; tic < end; tic++) {
		u32 host = host_of(prog, tic->iova);

		if (host)
			*tic->word = cpu_to_be64(ccw_make(CCW_TIC, 0, 0, host));
	}
}

/**
 * ccw_emit() - write the host's CCWs and lists
 * @prog: planned
 *
 * What is still missing are the pages: their words are in &ccw_prog.refs.
 *
 * Context: the program's owner; may sleep.
 * Return: 0; -EINVAL: more or longer pieces than the limits allow; -EOPNOTSUPP:
 * a CCW moves data and can be part of reading both forward and backward; -ENOMEM; or what
 * &ccw_mem_ops.read returned.
 */
int ccw_emit(struct ccw_prog *prog)
{
	const struct ccw_window *win, *end = prog->window + prog->windows;
	__be64 *out = NULL;
	u32 i, left = 0;

	for (win = prog->window; win < end; win++) {
		const u8 *state = ccw_state(prog, win->slot);
		const u64 *raw = ccw_raw(prog, win->slot);
		u32 used = win->used;

		for (i = 0; i < used; i++) {
			int ret;

			if (!state[i])
				continue;
			if (!left) {
				ret = begin_run(prog, win, i);
				if (ret)
					return ret;
				left = prog->run[prog->runs - 1].count;
				out = prog->run[prog->runs - 1].ccw;
			}
			ret = emit_ccw(prog, win->slot + i, raw[i], state[i], out++);
			if (ret)
				return ret;
			left--;
		}
	}
	if (prog->tics.len)
		emit_tics(prog);
	return 0;
}
