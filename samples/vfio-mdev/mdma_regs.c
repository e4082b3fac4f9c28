// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdma: the registers.
 *
 * Lives here: what a register access means, and the interrupt's eventfd. Reads
 * and writes come from mdma_user.c, writes with ctl_lock held, which keeps
 * the values stable that only they change; m->lock is for what the worker of
 * mdma_engine.c reads or changes, too.
 */
#include <linux/bits.h>
#include <linux/eventfd.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/wordpart.h>

#include "mdma_private.h"

static bool mdma_regs_ring_valid(struct mdma *m)
{
	u64 last;

	return is_power_of_2(m->ring_size) && m->ring_size >= MDMA_MIN_RING &&
	       m->ring_size <= MDMA_MAX_RING &&
	       IS_ALIGNED(m->ring, sizeof(struct mdma_desc)) &&
	       !check_add_overflow(m->ring, m->ring_size *
				   sizeof(struct mdma_desc) - 1, &last) &&
	       last <= ULONG_MAX;
}

static int mdma_regs_control(struct mdma *m, u32 val)
{
	if (val & MDMA_CTRL_RESET) {
		mdma_engine_reset(m);
		return 0;
	}
	if (val & ~(MDMA_CTRL_RUN | MDMA_CTRL_IRQ | MDMA_CTRL_HALT_ON_ERR))
		return -EINVAL;
	if (!(val & MDMA_CTRL_RUN))
		mdma_engine_pause(m);
	else if (!mdma_regs_ring_valid(m) || m->tail >= m->ring_size)
		return -EINVAL;

	spin_lock(&m->lock);
	m->ctrl = val;
	if (val & MDMA_CTRL_RUN)
		m->status = 0;
	mdma_engine_kick(m);
	spin_unlock(&m->lock);
	return 0;
}

static int mdma_regs_ring_setup(struct mdma *m, u32 reg, u32 val)
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

static int mdma_regs_doorbell(struct mdma *m, u32 tail)
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
 * mdma_regs_write - a register write
 * @m: the device
 * @reg: MDMA_REG_*
 * @val: CPU byte order
 *
 * Context: ctl_lock held; a write of CTRL that stops the engine sleeps.
 * Return: 0, -EINVAL for a value or register that cannot be written, -EBUSY
 * for the ring of a running engine.
 */
int mdma_regs_write(struct mdma *m, u32 reg, u32 val)
{
	lockdep_assert_held(&m->ctl_lock);

	switch (reg) {
	case MDMA_REG_CTRL:
		return mdma_regs_control(m, val);
	case MDMA_REG_RING_LO:
	case MDMA_REG_RING_HI:
	case MDMA_REG_RING_SIZE:
		return mdma_regs_ring_setup(m, reg, val);
	case MDMA_REG_TAIL:
		return mdma_regs_doorbell(m, val);
	case MDMA_REG_PACE:
		if (val > MDMA_MAX_PACE)
			return -EINVAL;
		WRITE_ONCE(m->pace, val);
		return 0;
	}
	return -EINVAL;
}

static u32 mdma_regs_get(struct mdma *m, u32 reg)
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
 * mdma_regs_read - a register read
 * @m: the device
 * @reg: MDMA_REG_*; the holes read as zero
 *
 * Context: does not wait for a writer that stops the engine.
 * Return: the value in CPU byte order.
 */
u32 mdma_regs_read(struct mdma *m, u32 reg)
{
	u32 val;

	spin_lock(&m->lock);
	val = mdma_regs_get(m, reg);
	spin_unlock(&m->lock);
	return val;
}

/**
 * mdma_regs_set_irq - exchange the eventfd
 * @m: the device
 * @irq: its reference is taken over; NULL for none
 *
 * Context: may sleep. On return the old one is not going to be signalled.
 */
void mdma_regs_set_irq(struct mdma *m, struct eventfd_ctx *irq)
{
	spin_lock(&m->lock);
	swap(m->irq, irq);
	spin_unlock(&m->lock);

	if (irq)
		eventfd_ctx_put(irq);
}

/**
 * mdma_regs_fire - raise the interrupt by hand, whatever CTRL says
 * @m: the device
 */
void mdma_regs_fire(struct mdma *m)
{
	spin_lock(&m->lock);
	if (m->irq)
		eventfd_signal(m->irq);
	spin_unlock(&m->lock);
}
