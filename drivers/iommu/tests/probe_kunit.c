// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: how devices come to an IOMMU and leave it. Order of arrival, sharing,
 * a failure of every callback, registration and unregistration. That nothing
 * is left behind is what mock_exit() sees after each case.
 */
#include <linux/property.h>

#include "mock.h"

/* All that a device has when its IOMMU is set up. */
static void expect_ready(struct kunit *test, struct mock_dev *mdev)
{
	struct iommu_domain *domain = mock_current(mdev);

	KUNIT_EXPECT_NOT_NULL(test, mock_group(mdev));
	KUNIT_EXPECT_NOT_NULL(test, domain);
	KUNIT_EXPECT_PTR_EQ(test, mdev->attached, domain);
	KUNIT_EXPECT_TRUE(test, device_iommu_capable(mock_device(mdev),
						     IOMMU_CAP_CACHE_COHERENCY));
	KUNIT_EXPECT_EQ(test, mdev->finals, 1u);
	KUNIT_EXPECT_EQ(test, mdev->count[MOCK_RELEASE] + 1, mdev->count[MOCK_PROBE]);
	if (domain)
		KUNIT_EXPECT_EQ(test, use_dma_iommu(mock_device(mdev)),
				!!(domain->type & __IOMMU_DOMAIN_DMA_API));
}

static void expect_gone(struct kunit *test, struct mock_dev *mdev)
{
	KUNIT_EXPECT_NULL(test, mock_group(mdev));
	KUNIT_EXPECT_NULL(test, mock_current(mdev));
	KUNIT_EXPECT_NULL(test, mdev->attached);
	KUNIT_EXPECT_EQ(test, mdev->count[MOCK_RELEASE], mdev->count[MOCK_PROBE]);
	KUNIT_EXPECT_FALSE(test, device_iommu_capable(mock_device(mdev),
						      IOMMU_CAP_CACHE_COHERENCY));
	KUNIT_EXPECT_FALSE(test, use_dma_iommu(mock_device(mdev)));
}

/*
 * Four devices; a digit is the device's group, 0 its own, "s" the instance's
 * only one. Those before the | are there when the IOMMU registers, those
 * behind it are plugged in later.
 */
struct order {
	const char *name;
	unsigned int groups;
};

static const struct order orders[] = {
	{ "0000|", 4 }, { "|0000", 4 }, { "00|00", 4 },
	{ "1111|", 1 }, { "|1111", 1 }, { "11|11", 1 }, { "1|111", 1 },
	{ "1212|", 2 }, { "|1212", 2 }, { "12|12", 2 }, { "1|212", 2 }, { "01|10", 3 },
	{ "ssss|", 1 }, { "|ssss", 1 }, { "s0|s1", 3 },
};

