// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest pages of a translated channel program: pinned by runs, and given back
 * by the very same runs
 *
 * iommufd wants an unpin to name what a pin named, so each call is recorded.
 * Called for the program's owner; may sleep, except for the look-up.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/sort.h>

#include <asm/byteorder.h>

#include "ccw_xlate_priv.h"

static u64 page_of(const struct ccw_ref *ref)
{
	return ref->iova & ~(u64)(CCW_PAGE - 1);
}

static int by_page(const void *a, const void *b)
{
	u64 x = page_of(a), y = page_of(b);

	return x < y ? -1 : x > y;
}

/* Most programs name their pages in order: then there is nothing to do. */
static void sort_refs(struct ccw_ref *ref, u32 n)
{
	u64 before = ref[0].iova;
	u32 i;

	for (i = 1; i < n; before = ref[i++].iova) {
		if (ref[i].iova < before) {
			sort(ref, n, sizeof(*ref), by_page, NULL);
			return;
		}
	}
}

static int pin_run(struct ccw_prog *prog, u64 iova, u32 npages)
{
	struct ccw_pin *pin;
	u64 *host;
	int ret;

	ret = ccw_table_room(prog, &prog->host, sizeof(*host), npages);
	if (!ret)
		ret = ccw_table_room(prog, &prog->pins, sizeof(*pin), 1);
	if (ret)
		return ret;
	host = (u64 *)prog->host.p + prog->host.len;
	ret = prog->ops->pin(prog->ctx, iova, npages, host);
	if (ret)
		return ret;
	pin = (struct ccw_pin *)prog->pins.p + prog->pins.len++;
	pin->iova = iova;
	pin->npages = npages;
	pin->first = prog->host.len;
	prog->host.len += npages;
	prog->stats.pins++;
	prog->stats.pages += npages;
	return 0;
}

/**
 * ccw_pin_refs() - pin the pages of a program and complete its lists
 * @prog: emitted
 *
 * Sorts the references, pins each page once, neighbours by one call, and writes
 * the host's addresses where they belong.
 *
 * Context: the program's owner; may sleep. On failure some pages are pinned:
 * the caller has ccw_unpin_all() give them back.
 * Return: 0, -ENOMEM, or what &ccw_mem_ops.pin returned.
 */
int ccw_pin_refs(struct ccw_prog *prog)
{
	struct ccw_ref *ref = prog->refs.p;
	u32 n = prog->refs.len, i;
	const u64 *host;
	u64 iova, end;
	int ret;

	if (!n)
		return 0;
	sort_refs(ref, n);
	iova = page_of(&ref[0]);
	end = iova + CCW_PAGE;
	for (i = 1; i <= n; i++) {
		u64 page = i < n ? page_of(&ref[i]) : 0;

		/* The page that the run ends with, or the one behind it. */
		if (i < n && page == end - CCW_PAGE)
			continue;
		if (i < n && page == end && end - iova < CCW_PIN_MAX * CCW_PAGE) {
			end += CCW_PAGE;
			continue;
		}
		ret = pin_run(prog, iova, (end - iova) / CCW_PAGE);
		if (ret)
			return ret;
		iova = page;
		end = iova + CCW_PAGE;
	}
	host = prog->host.p;
	iova = page_of(&ref[0]);
	for (i = 0; i < n; i++) {
		u64 page = page_of(&ref[i]);

		host += page != iova;
		iova = page;
		*ref[i].word = cpu_to_be64(*host | (ref[i].iova & (CCW_PAGE - 1)));
	}
	return 0;
}

/**
 * ccw_unpin_all() - give back the pages of a program
 * @prog: may have none
 *
 * Context: the program's owner, and no channel uses the pages; may sleep.
 */
void ccw_unpin_all(struct ccw_prog *prog)
{
	const struct ccw_pin *pin = prog->pins.p, *end = pin + prog->pins.len;

	for (; pin < end; pin++) {
		prog->ops->unpin(prog->ctx, pin->iova, pin->npages);
		prog->stats.unpins++;
	}
	prog->pins.len = 0;
	prog->host.len = 0;
}

/**
 * ccw_prog_iova_pinned() - does the program hold pages of a range
 * @prog: the program
 * @iova: where the range begins
 * @length: its bytes; a range that wraps ends at the last address
 *
 * For &vfio_device_ops.dma_unmap, which must not return before the pages of the
 * range are unpinned.
 *
 * Context: any, the program's owner.
 * Return: true if any page of the range is pinned.
 */
bool ccw_prog_iova_pinned(const struct ccw_prog *prog, u64 iova, u64 length)
{
	const struct ccw_pin *pin = prog->pins.p;
	u64 last = iova + length - 1;
	u32 low = 0, high = prog->pins.len;

	if (!length)
		return false;
	if (last < iova)
		last = U64_MAX;
	/* The first run that does not end below the range. */
	while (low < high) {
		u32 mid = (low + high) / 2;

		if (pin[mid].iova + ((u64)pin[mid].npages * CCW_PAGE - 1) < iova)
			low = mid + 1;
		else
			high = mid;
	}
	return low < prog->pins.len && pin[low].iova <= last;
}
