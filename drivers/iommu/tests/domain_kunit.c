// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: the domains of a group. Which default domain it gets and how "type"
 * changes it, reserved regions and direct mappings, attach with rollback,
 * handles, and mapping with a choice of page sizes.
 */
#include <linux/dma-mapping.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>

#include "iommu-priv.h"
#include "mock.h"

/* What two members ask for, and what their group gets. "" is the system's default. */
struct def_type {
	const char *name;
	int ask[2];
	const char *type;
};

static const struct def_type def_types[] = {
	{ "nothing", { 0, 0 }, "" },
	{ "identity", { IOMMU_DOMAIN_IDENTITY, 0 }, "identity" },
	{ "identity, the second", { 0, IOMMU_DOMAIN_IDENTITY }, "identity" },
	{ "both identity", { IOMMU_DOMAIN_IDENTITY, IOMMU_DOMAIN_IDENTITY }, "identity" },
	{ "DMA", { IOMMU_DOMAIN_DMA, 0 }, "DMA" },
	{ "DMA against identity", { IOMMU_DOMAIN_DMA, IOMMU_DOMAIN_IDENTITY }, "identity" },
	{ "identity against DMA", { IOMMU_DOMAIN_IDENTITY, IOMMU_DOMAIN_DMA }, "identity" },
};

