/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of KUnit as the translator's tests use, for user space: the suite
 * becomes main() of a program that prints TAP.
 */
#ifndef _CCW_KUNIT_H_
#define _CCW_KUNIT_H_

#include <setjmp.h>

#include "kernel.h"

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

#define KUNIT_CASE(fn)			{ fn, #fn, NULL }
#define KUNIT_CASE_SLOW(fn)		{ fn, #fn, NULL }
#define KUNIT_CASE_PARAM(fn, gen)	{ fn, #fn, gen }

/* The element after prev, or none. */
static inline const void *kunit_next(const void *prev, const void *first, size_t size, size_t n)
{
	const char *next = prev ? (const char *)prev + size : first;

	return next == (const char *)first + n * size ? NULL : next;
}

#define KUNIT_ARRAY_PARAM(name, params, get_desc)					\
	static const void *name##_gen_params(const void *prev, char *desc)		\
	{										\
		__auto_type all = &(params);						\
		const void *next = kunit_next(prev, all, sizeof(**all), ARRAY_SIZE(*all)); \
											\
		if (next)								\
			get_desc(next, desc);						\
		return next;								\
	}										\
	struct kunit

static inline bool kunit_say(struct kunit *test, bool ok, int line, const char *what,
			     long long a, long long b, bool fatal)
{
	if (ok)
		return true;
	test->failed++;
	printf("# line %d: %s (%#llx, %#llx)\n", line, what, a, b);
	if (fatal)
		longjmp(test->away, 1);
	return false;
}

static inline bool kunit_two(struct kunit *test, char op, long long a, long long b, int line,
			     const char *what, bool fatal)
{
	return kunit_say(test, op == '=' ? a == b : a <= b, line, what, a, b, fatal);
}

#define KUNIT_EXPECT_TRUE(test, c)	kunit_say(test, c, __LINE__, #c, 0, 0, false)
#define KUNIT_EXPECT_FALSE(test, c)	kunit_say(test, !(c), __LINE__, "not " #c, 0, 0, false)
#define KUNIT_EXPECT_NULL(test, c)	kunit_say(test, !(c), __LINE__, "no " #c, 0, 0, false)
#define KUNIT_ASSERT_NOT_NULL(test, c)	kunit_say(test, c, __LINE__, #c, 0, 0, true)
#define KUNIT_EXPECT_EQ(test, a, b)	kunit_two(test, '=', a, b, __LINE__, #a " = " #b, false)
#define KUNIT_ASSERT_EQ(test, a, b)	kunit_two(test, '=', a, b, __LINE__, #a " = " #b, true)
#define KUNIT_EXPECT_LE(test, a, b)	kunit_two(test, '<', a, b, __LINE__, #a " <= " #b, false)
#define KUNIT_FAIL(test, fmt, ...)	((test)->failed++, printf("# " fmt "\n", ##__VA_ARGS__))
#define kunit_info(test, fmt, ...)	((void)(test), printf("# " fmt, ##__VA_ARGS__))

static inline bool kunit_run(struct kunit_suite *suite, struct kunit_case *one, const void *param)
{
	struct kunit test = { .param_value = param };

	if (suite->init && suite->init(&test))
		return false;
	if (!setjmp(test.away))
		one->run_case(&test);
	if (suite->exit)
		suite->exit(&test);
	return !test.failed;
}

static inline int kunit_main(struct kunit_suite *suite)
{
	int number = 0, bad = 0;
	struct kunit_case *one;

	for (one = suite->test_cases; one->run_case; one++) {
		char desc[KUNIT_PARAM_DESC_SIZE] = "";
		const void *param = one->generate_params ? one->generate_params(NULL, desc) : NULL;

		do {
			bool ok = kunit_run(suite, one, param);

			printf("%sok %d %s %s\n", ok ? "" : "not ", ++number, one->name, desc);
			bad += !ok;
			if (param)
				param = one->generate_params(param, desc);
		} while (param);
	}
	printf("1..%d\n", number);
	return bad;
}

#define kunit_test_suite(suite)								\
	int main(void)									\
	{										\
		exit(kunit_main(&(suite)) != 0);					\
	}										\
	struct kunit

#endif
