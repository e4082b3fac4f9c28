// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdma: the descriptor ring.
 *
 * Lives here: the worker, one thread per device, that takes descriptors from
 * the ring, checks them, has them copied and reports; and how it is started,
 * paused, stopped and reset. These come from mdma_regs.c, mdma_user.c and
 * mdma_iommu.c with ctl_lock held. m->lock protects what both sides share, and
 * is never held over an access to user memory.
 */
#include <linux/eventfd.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/lockdep.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mdma_private.h"

static bool mdma_engine_ready(struct mdma *m)
{
	lockdep_assert_held(&m->lock);

	return (m->ctrl & MDMA_CTRL_RUN) && !(m->status & MDMA_ST_HALTED) &&
	       m->head != m->tail;
}

/**
 * mdma_engine_kick - have the worker look at the ring
 * @m: the device
 *
 * Context: m->lock held.
 */
void mdma_engine_kick(struct mdma *m)
{
	unsigned long now = jiffies, delay = 0;

	lockdep_assert_held(&m->lock);

	if (!mdma_engine_ready(m))
		return;
	if (time_before(now, m->hold_until))
		delay = min_t(unsigned long, m->hold_until - now, MDMA_HOLD);
	kthread_queue_delayed_work(m->worker, &m->work, delay);
}

static void mdma_engine_irq(struct mdma *m)
{
	lockdep_assert_held(&m->lock);

	if (m->irq && (m->ctrl & MDMA_CTRL_IRQ))
		eventfd_signal(m->irq);
}

/* The ring is out of reach: nothing more can be said in a descriptor. */
static void mdma_engine_ring_error(struct mdma *m)
{
	spin_lock(&m->lock);
	m->status |= MDMA_ST_HALTED | MDMA_ST_RING_ERR;
	mdma_engine_irq(m);
	spin_unlock(&m->lock);
}

static u32 mdma_check_end(u64 addr, u32 len, bool mem, u32 error)
{
	u64 last;

	if (check_add_overflow(addr, (u64)len - 1, &last))
		return mem ? MDMA_ERR_DESC : error;
	if (mem)
		return last < MDMA_MEM_SIZE ? MDMA_OK : MDMA_ERR_DESC;
	return last <= ULONG_MAX ? MDMA_OK : error;
}

static u32 mdma_check(const struct mdma_job *job)
{
	u32 status;

	if (!job->len || job->len > MDMA_MAX_LEN ||
	    (job->flags & ~MDMA_DESC_FLAGS))
		return MDMA_ERR_DESC;

	status = mdma_check_end(job->src, job->len,
				job->flags & MDMA_DESC_SRC_MEM, MDMA_ERR_SRC);
	if (status == MDMA_OK)
		status = mdma_check_end(job->dst, job->len,
					job->flags & MDMA_DESC_DST_MEM,
					MDMA_ERR_DST);
	return status;
}

/* Tell the user; false if that, too, is impossible. */
static bool mdma_write_back(struct mdma *m, u64 desc, const struct mdma_job *job,
			    u32 status)
{
	__le32 back[2] = { cpu_to_le32(job->done), cpu_to_le32(status) };

	static_assert(offsetofend(struct mdma_desc, done) ==
		      offsetof(struct mdma_desc, status));
	return !mdma_iommu_rw(m, desc + offsetof(struct mdma_desc, done), back,
			      sizeof(back), true);
}

static void mdma_complete(struct mdma *m, const struct mdma_job *job, u32 status)
{
	spin_lock(&m->lock);
	m->head = (m->head + 1) & (m->ring_size - 1);
	m->nr_done++;
	if (status == MDMA_ERR_UNMAPPED)
		m->nr_aborted++;
	if (status != MDMA_OK && (m->ctrl & MDMA_CTRL_HALT_ON_ERR))
		m->status |= MDMA_ST_HALTED;
	if (status != MDMA_OK || (job->flags & MDMA_DESC_IRQ))
		mdma_engine_irq(m);
	mdma_engine_kick(m);
	spin_unlock(&m->lock);
}

