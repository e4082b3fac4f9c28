// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the mediated-device core, with no vfio and no hardware.
 *
 * A fake parent offers three types with two fake drivers, one limited by
 * max_instances and one that counts by itself. Parent and types stand in
 * memory that a test can free at once, as drivers do.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/kernfs.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "mdev_private.h"

#define FAKE_TYPES	3
#define FAKE_LIMIT	4

struct fake {
	struct mdev_parent parent;
	struct mdev_type types[FAKE_TYPES];
	struct mdev_type *list[FAKE_TYPES];
};

/* What the fake drivers are asked to do, and what they saw. */
static struct {
	int probe_error;
	int (*on_probe)(struct mdev_device *mdev);
	void (*on_remove)(struct mdev_device *mdev);
	unsigned int probed, removed, left;
	int seen;
} fake;

static int fake_probe(struct mdev_device *mdev)
{
	fake.probed++;
	if (fake.on_probe)
		fake.seen = fake.on_probe(mdev);
	return fake.probe_error;
}

static void fake_remove(struct mdev_device *mdev)
{
	fake.removed++;
	if (fake.on_remove)
		fake.on_remove(mdev);
}

static int counting_probe(struct mdev_device *mdev)
{
	if (!fake.left)
		return -ENOSPC;
	fake.left--;
	return 0;
}

static void counting_remove(struct mdev_device *mdev)
{
	fake.left++;
}

static unsigned int counting_available(struct mdev_type *type)
{
	return fake.left;
}

static struct mdev_driver limited_driver = {
	.device_api = "fake",
	.max_instances = FAKE_LIMIT,
	.probe = fake_probe,
	.remove = fake_remove,
	.driver.name = "mdev_kunit_limited",
	.driver.owner = THIS_MODULE,
};

static struct mdev_driver counting_driver = {
	.device_api = "fake",
	.probe = counting_probe,
	.remove = counting_remove,
	.get_available = counting_available,
	.driver.name = "mdev_kunit_counting",
	.driver.owner = THIS_MODULE,
};

static guid_t fake_guid(u8 n)
{
	return GUID_INIT(0x6d646576, 0x6b75, 0x6e69, 0x74, 0, 0, 0, 0, 0, 0, n);
}

static int fake_create(struct fake *f, unsigned int type, u8 n)
{
	guid_t guid = fake_guid(n);

	return mdev_device_create(&f->types[type], &guid);
}

/* Returns the device with a reference, or NULL. */
static struct mdev_device *fake_find(struct fake *f, u8 n)
{
	char name[UUID_STRING_LEN + 1];
	guid_t guid = fake_guid(n);
	struct device *dev;

	snprintf(name, sizeof(name), "%pUl", &guid);
	dev = device_find_child_by_name(f->parent.dev, name);
	return dev ? to_mdev_device(dev) : NULL;
}

static int fake_remove_device(struct fake *f, u8 n)
{
	struct mdev_device *mdev = fake_find(f, n);
	int ret;

	if (!mdev)
		return -ENOENT;
	ret = mdev_remove_begin(mdev);
	if (!ret)
		mdev_remove_finish(mdev);
	put_device(&mdev->dev);
	return ret;
}

static bool has_entry(struct kobject *kobj, const char *name)
{
	struct kernfs_node *kn = kernfs_find_and_get(kobj->sd, name);

	kernfs_put(kn);
	return kn;
}

static void fake_init(struct fake *f)
{
	static const char * const names[] = { "one", "two", "three" };
	unsigned int i;

	for (i = 0; i < FAKE_TYPES; i++) {
		f->types[i].sysfs_name = names[i];
		f->list[i] = &f->types[i];
	}
}

static void fake_unregister(void *data)
{
	struct fake *f = data;

	if (f->parent.reg)
		mdev_unregister_parent(&f->parent);
}

static struct fake *fake_register(struct kunit *test, const char *name,
				  struct mdev_driver *drv)
{
	struct fake *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct device *dev = kunit_device_register(test, name);

