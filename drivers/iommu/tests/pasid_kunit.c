// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: domains on PASIDs of a group: all members or none, who can take part,
 * handles, and what they keep out.
 */
#include "iommu-priv.h"
#include "mock.h"

static struct iommu_domain *pasid_setup(struct kunit *test, struct mock_dev **mdev, int n,
					const u32 *bits)
{
	struct mock *mock = test->priv;
	struct iommu_domain *domain;
	int i;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	for (i = 0; i < n; i++) {
		mdev[i] = mock_dev(mock, 1);
		mdev[i]->pasid_bits = bits[i];
		KUNIT_ASSERT_EQ(test, mock_dev_add(mdev[i]), 0);
		KUNIT_ASSERT_NOT_NULL(test, mock_group(mdev[i]));
	}
	domain = iommu_paging_domain_alloc(mock_device(mdev[0]));
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	return domain;
}

/* Three widths: more than the IOMMU has (16 PASIDs), fewer, none. */
static void pasid_attach(struct kunit *test)
{
	static const u32 bits[] = { 10, 3, 0 };
	struct iommu_attach_handle handle = {};
	struct mock *mock = test->priv;
	struct iommu_domain *domain;
	struct iommu_group *group;
	struct mock_dev *mdev[3];
	struct device *dev;

	domain = pasid_setup(test, mdev, 3, bits);
	group = mock_group(mdev[0]);
	dev = mock_device(mdev[0]);
	KUNIT_EXPECT_EQ(test, dev->iommu->max_pasids, 16u);
	KUNIT_EXPECT_EQ(test, mock_device(mdev[1])->iommu->max_pasids, 8u);
	KUNIT_EXPECT_EQ(test, mock_device(mdev[2])->iommu->max_pasids, 0u);
	KUNIT_EXPECT_EQ(test, iommu_attach_device_pasid(domain, dev, 0, NULL), -EINVAL);
	/* What the narrowest cannot do, the group cannot. */
	KUNIT_EXPECT_EQ(test, iommu_attach_device_pasid(domain, dev, 8, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_attach_device_pasid(domain, dev, 7, &handle), 0);
	KUNIT_EXPECT_PTR_EQ(test, mdev[0]->pasid[7], domain);
	KUNIT_EXPECT_PTR_EQ(test, mdev[1]->pasid[7], domain);
	KUNIT_EXPECT_EQ(test, mdev[2]->count[MOCK_SET_PASID], 0u);
	KUNIT_EXPECT_PTR_EQ(test, iommu_attach_handle_get(group, 7, 0), &handle);
	KUNIT_EXPECT_PTR_EQ(test, handle.domain, domain);
	KUNIT_EXPECT_EQ(test, PTR_ERR(iommu_attach_handle_get(group, 6, 0)), -ENOENT);
	KUNIT_EXPECT_EQ(test, PTR_ERR(iommu_attach_handle_get(group, 7, IOMMU_DOMAIN_SVA)),
			-EBUSY);
	/* A PASID has one domain; one without a handle is taken all the same. */
	KUNIT_EXPECT_EQ(test, iommu_attach_device_pasid(domain, mock_device(mdev[1]), 7, NULL),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, iommu_attach_device_pasid(domain, mock_device(mdev[1]), 6, NULL),
			0);
	KUNIT_EXPECT_EQ(test, iommu_attach_device_pasid(domain, dev, 6, NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, PTR_ERR(iommu_attach_handle_get(group, 6, 0)), -ENOENT);
	iommu_detach_device_pasid(domain, dev, 7);
	KUNIT_EXPECT_NULL(test, mdev[0]->pasid[7]);
	KUNIT_EXPECT_NULL(test, mdev[1]->pasid[7]);
	KUNIT_EXPECT_PTR_EQ(test, mdev[1]->pasid[6], domain);
	KUNIT_EXPECT_EQ(test, PTR_ERR(iommu_attach_handle_get(group, 7, 0)), -ENOENT);
	iommu_detach_device_pasid(domain, dev, 6);
	KUNIT_EXPECT_EQ(test, mdev[2]->count[MOCK_REMOVE_PASID], 0u);
	/* Other refusals. */
	domain->owner = NULL;
	KUNIT_EXPECT_EQ(test, iommu_attach_device_pasid(domain, dev, 7, NULL), -EINVAL);
	domain->owner = &mock->ops;
	mock->domain_ops.set_dev_pasid = NULL;
	KUNIT_EXPECT_EQ(test, iommu_attach_device_pasid(domain, dev, 7, NULL), -EOPNOTSUPP);
	iommu_domain_free(domain);
}

/* The second of three fails: the first is as before, the third is not asked. */
static void pasid_rolls_back(struct kunit *test)
{
	static const u32 bits[] = { 3, 3, 3 };
	struct iommu_attach_handle handle = {};
	struct mock *mock = test->priv;
	struct iommu_domain *domain;
	struct mock_dev *mdev[3];
	static char owner[1];

	domain = pasid_setup(test, mdev, 3, bits);
	mock_fail(mock, MOCK_SET_PASID, -ENOSPC, mdev[1]);
	KUNIT_EXPECT_EQ(test, iommu_attach_device_pasid(domain, mock_device(mdev[0]), 5, &handle),
			-ENOSPC);
	KUNIT_EXPECT_NULL(test, mdev[0]->pasid[5]);
	KUNIT_EXPECT_EQ(test, mdev[0]->count[MOCK_REMOVE_PASID], 1u);
	KUNIT_EXPECT_EQ(test, mdev[1]->count[MOCK_REMOVE_PASID], 0u);
	KUNIT_EXPECT_EQ(test, mdev[2]->count[MOCK_SET_PASID], 0u);
	KUNIT_EXPECT_EQ(test, PTR_ERR(iommu_attach_handle_get(mock_group(mdev[0]), 5, 0)),
			-ENOENT);
	/* Nothing is left that would keep an owner out. */
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(mock_group(mdev[0]), owner), 0);
	iommu_group_release_dma_owner(mock_group(mdev[0]));
	mock_fail(mock, MOCK_SET_PASID, 0, NULL);
	KUNIT_EXPECT_EQ(test, iommu_attach_device_pasid(domain, mock_device(mdev[0]), 5, &handle),
			0);
	/* A PASID in use does. */
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(mock_group(mdev[0]), owner), -EBUSY);
	iommu_detach_device_pasid(domain, mock_device(mdev[0]), 5);
	iommu_domain_free(domain);
}

