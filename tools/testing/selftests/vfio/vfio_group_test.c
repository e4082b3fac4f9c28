// SPDX-License-Identifier: GPL-2.0
/*
 * The group file: opening it, GET_STATUS, SET_CONTAINER and UNSET_CONTAINER
 * with each of their errors, GET_DEVICE_FD, the orders in which group, device
 * and container may be closed, and a group whose last device has gone. Runs
 * on an mdev and on a PCI function; a container of type1 stands beside it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "vfio_harness.h"

#define VIABLE		VFIO_GROUP_FLAGS_VIABLE
#define WITH_CONTAINER	VFIO_GROUP_FLAGS_CONTAINER_SET

FIXTURE(group) {
	struct vfio_dut dut;
	int fd, container;
};

FIXTURE_VARIANT(group) {
	enum vfio_dut_kind kind;
};

FIXTURE_VARIANT_ADD(group, mdev) { .kind = VFIO_DUT_MDEV };
FIXTURE_VARIANT_ADD(group, pci) { .kind = VFIO_DUT_PCI };

FIXTURE_SETUP(group)
{
	if (!dut_ready(_metadata, &self->dut, variant->kind))
		return;
	self->fd = node_open(self->dut.group);
	ASSERT_LE(0, self->fd);
	self->container = container_open();
	ASSERT_LE(0, self->container);
}

FIXTURE_TEARDOWN(group)
{
	close(self->fd);
	close(self->container);
}

TEST_F(group, open_already_open_EBUSY)
{
	EXPECT_EQ(-EBUSY, node_open(self->dut.group));
	close(self->fd);
	self->fd = node_open(self->dut.group);
	EXPECT_LE(0, self->fd);
}

TEST_F(group, unknown_ioctl_ENOTTY)
{
	EXPECT_EQ(-ENOTTY, vfio_ioctl(self->fd, _IO(';', 250), NULL));
	EXPECT_EQ(-ENOTTY, vfio_ioctl(self->fd, VFIO_DEVICE_GET_INFO, NULL));
}

TEST_F(group, get_status_arguments)
{
	struct vfio_group_status status = { .argsz = sizeof(status) - 1 };

	EXPECT_EQ(-EINVAL, vfio_ioctl(self->fd, VFIO_GROUP_GET_STATUS,
				      &status));
	EXPECT_EQ(-EFAULT, vfio_ioctl(self->fd, VFIO_GROUP_GET_STATUS, NULL));
	status.argsz = sizeof(status) + 16;
	EXPECT_EQ(0, vfio_ioctl(self->fd, VFIO_GROUP_GET_STATUS, &status));
}

TEST_F(group, get_status_follows_the_container)
{
	__u32 flags;

	EXPECT_EQ(0, group_status(self->fd, &flags));
	EXPECT_EQ(VIABLE, flags);
	EXPECT_EQ(0, group_set_container(self->fd, self->container));
	EXPECT_EQ(0, group_status(self->fd, &flags));
	EXPECT_EQ(VIABLE | WITH_CONTAINER, flags);
	EXPECT_EQ(0, group_unset_container(self->fd));
	EXPECT_EQ(0, group_status(self->fd, &flags));
	EXPECT_EQ(VIABLE, flags);
}

TEST_F(group, set_container_bad_fd_EBADF)
{
	EXPECT_EQ(-EBADF, group_set_container(self->fd, -1));
	EXPECT_EQ(-EBADF, group_set_container(self->fd, 999));
}

TEST_F(group, set_container_wrong_file_EBADFD)
{
	int null = node_open("/dev/null");

	EXPECT_EQ(-EBADFD, group_set_container(self->fd, null));
	EXPECT_EQ(-EBADFD, group_set_container(self->fd, self->fd));
	close(null);
}

TEST_F(group, set_container_EFAULT)
{
	EXPECT_EQ(-EFAULT, vfio_ioctl(self->fd, VFIO_GROUP_SET_CONTAINER,
				      NULL));
}

TEST_F(group, set_container_already_set_EINVAL)
{
	int other = container_open(), iommufd = iommufd_open();

	ASSERT_EQ(0, group_set_container(self->fd, self->container));
	EXPECT_EQ(-EINVAL, group_set_container(self->fd, self->container));
	EXPECT_EQ(-EINVAL, group_set_container(self->fd, other));
	/* A kernel without iommufd has no such file. */
	if (iommufd != -ENOENT)
		EXPECT_EQ(-EINVAL, group_set_container(self->fd, iommufd));
	close(other);
	close(iommufd);
}