static void order_name(const struct order *order, char *desc)
{
	strscpy(desc, order->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(orders, orders, order_name);

static int order_group(char c)
{
	return c == 's' ? MOCK_SINGLE : c - '0';
}

static void probe_order(struct kunit *test)
{
	const struct order *order = test->param_value;
	struct mock *mock = test->priv;
	unsigned int i, j, n = 0, groups = 0;
	struct mock_dev *mdev[4];
	const char *c;

	for (c = order->name; *c; c++) {
		if (*c == '|')
			KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
		else
			mdev[n++] = mock_dev_added(mock, order_group(*c));
	}
	KUNIT_ASSERT_EQ(test, n, 4u);
	for (i = 0; i < n; i++) {
		expect_ready(test, mdev[i]);
		for (j = 0; j < i && mock_group(mdev[j]) != mock_group(mdev[i]); j++)
			;
		groups += j == i;
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_EQ(test, mock_group(mdev[i]) == mock_group(mdev[j]),
					mdev[i]->group && mdev[i]->group == mdev[j]->group);
	}
	KUNIT_EXPECT_EQ(test, groups, order->groups);
	/* Half leave, half stay with what they had. */
	mock_dev_del(mdev[0]);
	mock_dev_del(mdev[2]);
	expect_gone(test, mdev[0]);
	expect_gone(test, mdev[2]);
	expect_ready(test, mdev[1]);
	expect_ready(test, mdev[3]);
	KUNIT_EXPECT_EQ(test, mock_dev_add(mdev[0]), 0);
	expect_ready(test, mdev[0]);
	mock_unregister(mock);
	for (i = 0; i < n; i++)
		expect_gone(test, mdev[i]);
	KUNIT_EXPECT_EQ(test, mock_register(mock), 0);
	expect_ready(test, mdev[0]);
	expect_ready(test, mdev[1]);
	expect_ready(test, mdev[3]);
	expect_gone(test, mdev[2]);
}

/* One callback fails for the second of three devices. */
struct failure {
	const char *name;
	enum mock_op op;
	int err;
	bool shared;	/* the three share a group */
	bool late;	/* the second is plugged in after registration */
};

static const struct failure failures[] = {
	{ "probe_device EIO at registration", MOCK_PROBE, -EIO, false, false },
	{ "probe_device EIO at registration, shared", MOCK_PROBE, -EIO, true, false },
	{ "probe_device EIO at hot plug", MOCK_PROBE, -EIO, false, true },
	{ "probe_device EIO at hot plug, shared", MOCK_PROBE, -EIO, true, true },
	{ "probe_device ENODEV at registration", MOCK_PROBE, -ENODEV, false, false },
	{ "probe_device ENODEV at registration, shared", MOCK_PROBE, -ENODEV, true, false },
	{ "probe_device ENODEV at hot plug", MOCK_PROBE, -ENODEV, false, true },
	{ "probe_device ENODEV at hot plug, shared", MOCK_PROBE, -ENODEV, true, true },
	{ "probe_device EPROBE_DEFER at registration", MOCK_PROBE, -EPROBE_DEFER, false, false },
	{ "probe_device EPROBE_DEFER at registration, shared",
	  MOCK_PROBE, -EPROBE_DEFER, true, false },
	{ "probe_device EPROBE_DEFER at hot plug", MOCK_PROBE, -EPROBE_DEFER, false, true },
	{ "probe_device EPROBE_DEFER at hot plug, shared", MOCK_PROBE, -EPROBE_DEFER, true, true },
	{ "device_group ENOMEM at registration", MOCK_GROUP, -ENOMEM, false, false },
	{ "device_group ENOMEM at registration, shared", MOCK_GROUP, -ENOMEM, true, false },
	{ "device_group ENOMEM at hot plug", MOCK_GROUP, -ENOMEM, false, true },
	{ "device_group ENOMEM at hot plug, shared", MOCK_GROUP, -ENOMEM, true, true },
	/* A domain is for a group: one of its own, so that only this one fails. */
	{ "domain ENOMEM at registration", MOCK_ALLOC, -ENOMEM, false, false },
	{ "domain ENOMEM at hot plug", MOCK_ALLOC, -ENOMEM, false, true },
	{ "attach EIO at hot plug, shared", MOCK_ATTACH, -EIO, true, true },
};

static void failure_name(const struct failure *failure, char *desc)
{
	strscpy(desc, failure->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(failures, failures, failure_name);

static void probe_failure(struct kunit *test)
{
	const struct failure *failure = test->param_value;
	struct mock *mock = test->priv;
	struct mock_dev *mdev[3];
	int i;

	for (i = 0; i < 3; i++) {
		mdev[i] = mock_dev(mock, failure->shared ? 1 : MOCK_OWN);
		/* An identity domain cannot fail to be allocated. */
		if (failure->op == MOCK_ALLOC)
			mdev[i]->def_type = IOMMU_DOMAIN_DMA;
		if (i == 1)
			mock_fail(mock, failure->op, failure->err, mdev[i]);
		if (i != 1 || !failure->late)
			KUNIT_ASSERT_EQ(test, mock_dev_add(mdev[i]), 0);
	}
	/* The others get their IOMMU whatever becomes of the second. */
	KUNIT_EXPECT_EQ(test, mock_register(mock), 0);
	if (failure->late)
		KUNIT_ASSERT_EQ(test, mock_dev_add(mdev[1]), 0);
	expect_gone(test, mdev[1]);
	expect_ready(test, mdev[0]);
	expect_ready(test, mdev[2]);
	/* When the cause is gone, it comes with the next replay. */
	mock_fail(mock, failure->op, 0, NULL);
	mock_dev_del(mdev[1]);
	KUNIT_EXPECT_EQ(test, mock_dev_add(mdev[1]), 0);
	expect_ready(test, mdev[1]);
	KUNIT_EXPECT_EQ(test, mock_group(mdev[1]) == mock_group(mdev[0]), failure->shared);
}

/* The only group's domain, or its first attach: the device has no IOMMU then. */
static void probe_first_attach_fails(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev(mock, MOCK_OWN);
	mdev->def_type = IOMMU_DOMAIN_DMA;
	mock_fail(mock, MOCK_ALLOC, -ENOMEM, NULL);
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev), 0);
	expect_gone(test, mdev);
	mock_fail(mock, MOCK_ALLOC, 0, NULL);
	mock_dev_del(mdev);
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev), 0);
	expect_ready(test, mdev);
}

