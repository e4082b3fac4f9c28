// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: an attach that is put off until the device's first DMA. Drivers ask
 * for it in a kernel that took over from a crashed one; the DMA API looks only
 * there. Booted with elfcorehdr=4K a kernel believes that it did.
 */
#include <linux/completion.h>
#include <linux/crash_dump.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/kthread.h>

#include "mock.h"

static char owner[1];
static char buf[64] __aligned(64);

static int deferred_init(struct kunit *test)
{
	if (!is_kdump_kernel())
		kunit_skip(test, "for elfcorehdr=4K");
	return mock_init(test);
}

static struct mock_dev *deferred_dev(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev = mock_dev(mock, MOCK_OWN);

	mdev->deferred = true;
	mdev->def_type = IOMMU_DOMAIN_DMA;
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev), 0);
	KUNIT_ASSERT_NOT_NULL(test, mock_group(mdev));
	return mdev;
}

static dma_addr_t do_dma(struct mock_dev *mdev)
{
	void *p = kmemdup(buf, sizeof(buf), GFP_KERNEL);
	dma_addr_t addr = dma_map_single(mock_device(mdev), p, sizeof(buf), DMA_TO_DEVICE);

	if (!dma_mapping_error(mock_device(mdev), addr))
		dma_unmap_single(mock_device(mdev), addr, sizeof(buf), DMA_TO_DEVICE);
	kfree(p);
	return addr;
}

/* Nothing is attached until it is needed, and then once. */
static void deferred_until_dma(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = deferred_dev(test);
	KUNIT_EXPECT_EQ(test, mdev->count[MOCK_ATTACH], 0u);
	KUNIT_EXPECT_NOT_NULL(test, mock_current(mdev));
	do_dma(mdev);
	KUNIT_EXPECT_EQ(test, mdev->count[MOCK_ATTACH], 1u);
	KUNIT_EXPECT_PTR_EQ(test, mdev->attached, mock_current(mdev));
	do_dma(mdev);
	KUNIT_EXPECT_EQ(test, mdev->count[MOCK_ATTACH], 1u);
}

/* One that never did DMA is released untouched. */
static void deferred_release(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev;

	mock->ops.release_domain = &mock->blocked.domain;
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = deferred_dev(test);
	mock_dev_del(mdev);
	KUNIT_EXPECT_EQ(test, mdev->count[MOCK_ATTACH], 0u);
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev), 0);
	do_dma(mdev);
	KUNIT_EXPECT_EQ(test, mdev->count[MOCK_ATTACH], 1u);
	mock_dev_del(mdev);
	KUNIT_EXPECT_EQ(test, mdev->count[MOCK_ATTACH], 2u);
}

/* An owner's domain is not put off, and DMA afterwards does not bring the old one. */
static void deferred_then_owned(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = deferred_dev(test);
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(mock_group(mdev), owner), 0);
	KUNIT_EXPECT_PTR_EQ(test, mdev->attached, &mock->blocked.domain);
	iommu_group_release_dma_owner(mock_group(mdev));
	KUNIT_EXPECT_PTR_EQ(test, mdev->attached, mock_current(mdev));
	KUNIT_EXPECT_NE(test, mdev->attached->type, (unsigned int)IOMMU_DOMAIN_BLOCKED);
}

/*
 * Defect 6: the first DMA is attaching the default domain while an owner claims
 * the group. Whoever is second must have the last word on the hardware.
 */
static struct {
	struct mock_dev *mdev;
	struct completion attaching, claimed, done;
} race;

static void race_hook(struct mock *mock, enum mock_op op, struct mock_dev *mdev)
{
	if (op != MOCK_ATTACH || completion_done(&race.attaching))
		return;
	complete_all(&race.attaching);
	/* In vain where the claim waits for the attach. */
	wait_for_completion_timeout(&race.claimed, HZ);
}

static int race_dma_thread(void *data)
{
	do_dma(race.mdev);
	complete(&race.done);
	return 0;
}

static void defect_6_deferred_attach_races_a_claim(struct kunit *test)
{
	struct mock *mock = test->priv;

	init_completion(&race.attaching);
	init_completion(&race.claimed);
	init_completion(&race.done);
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	race.mdev = deferred_dev(test);
	mock->hook = race_hook;
	kthread_run(race_dma_thread, NULL, "iommut-dma");
	wait_for_completion(&race.attaching);
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(mock_group(race.mdev), owner), 0);
	complete(&race.claimed);
	wait_for_completion(&race.done);
	mock->hook = NULL;
	KUNIT_EXPECT_EQ(test, mock_current(race.mdev)->type, (unsigned int)IOMMU_DOMAIN_BLOCKED);
	KUNIT_EXPECT_PTR_EQ(test, race.mdev->attached, mock_current(race.mdev));
	iommu_group_release_dma_owner(mock_group(race.mdev));
}

static struct kunit_case deferred_cases[] = {
	KUNIT_CASE(deferred_until_dma),
	KUNIT_CASE(deferred_release),
	KUNIT_CASE(deferred_then_owned),
	KUNIT_CASE(defect_6_deferred_attach_races_a_claim),
	{}
};

struct kunit_suite iommu_group_deferred_suite = {
	.name = "iommu_group_deferred",
	.init = deferred_init,
	.exit = mock_exit,
	.test_cases = deferred_cases,
};
