// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdma: copying, and what an unmap does to it.
 *
 * Lives here: the flight, which is the descriptor being copied, and the copy
 * itself, window by window. The worker of mdma_engine.c calls mdma_flight_*()
 * and mdma_copy() with no lock held; unmaps come from vfio or iommufd at any
 * time and under their locks. Protected by m->lock: the flight.
 *
 * The worker publishes its job as the flight before it pins the first page,
 * and withdraws it after it has unpinned the last. The unmap callback marks an
 * overlapping flight as aborted and sleeps until it is over. It never pins,
 * unpins or copies itself, so all it needs while it holds the caller's locks
 * is the worker's progress, and the worker needs none of these locks. A job
 * that is published later starts from the mappings as they are by then.
 *
 * A user page whose fault nobody answers (userfaultfd) holds up the worker,
 * and with it unmap, reset and close of the same user, until the watchdog of
 * mdma_iommu.c ends the access.
 */
#include <linux/highmem.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>

#include "mdma_private.h"

/**
 * struct mdma_end - one side of the window that is being copied
 * @addr: IOVA or offset in the device memory
 * @mem: it is the latter
 * @pages: room for a window's pages
 * @nr: pages pinned
 */
struct mdma_end {
	u64 addr;
	bool mem;
	struct page **pages;
	unsigned int nr;
};

/**
 * mdma_flight_begin - publish what the worker is going to touch
 * @m: the device
 * @job: to stay valid until mdma_flight_end()
 *
 * Context: worker, under m->lock.
 */
void mdma_flight_begin(struct mdma *m, const struct mdma_job *job)
{
	lockdep_assert_held(&m->lock);

	m->flight.job = job;
	WRITE_ONCE(m->flight.abort, 0);
}

/**
 * mdma_flight_end - nothing is pinned any more
 * @m: the device
 *
 * Holds the engine off after an unmap: type1 gives up for good (BUG) when it
 * finds a mapping pinned again ten times in a row, and between the wakeup of
 * the unmapping task and its next look the ring's next descriptor could have
 * done that.
 *
 * Context: worker, takes m->lock.
 * Return: MDMA_ABORT_* that came during the flight.
 */
unsigned int mdma_flight_end(struct mdma *m)
{
	unsigned int abort;

	spin_lock(&m->lock);
	WARN_ON_ONCE(m->pinned);
	abort = m->flight.abort;
	if (abort & MDMA_ABORT_UNMAP)
		m->hold_until = jiffies + MDMA_HOLD;
	m->flight.job = NULL;
	/* pairs with the acquire in mdma_flight_unmap() */
	smp_store_release(&m->flight.seq, m->flight.seq + 1);
	spin_unlock(&m->lock);
	wake_up_all(&m->wait);
	return abort;
}

/**
 * mdma_flight_abort - ask the worker to give the descriptor up
 * @m: the device
 * @why: MDMA_ABORT_*
 *
 * Context: under m->lock; the caller wakes @m->wait once it has dropped it.
 */
void mdma_flight_abort(struct mdma *m, unsigned int why)
{
	lockdep_assert_held(&m->lock);

	if (m->flight.job)
		WRITE_ONCE(m->flight.abort, m->flight.abort | why);
}

static bool mdma_flight_aborted(struct mdma *m)
{
	return READ_ONCE(m->flight.abort);
}

/* As long as real hardware would take; what was pinned stays so. */
static bool mdma_flight_pace(struct mdma *m)
{
	unsigned int pace = READ_ONCE(m->pace);

	if (pace)
		wait_event_timeout(m->wait, mdma_flight_aborted(m),
				   msecs_to_jiffies(pace));
	return !mdma_flight_aborted(m);
}

static bool mdma_job_touches(const struct mdma_job *job, u64 first, u64 last)
{
	u32 more = job->len - 1;

	if (!(job->flags & MDMA_DESC_SRC_MEM) &&
	    job->src <= last && job->src + more >= first)
		return true;
	return !(job->flags & MDMA_DESC_DST_MEM) &&
	       job->dst <= last && job->dst + more >= first;
}

/**
 * mdma_flight_unmap - the user takes a range of IOVAs away
 * @vdev: the device
 * @iova: start
 * @length: bytes; 0 to ULONG_MAX is what a detach says
 *
 * On return no page of the range is pinned, nor written by what was running.
 *
 * Context: dma_unmap of both types. May sleep. Any locks of vfio and iommufd
 * but the ones that pin, unpin and rw take. May come before open_device, after
 * close_device, and twice at a time.
 */
void mdma_flight_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct mdma *m = to_mdma(vdev);
	unsigned int seq;
	u64 last;
	bool hit;

	if (!length || check_add_overflow(iova, length - 1, &last))
		last = U64_MAX;

	spin_lock(&m->lock);
	hit = m->flight.job && mdma_job_touches(m->flight.job, iova, last);
	if (hit)
		mdma_flight_abort(m, MDMA_ABORT_UNMAP);
	seq = m->flight.seq;
	spin_unlock(&m->lock);

	if (hit) {
		wake_up_all(&m->wait);
		/* the worker's last store to a page comes before seq moves on */
		wait_event(m->wait, smp_load_acquire(&m->flight.seq) != seq);
	}
}

