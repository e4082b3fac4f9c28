// SPDX-License-Identifier: GPL-2.0
/*
 * A mediated device's DMA that is held up by a page fault which nobody answers
 * (userfaultfd), when close, reset, unmap, detach, a removal or the death of
 * the user comes: each of them ends within the time that the device allows an
 * access, whoever else waits; the page is not written after it; and what comes
 * next finds a device that works. An answer in time costs nothing.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <poll.h>
#include <sys/wait.h>

#include "vfio_mdma_fixture.h"
#include "vfio_revoke.h"
#include "vfio_stall.h"

#define TIMEOUT_PARAM	"/sys/module/mdma/parameters/timeout_ms"
#define ALLOWED		"1000"
#define PATIENT		"120000"
/* What an end may take, some accesses being given up, on a machine with load. */
#define ENDS_MS		30000
#define STALL_IOVA	0x30000000ULL
#define COPIED		64

/* A device, a page that does not come, and the descriptor that waits for it. */
struct stalled {
	struct mdma_env env;
	struct stall stall;
	struct mdma_desc *desc;
	unsigned char answer[STALL_SIZE];
	bool has_page;
};

FIXTURE(stalled) {
	struct stalled st;
};

FIXTURE_VARIANT(stalled) {
	struct mdma_variant v;
};

FIXTURE_VARIANT_ADD(stalled, cdev_core_rw) { { SPACE_CDEV, "mdma-core", 0 } };
FIXTURE_VARIANT_ADD(stalled, cdev_core_pin) {
	{ SPACE_CDEV, "mdma-core", MDMA_DESC_PIN }
};

FIXTURE_VARIANT_ADD(stalled, cdev_own_rw) { { SPACE_CDEV, "mdma-own", 0 } };
FIXTURE_VARIANT_ADD(stalled, cdev_own_pin) {
	{ SPACE_CDEV, "mdma-own", MDMA_DESC_PIN }
};

/* Type1 does not let a fault wait when it pins: there is no such variant. */
FIXTURE_VARIANT_ADD(stalled, type1_core_rw) { { SPACE_TYPE1, "mdma-core", 0 } };
FIXTURE_VARIANT_ADD(stalled, compat_core_rw) { { SPACE_COMPAT, "mdma-core", 0 } };
FIXTURE_VARIANT_ADD(stalled, compat_own_pin) {
	{ SPACE_COMPAT, "mdma-own", MDMA_DESC_PIN }
};

/* Have the engine write to a page that is not there. */
static int engine_stall(struct space *s, struct mdma_dev *d, __u32 how,
			struct stall *stall, struct mdma_desc **desc)
{
	int ret = space_map(s, stall->page, STALL_SIZE, STALL_IOVA, true);

	if (ret)
		return ret;
	*desc = mdma_put(d, SRC_IOVA, STALL_IOVA, COPIED, how);
	ret = mdma_ring_bell(d);
	if (ret)
		return ret;
	return stall_wait(stall, 10000) ? 0 : -ETIMEDOUT;
}

FIXTURE_SETUP(stalled)
{
	self->st.has_page = false;
	memset(self->st.answer, 0x5a, sizeof(self->st.answer));
	env_setup(_metadata, &self->st.env, &variant->v);
	if (!self->st.env.ready)
		return;
	ASSERT_EQ(0, sysfs_write(TIMEOUT_PARAM, ALLOWED));
	if (stall_setup(&self->st.stall, false, NULL, 0))
		SKIP(return, "no userfaultfd");
	self->st.has_page = true;
}

FIXTURE_TEARDOWN(stalled)
{
	/* Whoever waits for the page in vain shall not keep this from ending. */
	if (self->st.has_page)
		stall_end(&self->st.stall);
	sysfs_write(TIMEOUT_PARAM, "5000");
	env_teardown(_metadata, &self->st.env);
}

/* Something that may wait for the engine, in a thread of its own. */
struct call {
	struct mdma_env *env;
	int (*what)(struct mdma_env *env);
	int ret;
	pthread_t thread;
};

static void *call_thread(void *arg)
{
	struct call *c = arg;

	c->ret = c->what(c->env);
	return NULL;
}

static bool call_ends(struct call *c)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += ENDS_MS / 1000;
	return pthread_timedjoin_np(c->thread, NULL, &ts) == 0;
}

/*
 * The engine stalls, @what is called meanwhile, and is over before anybody has
 * answered; when the page comes at last, it stays as it came.
 */
