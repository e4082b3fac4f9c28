// SPDX-License-Identifier: GPL-2.0
/*
 * The ends of a mediated device's DMA other than unmap: reset, pause, close,
 * the death of its user, and the changes of its IOAS, each while the engine
 * runs. Nothing is written once the call has returned, nothing hangs, and
 * what comes next finds no trace.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/wait.h>

#include "vfio_mdma_fixture.h"

/* Attach and detach: a container has no such thing. */
FIXTURE(mdma_cdev) {
	struct mdma_env env;
};

FIXTURE_VARIANT(mdma_cdev) {
	struct mdma_variant v;
};

FIXTURE_SETUP(mdma_cdev)
{
	env_setup(_metadata, &self->env, &variant->v);
}

FIXTURE_TEARDOWN(mdma_cdev)
{
	env_teardown(_metadata, &self->env);
}

FIXTURE_VARIANT_ADD(mdma_cdev, cdev_core_rw) { { SPACE_CDEV, "mdma-core", 0 } };
FIXTURE_VARIANT_ADD(mdma_cdev, cdev_core_pin) {
	{ SPACE_CDEV, "mdma-core", MDMA_DESC_PIN }
};

FIXTURE_VARIANT_ADD(mdma_cdev, cdev_own_rw) { { SPACE_CDEV, "mdma-own", 0 } };
FIXTURE_VARIANT_ADD(mdma_cdev, cdev_own_pin) {
	{ SPACE_CDEV, "mdma-own", MDMA_DESC_PIN }
};

TEST_F_TIMEOUT(mdma, reset_running, TIMEOUT_S)
{
	struct space *s = &self->env.s;
	struct mdma_dev *d = self->env.d;
	struct vfio_region_info region;
	__u32 word = 0x1234;
	long long start;
	int i;

	ASSERT_EQ(0, device_region(d->fd, MDMA_REGION_MEM, &region));
	for (i = 0; i < 2; i++) {
		memset(s->dst, 0xcc, AREA_SIZE);
		word = 0x1234;
		ASSERT_EQ(4, pwrite(d->fd, &word, 4, region.offset));
		ASSERT_EQ(0, start_slow(d, self->env.how, s->dst));
		start = now_ms();
		ASSERT_EQ(0, i ? mdma_set(d, MDMA_REG_CTRL, MDMA_CTRL_RESET) :
				 vfio_ioctl(d->fd, VFIO_DEVICE_RESET, NULL));
		EXPECT_GT(PROMPT_MS, now_ms() - start);
		EXPECT_EQ(0, mdma_get(d, MDMA_REG_PINNED));
		EXPECT_TRUE(stays(s->dst, AREA_SIZE));
		EXPECT_EQ(MDMA_PENDING, mdma_status(d->ring));
		EXPECT_EQ(0, mdma_get(d, MDMA_REG_CTRL));
		EXPECT_EQ(0, mdma_get(d, MDMA_REG_STATUS));
		EXPECT_EQ(0, mdma_get(d, MDMA_REG_RING_SIZE));
		EXPECT_EQ(0, mdma_get(d, MDMA_REG_PACE));
		ASSERT_EQ(4, pread(d->fd, &word, 4, region.offset));
		EXPECT_EQ(0, word);
		ASSERT_EQ(0, mdma_start(d));
	}
	EXPECT_EQ(MDMA_OK, mdma_do(d, SRC_IOVA, DST_IOVA, 64, self->env.how));
}

TEST_F_TIMEOUT(mdma, pause_running, TIMEOUT_S)
{
	struct mdma_dev *d = self->env.d;

	ASSERT_EQ(0, start_slow(d, self->env.how, self->env.s.dst));
	mdma_put(d, SRC_IOVA, DST_IOVA, 8, self->env.how);
	ASSERT_EQ(0, mdma_ring_bell(d));
	/* returns when the first copy is over, and before the second */
	ASSERT_EQ(0, mdma_set(d, MDMA_REG_CTRL, 0));
	EXPECT_EQ(MDMA_OK, mdma_status(&d->ring[0]));
	EXPECT_EQ(MDMA_PENDING, mdma_status(&d->ring[1]));
	EXPECT_EQ(1, mdma_get(d, MDMA_REG_HEAD));
	ASSERT_EQ(0, mdma_set(d, MDMA_REG_CTRL, MDMA_CTRL_RUN));
	ASSERT_EQ(0, mdma_wait(d));
	EXPECT_EQ(MDMA_OK, mdma_status(&d->ring[1]));
}

