// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: everything at the same time. Look-ups against removals, siblings that
 * ask each other for their group, hot plug against registration, binds against
 * claims.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "mock.h"

static char race_owner[2];	/* owners are told apart by address */

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

static void race_lookup(struct kunit *test)
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
static int plug_thread(void *data)
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

static void race_sibling(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *a = mock_dev(mock, 1), *b = mock_dev(mock, 1);
	struct task_struct *thread;
	int i, others;

	b->roams = true;
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	thread = kthread_run(plug_thread, b, "iommut-sibling");
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

/* Devices that come and go on both CPUs while the IOMMU comes and goes. */
static void race_plug(struct kunit *test)
{
	struct task_struct *thread[3] = {};
	struct mock *mock = test->priv;
	struct mock_dev *mdev[4];
	int i, round;

	for (i = 0; i < 4; i++) {
		mdev[i] = mock_dev(mock, i < 2 ? 1 : MOCK_OWN);
		mdev[i]->roams = i > 0;
	}
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev[0]), 0);
	for (i = 0; i < 3; i++) {
		thread[i] = kthread_run(plug_thread, mdev[i + 1], "iommut-plug/%d", i);
		KUNIT_EXPECT_FALSE(test, IS_ERR(thread[i]));
	}
	for (round = 0; round < 60; round++) {
		if (mock_register(mock))
			break;
		mock_unregister(mock);
	}
	for (i = 0; i < 3; i++)
		if (!IS_ERR(thread[i]))
			KUNIT_EXPECT_GT(test, kthread_stop(thread[i]), 0);
	KUNIT_EXPECT_EQ(test, round, 60);
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	KUNIT_EXPECT_NOT_NULL(test, mock_current(mdev[0]));
}

/* Binds and claims on all members at once: never both sides. */
static struct {
	struct iommu_group *group;
	atomic_t drivers, claimed, wrong, binds, claims;
} side;

static void side_hook(struct mock_dev *mdev, bool probe)
{
	if (probe) {
		atomic_inc(&side.drivers);
		atomic_inc(&side.binds);
		if (atomic_read(&side.claimed) || !mdev->attached ||
		    mdev->attached->type == IOMMU_DOMAIN_BLOCKED)
			atomic_inc(&side.wrong);
	} else {
		atomic_dec(&side.drivers);
	}
}

static int bind_thread(void *data)
{
	struct mock_dev *mdev = data;

	while (!kthread_should_stop()) {
		if (!mock_bind(mdev)) {
			cond_resched();
			mock_unbind(mdev);
		}
		usleep_range(10, 500);
	}
	return 0;
}

static int claim_thread(void *data)
{
	struct mock_dev *mdev = data;
	bool whole = mdev->count[MOCK_PROBE] == 1 && mdev == mdev->mock->hook_data;

	while (!kthread_should_stop()) {
		int ret = whole ? iommu_group_claim_dma_owner(side.group, &race_owner[0]) :
			  iommu_device_claim_dma_owner(mock_device(mdev), &race_owner[1]);

		if (!ret) {
			atomic_inc(&side.claims);
			atomic_inc(&side.claimed);
			if (atomic_read(&side.drivers) ||
			    mdev->attached->type != IOMMU_DOMAIN_BLOCKED)
				atomic_inc(&side.wrong);
			cond_resched();
			atomic_dec(&side.claimed);
			if (whole)
				iommu_group_release_dma_owner(side.group);
			else
				iommu_device_release_dma_owner(mock_device(mdev));
		}
		usleep_range(10, 500);
	}
	return 0;
}

static void race_owners(struct kunit *test)
{
	struct task_struct *thread[5];
	struct mock *mock = test->priv;
	struct mock_dev *mdev[2];
	int i;

	memset(&side, 0, sizeof(side));
	side.group = two_members(test, mdev);
	mock->hook_data = mdev[0];
	mock_driver_hook = side_hook;
	thread[0] = kthread_run(bind_thread, mdev[0], "iommut-bind/0");
	thread[1] = kthread_run(bind_thread, mdev[1], "iommut-bind/1");
	thread[2] = kthread_run(claim_thread, mdev[0], "iommut-claim/g");
	thread[3] = kthread_run(claim_thread, mdev[1], "iommut-claim/1");
	thread[4] = kthread_run(claim_thread, mdev[1], "iommut-claim/2");
	msleep(6000);
	for (i = 0; i < ARRAY_SIZE(thread); i++)
		if (!IS_ERR(thread[i]))
			kthread_stop(thread[i]);
	mock_driver_hook = NULL;
	kunit_info(test, "%d binds, %d claims\n", atomic_read(&side.binds),
		   atomic_read(&side.claims));
	KUNIT_EXPECT_GT(test, atomic_read(&side.binds), 10);
	KUNIT_EXPECT_GT(test, atomic_read(&side.claims), 10);
	KUNIT_EXPECT_EQ(test, atomic_read(&side.wrong), 0);
	KUNIT_EXPECT_FALSE(test, iommu_group_dma_owner_claimed(side.group));
}

static int race_suite_init(struct kunit_suite *suite)
{
	return mock_drivers_register();
}

static void race_suite_exit(struct kunit_suite *suite)
{
	mock_drivers_unregister();
}

static struct kunit_case race_cases[] = {
	KUNIT_CASE_SLOW(race_owners),
	KUNIT_CASE_SLOW(race_sibling),
	KUNIT_CASE_SLOW(race_lookup),
	KUNIT_CASE_SLOW(race_plug),
	{}
};

struct kunit_suite iommu_group_race_suite = {
	.name = "iommu_group_race",
	.suite_init = race_suite_init,
	.suite_exit = race_suite_exit,
	.init = mock_init,
	.exit = mock_exit,
	.test_cases = race_cases,
};
