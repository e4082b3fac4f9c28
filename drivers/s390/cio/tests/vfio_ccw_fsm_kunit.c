// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of vfio-ccw's state machine, with a fake subchannel
 *
 * Lives here: every cell of the table of states and events, and the sequences
 * that real hardware shows only in a race: status left over from before a
 * start, a device that goes while a program is translated, one that does not
 * stop. The machine is compiled in: no subchannel is needed.
 */
#include <kunit/test.h>

#include "../vfio_ccw_fsm.c"

/*
 * A subchannel and what was done to it. Each operation returns the number of
 * its name; disable says -EBUSY for @busy rounds first, for ever if negative;
 * @on_wait stands in for an interrupt.
 */
struct fake {
	struct vfio_ccw_fsm fsm;
	spinlock_t lock; /* in place of the subchannel's */
	int busy;
	int enable, disable, start, halt, clear, cancel;
	void (*on_wait)(struct fake *fake);
	struct {
		int enable, disable, start, halt, clear, cancel, wait, lost, trace;
	} called;
};

static struct fake *to_fake(struct vfio_ccw_fsm *fsm)
{
	return container_of(fsm, struct fake, fsm);
}

static int fake_enable(struct vfio_ccw_fsm *fsm)
{
	to_fake(fsm)->called.enable++;
	return to_fake(fsm)->enable;
}

static int fake_disable(struct vfio_ccw_fsm *fsm)
{
	struct fake *fake = to_fake(fsm);

	fake->called.disable++;
	if (fake->busy) {
		if (fake->busy > 0)
			fake->busy--;
		return -EBUSY;
	}
	return fake->disable;
}

static int fake_start(struct vfio_ccw_fsm *fsm)
{
	to_fake(fsm)->called.start++;
	return to_fake(fsm)->start;
}

static int fake_halt(struct vfio_ccw_fsm *fsm)
{
	to_fake(fsm)->called.halt++;
	return to_fake(fsm)->halt;
}

static int fake_clear(struct vfio_ccw_fsm *fsm)
{
	to_fake(fsm)->called.clear++;
	return to_fake(fsm)->clear;
}

static int fake_cancel(struct vfio_ccw_fsm *fsm, int *tries)
{
	to_fake(fsm)->called.cancel++;
	if (!(*tries)--)
		return -EIO;
	return to_fake(fsm)->cancel;
}

static void fake_wait(struct vfio_ccw_fsm *fsm)
{
	struct fake *fake = to_fake(fsm);

	fake->called.wait++;
	if (fake->on_wait)
		fake->on_wait(fake);
}

static void fake_lost(struct vfio_ccw_fsm *fsm)
{
	to_fake(fsm)->called.lost++;
}

static void fake_trace(struct vfio_ccw_fsm *fsm, enum vfio_ccw_event event)
{
	to_fake(fsm)->called.trace++;
}

static const struct vfio_ccw_hw fake_hw = {
	.enable = fake_enable,
	.disable = fake_disable,
	.start = fake_start,
	.halt = fake_halt,
	.clear = fake_clear,
	.cancel = fake_cancel,
	.wait = fake_wait,
	.lost = fake_lost,
	.trace = fake_trace,
};

/* A machine in a state, with a clean record. */
static void fake_in(struct fake *fake, enum vfio_ccw_state state)
{
	spin_lock(&fake->lock);
	vfio_ccw_fsm_init(&fake->fsm, &fake->lock, &fake_hw);
	if (state == VFIO_CCW_ST_NOT_OPER)
		vfio_ccw_fsm_lost(&fake->fsm);
	if (state >= VFIO_CCW_ST_IDLE)
		vfio_ccw_fsm_open(&fake->fsm);
	if (state >= VFIO_CCW_ST_CP_PROCESSING)
		vfio_ccw_fsm_prepare(&fake->fsm);
	if (state >= VFIO_CCW_ST_CP_PENDING)
		vfio_ccw_fsm_start(&fake->fsm);
	spin_unlock(&fake->lock);
	memset(&fake->called, 0, sizeof(fake->called));
}

static const struct vfio_ccw_status final = { .solicited = true };
static const struct vfio_ccw_status unsolicited = { };

/*
 * The table
 */

