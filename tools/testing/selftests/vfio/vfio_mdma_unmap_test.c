// SPDX-License-Identifier: GPL-2.0
/*
 * Unmap against a mediated device's DMA: once it has returned, no write may
 * land in the pages that were taken away, and nothing may hang. The engine is
 * slowed down by its PACE register, which has it keep its pages pinned, so
 * that the moment is hit; and not at all in the storm.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "vfio_mdma_fixture.h"

#define TRIES		10

/*
 * The unmap may come between two windows, when nothing is pinned: then the
 * next window finds no mapping. With pinned pages it must hit one in the end.
 */
TEST_F_TIMEOUT(mdma, unmap_dst_running, TIMEOUT_S)
{
	bool pin = self->env.how & MDMA_DESC_PIN;
	struct mdma_dev *d = self->env.d;
	struct space *s = &self->env.s;
	struct mdma_desc *desc;
	long long start;
	int try;

	for (try = 0; try < TRIES; try++) {
		memset(s->dst, 0xcc, AREA_SIZE);
		desc = &d->ring[d->tail];
		ASSERT_EQ(0, start_slow(d, self->env.how, s->dst));
		start = now_ms();
		ASSERT_EQ(0, space_unmap(s, DST_IOVA, AREA_SIZE));
		EXPECT_GT(PROMPT_MS, now_ms() - start);
		EXPECT_TRUE(stays(s->dst, AREA_SIZE));
		ASSERT_EQ(0, mdma_wait(d));
		EXPECT_EQ(0, mdma_get(d, MDMA_REG_PINNED));
		EXPECT_GT(MDMA_MAX_LEN, le32toh(desc->done));
		EXPECT_TRUE(all_bytes(s->dst + MDMA_MAX_LEN - PAGE, 0xcc, PAGE));
		EXPECT_LT(MDMA_OK, mdma_status(desc));

		/* the engine is none the worse for it */
		ASSERT_EQ(0, mdma_set(d, MDMA_REG_PACE, 0));
		EXPECT_EQ(MDMA_ERR_DST, mdma_do(d, SRC_IOVA, DST_IOVA, 8,
						self->env.how));
		ASSERT_EQ(0, space_map(s, s->dst, AREA_SIZE, DST_IOVA, true));
		EXPECT_EQ(MDMA_OK, mdma_do(d, SRC_IOVA, DST_IOVA, MDMA_MAX_LEN,
					   self->env.how));
		EXPECT_EQ(0, memcmp(s->src, s->dst, MDMA_MAX_LEN));
		if (!pin || mdma_status(desc) == MDMA_ERR_UNMAPPED)
			break;
	}
	EXPECT_GT(TRIES, try);
	EXPECT_LE(pin, mdma_get(d, MDMA_REG_ABORTED));
}

TEST_F_TIMEOUT(mdma, unmap_src_running, TIMEOUT_S)
{
	struct space *s = &self->env.s;

	ASSERT_EQ(0, start_slow(self->env.d, self->env.how, s->dst));
	ASSERT_EQ(0, space_unmap(s, SRC_IOVA, AREA_SIZE));
	ASSERT_EQ(0, mdma_wait(self->env.d));
	EXPECT_LT(MDMA_OK, mdma_status(self->env.d->ring));
	EXPECT_TRUE(all_bytes(s->dst + MDMA_MAX_LEN - PAGE, 0xcc, PAGE));
}

/* Other people's mappings may go; a page of the same area that is not used. */
TEST_F_TIMEOUT(mdma, unmap_elsewhere, TIMEOUT_S)
{
	unsigned char *other = area_alloc(PAGE);
	struct space *s = &self->env.s;
	int i;

	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, start_slow(self->env.d, self->env.how, s->dst));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, space_map(s, other, PAGE, 3 * DST_IOVA, true));
		ASSERT_EQ(0, space_unmap(s, 3 * DST_IOVA, PAGE));
	}
	ASSERT_EQ(0, mdma_wait(self->env.d));
	EXPECT_EQ(MDMA_OK, mdma_status(self->env.d->ring));
	EXPECT_EQ(0, memcmp(s->src, s->dst, MDMA_MAX_LEN));
}