/* A PASID is an owner's business too: it keeps kernel drivers out. */
static void pasid_of_owner(struct kunit *test)
{
	static const u32 bits[] = { 3 };
	struct iommu_domain *domain;
	struct mock_dev *mdev[1];
	static char owner[1];

	domain = pasid_setup(test, mdev, 1, bits);
	KUNIT_EXPECT_EQ(test, iommu_device_claim_dma_owner(mock_device(mdev[0]), owner), 0);
	KUNIT_EXPECT_EQ(test, iommu_attach_device_pasid(domain, mock_device(mdev[0]), 1, NULL),
			0);
	iommu_detach_device_pasid(domain, mock_device(mdev[0]), 1);
	iommu_device_release_dma_owner(mock_device(mdev[0]));
	KUNIT_EXPECT_FALSE(test, iommu_group_dma_owner_claimed(mock_group(mdev[0])));
	iommu_domain_free(domain);
}

static void pasid_global(struct kunit *test)
{
	static const u32 bits[] = { 3, 0 };
	struct iommu_domain *domain;
	struct mock_dev *mdev[2];
	ioasid_t pasid[8];
	int i;

	domain = pasid_setup(test, mdev, 2, bits);
	KUNIT_EXPECT_EQ(test, iommu_alloc_global_pasid(mock_device(mdev[1])),
			IOMMU_PASID_INVALID);
	for (i = 0; i < 8; i++)
		pasid[i] = iommu_alloc_global_pasid(mock_device(mdev[0]));
	for (i = 0; i < 7; i++)
		KUNIT_EXPECT_EQ(test, pasid[i], (ioasid_t)i + 1);
	KUNIT_EXPECT_EQ(test, pasid[7], IOMMU_PASID_INVALID);
	for (i = 0; i < 7; i++)
		if (pasid[i] != IOMMU_PASID_INVALID)
			iommu_free_global_pasid(pasid[i]);
	iommu_domain_free(domain);
}

static struct kunit_case pasid_cases[] = {
	KUNIT_CASE(pasid_attach),
	KUNIT_CASE(pasid_rolls_back),
	KUNIT_CASE(pasid_of_owner),
	KUNIT_CASE(pasid_global),
	{}
};

struct kunit_suite iommu_group_pasid_suite = {
	.name = "iommu_group_pasid",
	.init = mock_init,
	.exit = mock_exit,
	.test_cases = pasid_cases,
};
