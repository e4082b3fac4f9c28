// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: how an iommu_group lives. Its number, name, directory and links, its
 * members, and looking it up while a member leaves. Most groups here have no
 * IOMMU behind them, as VFIO makes them for devices without one.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/namei.h>
#include <linux/sched.h>

#include "mock.h"

static void plain_release(struct device *dev)
{
	kfree(dev);
}

static void plain_unregister(void *dev)
{
	device_unregister(dev);
}

/* A device that no bus has: nobody but the test asks for its group. */
static struct device *plain_device(struct kunit *test, struct device *parent, const char *name)
{
	struct device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	device_initialize(dev);
	dev->release = plain_release;
	dev->parent = parent;
	KUNIT_ASSERT_EQ(test, dev_set_name(dev, "%s", name), 0);
	KUNIT_ASSERT_EQ(test, device_add(dev), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, plain_unregister, dev), 0);
	return dev;
}

static bool has_link(int id, const char *name)
{
	char path[96];
	struct path found;

	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/devices/%s", id, name);
	if (kern_path(path, 0, &found))
		return false;
	path_put(&found);
	return true;
}

/* The directory is there as long as the group; the number is free after it. */
static void lifetime_number(struct kunit *test)
{
	struct iommu_group *a = iommu_group_alloc(), *b = iommu_group_alloc();
	int id_a, id_b;

	KUNIT_ASSERT_FALSE(test, IS_ERR(a) || IS_ERR(b));
	id_a = iommu_group_id(a);
	id_b = iommu_group_id(b);
	KUNIT_EXPECT_NE(test, id_a, id_b);
	KUNIT_EXPECT_TRUE(test, group_exists(id_a) && group_exists(id_b));
	KUNIT_EXPECT_PTR_EQ(test, iommu_group_ref_get(a), a);
	iommu_group_put(a);
	KUNIT_EXPECT_TRUE(test, group_exists(id_a));
	iommu_group_put(a);
	KUNIT_EXPECT_TRUE(test, group_goes(id_a));
	/* The release of a kobject may lag behind its directory. */
	msleep(100);
	a = iommu_group_alloc();
	KUNIT_ASSERT_FALSE(test, IS_ERR(a));
	KUNIT_EXPECT_EQ(test, iommu_group_id(a), id_a);
	id_a = iommu_group_id(a);
	iommu_group_put(a);
	iommu_group_put(b);
	iommu_group_put(NULL);
	KUNIT_EXPECT_TRUE(test, group_goes(id_a));
	KUNIT_EXPECT_TRUE(test, group_goes(id_b));
}

/* "name" comes, changes and goes with the name. */
static void lifetime_name(struct kunit *test)
{
	struct iommu_group *group = iommu_group_alloc();
	char buf[64];
	int id;

	KUNIT_ASSERT_FALSE(test, IS_ERR(group));
	id = iommu_group_id(group);
	KUNIT_EXPECT_EQ(test, group_read(id, "name", buf, sizeof(buf)), -ENOENT);
	KUNIT_EXPECT_EQ(test, iommu_group_set_name(group, "first"), 0);
	KUNIT_EXPECT_EQ(test, group_read(id, "name", buf, sizeof(buf)), 5);
	KUNIT_EXPECT_STREQ(test, buf, "first");
	KUNIT_EXPECT_EQ(test, iommu_group_set_name(group, "second"), 0);
	KUNIT_EXPECT_EQ(test, group_read(id, "name", buf, sizeof(buf)), 6);
	KUNIT_EXPECT_STREQ(test, buf, "second");
	KUNIT_EXPECT_EQ(test, iommu_group_set_name(group, NULL), 0);
	KUNIT_EXPECT_EQ(test, group_read(id, "name", buf, sizeof(buf)), -ENOENT);
	KUNIT_EXPECT_STREQ(test, group_type(test, group), "unknown");
	KUNIT_EXPECT_EQ(test, group_read(id, "reserved_regions", buf, sizeof(buf)), 0);
	KUNIT_EXPECT_EQ(test, group_write(id, "type", "DMA"), -EINVAL);
	iommu_group_put(group);
}

static atomic_t data_released;

static void release_data(void *data)
{
	atomic_inc(data);
}

static void lifetime_data(struct kunit *test)
{
	struct iommu_group *group = iommu_group_alloc();
	int tries = 0;

	KUNIT_ASSERT_FALSE(test, IS_ERR(group));
	atomic_set(&data_released, 0);
	iommu_group_set_iommudata(group, &data_released, release_data);
	KUNIT_EXPECT_PTR_EQ(test, iommu_group_get_iommudata(group), (void *)&data_released);
	iommu_group_ref_get(group);
	iommu_group_put(group);
	KUNIT_EXPECT_EQ(test, atomic_read(&data_released), 0);
	iommu_group_put(group);
	while (!atomic_read(&data_released) && tries++ < 200)
		msleep(50);
	KUNIT_EXPECT_EQ(test, atomic_read(&data_released), 1);
}