TEST_F(group, unset_container_none_EINVAL)
{
	EXPECT_EQ(-EINVAL, group_unset_container(self->fd));
	ASSERT_EQ(0, group_set_container(self->fd, self->container));
	EXPECT_EQ(0, group_unset_container(self->fd));
	EXPECT_EQ(-EINVAL, group_unset_container(self->fd));
}

TEST_F(group, unset_container_users_EBUSY)
{
	int dev;

	ASSERT_EQ(0, group_set_container(self->fd, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
	dev = group_get_device(self->fd, self->dut.name);
	ASSERT_LE(0, dev);
	EXPECT_EQ(-EBUSY, group_unset_container(self->fd));
	EXPECT_EQ(0, device_alive(dev));
	close(dev);
	EXPECT_EQ(0, group_unset_container(self->fd));
}

TEST_F(group, get_device_fd_no_container_EINVAL)
{
	EXPECT_EQ(-EINVAL, group_get_device(self->fd, self->dut.name));
}

TEST_F(group, get_device_fd_no_set_iommu_EINVAL)
{
	ASSERT_EQ(0, group_set_container(self->fd, self->container));
	EXPECT_EQ(-EINVAL, group_get_device(self->fd, self->dut.name));
	/* A refusal is not a user. */
	EXPECT_EQ(0, group_unset_container(self->fd));
}

TEST_F(group, get_device_fd_unknown_ENODEV)
{
	ASSERT_EQ(0, group_set_container(self->fd, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-ENODEV, group_get_device(self->fd, "no-such-device"));
	EXPECT_EQ(-ENODEV, group_get_device(self->fd, ""));
}

TEST_F(group, get_device_fd_bad_string)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_EQ(-EFAULT, group_get_device(self->fd, NULL));
	memset(page, 'x', 8192);
	EXPECT_EQ(-EINVAL, group_get_device(self->fd, page));
}

/* What the driver's match op says goes to the user: here a stray option. */
TEST_F(group, get_device_fd_match_errno)
{
	char name[128];

	if (variant->kind == VFIO_DUT_MDEV)
		SKIP(return, "the driver has no match op");
	ASSERT_EQ(0, group_set_container(self->fd, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
	snprintf(name, sizeof(name), "%s no_such_option=1", self->dut.name);
	EXPECT_EQ(-EINVAL, group_get_device(self->fd, name));
	snprintf(name, sizeof(name),
		 "%s vf_token=00112233-4455-6677-8899-aabbccddeeff",
		 self->dut.name);
	EXPECT_EQ(-EINVAL, group_get_device(self->fd, name));
}

TEST_F(group, get_device_fd_EMFILE)
{
	struct rlimit limit = { 3, 3 }, old;
	int ret;

	ASSERT_EQ(0, group_set_container(self->fd, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	limit.rlim_max = old.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	ret = group_get_device(self->fd, self->dut.name);
	setrlimit(RLIMIT_NOFILE, &old);
	EXPECT_EQ(-EMFILE, ret);
	EXPECT_EQ(0, group_unset_container(self->fd));
}

TEST_F(group, device_fd_properties)
{
	char path[64], link[64];
	int dev;

	ASSERT_EQ(0, group_set_container(self->fd, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
	dev = group_get_device(self->fd, self->dut.name);
	ASSERT_LE(0, dev);
	EXPECT_EQ(FD_CLOEXEC, fcntl(dev, F_GETFD));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dev);
	EXPECT_EQ(0, sysfs_link_name(path, link, sizeof(link)));
	EXPECT_STREQ("anon_inode:[vfio-device]", link);
	/* pread() works although there is nothing to seek in. */
	EXPECT_EQ(0, device_alive(dev));
	close(dev);
}

/* One device, many fds: they share it, and the last one closes it. */
TEST_F(group, several_device_fds)
{
	int dev[3], i;

	ASSERT_EQ(0, group_set_container(self->fd, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
	for (i = 0; i < 3; i++) {
		dev[i] = group_get_device(self->fd, self->dut.name);
		ASSERT_LE(0, dev[i]);
	}
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, device_alive(dev[i]));
		EXPECT_EQ(-EBUSY, group_unset_container(self->fd));
		close(dev[i]);
	}
	EXPECT_EQ(0, group_unset_container(self->fd));
}

/* A kernel that has no cdevs knows no BIND, on whatever file of a device. */
TEST_F(group, bind_without_cdevs_ENOTTY)
{
	int dev;

	if (self->dut.cdev[0])
		SKIP(return, "this kernel has cdevs");
	ASSERT_EQ(0, group_set_container(self->fd, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
	dev = group_get_device(self->fd, self->dut.name);
	ASSERT_LE(0, dev);
	EXPECT_EQ(-ENOTTY, vfio_bind(dev, self->container, NULL));
	EXPECT_EQ(0, device_alive(dev));
	close(dev);
}

/* A device fd keeps its group open, and the container in use. */
TEST_F(group, group_closed_before_device)
{
	int dev;

	ASSERT_EQ(0, group_set_container(self->fd, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
	dev = group_get_device(self->fd, self->dut.name);
	ASSERT_LE(0, dev);
	close(self->fd);
	EXPECT_EQ(-EBUSY, node_open(self->dut.group));
	EXPECT_EQ(0, device_alive(dev));
	close(self->container);
	EXPECT_EQ(0, device_alive(dev));
	close(dev);
	EXPECT_EQ(0, device_is_free(&self->dut));
}

TEST_F(group, container_closed_first)
{
	int dev;

	ASSERT_EQ(0, group_set_container(self->fd, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
	close(self->container);
	dev = group_get_device(self->fd, self->dut.name);
	ASSERT_LE(0, dev);
	EXPECT_EQ(0, device_alive(dev));
	close(dev);
	EXPECT_EQ(0, group_unset_container(self->fd));
	EXPECT_EQ(-EINVAL, group_unset_container(self->fd));
}

/* Closing the group takes it out of its container. */
TEST_F(group, close_with_container)
{
	ASSERT_EQ(0, group_set_container(self->fd, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
	close(self->fd);
	EXPECT_EQ(-EINVAL, container_set_iommu(self->container,
					       VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, device_is_free(&self->dut));
}

/* The last device leaves while the group file stays open. */

FIXTURE(gone) {
	struct vfio_dut dut;
	int fd, container;
	char again[64];
};

FIXTURE_SETUP(gone)
{
	if (!dut_ready(_metadata, &self->dut, VFIO_DUT_MDEV))
		return;
	ASSERT_EQ(0, vfio_dut_new_mdev(&self->dut));
	self->fd = node_open(self->dut.group);
	ASSERT_LE(0, self->fd);
	self->container = container_open();
	ASSERT_LE(0, self->container);
	snprintf(self->again, sizeof(self->again), "/proc/self/fd/%d",
		 self->fd);
}

FIXTURE_TEARDOWN(gone)
{
	close(self->fd);
	close(self->container);
}

TEST_F(gone, open_ENODEV)
{
	EXPECT_EQ(-EBUSY, node_open(self->again));
	ASSERT_EQ(0, mdev_remove(self->dut.name));
	EXPECT_EQ(-ENOENT, node_open(self->dut.group));
	EXPECT_EQ(-ENODEV, node_open(self->again));
}

TEST_F(gone, ioctls)
{
	__u32 flags;

	ASSERT_EQ(0, mdev_remove(self->dut.name));
	EXPECT_EQ(-ENODEV, group_status(self->fd, &flags));
	EXPECT_EQ(-ENODEV, group_set_container(self->fd, self->container));
	EXPECT_EQ(-EINVAL, group_unset_container(self->fd));
	EXPECT_EQ(-ENODEV, group_get_device(self->fd, self->dut.name));
}

TEST_F(gone, container_was_set)
{
	__u32 flags;

	ASSERT_EQ(0, group_set_container(self->fd, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, mdev_remove(self->dut.name));
	EXPECT_EQ(-ENODEV, group_status(self->fd, &flags));
	EXPECT_EQ(-EINVAL, group_unset_container(self->fd));
	/* The container is as if the group had never been in it. */
	EXPECT_EQ(-EINVAL, container_set_iommu(self->container,
					       VFIO_TYPE1v2_IOMMU));
}

TEST_F(gone, iommufd_was_set)
{
	int iommufd = iommufd_open();
	__u32 flags;

	if (iommufd == -ENOENT)
		SKIP(return, "this kernel has no iommufd");
	ASSERT_EQ(0, group_set_container(self->fd, iommufd));
	ASSERT_EQ(0, mdev_remove(self->dut.name));
	EXPECT_EQ(-ENODEV, group_status(self->fd, &flags));
	EXPECT_EQ(-ENODEV, group_get_device(self->fd, self->dut.name));
	close(iommufd);
}

TEST_HARNESS_MAIN
