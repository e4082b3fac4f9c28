// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of vfio_ap_matrix.c, on any architecture
 *
 * Tables for the cases that have a name; for the rest, random matrices beside
 * a model that looks at each of the 65,536 queues one by one. The random
 * numbers are the same in every run.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/sprintf.h>

/* Compiled in, so that the tests need neither the driver nor its exports. */
#include "../vfio_ap_matrix.c"

#define ROUNDS	40

/* A set of queues with no structure at all. */
struct model {
	bool has[VFIO_AP_IDS][VFIO_AP_IDS];
};

static struct rnd_state rnd;

static int suite_init(struct kunit_suite *suite)
{
	prandom_seed_state(&rnd, 20211);
	return 0;
}

static u64 random64(void)
{
	return (u64)prandom_u32_state(&rnd) << 32 | prandom_u32_state(&rnd);
}

/* Empty, full, dense, sparse and single-id masks, all of them often. */
static struct vfio_ap_mask random_mask(void)
{
	unsigned int kind = prandom_u32_state(&rnd) % 8;
	struct vfio_ap_mask mask = {};
	int i;

	if (kind == 0)
		return mask;
	if (kind == 1) {
		vfio_ap_mask_set(&mask, prandom_u32_state(&rnd) % VFIO_AP_IDS);
		return mask;
	}
	for (i = 0; i < VFIO_AP_WORDS; i++) {
		mask.w[i] = random64();
		if (kind == 2)
			mask.w[i] = ~0ULL;
		if (kind == 3)
			mask.w[i] |= random64() | random64() | random64();
		if (kind == 4)
			mask.w[i] &= random64() & random64() & random64();
	}
	return mask;
}

static struct vfio_ap_matrix random_matrix(void)
{
	return (struct vfio_ap_matrix){ random_mask(), random_mask(), random_mask() };
}

static struct model *model_of(struct kunit *test, const struct vfio_ap_mask *apm,
			      const struct vfio_ap_mask *aqm)
{
	struct model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	int a, q;

	KUNIT_ASSERT_NOT_NULL(test, model);
	for (a = 0; a < VFIO_AP_IDS; a++)
		for (q = 0; q < VFIO_AP_IDS; q++)
			model->has[a][q] = vfio_ap_mask_test(apm, a) &&
					   vfio_ap_mask_test(aqm, q);
	return model;
}

static void model_put(struct kunit *test, struct model *model)
{
	kunit_kfree(test, model);
}

/* Masks from lists of ids that end with -1. */
static struct vfio_ap_mask mask_of(const int *ids)
{
	struct vfio_ap_mask mask = {};

	for (; *ids >= 0; ids++)
		vfio_ap_mask_set(&mask, *ids);
	return mask;
}

#define IDS(...)	((const int[]){ __VA_ARGS__, -1 })
#define NO_IDS		((const int[]){ -1 })

static void test_mask_bits(struct kunit *test)
{
	struct vfio_ap_mask mask = {};

	/* The most significant bit first, as the architecture counts. */
	vfio_ap_mask_set(&mask, 0);
	vfio_ap_mask_set(&mask, 63);
	vfio_ap_mask_set(&mask, 64);
	vfio_ap_mask_set(&mask, 255);
	KUNIT_EXPECT_EQ(test, mask.w[0], 0x8000000000000001ULL);
	KUNIT_EXPECT_EQ(test, mask.w[1], 0x8000000000000000ULL);
	KUNIT_EXPECT_EQ(test, mask.w[2], 0);
	KUNIT_EXPECT_EQ(test, mask.w[3], 1);
	KUNIT_EXPECT_EQ(test, vfio_ap_mask_weight(&mask), 4);

	vfio_ap_mask_clear(&mask, 63);
	vfio_ap_mask_clear(&mask, 63);
	KUNIT_EXPECT_FALSE(test, vfio_ap_mask_test(&mask, 63));
	KUNIT_EXPECT_TRUE(test, vfio_ap_mask_test(&mask, 255));
	KUNIT_EXPECT_EQ(test, vfio_ap_mask_next(&mask, 1), 64);
	KUNIT_EXPECT_EQ(test, vfio_ap_mask_next(&mask, 256), VFIO_AP_IDS);
}

