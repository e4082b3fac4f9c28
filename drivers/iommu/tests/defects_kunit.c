// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: one case or more for each defect of the 6.12 core that the rewrite is
 * to be without, by the defect's number. Those that only give a wrong result
 * come first: the last ones crash a kernel that has the defect.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/kthread.h>

#include "iommu-priv.h"
#include "mock.h"

static char owner[1];

/*
 * 2. A device that, at a registration, joins a group which is set up already
 * gets its probe_finalize() as everybody.
 */
static void defect_2_joining_device_is_finalized(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev[2];

	mock->sticky[1] = iommu_group_alloc();
	KUNIT_ASSERT_FALSE(test, IS_ERR(mock->sticky[1]));
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev[0] = mock_dev_added(mock, 1);
	mdev[1] = mock_dev(mock, 1);
	mdev[1]->absent = true;
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev[1]), 0);
	KUNIT_EXPECT_EQ(test, mdev[0]->count[MOCK_FINALIZE], 1u);
	/* The IOMMU knows it now; a second instance registers and sees all devices. */
	mdev[1]->absent = false;
	KUNIT_ASSERT_EQ(test, mock_dev_firmware(mdev[1]), 0);
	{
		struct iommu_device *second = kunit_kzalloc(test, sizeof(*second), GFP_KERNEL);
		int ret;

		KUNIT_ASSERT_NOT_NULL(test, second);
		/* Of the same name: a nameless one would be asked for every device. */
		ret = iommu_device_register(second, &mock->ops, &mock->hw->dev);
		KUNIT_EXPECT_EQ(test, ret, 0);
		if (!ret)
			iommu_device_unregister(second);
	}
	KUNIT_EXPECT_PTR_EQ(test, mock_group(mdev[1]), mock_group(mdev[0]));
	KUNIT_EXPECT_EQ(test, mdev[0]->count[MOCK_FINALIZE], 1u);
	KUNIT_EXPECT_EQ(test, mdev[1]->count[MOCK_FINALIZE], 1u);
}

/*
 * 2. A registration that fails for one group leaves nothing of another on a
 * list that is gone: the next registration sets that one up.
 */
static void defect_2_failed_registration_forgets_groups(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev[2];
	int i;

	for (i = 0; i < 2; i++) {
		mock->sticky[i + 1] = iommu_group_alloc();
		KUNIT_ASSERT_FALSE(test, IS_ERR(mock->sticky[i + 1]));
		mdev[i] = mock_dev_added(mock, i + 1);
	}
	mock_fail(mock, MOCK_ALLOC, -ENOMEM, mdev[0]);
	mock_register(mock);
	mock_unregister(mock);
	mock_fail(mock, MOCK_ALLOC, 0, NULL);
	KUNIT_EXPECT_EQ(test, mock_register(mock), 0);
	KUNIT_EXPECT_NOT_NULL(test, mock_current(mdev[0]));
	KUNIT_EXPECT_NOT_NULL(test, mock_current(mdev[1]));
}

/* 4. A device that is being added while its IOMMU unregisters is not left with it. */
static struct {
	struct completion probing, unregistered, added;
	struct mock_dev *mdev;
} late;

static void late_hook(struct mock *mock, enum mock_op op, struct mock_dev *mdev)
{
	if (op != MOCK_PROBE || mdev != late.mdev)
		return;
	complete(&late.probing);
	/* In vain where unregistration waits for a probe that has begun. */
	wait_for_completion_timeout(&late.unregistered, HZ);
}

static int late_thread(void *data)
{
	mock_dev_add(late.mdev);
	complete(&late.added);
	return 0;
}

static void defect_4_no_probe_on_a_dying_iommu(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct task_struct *thread;

	init_completion(&late.probing);
	init_completion(&late.unregistered);
	init_completion(&late.added);
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	late.mdev = mock_dev(mock, MOCK_OWN);
	late.mdev->roams = true;
	mock->hook = late_hook;
	thread = kthread_run(late_thread, NULL, "iommut-late");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&late.probing, 10 * HZ), 0ul);
	mock_unregister(mock);
	complete(&late.unregistered);
	wait_for_completion(&late.added);
	mock->hook = NULL;
	KUNIT_EXPECT_NULL(test, mock_group(late.mdev));
	KUNIT_EXPECT_NULL(test, mock_current(late.mdev));
	KUNIT_EXPECT_EQ(test, mock_count(mock, MOCK_PROBE), mock_count(mock, MOCK_RELEASE));
}

