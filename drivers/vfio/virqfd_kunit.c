// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: what vfio_virqfd_enable() refuses, and slots that were never used
 *
 * An eventfd can only be had by user space; what events do is tested from
 * there, by tools/testing/selftests/vfio.
 */
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/vfio.h>

static int never_handler(void *opaque, void *data)
{
	struct kunit *test = opaque;

	KUNIT_FAIL(test, "handler called");
	return 0;
}

static void never_thread(void *opaque, void *data)
{
	struct kunit *test = opaque;

	KUNIT_FAIL(test, "thread function called");
}

static void bad_fd_test(struct kunit *test)
{
	static const int fds[] = { -1, INT_MIN, INT_MAX };
	struct virqfd *slot = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		KUNIT_EXPECT_EQ(test, -EBADF,
				vfio_virqfd_enable(test, never_handler,
						   never_thread, NULL, &slot,
						   fds[i]));
		KUNIT_EXPECT_NULL(test, slot);
	}
}

static const struct file_operations plain_fops = {};

static void not_an_eventfd_test(struct kunit *test)
{
	struct virqfd *slot = NULL;
	int fd;

	fd = anon_inode_getfd("plain", &plain_fops, NULL, O_CLOEXEC);
	KUNIT_ASSERT_GE(test, fd, 0);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			vfio_virqfd_enable(test, never_handler, never_thread,
					   NULL, &slot, fd));
	KUNIT_EXPECT_NULL(test, slot);
	KUNIT_EXPECT_EQ(test, 0, close_fd(fd));
}

static void never_used_test(struct kunit *test)
{
	struct virqfd *slot = NULL;

	vfio_virqfd_flush_thread(&slot);
	vfio_virqfd_disable(&slot);
	vfio_virqfd_disable(&slot);
	KUNIT_EXPECT_NULL(test, slot);
}

static struct kunit_case vfio_virqfd_cases[] = {
	KUNIT_CASE(bad_fd_test),
	KUNIT_CASE(not_an_eventfd_test),
	KUNIT_CASE(never_used_test),
	{}
};

static struct kunit_suite vfio_virqfd_suite = {
	.name = "vfio_virqfd",
	.test_cases = vfio_virqfd_cases,
};

kunit_test_suites(&vfio_virqfd_suite);
