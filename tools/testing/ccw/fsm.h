/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vfio-ccw's state machine and its tests use of the kernel beyond
 * kernel.h, for user space: a lock that knows whether it is held, and warnings
 * that end the program.
 */
#ifndef _CCW_FSM_H_
#define _CCW_FSM_H_

#include "kernel.h"

#define U32_MAX			UINT32_MAX

#define container_of(p, type, member)	((type *)((char *)(p) - offsetof(type, member)))

struct fsm_lock {
	bool held;
};

#define spinlock_t		struct fsm_lock

static inline void spin_lock_init(spinlock_t *lock)
{
	lock->held = false;
}

static inline void spin_lock(spinlock_t *lock)
{
	assert(!lock->held);
	lock->held = true;
}

static inline void spin_unlock(spinlock_t *lock)
{
	assert(lock->held);
	lock->held = false;
}

#define lockdep_assert_held(lock)	assert((lock)->held)
#define WARN_ONCE(c, ...)		assert(!(c))
#define WARN_ON_ONCE(c)			assert(!(c))

/* A test allocates once; the next one's allocation frees it. */
static inline void *kunit_kzalloc(void *test, size_t size, int gfp)
{
	static void *last;

	free(last);
	last = kzalloc(size, gfp);
	return last;
}

#define KUNIT_EXPECT_NE(test, a, b)	KUNIT_EXPECT_TRUE(test, (a) != (b))
#define KUNIT_EXPECT_LT(test, a, b)	KUNIT_EXPECT_TRUE(test, (a) < (b))
#define KUNIT_EXPECT_FALSE_MSG(test, c, ...)	KUNIT_EXPECT_FALSE(test, c)

#endif