/* 5. DMA to DMA-FQ asks the same questions as every other change. */
static void defect_5_flush_queue_needs_the_capability(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev;
	int id;

	mock->no_flush = true;
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev_added(mock, MOCK_OWN);
	id = iommu_group_id(mock_group(mdev));
	KUNIT_ASSERT_EQ(test, group_write(id, "type", "DMA"), 0);
	group_write(id, "type", "DMA-FQ");
	KUNIT_EXPECT_STREQ(test, group_type(test, mock_group(mdev)), "DMA");
}

static void defect_5_flush_queue_asks_the_driver(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev;
	int id;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev(mock, MOCK_OWN);
	mdev->def_type = IOMMU_DOMAIN_DMA;
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev), 0);
	id = iommu_group_id(mock_group(mdev));
	KUNIT_ASSERT_STREQ(test, group_type(test, mock_group(mdev)), "DMA");
	KUNIT_EXPECT_EQ(test, group_write(id, "type", "DMA-FQ"), -EINVAL);
	KUNIT_EXPECT_STREQ(test, group_type(test, mock_group(mdev)), "DMA");
}

/* 8. A device that came to an owned group does its DMA through the IOMMU afterwards. */
static void defect_8_joined_while_owned_then_dma(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev[2];
	dma_addr_t addr;
	void *buf;

	buf = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev[0] = mock_dev(mock, 1);
	mdev[0]->def_type = IOMMU_DOMAIN_DMA;
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev[0]), 0);
	KUNIT_ASSERT_EQ(test, iommu_group_claim_dma_owner(mock_group(mdev[0]), owner), 0);
	mdev[1] = mock_dev_added(mock, 1);
	iommu_group_release_dma_owner(mock_group(mdev[0]));
	KUNIT_EXPECT_PTR_EQ(test, mdev[1]->attached, mdev[0]->attached);
	KUNIT_EXPECT_TRUE(test, use_dma_iommu(mock_device(mdev[1])));
	addr = dma_map_single(mock_device(mdev[1]), buf, 64, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(mock_device(mdev[1]), addr));
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(mock_current(mdev[1]), addr), virt_to_phys(buf));
	dma_unmap_single(mock_device(mdev[1]), addr, 64, DMA_TO_DEVICE);
}

/* 9. What a group has on a PASID, a device that joins has too. */
static void defect_9_joining_device_gets_pasids(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct iommu_domain *domain;
	struct mock_dev *mdev[2];
	int i;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	for (i = 0; i < 2; i++) {
		mdev[i] = mock_dev(mock, 1);
		mdev[i]->pasid_bits = 3;
	}
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev[0]), 0);
	domain = iommu_paging_domain_alloc(mock_device(mdev[0]));
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	KUNIT_ASSERT_EQ(test, iommu_attach_device_pasid(domain, mock_device(mdev[0]), 3, NULL), 0);
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev[1]), 0);
	KUNIT_EXPECT_PTR_EQ(test, mdev[1]->pasid[3], domain);
	iommu_detach_device_pasid(domain, mock_device(mdev[0]), 3);
	KUNIT_EXPECT_NULL(test, mdev[1]->pasid[3]);
	/* And on leaving it keeps none of them. */
	KUNIT_EXPECT_EQ(test, iommu_attach_device_pasid(domain, mock_device(mdev[0]), 3, NULL), 0);
	mock_dev_del(mdev[1]);
	KUNIT_EXPECT_NULL(test, mdev[1]->pasid[3]);
	iommu_detach_device_pasid(domain, mock_device(mdev[0]), 3);
	iommu_domain_free(domain);
}

/* 9. A handle is found when its domain is attached, not before. */
static struct iommu_attach_handle *seen;

static void handle_hook(struct mock *mock, enum mock_op op, struct mock_dev *mdev)
{
	if (op == MOCK_ATTACH)
		seen = iommu_attach_handle_get(mock->hook_data, 0, 0);
	else if (op == MOCK_SET_PASID)
		seen = iommu_attach_handle_get(mock->hook_data, 1, 0);
}

