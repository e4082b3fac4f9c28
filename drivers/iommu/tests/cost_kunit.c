// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: what probing costs per device, by the number of devices. On a guest
 * whose clock counts instructions the figures are the same in every run. No
 * figure is judged but their growth: a device is a device, however many.
 */
#include <linux/ktime.h>
#include <linux/sched.h>

#include "mock.h"

/*
 * A default domain for the DMA API comes with caches of IOVAs for each CPU, and
 * what the allocator of such memory takes grows with what it has given: that is
 * shown, and the growth of the core itself judged where no domain needs it.
 */
static const struct cost_case {
	unsigned int count;
	unsigned int type;
} cost_counts[] = {
	{ 16, IOMMU_DOMAIN_IDENTITY }, { 256, IOMMU_DOMAIN_IDENTITY },
	{ 4096, IOMMU_DOMAIN_IDENTITY },
	{ 16, IOMMU_DOMAIN_DMA }, { 256, IOMMU_DOMAIN_DMA }, { 4096, IOMMU_DOMAIN_DMA },
};

static const char *cost_type(const struct cost_case *c)
{
	return c->type == IOMMU_DOMAIN_IDENTITY ? "identity" : "DMA";
}

static void cost_name(const struct cost_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u devices, %s", c->count, cost_type(c));
}

KUNIT_ARRAY_PARAM(cost_counts, cost_counts, cost_name);

#define ROUNDS 16

static u64 first_register;

struct cost {
	u64 plug, unplug, lookup, attach, detach;
};

/* One more device, while the others are there. */
static void cost_of_one(struct kunit *test, struct mock_dev *mdev, struct cost *cost)
{
	struct iommu_domain *domain;
	struct iommu_group *group;
	u64 t[6];

	t[0] = ktime_get_ns();
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev), 0);
	t[1] = ktime_get_ns();
	KUNIT_ASSERT_NOT_NULL(test, mock_current(mdev));
	domain = iommu_paging_domain_alloc(mock_device(mdev));
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));

	t[2] = ktime_get_ns();
	group = iommu_group_get(mock_device(mdev));
	iommu_group_put(group);
	t[3] = ktime_get_ns();
	KUNIT_EXPECT_EQ(test, iommu_attach_group(domain, group), 0);
	t[4] = ktime_get_ns();
	iommu_detach_group(domain, group);
	t[5] = ktime_get_ns();
	iommu_domain_free(domain);

	cost->plug += t[1] - t[0];
	cost->lookup += t[3] - t[2];
	cost->attach += t[4] - t[3];
	cost->detach += t[5] - t[4];
	t[0] = ktime_get_ns();
	mock_dev_del(mdev);
	cost->unplug += ktime_get_ns() - t[0];
}

static void cost_probe(struct kunit *test)
{
	const struct cost_case *c = test->param_value;
	unsigned int i, n = c->count;
	struct mock *mock = test->priv;
	struct cost cost = {};
	struct mock_dev *mdev;
	u64 start, reg, unreg;

	mock->measured = true;
	/* The instructions of nobody else, such as those who read the log. */
	sched_set_fifo_low(current);
	for (i = 0; i < n; i++)
		mock_dev_added(mock, MOCK_OWN)->def_type = c->type;
	start = ktime_get_ns();
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	reg = div_u64(ktime_get_ns() - start, n);
	mdev = mock_dev(mock, MOCK_OWN);
	mdev->def_type = c->type;
	for (i = 0; i < ROUNDS; i++)
		cost_of_one(test, mdev, &cost);
	start = ktime_get_ns();
	mock_unregister(mock);
	unreg = div_u64(ktime_get_ns() - start, n);
	sched_set_normal(current, 0);
	kunit_info(test, "cost of %u devices, %s, each: register %llu, plug %llu, look-up %llu, attach %llu, detach %llu, unplug %llu, unregister %llu\n",
		   n, cost_type(c), reg, cost.plug / ROUNDS, cost.lookup / ROUNDS,
		   cost.attach / ROUNDS, cost.detach / ROUNDS, cost.unplug / ROUNDS, unreg);
	if (c->type != IOMMU_DOMAIN_IDENTITY)
		return;
	if (c == cost_counts)
		first_register = reg;
	/* Half as much again is what higher trees of sysfs and ida may cost. */
	else
		KUNIT_EXPECT_LT(test, reg, first_register * 3 / 2);
}

static struct kunit_case cost_cases[] = {
	KUNIT_CASE_PARAM(cost_probe, cost_counts_gen_params),
	{}
};

struct kunit_suite iommu_group_cost_suite = {
	.name = "iommu_group_cost",
	.init = mock_init,
	.exit = mock_exit,
	.test_cases = cost_cases,
};
