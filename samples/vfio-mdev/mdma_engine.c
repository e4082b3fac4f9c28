// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdma: registers and the descriptor ring.
 *
 * Lives here: the worker, one work item per device, that takes descriptors
 * from the ring, checks them, has them copied and reports; and what register
 * accesses and resets do to it. These come from mdma_main.c, with ctl_lock
 * held where they change something. m->lock protects what both sides share,
 * and is never held over an access to user memory.
 */
#include <linux/eventfd.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mdma_private.h"

static struct workqueue_struct *mdma_wq;

static bool mdma_engine_ready(struct mdma *m)
{
	lockdep_assert_held(&m->lock);

	return (m->ctrl & MDMA_CTRL_RUN) && !(m->status & MDMA_ST_HALTED) &&
	       m->head != m->tail;
}

static void mdma_engine_kick(struct mdma *m)
{
	unsigned long now = jiffies, delay = 0;

	lockdep_assert_held(&m->lock);

	if (!mdma_engine_ready(m))
		return;
	if (time_before(now, m->hold_until))
		delay = min_t(unsigned long, m->hold_until - now, MDMA_HOLD);
	queue_delayed_work(mdma_wq, &m->work, delay);
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
static void mdma_engine_work(struct work_struct *work)
{
	struct mdma *m = container_of(to_delayed_work(work), struct mdma, work);
	struct mdma_desc desc;
	struct mdma_job job = {};
	u32 status;
	u64 iova;

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
	cancel_delayed_work_sync(&m->work);
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

static bool mdma_engine_ring_valid(struct mdma *m)
{
	u64 last;

	return is_power_of_2(m->ring_size) && m->ring_size >= MDMA_MIN_RING &&
	       m->ring_size <= MDMA_MAX_RING &&
	       IS_ALIGNED(m->ring, sizeof(struct mdma_desc)) &&
	       !check_add_overflow(m->ring, m->ring_size *
				   sizeof(struct mdma_desc) - 1, &last) &&
	       last <= ULONG_MAX;
}

static int mdma_engine_control(struct mdma *m, u32 val)
{
	if (val & MDMA_CTRL_RESET) {
		mdma_engine_reset(m);
		return 0;
	}
	if (val & ~(MDMA_CTRL_RUN | MDMA_CTRL_IRQ | MDMA_CTRL_HALT_ON_ERR))
		return -EINVAL;
	if (!(val & MDMA_CTRL_RUN))
		mdma_engine_stop(m, 0);
	else if (!mdma_engine_ring_valid(m) || m->tail >= m->ring_size)
		return -EINVAL;

	spin_lock(&m->lock);
	m->ctrl = val;
	if (val & MDMA_CTRL_RUN)
		m->status = 0;
	mdma_engine_kick(m);
	spin_unlock(&m->lock);
	return 0;
}

static int mdma_engine_ring_setup(struct mdma *m, u32 reg, u32 val)
{
	if (m->ctrl & MDMA_CTRL_RUN)
		return -EBUSY;

	spin_lock(&m->lock);
	if (reg == MDMA_REG_RING_LO)
		m->ring = (m->ring & GENMASK_ULL(63, 32)) | val;
	else if (reg == MDMA_REG_RING_HI)
		m->ring = (m->ring & GENMASK_ULL(31, 0)) | (u64)val << 32;
	else
		m->ring_size = val;
	m->head = 0;
	m->tail = 0;
	spin_unlock(&m->lock);
	return 0;
}

static int mdma_engine_doorbell(struct mdma *m, u32 tail)
{
	if (tail >= m->ring_size)
		return -EINVAL;

	spin_lock(&m->lock);
	m->tail = tail;
	mdma_engine_kick(m);
	spin_unlock(&m->lock);
	return 0;
}

/**
 * mdma_engine_write - a register write
 * @m: the device
 * @reg: MDMA_REG_*
 * @val: CPU byte order
 *
 * Context: ctl_lock held; a write of CTRL that stops the engine sleeps.
 * Return: 0, -EINVAL for a value or register that cannot be written, -EBUSY
 * for the ring of a running engine.
 */
int mdma_engine_write(struct mdma *m, u32 reg, u32 val)
{
	lockdep_assert_held(&m->ctl_lock);

	switch (reg) {
	case MDMA_REG_CTRL:
		return mdma_engine_control(m, val);
	case MDMA_REG_RING_LO:
	case MDMA_REG_RING_HI:
	case MDMA_REG_RING_SIZE:
		return mdma_engine_ring_setup(m, reg, val);
	case MDMA_REG_TAIL:
		return mdma_engine_doorbell(m, val);
	case MDMA_REG_PACE:
		if (val > MDMA_MAX_PACE)
			return -EINVAL;
		WRITE_ONCE(m->pace, val);
		return 0;
	}
	return -EINVAL;
}

static u32 mdma_engine_get(struct mdma *m, u32 reg)
{
	lockdep_assert_held(&m->lock);

	switch (reg) {
	case MDMA_REG_ID:
		return MDMA_ID;
	case MDMA_REG_CAPS:
		return m->access ? MDMA_CAP_OWN_IOAS : 0;
	case MDMA_REG_CTRL:
		return m->ctrl;
	case MDMA_REG_STATUS:
		return m->status | (m->head != m->tail ? MDMA_ST_BUSY : 0);
	case MDMA_REG_RING_LO:
		return lower_32_bits(m->ring);
	case MDMA_REG_RING_HI:
		return upper_32_bits(m->ring);
	case MDMA_REG_RING_SIZE:
		return m->ring_size;
	case MDMA_REG_HEAD:
		return m->head;
	case MDMA_REG_TAIL:
		return m->tail;
	case MDMA_REG_PACE:
		return m->pace;
	case MDMA_REG_DONE:
		return m->nr_done;
	case MDMA_REG_ABORTED:
		return m->nr_aborted;
	case MDMA_REG_PINNED:
		return m->pinned;
	}
	return 0;
}

/**
 * mdma_engine_read - a register read
 * @m: the device
 * @reg: MDMA_REG_*; the holes read as zero
 *
 * Context: does not wait for a writer that stops the engine.
 * Return: the value in CPU byte order.
 */
u32 mdma_engine_read(struct mdma *m, u32 reg)
{
	u32 val;

	spin_lock(&m->lock);
	val = mdma_engine_get(m, reg);
	spin_unlock(&m->lock);
	return val;
}

/**
 * mdma_engine_set_irq - exchange the eventfd
 * @m: the device
 * @irq: its reference is taken over; NULL for none
 *
 * Context: may sleep. On return the old one is not going to be signalled.
 */
void mdma_engine_set_irq(struct mdma *m, struct eventfd_ctx *irq)
{
	spin_lock(&m->lock);
	swap(m->irq, irq);
	spin_unlock(&m->lock);

	if (irq)
		eventfd_ctx_put(irq);
}

/**
 * mdma_engine_fire - raise the interrupt by hand, whatever CTRL says
 * @m: the device
 */
void mdma_engine_fire(struct mdma *m)
{
	spin_lock(&m->lock);
	if (m->irq)
		eventfd_signal(m->irq);
	spin_unlock(&m->lock);
}

/**
 * mdma_engine_init - set up what lives as long as the device
 * @m: zeroed memory
 *
 * Context: may sleep. From here on unmaps and resets are welcome.
 * Return: 0 or -ENOMEM, with nothing to be undone.
 */
int mdma_engine_init(struct mdma *m)
{
	m->mem = kvzalloc(MDMA_MEM_SIZE, GFP_KERNEL_ACCOUNT);
	m->bounce = kvzalloc(MDMA_WINDOW, GFP_KERNEL_ACCOUNT);
	if (!m->mem || !m->bounce) {
		mdma_engine_free(m);
		return -ENOMEM;
	}

	mutex_init(&m->ctl_lock);
	mutex_init(&m->mem_lock);
	spin_lock_init(&m->lock);
	init_waitqueue_head(&m->wait);
	INIT_DELAYED_WORK(&m->work, mdma_engine_work);
	m->hold_until = jiffies;
	return 0;
}

/**
 * mdma_engine_free - free what mdma_engine_init() allocated
 * @m: the device, closed for good
 */
void mdma_engine_free(struct mdma *m)
{
	kvfree(m->bounce);
	kvfree(m->mem);
}

/**
 * mdma_engine_module_init - get the workqueue of all engines
 *
 * Return: 0 or -ENOMEM.
 */
int __init mdma_engine_module_init(void)
{
	mdma_wq = alloc_workqueue("mdma", WQ_UNBOUND, 0);
	return mdma_wq ? 0 : -ENOMEM;
}

/**
 * mdma_engine_module_exit - the opposite, with no device left
 */
void mdma_engine_module_exit(void)
{
	destroy_workqueue(mdma_wq);
}