static void stalls_then(struct __test_metadata *_metadata, struct stalled *st,
			int (*what)(struct mdma_env *env))
{
	struct call c = { .env = &st->env, .what = what, .ret = 1 };
	bool ended;

	ASSERT_EQ(0, engine_stall(&st->env.s, st->env.d, st->env.how,
				  &st->stall, &st->desc));
	ASSERT_EQ(0, pthread_create(&c.thread, NULL, call_thread, &c));
	ended = call_ends(&c);
	EXPECT_TRUE(ended);
	ASSERT_EQ(0, stall_release(&st->stall, st->answer, STALL_SIZE));
	if (!ended)
		ASSERT_TRUE(call_ends(&c));
	EXPECT_EQ(0, c.ret);
	EXPECT_TRUE(stays(st->stall.page, STALL_SIZE));
	EXPECT_TRUE(all_bytes(st->stall.page, 0x5a, STALL_SIZE));
}

/* The device, open and running, can reach the page that is there now. */
static void works(struct __test_metadata *_metadata, struct stalled *st)
{
	struct mdma_env *env = &st->env;

	EXPECT_EQ(0, mdma_get(env->d, MDMA_REG_PINNED));
	EXPECT_EQ(MDMA_OK, mdma_do(env->d, SRC_IOVA, STALL_IOVA, COPIED,
				   env->how));
	EXPECT_EQ(0, memcmp(st->stall.page, env->s.src, COPIED));
}

static int do_close(struct mdma_env *env)
{
	return dev_close(env->d);
}

TEST_F_TIMEOUT(stalled, close, TIMEOUT_S)
{
	stalls_then(_metadata, &self->st, do_close);
	EXPECT_EQ(MDMA_PENDING, mdma_status(self->st.desc));
	ASSERT_EQ(0, dev_open(&self->st.env.s, self->st.env.d));
	ASSERT_EQ(0, mdma_start(self->st.env.d));
	works(_metadata, &self->st);
}

static int do_reset(struct mdma_env *env)
{
	return vfio_ioctl(env->d->fd, VFIO_DEVICE_RESET, NULL);
}

TEST_F_TIMEOUT(stalled, reset, TIMEOUT_S)
{
	stalls_then(_metadata, &self->st, do_reset);
	EXPECT_EQ(MDMA_PENDING, mdma_status(self->st.desc));
	ASSERT_EQ(0, mdma_start(self->st.env.d));
	works(_metadata, &self->st);
}

static int do_pause(struct mdma_env *env)
{
	return mdma_set(env->d, MDMA_REG_CTRL, 0);
}

TEST_F_TIMEOUT(stalled, pause, TIMEOUT_S)
{
	stalls_then(_metadata, &self->st, do_pause);
	EXPECT_EQ(MDMA_ERR_DST, mdma_status(self->st.desc));
	ASSERT_EQ(0, mdma_set(self->st.env.d, MDMA_REG_CTRL, MDMA_CTRL_RUN));
	works(_metadata, &self->st);
}

static int do_unmap(struct mdma_env *env)
{
	return space_unmap(&env->s, STALL_IOVA, STALL_SIZE);
}

TEST_F_TIMEOUT(stalled, unmap, TIMEOUT_S)
{
	stalls_then(_metadata, &self->st, do_unmap);
	ASSERT_EQ(0, mdma_wait(self->st.env.d));
	EXPECT_LT(MDMA_OK, mdma_status(self->st.desc));
	ASSERT_EQ(0, space_map(&self->st.env.s, self->st.stall.page, STALL_SIZE,
			       STALL_IOVA, true));
	works(_metadata, &self->st);
}

static int do_detach(struct mdma_env *env)
{
	return vfio_detach(env->d->fd);
}

TEST_F_TIMEOUT(stalled, detach, TIMEOUT_S)
{
	if (variant->v.mode != SPACE_CDEV)
		SKIP(return, "a container has no such thing");
	stalls_then(_metadata, &self->st, do_detach);
	/* Of the detach and the engine, which writes the status, one is first. */
	if (!mdma_wait(self->st.env.d)) {
		EXPECT_EQ(MDMA_ERR_DST, mdma_status(self->st.desc));
	} else {
		EXPECT_TRUE(mdma_get(self->st.env.d, MDMA_REG_STATUS) &
			    MDMA_ST_RING_ERR);
	}
	ASSERT_EQ(0, vfio_attach(self->st.env.d->fd, &self->st.env.s.ioas));
	ASSERT_EQ(0, mdma_set(self->st.env.d, MDMA_REG_CTRL, 0));
	ASSERT_EQ(0, mdma_start(self->st.env.d));
	works(_metadata, &self->st);
}