static void def_type_name(const struct def_type *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(def_types, def_types, def_type_name);

/* What a group of one gets that asks for nothing. */
static const char *system_type(struct kunit *test, struct mock *mock)
{
	struct mock_dev *mdev = mock_dev_added(mock, MOCK_OWN);
	const char *type = group_type(test, mock_group(mdev));

	mock_dev_del(mdev);
	return type;
}

static void domain_default_type(struct kunit *test)
{
	const struct def_type *row = test->param_value;
	struct mock *mock = test->priv;
	struct mock_dev *mdev[2];
	u64 mark = log_mark();
	int i;

	/* Both are there before: the group's type is chosen for all of it. */
	for (i = 0; i < 2; i++) {
		mdev[i] = mock_dev(mock, 1);
		mdev[i]->def_type = row->ask[i];
		KUNIT_ASSERT_EQ(test, mock_dev_add(mdev[i]), 0);
	}
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	KUNIT_EXPECT_STREQ(test, group_type(test, mock_group(mdev[0])),
			   *row->type ? row->type : system_type(test, mock));
	KUNIT_EXPECT_PTR_EQ(test, mdev[0]->attached, mdev[1]->attached);
	KUNIT_EXPECT_EQ(test, log_count(mark, "requesting conflicting def_domain_type", NULL),
			row->ask[0] && row->ask[1] && row->ask[0] != row->ask[1] ? 1u : 0u);
}

/* A driver that cannot flush late gets strict domains, whatever the default is. */
static void domain_no_flush_queue(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev;
	const char *type;

	mock->no_flush = true;
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev_added(mock, MOCK_OWN);
	type = group_type(test, mock_group(mdev));
	KUNIT_EXPECT_STREQ(test, type, iommu_default_passthrough() ? "identity" : "DMA");
}

/* The driver has no identity domain: the kernel's default cannot be had. */
static void domain_fallback(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev;
	u64 mark = log_mark();

	if (!iommu_default_passthrough())
		kunit_skip(test, "for iommu.passthrough=1");
	mock->ops.identity_domain = NULL;
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev_added(mock, MOCK_OWN);
	KUNIT_EXPECT_STREQ(test, group_type(test, mock_group(mdev)), "DMA");
	KUNIT_EXPECT_EQ(test, log_count(mark, "Failed to allocate default IOMMU domain of type",
					"Falling back to IOMMU_DOMAIN_DMA"), 1u);
	KUNIT_EXPECT_EQ(test, log_count(mark, "(null)", NULL), 0u);
}

/* Writes to "type": who is there, what is written, what comes of it. */
struct store {
	const char *write;
	int err;
	const char *type;
};

static const struct store stores[] = {
	{ "identity", 0, "identity" },
	{ "identity", 0, "identity" },
	{ "DMA", 0, "DMA" },
	{ "DMA\n", 0, "DMA" },
	{ "DMA-FQ", 0, "DMA-FQ" },
	{ "DMA", 0, "DMA" },
	{ "identity", 0, "identity" },
	{ "DMA-FQ", 0, "DMA-FQ" },
	{ "DMA-FQ", 0, "DMA-FQ" },
	{ "blocked", -EINVAL, "DMA-FQ" },
	{ "unmanaged", -EINVAL, "DMA-FQ" },
	{ "dma", -EINVAL, "DMA-FQ" },
	{ "", 0, "DMA-FQ" },
	{ "auto", 0, "" },
};

static void domain_type_store(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev[2];
	const struct store *row;
	const char *automatic;
	int id;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	automatic = system_type(test, mock);
	mdev[0] = mock_dev_added(mock, 1);
	mdev[1] = mock_dev_added(mock, 1);
	KUNIT_ASSERT_NOT_NULL(test, mock_group(mdev[0]));
	id = iommu_group_id(mock_group(mdev[0]));
	for (row = stores; row < stores + ARRAY_SIZE(stores); row++) {
		const char *want = *row->type ? row->type : automatic;

		KUNIT_EXPECT_EQ_MSG(test, group_write(id, "type", row->write), row->err,
				    "row %td", row - stores);
		KUNIT_EXPECT_STREQ_MSG(test, group_type(test, mock_group(mdev[0])), want,
				       "row %td", row - stores);
		KUNIT_EXPECT_PTR_EQ(test, mdev[0]->attached, mock_current(mdev[0]));
		KUNIT_EXPECT_PTR_EQ(test, mdev[1]->attached, mock_current(mdev[1]));
		KUNIT_EXPECT_EQ(test, use_dma_iommu(mock_device(mdev[0])),
				strncmp(want, "DMA", 3) == 0);
		KUNIT_EXPECT_EQ(test, use_dma_iommu(mock_device(mdev[1])),
				use_dma_iommu(mock_device(mdev[0])));
	}
}

/* With a driver, or an owner, only DMA to DMA-FQ goes. */
static void domain_type_store_busy(struct kunit *test)
{
	static char owner[1];
	struct mock *mock = test->priv;
	struct mock_dev *mdev;
	int id;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev_added(mock, MOCK_OWN);
	KUNIT_ASSERT_NOT_NULL(test, mock_group(mdev));
	id = iommu_group_id(mock_group(mdev));
	KUNIT_ASSERT_EQ(test, group_write(id, "type", "DMA"), 0);
	KUNIT_ASSERT_EQ(test, mock_drivers_register(), 0);
	KUNIT_EXPECT_EQ(test, mock_bind(mdev), 0);
	KUNIT_EXPECT_EQ(test, group_write(id, "type", "identity"), -EPERM);
	KUNIT_EXPECT_EQ(test, group_write(id, "type", "auto"), -EPERM);
	KUNIT_EXPECT_STREQ(test, group_type(test, mock_group(mdev)), "DMA");
	KUNIT_EXPECT_EQ(test, group_write(id, "type", "DMA-FQ"), 0);
	KUNIT_EXPECT_STREQ(test, group_type(test, mock_group(mdev)), "DMA-FQ");
	KUNIT_EXPECT_EQ(test, group_write(id, "type", "DMA"), -EPERM);
	mock_unbind(mdev);
	KUNIT_EXPECT_EQ(test, group_write(id, "type", "DMA"), 0);
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(mock_group(mdev), owner), 0);
	KUNIT_EXPECT_EQ(test, group_write(id, "type", "identity"), -EPERM);
	iommu_group_release_dma_owner(mock_group(mdev));
	KUNIT_EXPECT_EQ(test, group_write(id, "type", "identity"), 0);
	mock_drivers_unregister();
}

/* A type that cannot be made, or not be attached, changes nothing. */
static void domain_type_store_fails(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct iommu_domain *before;
	struct mock_dev *mdev[2];
	int id;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev[0] = mock_dev_added(mock, 1);
	mdev[1] = mock_dev_added(mock, 1);
	id = iommu_group_id(mock_group(mdev[0]));
	KUNIT_ASSERT_EQ(test, group_write(id, "type", "identity"), 0);
	before = mock_current(mdev[0]);
	mock_fail(mock, MOCK_ALLOC, -ENOMEM, NULL);
	KUNIT_EXPECT_EQ(test, group_write(id, "type", "DMA"), -ENOMEM);
	mock_fail(mock, MOCK_ALLOC, 0, NULL);
	mock_fail(mock, MOCK_ATTACH, -EIO, mdev[1]);
	mock->fault[MOCK_ATTACH].times = 1;
	KUNIT_EXPECT_EQ(test, group_write(id, "type", "DMA"), -EIO);
	KUNIT_EXPECT_STREQ(test, group_type(test, mock_group(mdev[0])), "identity");
	KUNIT_EXPECT_PTR_EQ(test, mdev[0]->attached, before);
	KUNIT_EXPECT_PTR_EQ(test, mdev[1]->attached, before);
	mock_fail(mock, MOCK_ATTACH, 0, NULL);
	KUNIT_EXPECT_EQ(test, group_write(id, "type", "DMA"), 0);
	/* A driver that insists keeps what it has. */
	mdev[1]->def_type = IOMMU_DOMAIN_DMA;
	KUNIT_EXPECT_EQ(test, group_write(id, "type", "identity"), -EINVAL);
	KUNIT_EXPECT_STREQ(test, group_type(test, mock_group(mdev[0])), "DMA");
}