static u64 mdma_page_offset(u64 addr)
{
	return addr & (PAGE_SIZE - 1);
}

static int mdma_end_pin(struct mdma *m, struct mdma_end *end, u32 n, bool write)
{
	unsigned int nr;
	int ret;

	if (end->mem)
		return 0;

	nr = DIV_ROUND_UP(mdma_page_offset(end->addr) + n, PAGE_SIZE);
	ret = mdma_iommu_pin(m, ALIGN_DOWN(end->addr, PAGE_SIZE), nr, write,
			     end->pages);
	if (ret)
		return ret;

	end->nr = nr;
	spin_lock(&m->lock);
	m->pinned += nr;
	spin_unlock(&m->lock);
	return 0;
}

static void mdma_end_unpin(struct mdma *m, struct mdma_end *end)
{
	if (!end->nr)
		return;

	mdma_iommu_unpin(m, ALIGN_DOWN(end->addr, PAGE_SIZE), end->nr);
	spin_lock(&m->lock);
	m->pinned -= end->nr;
	spin_unlock(&m->lock);
	end->nr = 0;
}

static void *mdma_end_map(struct mdma *m, struct mdma_end *end, u32 pos)
{
	u64 off;

	if (end->mem)
		return m->mem + end->addr + pos;

	off = mdma_page_offset(end->addr) + pos;
	return kmap_local_page(end->pages[off / PAGE_SIZE]) +
	       mdma_page_offset(off);
}

static void mdma_end_unmap(struct mdma_end *end, void *p)
{
	if (!end->mem)
		kunmap_local(p);
}

static u32 mdma_copy_pinned(struct mdma *m, struct mdma_end *src,
			    struct mdma_end *dst, u32 n)
{
	u32 status = MDMA_ERR_SRC;
	u32 pos, step;

	if (mdma_end_pin(m, src, n, false))
		return status;

	status = MDMA_ERR_DST;
	if (mdma_end_pin(m, dst, n, true))
		goto unpin_src;

	status = MDMA_ERR_UNMAPPED;
	if (!mdma_flight_pace(m))
		goto unpin_dst;

	mutex_lock(&m->mem_lock);
	for (pos = 0; pos < n; pos += step) {
		void *from, *to;

		/* up to the next page boundary on either side */
		step = min3((u64)n - pos,
			    PAGE_SIZE - mdma_page_offset(src->addr + pos),
			    PAGE_SIZE - mdma_page_offset(dst->addr + pos));
		from = mdma_end_map(m, src, pos);
		to = mdma_end_map(m, dst, pos);
		memcpy(to, from, step);
		mdma_end_unmap(dst, to);
		mdma_end_unmap(src, from);
	}
	mutex_unlock(&m->mem_lock);
	status = MDMA_OK;

unpin_dst:
	mdma_end_unpin(m, dst);
unpin_src:
	mdma_end_unpin(m, src);
	return status;
}

static int mdma_bounce(struct mdma *m, struct mdma_end *end, u32 n, bool write)
{
	if (!end->mem)
		return mdma_iommu_rw(m, end->addr, m->bounce, n, write);

	mutex_lock(&m->mem_lock);
	if (write)
		memcpy(m->mem + end->addr, m->bounce, n);
	else
		memcpy(m->bounce, m->mem + end->addr, n);
	mutex_unlock(&m->mem_lock);
	return 0;
}

static u32 mdma_copy_rw(struct mdma *m, struct mdma_end *src,
			struct mdma_end *dst, u32 n)
{
	if (mdma_bounce(m, src, n, false))
		return MDMA_ERR_SRC;
	if (!mdma_flight_pace(m))
		return MDMA_ERR_UNMAPPED;
	if (mdma_bounce(m, dst, n, true))
		return MDMA_ERR_DST;
	return MDMA_OK;
}

/**
 * mdma_copy - execute a descriptor
 * @m: the device
 * @job: checked; @job->done is advanced
 *
 * Context: worker, during a flight, may sleep and fault.
 * Return: MDMA_OK or MDMA_ERR_*.
 */
u32 mdma_copy(struct mdma *m, struct mdma_job *job)
{
	struct mdma_end src = { .pages = m->src_pages,
				.mem = job->flags & MDMA_DESC_SRC_MEM };
	struct mdma_end dst = { .pages = m->dst_pages,
				.mem = job->flags & MDMA_DESC_DST_MEM };
	u32 n, status;

	for (; job->done < job->len; job->done += n) {
		if (mdma_flight_aborted(m))
			return MDMA_ERR_UNMAPPED;

		src.addr = job->src + job->done;
		dst.addr = job->dst + job->done;
		n = min_t(u64, job->len - job->done,
			  MDMA_WINDOW - max(mdma_page_offset(src.addr),
					    mdma_page_offset(dst.addr)));
		if (job->flags & MDMA_DESC_PIN)
			status = mdma_copy_pinned(m, &src, &dst, n);
		else
			status = mdma_copy_rw(m, &src, &dst, n);
		if (status != MDMA_OK)
			return status;
		cond_resched();
	}
	return MDMA_OK;
}