#define S(x)	VFIO_CCW_ST_##x
#define E(x)	VFIO_CCW_EV_##x
#define NR_CELLS	(VFIO_CCW_NR_STATES * VFIO_CCW_NR_EVENTS)

struct cell {
	enum vfio_ccw_state state;
	enum vfio_ccw_event event;
	enum vfio_ccw_action action;
	enum vfio_ccw_state next;
	int ret;		/* of the call that raises the event */
};

static const struct cell cells[] = {
	{ S(NOT_OPER), E(LOST), VFIO_CCW_NOP, S(NOT_OPER), 0 },
	{ S(NOT_OPER), E(IO), VFIO_CCW_REFUSE, S(NOT_OPER), -EIO },
	{ S(NOT_OPER), E(ASYNC), VFIO_CCW_REFUSE, S(NOT_OPER), -EIO },
	{ S(NOT_OPER), E(INTERRUPT), VFIO_CCW_DISABLE, S(NOT_OPER), 0 },
	{ S(NOT_OPER), E(OPEN), VFIO_CCW_DEAD, S(NOT_OPER), -EINVAL },
	{ S(NOT_OPER), E(CLOSE), VFIO_CCW_SETTLE, S(NOT_OPER), 1 },

	{ S(STANDBY), E(LOST), VFIO_CCW_LOST, S(NOT_OPER), 0 },
	{ S(STANDBY), E(IO), VFIO_CCW_REFUSE, S(STANDBY), -EIO },
	{ S(STANDBY), E(ASYNC), VFIO_CCW_REFUSE, S(STANDBY), -EIO },
	{ S(STANDBY), E(INTERRUPT), VFIO_CCW_DISABLE, S(STANDBY), 0 },
	{ S(STANDBY), E(OPEN), VFIO_CCW_ENABLE, S(IDLE), 0 },
	{ S(STANDBY), E(CLOSE), VFIO_CCW_NOP, S(STANDBY), 1 },

	{ S(IDLE), E(LOST), VFIO_CCW_LOST, S(NOT_OPER), 0 },
	{ S(IDLE), E(IO), VFIO_CCW_PREPARE, S(CP_PROCESSING), 0 },
	{ S(IDLE), E(ASYNC), VFIO_CCW_ASYNC, S(IDLE), 0 },
	{ S(IDLE), E(INTERRUPT), VFIO_CCW_DELIVER, S(IDLE), 1 },
	{ S(IDLE), E(OPEN), VFIO_CCW_TWICE, S(IDLE), -EBUSY },
	{ S(IDLE), E(CLOSE), VFIO_CCW_QUIESCE, S(STANDBY), 1 },

	{ S(CP_PROCESSING), E(LOST), VFIO_CCW_LOST, S(NOT_OPER), 0 },
	{ S(CP_PROCESSING), E(IO), VFIO_CCW_RETRY, S(CP_PROCESSING), -EAGAIN },
	{ S(CP_PROCESSING), E(ASYNC), VFIO_CCW_RETRY, S(CP_PROCESSING), -EAGAIN },
	{ S(CP_PROCESSING), E(INTERRUPT), VFIO_CCW_DELIVER, S(CP_PROCESSING), 1 },
	{ S(CP_PROCESSING), E(OPEN), VFIO_CCW_TWICE, S(CP_PROCESSING), -EBUSY },
	{ S(CP_PROCESSING), E(CLOSE), VFIO_CCW_QUIESCE, S(STANDBY), 1 },

	{ S(CP_PENDING), E(LOST), VFIO_CCW_LOST, S(NOT_OPER), 0 },
	{ S(CP_PENDING), E(IO), VFIO_CCW_BUSY, S(CP_PENDING), -EBUSY },
	{ S(CP_PENDING), E(ASYNC), VFIO_CCW_ASYNC, S(CP_PENDING), 0 },
	{ S(CP_PENDING), E(INTERRUPT), VFIO_CCW_DELIVER, S(CP_PENDING), 1 },
	{ S(CP_PENDING), E(OPEN), VFIO_CCW_TWICE, S(CP_PENDING), -EBUSY },
	{ S(CP_PENDING), E(CLOSE), VFIO_CCW_QUIESCE, S(STANDBY), 1 },
};

static_assert(ARRAY_SIZE(cells) == NR_CELLS);