/* Registering and unregistering may go on for ever. */
static void probe_again(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev[3];
	int i, round;

	for (i = 0; i < 3; i++)
		mdev[i] = mock_dev_added(mock, i ? 1 : MOCK_OWN);
	for (round = 0; round < 20; round++) {
		KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
		for (i = 0; i < 3; i++)
			expect_ready(test, mdev[i]);
		KUNIT_EXPECT_PTR_EQ(test, mock_group(mdev[1]), mock_group(mdev[2]));
		mock_unregister(mock);
		for (i = 0; i < 3; i++)
			expect_gone(test, mdev[i]);
	}
}

/* Firmware code asks for a device's IOMMU under the probe lock, as probe_device() runs. */
struct firmware {
	struct fwnode_handle *mine, *unknown;
	int known, again, absent, add[3];
};

static const u32 firmware_ids[] = { 7, 9, 11 };

static void firmware_hook(struct mock *mock, enum mock_op op, struct mock_dev *mdev)
{
	struct firmware *fw = mock->hook_data;

	if (op != MOCK_PROBE)
		return;
	fw->known = iommu_fwspec_init(mock_device(mdev), fw->mine);
	fw->absent = iommu_fwspec_init(mock_device(mdev), fw->unknown);
	fw->add[0] = iommu_fwspec_add_ids(mock_device(mdev), firmware_ids, 1);
	fw->add[1] = iommu_fwspec_add_ids(mock_device(mdev), firmware_ids + 1, 2);
}

/* A device may name its IOMMU by firmware before that is there. */
static void probe_firmware(struct kunit *test)
{
	static const struct property_entry props[] = {
		PROPERTY_ENTRY_STRING("compatible", "iommut,other"), {}
	};
	struct mock *mock = test->priv;
	struct firmware fw = { .known = 1, .absent = 1 };
	struct iommu_fwspec *fwspec;
	struct mock_dev *mdev;

	fw.mine = dev_fwnode(&mock->hw->dev);
	fw.unknown = fwnode_create_software_node(props, NULL);
	KUNIT_ASSERT_NOT_NULL(test, fw.mine);
	KUNIT_ASSERT_FALSE(test, IS_ERR(fw.unknown));
	mock->hook = firmware_hook;
	mock->hook_data = &fw;
	mdev = mock_dev_added(mock, MOCK_OWN);
	expect_gone(test, mdev);
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	expect_ready(test, mdev);
	KUNIT_EXPECT_EQ(test, fw.known, 0);
	/* Whoever names an IOMMU that is not there is told to come back. */
	KUNIT_EXPECT_EQ(test, fw.absent, -EPROBE_DEFER);
	KUNIT_EXPECT_EQ(test, fw.add[0], 0);
	KUNIT_EXPECT_EQ(test, fw.add[1], 0);
	fwspec = dev_iommu_fwspec_get(mock_device(mdev));
	KUNIT_ASSERT_NOT_NULL(test, fwspec);
	KUNIT_EXPECT_PTR_EQ(test, fwspec->iommu_fwnode, fw.mine);
	KUNIT_ASSERT_EQ(test, fwspec->num_ids, 4u);
	KUNIT_EXPECT_EQ(test, fwspec->ids[1], 7u);
	KUNIT_EXPECT_EQ(test, fwspec->ids[2], 9u);
	KUNIT_EXPECT_EQ(test, fwspec->ids[3], 11u);
	mock->hook = NULL;
	mock_unregister(mock);
	expect_gone(test, mdev);
	KUNIT_EXPECT_NULL(test, dev_iommu_fwspec_get(mock_device(mdev)));
	/* A device without a firmware node is not for an IOMMU that has one. */
	mdev->unnamed = true;
	mock_dev_del(mdev);
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev), 0);
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	expect_gone(test, mdev);
	fwnode_remove_software_node(fw.unknown);
}

