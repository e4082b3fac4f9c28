// SPDX-License-Identifier: GPL-2.0
/*
 * The container file with type1 behind it: version and extensions, SET_IOMMU
 * with each of its errors, what is refused before it, MAP_DMA, UNMAP_DMA and
 * GET_INFO passed through, and the way back when the last group leaves. Runs
 * with a group of an mdev and with one of a PCI function.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "vfio_harness.h"

#define BUF_SIZE	0x10000
#define IOVA		0x100000

FIXTURE(container) {
	struct vfio_dut dut;
	int group, fd;
	void *buf;
};

FIXTURE_VARIANT(container) {
	enum vfio_dut_kind kind;
};

FIXTURE_VARIANT_ADD(container, mdev) { .kind = VFIO_DUT_MDEV };
FIXTURE_VARIANT_ADD(container, pci) { .kind = VFIO_DUT_PCI };

FIXTURE_SETUP(container)
{
	if (!dut_ready(_metadata, &self->dut, variant->kind))
		return;
	self->group = node_open(self->dut.group);
	ASSERT_LE(0, self->group);
	self->fd = container_open();
	ASSERT_LE(0, self->fd);
	self->buf = mmap(NULL, BUF_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->buf);
}

FIXTURE_TEARDOWN(container)
{
	close(self->group);
	close(self->fd);
}

static int extension(int fd, unsigned long which)
{
	return vfio_ioctl_val(fd, VFIO_CHECK_EXTENSION, which);
}

TEST_F(container, api_version)
{
	EXPECT_EQ(VFIO_API_VERSION,
		  vfio_ioctl(self->fd, VFIO_GET_API_VERSION, NULL));
}

TEST_F(container, extensions_of_all_drivers)
{
	EXPECT_EQ(1, extension(self->fd, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(1, extension(self->fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(1, extension(self->fd, VFIO_UNMAP_ALL));
	EXPECT_EQ(0, extension(self->fd, VFIO_UPDATE_VADDR));
	EXPECT_EQ(0, extension(self->fd, VFIO_DMA_CC_IOMMU));
	EXPECT_EQ(0, extension(self->fd, VFIO_SPAPR_TCE_IOMMU));
	EXPECT_EQ(0, extension(self->fd, 9999));
}

/* Once a driver is chosen, it alone answers. */
TEST_F(container, extensions_of_the_driver)
{
	bool emulated = variant->kind == VFIO_DUT_MDEV;

	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	EXPECT_EQ(1, extension(self->fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, extension(self->fd, VFIO_NOIOMMU_IOMMU));
	ASSERT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(1, extension(self->fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(emulated ? 0 : 1, extension(self->fd, VFIO_UPDATE_VADDR));
	EXPECT_EQ(0, extension(self->fd, 9999));
}

TEST_F(container, set_iommu_empty_EINVAL)
{
	EXPECT_EQ(-EINVAL, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-EINVAL, container_set_iommu(self->fd, 9999));
}

TEST_F(container, set_iommu_repeated_EINVAL)
{
	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-EINVAL, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-EINVAL, container_set_iommu(self->fd, VFIO_TYPE1_IOMMU));
}

TEST_F(container, set_iommu_nobody_ENODEV)
{
	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	EXPECT_EQ(-ENODEV, container_set_iommu(self->fd, 9999));
	EXPECT_EQ(-ENODEV, container_set_iommu(self->fd,
					       VFIO_SPAPR_TCE_IOMMU));
	EXPECT_EQ(-ENODEV, container_set_iommu(self->fd, VFIO_NOIOMMU_IOMMU));
	/* A refusal decides nothing. */
	EXPECT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
}

/* An extension that is no model of its own: the driver's open() says so. */
TEST_F(container, set_iommu_driver_errno)
{
	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	EXPECT_EQ(-EINVAL, container_set_iommu(self->fd, VFIO_UNMAP_ALL));
	EXPECT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1_IOMMU));
}

/* Before SET_IOMMU there is nobody to pass an ioctl to. */

FIXTURE(early) {
	struct vfio_dut dut;
	int group, fd;
};

FIXTURE_VARIANT(early) {
	unsigned long cmd;
};

FIXTURE_VARIANT_ADD(early, map) { VFIO_IOMMU_MAP_DMA };
FIXTURE_VARIANT_ADD(early, unmap) { VFIO_IOMMU_UNMAP_DMA };
FIXTURE_VARIANT_ADD(early, get_info) { VFIO_IOMMU_GET_INFO };
FIXTURE_VARIANT_ADD(early, dirty_pages) { VFIO_IOMMU_DIRTY_PAGES };
FIXTURE_VARIANT_ADD(early, enable) { VFIO_IOMMU_ENABLE };
FIXTURE_VARIANT_ADD(early, unknown) { _IO(';', 250) };

FIXTURE_SETUP(early)
{
	if (!dut_ready(_metadata, &self->dut, VFIO_DUT_MDEV))
		return;
	self->group = node_open(self->dut.group);
	ASSERT_LE(0, self->group);
	self->fd = container_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(early)
{
	close(self->group);
	close(self->fd);
}

TEST_F(early, without_group_EINVAL)
{
	char arg[256] = { 64 };

	EXPECT_EQ(-EINVAL, vfio_ioctl(self->fd, variant->cmd, arg));
	EXPECT_EQ(-EINVAL, vfio_ioctl(self->fd, variant->cmd, NULL));
}

TEST_F(early, with_group_EINVAL)
{
	char arg[256] = { 64 };

	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	EXPECT_EQ(-EINVAL, vfio_ioctl(self->fd, variant->cmd, arg));
}

TEST_F(early, after_last_group_left_EINVAL)
{
	char arg[256] = { 64 };

	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, group_unset_container(self->group));
	EXPECT_EQ(-EINVAL, vfio_ioctl(self->fd, variant->cmd, arg));
}