static int do_remove(struct mdma_env *env)
{
	return revoke_done(revoke_start(&env->d->dut), ENDS_MS);
}

/* Taken away from a user who does not let go, and whose page never comes. */
TEST_F_TIMEOUT(stalled, remove, TIMEOUT_S)
{
	ASSERT_EQ(0, revoke_set_seconds(&self->st.env.d->dut, REVOKE_S));
	stalls_then(_metadata, &self->st, do_remove);
	EXPECT_STREQ("", revoked_badly(self->st.env.d->fd));
	EXPECT_EQ(-1, access(self->st.env.d->dut.sysfs, F_OK));
	self->st.env.d->guid[0] = '\0';
}

/* The user of @d in a process of its own, which stalls and waits for its end. */
static void stalled_user(struct mdma_env *env, bool page_first, int ready)
{
	struct space s = { .mode = env->s.mode };
	struct mdma_dev *d = &s.dev[0];
	struct mdma_desc *desc;
	struct stall stall;

	if (page_first && stall_setup(&stall, false, NULL, 0))
		_exit(1);
	d->dut = env->d->dut;
	if (space_open(&s))
		_exit(2);
	d->ring = env->d->ring;
	d->ring_iova = env->d->ring_iova;
	if (dev_open(&s, d) || map_all(&s, d, env->s.src, env->s.dst) ||
	    mdma_start(d))
		_exit(3);
	if (!page_first && stall_setup(&stall, false, NULL, 0))
		_exit(1);
	if (engine_stall(&s, d, env->how, &stall, &desc))
		_exit(4);
	if (write(ready, "", 1) != 1)
		_exit(5);
	for (;;)
		pause();
}

/*
 * Nobody but the user holds what could answer, and the files of a process that
 * dies are closed one after the other: the device's may come first.
 */
TEST_F_TIMEOUT(stalled, death, TIMEOUT_S)
{
	struct mdma_env *env = &self->st.env;
	struct pollfd p = { .events = POLLIN };
	int order, ready[2];
	pid_t pid;

	ASSERT_EQ(0, dev_close(env->d));
	if (env->d->group >= 0)
		close(env->d->group);
	env->d->group = -1;

	for (order = 0; order < 2; order++) {
		ASSERT_EQ(0, pipe(ready));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			stalled_user(env, order, ready[1]);
		close(ready[1]);
		p.fd = ready[0];
		EXPECT_EQ(1, poll(&p, 1, 60000));
		EXPECT_TRUE(p.revents & POLLIN) {
			TH_LOG("the user did not come to stall");
		}
		kill(pid, SIGKILL);
		ASSERT_EQ(128, revoke_done(pid, ENDS_MS));
		close(ready[0]);
	}

	ASSERT_EQ(0, dev_open(&env->s, env->d));
	/* without a group the container has lost its mappings */
	if (env->s.mode == SPACE_TYPE1)
		ASSERT_EQ(0, map_all(&env->s, env->d, env->s.src, env->s.dst));
	ASSERT_EQ(0, mdma_start(env->d));
	EXPECT_EQ(MDMA_OK, mdma_do(env->d, SRC_IOVA, DST_IOVA, 64, env->how));
}

/* A late answer is an answer: the copy goes on as if nothing had been. */
TEST_F_TIMEOUT(stalled, answered_in_time, TIMEOUT_S)
{
	struct mdma_env *env = &self->st.env;
	unsigned char *page = self->st.stall.page;

	ASSERT_EQ(0, sysfs_write(TIMEOUT_PARAM, PATIENT));
	ASSERT_EQ(0, engine_stall(&env->s, env->d, env->how, &self->st.stall,
				  &self->st.desc));
	sleep_ms(QUIET_MS);
	EXPECT_EQ(MDMA_PENDING, mdma_status(self->st.desc));
	ASSERT_EQ(0, stall_release(&self->st.stall, self->st.answer, STALL_SIZE));
	ASSERT_EQ(0, mdma_wait(env->d));
	EXPECT_EQ(MDMA_OK, mdma_status(self->st.desc));
	EXPECT_EQ(0, memcmp(page, env->s.src, COPIED));
	EXPECT_TRUE(all_bytes(page + COPIED, 0x5a, STALL_SIZE - COPIED));
}

TEST_HARNESS_MAIN