/* A member holds its group; the last to leave ends it. */
static void lifetime_members(struct kunit *test)
{
	struct iommu_group *group = iommu_group_alloc();
	struct device *a, *b;
	u64 mark = log_mark();
	char text[32];
	int id;

	KUNIT_ASSERT_FALSE(test, IS_ERR(group));
	a = plain_device(test, NULL, "iommut-a");
	b = plain_device(test, NULL, "iommut-b");
	id = iommu_group_id(group);
	KUNIT_EXPECT_NULL(test, iommu_group_get(a));
	iommu_group_remove_device(a);
	KUNIT_EXPECT_EQ(test, iommu_group_add_device(group, a), 0);
	KUNIT_EXPECT_EQ(test, iommu_group_add_device(group, b), 0);
	iommu_group_put(group);
	KUNIT_EXPECT_PTR_EQ(test, iommu_group_get(a), group);
	iommu_group_put(group);
	KUNIT_EXPECT_TRUE(test, has_link(id, "iommut-a") && has_link(id, "iommut-b"));
	iommu_group_remove_device(a);
	KUNIT_EXPECT_NULL(test, iommu_group_get(a));
	KUNIT_EXPECT_FALSE(test, has_link(id, "iommut-a"));
	KUNIT_EXPECT_TRUE(test, has_link(id, "iommut-b"));
	iommu_group_remove_device(b);
	KUNIT_EXPECT_TRUE(test, group_goes(id));
	snprintf(text, sizeof(text), "Adding to iommu group %d", id);
	KUNIT_EXPECT_EQ(test, log_count(mark, "iommut-a", text), 1u);
	KUNIT_EXPECT_EQ(test, log_count(mark, "iommut-b", text), 1u);
	snprintf(text, sizeof(text), "Removing from iommu group %d", id);
	KUNIT_EXPECT_EQ(test, log_count(mark, "iommut-a", text), 1u);
	KUNIT_EXPECT_EQ(test, log_count(mark, "iommut-b", text), 1u);
}

/* Three members of one name: links get .N, and the log says which. */
static void lifetime_same_name(struct kunit *test)
{
	struct device *parent[3], *dev[3];
	struct iommu_group *group;
	u64 mark;
	int i, id;

	parent[0] = NULL;
	parent[1] = plain_device(test, NULL, "iommut-p1");
	parent[2] = plain_device(test, NULL, "iommut-p2");
	group = iommu_group_alloc();
	KUNIT_ASSERT_FALSE(test, IS_ERR(group));
	id = iommu_group_id(group);
	mark = log_mark();
	for (i = 0; i < 3; i++) {
		dev[i] = plain_device(test, parent[i], "iommut-twin");
		KUNIT_EXPECT_EQ(test, iommu_group_add_device(group, dev[i]), 0);
	}
	KUNIT_EXPECT_TRUE(test, has_link(id, "iommut-twin"));
	KUNIT_EXPECT_TRUE(test, has_link(id, "iommut-twin.0"));
	KUNIT_EXPECT_TRUE(test, has_link(id, "iommut-twin.1"));
	iommu_group_remove_device(dev[1]);
	KUNIT_EXPECT_TRUE(test, has_link(id, "iommut-twin"));
	KUNIT_EXPECT_FALSE(test, has_link(id, "iommut-twin.0"));
	KUNIT_EXPECT_EQ(test, iommu_group_add_device(group, dev[1]), 0);
	KUNIT_EXPECT_TRUE(test, has_link(id, "iommut-twin.0"));
	for (i = 0; i < 3; i++)
		iommu_group_remove_device(dev[i]);
	iommu_group_put(group);
	KUNIT_EXPECT_TRUE(test, group_goes(id));
	/* Asked for in 2012 (G3): who reads the log finds the link. */
	KUNIT_EXPECT_GE(test, log_count(mark, "iommut-twin.0", NULL), 2u);
	KUNIT_EXPECT_GE(test, log_count(mark, "iommut-twin.1", NULL), 1u);
}

struct visits {
	struct device *dev[4];
	unsigned int count, stop_at;
};

static int visit(struct device *dev, void *data)
{
	struct visits *v = data;

	if (v->count < ARRAY_SIZE(v->dev))
		v->dev[v->count] = dev;
	return ++v->count == v->stop_at ? -EXDEV : 0;
}