static void test_mask_random(struct kunit *test)
{
	unsigned int id, expect, weight;
	struct vfio_ap_mask mask;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		mask = random_mask();
		expect = VFIO_AP_IDS;
		weight = 0;
		for (id = VFIO_AP_IDS; id-- > 0;) {
			if (vfio_ap_mask_test(&mask, id)) {
				expect = id;
				weight++;
			}
			KUNIT_ASSERT_EQ(test, vfio_ap_mask_next(&mask, id), expect);
		}
		KUNIT_ASSERT_EQ(test, vfio_ap_mask_weight(&mask), weight);
		KUNIT_ASSERT_EQ(test, vfio_ap_mask_empty(&mask), !weight);
	}
}

struct plan_case {
	const char *name;
	const int *apm, *aqm, *adm;		/* assigned */
	const int *host_apm, *host_aqm, *host_adm;
	int unbound[4];				/* APQNs; the others are passable */
	const int *want_apm, *want_aqm, *want_adm;
};

static const struct plan_case plan_cases[] = {
	{
		.name = "nothing assigned",
		.apm = NO_IDS, .aqm = NO_IDS, .adm = NO_IDS,
		.host_apm = IDS(3, 4), .host_aqm = IDS(1), .host_adm = IDS(1),
		.unbound = { -1 },
		.want_apm = NO_IDS, .want_aqm = NO_IDS, .want_adm = NO_IDS,
	}, {
		.name = "all of it is there",
		.apm = IDS(3, 4), .aqm = IDS(1, 2), .adm = IDS(7),
		.host_apm = IDS(3, 4, 5), .host_aqm = IDS(1, 2, 3), .host_adm = IDS(7, 8),
		.unbound = { -1 },
		.want_apm = IDS(3, 4), .want_aqm = IDS(1, 2), .want_adm = IDS(7),
	}, {
		.name = "the host lacks an adapter and a domain",
		.apm = IDS(3, 4), .aqm = IDS(1, 2), .adm = IDS(7),
		.host_apm = IDS(4), .host_aqm = IDS(2), .host_adm = NO_IDS,
		.unbound = { 0x0301, 0x0302, 0x0401, -1 },
		.want_apm = IDS(4), .want_aqm = IDS(2), .want_adm = NO_IDS,
	}, {
		.name = "one queue unbound takes its adapter out",
		.apm = IDS(3, 4), .aqm = IDS(1, 2), .adm = NO_IDS,
		.host_apm = IDS(3, 4), .host_aqm = IDS(1, 2), .host_adm = NO_IDS,
		.unbound = { 0x0302, -1 },
		.want_apm = IDS(4), .want_aqm = IDS(1, 2), .want_adm = NO_IDS,
	}, {
		.name = "every adapter has one unbound: domains stay",
		.apm = IDS(0, 255), .aqm = IDS(0, 255), .adm = IDS(9),
		.host_apm = IDS(0, 255), .host_aqm = IDS(0, 255), .host_adm = IDS(9),
		.unbound = { 0x00ff, 0xff00, -1 },
		.want_apm = NO_IDS, .want_aqm = IDS(0, 255), .want_adm = IDS(9),
	}, {
		.name = "no domain yet: adapters stay",
		.apm = IDS(3), .aqm = NO_IDS, .adm = NO_IDS,
		.host_apm = IDS(3), .host_aqm = IDS(1), .host_adm = NO_IDS,
		.unbound = { 0x0301, -1 },
		.want_apm = IDS(3), .want_aqm = NO_IDS, .want_adm = NO_IDS,
	}, {
		.name = "an unbound queue of another domain does not matter",
		.apm = IDS(3), .aqm = IDS(1), .adm = IDS(2),
		.host_apm = IDS(3), .host_aqm = IDS(1, 2), .host_adm = IDS(2),
		.unbound = { 0x0302, 0x0401, -1 },
		.want_apm = IDS(3), .want_aqm = IDS(1), .want_adm = IDS(2),
	},
};

