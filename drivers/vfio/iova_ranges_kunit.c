// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: vfio_combine_iova_ranges() against a slow and obvious model
 */
#include <kunit/test.h>
#include <linux/interval_tree.h>
#include <linux/prandom.h>
#include <linux/vfio.h>

#define RANGES_MAX	64

struct iova_span {
	unsigned long start, last;
};

struct ranges_param {
	const char *name;
	u32 count, req;
	struct iova_span in[6];
	u32 left;
	struct iova_span out[6];
};

static const struct ranges_param ranges_params[] = {
	{ "fewer than asked for", 2, 5, { { 0, 1 }, { 8, 9 } },
	  2, { { 0, 1 }, { 8, 9 } } },
	{ "as many as asked for", 2, 2, { { 0, 1 }, { 8, 9 } },
	  2, { { 0, 1 }, { 8, 9 } } },
	{ "one of one", 1, 1, { { 5, 9 } }, 1, { { 5, 9 } } },
	{ "one of three", 3, 1, { { 0, 1 }, { 8, 9 }, { 100, 200 } },
	  1, { { 0, 200 } } },
	{ "narrowest first", 4, 3,
	  { { 0, 9 }, { 20, 29 }, { 32, 39 }, { 60, 69 } },
	  3, { { 0, 9 }, { 20, 39 }, { 60, 69 } } },
	{ "two narrowest", 4, 2,
	  { { 0, 9 }, { 20, 29 }, { 32, 39 }, { 60, 69 } },
	  2, { { 0, 39 }, { 60, 69 } } },
	{ "among equals the lowest", 4, 3,
	  { { 0, 9 }, { 20, 29 }, { 40, 49 }, { 60, 69 } },
	  3, { { 0, 29 }, { 40, 49 }, { 60, 69 } } },
	{ "equals, but one narrower", 5, 3,
	  { { 0, 9 }, { 20, 29 }, { 40, 49 }, { 55, 59 }, { 70, 79 } },
	  3, { { 0, 29 }, { 40, 59 }, { 70, 79 } } },
	{ "neighbours", 3, 2, { { 0, 9 }, { 10, 19 }, { 30, 39 } },
	  2, { { 0, 19 }, { 30, 39 } } },
	{ "both ends of the space", 3, 2,
	  { { 0, 0 }, { 1000, 1999 }, { ULONG_MAX, ULONG_MAX } },
	  2, { { 0, 1999 }, { ULONG_MAX, ULONG_MAX } } },
};

static void ranges_param_name(const struct ranges_param *param, char *name)
{
	strscpy(name, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ranges, ranges_params, ranges_param_name);

static void tree_fill(struct rb_root_cached *root,
		      struct interval_tree_node *nodes,
		      const struct iova_span *in, u32 count)
{
	u32 i;

	*root = RB_ROOT_CACHED;
	for (i = 0; i < count; i++) {
		nodes[i].start = in[i].start;
		nodes[i].last = in[i].last;
		interval_tree_insert(&nodes[i], root);
	}
}

/* All of it in order, and each range found by its last address too. */
static void tree_check(struct kunit *test, struct rb_root_cached *root,
		       const struct iova_span *want, u32 count)
{
	struct interval_tree_node *node, *found;
	u32 i;

	node = interval_tree_iter_first(root, 0, ULONG_MAX);
	for (i = 0; i < count; i++) {
		KUNIT_ASSERT_NOT_NULL(test, node);
		KUNIT_EXPECT_EQ(test, node->start, want[i].start);
		KUNIT_EXPECT_EQ(test, node->last, want[i].last);
		found = interval_tree_iter_first(root, node->last, node->last);
		KUNIT_EXPECT_PTR_EQ(test, found, node);
		node = interval_tree_iter_next(node, 0, ULONG_MAX);
	}
	KUNIT_EXPECT_NULL(test, node);
}

static void ranges_table_test(struct kunit *test)
{
	const struct ranges_param *param = test->param_value;
	struct interval_tree_node nodes[ARRAY_SIZE(param->in)];
	struct rb_root_cached root;

	tree_fill(&root, nodes, param->in, param->count);
	vfio_combine_iova_ranges(&root, param->count, param->req);
	tree_check(test, &root, param->out, param->left);
}

/* One gap after the other: the narrowest, the lowest if there are several. */
static u32 ranges_model(struct iova_span *ranges, u32 count, u32 req)
{
	while (count > req) {
		u32 i, best = 0;

		for (i = 1; i + 1 < count; i++)
			if (ranges[i + 1].start - ranges[i].last <
			    ranges[best + 1].start - ranges[best].last)
				best = i;
		ranges[best].last = ranges[best + 1].last;
		count--;
		memmove(&ranges[best + 1], &ranges[best + 2],
			(count - best - 1) * sizeof(*ranges));
	}
	return count;
}

static void ranges_random_test(struct kunit *test)
{
	struct interval_tree_node *nodes;
	struct iova_span *ranges;
	struct rnd_state rnd;
	unsigned int round;

	nodes = kunit_kcalloc(test, RANGES_MAX, sizeof(*nodes), GFP_KERNEL);
	ranges = kunit_kcalloc(test, RANGES_MAX, sizeof(*ranges), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, nodes);
	KUNIT_ASSERT_NOT_NULL(test, ranges);

	prandom_seed_state(&rnd, 20);
	for (round = 0; round < 500; round++) {
		u32 count = 1 + prandom_u32_state(&rnd) % RANGES_MAX;
		u32 req = 1 + prandom_u32_state(&rnd) % count;
		/* Few different widths in some rounds, to have many equals. */
		u32 widths = 1 << prandom_u32_state(&rnd) % 20;
		unsigned long at = prandom_u32_state(&rnd) % 3;
		struct rb_root_cached root;
		u32 i, left;

		for (i = 0; i < count; i++) {
			ranges[i].start = at;
			at += prandom_u32_state(&rnd) % 9;
			ranges[i].last = at;
			at += 1 + prandom_u32_state(&rnd) % widths;
		}
		tree_fill(&root, nodes, ranges, count);
		vfio_combine_iova_ranges(&root, count, req);
		left = ranges_model(ranges, count, req);
		KUNIT_ASSERT_EQ(test, left, req);
		tree_check(test, &root, ranges, left);
	}
}

static struct kunit_case vfio_iova_ranges_cases[] = {
	KUNIT_CASE_PARAM(ranges_table_test, ranges_gen_params),
	KUNIT_CASE(ranges_random_test),
	{}
};

static struct kunit_suite vfio_iova_ranges_suite = {
	.name = "vfio_iova_ranges",
	.test_cases = vfio_iova_ranges_cases,
};

kunit_test_suites(&vfio_iova_ranges_suite);