/* A fwspec that is freed and made anew by probe_device() itself, as ACPI code may. */
static void refirmware_hook(struct mock *mock, enum mock_op op, struct mock_dev *mdev)
{
	struct device *dev = mock_device(mdev);
	struct firmware *fw = mock->hook_data;

	if (op != MOCK_PROBE)
		return;
	iommu_fwspec_free(dev);
	iommu_fwspec_free(dev);
	fw->add[0] = iommu_fwspec_add_ids(dev, firmware_ids, 1);
	fw->absent = iommu_fwspec_init(dev, fw->unknown);
	fw->known = iommu_fwspec_init(dev, fw->mine);
	fw->again = iommu_fwspec_init(dev, fw->mine);
	fw->add[1] = iommu_fwspec_add_ids(dev, firmware_ids, 1);
	fw->add[2] = dev_iommu_fwspec_get(dev) ? dev_iommu_fwspec_get(dev)->num_ids : -1;
}

static void probe_fwspec(struct kunit *test)
{
	static const struct property_entry props[] = {
		PROPERTY_ENTRY_STRING("compatible", "iommut,other"), {}
	};
	struct firmware fw = { .known = 1, .absent = 1, .again = 1 };
	struct mock *mock = test->priv;
	struct mock_dev *mdev;

	fw.mine = dev_fwnode(&mock->hw->dev);
	fw.unknown = fwnode_create_software_node(props, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(fw.unknown));
	mock->hook = refirmware_hook;
	mock->hook_data = &fw;
	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev = mock_dev_added(mock, MOCK_OWN);
	expect_ready(test, mdev);
	KUNIT_EXPECT_EQ(test, fw.add[0], -EINVAL);
	KUNIT_EXPECT_EQ(test, fw.absent, -EPROBE_DEFER);
	KUNIT_EXPECT_EQ(test, fw.known, 0);
	KUNIT_EXPECT_EQ(test, fw.again, 0);
	KUNIT_EXPECT_EQ(test, fw.add[1], 0);
	KUNIT_EXPECT_EQ(test, fw.add[2], 1);
	mock->hook = NULL;
	fwnode_remove_software_node(fw.unknown);
}

/* A device that firmware described and no IOMMU took leaves nothing behind. */
static void probe_orphan(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev;

	mdev = mock_dev_added(mock, MOCK_OWN);
	KUNIT_EXPECT_NOT_NULL(test, dev_iommu_fwspec_get(mock_device(mdev)));
	mock_dev_del(mdev);
	KUNIT_EXPECT_NULL(test, dev_iommu_fwspec_get(mock_device(mdev)));
}

/* The message of a device that comes, and of one that is unplugged. */
static void probe_messages(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev = mock_dev(mock, MOCK_OWN);
	u64 mark = log_mark();
	char name[32];

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	KUNIT_ASSERT_EQ(test, mock_dev_add(mdev), 0);
	strscpy(name, dev_name(mock_device(mdev)), sizeof(name));
	KUNIT_EXPECT_EQ(test, log_count(mark, name, "Adding to iommu group "), 1u);
	mock_dev_del(mdev);
	KUNIT_EXPECT_EQ(test, log_count(mark, name, "Adding to iommu group "), 1u);
}

static struct kunit_case probe_cases[] = {
	KUNIT_CASE_PARAM(probe_order, orders_gen_params),
	KUNIT_CASE_PARAM(probe_failure, failures_gen_params),
	KUNIT_CASE(probe_first_attach_fails),
	KUNIT_CASE(probe_again),
	KUNIT_CASE(probe_firmware),
	KUNIT_CASE(probe_orphan),
	KUNIT_CASE(probe_fwspec),
	KUNIT_CASE(probe_messages),
	{}
};

struct kunit_suite iommu_group_probe_suite = {
	.name = "iommu_group_probe",
	.init = mock_init,
	.exit = mock_exit,
	.test_cases = probe_cases,
};