static int fake_raise(struct fake *fake, enum vfio_ccw_event event)
{
	struct vfio_ccw_fsm *fsm = &fake->fsm;

	switch (event) {
	case VFIO_CCW_EV_LOST:
		vfio_ccw_fsm_lost(fsm);
		return 0;
	case VFIO_CCW_EV_IO:
		return vfio_ccw_fsm_prepare(fsm);
	case VFIO_CCW_EV_ASYNC:
		return vfio_ccw_fsm_async(fsm, VFIO_CCW_ASYNC_CMD_CSCH);
	case VFIO_CCW_EV_INTERRUPT:
		return vfio_ccw_fsm_interrupt(fsm, &unsolicited);
	case VFIO_CCW_EV_OPEN:
		return vfio_ccw_fsm_open(fsm);
	case VFIO_CCW_EV_CLOSE:
		return vfio_ccw_fsm_close(fsm);
	}
	return -EINVAL;
}

/* Which operation an action leads to, and that it leads to no other. */
static void expect_calls(struct kunit *test, const struct fake *fake,
			 enum vfio_ccw_action action)
{
	int disable = action == VFIO_CCW_DISABLE || action == VFIO_CCW_QUIESCE ||
		      action == VFIO_CCW_SETTLE;

	KUNIT_EXPECT_EQ(test, fake->called.trace, 1);
	KUNIT_EXPECT_EQ(test, fake->called.enable, action == VFIO_CCW_ENABLE);
	KUNIT_EXPECT_EQ(test, fake->called.disable, disable);
	KUNIT_EXPECT_EQ(test, fake->called.clear, action == VFIO_CCW_ASYNC);
	KUNIT_EXPECT_EQ(test, fake->called.lost, action == VFIO_CCW_LOST);
	KUNIT_EXPECT_EQ(test, fake->called.start, 0);
	KUNIT_EXPECT_EQ(test, fake->called.halt, 0);
	KUNIT_EXPECT_EQ(test, fake->called.cancel, 0);
	KUNIT_EXPECT_EQ(test, fake->called.wait, 0);
}

static void cell_test(struct kunit *test)
{
	const struct cell *cell = test->param_value;
	struct fake *fake = test->priv;
	int ret;

	KUNIT_EXPECT_EQ(test, vfio_ccw_fsm_action(cell->state, cell->event), cell->action);

	/* An open of what is open is a bug that warns, so it is not provoked. */
	if (cell->action == VFIO_CCW_TWICE) {
		KUNIT_EXPECT_EQ(test, vfio_ccw_fsm_errno(cell->action), cell->ret);
		return;
	}

	fake_in(fake, cell->state);
	spin_lock(&fake->lock);
	ret = fake_raise(fake, cell->event);
	spin_unlock(&fake->lock);
	KUNIT_EXPECT_EQ(test, ret, cell->ret);
	KUNIT_EXPECT_EQ(test, fake->fsm.state, cell->next);
	expect_calls(test, fake, cell->action);
}

static void cell_name(const struct cell *cell, char *name)
{
	static const char *const states[] = {
		"NOT_OPER", "STANDBY", "IDLE", "CP_PROCESSING", "CP_PENDING",
	};
	static const char *const events[] = {
		"not_oper", "io", "interrupt", "async", "open", "close",
	};

	snprintf(name, KUNIT_PARAM_DESC_SIZE, "%s %s", states[cell->state],
		 events[cell->event]);
}

KUNIT_ARRAY_PARAM(cell, cells, cell_name);

/* No cell stands there twice, so with their number all are there. */
static void cells_are_all(struct kunit *test)
{
	unsigned long seen = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cells); i++)
		seen |= BIT(cells[i].state * VFIO_CCW_NR_EVENTS + cells[i].event);
	KUNIT_EXPECT_EQ(test, seen, BIT(NR_CELLS) - 1);
}

/*
 * Sequences
 */

static int fake_start_program(struct fake *fake)
{
	int ret = vfio_ccw_fsm_prepare(&fake->fsm);

	return ret ?: vfio_ccw_fsm_start(&fake->fsm);
}

/* Numbers are the trace's: they stay what they were. */
static void numbers(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, VFIO_CCW_ST_NOT_OPER, 0);
	KUNIT_EXPECT_EQ(test, VFIO_CCW_ST_CP_PENDING, 4);
	KUNIT_EXPECT_EQ(test, VFIO_CCW_EV_INTERRUPT, 2);
	KUNIT_EXPECT_EQ(test, VFIO_CCW_EV_CLOSE, 5);
}

