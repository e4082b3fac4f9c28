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

/* Slot of the CCW at addr if it has been fetched, else -1. */
static int slot_known(struct ccw_prog *prog, u32 addr)
{
	const struct ccw_window *win = &prog->window[prog->window_hint];
	int below;

	if (prog->windows && window_has(win, addr))
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
	int below = window_below(prog, addr), at = below + 1, ret;
	u32 count = CCW_WINDOW_MIN, end, i;
	struct ccw_window *win;
	__be64 *bytes;

	if (prog->windows == CCW_WINDOWS_MAX)
		return -EINVAL;
	if (below >= 0) {
		win = &prog->window[below];
		if (win->addr + win->count * 8 == addr)
			count = max(count, win->count * 2);
	}
	end = min((addr | (CCW_PAGE - 1)) + 1, addr + count * 8);
	if (at < prog->windows)
		end = min(end, prog->window[at].addr);
	count = (end - addr) / 8;

	ret = ccw_table_room(prog, &prog->raw, sizeof(u64), count);
	if (!ret)
		ret = ccw_table_room(prog, &prog->state, sizeof(u8), count);
	if (ret)
		return ret;
	bytes = (__be64 *)ccw_raw(prog, prog->raw.len);
	prog->stats.reads++;
	ret = prog->ops->read(prog->ctx, addr, bytes, count * 8);
	if (ret)
		return ret;
	for (i = 0; i < count; i++)
		*ccw_raw(prog, prog->raw.len + i) = be64_to_cpu(bytes[i]);
	memset(ccw_state(prog, prog->state.len), 0, count);

	win = &prog->window[at];
	memmove(win + 1, win, (prog->windows - at) * sizeof(*win));
	win->addr = addr;
	win->count = count;
	win->slot = prog->raw.len;
	prog->windows++;
	prog->window_hint = at;
	prog->raw.len += count;
	prog->state.len += count;
	return 0;
}

/*
 * Make one CCW that the channel comes to a CCW of format 1. What the channel
 * answers with a program check wherever it stands becomes zero, which is such a
 * CCW itself: no command, and no count for data chaining. That also keeps the
 * check on the count of format 0, which format 1 has not got.
 */
static int ccw_canonical(struct ccw_prog *prog, u64 *raw)
{
	u8 cmd = ccw_cmd(*raw), flags;
	u16 count;
	u32 cda;

	if (prog->fmt1) {
		flags = ccw_flags(*raw);
		count = ccw_count(*raw);
		cda = ccw_cda(*raw);
	} else {
		cda = *raw >> 32 & 0xffffff;
		flags = *raw >> 24;
		count = *raw;
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

/*
 * Come to the CCW in slot, at addr, in new ways. Returns the ways to come to
 * the one behind it, 0 if there are none, or -errno.
 */
static int ccw_visit(struct ccw_prog *prog, u32 addr, u32 slot, u8 fresh)
{
	u64 ccw = *ccw_raw(prog, slot);
	u8 onward = fresh & CCW_AT_CHAINED, flags = ccw_flags(ccw);

	if (!ccw)
		return 0;
	if (ccw_cmd(ccw) == CCW_TIC) {
		u8 at = fresh & (CCW_AT_COMMAND | CCW_AT_CHAINED);
		int ret = 0;

		if (at)
			ret = work_add(prog, ccw_cda(ccw), at);
		if (ret)
			return ret;
		return fresh & CCW_AT_AFTER_CC && skips_over_tic(prog, addr, ccw_cda(ccw)) ?
			CCW_AT_COMMAND : 0;
	}
	if (fresh & CCW_AT_COMMAND)
		onward |= ccw_operation(ccw_cmd(ccw));
	if (flags & CCW_DC) {
		/*
		 * Left out, this one leads to the next all the same, but as a
		 * command. The copy has both behind each other, so that must be
		 * provided for.
		 */
		if (fresh & CCW_AT_AFTER_CC)
			onward |= CCW_AT_COMMAND;
		return onward;
	}
	return flags & CCW_CC && onward ? CCW_AT_COMMAND | CCW_AT_AFTER_CC : 0;
}

/* Follow the CCWs from addr as far as there is something new. */
static int ccw_walk(struct ccw_prog *prog, u32 addr, int at)
{
	u32 slot = 0, left = 0;

	for (; at; addr += 8, slot++, left--) {
		u8 *state, fresh;

		if (!left) {
			const struct ccw_window *win;
			int known = slot_known(prog, addr);

			if (known < 0) {
				int ret = window_fetch(prog, addr);

				if (ret)
					return ret;
				known = slot_known(prog, addr);
			}
			slot = known;
			win = &prog->window[prog->window_hint];
			left = win->count - (slot - win->slot);
		}
		state = ccw_state(prog, slot);
		fresh = at & ~*state;
		if (!fresh)
			return 0;
		if (!*state) {
			int ret = ++prog->ccws > CCW_COUNT_MAX ? -EINVAL :
				  ccw_canonical(prog, ccw_raw(prog, slot));

			if (ret)
				return ret;
		}
		*state |= fresh;
		at = ccw_visit(prog, addr, slot, fresh);
		if (at < 0)
			return at;
		if (addr + 8 > prog->limit)
			at = 0;
		if (at)
			*state |= CCW_AT_GOES_ON;
	}
	return 0;
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
	int ret = ccw_walk(prog, prog->guest_cpa, CCW_AT_COMMAND);

	while (!ret && prog->work.len) {
		struct ccw_work work = ((struct ccw_work *)prog->work.p)[--prog->work.len];

		ret = ccw_walk(prog, work.addr, work.at);
	}
	return ret;
}