	KUNIT_ASSERT_NOT_NULL(test, f);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	fake_init(f);
	KUNIT_ASSERT_EQ(test, 0, mdev_register_parent(&f->parent, dev, drv,
						      f->list, FAKE_TYPES));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fake_unregister, f));
	return f;
}

struct guid_case {
	const char *name;
	const char *text;
	size_t count;
	int ret;
};

static const struct guid_case guid_cases[] = {
	{ "plain", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", 36, 0 },
	{ "newline", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001\n", 37, 0 },
	{ "nul", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", 37, 0 },
	{ "upper case", "83B8F4F2-509F-382F-3C1E-E6BFE0FA1001", 36, 0 },
	{ "empty", "", 0, -EINVAL },
	{ "only newline", "\n", 1, -EINVAL },
	{ "short", "83b8f4f2-509f-382f-3c1e-e6bfe0fa100", 35, -EINVAL },
	{ "short, newline", "83b8f4f2-509f-382f-3c1e-e6bfe0fa100\n", 36,
	  -EINVAL },
	{ "long", "83b8f4f2-509f-382f-3c1e-e6bfe0fa10011", 37, -EINVAL },
	{ "two newlines", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001\n\n", 38,
	  -EINVAL },
	{ "not hex", "83b8f4f2-509f-382f-3c1e-e6bfe0fa100g", 36, -EINVAL },
	{ "no dashes", "83b8f4f2x509fx382fx3c1exe6bfe0fa1001", 36, -EINVAL },
	{ "braces", "{83b8f4f2-509f-382f-3c1e-e6bfe0fa10}", 36, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(guid, guid_cases, name);

static void guid_parsing(struct kunit *test)
{
	const struct guid_case *c = test->param_value;
	guid_t want = GUID_INIT(0x83b8f4f2, 0x509f, 0x382f, 0x3c, 0x1e,
				0xe6, 0xbf, 0xe0, 0xfa, 0x10, 0x01);
	guid_t guid = {};

	KUNIT_EXPECT_EQ(test, c->ret, mdev_guid_parse(c->text, c->count, &guid));
	if (!c->ret)
		KUNIT_EXPECT_TRUE(test, guid_equal(&want, &guid));
}

static int links_in_probe(struct mdev_device *mdev)
{
	return has_entry(&mdev->dev.kobj, "mdev_type");
}

static void names_and_links(struct kunit *test)
{
	struct fake *f = fake_register(test, "mdev-names", &limited_driver);
	struct kobject *dir = &f->types[1].dir->kobj;
	struct mdev_device *mdev;

	KUNIT_EXPECT_STREQ(test, "mdev-names-two", kobject_name(dir));
	KUNIT_EXPECT_TRUE(test, has_entry(&f->parent.dev->kobj,
					  "mdev_supported_types"));
	KUNIT_EXPECT_TRUE(test, has_entry(dir, "create"));
	KUNIT_EXPECT_TRUE(test, has_entry(dir, "devices"));
	KUNIT_EXPECT_FALSE(test, has_entry(dir, "description"));

	fake.on_probe = links_in_probe;
	KUNIT_ASSERT_EQ(test, 0, fake_create(f, 1, 0xab));
	KUNIT_EXPECT_EQ(test, 1, fake.seen);

	mdev = fake_find(f, 0xab);
	KUNIT_ASSERT_NOT_NULL(test, mdev);
	KUNIT_EXPECT_STREQ(test, "6d646576-6b75-6e69-7400-0000000000ab",
			   dev_name(&mdev->dev));
	KUNIT_EXPECT_PTR_EQ(test, &f->types[1], mdev->type);
	KUNIT_EXPECT_PTR_EQ(test, &f->parent, mdev->type->parent);
	KUNIT_EXPECT_PTR_EQ(test, &limited_driver.driver,
			    (struct device_driver *)mdev->dev.driver);
	KUNIT_EXPECT_TRUE(test, has_entry(&mdev->dev.kobj, "remove"));
	put_device(&mdev->dev);
}

/* One limit for the parent, whichever types it is spent on. */
static void shared_limit(struct kunit *test)
{
	struct fake *f = fake_register(test, "mdev-limit", &limited_driver);
	unsigned int i;

	for (i = 0; i < FAKE_LIMIT; i++) {
		KUNIT_EXPECT_EQ(test, FAKE_LIMIT - i,
				mdev_type_available(&f->types[0]));
		KUNIT_EXPECT_EQ(test, 0, fake_create(f, i % FAKE_TYPES, i));
	}
	for (i = 0; i < FAKE_TYPES; i++) {
		KUNIT_EXPECT_EQ(test, 0, mdev_type_available(&f->types[i]));
		KUNIT_EXPECT_EQ(test, -EUSERS, fake_create(f, i, 100));
	}
	KUNIT_EXPECT_EQ(test, 2, f->types[0].in_use);
	KUNIT_EXPECT_EQ(test, 1, f->types[2].in_use);

	KUNIT_EXPECT_EQ(test, 0, fake_remove_device(f, 1));
	KUNIT_EXPECT_EQ(test, 1, mdev_type_available(&f->types[2]));
	KUNIT_EXPECT_EQ(test, 0, fake_create(f, 2, 100));
}

static void drivers_own_limit(struct kunit *test)
{
	struct fake *f = fake_register(test, "mdev-count", &counting_driver);

	fake.left = 2;
	KUNIT_EXPECT_EQ(test, 2, mdev_type_available(&f->types[0]));
	KUNIT_EXPECT_EQ(test, 0, fake_create(f, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, fake_create(f, 1, 2));
	KUNIT_EXPECT_EQ(test, 0, mdev_type_available(&f->types[2]));
	KUNIT_EXPECT_EQ(test, -ENOSPC, fake_create(f, 2, 3));
	KUNIT_EXPECT_EQ(test, 0, f->types[2].in_use);
	KUNIT_EXPECT_EQ(test, 0, fake_remove_device(f, 1));
	KUNIT_EXPECT_EQ(test, 0, fake_create(f, 2, 3));
}

static void duplicate_guid(struct kunit *test)
{
	struct fake *f = fake_register(test, "mdev-dup-a", &limited_driver);
	struct fake *g = fake_register(test, "mdev-dup-b", &limited_driver);

	KUNIT_EXPECT_EQ(test, 0, fake_create(f, 0, 1));
	KUNIT_EXPECT_EQ(test, -EEXIST, fake_create(f, 0, 1));
	KUNIT_EXPECT_EQ(test, -EEXIST, fake_create(f, 1, 1));
	KUNIT_EXPECT_EQ(test, -EEXIST, fake_create(g, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, g->types[0].in_use);
	KUNIT_EXPECT_EQ(test, 0, fake_remove_device(f, 1));
	KUNIT_EXPECT_EQ(test, 0, fake_create(g, 0, 1));
	KUNIT_EXPECT_EQ(test, -EEXIST, fake_create(f, 0, 1));
}

static void refused_by_driver(struct kunit *test)
{
	struct fake *f = fake_register(test, "mdev-refuse", &limited_driver);

	fake.probe_error = -ENXIO;
	KUNIT_EXPECT_EQ(test, -ENXIO, fake_create(f, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, fake.removed);
	KUNIT_EXPECT_EQ(test, FAKE_LIMIT, mdev_type_available(&f->types[0]));
	KUNIT_EXPECT_NULL(test, fake_find(f, 1));

	fake.probe_error = 0;
	KUNIT_EXPECT_EQ(test, 0, fake_create(f, 0, 1));
}

static void create_remove_cycles(struct kunit *test)
{
	struct fake *f = fake_register(test, "mdev-cycles", &limited_driver);
	unsigned int i;

	for (i = 0; i < 50; i++) {
		KUNIT_ASSERT_EQ(test, 0, fake_create(f, i % FAKE_TYPES, 7));
		KUNIT_ASSERT_EQ(test, 0, fake_remove_device(f, 7));
	}
	KUNIT_EXPECT_EQ(test, 50, fake.probed);
	KUNIT_EXPECT_EQ(test, 50, fake.removed);
	KUNIT_EXPECT_EQ(test, FAKE_LIMIT, mdev_type_available(&f->types[0]));
}

/* A reference that someone keeps does not keep the GUID or the instance. */
static void freed_by_remove(struct kunit *test)
{
	struct fake *f = fake_register(test, "mdev-freed", &limited_driver);
	struct mdev_device *mdev;

	KUNIT_ASSERT_EQ(test, 0, fake_create(f, 0, 1));
	mdev = fake_find(f, 1);
	KUNIT_ASSERT_NOT_NULL(test, mdev);

	KUNIT_EXPECT_EQ(test, 0, fake_remove_device(f, 1));
	KUNIT_EXPECT_EQ(test, FAKE_LIMIT, mdev_type_available(&f->types[0]));
	KUNIT_EXPECT_EQ(test, 0, fake_create(f, 0, 1));
	KUNIT_EXPECT_EQ(test, -ENODEV, mdev_remove_begin(mdev));
	put_device(&mdev->dev);
}

static void remove_in_remove(struct mdev_device *mdev)
{
	fake.seen = mdev_remove_begin(mdev);
}

static void remove_states(struct kunit *test)
{
	struct fake *f = fake_register(test, "mdev-states", &limited_driver);

	fake.on_probe = mdev_remove_begin;
	fake.on_remove = remove_in_remove;
	KUNIT_ASSERT_EQ(test, 0, fake_create(f, 0, 1));
	KUNIT_EXPECT_EQ(test, -EAGAIN, fake.seen);
	KUNIT_EXPECT_EQ(test, 0, fake_remove_device(f, 1));
	KUNIT_EXPECT_EQ(test, -ENODEV, fake.seen);
	KUNIT_EXPECT_EQ(test, 1, fake.removed);
}

static void create_in_remove(struct mdev_device *mdev)
{
	guid_t guid = fake_guid(99);

	fake.seen = mdev_device_create(mdev->type, &guid);
	if (fake.seen == -ENODEV)
		fake.seen = mdev_remove_begin(mdev);
}

static void unregister_with_children(struct kunit *test)
{
	struct fake *f = fake_register(test, "mdev-unreg", &limited_driver);
	struct device *dev = f->parent.dev;
	unsigned int i;

	for (i = 0; i < FAKE_LIMIT; i++)
		KUNIT_ASSERT_EQ(test, 0, fake_create(f, i % FAKE_TYPES, i));
	fake.on_remove = create_in_remove;
	mdev_unregister_parent(&f->parent);

	KUNIT_EXPECT_EQ(test, FAKE_LIMIT, fake.removed);
	KUNIT_EXPECT_EQ(test, -ENODEV, fake.seen);
	KUNIT_EXPECT_NULL(test, fake_find(f, 0));
	KUNIT_EXPECT_FALSE(test, has_entry(&dev->kobj, "mdev_supported_types"));
}

/*
 * Defect 8: the last put may come when the parent, its types and the device
 * they hung on are gone. KASAN tells if anything looks at them.
 */
static void mdev_defect_8_late_release(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "mdev-late");
	struct fake *f = kzalloc(sizeof(*f), GFP_KERNEL);
	struct mdev_device *mdev;
	int ret;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_ASSERT_NOT_NULL(test, f);
	fake_init(f);
	ret = mdev_register_parent(&f->parent, dev, &limited_driver, f->list,
				   FAKE_TYPES);
	if (ret) {
		kfree(f);
		KUNIT_FAIL_AND_ABORT(test, "registering failed: %d", ret);
	}
	KUNIT_EXPECT_EQ(test, 0, fake_create(f, 0, 1));
	mdev = fake_find(f, 1);

	mdev_unregister_parent(&f->parent);
	memset(f, 0x6b, sizeof(*f));
	kfree(f);
	kunit_device_unregister(test, dev);

	KUNIT_ASSERT_NOT_NULL(test, mdev);
	KUNIT_EXPECT_EQ(test, -ENODEV, mdev_remove_begin(mdev));
	put_device(&mdev->dev);
}

/* The same structures, with whatever the first time left in them. */
static void registered_again(struct kunit *test)
{
	struct fake *f = fake_register(test, "mdev-again", &limited_driver);
	struct device *dev = f->parent.dev;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, 0, fake_create(f, i, 1));
		mdev_unregister_parent(&f->parent);
		f->types[0].in_use = 77;
		KUNIT_ASSERT_EQ(test, 0,
				mdev_register_parent(&f->parent, dev,
						     &limited_driver, f->list,
						     FAKE_TYPES));
		KUNIT_EXPECT_EQ(test, FAKE_LIMIT,
				mdev_type_available(&f->types[0]));
	}
}

static void refused_registrations(struct kunit *test)
{
	struct fake *f = fake_register(test, "mdev-bad", &limited_driver);
	struct mdev_driver nameless = { .driver.name = "mdev_kunit_nameless" };
	struct mdev_driver early = limited_driver;
	struct device *dev = f->parent.dev;

	KUNIT_EXPECT_EQ(test, -EINVAL, mdev_register_driver(&nameless));

	mdev_unregister_parent(&f->parent);
	f->types[2].sysfs_name = NULL;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			mdev_register_parent(&f->parent, dev, &limited_driver,
					     f->list, FAKE_TYPES));
	KUNIT_EXPECT_FALSE(test, has_entry(&dev->kobj, "mdev_supported_types"));
	KUNIT_EXPECT_NULL(test, f->parent.reg);

	/* The parent may come before its driver, but no device can. */
	early.ready = false;
	KUNIT_ASSERT_EQ(test, 0, mdev_register_parent(&f->parent, dev, &early,
						      f->list, 2));
	KUNIT_EXPECT_EQ(test, -ENODEV, fake_create(f, 0, 1));
	mdev_unregister_parent(&f->parent);
}

static int mdev_kunit_init(struct kunit *test)
{
	memset(&fake, 0, sizeof(fake));
	return 0;
}

static int mdev_kunit_suite_init(struct kunit_suite *suite)
{
	int ret = mdev_register_driver(&limited_driver);

	if (ret)
		return ret;
	ret = mdev_register_driver(&counting_driver);
	if (ret)
		mdev_unregister_driver(&limited_driver);
	return ret;
}

static void mdev_kunit_suite_exit(struct kunit_suite *suite)
{
	mdev_unregister_driver(&counting_driver);
	mdev_unregister_driver(&limited_driver);
}

static struct kunit_case mdev_kunit_cases[] = {
	KUNIT_CASE_PARAM(guid_parsing, guid_gen_params),
	KUNIT_CASE(names_and_links),
	KUNIT_CASE(shared_limit),
	KUNIT_CASE(drivers_own_limit),
	KUNIT_CASE(duplicate_guid),
	KUNIT_CASE(refused_by_driver),
	KUNIT_CASE(create_remove_cycles),
	KUNIT_CASE(freed_by_remove),
	KUNIT_CASE(remove_states),
	KUNIT_CASE(unregister_with_children),
	KUNIT_CASE(mdev_defect_8_late_release),
	KUNIT_CASE(registered_again),
	KUNIT_CASE(refused_registrations),
	{}
};

static struct kunit_suite mdev_kunit_suite = {
	.name = "mdev",
	.init = mdev_kunit_init,
	.suite_init = mdev_kunit_suite_init,
	.suite_exit = mdev_kunit_suite_exit,
	.test_cases = mdev_kunit_cases,
};

kunit_test_suite(mdev_kunit_suite);

MODULE_DESCRIPTION("KUnit tests of the mediated device core");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