static void program_ends(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct vfio_ccw_fsm *fsm = &fake->fsm;

	fake_in(fake, VFIO_CCW_ST_IDLE);
	spin_lock(&fake->lock);
	KUNIT_EXPECT_EQ(test, fake_start_program(fake), 0);
	KUNIT_EXPECT_FALSE(test, vfio_ccw_fsm_reap(fsm));
	KUNIT_EXPECT_TRUE(test, vfio_ccw_fsm_interrupt(fsm, &final));
	/* Not before its status was taken over. */
	KUNIT_EXPECT_EQ(test, vfio_ccw_fsm_prepare(fsm), -EBUSY);
	KUNIT_EXPECT_TRUE(test, vfio_ccw_fsm_reap(fsm));
	KUNIT_EXPECT_FALSE(test, vfio_ccw_fsm_reap(fsm));
	KUNIT_EXPECT_EQ(test, fsm->state, VFIO_CCW_ST_IDLE);
	spin_unlock(&fake->lock);
}

/* Defect 4: the status of a halt, still on its way, ended the next program. */
static void defect_4_stale_status(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct vfio_ccw_fsm *fsm = &fake->fsm;
	u32 first;

	fake_in(fake, VFIO_CCW_ST_IDLE);
	spin_lock(&fake->lock);
	KUNIT_EXPECT_EQ(test, vfio_ccw_fsm_async(fsm, VFIO_CCW_ASYNC_CMD_HSCH), 0);
	KUNIT_EXPECT_TRUE(test, vfio_ccw_fsm_interrupt(fsm, &final));
	KUNIT_EXPECT_EQ(test, fake_start_program(fake), 0);
	first = fsm->program;
	KUNIT_EXPECT_NE(test, first, 0);
	KUNIT_EXPECT_FALSE(test, vfio_ccw_fsm_reap(fsm));
	KUNIT_EXPECT_EQ(test, fsm->state, VFIO_CCW_ST_CP_PENDING);

	/* It ends, is halted too late, and the next one starts. */
	vfio_ccw_fsm_interrupt(fsm, &final);
	vfio_ccw_fsm_interrupt(fsm, &final);
	KUNIT_EXPECT_TRUE(test, vfio_ccw_fsm_reap(fsm));
	KUNIT_EXPECT_EQ(test, fake_start_program(fake), 0);
	KUNIT_EXPECT_FALSE(test, vfio_ccw_fsm_reap(fsm));
	KUNIT_EXPECT_NE(test, fsm->program, first);
	spin_unlock(&fake->lock);
}

static void not_final(struct kunit *test)
{
	static const struct vfio_ccw_status status[] = {
		{ .solicited = false },
		{ .solicited = true, .actl = VFIO_CCW_ACTL_DEVACT },
		{ .solicited = true, .actl = VFIO_CCW_ACTL_SCHACT },
		{ .solicited = true, .actl = VFIO_CCW_ACTL_SUSPENDED },
		{ .solicited = true, .actl = VFIO_CCW_ACTL_START_PEND },
		{ .solicited = true, .actl = VFIO_CCW_ACTL_RESUME_PEND },
	};
	struct fake *fake = test->priv;
	size_t i;

	fake_in(fake, VFIO_CCW_ST_CP_PENDING);
	spin_lock(&fake->lock);
	for (i = 0; i < ARRAY_SIZE(status); i++) {
		KUNIT_EXPECT_TRUE(test, vfio_ccw_fsm_interrupt(&fake->fsm, &status[i]));
		KUNIT_EXPECT_FALSE_MSG(test, vfio_ccw_fsm_reap(&fake->fsm), "status %zu", i);
	}
	KUNIT_EXPECT_TRUE(test, vfio_ccw_fsm_interrupt(&fake->fsm, &final));
	KUNIT_EXPECT_TRUE(test, vfio_ccw_fsm_reap(&fake->fsm));
	spin_unlock(&fake->lock);
}

