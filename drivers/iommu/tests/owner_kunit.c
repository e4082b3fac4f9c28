// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: who owns the DMA of a group. A kernel driver, a driver for a user,
 * and claims of the group or of one device, in every order, on the first and
 * the second member; what a refusal says; and all of it at the same time.
 */
#include "mock.h"

static char owner_x[1], owner_y[1];

/*
 * A row is a list of steps, with the error of those refused. A step is who, on what:
 *   k0 k1  bind the kernel's driver to member 0, 1	K0 K1  unbind it
 *   u0 u1  bind the user's driver			U0 U1  unbind it
 *   x0 x1  X claims the device				X0 X1  X releases it
 *   y0 y1  Y claims the device				Y0 Y1
 *   gx gy  X, Y claims the group			G.     release it
 *   a. d.  attach and detach a domain of the user
 */
struct matrix {
	const char *name, *steps;
};

static const struct matrix matrix[] = {
	{ "kernel drivers share", "k0, k1, K0, k0, K1, K0, gx, G." },
	{ "kernel driver keeps a group claim out", "k0, gx EPERM, K0, gx, G." },
	{ "the second member's driver too", "k1, gx EPERM, K1, gx, G." },
	{ "kernel driver keeps a device claim out",
	  "k1, x0 EPERM, x1 EPERM, K1, x0, X0" },
	{ "a user's driver does not", "u0, u1, gx, G., U0, U1" },
	{ "a group claim keeps a kernel driver out",
	  "gx, k0 EBUSY, k1 EBUSY, u0, G., k1, U0, K1" },
	{ "a device claim keeps a kernel driver out", "x0, k1 EBUSY, X0, k1, K1" },
	{ "one group claim at a time", "gx, gx EPERM, gy EPERM, G., gy, G." },
	{ "one owner on all devices", "x0, x1, y0 EPERM, y1 EPERM, X0, y1 EPERM, X1" },
	{ "a device claim counts", "x0, x0, X0, k0 EBUSY, X0, k0, K0" },
	{ "a device claim keeps a group claim out", "x0, gx EPERM, gy EPERM, X0, gx, G." },
	{ "a group claim keeps another's device claim out", "gx, y0 EPERM, G." },
	{ "a group claim and the same owner's device claim", "gx, x0, X0, G." },
	{ "no claim with a domain attached", "a., gx EBUSY, x1 EBUSY, d., gx, G." },
	{ "an owner may attach", "gx, a., k0 EBUSY, d., G., k0, K0" },
	{ "a kernel driver may attach", "k0, a., k1 EBUSY, d., k1, K0, K1" },
};

static void matrix_name(const struct matrix *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(matrix, matrix, matrix_name);

static int take_step(const char *what, struct mock_dev **mdev, struct iommu_group *group,
		     struct iommu_domain *domain)
{
	struct mock_dev *m = mdev[what[1] == '1'];

	switch (what[0]) {
	case 'k':
		return mock_bind(m);
	case 'u':
		return mock_bind_user(m);
	case 'K':
	case 'U':
		mock_unbind(m);
		return 0;
	case 'x':
		return iommu_device_claim_dma_owner(mock_device(m), owner_x);
	case 'y':
		return iommu_device_claim_dma_owner(mock_device(m), owner_y);
	case 'X':
	case 'Y':
		iommu_device_release_dma_owner(mock_device(m));
		return 0;
	case 'g':
		return iommu_group_claim_dma_owner(group, what[1] == 'x' ? owner_x : owner_y);
	case 'G':
		iommu_group_release_dma_owner(group);
		return 0;
	case 'a':
		return iommu_attach_group(domain, group);
	case 'd':
		iommu_detach_group(domain, group);
		return 0;
	}
	return -EDOM;
}

static int step_error(const char *step)
{
	return strstr(step, "EPERM") ? -EPERM : strstr(step, "EBUSY") ? -EBUSY : 0;
}

static void owner_matrix(struct kunit *test)
{
	const struct matrix *row = test->param_value;
	struct iommu_domain *domain, *now;
	unsigned int i, claims = 0;
	struct iommu_group *group;
	struct mock_dev *mdev[2];
	bool attached = false;
	char *steps, *step;

	group = two_members(test, mdev);
	domain = iommu_paging_domain_alloc(mock_device(mdev[0]));
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	steps = kunit_kstrdup(test, row->steps, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, steps);
	while ((step = strsep(&steps, ","))) {
		step = skip_spaces(step);
		KUNIT_EXPECT_EQ_MSG(test, take_step(step, mdev, group, domain),
				    step_error(step), "step %s", step);
		if (step_error(step))
			continue;
		claims += strchr("xyg", *step) ? 1 : 0;
		claims -= strchr("XYG", *step) ? 1 : 0;
		attached = *step == 'a' || (attached && *step != 'd');
		KUNIT_EXPECT_EQ_MSG(test, iommu_group_dma_owner_claimed(group),
				    claims || mdev[0]->bound || mdev[1]->bound,
				    "claimed after step %s", step);
		for (i = 0; i < 2; i++) {
			now = mock_current(mdev[i]);
			KUNIT_EXPECT_PTR_EQ(test, mdev[i]->attached, now);
			if (attached)
				KUNIT_EXPECT_PTR_EQ(test, now, domain);
			else
				KUNIT_EXPECT_EQ(test, now->type == IOMMU_DOMAIN_BLOCKED, !!claims);
		}
	}
	iommu_domain_free(domain);
}

/* Who may not, learns which driver or device stands in the way (O4), once each. */
static void owner_refused_claim(struct kunit *test)
{
	struct iommu_group *group;
	struct mock_dev *mdev[2];
	u64 mark;

	group = two_members(test, mdev);
	KUNIT_ASSERT_EQ(test, mock_bind(mdev[1]), 0);
	mark = log_mark();
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(group, owner_x), -EPERM);
	KUNIT_EXPECT_EQ(test, log_count(mark, dev_name(mock_device(mdev[1])), MOCK_DRIVER), 1u);
	mark = log_mark();
	KUNIT_EXPECT_EQ(test, iommu_device_claim_dma_owner(mock_device(mdev[0]), owner_x),
			-EPERM);
	KUNIT_EXPECT_EQ(test, log_count(mark, dev_name(mock_device(mdev[1])), MOCK_DRIVER), 1u);
	mock_unbind(mdev[1]);
	mark = log_mark();
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(group, owner_x), 0);
	KUNIT_EXPECT_EQ(test, log_count(mark, MOCK_DRIVER, NULL), 0u);
	iommu_group_release_dma_owner(group);
}

