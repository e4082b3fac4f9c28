// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the table of device numbers, drivers/base/map.c: who is found
 * for a number, in which order, and what is left when entries go.
 */
#include <kunit/test.h>
#include <linux/kdev_t.h>
#include <linux/kobj_map.h>
#include <linux/kobject.h>
#include <linux/mutex.h>
#include <linux/module.h>
#include <linux/slab.h>

#define M(minor) MKDEV(240, minor)

static DEFINE_MUTEX(table_mutex);

/* An entry's data: the kobject it gives, NULL if it has nothing to give. */
struct thing {
	struct kobject kobj;
	bool mute;		/* get() gives nothing */
	bool going;		/* lock() refuses */
	int asked;
	int index;
	struct kobj_map *map;	/* where get() adds @then */
	struct thing *then;
	dev_t then_dev;
};

static int last_resort_asked;
static int last_resort_index;

static struct kobject *get_thing(dev_t dev, int *index, void *data)
{
	struct thing *t = data;

	t->asked++;
	t->index = *index;
	return t->mute ? NULL : &t->kobj;
}

static int lock_thing(dev_t dev, void *data)
{
	struct thing *t = data;

	return t->going ? -1 : 0;
}

static struct kobject *get_and_add(dev_t dev, int *index, void *data)
{
	struct thing *t = data;

	t->asked++;
	kobj_map(t->map, t->then_dev, 1, NULL, get_thing, lock_thing, t->then);
	return NULL;
}

static struct kobject *last_resort(dev_t dev, int *index, void *data)
{
	last_resort_asked++;
	last_resort_index = *index;
	return NULL;
}

static struct kobj_map *new_table(struct kunit *test)
{
	struct kobj_map *map = kobj_map_init(last_resort, &table_mutex);

	KUNIT_ASSERT_NOT_NULL(test, map);
	last_resort_asked = 0;
	return map;
}

/* A table stays for ever, but these tests' are empty at the end. */
static void drop_table(struct kobj_map *map)
{
	kfree(map);
}

static int add(struct kobj_map *map, dev_t dev, unsigned long range, struct thing *t)
{
	return kobj_map(map, dev, range, NULL, get_thing, lock_thing, t);
}

static void expect(struct kunit *test, struct kobj_map *map, dev_t dev, struct thing *t, int at)
{
	int index = -1;
	struct kobject *kobj = kobj_lookup(map, dev, &index);

	KUNIT_EXPECT_PTR_EQ_MSG(test, kobj, t ? &t->kobj : NULL, "number %u:%u", MAJOR(dev),
				MINOR(dev));
	if (t && kobj)
		KUNIT_EXPECT_EQ(test, index, at);
}

static void single_numbers(struct kunit *test)
{
	struct kobj_map *map = new_table(test);
	struct thing *t = kunit_kcalloc(test, 1000, sizeof(*t), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, t);
	for (i = 0; i < 1000; i++)
		KUNIT_ASSERT_EQ(test, add(map, M(i), 1, &t[i]), 0);
	for (i = 0; i < 1000; i++)
		expect(test, map, M(i), &t[i], 0);
	expect(test, map, M(1000), NULL, 0);
	KUNIT_EXPECT_EQ(test, last_resort_asked, 1);
	/* Out of order, and each time only the one. */
	for (i = 0; i < 1000; i += 2)
		kobj_unmap(map, M(i), 1);
	for (i = 0; i < 1000; i++)
		expect(test, map, M(i), i % 2 ? &t[i] : NULL, 0);
	for (i = 1; i < 1000; i += 2)
		kobj_unmap(map, M(i), 1);
	drop_table(map);
}

static void narrowest_wins(struct kunit *test)
{
	struct kobj_map *map = new_table(test);
	struct thing one = { }, ten = { }, hundred = { };

	KUNIT_ASSERT_EQ(test, add(map, M(0), 100, &hundred), 0);
	KUNIT_ASSERT_EQ(test, add(map, M(15), 1, &one), 0);
	KUNIT_ASSERT_EQ(test, add(map, M(10), 10, &ten), 0);
	expect(test, map, M(9), &hundred, 9);
	expect(test, map, M(10), &ten, 0);
	expect(test, map, M(15), &one, 0);
	expect(test, map, M(19), &ten, 9);
	expect(test, map, M(20), &hundred, 20);
	expect(test, map, M(99), &hundred, 99);
	expect(test, map, M(100), NULL, 0);
	kobj_unmap(map, M(15), 1);
	expect(test, map, M(15), &ten, 5);
	kobj_unmap(map, M(10), 10);
	expect(test, map, M(15), &hundred, 15);
	kobj_unmap(map, M(0), 100);
	expect(test, map, M(15), NULL, 0);
	drop_table(map);
}