/* The device goes, or is closed, while the program is translated. */
static void gone_while_translating(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_in(fake, VFIO_CCW_ST_CP_PROCESSING);
	spin_lock(&fake->lock);
	vfio_ccw_fsm_lost(&fake->fsm);
	KUNIT_EXPECT_EQ(test, vfio_ccw_fsm_start(&fake->fsm), -EIO);
	vfio_ccw_fsm_abandon(&fake->fsm);
	KUNIT_EXPECT_EQ(test, fake->fsm.state, VFIO_CCW_ST_NOT_OPER);
	spin_unlock(&fake->lock);
	KUNIT_EXPECT_EQ(test, fake->called.start, 0);

	fake_in(fake, VFIO_CCW_ST_CP_PROCESSING);
	spin_lock(&fake->lock);
	KUNIT_EXPECT_TRUE(test, vfio_ccw_fsm_close(&fake->fsm));
	KUNIT_EXPECT_EQ(test, vfio_ccw_fsm_start(&fake->fsm), -EIO);
	KUNIT_EXPECT_EQ(test, fake->fsm.state, VFIO_CCW_ST_STANDBY);
	spin_unlock(&fake->lock);
	KUNIT_EXPECT_EQ(test, fake->called.start, 0);
}

static void start_fails(struct kunit *test)
{
	static const int errors[] = { -EBUSY, -EACCES, -ENODEV, -EIO };
	struct fake *fake = test->priv;
	size_t i;

	fake_in(fake, VFIO_CCW_ST_IDLE);
	spin_lock(&fake->lock);
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		fake->start = errors[i];
		KUNIT_EXPECT_EQ(test, fake_start_program(fake), errors[i]);
		KUNIT_EXPECT_EQ(test, fake->fsm.state, VFIO_CCW_ST_IDLE);
	}
	KUNIT_EXPECT_EQ(test, fake->fsm.program, 0);
	KUNIT_EXPECT_EQ(test, vfio_ccw_fsm_prepare(&fake->fsm), 0);
	vfio_ccw_fsm_abandon(&fake->fsm);
	KUNIT_EXPECT_EQ(test, fake->fsm.state, VFIO_CCW_ST_IDLE);
	spin_unlock(&fake->lock);
}

static void enable_fails(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_in(fake, VFIO_CCW_ST_STANDBY);
	fake->enable = -ENODEV;
	spin_lock(&fake->lock);
	KUNIT_EXPECT_EQ(test, vfio_ccw_fsm_open(&fake->fsm), -EINVAL);
	KUNIT_EXPECT_EQ(test, fake->fsm.state, VFIO_CCW_ST_NOT_OPER);
	KUNIT_EXPECT_EQ(test, fake->called.lost, 1);
	KUNIT_EXPECT_EQ(test, vfio_ccw_fsm_open(&fake->fsm), -EINVAL);
	KUNIT_EXPECT_EQ(test, fake->called.enable, 1);
	spin_unlock(&fake->lock);
}

