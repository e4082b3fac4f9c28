// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: how an iommu_group lives. Its number, name, directory and links, and
 * its members. The groups here have no IOMMU behind them, as VFIO makes them
 * for devices without one.
 */
#include <linux/delay.h>
#include <linux/namei.h>

#include "mock.h"

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

/* Nobody else's group takes a member away: it stays where it is, and can leave. */
static void lifetime_one_group(struct kunit *test)
{
	struct iommu_group *mine = iommu_group_alloc(), *other = iommu_group_alloc();
	struct iommu_group *got;
	struct device *dev;
	int id;

	KUNIT_ASSERT_FALSE(test, IS_ERR(mine) || IS_ERR(other));
	dev = plain_device(test, NULL, "iommut-one");
	id = iommu_group_id(mine);
	KUNIT_EXPECT_EQ(test, iommu_group_add_device(mine, dev), 0);
	KUNIT_EXPECT_EQ(test, iommu_group_add_device(other, dev), -EEXIST);
	KUNIT_EXPECT_EQ(test, iommu_group_add_device(mine, dev), -EEXIST);
	got = iommu_group_get(dev);
	KUNIT_EXPECT_PTR_EQ(test, got, mine);
	iommu_group_put(got);
	KUNIT_EXPECT_TRUE(test, has_link(id, "iommut-one"));
	KUNIT_EXPECT_FALSE(test, has_link(iommu_group_id(other), "iommut-one"));
	iommu_group_put(other);
	iommu_group_put(mine);
	iommu_group_remove_device(dev);
	KUNIT_EXPECT_NULL(test, iommu_group_get(dev));
	KUNIT_EXPECT_TRUE(test, group_goes(id));
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

static struct kunit_case lifetime_cases[] = {
	KUNIT_CASE(lifetime_number),
	KUNIT_CASE(lifetime_name),
	KUNIT_CASE(lifetime_data),
	KUNIT_CASE(lifetime_members),
	KUNIT_CASE(lifetime_one_group),
	KUNIT_CASE(lifetime_same_name),
	KUNIT_CASE(lifetime_for_each),
	{}
};

struct kunit_suite iommu_group_lifetime_suite = {
	.name = "iommu_group_lifetime",
	.init = mock_init,
	.exit = mock_exit,
	.test_cases = lifetime_cases,
};