static void lifetime_for_each(struct kunit *test)
{
	struct iommu_group *group = iommu_group_alloc();
	struct visits v = {};
	struct device *dev[3];
	char name[16];
	int i;

	KUNIT_ASSERT_FALSE(test, IS_ERR(group));
	KUNIT_EXPECT_EQ(test, iommu_group_for_each_dev(group, &v, visit), 0);
	KUNIT_EXPECT_EQ(test, v.count, 0u);
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "iommut-%d", i);
		dev[i] = plain_device(test, NULL, name);
		KUNIT_EXPECT_EQ(test, iommu_group_add_device(group, dev[i]), 0);
	}
	KUNIT_EXPECT_EQ(test, iommu_group_for_each_dev(group, &v, visit), 0);
	KUNIT_EXPECT_EQ(test, v.count, 3u);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_PTR_EQ(test, v.dev[i], dev[i]);
	v = (struct visits) { .stop_at = 2 };
	KUNIT_EXPECT_EQ(test, iommu_group_for_each_dev(group, &v, visit), -EXDEV);
	KUNIT_EXPECT_EQ(test, v.count, 2u);
	for (i = 0; i < 3; i++)
		iommu_group_remove_device(dev[i]);
	iommu_group_put(group);
}

/*
 * Look-ups against a removal, on one CPU. The readers have a low priority and
 * are preempted at any instruction by the writer's timer: sooner or later
 * between reading the device's group and taking a reference to it. The writer
 * drops the last reference meanwhile. Whoever then gets a group must have one
 * that lives.
 */
struct lookup {
	struct device *dev;
	unsigned long found, none, bad;
};

static int lookup_thread(void *data)
{
	struct lookup *l = data;
	struct iommu_group *group;

	sched_set_normal(current, 19);
	while (!kthread_should_stop()) {
		group = iommu_group_get(l->dev);
		if (!group) {
			l->none++;
			continue;
		}
		l->found++;
		if (iommu_group_get_iommudata(group) != l)
			l->bad++;
		iommu_group_put(group);
	}
	return 0;
}

static void lifetime_lookup_race(struct kunit *test)
{
	struct task_struct *thread[2] = {};
	struct lookup lookup = {};
	struct iommu_group *group;
	int i;

	lookup.dev = plain_device(test, NULL, "iommut-race");
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(0)), 0);
	sched_set_fifo_low(current);
	for (i = 0; i < ARRAY_SIZE(thread); i++) {
		thread[i] = kthread_create(lookup_thread, &lookup, "iommut-look/%d", i);
		if (IS_ERR(thread[i]))
			break;
		kthread_bind(thread[i], 0);
		wake_up_process(thread[i]);
	}
	for (i = 0; i < 3000; i++) {
		group = iommu_group_alloc();
		if (IS_ERR(group))
			break;
		iommu_group_set_iommudata(group, &lookup, NULL);
		if (iommu_group_add_device(group, lookup.dev))
			break;
		iommu_group_put(group);
		/* Not in step with anything. */
		usleep_range(50 + i % 37 * 5, 60 + i % 37 * 5);
		iommu_group_remove_device(lookup.dev);
		if (i % 16 == 0)
			usleep_range(100, 200);
	}
	sched_set_normal(current, 0);
	KUNIT_EXPECT_EQ(test, i, 3000);
	for (i = 0; i < ARRAY_SIZE(thread); i++)
		if (!IS_ERR_OR_NULL(thread[i]))
			kthread_stop(thread[i]);
	kunit_info(test, "%lu look-ups found a group, %lu none\n", lookup.found, lookup.none);
	KUNIT_EXPECT_GT(test, lookup.found, 100ul);
	KUNIT_EXPECT_GT(test, lookup.none, 0ul);
	KUNIT_EXPECT_EQ(test, lookup.bad, 0ul);
}

/* With an IOMMU: a hot unplug on the other CPU, and its group found by a sibling. */
static int sibling_thread(void *data)
{
	struct mock_dev *mdev = data;
	int rounds = 0;

	while (!kthread_should_stop()) {
		if (mock_dev_add(mdev))
			return -EIO;
		mock_dev_del(mdev);
		rounds++;
	}
	return rounds;
}

static void lifetime_sibling_race(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *a = mock_dev(mock, 1), *b = mock_dev(mock, 1);
	struct task_struct *thread;
	int i, others;

	b->roams = true;
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	thread = kthread_run(sibling_thread, b, "iommut-sibling");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	for (i = 0; i < 200; i++) {
		if (mock_dev_add(a) || !mock_group(a) || !mock_current(a))
			break;
		mock_dev_del(a);
	}
	others = kthread_stop(thread);
	KUNIT_EXPECT_EQ(test, i, 200);
	KUNIT_EXPECT_GT(test, others, 0);
}

static struct kunit_case lifetime_cases[] = {
	KUNIT_CASE(lifetime_number),
	KUNIT_CASE(lifetime_name),
	KUNIT_CASE(lifetime_data),
	KUNIT_CASE(lifetime_members),
	KUNIT_CASE(lifetime_same_name),
	KUNIT_CASE(lifetime_for_each),
	KUNIT_CASE_SLOW(lifetime_sibling_race),
	KUNIT_CASE_SLOW(lifetime_lookup_race),
	{}
};

struct kunit_suite iommu_group_lifetime_suite = {
	.name = "iommu_group_lifetime",
	.init = mock_init,
	.exit = mock_exit,
	.test_cases = lifetime_cases,
};
