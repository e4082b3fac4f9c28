/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of KUnit as the translator's tests use, for user space: the suite
 * becomes main() of a program that prints TAP.
 */
#ifndef _CCW_SHIM_KUNIT_H_
#define _CCW_SHIM_KUNIT_H_

#include <linux/types.h>
#include <setjmp.h>

#define KUNIT_PARAM_DESC_SIZE	128

struct kunit {
	void *priv;
	const void *param_value;
	int failed;
	jmp_buf away;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(const void *prev, char *desc);
};

struct kunit_suite {
	const char *name;
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(fn)			{ .run_case = fn, .name = #fn }
#define KUNIT_CASE_SLOW(fn)		{ .run_case = fn, .name = #fn }
#define KUNIT_CASE_PARAM(fn, gen)	{ .run_case = fn, .name = #fn, .generate_params = gen }

#define KUNIT_ARRAY_PARAM(name, array, get_desc)					\
	static const void *name##_gen_params(const void *prev, char *desc)		\
	{										\
		const __typeof__((array)[0]) *next = prev ?				\
			((const __typeof__((array)[0]) *)prev) + 1 : (array);		\
		if (next - (array) >= (ptrdiff_t)ARRAY_SIZE(array))			\
			return NULL;							\
		get_desc(next, desc);							\
		return next;								\
	}

#define KUNIT_SAY(cond, fmt, ...)							\
	({										\
		bool ok__ = (cond);							\
		if (!ok__) {								\
			test->failed++;							\
			printf("# %s:%d: %s" fmt "\n", __FILE__, __LINE__, #cond,	\
			       ##__VA_ARGS__);						\
		}									\
		ok__;									\
	})
#define KUNIT_EXPECT_TRUE(test, c)	KUNIT_SAY(c, "")
#define KUNIT_EXPECT_FALSE(test, c)	KUNIT_SAY(!(c), "")
#define KUNIT_EXPECT_NOT_NULL(test, c)	KUNIT_SAY((c) != NULL, "")
#define KUNIT_EXPECT_NULL(test, c)	KUNIT_SAY((c) == NULL, "")
#define KUNIT_EXPECT_EQ(test, a, b)							\
	({										\
		long long a__ = (a), b__ = (b);						\
		KUNIT_SAY(a__ == b__, " %s=%#llx %s=%#llx", #a, a__, #b, b__);		\
	})
#define KUNIT_EXPECT_EQ_MSG(test, a, b, fmt, ...)					\
	({										\
		long long a__ = (a), b__ = (b);						\
		KUNIT_SAY(a__ == b__, " %s=%#llx %s=%#llx: " fmt, #a, a__, #b, b__,	\
			  ##__VA_ARGS__);						\
	})
#define KUNIT_EXPECT_LE(test, a, b)							\
	({										\
		long long a__ = (a), b__ = (b);						\
		KUNIT_SAY(a__ <= b__, " %s=%#llx %s=%#llx", #a, a__, #b, b__);		\
	})
#define KUNIT_ASSERT_EQ(test, a, b)							\
	do {										\
		if (!KUNIT_EXPECT_EQ(test, a, b))					\
			longjmp(test->away, 1);						\
	} while (0)
#define KUNIT_ASSERT_NOT_NULL(test, c)							\
	do {										\
		if (!KUNIT_EXPECT_NOT_NULL(test, c))					\
			longjmp(test->away, 1);						\
	} while (0)
#define KUNIT_FAIL(test, fmt, ...)							\
	do {										\
		(test)->failed++;							\
		printf("# " fmt "\n", ##__VA_ARGS__);					\
	} while (0)
#define kunit_info(test, fmt, ...)	printf("# " fmt, ##__VA_ARGS__)

static inline int kunit_shim_one(struct kunit_suite *suite, struct kunit_case *one,
				 const void *param)
{
	struct kunit test = { .param_value = param };

	if (suite->init && suite->init(&test))
		return 1;
	if (!setjmp(test.away))
		one->run_case(&test);
	if (suite->exit)
		suite->exit(&test);
	return test.failed;
}

static inline int kunit_shim_main(struct kunit_suite *suite)
{
	int number = 0, bad = 0;

	for (struct kunit_case *one = suite->test_cases; one->run_case; one++) {
		char desc[KUNIT_PARAM_DESC_SIZE] = "";
		const void *param = one->generate_params ?
			one->generate_params(NULL, desc) : NULL;

		do {
			int failed = kunit_shim_one(suite, one, param);

			printf("%sok %d %s%s%s\n", failed ? "not " : "", ++number, one->name,
			       *desc ? ": " : "", desc);
			bad += !!failed;
			if (param)
				param = one->generate_params(param, desc);
		} while (param);
	}
	printf("1..%d\n# %d of %d failed\n", number, bad, number);
	return bad;
}

#define kunit_test_suite(suite)								\
	int main(void)									\
	{										\
		return kunit_shim_main(&(suite)) != 0;					\
	}										\
	static_assert(1, "")

#endif