static void plan_describe(const struct plan_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(plan, plan_cases, plan_describe);

static void test_plan(struct kunit *test)
{
	const struct plan_case *c = test->param_value;
	struct vfio_ap_matrix assigned = { mask_of(c->apm), mask_of(c->aqm), mask_of(c->adm) };
	struct vfio_ap_matrix host = {
		mask_of(c->host_apm), mask_of(c->host_aqm), mask_of(c->host_adm)
	};
	struct vfio_ap_matrix want = {
		mask_of(c->want_apm), mask_of(c->want_aqm), mask_of(c->want_adm)
	};
	struct vfio_ap_rows *rows = kunit_kzalloc(test, sizeof(*rows), GFP_KERNEL);
	struct vfio_ap_matrix guest;
	const int *apqn;

	KUNIT_ASSERT_NOT_NULL(test, rows);
	memset(rows, 0xff, sizeof(*rows));
	for (apqn = c->unbound; *apqn >= 0; apqn++)
		vfio_ap_mask_clear(&rows->row[*apqn >> 8], *apqn & 0xff);

	vfio_ap_plan(&assigned, &host, rows, &guest);
	KUNIT_EXPECT_MEMEQ(test, &guest, &want, sizeof(guest));
}

/* An adapter passes if each queue of it that is wanted passes: word by word. */
static void plan_model(const struct vfio_ap_matrix *assigned,
		       const struct vfio_ap_matrix *host,
		       const struct vfio_ap_rows *rows, struct vfio_ap_matrix *guest)
{
	bool a, q, whole;
	int i, j;

	memset(guest, 0, sizeof(*guest));
	for (i = 0; i < VFIO_AP_IDS; i++) {
		a = vfio_ap_mask_test(&assigned->apm, i) && vfio_ap_mask_test(&host->apm, i);
		whole = true;
		for (j = 0; j < VFIO_AP_IDS; j++) {
			q = vfio_ap_mask_test(&assigned->aqm, j) &&
			    vfio_ap_mask_test(&host->aqm, j);
			if (q)
				vfio_ap_mask_set(&guest->aqm, j);
			if (a && q && !vfio_ap_mask_test(&rows->row[i], j))
				whole = false;
		}
		if (a && whole)
			vfio_ap_mask_set(&guest->apm, i);
		if (vfio_ap_mask_test(&assigned->adm, i) && vfio_ap_mask_test(&host->adm, i))
			vfio_ap_mask_set(&guest->adm, i);
	}
}

static void test_plan_random(struct kunit *test)
{
	struct vfio_ap_rows *rows = kunit_kzalloc(test, sizeof(*rows), GFP_KERNEL);
	struct vfio_ap_matrix assigned, host, guest, want;
	int round, i, kept = 0, dropped = 0;

	KUNIT_ASSERT_NOT_NULL(test, rows);
	for (round = 0; round < ROUNDS; round++) {
		assigned = random_matrix();
		host = random_matrix();
		for (i = 0; i < VFIO_AP_IDS; i++) {
			rows->row[i] = random_mask();
			/* Whole adapters, or none would ever pass. */
			if (prandom_u32_state(&rnd) % 2)
				rows->row[i] = assigned.aqm;
		}
		vfio_ap_plan(&assigned, &host, rows, &guest);
		plan_model(&assigned, &host, rows, &want);
		KUNIT_ASSERT_MEMEQ(test, &guest, &want, sizeof(guest));

		kept += vfio_ap_mask_weight(&guest.apm);
		host.apm = vfio_ap_mask_and(&assigned.apm, &host.apm);
		dropped += vfio_ap_mask_weight(&host.apm) - vfio_ap_mask_weight(&guest.apm);
	}
	/* The comparison has seen both. */
	KUNIT_EXPECT_GT(test, kept, 0);
	KUNIT_EXPECT_GT(test, dropped, 0);
}

static bool area_empty(const struct vfio_ap_area *area)
{
	return vfio_ap_mask_empty(&area->apm) || vfio_ap_mask_empty(&area->aqm);
}

static void test_diff_same(struct kunit *test)
{
	struct vfio_ap_matrix matrix = random_matrix();
	struct vfio_ap_delta delta;
	int i;

	vfio_ap_diff(&matrix, &matrix, &delta);
	KUNIT_EXPECT_FALSE(test, delta.push);
	for (i = 0; i < ARRAY_SIZE(delta.lost); i++)
		KUNIT_EXPECT_TRUE(test, area_empty(&delta.lost[i]));
}

static void test_diff_control(struct kunit *test)
{
	struct vfio_ap_matrix old = { mask_of(IDS(3)), mask_of(IDS(1)), mask_of(IDS(1, 2)) };
	struct vfio_ap_matrix new = { mask_of(IDS(3)), mask_of(IDS(1)), mask_of(IDS(2)) };
	struct vfio_ap_delta delta;
	int i;

	/* A control domain is pushed, and resets no queue. */
	vfio_ap_diff(&old, &new, &delta);
	KUNIT_EXPECT_TRUE(test, delta.push);
	for (i = 0; i < ARRAY_SIZE(delta.lost); i++)
		KUNIT_EXPECT_TRUE(test, area_empty(&delta.lost[i]));
}

static void test_diff_random(struct kunit *test)
{
	struct model *was, *is, *lost[2];
	struct vfio_ap_matrix old, new;
	struct vfio_ap_delta delta;
	int round, a, q, wrong, count = 0;

	for (round = 0; round < ROUNDS; round++) {
		old = random_matrix();
		new = random_matrix();
		if (round % 4 == 0)
			new.apm = old.apm;
		if (round % 8 == 0)
			new.adm = old.adm;
		vfio_ap_diff(&old, &new, &delta);
		KUNIT_ASSERT_EQ(test, delta.push,
				!vfio_ap_mask_equal(&old.apm, &new.apm) ||
				!vfio_ap_mask_equal(&old.aqm, &new.aqm) ||
				!vfio_ap_mask_equal(&old.adm, &new.adm));

		was = model_of(test, &old.apm, &old.aqm);
		is = model_of(test, &new.apm, &new.aqm);
		lost[0] = model_of(test, &delta.lost[0].apm, &delta.lost[0].aqm);
		lost[1] = model_of(test, &delta.lost[1].apm, &delta.lost[1].aqm);
		wrong = 0;
		for (a = 0; a < VFIO_AP_IDS; a++) {
			for (q = 0; q < VFIO_AP_IDS; q++) {
				bool want = was->has[a][q] && !is->has[a][q];

				/* In one of the two if it was lost, else in none. */
				wrong += lost[0]->has[a][q] + lost[1]->has[a][q] != want;
				count += want;
			}
		}
		KUNIT_ASSERT_EQ(test, wrong, 0);
		model_put(test, lost[1]);
		model_put(test, lost[0]);
		model_put(test, is);
		model_put(test, was);
	}
	KUNIT_EXPECT_GT(test, count, 0);
}

static void test_conflict_random(struct kunit *test)
{
	unsigned int apid, apqi, count, seen = 0;
	struct vfio_ap_matrix one, two;
	struct model *a, *b;
	int round, i, j, first;

	for (round = 0; round < ROUNDS; round++) {
		one = random_matrix();
		two = random_matrix();
		a = model_of(test, &one.apm, &one.aqm);
		b = model_of(test, &two.apm, &two.aqm);
		count = 0;
		first = -1;
		for (i = 0; i < VFIO_AP_IDS; i++) {
			for (j = 0; j < VFIO_AP_IDS; j++) {
				if (!a->has[i][j] || !b->has[i][j])
					continue;
				if (!count++)
					first = i << 8 | j;
			}
		}
		KUNIT_ASSERT_EQ(test, vfio_ap_conflict(&one, &two, &apid, &apqi), count);
		if (count)
			KUNIT_ASSERT_EQ(test, apid << 8 | apqi, first);
		seen += !!count;
		model_put(test, b);
		model_put(test, a);
	}
	KUNIT_EXPECT_GT(test, seen, 0);
	KUNIT_EXPECT_LT(test, seen, ROUNDS);
}

static void test_conflict_control(struct kunit *test)
{
	struct vfio_ap_matrix one = { mask_of(IDS(3)), mask_of(IDS(1)), mask_of(IDS(5)) };
	struct vfio_ap_matrix two = { mask_of(IDS(3)), mask_of(IDS(2)), mask_of(IDS(5)) };
	unsigned int apid, apqi;

	/* The same adapter, another domain, the same control domain: fine. */
	KUNIT_EXPECT_EQ(test, vfio_ap_conflict(&one, &two, &apid, &apqi), 0);
	vfio_ap_mask_set(&two.aqm, 1);
	KUNIT_EXPECT_EQ(test, vfio_ap_conflict(&one, &two, &apid, &apqi), 1);
	KUNIT_EXPECT_EQ(test, apid, 3);
	KUNIT_EXPECT_EQ(test, apqi, 1);
}

static void test_fits(struct kunit *test)
{
	const struct vfio_ap_limits small = { 63, 15, 15 }, full = { 255, 255, 255 };
	struct vfio_ap_matrix matrix = {};

	KUNIT_EXPECT_TRUE(test, vfio_ap_matrix_fits(&matrix, &small));
	vfio_ap_mask_set(&matrix.apm, 63);
	vfio_ap_mask_set(&matrix.aqm, 15);
	vfio_ap_mask_set(&matrix.adm, 15);
	KUNIT_EXPECT_TRUE(test, vfio_ap_matrix_fits(&matrix, &small));
	vfio_ap_mask_set(&matrix.adm, 16);
	KUNIT_EXPECT_FALSE(test, vfio_ap_matrix_fits(&matrix, &small));
	vfio_ap_mask_clear(&matrix.adm, 16);
	vfio_ap_mask_set(&matrix.aqm, 255);
	KUNIT_EXPECT_FALSE(test, vfio_ap_matrix_fits(&matrix, &small));
	vfio_ap_mask_clear(&matrix.aqm, 255);
	vfio_ap_mask_set(&matrix.apm, 64);
	KUNIT_EXPECT_FALSE(test, vfio_ap_matrix_fits(&matrix, &small));

	memset(&matrix, 0xff, sizeof(matrix));
	KUNIT_EXPECT_TRUE(test, vfio_ap_matrix_fits(&matrix, &full));
	KUNIT_EXPECT_FALSE(test, vfio_ap_matrix_fits(&matrix, &small));
}

#define DIGITS64 "8000000000000000000000000000000000000000000000000000000000000001"

struct parse_case {
	const char *text;
	int error;
	u64 first, last;	/* first and last word of the first mask */
};

static const struct parse_case parse_cases[] = {
	{ "0x" DIGITS64 ",0x" DIGITS64 ",0x" DIGITS64 "\n", 0, 1ULL << 63, 1 },
	{ DIGITS64 "," DIGITS64 "," DIGITS64, 0, 1ULL << 63, 1 },
	{ "0x4,0x0,0x0\n", 0, 1ULL << 62, 0 },
	{ "0x00F,0,0", 0, 0xfULL << 52, 0 },
	{ "0xabcdef,0,0\n\n", 0, 0xabcdefULL << 40, 0 },
	{ "", -EINVAL },
	{ "\n", -EINVAL },
	{ "0x1", -EINVAL },
	{ "0x1,0x1", -EINVAL },
	{ "0x1,0x1\n", -EINVAL },
	{ "0x1,0x1,", -EINVAL },
	{ "0x1,,0x1", -EINVAL },
	{ ",0x1,0x1", -EINVAL },
	{ "0x1,0x1,0x1,", -EINVAL },
	{ "0x1,0x1,0x1,0x1", -EINVAL },
	{ "0x1,0x1,0x1 0", -EINVAL },
	{ "0x1\n0x1\n0x1", -EINVAL },
	{ "0xg,0x1,0x1", -EINVAL },
	{ "0x,0x1,0x1", -EINVAL },
	{ "0X1,0x1,0x1", -EINVAL },
	{ " 0x1,0x1,0x1", -EINVAL },
	{ "-1,0x1,0x1", -EINVAL },
	{ "0x" DIGITS64 "0,0x1,0x1", -EINVAL },
	{ "0x1,0x1,0x" DIGITS64 "0\n", -EINVAL },
};

static void parse_describe(const struct parse_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%.40s: %d", c->text, c->error);
	strreplace(desc, '\n', '$');
}

KUNIT_ARRAY_PARAM(parse, parse_cases, parse_describe);

static void test_parse(struct kunit *test)
{
	const struct parse_case *c = test->param_value;
	struct vfio_ap_matrix matrix;

	KUNIT_ASSERT_EQ(test, vfio_ap_config_parse(c->text, &matrix), c->error);
	if (c->error)
		return;
	KUNIT_EXPECT_EQ(test, matrix.apm.w[0], c->first);
	KUNIT_EXPECT_EQ(test, matrix.apm.w[3], c->last);
}

static void test_config_round(struct kunit *test)
{
	struct vfio_ap_matrix matrix, back;
	char buf[VFIO_AP_CONFIG_LEN + 1];
	int round;

	for (round = 0; round < ROUNDS; round++) {
		matrix = random_matrix();
		KUNIT_ASSERT_EQ(test, vfio_ap_config_format(&matrix, buf, sizeof(buf)),
				VFIO_AP_CONFIG_LEN);
		KUNIT_ASSERT_EQ(test, strlen(buf), VFIO_AP_CONFIG_LEN);
		KUNIT_ASSERT_EQ(test, vfio_ap_config_parse(buf, &back), 0);
		KUNIT_ASSERT_MEMEQ(test, &matrix, &back, sizeof(matrix));
	}
}

/* The whole text, queue by queue. */
static char *format_model(struct kunit *test, const struct vfio_ap_matrix *m, size_t *len)
{
	size_t size = 8 * VFIO_AP_IDS * VFIO_AP_IDS + 1;
	bool no_apm = vfio_ap_mask_empty(&m->apm);
	bool no_aqm = vfio_ap_mask_empty(&m->aqm);
	char *text = kvzalloc(size, GFP_KERNEL);
	int a, q;

	KUNIT_ASSERT_NOT_NULL(test, text);
	*len = 0;
	for (a = 0; a < VFIO_AP_IDS; a++) {
		if (no_aqm && vfio_ap_mask_test(&m->apm, a))
			*len += scnprintf(text + *len, size - *len, "%02x.\n", a);
		if (no_apm && vfio_ap_mask_test(&m->aqm, a))
			*len += scnprintf(text + *len, size - *len, ".%04x\n", a);
		for (q = 0; q < VFIO_AP_IDS; q++)
			if (vfio_ap_matrix_has(m, a, q))
				*len += scnprintf(text + *len, size - *len,
						  "%02x.%04x\n", a, q);
	}
	return text;
}

static void check_format(struct kunit *test, const struct vfio_ap_matrix *m, size_t window)
{
	char *want, *buf = kvmalloc(window + 1, GFP_KERNEL);
	size_t len, off = 0, got;
	bool same = true;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	want = format_model(test, m, &len);
	do {
		buf[window] = '#';
		got = vfio_ap_matrix_format(m, off, buf, window);
		if (got != min(window, len - off) || buf[window] != '#' ||
		    memcmp(buf, want + off, got))
			same = false;
		off += got;
	} while (same && got);
	KUNIT_EXPECT_TRUE_MSG(test, same, "differs at or after %zu of %zu bytes", off, len);
	KUNIT_EXPECT_EQ(test, off, len);
	KUNIT_EXPECT_EQ(test, vfio_ap_matrix_format(m, len + 1, buf, window), 0);
	KUNIT_EXPECT_EQ(test, vfio_ap_matrix_format(m, S64_MAX, buf, window), 0);
	kvfree(want);
	kvfree(buf);
}

static void test_matrix_format(struct kunit *test)
{
	const int *sets[] = { NO_IDS, IDS(0), IDS(255), IDS(3, 4, 171) };
	struct vfio_ap_matrix m = {};
	int a, q;

	for (a = 0; a < ARRAY_SIZE(sets); a++) {
		for (q = 0; q < ARRAY_SIZE(sets); q++) {
			m.apm = mask_of(sets[a]);
			m.aqm = mask_of(sets[q]);
			check_format(test, &m, 1);
			check_format(test, &m, 7);
			check_format(test, &m, 4096);
		}
	}
}

static void test_matrix_format_random(struct kunit *test)
{
	struct vfio_ap_matrix m;
	int round;

	for (round = 0; round < 5; round++) {
		m = random_matrix();
		check_format(test, &m, 1 + prandom_u32_state(&rnd) % 8192);
	}
	/* All 65,536 queues, in pages, as sysfs reads them. */
	memset(&m, 0xff, sizeof(m));
	check_format(test, &m, 4096);
}

static void test_mask_format(struct kunit *test)
{
	size_t size = 5 * VFIO_AP_IDS + 1;
	char *buf = kunit_kzalloc(test, size, GFP_KERNEL);
	struct vfio_ap_mask mask = mask_of(IDS(0, 16, 255));

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, vfio_ap_mask_format(&mask, buf, size), 15);
	KUNIT_EXPECT_STREQ(test, buf, "0000\n0010\n00ff\n");
	memset(&mask, 0xff, sizeof(mask));
	KUNIT_EXPECT_EQ(test, vfio_ap_mask_format(&mask, buf, size), 5 * VFIO_AP_IDS);
	KUNIT_EXPECT_STREQ(test, buf + 5 * 254, "00fe\n00ff\n");
	memset(&mask, 0, sizeof(mask));
	KUNIT_EXPECT_EQ(test, vfio_ap_mask_format(&mask, buf, size), 0);
}

static struct kunit_case matrix_cases[] = {
	KUNIT_CASE(test_mask_bits),
	KUNIT_CASE(test_mask_random),
	KUNIT_CASE_PARAM(test_plan, plan_gen_params),
	KUNIT_CASE(test_plan_random),
	KUNIT_CASE(test_diff_same),
	KUNIT_CASE(test_diff_control),
	KUNIT_CASE(test_diff_random),
	KUNIT_CASE(test_conflict_random),
	KUNIT_CASE(test_conflict_control),
	KUNIT_CASE(test_fits),
	KUNIT_CASE_PARAM(test_parse, parse_gen_params),
	KUNIT_CASE(test_config_round),
	KUNIT_CASE(test_matrix_format),
	KUNIT_CASE(test_matrix_format_random),
	KUNIT_CASE(test_mask_format),
	{}
};

static struct kunit_suite matrix_suite = {
	.name = "vfio_ap_matrix",
	.suite_init = suite_init,
	.test_cases = matrix_cases,
};

kunit_test_suite(matrix_suite);

MODULE_DESCRIPTION("KUnit tests of vfio-ap's matrices");
MODULE_LICENSE("GPL");