#define REGION(_start, _pages, _type)						\
	{ .start = (_start), .length = (_pages) * SZ_4K, .type = (_type),	\
	  .prot = IOMMU_READ | IOMMU_WRITE }

/* The regions of two members, sorted, those of a type merged where they overlap. */
static void domain_reserved_regions(struct kunit *test)
{
	static const struct iommu_resv_region a[] = {
		REGION(0x300000, 2, IOMMU_RESV_RESERVED),
		REGION(0x100000, 1, IOMMU_RESV_MSI),
		REGION(0x200000, 1, IOMMU_RESV_DIRECT_RELAXABLE),
	}, b[] = {
		REGION(0x301000, 3, IOMMU_RESV_RESERVED),
		REGION(0x304000, 1, IOMMU_RESV_RESERVED),
		REGION(0x301000, 1, IOMMU_RESV_SW_MSI),
	};
	static const char *const lines[] = {
		"0x0000000000100000 0x0000000000100fff msi",
		"0x0000000000200000 0x0000000000200fff direct-relaxable",
		"0x0000000000300000 0x0000000000304fff reserved",
		"0x0000000000301000 0x0000000000301fff msi",
	};
	struct mock *mock = test->priv;
	struct mock_dev *mdev[2];
	char *text, *line;
	int i, id;

	text = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev[0] = mock_dev(mock, 1);
	mdev[1] = mock_dev(mock, 1);
	memcpy(mdev[0]->regions, a, sizeof(a));
	memcpy(mdev[1]->regions, b, sizeof(b));
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev[0]), 0);
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev[1]), 0);
	id = iommu_group_id(mock_group(mdev[0]));
	KUNIT_ASSERT_GT(test, group_read(id, "reserved_regions", text, PAGE_SIZE), 0);
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		line = strsep(&text, "\n");
		KUNIT_EXPECT_STREQ(test, line ?: "(none)", lines[i]);
	}
	KUNIT_EXPECT_NULL(test, text);
}

/* Direct regions stand in the default domain before the device's first attach. */
static bool mapped_at_attach;

static void direct_hook(struct mock *mock, enum mock_op op, struct mock_dev *mdev)
{
	if (op == MOCK_ATTACH && !mdev->count[MOCK_ATTACH])
		mapped_at_attach = mock_count(mock, MOCK_MAP);
}

static void domain_direct(struct kunit *test)
{
	static const struct iommu_resv_region regions[] = {
		REGION(0x100000, 2, IOMMU_RESV_DIRECT),
		REGION(0x101000, 3, IOMMU_RESV_DIRECT),
		REGION(0x800000, 1, IOMMU_RESV_RESERVED),
	};
	struct mock *mock = test->priv;
	struct iommu_domain *domain;
	struct mock_dev *mdev;
	phys_addr_t addr;

	mock->hook = direct_hook;
	mapped_at_attach = false;
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev(mock, MOCK_OWN);
	mdev->def_type = IOMMU_DOMAIN_DMA;
	memcpy(mdev->regions, regions, sizeof(regions));
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev), 0);
	domain = mock_current(mdev);
	KUNIT_ASSERT_NOT_NULL(test, domain);
	for (addr = 0x100000; addr < 0x104000; addr += SZ_4K)
		KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, addr), addr);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, 0x104000), (phys_addr_t)0);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, 0x800000), (phys_addr_t)0);
	KUNIT_EXPECT_TRUE(test, mapped_at_attach);
	mock->hook = NULL;
	/* A driver that cannot map before it is attached is tried again. */
	mock_dev_del(mdev);
	mock_fail(mock, MOCK_MAP, -ENOMEM, NULL);
	mock->fault[MOCK_MAP].times = 1;
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev), 0);
	domain = mock_current(mdev);
	KUNIT_ASSERT_NOT_NULL(test, domain);
	for (addr = 0x100000; addr < 0x104000; addr += SZ_4K)
		KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, addr), addr);
	/* One that never can has no IOMMU. */
	mock_dev_del(mdev);
	mock_fail(mock, MOCK_MAP, -ENOMEM, NULL);
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev), 0);
	KUNIT_EXPECT_NULL(test, mock_group(mdev));
}