/* One descriptor per run: the work item queues itself again. */
static void mdma_engine_work(struct kthread_work *work)
{
	struct mdma *m = container_of(work, struct mdma, work.work);
	struct mdma_desc desc;
	struct mdma_job job = {};
	u32 status;
	u64 iova;

	/* A thread of the kernel has to say so; sent by mdma_iommu.c alone. */
	allow_signal(SIGKILL);

	spin_lock(&m->lock);
	if (!mdma_engine_ready(m)) {
		spin_unlock(&m->lock);
		return;
	}
	iova = m->ring + m->head * sizeof(desc);
	spin_unlock(&m->lock);

	if (mdma_iommu_rw(m, iova, &desc, sizeof(desc), false)) {
		mdma_engine_ring_error(m);
		return;
	}

	job.src = le64_to_cpu(desc.src);
	job.dst = le64_to_cpu(desc.dst);
	job.len = le32_to_cpu(desc.len);
	job.flags = le32_to_cpu(desc.flags);

	status = mdma_check(&job);
	if (status == MDMA_OK) {
		spin_lock(&m->lock);
		if (!mdma_engine_ready(m)) {
			spin_unlock(&m->lock);
			return;
		}
		mdma_flight_begin(m, &job);
		spin_unlock(&m->lock);

		status = mdma_copy(m, &job);
		if (mdma_flight_end(m) & MDMA_ABORT_STOP)
			return;
	}

	if (mdma_write_back(m, iova, &job, status))
		mdma_complete(m, &job, status);
	else
		mdma_engine_ring_error(m);
}

/*
 * The user's side
 */

/*
 * Let the worker come to rest. RUN is off and only the holder of ctl_lock can
 * turn it on, so nothing queues the work again.
 */
static void mdma_engine_stop(struct mdma *m, unsigned int abort)
{
	lockdep_assert_held(&m->ctl_lock);

	spin_lock(&m->lock);
	m->ctrl &= ~MDMA_CTRL_RUN;
	mdma_flight_abort(m, abort);
	spin_unlock(&m->lock);
	wake_up_all(&m->wait);
	kthread_cancel_delayed_work_sync(&m->work);
}

/**
 * mdma_engine_pause - finish the descriptor at hand and begin no other
 * @m: the device
 *
 * Context: ctl_lock held, to be kept until mdma_engine_resume(); may sleep
 * for as long as a descriptor takes, of which no access takes longer than
 * mdma_iommu.c allows.
 * Return: whether the engine was set running, and is to be resumed.
 */
bool mdma_engine_pause(struct mdma *m)
{
	bool running = m->ctrl & MDMA_CTRL_RUN;

	mdma_engine_stop(m, 0);
	return running;
}

/**
 * mdma_engine_resume - undo mdma_engine_pause()
 * @m: the device
 *
 * A halted engine stays halted.
 *
 * Context: ctl_lock held.
 */
void mdma_engine_resume(struct mdma *m)
{
	lockdep_assert_held(&m->ctl_lock);

	spin_lock(&m->lock);
	m->ctrl |= MDMA_CTRL_RUN;
	mdma_engine_kick(m);
	spin_unlock(&m->lock);
}

/**
 * mdma_engine_reset - stop at once and forget everything
 * @m: the device
 *
 * The device memory is cleared as well; the eventfd stays.
 *
 * Context: ctl_lock held, may sleep until the worker is at rest.
 */
void mdma_engine_reset(struct mdma *m)
{
	mdma_engine_stop(m, MDMA_ABORT_STOP);

	spin_lock(&m->lock);
	m->ctrl = 0;
	m->status = 0;
	m->ring = 0;
	m->ring_size = 0;
	m->head = 0;
	m->tail = 0;
	WRITE_ONCE(m->pace, 0);
	m->nr_done = 0;
	m->nr_aborted = 0;
	spin_unlock(&m->lock);

	mutex_lock(&m->mem_lock);
	memset(m->mem, 0, MDMA_MEM_SIZE);
	mutex_unlock(&m->mem_lock);
}

/**
 * mdma_engine_init - set up what lives as long as the device
 * @m: zeroed memory
 *
 * Context: may sleep. From here on unmaps and resets are welcome.
 * Return: 0; or -ENOMEM, or -EINTR for a task that is being killed, with
 * nothing to be undone.
 */
int mdma_engine_init(struct mdma *m)
{
	int ret;

	mutex_init(&m->ctl_lock);
	mutex_init(&m->mem_lock);
	spin_lock_init(&m->lock);
	init_waitqueue_head(&m->wait);
	kthread_init_delayed_work(&m->work, mdma_engine_work);
	mdma_iommu_init(m);
	m->hold_until = jiffies;

	m->worker = kthread_create_worker(0, "mdma-%s", dev_name(m->vdev.dev));
	m->mem = kvzalloc(MDMA_MEM_SIZE, GFP_KERNEL_ACCOUNT);
	m->bounce = kvzalloc(MDMA_WINDOW, GFP_KERNEL_ACCOUNT);
	ret = PTR_ERR_OR_ZERO(m->worker);
	if (!m->mem || !m->bounce)
		ret = -ENOMEM;
	if (ret)
		mdma_engine_free(m);
	return ret;
}

/**
 * mdma_engine_free - undo mdma_engine_init()
 * @m: the device, closed for good
 */
void mdma_engine_free(struct mdma *m)
{
	if (!IS_ERR(m->worker))
		kthread_destroy_worker(m->worker);
	mdma_iommu_free(m);
	kvfree(m->bounce);
	kvfree(m->mem);
}