TEST_F_TIMEOUT(mdma, close_running, TIMEOUT_S)
{
	struct space *s = &self->env.s;
	struct mdma_dev *d = self->env.d;
	struct vfio_region_info region;
	__u32 word = 0x1234;
	long long start;

	ASSERT_EQ(0, device_region(d->fd, MDMA_REGION_MEM, &region));
	ASSERT_EQ(4, pwrite(d->fd, &word, 4, region.offset));
	ASSERT_EQ(0, start_slow(d, self->env.how, s->dst));
	start = now_ms();
	ASSERT_EQ(0, dev_close(d));
	EXPECT_GT(PROMPT_MS, now_ms() - start);
	EXPECT_TRUE(stays(s->dst, AREA_SIZE));
	EXPECT_EQ(0, space_unmap(s, DST_IOVA, AREA_SIZE));
	EXPECT_EQ(0, space_map(s, s->dst, AREA_SIZE, DST_IOVA, true));

	/* the next user finds nothing of the last one */
	ASSERT_EQ(0, dev_open(s, d));
	EXPECT_EQ(0, mdma_get(d, MDMA_REG_CTRL));
	EXPECT_EQ(0, mdma_get(d, MDMA_REG_TAIL));
	EXPECT_EQ(0, mdma_get(d, MDMA_REG_DONE));
	EXPECT_EQ(0, mdma_get(d, MDMA_REG_PINNED));
	ASSERT_EQ(4, pread(d->fd, &word, 4, region.offset));
	EXPECT_EQ(0, word);
	ASSERT_EQ(0, mdma_start(d));
	EXPECT_EQ(MDMA_OK, mdma_do(d, SRC_IOVA, DST_IOVA, 64, self->env.how));
}

/* A user that dies: the kernel closes everything, in an order of its own. */
TEST_F_TIMEOUT(mdma, exit_running, TIMEOUT_S)
{
	struct space *s = &self->env.s;
	struct mdma_dev *d = self->env.d;
	struct space child = { .mode = s->mode };
	int status;
	pid_t pid;

	ASSERT_EQ(0, dev_close(d));
	if (d->group >= 0)
		close(d->group);
	d->group = -1;
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		child.dev[0].dut = d->dut;
		if (space_open(&child))
			_exit(1);
		child.dev[0].ring = d->ring;
		child.dev[0].ring_iova = d->ring_iova;
		if (dev_open(&child, &child.dev[0]) ||
		    map_all(&child, d, s->src, s->dst))
			_exit(2);
		if (mdma_start(&child.dev[0]) ||
		    start_slow(&child.dev[0], self->env.how, s->dst))
			_exit(3);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	ASSERT_EQ(0, WEXITSTATUS(status));
	EXPECT_TRUE(all_bytes(s->dst, 0xcc, AREA_SIZE));

	ASSERT_EQ(0, dev_open(s, d));
	/* without a group the container has lost its mappings */
	if (s->mode == SPACE_TYPE1)
		ASSERT_EQ(0, map_all(s, d, s->src, s->dst));
	ASSERT_EQ(0, mdma_start(d));
	EXPECT_EQ(MDMA_OK, mdma_do(d, SRC_IOVA, DST_IOVA, 64, self->env.how));
}

