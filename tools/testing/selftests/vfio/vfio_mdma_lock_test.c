// SPDX-License-Identifier: GPL-2.0
/*
 * Defect 3: type1 tells devices of an unmap under the lock of its list and
 * they unpin, which takes type1's own lock; a second unmap, or a device that
 * comes or goes, takes the two the other way round. Two threads do these at
 * once; they must still be alive after a while. Needs the mdma sample.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <time.h>

#include "vfio_mdma.h"

#define PACE_MS		20
#define STORM_MS	8000
#define JOIN_MS		30000

FIXTURE(defect_3) {
	struct space s;
};

/* One thread's task. */
struct work {
	struct space *s;
	struct mdma_dev *d;
	bool stop;
	unsigned int rounds;
	int err;
};

static __u64 dst_of(const struct work *w)
{
	return DST_IOVA + (w->d - w->s->dev) * 0x10000000ULL;
}

/* One copy into the mapping, and the mapping taken away while it is pinned. */
static int unmap_once(struct work *w)
{
	long long end = now_ms() + MDMA_WAIT_MS;
	int ret;

	mdma_put(w->d, SRC_IOVA, dst_of(w), MDMA_MAX_LEN, MDMA_DESC_PIN);
	ret = mdma_ring_bell(w->d);
	if (ret)
		return ret;
	while (!mdma_get(w->d, MDMA_REG_PINNED) && now_ms() < end)
		;
	ret = space_unmap(w->s, dst_of(w), AREA_SIZE);
	if (ret)
		return ret;
	ret = mdma_wait(w->d);
	if (ret < 0)
		return ret;
	return space_map(w->s, w->s->dst, AREA_SIZE, dst_of(w), true);
}

static void *unmap_loop(void *arg)
{
	struct work *w = arg;

	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED) && !w->err) {
		w->err = unmap_once(w);
		w->rounds++;
	}
	return NULL;
}

static void *open_loop(void *arg)
{
	struct work *w = arg;
	int fd;

	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED) && !w->err) {
		fd = group_get_device(w->d->group, w->d->dut.name);
		if (fd < 0)
			w->err = fd;
		else
			close(fd);
		w->rounds++;
	}
	return NULL;
}

static bool join_in_time(pthread_t thread)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += JOIN_MS / 1000;
	return pthread_timedjoin_np(thread, NULL, &ts) == 0;
}

FIXTURE_SETUP(defect_3)
{
	struct space *s = &self->s;
	int i;

	s->mode = SPACE_TYPE1;
	if (access("/sys/class/mdev_bus/mdma", F_OK))
		SKIP(return, "no mdma parent");
	ASSERT_EQ(0, space_open(s));
	s->src = area_alloc(AREA_SIZE);
	s->dst = area_alloc(AREA_SIZE);
	ASSERT_TRUE(s->src && s->dst);
	for (i = 0; i < MAX_DEVS; i++) {
		struct work w = { .s = s, .d = &s->dev[i] };

		ASSERT_EQ(0, dev_new(s, i, "mdma-core"));
		ASSERT_EQ(0, mdma_set(w.d, MDMA_REG_PACE, PACE_MS));
		ASSERT_EQ(0, space_map(s, s->dst, AREA_SIZE, dst_of(&w), true));
	}
	ASSERT_EQ(0, space_map(s, s->src, AREA_SIZE, SRC_IOVA, true));
}

FIXTURE_TEARDOWN(defect_3)
{
	space_close(&self->s);
}

static void run_both(struct __test_metadata *_metadata, struct space *s,
		     void *(*second)(void *))
{
	struct work w[2] = {
		{ .s = s, .d = &s->dev[0] },
		{ .s = s, .d = &s->dev[1] },
	};
	pthread_t threads[2];
	char line[256];
	int i, mark = kmsg_mark();

	ASSERT_EQ(0, pthread_create(&threads[0], NULL, unmap_loop, &w[0]));
	ASSERT_EQ(0, pthread_create(&threads[1], NULL, second, &w[1]));
	sleep_ms(STORM_MS);
	for (i = 0; i < 2; i++)
		__atomic_store_n(&w[i].stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++) {
		/* A thread that is stuck can not be killed either: leave. */
		if (!join_in_time(threads[i])) {
			TH_LOG("thread %d is stuck after %u rounds", i,
			       w[i].rounds);
			_metadata->exit_code = KSFT_FAIL;
			raise(SIGKILL);
		}
		EXPECT_EQ(0, w[i].err);
		EXPECT_LT(1U, w[i].rounds);
	}
	EXPECT_FALSE(kmsg_splat(mark, line, sizeof(line))) {
		TH_LOG("kernel log: %s", line);
	}
}

TEST_F_TIMEOUT(defect_3, unmap_against_unmap, 120)
{
	run_both(_metadata, &self->s, unmap_loop);
}

TEST_F_TIMEOUT(defect_3, unmap_against_open_and_close, 120)
{
	/* Opened for the first time in the loop, so that type1 is told. */
	dev_close(&self->s.dev[1]);
	run_both(_metadata, &self->s, open_loop);
}

TEST_HARNESS_MAIN