static void defect_9_handle_after_attach(struct kunit *test)
{
	struct iommu_attach_handle handle = {};
	struct mock *mock = test->priv;
	struct iommu_domain *domain;
	struct iommu_group *group;
	struct mock_dev *mdev;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev(mock, MOCK_OWN);
	mdev->pasid_bits = 3;
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev), 0);
	group = mock_group(mdev);
	domain = iommu_paging_domain_alloc(mock_device(mdev));
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	mock->hook_data = group;
	mock->hook = handle_hook;
	seen = NULL;
	KUNIT_EXPECT_EQ(test, iommu_attach_group_handle(domain, group, &handle), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(seen), -ENOENT);
	mock->hook = NULL;
	KUNIT_EXPECT_PTR_EQ(test, iommu_attach_handle_get(group, 0, 0), &handle);
	iommu_detach_group_handle(domain, group);
	mock->hook = handle_hook;
	seen = NULL;
	KUNIT_EXPECT_EQ(test, iommu_attach_device_pasid(domain, mock_device(mdev), 1, &handle), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(seen), -ENOENT);
	mock->hook = NULL;
	KUNIT_EXPECT_PTR_EQ(test, iommu_attach_handle_get(group, 1, 0), &handle);
	iommu_detach_device_pasid(domain, mock_device(mdev), 1);
	iommu_domain_free(domain);
}

/* 9. A device whose direct region cannot be mapped does not join without it. */
static void defect_9_direct_map_failure_on_join(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev[2];

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev[0] = mock_dev(mock, 1);
	mdev[0]->def_type = IOMMU_DOMAIN_DMA;
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev[0]), 0);
	mdev[1] = mock_dev(mock, 1);
	mdev[1]->regions[0] = (struct iommu_resv_region) {
		.start = SZ_1M, .length = SZ_4K, .prot = IOMMU_READ | IOMMU_WRITE,
		.type = IOMMU_RESV_DIRECT,
	};
	mock_fail(mock, MOCK_MAP, -ENOMEM, NULL);
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev[1]), 0);
	KUNIT_EXPECT_NULL(test, mock_group(mdev[1]));
	KUNIT_EXPECT_NOT_NULL(test, mock_group(mdev[0]));
}

/* 9. One device that fails does not take the IOMMU from all others. */
static void defect_9_one_failure_is_one_device(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev[3];
	int i;

	for (i = 0; i < 3; i++)
		mdev[i] = mock_dev_added(mock, MOCK_OWN);
	mock_fail(mock, MOCK_PROBE, -EIO, mdev[1]);
	KUNIT_EXPECT_EQ(test, mock_register(mock), 0);
	KUNIT_EXPECT_NOT_NULL(test, mock_current(mdev[0]));
	KUNIT_EXPECT_NULL(test, mock_current(mdev[1]));
	KUNIT_EXPECT_NOT_NULL(test, mock_current(mdev[2]));
}

/* 10. A hot unplug is told. */
static void defect_10_removal_is_logged(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev;
	char text[40];
	u64 mark;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev_added(mock, MOCK_OWN);
	snprintf(text, sizeof(text), "Removing from iommu group %d",
		 iommu_group_id(mock_group(mdev)));
	mark = log_mark();
	mock_dev_del(mdev);
	KUNIT_EXPECT_EQ(test, log_count(mark, dev_name(mock_device(mdev)), text), 1u);
}

/*
 * 10. A refusal names the device and driver in the way; more of it in the
 * suite of owners. The user of a claim knows no other way to learn it.
 */
static void defect_10_refused_claim_is_explained(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev;
	u64 mark;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev_added(mock, MOCK_OWN);
	KUNIT_ASSERT_EQ(test, mock_drivers_register(), 0);
	KUNIT_EXPECT_EQ(test, mock_bind(mdev), 0);
	mark = log_mark();
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(mock_group(mdev), owner), -EPERM);
	KUNIT_EXPECT_EQ(test, log_count(mark, dev_name(mock_device(mdev)), MOCK_DRIVER), 1u);
	mock_unbind(mdev);
	mock_drivers_unregister();
}

/*
 * 2. A group that empties while the registration works on another. The hook
 * runs with the first group's lock: the unplug is another thread's.
 */