/* attach -> replace -> detach -> attach; only the cdev has these. */
TEST_F_TIMEOUT(mdma_cdev, attach_replace_detach, TIMEOUT_S)
{
	struct space *s = &self->env.s;
	struct mdma_dev *d = self->env.d;
	bool own = !strcmp(variant->v.type, "mdma-own");
	__u32 first = s->ioas, second, bad;
	struct mdma_desc *desc;
	unsigned char *far;
	int round, ret;

	far = area_alloc(AREA_SIZE);
	ASSERT_NE(NULL, far);
	ASSERT_EQ(0, ioas_alloc(s->iommufd, &second));
	s->ioas = second;
	ASSERT_EQ(0, map_all(s, d, s->src, far));
	s->ioas = first;

	for (round = 0; round < 3; round++) {
		memset(s->dst, 0xcc, AREA_SIZE);
		memset(far, 0xcc, AREA_SIZE);
		ASSERT_EQ(0, mdma_set(d, MDMA_REG_PACE, 0));
		ASSERT_EQ(MDMA_OK, mdma_do(d, SRC_IOVA, DST_IOVA, 64, self->env.how));
		EXPECT_EQ(0, memcmp(s->dst, s->src, 64));
		EXPECT_TRUE(all_bytes(far, 0xcc, AREA_SIZE));

		/* what runs is finished, or begun again, but not mixed up */
		memset(s->dst, 0xcc, AREA_SIZE);
		desc = &d->ring[d->tail];
		ASSERT_EQ(0, start_slow(d, self->env.how, s->dst));
		ASSERT_EQ(0, vfio_attach(d->fd, &second));
		EXPECT_TRUE(stays(s->dst, AREA_SIZE));
		ret = mdma_wait(d);
		if (own) {
			EXPECT_EQ(0, ret);
			EXPECT_EQ(0, memcmp(s->dst, s->src, MDMA_MAX_LEN));
			EXPECT_TRUE(all_bytes(far, 0xcc, AREA_SIZE));
		} else if (ret == 1) {
			ASSERT_EQ(0, mdma_set(d, MDMA_REG_CTRL, MDMA_CTRL_RUN));
			ASSERT_EQ(0, mdma_wait(d));
		}
		EXPECT_EQ(own, mdma_status(desc) == MDMA_OK && !ret);
		ASSERT_EQ(0, mdma_set(d, MDMA_REG_PACE, 0));
		ASSERT_EQ(MDMA_OK, mdma_do(d, SRC_IOVA, DST_IOVA, 64, self->env.how));
		EXPECT_EQ(0, memcmp(far, s->src, 64));

		/* an id that is no IOAS changes nothing */
		bad = 0x7fff0000;
		EXPECT_EQ(-ENOENT, vfio_attach(d->fd, &bad));
		EXPECT_EQ(MDMA_OK, mdma_do(d, SRC_IOVA, DST_IOVA, 64, self->env.how));

		memset(far, 0xcc, AREA_SIZE);
		ASSERT_EQ(0, start_slow(d, self->env.how, far));
		ASSERT_EQ(0, vfio_detach(d->fd));
		EXPECT_TRUE(stays(far, AREA_SIZE));
		EXPECT_EQ(1, mdma_wait(d));
		EXPECT_TRUE(mdma_get(d, MDMA_REG_STATUS) & MDMA_ST_RING_ERR);
		EXPECT_EQ(0, mdma_get(d, MDMA_REG_PINNED));
		/* no second thing to be detached */
		EXPECT_EQ(0, vfio_detach(d->fd));
		EXPECT_EQ(0, mdma_set(d, MDMA_REG_CTRL, MDMA_CTRL_RUN));
		EXPECT_EQ(1, mdma_wait(d));

		ASSERT_EQ(0, vfio_attach(d->fd, &first));
		ASSERT_EQ(0, mdma_set(d, MDMA_REG_CTRL, 0));
		ASSERT_EQ(0, mdma_start(d));
	}
	EXPECT_EQ(MDMA_OK, mdma_do(d, SRC_IOVA, DST_IOVA, 64, self->env.how));

	/* the IOAS it has left can go, the one that it is in cannot */
	EXPECT_EQ(0, iommufd_destroy(s->iommufd, second));
	EXPECT_EQ(-EBUSY, iommufd_destroy(s->iommufd, first));
}

/* Attach, replace and detach against a ring that never rests. */
static void *attach_thread(void *arg)
{
	struct storm *w = arg;
	int fd = w->s->dev[0].fd;

	while (!__atomic_load_n(&w->stop, __ATOMIC_ACQUIRE) && !w->error) {
		w->error = vfio_detach(fd);
		if (!w->error)
			w->error = vfio_attach(fd, &w->s->ioas);
		sleep_ms(w->rounds++ % 3);
	}
	return NULL;
}

TEST_F_TIMEOUT(mdma_cdev, attach_storm, TIMEOUT_S)
{
	struct storm w = { .s = &self->env.s };
	long long end = now_ms() + STORM_MS;
	struct mdma_dev *d = self->env.d;
	pthread_t thread;
	int ret = 0;

	ASSERT_EQ(0, pthread_create(&thread, NULL, attach_thread, &w));
	while (now_ms() < end && ret >= 0) {
		mdma_put(d, SRC_IOVA, DST_IOVA, 0x8000, self->env.how);
		ret = mdma_ring_bell(d);
		if (!ret)
			ret = mdma_wait(d);
		if (ret == 1)
			ret = mdma_set(d, MDMA_REG_CTRL, MDMA_CTRL_RUN);
	}
	__atomic_store_n(&w.stop, true, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_LE(0, ret);
	EXPECT_EQ(0, w.error);
	ASSERT_EQ(0, mdma_set(d, MDMA_REG_CTRL, 0));
	ASSERT_EQ(0, mdma_start(d));
	EXPECT_EQ(MDMA_OK, mdma_do(d, SRC_IOVA, DST_IOVA, 64, self->env.how));
}

TEST_HARNESS_MAIN