/* A member that joins has its direct regions in the group's domain too. */
static void domain_direct_join(struct kunit *test)
{
	static const struct iommu_resv_region region = REGION(0x100000, 2, IOMMU_RESV_DIRECT);
	struct mock *mock = test->priv;
	struct mock_dev *mdev[2];

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev[0] = mock_dev(mock, 1);
	mdev[0]->def_type = IOMMU_DOMAIN_DMA;
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev[0]), 0);
	mdev[1] = mock_dev(mock, 1);
	mdev[1]->regions[0] = region;
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev[1]), 0);
	KUNIT_ASSERT_NOT_NULL(test, mock_current(mdev[1]));
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(mock_current(mdev[1]), 0x101000),
			(phys_addr_t)0x101000);
}

static void domain_attach(struct kunit *test)
{
	struct iommu_domain *domain[2], *def;
	struct mock *mock = test->priv;
	struct iommu_group *group;
	struct mock_dev *mdev[3];
	int i;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	for (i = 0; i < 3; i++)
		mdev[i] = mock_dev_added(mock, i < 2 ? 1 : MOCK_OWN);
	group = mock_group(mdev[0]);
	def = mock_current(mdev[0]);
	for (i = 0; i < 2; i++) {
		domain[i] = iommu_paging_domain_alloc(mock_device(mdev[0]));
		KUNIT_ASSERT_FALSE(test, IS_ERR(domain[i]));
	}
	KUNIT_EXPECT_EQ(test, domain[0]->type, (unsigned int)IOMMU_DOMAIN_UNMANAGED);
	KUNIT_EXPECT_EQ(test, domain[0]->pgsize_bitmap, (unsigned long)(SZ_4K | SZ_2M));
	KUNIT_EXPECT_PTR_EQ(test, domain[0]->owner, (const struct iommu_ops *)&mock->ops);
	/* A device is attached alone only where it is alone. */
	KUNIT_EXPECT_EQ(test, iommu_attach_device(domain[0], mock_device(mdev[0])), -EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_attach_device(domain[0], mock_device(mdev[2])), 0);
	KUNIT_EXPECT_PTR_EQ(test, mdev[2]->attached, domain[0]);
	KUNIT_EXPECT_EQ(test, iommu_attach_device(domain[1], mock_device(mdev[2])), -EBUSY);
	iommu_detach_device(domain[0], mock_device(mdev[2]));
	KUNIT_EXPECT_PTR_EQ(test, mdev[2]->attached, mock_current(mdev[2]));
	KUNIT_EXPECT_NE(test, mdev[2]->attached->type, (unsigned int)IOMMU_DOMAIN_UNMANAGED);
	/* A group as a whole. */
	KUNIT_EXPECT_EQ(test, iommu_attach_group(domain[0], group), 0);
	KUNIT_EXPECT_EQ(test, iommu_attach_group(domain[1], group), -EBUSY);
	KUNIT_EXPECT_EQ(test, iommu_group_replace_domain(group, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_group_replace_domain(group, domain[1]), 0);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_PTR_EQ(test, mdev[i]->attached, domain[1]);
	/* The second member refuses: both have the old one, and so it can go. */
	mock_fail(mock, MOCK_ATTACH, -EINVAL, mdev[1]);
	mock->fault[MOCK_ATTACH].times = 1;
	KUNIT_EXPECT_EQ(test, iommu_group_replace_domain(group, domain[0]), -EINVAL);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_PTR_EQ(test, mdev[i]->attached, domain[1]);
		KUNIT_EXPECT_PTR_EQ(test, mock_current(mdev[i]), domain[1]);
	}
	mock_fail(mock, MOCK_ATTACH, 0, NULL);
	iommu_detach_group(domain[1], group);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_PTR_EQ(test, mdev[i]->attached, def);
	/* Another driver's domain. */
	domain[0]->owner = NULL;
	KUNIT_EXPECT_EQ(test, iommu_attach_group(domain[0], group), -EINVAL);
	iommu_domain_free(domain[0]);
	iommu_domain_free(domain[1]);
}

