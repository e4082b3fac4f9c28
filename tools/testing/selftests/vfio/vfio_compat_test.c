// SPDX-License-Identifier: GPL-2.0
/*
 * An iommufd in the place of a container: VFIO_GROUP_SET_CONTAINER takes
 * /dev/iommu, and the ioctls of type1 work on its compatibility IOAS. SET and
 * UNSET with their errors, device fds, the change between the two kinds of
 * container. Runs on an mdev and on a PCI function.
 */
#include <sys/mman.h>
#include <linux/iommufd.h>

#include "vfio_harness.h"

#define BUF_SIZE	0x10000
#define IOVA		0x100000

FIXTURE(compat) {
	struct vfio_dut dut;
	int fd, iommufd;
};

FIXTURE_VARIANT(compat) {
	enum vfio_dut_kind kind;
};

FIXTURE_VARIANT_ADD(compat, mdev) { .kind = VFIO_DUT_MDEV };
FIXTURE_VARIANT_ADD(compat, pci) { .kind = VFIO_DUT_PCI };

FIXTURE_SETUP(compat)
{
	if (!dut_ready(_metadata, &self->dut, variant->kind))
		return;
	self->fd = node_open(self->dut.group);
	ASSERT_LE(0, self->fd);
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
}

FIXTURE_TEARDOWN(compat)
{
	close(self->fd);
	close(self->iommufd);
}

/* The IOAS that the container ioctls work on, 0 if there is none. */
static __u32 compat_ioas(int iommufd)
{
	struct iommu_vfio_ioas get = {
		.size = sizeof(get),
		.op = IOMMU_VFIO_IOAS_GET,
	};

	return vfio_ioctl(iommufd, IOMMU_VFIO_IOAS, &get) ? 0 : get.ioas_id;
}

TEST_F(compat, set_makes_an_ioas)
{
	__u32 flags;

	EXPECT_EQ(0U, compat_ioas(self->iommufd));
	EXPECT_EQ(-ENODEV, container_set_iommu(self->iommufd,
					       VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, group_set_container(self->fd, self->iommufd));
	EXPECT_NE(0U, compat_ioas(self->iommufd));
	EXPECT_EQ(0, container_set_iommu(self->iommufd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, group_status(self->fd, &flags));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET,
		  (int)flags);
}

TEST_F(compat, set_again_EINVAL)
{
	int container = container_open();

	ASSERT_EQ(0, group_set_container(self->fd, self->iommufd));
	EXPECT_EQ(-EINVAL, group_set_container(self->fd, self->iommufd));
	EXPECT_EQ(-EINVAL, group_set_container(self->fd, container));
	close(container);
}

TEST_F(compat, unset_without_users)
{
	__u32 flags;

	ASSERT_EQ(0, group_set_container(self->fd, self->iommufd));
	EXPECT_EQ(0, group_unset_container(self->fd));
	EXPECT_EQ(-EINVAL, group_unset_container(self->fd));
	EXPECT_EQ(0, group_status(self->fd, &flags));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE, (int)flags);
	EXPECT_EQ(-EINVAL, group_get_device(self->fd, self->dut.name));
}

/* Defect 4 has a test of its own for what follows from a UNSET too early. */
TEST_F(compat, unset_with_users_EBUSY)
{
	int dev;

	ASSERT_EQ(0, group_set_container(self->fd, self->iommufd));
	dev = group_get_device(self->fd, self->dut.name);
	ASSERT_LE(0, dev);
	EXPECT_EQ(-EBUSY, group_unset_container(self->fd));
	EXPECT_EQ(0, device_alive(dev));
	close(dev);
	EXPECT_EQ(0, group_unset_container(self->fd));
}

/* No SET_IOMMU is needed: the IOAS is there from the start. */
TEST_F(compat, get_device_fd)
{
	int dev, second;

	ASSERT_EQ(0, group_set_container(self->fd, self->iommufd));
	EXPECT_EQ(-ENODEV, group_get_device(self->fd, "no-such-device"));
	dev = group_get_device(self->fd, self->dut.name);
	ASSERT_LE(0, dev);
	EXPECT_EQ(0, device_alive(dev));
	second = group_get_device(self->fd, self->dut.name);
	ASSERT_LE(0, second);
	close(dev);
	EXPECT_EQ(0, device_alive(second));
	close(second);
	EXPECT_EQ(0, group_unset_container(self->fd));
}

