/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of the vfio_mdma_*_test programs: an mdma device with source and
 * destination mapped, in every kind of address space, with either owner of
 * the iommufd access, either way of copying; and what catches it in the act.
 */
#ifndef VFIO_SELFTEST_MDMA_FIXTURE_H
#define VFIO_SELFTEST_MDMA_FIXTURE_H

#include <stdlib.h>

#include "vfio_mdma.h"

#define PAGE		0x1000UL
#define PACE_MS		50
#define QUIET_MS	200
#define STORM_MS	1000
#define PROMPT_MS	10000
#define TIMEOUT_S	180

static inline void fill(unsigned char *p, size_t len, unsigned int seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = (i * 7 + (i >> 8) + seed) & 0xff;
}

static inline bool all_bytes(const unsigned char *p, unsigned char c, size_t len)
{
	return !len || (p[0] == c && !memcmp(p, p + 1, len - 1));
}

/* A copy of many windows that has begun to write, and has the next one pinned. */
static inline int start_slow(struct mdma_dev *d, __u32 how, const unsigned char *dst)
{
	long long end = now_ms() + MDMA_WAIT_MS;
	int ret;

	ret = mdma_set(d, MDMA_REG_PACE, PACE_MS);
	if (ret)
		return ret;
	mdma_put(d, SRC_IOVA, DST_IOVA, MDMA_MAX_LEN, how);
	ret = mdma_ring_bell(d);
	if (ret)
		return ret;
	while (__atomic_load_n(&dst[PAGE - 1], __ATOMIC_ACQUIRE) == 0xcc ||
	       ((how & MDMA_DESC_PIN) && !mdma_get(d, MDMA_REG_PINNED))) {
		if (now_ms() > end)
			return -ETIMEDOUT;
		sleep_ms(1);
	}
	return 0;
}

/* Nothing is written to @p for a while. */
static inline bool stays(const unsigned char *p, size_t len)
{
	unsigned char *copy = malloc(len);
	bool same;

	if (!copy)
		return false;
	memcpy(copy, p, len);
	sleep_ms(QUIET_MS);
	same = !memcmp(copy, p, len);
	free(copy);
	return same;
}

static inline int map_all(struct space *s, struct mdma_dev *d, void *src, void *dst)
{
	int ret = space_map(s, d->ring, PAGE, d->ring_iova, true);

	if (!ret)
		ret = space_map(s, src, AREA_SIZE, SRC_IOVA, true);
	return ret ?: space_map(s, dst, AREA_SIZE, DST_IOVA, true);
}

/* A thread that worries the engine until it is told to stop. */
struct storm {
	struct space *s;
	bool stop;
	int error;
	unsigned int rounds, stale;
};

struct mdma_variant {
	enum space_mode mode;
	const char *type;
	__u32 how;
};

/* A device of the variant's type in a space of its kind, all mapped. */
struct mdma_env {
	struct space s;
	struct mdma_dev *d;
	__u32 how;
	bool ready;
};

static inline void env_setup(struct __test_metadata *_metadata,
			     struct mdma_env *env, const struct mdma_variant *v)
{
	struct space *s = &env->s;

	env->d = &s->dev[0];
	env->how = v->how;
	s->mode = v->mode;
	if (access("/sys/class/mdev_bus/mdma", F_OK))
		SKIP(return, "no mdma parent");
	if (s->mode != SPACE_TYPE1 && access(IOMMUFD_NODE, F_OK))
		SKIP(return, "this kernel has no iommufd");
	ASSERT_EQ(0, space_open(s));
	ASSERT_EQ(0, dev_new(s, 0, v->type));
	s->src = area_alloc(AREA_SIZE);
	s->dst = area_alloc(AREA_SIZE);
	ASSERT_TRUE(s->src && s->dst);
	fill(s->src, AREA_SIZE, 1);
	memset(s->dst, 0xcc, AREA_SIZE);
	ASSERT_EQ(0, space_map(s, s->src, AREA_SIZE, SRC_IOVA, true));
	ASSERT_EQ(0, space_map(s, s->dst, AREA_SIZE, DST_IOVA, true));
	env->ready = true;
}

static inline void env_teardown(struct __test_metadata *_metadata,
				struct mdma_env *env)
{
	if (env->ready && env->d->fd >= 0 && !mdma_wait(env->d))
		EXPECT_EQ(0, mdma_get(env->d, MDMA_REG_PINNED));
	space_close(&env->s);
}

/* Every kind of space, either owner of the access, either way of copying. */
FIXTURE(mdma) {
	struct mdma_env env;
};

FIXTURE_VARIANT(mdma) {
	struct mdma_variant v;
};

FIXTURE_SETUP(mdma)
{
	env_setup(_metadata, &self->env, &variant->v);
}

FIXTURE_TEARDOWN(mdma)
{
	env_teardown(_metadata, &self->env);
}

FIXTURE_VARIANT_ADD(mdma, cdev_core_rw) { { SPACE_CDEV, "mdma-core", 0 } };
FIXTURE_VARIANT_ADD(mdma, cdev_core_pin) {
	{ SPACE_CDEV, "mdma-core", MDMA_DESC_PIN }
};

FIXTURE_VARIANT_ADD(mdma, cdev_own_rw) { { SPACE_CDEV, "mdma-own", 0 } };
FIXTURE_VARIANT_ADD(mdma, cdev_own_pin) {
	{ SPACE_CDEV, "mdma-own", MDMA_DESC_PIN }
};

FIXTURE_VARIANT_ADD(mdma, type1_core_rw) { { SPACE_TYPE1, "mdma-core", 0 } };
FIXTURE_VARIANT_ADD(mdma, type1_core_pin) {
	{ SPACE_TYPE1, "mdma-core", MDMA_DESC_PIN }
};

FIXTURE_VARIANT_ADD(mdma, type1_own_rw) { { SPACE_TYPE1, "mdma-own", 0 } };
FIXTURE_VARIANT_ADD(mdma, type1_own_pin) {
	{ SPACE_TYPE1, "mdma-own", MDMA_DESC_PIN }
};

FIXTURE_VARIANT_ADD(mdma, compat_core_rw) { { SPACE_COMPAT, "mdma-core", 0 } };
FIXTURE_VARIANT_ADD(mdma, compat_core_pin) {
	{ SPACE_COMPAT, "mdma-core", MDMA_DESC_PIN }
};

FIXTURE_VARIANT_ADD(mdma, compat_own_rw) { { SPACE_COMPAT, "mdma-own", 0 } };
FIXTURE_VARIANT_ADD(mdma, compat_own_pin) {
	{ SPACE_COMPAT, "mdma-own", MDMA_DESC_PIN }
};

#endif
