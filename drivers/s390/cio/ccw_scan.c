// SPDX-License-Identifier: GPL-2.0-only
/*
 * First pass of the channel-program translator: find every CCW that the channel
 * can come to, fetch each once, and learn which operations it can be part of.
 *
 * Called by ccw_prog_translate() for the program's owner; may sleep. Nothing
 * recurses: places still to be looked at wait in a table, and a place is looked
 * at again only when there is a new way to come to it, so loops end.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include <asm/byteorder.h>

#include "ccw_xlate_priv.h"

/* Index of the last window that begins at or below addr; -1: there is none. */
static int window_below(struct ccw_prog *prog, u32 addr)
{
	int low = 0, high = prog->windows;

	while (low < high) {
		int mid = (low + high) / 2;

		if (prog->window[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low - 1;
}

static bool window_has(const struct ccw_window *win, u32 addr)
{
	return addr >= win->addr && (addr - win->addr) / 8 < win->count;
}

/* Slot of the CCW at addr if it has been fetched, else -1. There are windows. */
static int slot_known(struct ccw_prog *prog, u32 addr)
{
	const struct ccw_window *win = &prog->window[prog->window_hint];
	int below;

	if (window_has(win, addr))
		return win->slot + (addr - win->addr) / 8;
	below = window_below(prog, addr);
	if (below < 0 || !window_has(&prog->window[below], addr))
		return -1;
	prog->window_hint = below;
	win = &prog->window[below];
	return win->slot + (addr - win->addr) / 8;
}

/*
 * Fetch the CCW at addr and some that follow, but not beyond its page, which
 * may be the last that is mapped, nor what has been fetched before.
 */
static int window_fetch(struct ccw_prog *prog, u32 addr)
{
	int below = prog->windows ? window_below(prog, addr) : -1, at = below + 1, ret;
	u32 count = CCW_WINDOW_MIN, end;
	struct ccw_window *win;

	if (prog->windows == CCW_WINDOWS_MAX)
		return -EINVAL;
	if (below >= 0) {
		win = &prog->window[below];
		if (win->addr + win->count * 8 == addr)
			count = max(count, win->count * 2);
	}
	end = (addr | (CCW_PAGE - 1)) + 1;
	if (end > addr + count * 8)
		end = addr + count * 8;
	if (at < prog->windows && end > prog->window[at].addr)
		end = prog->window[at].addr;
	count = (end - addr) / 8;

	ret = ccw_table_room(prog, &prog->raw, sizeof(u64), count);
	if (!ret)
		ret = ccw_table_room(prog, &prog->state, sizeof(u8), count);
	if (ret)
		return ret;
	prog->stats.reads++;
	ret = prog->ops->read(prog->ctx, addr, ccw_raw(prog, prog->raw.len), count * 8);
	if (ret)
		return ret;
	memset(ccw_state(prog, prog->state.len), 0, count);

	win = &prog->window[at];
	if (at < prog->windows)
		memmove(win + 1, win, (prog->windows - at) * sizeof(*win));
	win->addr = addr;
	win->count = count;
	win->slot = prog->raw.len;
	win->used = 0;
	prog->windows++;
	prog->window_hint = at;
	prog->raw.len += count;
	prog->state.len += count;
	return 0;
}

/*
 * Of most CCWs there is nothing to say: of format 1, with a command, the address
 * within bounds, and neither data chaining nor MIDAWs.
 */
static bool ccw_is_plain(const struct ccw_prog *prog, u64 ccw)
{
	return prog->fmt1 && !(ccw & (CCW_RAW_FLAGS(CCW_MIDA | CCW_DC) | BIT_ULL(31))) &&
	       ccw_operation(ccw_cmd(ccw));
}

/*
 * Make one CCW that the channel comes to a CCW of format 1. What the channel
 * answers with a program check wherever it stands becomes zero, which is such a
 * CCW itself: no command, and no count for data chaining. That also keeps the
 * check on the count of format 0, which format 1 has not got.
 */
static int ccw_canonical(struct ccw_prog *prog, u64 ccw, u64 *raw)
{
	u8 cmd = ccw_cmd(ccw), flags;
	u16 count;
	u32 cda;

	if (prog->fmt1) {
		flags = ccw_flags(ccw);
		count = ccw_count(ccw);
		cda = ccw_cda(ccw);
	} else {
		cda = ccw >> 32 & 0xffffff;
		flags = ccw >> 24;
		count = ccw;
		if ((cmd & 0x0f) == CCW_TIC) {
			cmd = CCW_TIC;
			flags = 0;
			count = 0;
		} else if (!count) {
			goto invalid;
		}
	}
	if (cda > prog->limit)
		goto invalid;
	if (cmd == CCW_TIC) {
		if (flags || count || cda & 7)
			goto invalid;
	} else {
		if (flags & CCW_MIDA) {
			if (prog->midaw)
				return -EOPNOTSUPP;
			goto invalid;
		}
		if (flags & CCW_DC && !count)
			goto invalid;
		/* Not a command, and no TIC when it is come to by data chaining. */
		if (!ccw_operation(cmd))
			cmd = 0;
	}
	*raw = ccw_make(cmd, flags, count, cda);
	return 0;

invalid:
	*raw = 0;
	return 0;
}

static int work_add(struct ccw_prog *prog, u32 addr, u8 at)
{
	struct ccw_work *work;
	int ret = ccw_table_room(prog, &prog->work, sizeof(*work), 1);

	if (ret)
		return ret;
	work = (struct ccw_work *)prog->work.p + prog->work.len++;
	work->addr = addr;
	work->at = at;
	return 0;
}

/* Does a TIC lead back to a CCW before it in the same piece? */
static bool tic_is_loop(struct ccw_prog *prog, u32 addr, u32 target)
{
	u32 at;

	if (target >= addr || addr - target > CCW_RUN_LEN_MAX * 8)
		return false;
	for (at = target; at < addr; at += 8) {
		int slot = slot_known(prog, at);

		if (slot < 0 || !(*ccw_state(prog, slot) & CCW_AT_GOES_ON))
			return false;
	}
	return true;
}

/*
 * The device may answer a command with status modifier: command chaining then
 * leaves out the next CCW. Behind "search, TIC back to search" that is the way
 * on, and what stands there is part of the program. Behind any other CCW it
 * may be, or it may be garbage: look, but be ready to do without.
 */
static bool skips_over_tic(struct ccw_prog *prog, u32 addr, u32 target)
{
	if (tic_is_loop(prog, addr, target))
		return true;
	prog->guessed |= prog->guess;
	return prog->guess;
}

static int visit_tic(struct ccw_prog *prog, u32 addr, u32 target, u8 fresh)
{
	u8 at = fresh & (CCW_AT_COMMAND | CCW_AT_CHAINED);
	int ret = at ? work_add(prog, target, at) : 0;

	if (ret)
		return ret;
	return fresh & CCW_AT_AFTER_CC && skips_over_tic(prog, addr, target) ?
		CCW_AT_COMMAND : 0;
}

/*
 * Come to a CCW, at addr, in new ways. Returns the ways to come to the one
 * behind it, 0 if there are none, or -errno.
 */
static int ccw_visit(struct ccw_prog *prog, u32 addr, u64 ccw, u8 fresh)
{
	u8 onward = fresh & CCW_AT_CHAINED;

	if (ccw_cmd(ccw) == CCW_TIC)
		return visit_tic(prog, addr, ccw_cda(ccw), fresh);
	if (!(ccw & CCW_RAW_FLAGS(CCW_DC | CCW_CC)))
		return 0;
	if (fresh & CCW_AT_COMMAND)
		onward |= ccw_operation(ccw_cmd(ccw));
	if (ccw & CCW_RAW_FLAGS(CCW_DC)) {
		/*
		 * Left out, this one leads to the next all the same, but as a
		 * command. The copy has both behind each other, so that must be
		 * provided for.
		 */
		if (fresh & CCW_AT_AFTER_CC)
			onward |= CCW_AT_COMMAND;
		return onward;
	}
	return onward ? CCW_AT_COMMAND | CCW_AT_AFTER_CC : 0;
}

/*
 * Follow the CCWs of a window from the i-th as far as there is something new.
 * Returns the ways to come to the one behind the window, 0, or -errno.
 */
static int walk_window(struct ccw_prog *prog, struct ccw_window *win, u32 i, int at)
{
	u64 *raw = ccw_raw(prog, win->slot);
	u8 *state = ccw_state(prog, win->slot);

	for (; at && i < win->count; i++) {
		u8 before = state[i], fresh = at & ~before;

		if (!fresh)
			return 0;
		if (!before) {
			u64 ccw = be64_to_cpu(*(__be64 *)&raw[i]);
			int ret;

			if (++prog->ccws > CCW_COUNT_MAX)
				return -EINVAL;
			/* Come to as a command, one like this leads to the next if at all. */
			if (ccw_is_plain(prog, ccw) && fresh & CCW_AT_COMMAND) {
				raw[i] = ccw;
				at = ccw & CCW_RAW_FLAGS(CCW_CC) ?
				     CCW_AT_COMMAND | CCW_AT_AFTER_CC : 0;
				state[i] = at ? fresh | CCW_AT_GOES_ON : fresh;
				continue;
			}
			ret = ccw_canonical(prog, ccw, &raw[i]);
			if (ret)
				return ret;
		}
		at = ccw_visit(prog, win->addr + i * 8, raw[i], fresh);
		if (at < 0)
			return at;
		state[i] = before | fresh | (at ? CCW_AT_GOES_ON : 0);
	}
	if (win->used < i)
		win->used = i;
	return at;
}

/* Follow the CCWs from addr as far as there is something new. */
static int ccw_walk(struct ccw_prog *prog, u32 addr, int at)
{
	/* The channel does not go on behind the last address. */
	while (at > 0 && addr <= prog->limit) {
		struct ccw_window *win;

		if (!prog->windows || slot_known(prog, addr) < 0) {
			int ret = window_fetch(prog, addr);

			if (ret)
				return ret;
		}
		win = &prog->window[prog->window_hint];
		at = walk_window(prog, win, (addr - win->addr) / 8, at);
		addr = win->addr + win->count * 8;
	}
	return at < 0 ? at : 0;
}

/**
 * ccw_scan() - find the CCWs of a program
 * @prog: has the guest's ORB
 *
 * Fills in the windows, the CCWs as format 1, and how the channel can come to
 * each. With &ccw_prog.guess, CCWs are included that only a status modifier can
 * lead to; &ccw_prog.guessed tells whether there were any.
 *
 * Context: the program's owner; may sleep.
 * Return: 0; -EINVAL: too many CCWs, or too far apart; -EOPNOTSUPP: a CCW uses
 * MIDAWs; -ENOMEM; or what &ccw_mem_ops.read returned.
 */
int ccw_scan(struct ccw_prog *prog)
{
	struct ccw_work work = { prog->guest_cpa, CCW_AT_COMMAND };

	for (;;) {
		int ret = ccw_walk(prog, work.addr, work.at);

		if (ret || !prog->work.len)
			return ret;
		work = ((struct ccw_work *)prog->work.p)[--prog->work.len];
	}
}