static void owner_refused_bind(struct kunit *test)
{
	struct iommu_group *group;
	struct mock_dev *mdev[2];
	char text[32];
	u64 mark;

	group = two_members(test, mdev);
	KUNIT_ASSERT_EQ(test, iommu_group_claim_dma_owner(group, owner_x), 0);
	mark = log_mark();
	KUNIT_EXPECT_EQ(test, mock_bind(mdev[0]), -EBUSY);
	snprintf(text, sizeof(text), "group %d", iommu_group_id(group));
	KUNIT_EXPECT_EQ(test, log_count(mark, dev_name(mock_device(mdev[0])), text), 1u);
	iommu_group_release_dma_owner(group);
}

/* A device that comes to an owned group is blocked like the others, then freed with them. */
static void owner_joins(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct iommu_group *group;
	struct mock_dev *mdev[3];

	group = two_members(test, mdev);
	KUNIT_ASSERT_EQ(test, iommu_group_claim_dma_owner(group, owner_x), 0);
	mdev[2] = mock_dev_added(mock, 1);
	KUNIT_EXPECT_PTR_EQ(test, mock_group(mdev[2]), group);
	KUNIT_EXPECT_PTR_EQ(test, mdev[2]->attached, mdev[0]->attached);
	KUNIT_EXPECT_EQ(test, mdev[2]->attached->type, (unsigned int)IOMMU_DOMAIN_BLOCKED);
	KUNIT_EXPECT_EQ(test, mock_bind(mdev[2]), -EBUSY);
	iommu_group_release_dma_owner(group);
	KUNIT_EXPECT_PTR_EQ(test, mdev[2]->attached, mdev[0]->attached);
	KUNIT_EXPECT_NE(test, mdev[2]->attached->type, (unsigned int)IOMMU_DOMAIN_BLOCKED);
	KUNIT_EXPECT_EQ(test, mock_bind(mdev[2]), 0);
	mock_unbind(mdev[2]);
}

/* A member that leaves an owned group does not end the ownership. */
static void owner_leaves(struct kunit *test)
{
	struct iommu_group *group;
	struct mock_dev *mdev[2];

	group = two_members(test, mdev);
	KUNIT_ASSERT_EQ(test, iommu_group_claim_dma_owner(group, owner_x), 0);
	mock_dev_del(mdev[0]);
	KUNIT_EXPECT_TRUE(test, iommu_group_dma_owner_claimed(group));
	KUNIT_EXPECT_EQ(test, mdev[1]->attached->type, (unsigned int)IOMMU_DOMAIN_BLOCKED);
	KUNIT_EXPECT_EQ(test, mock_bind(mdev[1]), -EBUSY);
	iommu_group_release_dma_owner(group);
	KUNIT_EXPECT_FALSE(test, iommu_group_dma_owner_claimed(group));
}

/* A driver without blocked domains gets an empty one. */
static void owner_no_blocked_domain(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct iommu_group *group;
	struct mock_dev *mdev[2];

	mock->ops.blocked_domain = NULL;
	group = two_members(test, mdev);
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(group, owner_x), 0);
	KUNIT_EXPECT_EQ(test, mdev[0]->attached->type, (unsigned int)IOMMU_DOMAIN_UNMANAGED);
	KUNIT_EXPECT_PTR_EQ(test, mdev[0]->attached, mdev[1]->attached);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(mdev[0]->attached, SZ_4K), (phys_addr_t)0);
	iommu_group_release_dma_owner(group);
	KUNIT_EXPECT_NE(test, mdev[0]->attached->type, (unsigned int)IOMMU_DOMAIN_UNMANAGED);
	/* No memory for it: a refusal that changes nothing. */
	mock_unregister(mock);
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	group = mock_group(mdev[0]);
	KUNIT_ASSERT_NOT_NULL(test, group);
	mock_fail(mock, MOCK_ALLOC, -ENOMEM, NULL);
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(group, owner_x), -ENOMEM);
	KUNIT_EXPECT_FALSE(test, iommu_group_dma_owner_claimed(group));
	KUNIT_EXPECT_PTR_EQ(test, mdev[0]->attached, mock_current(mdev[0]));
}