/* The old domain is what a driver asks the core for until all are attached. */
static struct iommu_domain *seen[2];

static void old_domain_hook(struct mock *mock, enum mock_op op, struct mock_dev *mdev)
{
	if (op == MOCK_ATTACH && mdev->added)
		seen[mdev != mock->hook_data] = mock_current(mdev);
}

static void domain_attach_old(struct kunit *test)
{
	struct iommu_domain *domain, *def;
	struct mock *mock = test->priv;
	struct mock_dev *mdev[2];

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev[0] = mock_dev_added(mock, 1);
	mdev[1] = mock_dev_added(mock, 1);
	def = mock_current(mdev[0]);
	domain = iommu_paging_domain_alloc(mock_device(mdev[0]));
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	mock->hook_data = mdev[0];
	mock->hook = old_domain_hook;
	KUNIT_EXPECT_EQ(test, iommu_attach_group(domain, mock_group(mdev[0])), 0);
	KUNIT_EXPECT_PTR_EQ(test, seen[0], def);
	KUNIT_EXPECT_PTR_EQ(test, seen[1], def);
	iommu_detach_group(domain, mock_group(mdev[0]));
	KUNIT_EXPECT_PTR_EQ(test, seen[0], domain);
	KUNIT_EXPECT_PTR_EQ(test, seen[1], domain);
	mock->hook = NULL;
	iommu_domain_free(domain);
}

static void domain_handles(struct kunit *test)
{
	struct iommu_attach_handle handle[2] = {};
	struct iommu_domain *domain[2];
	struct mock *mock = test->priv;
	struct iommu_group *group;
	static char owner[1];
	struct mock_dev *mdev;
	int i;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev_added(mock, MOCK_OWN);
	group = mock_group(mdev);
	for (i = 0; i < 2; i++) {
		domain[i] = iommu_paging_domain_alloc(mock_device(mdev));
		KUNIT_ASSERT_FALSE(test, IS_ERR(domain[i]));
	}
	KUNIT_EXPECT_EQ(test, PTR_ERR(iommu_attach_handle_get(group, 0, 0)), -ENOENT);
	KUNIT_EXPECT_EQ(test, iommu_attach_group_handle(domain[0], group, &handle[0]), 0);
	KUNIT_EXPECT_PTR_EQ(test, iommu_attach_handle_get(group, 0, 0), &handle[0]);
	KUNIT_EXPECT_PTR_EQ(test, handle[0].domain, domain[0]);
	KUNIT_EXPECT_PTR_EQ(test, iommu_attach_handle_get(group, 0, IOMMU_DOMAIN_UNMANAGED),
			    &handle[0]);
	KUNIT_EXPECT_EQ(test, PTR_ERR(iommu_attach_handle_get(group, 0, IOMMU_DOMAIN_SVA)),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, iommu_attach_group_handle(domain[1], group, &handle[1]), -EBUSY);
	KUNIT_EXPECT_PTR_EQ(test, iommu_attach_handle_get(group, 0, 0), &handle[0]);
	/* A replacement that fails keeps the handle, one that works changes it. */
	mock_fail(mock, MOCK_ATTACH, -EINVAL, NULL);
	mock->fault[MOCK_ATTACH].times = 1;
	KUNIT_EXPECT_EQ(test, iommu_replace_group_handle(group, domain[1], &handle[1]), -EINVAL);
	mock_fail(mock, MOCK_ATTACH, 0, NULL);
	KUNIT_EXPECT_PTR_EQ(test, iommu_attach_handle_get(group, 0, 0), &handle[0]);
	KUNIT_EXPECT_PTR_EQ(test, mdev->attached, domain[0]);
	KUNIT_EXPECT_EQ(test, iommu_replace_group_handle(group, domain[1], &handle[1]), 0);
	KUNIT_EXPECT_PTR_EQ(test, iommu_attach_handle_get(group, 0, 0), &handle[1]);
	KUNIT_EXPECT_PTR_EQ(test, handle[1].domain, domain[1]);
	KUNIT_EXPECT_EQ(test, iommu_replace_group_handle(group, NULL, &handle[1]), -EINVAL);
	iommu_detach_group_handle(domain[1], group);
	KUNIT_EXPECT_EQ(test, PTR_ERR(iommu_attach_handle_get(group, 0, 0)), -ENOENT);
	KUNIT_EXPECT_NE(test, mdev->attached->type, (unsigned int)IOMMU_DOMAIN_UNMANAGED);
	/* No handle, and still the slot is taken; replaced by none it is free. */
	KUNIT_EXPECT_EQ(test, iommu_attach_group_handle(domain[0], group, NULL), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(iommu_attach_handle_get(group, 0, 0)), -ENOENT);
	KUNIT_EXPECT_EQ(test, iommu_attach_group_handle(domain[1], group, NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, iommu_replace_group_handle(group, domain[1], &handle[1]), 0);
	KUNIT_EXPECT_EQ(test, iommu_replace_group_handle(group, domain[0], NULL), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(iommu_attach_handle_get(group, 0, 0)), -ENOENT);
	KUNIT_EXPECT_PTR_EQ(test, mdev->attached, domain[0]);
	iommu_detach_group_handle(domain[0], group);
	/* A failed attach leaves the slot free, and so the group to be claimed. */
	mock_fail(mock, MOCK_ATTACH, -EINVAL, NULL);
	mock->fault[MOCK_ATTACH].times = 1;
	KUNIT_EXPECT_EQ(test, iommu_attach_group_handle(domain[0], group, &handle[0]), -EINVAL);
	mock_fail(mock, MOCK_ATTACH, 0, NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(iommu_attach_handle_get(group, 0, 0)), -ENOENT);
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(group, owner), 0);
	iommu_group_release_dma_owner(group);
	iommu_domain_free(domain[0]);
	iommu_domain_free(domain[1]);
}