static struct {
	struct mock_dev *mdev;
	struct task_struct *thread;
	struct completion gone;
} unplug;

static int unplug_thread(void *data)
{
	mock_dev_del(unplug.mdev);
	/* Both the hook and the test wait for it. */
	complete_all(&unplug.gone);
	return 0;
}

static void unplug_hook(struct mock *mock, enum mock_op op, struct mock_dev *mdev)
{
	if (op != MOCK_ALLOC || unplug.thread)
		return;
	unplug.thread = kthread_run(unplug_thread, NULL, "iommut-unplug");
	/* In vain where a removal waits for the registration. */
	wait_for_completion_timeout(&unplug.gone, 2 * HZ);
	/* Long enough for what frees the group late. */
	msleep(100);
}

static void defect_2_group_goes_during_registration(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev[3];
	int i;

	for (i = 0; i < 3; i++)
		mdev[i] = mock_dev_added(mock, MOCK_OWN);
	unplug.mdev = mdev[1];
	unplug.thread = NULL;
	init_completion(&unplug.gone);
	mock->hook = unplug_hook;
	for (i = 0; i < 3; i++)
		mdev[i]->def_type = IOMMU_DOMAIN_DMA;
	KUNIT_EXPECT_EQ(test, mock_register(mock), 0);
	wait_for_completion(&unplug.gone);
	mock->hook = NULL;
	KUNIT_EXPECT_NOT_NULL(test, mock_current(mdev[0]));
	KUNIT_EXPECT_NULL(test, mock_group(mdev[1]));
	KUNIT_EXPECT_NOT_NULL(test, mock_current(mdev[2]));
}

/* 10. No kernel dies of a NULL domain. */
static void defect_10_fault_handler_without_domain(struct kunit *test)
{
	iommu_set_fault_handler(NULL, NULL, NULL);
}

/*
 * 3. A device in a group that has no IOMMU, and then an IOMMU is found for it:
 * a notifier that runs before the core's puts it there, as VFIO does it.
 */
static struct {
	struct mock_dev *mdev;
	struct iommu_group *group;
	int added;
} early;

static int early_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	if (action != BUS_NOTIFY_ADD_DEVICE || !early.mdev || data != mock_device(early.mdev))
		return NOTIFY_DONE;
	/* Once: a kernel with the defect never comes back from the core's. */
	early.mdev = NULL;
	early.added = iommu_group_add_device(early.group, data);
	return NOTIFY_DONE;
}

static struct notifier_block early_nb = { .notifier_call = early_notify, .priority = 100 };

static void defect_3_group_without_iommu(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev(mock, MOCK_OWN);
	early.group = iommu_group_alloc();
	KUNIT_ASSERT_FALSE(test, IS_ERR(early.group));
	early.added = 1;
	KUNIT_ASSERT_EQ(test, bus_register_notifier(&platform_bus_type, &early_nb), 0);
	early.mdev = mdev;
	KUNIT_EXPECT_EQ(test, mock_dev_add(mdev), 0);
	bus_unregister_notifier(&platform_bus_type, &early_nb);
	KUNIT_EXPECT_EQ(test, early.added, 0);
	KUNIT_EXPECT_PTR_EQ(test, mock_group(mdev), early.group);
	KUNIT_EXPECT_NULL(test, mock_current(mdev));
	KUNIT_EXPECT_EQ(test, mdev->count[MOCK_FINALIZE], 0u);
	mock_dev_del(mdev);
	KUNIT_EXPECT_NULL(test, mock_group(mdev));
	iommu_group_put(early.group);
}

/* 7. A group without devices has no first one. */
static void defect_7_empty_group(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct iommu_domain *domain;
	struct iommu_group *group;
	struct mock_dev *mdev[2];

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev[0] = mock_dev_added(mock, MOCK_OWN);
	mdev[1] = mock_dev_added(mock, MOCK_OWN);
	domain = iommu_paging_domain_alloc(mock_device(mdev[1]));
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	group = iommu_group_get(mock_device(mdev[0]));
	KUNIT_ASSERT_NOT_NULL(test, group);
	mock_dev_del(mdev[0]);
	KUNIT_EXPECT_NE(test, iommu_attach_group(domain, group), 0);
	KUNIT_EXPECT_NE(test, iommu_group_claim_dma_owner(group, owner), 0);
	KUNIT_EXPECT_FALSE(test, iommu_group_dma_owner_claimed(group));
	iommu_group_put(group);
	iommu_domain_free(domain);
}