static void async_commands(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_in(fake, VFIO_CCW_ST_CP_PENDING);
	spin_lock(&fake->lock);
	KUNIT_EXPECT_EQ(test, vfio_ccw_fsm_async(&fake->fsm, VFIO_CCW_ASYNC_CMD_HSCH), 0);
	KUNIT_EXPECT_EQ(test, fake->called.halt, 1);
	KUNIT_EXPECT_EQ(test, vfio_ccw_fsm_async(&fake->fsm, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_ccw_fsm_async(&fake->fsm, 3), -EINVAL);
	fake->halt = -EBUSY;
	KUNIT_EXPECT_EQ(test, vfio_ccw_fsm_async(&fake->fsm, VFIO_CCW_ASYNC_CMD_HSCH), -EBUSY);
	fake->clear = -ENODEV;
	KUNIT_EXPECT_EQ(test, vfio_ccw_fsm_async(&fake->fsm, VFIO_CCW_ASYNC_CMD_CSCH), -ENODEV);
	spin_unlock(&fake->lock);
}

/* A program that runs is ended, and its status comes while close waits. */
static void final_on_wait(struct fake *fake)
{
	vfio_ccw_fsm_interrupt(&fake->fsm, &final);
}

static void close_waits(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_in(fake, VFIO_CCW_ST_CP_PENDING);
	fake->busy = 3;
	fake->cancel = -EBUSY;
	fake->on_wait = final_on_wait;
	spin_lock(&fake->lock);
	KUNIT_EXPECT_TRUE(test, vfio_ccw_fsm_close(&fake->fsm));
	spin_unlock(&fake->lock);
	KUNIT_EXPECT_EQ(test, fake->fsm.state, VFIO_CCW_ST_STANDBY);
	KUNIT_EXPECT_EQ(test, fake->called.wait, 3);
	KUNIT_EXPECT_EQ(test, fake->called.cancel, 3);
	KUNIT_EXPECT_EQ(test, fake->called.lost, 0);
}

/* It goes while close waits: nothing accesses the pages, there is no way back. */
static void lost_on_wait(struct fake *fake)
{
	vfio_ccw_fsm_lost(&fake->fsm);
	fake->busy = 0;
	fake->disable = -ENODEV;
}

static void close_of_what_goes(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_in(fake, VFIO_CCW_ST_CP_PENDING);
	fake->busy = -1;
	fake->cancel = -EBUSY;
	fake->on_wait = lost_on_wait;
	spin_lock(&fake->lock);
	KUNIT_EXPECT_TRUE(test, vfio_ccw_fsm_close(&fake->fsm));
	KUNIT_EXPECT_EQ(test, fake->fsm.state, VFIO_CCW_ST_NOT_OPER);
	KUNIT_EXPECT_EQ(test, fake->called.lost, 1);
	KUNIT_EXPECT_TRUE(test, vfio_ccw_fsm_close(&fake->fsm));
	spin_unlock(&fake->lock);
}

/* It neither stops nor goes: the pages must stay. */
static void close_of_what_is_stuck(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_in(fake, VFIO_CCW_ST_CP_PENDING);
	fake->busy = -1;
	fake->cancel = -EBUSY;
	spin_lock(&fake->lock);
	KUNIT_EXPECT_FALSE(test, vfio_ccw_fsm_close(&fake->fsm));
	KUNIT_EXPECT_EQ(test, fake->fsm.state, VFIO_CCW_ST_NOT_OPER);
	KUNIT_EXPECT_EQ(test, fake->called.lost, 1);
	KUNIT_EXPECT_LT(test, fake->called.cancel, 1000);

	/* Idle each time it is asked, busy each time it is disabled. */
	fake->cancel = 0;
	KUNIT_EXPECT_FALSE(test, vfio_ccw_fsm_close(&fake->fsm));
	KUNIT_EXPECT_LT(test, fake->called.cancel, 1000);

	/* It comes to rest in the end. */
	fake->busy = 0;
	KUNIT_EXPECT_TRUE(test, vfio_ccw_fsm_close(&fake->fsm));
	KUNIT_EXPECT_EQ(test, fake->fsm.state, VFIO_CCW_ST_NOT_OPER);
	spin_unlock(&fake->lock);
}

/* The number of a program is never that of none. */
static void program_number_wraps(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_in(fake, VFIO_CCW_ST_IDLE);
	fake->fsm.program = U32_MAX;
	spin_lock(&fake->lock);
	KUNIT_EXPECT_EQ(test, fake_start_program(fake), 0);
	spin_unlock(&fake->lock);
	KUNIT_EXPECT_EQ(test, fake->fsm.program, 1);
}

static int fsm_test_init(struct kunit *test)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);

	if (!fake)
		return -ENOMEM;
	spin_lock_init(&fake->lock);
	test->priv = fake;
	return 0;
}

static struct kunit_case fsm_cases[] = {
	KUNIT_CASE_PARAM(cell_test, cell_gen_params),
	KUNIT_CASE(cells_are_all),
	KUNIT_CASE(numbers),
	KUNIT_CASE(program_ends),
	KUNIT_CASE(defect_4_stale_status),
	KUNIT_CASE(not_final),
	KUNIT_CASE(gone_while_translating),
	KUNIT_CASE(start_fails),
	KUNIT_CASE(enable_fails),
	KUNIT_CASE(async_commands),
	KUNIT_CASE(close_waits),
	KUNIT_CASE(close_of_what_goes),
	KUNIT_CASE(close_of_what_is_stuck),
	KUNIT_CASE(program_number_wraps),
	{}
};

static struct kunit_suite fsm_suite = {
	.name = "vfio_ccw_fsm",
	.init = fsm_test_init,
	.test_cases = fsm_cases,
};

kunit_test_suite(fsm_suite);

MODULE_DESCRIPTION("KUnit tests of vfio-ccw's state machine");
MODULE_LICENSE("GPL");