/* Mapping takes the largest page that fits; a failure half way leaves nothing. */
static void domain_map(struct kunit *test)
{
	const int prot = IOMMU_READ | IOMMU_WRITE;
	struct mock *mock = test->priv;
	struct iommu_domain *domain;
	struct mock_dev *mdev;
	unsigned int maps;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev_added(mock, MOCK_OWN);
	domain = iommu_paging_domain_alloc(mock_device(mdev));
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	maps = mock_count(mock, MOCK_MAP);
	/* 4K up to the boundary, then 2M, then 4K: three calls. */
	KUNIT_EXPECT_EQ(test, iommu_map(domain, SZ_2M - SZ_4K, SZ_4M - SZ_4K,
					SZ_2M + SZ_8K, prot, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, mock_count(mock, MOCK_MAP) - maps, 3u);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, SZ_2M - SZ_4K + 5),
			(phys_addr_t)SZ_4M - SZ_4K + 5);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, SZ_4M), (phys_addr_t)SZ_4M + SZ_2M);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, SZ_2M - SZ_4K, SZ_2M + SZ_8K),
			(size_t)SZ_2M + SZ_8K);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, SZ_2M), (phys_addr_t)0);
	/* Differently aligned, no large page will do: one call of 513 small ones. */
	maps = mock_count(mock, MOCK_MAP);
	KUNIT_EXPECT_EQ(test, iommu_map(domain, SZ_2M, SZ_4M + SZ_4K, SZ_2M + SZ_4K, prot,
					GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, mock_count(mock, MOCK_MAP) - maps, 1u);
	/* What is there already fails half way; what was before it goes again. */
	KUNIT_EXPECT_EQ(test, iommu_map(domain, SZ_2M - SZ_8K, SZ_1M, SZ_16K, prot, GFP_KERNEL),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, SZ_2M - SZ_8K), (phys_addr_t)0);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, SZ_2M), (phys_addr_t)SZ_4M + SZ_4K);
	/* Unmapping stops at the first hole. */
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, SZ_2M, SZ_4M), (size_t)SZ_2M + SZ_4K);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, SZ_2M, SZ_4K), (size_t)0);
	/* Addresses and sizes are of whole pages. */
	KUNIT_EXPECT_EQ(test, iommu_map(domain, 1, 0, SZ_4K, prot, GFP_KERNEL), -EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_map(domain, 0, 1, SZ_4K, prot, GFP_KERNEL), -EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_map(domain, 0, 0, 1, prot, GFP_KERNEL), -EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 1, SZ_4K), (size_t)0);
	/* The page at zero is a page like any other. */
	KUNIT_EXPECT_EQ(test, iommu_map(domain, 0, SZ_4K, SZ_4K, prot, GFP_ATOMIC), 0);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, 0), (phys_addr_t)SZ_4K);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, 0, SZ_4K), (size_t)SZ_4K);
	iommu_domain_free(domain);
	/* Domains without a page table. */
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(&mock->identity.domain, 12345),
			(phys_addr_t)12345);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(&mock->blocked.domain, 12345), (phys_addr_t)0);
	KUNIT_EXPECT_EQ(test, iommu_map(&mock->identity.domain, 0, 0, SZ_4K, prot, GFP_KERNEL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_unmap(&mock->identity.domain, 0, SZ_4K), (size_t)0);
}