/* Unmapped, and the same IOVA given to other memory: the old one stays as is. */
TEST_F_TIMEOUT(mdma, remap_running, TIMEOUT_S)
{
	struct space *s = &self->env.s;
	unsigned char *fresh = area_alloc(AREA_SIZE);

	ASSERT_NE(NULL, fresh);
	ASSERT_EQ(0, start_slow(self->env.d, self->env.how, s->dst));
	ASSERT_EQ(0, space_unmap(s, DST_IOVA, AREA_SIZE));
	ASSERT_EQ(0, space_map(s, fresh, AREA_SIZE, DST_IOVA, true));
	EXPECT_TRUE(stays(s->dst, AREA_SIZE));
	ASSERT_EQ(0, mdma_wait(self->env.d));
	/* a copy that was hit has been given up for good */
	if (mdma_status(self->env.d->ring) == MDMA_ERR_UNMAPPED)
		EXPECT_TRUE(all_bytes(fresh, 0, AREA_SIZE));
}

/* Takes the destination away and gives it back, over and over. */
static void *storm_thread(void *arg)
{
	struct storm *w = arg;
	struct space *s = w->s;

	while (!__atomic_load_n(&w->stop, __ATOMIC_ACQUIRE) && !w->error) {
		sleep_ms(w->rounds % 4);
		w->error = space_unmap(s, DST_IOVA, AREA_SIZE);
		if (w->error)
			break;
		memset(s->dst, 0xee, AREA_SIZE);
		sleep_ms(w->rounds % 3);
		if (!all_bytes(s->dst, 0xee, AREA_SIZE))
			w->stale++;
		w->error = space_map(s, s->dst, AREA_SIZE, DST_IOVA, true);
		w->rounds++;
	}
	return NULL;
}

TEST_F_TIMEOUT(mdma, unmap_storm, TIMEOUT_S)
{
	unsigned int ok = 0, failed = 0, other = 0, i;
	struct storm w = { .s = &self->env.s };
	long long end = now_ms() + STORM_MS;
	struct mdma_dev *d = self->env.d;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, storm_thread, &w));
	while (now_ms() < end) {
		unsigned int first = d->tail;

		for (i = 0; i < 8; i++)
			mdma_put(d, SRC_IOVA + i, DST_IOVA + i * 0x10010,
				 0xf123, self->env.how);
		if (mdma_ring_bell(d) || mdma_wait(d))
			break;
		for (i = 0; i < 8; i++) {
			__u32 status;

			status = mdma_status(&d->ring[(first + i) % RING_SIZE]);
			if (status == MDMA_OK)
				ok++;
			else if (status == MDMA_ERR_DST ||
				 status == MDMA_ERR_UNMAPPED)
				failed++;
			else
				other++;
		}
	}
	EXPECT_LE(end, now_ms());
	__atomic_store_n(&w.stop, true, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, w.error);
	EXPECT_EQ(0, w.stale);
	EXPECT_EQ(0, other);
	EXPECT_LT(0, w.rounds);
	EXPECT_LT(0, ok + failed);
	TH_LOG("%u rounds, %u copies, %u refused or aborted (%u aborted)",
	       w.rounds, ok, failed, mdma_get(d, MDMA_REG_ABORTED));
}

/* Both devices use what is taken away. */
TEST_F_TIMEOUT(mdma, unmap_under_two, TIMEOUT_S)
{
	struct space *s = &self->env.s;
	struct mdma_dev *other = &s->dev[1];

	ASSERT_EQ(0, dev_new(s, 1, variant->v.type));
	ASSERT_EQ(0, start_slow(self->env.d, self->env.how, s->dst));
	memset(s->dst, 0xcc, PAGE);
	ASSERT_EQ(0, start_slow(other, self->env.how, s->dst));
	ASSERT_EQ(0, space_unmap(s, DST_IOVA, AREA_SIZE));
	EXPECT_TRUE(stays(s->dst, AREA_SIZE));
	ASSERT_EQ(0, mdma_wait(self->env.d));
	ASSERT_EQ(0, mdma_wait(other));
	EXPECT_LT(MDMA_OK, mdma_status(self->env.d->ring));
	EXPECT_LT(MDMA_OK, mdma_status(other->ring));
	EXPECT_EQ(0, mdma_get(other, MDMA_REG_PINNED));
}

TEST_HARNESS_MAIN
