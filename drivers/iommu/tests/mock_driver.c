// SPDX-License-Identifier: GPL-2.0-only
/*
 * The drivers that the tests bind to mock devices, and what tests look at:
 * sysfs and the kernel's log. Binding goes through the driver core, so the
 * device's lock is held as for any driver.
 */
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/kmsg_dump.h>
#include <linux/platform_device.h>

#include "mock.h"

void (*mock_driver_hook)(struct mock_dev *mdev, bool probe);

static struct mock_dev *driver_mdev(struct platform_device *pdev)
{
	return *(struct mock_dev **)dev_get_platdata(&pdev->dev);
}

static int mock_driver_probe(struct platform_device *pdev)
{
	struct mock_dev *mdev = driver_mdev(pdev);

	mdev->bound = true;
	if (mock_driver_hook)
		mock_driver_hook(mdev, true);
	return 0;
}

static void mock_driver_remove(struct platform_device *pdev)
{
	struct mock_dev *mdev = driver_mdev(pdev);

	if (mock_driver_hook)
		mock_driver_hook(mdev, false);
	mdev->bound = false;
}

static struct platform_driver mock_driver = {
	.probe = mock_driver_probe,
	.remove_new = mock_driver_remove,
	.driver.name = MOCK_DRIVER,
};

static struct platform_driver mock_user = {
	.driver.name = MOCK_USER,
	.driver_managed_dma = true,
};

int mock_drivers_register(void)
{
	int ret = platform_driver_register(&mock_driver);

	if (ret)
		return ret;
	ret = platform_driver_register(&mock_user);
	if (ret)
		platform_driver_unregister(&mock_driver);
	return ret;
}

void mock_drivers_unregister(void)
{
	platform_driver_unregister(&mock_user);
	platform_driver_unregister(&mock_driver);
}

/* Bind the driver that does DMA through the kernel; what the driver core says. */
int mock_bind(struct mock_dev *mdev)
{
	return device_driver_attach(&mock_driver.driver, mock_device(mdev));
}

/* Bind the driver that leaves DMA to a user, as vfio-pci does. */
int mock_bind_user(struct mock_dev *mdev)
{
	return device_driver_attach(&mock_user.driver, mock_device(mdev));
}

void mock_unbind(struct mock_dev *mdev)
{
	device_release_driver(mock_device(mdev));
}

static struct file *group_open(int id, const char *name, int flags)
{
	char path[80];

	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d%s%s", id, *name ? "/" : "",
		 name);
	return filp_open(path, flags, 0);
}

/**
 * group_read - read an attribute of a group
 * @id: the group's number
 * @name: the attribute
 * @buf: becomes a string without the last newline
 * @size: its size
 *
 * Return: the string's length or a negative errno.
 */
int group_read(int id, const char *name, char *buf, size_t size)
{
	struct file *file = group_open(id, name, O_RDONLY);
	loff_t pos = 0;
	ssize_t len;

	if (IS_ERR(file))
		return PTR_ERR(file);
	len = kernel_read(file, buf, size - 1, &pos);
	filp_close(file, NULL);
	if (len < 0)
		return len;
	if (len && buf[len - 1] == '\n')
		len--;
	buf[len] = 0;
	return len;
}

/* Write an attribute of a group: 0 or a negative errno. */
int group_write(int id, const char *name, const char *text)
{
	struct file *file = group_open(id, name, O_WRONLY);
	loff_t pos = 0;
	ssize_t len;

	if (IS_ERR(file))
		return PTR_ERR(file);
	len = kernel_write(file, text, strlen(text), &pos);
	filp_close(file, NULL);
	return len < 0 ? len : 0;
}

bool group_exists(int id)
{
	struct file *file = group_open(id, "", O_RDONLY | O_DIRECTORY);

	if (IS_ERR(file))
		return false;
	filp_close(file, NULL);
	return true;
}

/* Wait for a group's directory to go: releases may be put off for seconds. */
bool group_goes(int id)
{
	int tries;

	for (tries = 0; group_exists(id); tries++) {
		if (tries == 200)
			return false;
		msleep(50);
	}
	return true;
}

/* What the group's "type" reads, a string of the test's. */
const char *group_type(struct kunit *test, struct iommu_group *group)
{
	char *buf = kunit_kzalloc(test, 32, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	if (!group || group_read(iommu_group_id(group), "type", buf, 32) < 0)
		return "";
	return buf;
}

/* A place in the kernel's log: what log_count() sees comes after it. */
u64 log_mark(void)
{
	struct kmsg_dump_iter iter;

	kmsg_dump_rewind(&iter);
	return iter.next_seq;
}

/* How many lines of the log since @mark have both texts in them; @b may be NULL. */
unsigned int log_count(u64 mark, const char *a, const char *b)
{
	struct kmsg_dump_iter iter;
	static char line[1024];
	unsigned int count = 0;
	size_t len;

	kmsg_dump_rewind(&iter);
	iter.cur_seq = max(iter.cur_seq, mark);
	while (kmsg_dump_get_line(&iter, false, line, sizeof(line) - 1, &len)) {
		line[len] = 0;
		if (strstr(line, a) && (!b || strstr(line, b)))
			count++;
	}
	return count;
}

static void plain_release(struct device *dev)
{
	kfree(dev);
}

static void plain_unregister(void *dev)
{
	device_unregister(dev);
}

/* A device that no bus has: nobody but the test asks for its group. */
struct device *plain_device(struct kunit *test, struct device *parent, const char *name)
{
	struct device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	device_initialize(dev);
	dev->release = plain_release;
	dev->parent = parent;
	KUNIT_ASSERT_EQ(test, dev_set_name(dev, "%s", name), 0);
	KUNIT_ASSERT_EQ(test, device_add(dev), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, plain_unregister, dev), 0);
	return dev;
}

/* The IOMMU, two devices that share a group, and that group. */
struct iommu_group *two_members(struct kunit *test, struct mock_dev **mdev)
{
	struct mock *mock = test->priv;

	KUNIT_ASSERT_EQ(test, mock_register(mock), 0);
	mdev[0] = mock_dev_added(mock, 1);
	mdev[1] = mock_dev_added(mock, 1);
	KUNIT_ASSERT_NOT_NULL(test, mock_group(mdev[0]));
	KUNIT_ASSERT_PTR_EQ(test, mock_group(mdev[0]), mock_group(mdev[1]));
	return mock_group(mdev[0]);
}