/* The claim's attach fails for one member: all are as before. */
static void owner_claim_rolls_back(struct kunit *test)
{
	struct iommu_domain *before;
	struct iommu_group *group;
	struct mock_dev *mdev[2];
	struct mock *mock = test->priv;
	int i;

	group = two_members(test, mdev);
	before = mock_current(mdev[0]);
	for (i = 0; i < 2; i++) {
		mock_fail(mock, MOCK_ATTACH, -EIO, mdev[i]);
		mock->fault[MOCK_ATTACH].times = 1;
		KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(group, owner_x), -EIO);
		KUNIT_EXPECT_FALSE(test, iommu_group_dma_owner_claimed(group));
		KUNIT_EXPECT_PTR_EQ(test, mdev[0]->attached, before);
		KUNIT_EXPECT_PTR_EQ(test, mdev[1]->attached, before);
	}
	mock_fail(mock, MOCK_ATTACH, 0, NULL);
	KUNIT_EXPECT_EQ(test, mock_bind(mdev[0]), 0);
	mock_unbind(mdev[0]);
}

/* Firmware's 1:1 mapping excludes a user, and says so. */
static void owner_direct(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev;
	u64 mark = log_mark();

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev(mock, MOCK_OWN);
	mdev->regions[0] = (struct iommu_resv_region) {
		.start = SZ_1M, .length = SZ_4K, .prot = IOMMU_READ | IOMMU_WRITE,
		.type = IOMMU_RESV_DIRECT,
	};
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev), 0);
	KUNIT_ASSERT_NOT_NULL(test, mock_group(mdev));
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(mock_group(mdev), owner_x), -EINVAL);
	KUNIT_EXPECT_GE(test, log_count(mark, dev_name(mock_device(mdev)),
					"Firmware has requested this device have a 1:1"), 1u);
	KUNIT_EXPECT_FALSE(test, iommu_group_dma_owner_claimed(mock_group(mdev)));
	KUNIT_EXPECT_EQ(test, mock_bind(mdev), 0);
	mock_unbind(mdev);
	/* One that may be relaxed does not. */
	mock_dev_del(mdev);
	mdev->regions[0].type = IOMMU_RESV_DIRECT_RELAXABLE;
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev), 0);
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(mock_group(mdev), owner_x), 0);
	iommu_group_release_dma_owner(mock_group(mdev));
}

/* A child of a member, on a bus without an IOMMU, is nobody's member (G7). */
static void owner_child(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct platform_device_info info = { .name = "iommut-child", .id = PLATFORM_DEVID_AUTO };
	struct platform_device *child;
	struct mock_dev *bridge;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	bridge = mock_dev_added(mock, MOCK_OWN);
	KUNIT_ASSERT_EQ(test, mock_bind(bridge), 0);
	info.parent = mock_device(bridge);
	child = platform_device_register_full(&info);
	KUNIT_ASSERT_FALSE(test, IS_ERR(child));
	KUNIT_EXPECT_NULL(test, iommu_group_get(&child->dev));
	KUNIT_EXPECT_EQ(test, iommu_device_claim_dma_owner(&child->dev, owner_x), -ENODEV);
	KUNIT_EXPECT_TRUE(test, IS_ERR(iommu_paging_domain_alloc(&child->dev)));
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(mock_group(bridge), owner_x), -EPERM);
	mock_unbind(bridge);
	/* The bridge's driver is gone: its group is free, child or not. */
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(mock_group(bridge), owner_x), 0);
	iommu_group_release_dma_owner(mock_group(bridge));
	platform_device_unregister(child);
}

static int owner_suite_init(struct kunit_suite *suite)
{
	return mock_drivers_register();
}

static void owner_suite_exit(struct kunit_suite *suite)
{
	mock_drivers_unregister();
}

static struct kunit_case owner_cases[] = {
	KUNIT_CASE_PARAM(owner_matrix, matrix_gen_params),
	KUNIT_CASE(owner_refused_claim),
	KUNIT_CASE(owner_refused_bind),
	KUNIT_CASE(owner_joins),
	KUNIT_CASE(owner_leaves),
	KUNIT_CASE(owner_no_blocked_domain),
	KUNIT_CASE(owner_claim_rolls_back),
	KUNIT_CASE(owner_direct),
	KUNIT_CASE(owner_child),
	{}
};

struct kunit_suite iommu_group_owner_suite = {
	.name = "iommu_group_owner",
	.suite_init = owner_suite_init,
	.suite_exit = owner_suite_exit,
	.init = mock_init,
	.exit = mock_exit,
	.test_cases = owner_cases,
};