static void defect_7_empty_group_claim(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct iommu_group *group;
	struct mock_dev *mdev;

	mock->ops.blocked_domain = NULL;
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev_added(mock, MOCK_OWN);
	group = iommu_group_get(mock_device(mdev));
	KUNIT_ASSERT_NOT_NULL(test, group);
	mock_dev_del(mdev);
	KUNIT_EXPECT_NE(test, iommu_group_claim_dma_owner(group, owner), 0);
	KUNIT_EXPECT_FALSE(test, iommu_group_dma_owner_claimed(group));
	iommu_group_put(group);
}

/*
 * 5. "type" is written while the last member leaves. The group's lock is held
 * by a walk over its devices until both wait for it, the removal first.
 */
static struct {
	struct iommu_group *group;
	struct mock_dev *mdev;
	struct completion walking, go, removed, stored;
	int ret;
} empty;

static int empty_walk(struct device *dev, void *data)
{
	complete(&empty.walking);
	wait_for_completion(&empty.go);
	return 0;
}

static int empty_walk_thread(void *data)
{
	iommu_group_for_each_dev(empty.group, NULL, empty_walk);
	return 0;
}

static int empty_remove_thread(void *data)
{
	mock_dev_del(empty.mdev);
	complete(&empty.removed);
	return 0;
}

static int empty_store_thread(void *data)
{
	empty.ret = group_write(iommu_group_id(empty.group), "type", "DMA-FQ");
	complete(&empty.stored);
	return 0;
}

static void defect_5_type_of_an_emptied_group(struct kunit *test)
{
	struct mock *mock = test->priv;

	init_completion(&empty.walking);
	init_completion(&empty.go);
	init_completion(&empty.removed);
	init_completion(&empty.stored);
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	empty.mdev = mock_dev_added(mock, MOCK_OWN);
	empty.group = iommu_group_get(mock_device(empty.mdev));
	KUNIT_ASSERT_NOT_NULL(test, empty.group);
	kthread_run(empty_walk_thread, NULL, "iommut-walk");
	wait_for_completion(&empty.walking);
	kthread_run(empty_remove_thread, NULL, "iommut-remove");
	msleep(300);
	kthread_run(empty_store_thread, NULL, "iommut-store");
	msleep(300);
	complete(&empty.go);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&empty.removed, 10 * HZ), 0ul);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&empty.stored, 10 * HZ), 0ul);
	/* It found no device, or no domain. */
	KUNIT_EXPECT_LT(test, empty.ret, 0);
	iommu_group_put(empty.group);
}

static struct kunit_case defects_cases[] = {
	KUNIT_CASE(defect_2_joining_device_is_finalized),
	KUNIT_CASE(defect_4_no_probe_on_a_dying_iommu),
	KUNIT_CASE(defect_5_flush_queue_needs_the_capability),
	KUNIT_CASE(defect_5_flush_queue_asks_the_driver),
	KUNIT_CASE(defect_8_joined_while_owned_then_dma),
	KUNIT_CASE(defect_9_joining_device_gets_pasids),
	KUNIT_CASE(defect_9_handle_after_attach),
	KUNIT_CASE(defect_9_direct_map_failure_on_join),
	KUNIT_CASE(defect_9_one_failure_is_one_device),
	KUNIT_CASE(defect_10_removal_is_logged),
	KUNIT_CASE(defect_10_refused_claim_is_explained),
	KUNIT_CASE(defect_2_failed_registration_forgets_groups),
	KUNIT_CASE(defect_10_fault_handler_without_domain),
	KUNIT_CASE(defect_3_group_without_iommu),
	KUNIT_CASE(defect_7_empty_group),
	KUNIT_CASE(defect_7_empty_group_claim),
	KUNIT_CASE(defect_5_type_of_an_emptied_group),
	KUNIT_CASE(defect_2_group_goes_during_registration),
	{}
};

struct kunit_suite iommu_group_defects_suite = {
	.name = "iommu_group_defects",
	.init = mock_init,
	.exit = mock_exit,
	.test_cases = defects_cases,
};