/* With type1 chosen. */

TEST_F(container, map_and_unmap)
{
	__u64 len = BUF_SIZE;

	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, container_map(self->fd, self->buf, BUF_SIZE, IOVA));
	EXPECT_EQ(-EEXIST, container_map(self->fd, self->buf, BUF_SIZE, IOVA));
	EXPECT_EQ(0, container_unmap(self->fd, IOVA, &len));
	EXPECT_EQ(BUF_SIZE, (int)len);
	EXPECT_EQ(0, container_unmap(self->fd, IOVA, &len));
	EXPECT_EQ(0, (int)len);
}

TEST_F(container, map_refused)
{
	struct vfio_iommu_type1_dma_map map = { .argsz = sizeof(map) - 1 };

	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-EFAULT, vfio_ioctl(self->fd, VFIO_IOMMU_MAP_DMA, NULL));
	EXPECT_EQ(-EINVAL, vfio_ioctl(self->fd, VFIO_IOMMU_MAP_DMA, &map));
	EXPECT_EQ(-EINVAL, container_map(self->fd, self->buf, 0, IOVA));
	EXPECT_EQ(-EINVAL, container_map(self->fd, self->buf, 4096, IOVA + 1));
	EXPECT_EQ(-EINVAL, container_map(self->fd, (char *)self->buf + 1,
					 4096, IOVA));
	EXPECT_EQ(-ENOTTY, vfio_ioctl(self->fd, _IO(';', 250), NULL));
}

TEST_F(container, unmap_must_not_bisect)
{
	__u64 len = BUF_SIZE / 2;

	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, container_map(self->fd, self->buf, BUF_SIZE, IOVA));
	EXPECT_EQ(-EINVAL, container_unmap(self->fd, IOVA, &len));
}

TEST_F(container, get_info)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };

	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, vfio_ioctl(self->fd, VFIO_IOMMU_GET_INFO, &info));
	EXPECT_TRUE(info.flags & VFIO_IOMMU_INFO_PGSIZES);
	EXPECT_TRUE(info.flags & VFIO_IOMMU_INFO_CAPS);
	EXPECT_TRUE(info.iova_pgsizes & sysconf(_SC_PAGESIZE));
	EXPECT_LT(sizeof(info), info.argsz);
	info.argsz = 4;
	EXPECT_EQ(-EINVAL, vfio_ioctl(self->fd, VFIO_IOMMU_GET_INFO, &info));
}

/* The driver goes with the last group; the container can start again. */
TEST_F(container, starts_again)
{
	int i, dev;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, group_set_container(self->group, self->fd));
		ASSERT_EQ(0, container_set_iommu(self->fd,
						 VFIO_TYPE1v2_IOMMU));
		ASSERT_EQ(0, container_map(self->fd, self->buf, BUF_SIZE,
					   IOVA));
		dev = group_get_device(self->group, self->dut.name);
		ASSERT_LE(0, dev);
		close(dev);
		ASSERT_EQ(0, group_unset_container(self->group));
	}
}

/* Two groups, of either kind, in one container. */

FIXTURE(pair) {
	struct vfio_dut mdev, pci;
	int group[2], fd;
};

FIXTURE_SETUP(pair)
{
	if (!dut_ready(_metadata, &self->mdev, VFIO_DUT_MDEV) ||
	    !dut_ready(_metadata, &self->pci, VFIO_DUT_PCI))
		return;
	self->group[0] = node_open(self->mdev.group);
	self->group[1] = node_open(self->pci.group);
	self->fd = container_open();
	ASSERT_LE(0, self->group[0]);
	ASSERT_LE(0, self->group[1]);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(pair)
{
	close(self->group[0]);
	close(self->group[1]);
	close(self->fd);
}

TEST_F(pair, one_driver_for_both)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	int dev[2];

	ASSERT_EQ(0, group_set_container(self->group[0], self->fd));
	ASSERT_EQ(0, group_set_container(self->group[1], self->fd));
	ASSERT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	dev[0] = group_get_device(self->group[0], self->mdev.name);
	dev[1] = group_get_device(self->group[1], self->pci.name);
	ASSERT_LE(0, dev[0]);
	ASSERT_LE(0, dev[1]);
	/* A group knows its own devices alone. */
	EXPECT_EQ(-ENODEV, group_get_device(self->group[0], self->pci.name));
	EXPECT_EQ(0, device_alive(dev[0]));
	EXPECT_EQ(0, device_alive(dev[1]));
	close(dev[0]);
	EXPECT_EQ(0, group_unset_container(self->group[0]));
	/* The driver stays for the group that is left. */
	EXPECT_EQ(0, vfio_ioctl(self->fd, VFIO_IOMMU_GET_INFO, &info));
	EXPECT_EQ(-EBUSY, group_unset_container(self->group[1]));
	close(dev[1]);
	EXPECT_EQ(0, group_unset_container(self->group[1]));
	EXPECT_EQ(-EINVAL, vfio_ioctl(self->fd, VFIO_IOMMU_GET_INFO, &info));
}

TEST_F(pair, second_group_joins_late)
{
	int dev;

	ASSERT_EQ(0, group_set_container(self->group[1], self->fd));
	ASSERT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, group_set_container(self->group[0], self->fd));
	dev = group_get_device(self->group[0], self->mdev.name);
	EXPECT_LE(0, dev);
	close(dev);
	/* The first to come is the first to leave. */
	EXPECT_EQ(0, group_unset_container(self->group[1]));
	EXPECT_EQ(0, group_unset_container(self->group[0]));
}

TEST_HARNESS_MAIN