/* Two of one number: the later one hides the earlier, and goes first. */
static void same_number(struct kunit *test)
{
	struct kobj_map *map = new_table(test);
	struct thing a = { }, b = { };

	KUNIT_ASSERT_EQ(test, add(map, M(1), 1, &a), 0);
	KUNIT_ASSERT_EQ(test, add(map, M(1), 1, &b), 0);
	expect(test, map, M(1), &b, 0);
	kobj_unmap(map, M(1), 1);
	expect(test, map, M(1), &a, 0);
	kobj_unmap(map, M(1), 1);
	expect(test, map, M(1), NULL, 0);
	/* And once more than there were. */
	kobj_unmap(map, M(1), 1);
	drop_table(map);
}

/* A range over a border of majors is known by each of them. */
static void several_majors(struct kunit *test)
{
	struct kobj_map *map = new_table(test);
	struct thing t = { };
	dev_t first = MKDEV(240, MINORMASK);

	KUNIT_ASSERT_EQ(test, add(map, first, 3, &t), 0);
	expect(test, map, first, &t, 0);
	expect(test, map, MKDEV(241, 0), &t, 1);
	expect(test, map, MKDEV(241, 1), &t, 2);
	expect(test, map, MKDEV(241, 2), NULL, 0);
	/* 255 lists: another major in the same list is told apart. */
	expect(test, map, MKDEV(241 + 255, 0), NULL, 0);
	kobj_unmap(map, first, 3);
	expect(test, map, MKDEV(241, 0), NULL, 0);
	drop_table(map);
}

/* One on its way out hides nothing, and loads no module. */
static void going(struct kunit *test)
{
	struct kobj_map *map = new_table(test);
	struct thing one = { .going = true }, ten = { };

	KUNIT_ASSERT_EQ(test, add(map, M(5), 1, &one), 0);
	expect(test, map, M(5), NULL, 0);
	KUNIT_EXPECT_EQ(test, one.asked, 0);
	KUNIT_EXPECT_EQ(test, last_resort_asked, 0);
	KUNIT_ASSERT_EQ(test, add(map, M(0), 10, &ten), 0);
	expect(test, map, M(5), &ten, 5);
	kobj_unmap(map, M(5), 1);
	kobj_unmap(map, M(0), 10);
	drop_table(map);
}

/* After one that has nothing to give, only narrower ones are asked. */
static void narrower_after_failure(struct kunit *test)
{
	struct kobj_map *map = new_table(test);
	struct thing one = { }, wide = { .map = map, .then = &one, .then_dev = M(5) };
	struct thing wider = { };

	KUNIT_ASSERT_EQ(test, add(map, M(0), 1000, &wider), 0);
	KUNIT_ASSERT_EQ(test, kobj_map(map, M(0), 100, NULL, get_and_add, NULL, &wide), 0);
	expect(test, map, M(5), &one, 0);
	KUNIT_EXPECT_EQ(test, wide.asked, 1);
	KUNIT_EXPECT_EQ(test, wider.asked, 0);
	/* The new one is asked first from now on; nothing follows it. */
	one.mute = true;
	expect(test, map, M(5), NULL, 0);
	KUNIT_EXPECT_EQ(test, wide.asked, 1);
	KUNIT_EXPECT_EQ(test, wider.asked, 0);
	KUNIT_EXPECT_EQ(test, last_resort_asked, 0);
	kobj_unmap(map, M(5), 1);
	kobj_unmap(map, M(0), 100);
	kobj_unmap(map, M(0), 1000);
	drop_table(map);
}

static void last_resort_is_last(struct kunit *test)
{
	struct kobj_map *map = new_table(test);

	expect(test, map, M(7), NULL, 0);
	KUNIT_EXPECT_EQ(test, last_resort_asked, 1);
	KUNIT_EXPECT_EQ(test, last_resort_index, M(7) - 1);
	drop_table(map);
}

static struct kunit_case map_cases[] = {
	KUNIT_CASE(single_numbers),
	KUNIT_CASE(narrowest_wins),
	KUNIT_CASE(same_number),
	KUNIT_CASE(several_majors),
	KUNIT_CASE(going),
	KUNIT_CASE(narrower_after_failure),
	KUNIT_CASE(last_resort_is_last),
	{ }
};

static struct kunit_suite map_suite = {
	.name = "base_map",
	.test_cases = map_cases,
};

kunit_test_suite(map_suite);

MODULE_DESCRIPTION("KUnit tests of the table of device numbers");
MODULE_LICENSE("GPL");