static void domain_map_sg(struct kunit *test)
{
	const int prot = IOMMU_READ | IOMMU_WRITE;
	struct mock *mock = test->priv;
	struct iommu_domain *domain;
	struct scatterlist sg[4];
	struct mock_dev *mdev;
	struct page *page;
	unsigned int maps;
	int i;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev_added(mock, MOCK_OWN);
	domain = iommu_paging_domain_alloc(mock_device(mdev));
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	page = alloc_pages(GFP_KERNEL, 3);
	KUNIT_ASSERT_NOT_NULL(test, page);
	/* Pages 0, 1 and 2 touch each other, 5 stands alone: two runs. */
	sg_init_table(sg, 4);
	for (i = 0; i < 4; i++)
		sg_set_page(&sg[i], page + (i == 3 ? 5 : i), PAGE_SIZE, 0);
	maps = mock_count(mock, MOCK_MAP);
	KUNIT_EXPECT_EQ(test, iommu_map_sg(domain, SZ_1M, sg, 4, prot, GFP_KERNEL),
			(ssize_t)(4 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, mock_count(mock, MOCK_MAP) - maps, 2u);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, SZ_1M + i * PAGE_SIZE),
				sg_phys(&sg[i]));
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, SZ_1M, 4 * PAGE_SIZE), 4 * PAGE_SIZE);
	/* The second run fails: the first goes too. */
	mock_fail(mock, MOCK_MAP, -ENOMEM, NULL);
	mock->fault[MOCK_MAP].skip = 1;
	KUNIT_EXPECT_EQ(test, iommu_map_sg(domain, SZ_1M, sg, 4, prot, GFP_KERNEL),
			(ssize_t)-ENOMEM);
	mock_fail(mock, MOCK_MAP, 0, NULL);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, SZ_1M + i * PAGE_SIZE),
				(phys_addr_t)0);
	__free_pages(page, 3);
	iommu_domain_free(domain);
}

/* The DMA API of a device goes through the default domain. */
static void domain_dma_api(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev;
	dma_addr_t addr;
	void *buf;
	int i;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev_added(mock, MOCK_OWN);
	KUNIT_ASSERT_NOT_NULL(test, mock_group(mdev));
	KUNIT_ASSERT_EQ(test, group_write(iommu_group_id(mock_group(mdev)), "type", "DMA"), 0);
	buf = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (i = 0; i < 100; i++) {
		addr = dma_map_single(mock_device(mdev), buf, 100, DMA_TO_DEVICE);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(mock_device(mdev), addr));
		KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(mock_current(mdev), addr),
				virt_to_phys(buf));
		dma_unmap_single(mock_device(mdev), addr, 100, DMA_TO_DEVICE);
		KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(mock_current(mdev), addr),
				(phys_addr_t)0);
	}
}

static struct kunit_case domain_cases[] = {
	KUNIT_CASE_PARAM(domain_default_type, def_types_gen_params),
	KUNIT_CASE(domain_no_flush_queue),
	KUNIT_CASE(domain_fallback),
	KUNIT_CASE(domain_type_store),
	KUNIT_CASE(domain_type_store_busy),
	KUNIT_CASE(domain_type_store_fails),
	KUNIT_CASE(domain_reserved_regions),
	KUNIT_CASE(domain_direct),
	KUNIT_CASE(domain_direct_join),
	KUNIT_CASE(domain_attach),
	KUNIT_CASE(domain_attach_old),
	KUNIT_CASE(domain_handles),
	KUNIT_CASE(domain_map),
	KUNIT_CASE(domain_map_sg),
	KUNIT_CASE(domain_dma_api),
	{}
};

struct kunit_suite iommu_group_domain_suite = {
	.name = "iommu_group_domain",
	.init = mock_init,
	.exit = mock_exit,
	.test_cases = domain_cases,
};