TEST_F(compat, device_attached_to_the_ioas)
{
	__u32 ioas;
	int dev;

	ASSERT_EQ(0, group_set_container(self->fd, self->iommufd));
	ioas = compat_ioas(self->iommufd);
	dev = group_get_device(self->fd, self->dut.name);
	ASSERT_LE(0, dev);
	EXPECT_EQ(-EBUSY, iommufd_destroy(self->iommufd, ioas));
	close(dev);
	EXPECT_EQ(0, iommufd_destroy(self->iommufd, ioas));
}

TEST_F(compat, map_and_unmap)
{
	void *buf = mmap(NULL, BUF_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u64 len = BUF_SIZE;
	int dev;

	ASSERT_EQ(0, group_set_container(self->fd, self->iommufd));
	ASSERT_EQ(0, container_map(self->iommufd, buf, BUF_SIZE, IOVA));
	dev = group_get_device(self->fd, self->dut.name);
	ASSERT_LE(0, dev);
	EXPECT_EQ(-EEXIST, container_map(self->iommufd, buf, BUF_SIZE, IOVA));
	EXPECT_EQ(0, container_unmap(self->iommufd, IOVA, &len));
	EXPECT_EQ(BUF_SIZE, (int)len);
	EXPECT_EQ(0, container_map(self->iommufd, buf, BUF_SIZE, IOVA));
	/* The mapping goes with the last of its files. */
	close(self->iommufd);
	EXPECT_EQ(0, device_alive(dev));
	close(dev);
}

TEST_F(compat, group_closed_before_device)
{
	int dev;

	ASSERT_EQ(0, group_set_container(self->fd, self->iommufd));
	dev = group_get_device(self->fd, self->dut.name);
	ASSERT_LE(0, dev);
	close(self->fd);
	close(self->iommufd);
	EXPECT_EQ(0, device_alive(dev));
	close(dev);
	EXPECT_EQ(0, device_is_free(&self->dut));
}

TEST_F(compat, iommufd_then_container)
{
	int dev, container = container_open();

	ASSERT_EQ(0, group_set_container(self->fd, self->iommufd));
	dev = group_get_device(self->fd, self->dut.name);
	ASSERT_LE(0, dev);
	close(dev);
	ASSERT_EQ(0, group_unset_container(self->fd));
	ASSERT_EQ(0, group_set_container(self->fd, container));
	ASSERT_EQ(0, container_set_iommu(container, VFIO_TYPE1v2_IOMMU));
	dev = group_get_device(self->fd, self->dut.name);
	ASSERT_LE(0, dev);
	EXPECT_EQ(0, device_alive(dev));
	close(dev);
	EXPECT_EQ(0, group_unset_container(self->fd));
	EXPECT_EQ(0, group_set_container(self->fd, self->iommufd));
	close(container);
}

/* The cdev and the group may use one iommufd, one after the other. */
TEST_F(compat, group_then_cdev_on_one_iommufd)
{
	int dev;

	ASSERT_EQ(0, group_set_container(self->fd, self->iommufd));
	dev = group_get_device(self->fd, self->dut.name);
	ASSERT_LE(0, dev);
	close(dev);
	close(self->fd);
	if (!self->dut.cdev[0])
		SKIP(return, "no cdev");
	dev = vfio_open_bind(&self->dut, self->iommufd, NULL);
	ASSERT_LE(0, dev);
	EXPECT_EQ(0, device_alive(dev));
	close(dev);
}

/* The IOAS is gone when the device comes: its errno, and nothing left over. */
TEST_F(compat, get_device_fd_without_ioas)
{
	struct iommu_vfio_ioas clear = {
		.size = sizeof(clear),
		.op = IOMMU_VFIO_IOAS_CLEAR,
	};
	int dev;

	ASSERT_EQ(0, group_set_container(self->fd, self->iommufd));
	ASSERT_EQ(0, vfio_ioctl(self->iommufd, IOMMU_VFIO_IOAS, &clear));
	EXPECT_EQ(-ENODEV, group_get_device(self->fd, self->dut.name));
	EXPECT_EQ(0, group_unset_container(self->fd));
	ASSERT_EQ(0, group_set_container(self->fd, self->iommufd));
	dev = group_get_device(self->fd, self->dut.name);
	EXPECT_LE(0, dev);
	close(dev);
}

TEST_HARNESS_MAIN
