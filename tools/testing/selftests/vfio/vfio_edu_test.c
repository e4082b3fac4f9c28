// SPDX-License-Identifier: GPL-2.0
/*
 * Real DMA of a real (emulated) PCI function through vfio-pci: QEMU's "edu"
 * copies between user memory and its buffer, by each of the three ways to a
 * device fd. Beside that: regions, config space, reset, and what a close
 * leaves behind. Interrupts have a program of their own.
 * Needs root, an iommu, and two edu functions for the shared address space.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>

#include "vfio_harness.h"
#include "edu.h"

#define PAGE		4096UL
#define LEN		2048	/* of a transfer; the buffer has 4096 */
#define AREA		(16 * PAGE)
#define PCI_BUS_MASTER	0x4

/* The iommu's complaint about a transfer that it stopped. */
static const char *const dma_faults[] = {
	"DMAR: [DMA", "DMAR: DRHD: handling fault", NULL
};

static void fill(__u8 *p, unsigned int seed, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = seed + i * 7 + (i >> 8);
}

FIXTURE(edu) {
	struct edu edu;
	__u8 *area;
};

FIXTURE_VARIANT(edu) {
	enum vfio_path_kind kind;
};

FIXTURE_VARIANT_ADD(edu, cdev_iommufd) { .kind = PATH_CDEV };
FIXTURE_VARIANT_ADD(edu, group_type1) { .kind = PATH_TYPE1 };
FIXTURE_VARIANT_ADD(edu, group_iommufd) { .kind = PATH_COMPAT };

FIXTURE_SETUP(edu)
{
	struct vfio_dut dut;

	edu_init(&self->edu);
	self->area = mmap(NULL, AREA, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->area);
	if (!dut_ready(_metadata, &dut, VFIO_DUT_PCI))
		return;
	ASSERT_EQ(0, edu_open(&self->edu, variant->kind, 0, NULL));
}

FIXTURE_TEARDOWN(edu)
{
	edu_close(&self->edu);
	munmap(self->area, AREA);
}

TEST_F(edu, registers_by_mmap_and_pread_agree)
{
	struct vfio_region_info bar;
	__u32 val;

	ASSERT_EQ(0, device_region(self->edu.path.device,
				   VFIO_PCI_BAR0_REGION_INDEX, &bar));
	EXPECT_EQ(EDU_BAR_SIZE, bar.size);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		  VFIO_REGION_INFO_FLAG_MMAP, bar.flags & 7);

	EXPECT_EQ(0x010000edU, edu_read32(&self->edu, EDU_ID));
	ASSERT_EQ(4, pread(self->edu.path.device, &val, 4, bar.offset + EDU_ID));
	EXPECT_EQ(0x010000edU, val);

	/* The liveness register answers with the complement. */
	val = 0x12345678;
	ASSERT_EQ(4, pwrite(self->edu.path.device, &val, 4,
			    bar.offset + EDU_LIVENESS));
	EXPECT_EQ(~0x12345678U, edu_read32(&self->edu, EDU_LIVENESS));
	edu_write32(&self->edu, EDU_LIVENESS, 0x0f0f0f0f);
	ASSERT_EQ(4, pread(self->edu.path.device, &val, 4,
			   bar.offset + EDU_LIVENESS));
	EXPECT_EQ(0xf0f0f0f0U, val);

	/* Past the end there is nothing. */
	EXPECT_EQ(-1, pread(self->edu.path.device, &val, 4,
			    bar.offset + bar.size));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(edu, factorial)
{
	int tries = 1000;

	edu_write32(&self->edu, EDU_FACTORIAL, 10);
	while ((edu_read32(&self->edu, EDU_STATUS) & EDU_STATUS_BUSY) && --tries)
		sleep_ms(5);
	EXPECT_EQ(3628800U, edu_read32(&self->edu, EDU_FACTORIAL));
}

TEST_F(edu, device_and_region_info)
{
	struct vfio_device_info info;
	struct vfio_region_info region;

	ASSERT_EQ(0, device_info(self->edu.path.device, &info));
	EXPECT_TRUE(info.flags & VFIO_DEVICE_FLAGS_PCI);
	EXPECT_LE(VFIO_PCI_NUM_REGIONS, info.num_regions);
	EXPECT_EQ(VFIO_PCI_NUM_IRQS, info.num_irqs);
	info.argsz = 4;
	EXPECT_EQ(-EINVAL, vfio_ioctl(self->edu.path.device, VFIO_DEVICE_GET_INFO,
				      &info));

	ASSERT_EQ(0, device_region(self->edu.path.device,
				   VFIO_PCI_CONFIG_REGION_INDEX, &region));
	EXPECT_LE(256, region.size);
	ASSERT_EQ(0, device_region(self->edu.path.device,
				   VFIO_PCI_BAR1_REGION_INDEX, &region));
	EXPECT_EQ(0, region.size);
	EXPECT_EQ(-EINVAL, device_region(self->edu.path.device, 1000, &region));
}

TEST_F(edu, config_space)
{
	__u16 id[2], command;

	ASSERT_EQ(0, device_config_read(self->edu.path.device, 0, id, 4));
	EXPECT_EQ(EDU_VENDOR, id[0]);
	EXPECT_EQ(EDU_DEVICE, id[1]);

	ASSERT_EQ(0, edu_write_command(&self->edu, 0, PCI_BUS_MASTER));
	ASSERT_EQ(0, device_config_read(self->edu.path.device, 4, &command, 2));
	EXPECT_EQ(0, command & PCI_BUS_MASTER);
	ASSERT_EQ(0, edu_write_command(&self->edu, PCI_BUS_MASTER, 0));
	ASSERT_EQ(0, device_config_read(self->edu.path.device, 4, &command, 2));
	EXPECT_NE(0, command & PCI_BUS_MASTER);
}

TEST_F(edu, dma_both_ways)
{
	__u8 *from = self->area, *to = self->area + 8 * PAGE;

	fill(from, 0x31, LEN);
	ASSERT_EQ(0, vfio_path_map(&self->edu.path, self->area, AREA, EDU_IOVA));
	ASSERT_EQ(0, edu_copy(&self->edu, EDU_IOVA + 8 * PAGE, EDU_IOVA, LEN));
	EXPECT_EQ(0, memcmp(from, to, LEN));
	/* The neighbours stay as they were. */
	EXPECT_EQ(0, to[-1]);
	EXPECT_EQ(0, to[LEN]);
	EXPECT_EQ(0, vfio_path_unmap(&self->edu.path, AREA, EDU_IOVA));
}

TEST_F(edu, dma_crosses_pages_at_odd_offsets)
{
	__u8 *from = self->area + PAGE - 100;
	__u8 *to = self->area + 9 * PAGE - 13;

	fill(from, 0x77, 1000);
	ASSERT_EQ(0, vfio_path_map(&self->edu.path, self->area, AREA, EDU_IOVA));
	ASSERT_EQ(0, edu_copy(&self->edu, EDU_IOVA + 9 * PAGE - 13,
			      EDU_IOVA + PAGE - 100, 1000));
	EXPECT_EQ(0, memcmp(from, to, 1000));
	EXPECT_EQ(0, to[-1]);
	EXPECT_EQ(0, to[1000]);
}

TEST_F(edu, dma_fails_after_unmap)
{
	__u8 *secret = self->area, *target = self->area + 8 * PAGE;
	int mark = kmsg_mark();
	char line[256];

	ASSERT_EQ(0, vfio_path_map(&self->edu.path, self->area, 8 * PAGE, EDU_IOVA));
	ASSERT_EQ(0, vfio_path_map(&self->edu.path, target, 8 * PAGE,
				   EDU_IOVA + 8 * PAGE));
	fill(secret, 0x11, LEN);
	ASSERT_EQ(0, edu_copy(&self->edu, EDU_IOVA + 8 * PAGE, EDU_IOVA, LEN));
	ASSERT_EQ(0, memcmp(secret, target, LEN));

	/* Into unmapped memory: nothing changes. */
	memset(target, 0xaa, PAGE);
	ASSERT_EQ(0, vfio_path_unmap(&self->edu.path, 8 * PAGE, EDU_IOVA + 8 * PAGE));
	ASSERT_EQ(0, edu_dma(&self->edu, EDU_DMA_TO_RAM, EDU_IOVA + 8 * PAGE,
			     0, LEN));
	EXPECT_EQ(0xaa, target[0]);
	EXPECT_EQ(0, memcmp(target, target + 1, LEN - 1));

	/* Out of unmapped memory: the device does not learn what is there. */
	fill(secret, 0x22, LEN);
	ASSERT_EQ(0, vfio_path_unmap(&self->edu.path, 8 * PAGE, EDU_IOVA));
	ASSERT_EQ(0, edu_dma(&self->edu, 0, EDU_IOVA, 0, LEN));
	ASSERT_EQ(0, vfio_path_map(&self->edu.path, target, PAGE, EDU_IOVA));
	ASSERT_EQ(0, edu_dma(&self->edu, EDU_DMA_TO_RAM, EDU_IOVA, 0, LEN));
	EXPECT_NE(0, memcmp(secret, target, LEN));

	/* The log may keep silent: it says a few of these per second. */
	ASSERT_LE(0, mark);
	if (kmsg_find(mark, dma_faults, line, sizeof(line)))
		TH_LOG("%s", line);
	close(mark);
}

TEST_F(edu, dma_follows_a_remap)
{
	__u8 *to = self->area + 8 * PAGE;

	ASSERT_EQ(0, vfio_path_map(&self->edu.path, to, PAGE, EDU_IOVA + AREA));
	fill(self->area, 0x01, LEN);
	fill(self->area + PAGE, 0x99, PAGE);

	ASSERT_EQ(0, vfio_path_map(&self->edu.path, self->area, PAGE, EDU_IOVA));
	ASSERT_EQ(0, edu_copy(&self->edu, EDU_IOVA + AREA, EDU_IOVA, LEN));
	EXPECT_EQ(0, memcmp(to, self->area, LEN));

	/* The same IOVA with another page behind it. */
	ASSERT_EQ(0, vfio_path_unmap(&self->edu.path, PAGE, EDU_IOVA));
	ASSERT_EQ(0, vfio_path_map(&self->edu.path, self->area + PAGE, PAGE, EDU_IOVA));
	ASSERT_EQ(0, edu_copy(&self->edu, EDU_IOVA + AREA, EDU_IOVA, LEN));
	EXPECT_EQ(0, memcmp(to, self->area + PAGE, LEN));
}

TEST_F(edu, dma_fails_without_bus_mastering)
{
	ASSERT_EQ(0, vfio_path_map(&self->edu.path, self->area, PAGE, EDU_IOVA));
	memset(self->area, 0x5a, PAGE);
	ASSERT_EQ(0, edu_write_command(&self->edu, 0, PCI_BUS_MASTER));
	ASSERT_EQ(0, edu_dma(&self->edu, EDU_DMA_TO_RAM, EDU_IOVA, 0, LEN));
	EXPECT_EQ(0x5a, self->area[0]);
	EXPECT_EQ(0, memcmp(self->area, self->area + 1, LEN - 1));
}

/* The transfer starts 100 ms after the command: by then the fd is gone. */
TEST_F_TIMEOUT(edu, close_with_dma_running, 60)
{
	struct edu *edu = &self->edu;
	char path[300], config[64];
	int fd;

	ASSERT_EQ(0, vfio_path_map(&edu->path, self->area, PAGE, EDU_IOVA));
	fill(self->area, 0x42, LEN);
	ASSERT_EQ(0, edu_dma(edu, 0, EDU_IOVA, 0, LEN));
	memset(self->area, 0, PAGE);
	edu_dma_start(edu, EDU_DMA_TO_RAM, EDU_IOVA, 0, LEN);
	edu_close_device(edu);
	sleep_ms(400);
	EXPECT_EQ(0, self->area[0]);
	EXPECT_EQ(0, memcmp(self->area, self->area + 1, LEN - 1));

	/* Nobody has the function open: it is no bus master. */
	snprintf(path, sizeof(path), "%s/config", edu->path.dut.sysfs);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(64, read(fd, config, 64));
	close(fd);
	EXPECT_EQ(0, config[4] & PCI_BUS_MASTER);

	/* And the next open finds a device that works. */
	ASSERT_EQ(0, edu_reopen(edu));
	ASSERT_EQ(0, edu_dma_wait(edu));
	fill(self->area, 0x43, 64);
	EXPECT_EQ(0, edu_copy(edu, EDU_IOVA + 64, EDU_IOVA, 64));
	EXPECT_EQ(0, memcmp(self->area, self->area + 64, 64));
}

TEST_F_TIMEOUT(edu, mapping_survives_reopen, 60)
{
	struct edu *edu = &self->edu;
	__u8 *to = self->area + PAGE;
	int i;

	ASSERT_EQ(0, vfio_path_map(&edu->path, self->area, AREA, EDU_IOVA));
	for (i = 0; i < 3; i++) {
		fill(self->area, i, 256);
		ASSERT_EQ(0, edu_copy(edu, EDU_IOVA + PAGE, EDU_IOVA, 256));
		EXPECT_EQ(0, memcmp(self->area, to, 256));
		edu_close_device(edu);
		ASSERT_EQ(0, edu_reopen(edu));
	}
}

/* A BAR mapping that outlives the fd keeps the device open, and works. */
TEST_F(edu, bar_mapping_keeps_the_device_open)
{
	struct edu *edu = &self->edu;

	close(edu->path.device);
	edu->path.device = -1;
	edu_write32(edu, EDU_LIVENESS, 1);
	EXPECT_EQ(~1U, edu_read32(edu, EDU_LIVENESS));
	if (edu->path.kind == PATH_CDEV) {
		EXPECT_EQ(-EINVAL, vfio_open_bind(&edu->path.dut,
						  edu->path.space, NULL));
	}
	edu_close_device(edu);
	EXPECT_EQ(0, edu_reopen(edu));
}

TEST_F(edu, reset_and_hot_reset_info)
{
	struct {
		struct vfio_pci_hot_reset_info info;
		struct vfio_pci_dependent_device dev[8];
	} hot = { .info.argsz = sizeof(hot) };
	struct vfio_device_info info;
	int ret;

	ASSERT_EQ(0, device_info(self->edu.path.device, &info));
	ret = vfio_ioctl(self->edu.path.device, VFIO_DEVICE_RESET, NULL);
	EXPECT_EQ(info.flags & VFIO_DEVICE_FLAGS_RESET ? 0 : -EINVAL, ret);

	ret = vfio_ioctl(self->edu.path.device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
			 &hot);
	if (ret == -ENODEV)
		SKIP(return, "no bus or slot to reset");
	ASSERT_EQ(0, ret);
	EXPECT_EQ(1, hot.info.count);
	EXPECT_EQ(variant->kind == PATH_CDEV, !!(hot.info.flags &
					VFIO_PCI_HOT_RESET_FLAG_DEV_ID));
	EXPECT_EQ(0x010000edU, edu_read32(&self->edu, EDU_ID));
}

TEST_F(edu, detach_stops_dma)
{
	__u8 *target = self->area + PAGE;
	struct edu *edu = &self->edu;
	__u32 pt;

	if (variant->kind != PATH_CDEV)
		SKIP(return, "a group has no DETACH");
	ASSERT_EQ(0, vfio_path_map(&edu->path, self->area, AREA, EDU_IOVA));
	fill(self->area, 0x64, LEN);
	ASSERT_EQ(0, edu_dma(edu, 0, EDU_IOVA, 0, LEN));

	memset(target, 0xaa, PAGE);
	ASSERT_EQ(0, vfio_detach(edu->path.device));
	ASSERT_EQ(0, edu_dma(edu, EDU_DMA_TO_RAM, EDU_IOVA + PAGE, 0, LEN));
	EXPECT_EQ(0xaa, target[0]);
	EXPECT_EQ(0, memcmp(target, target + 1, LEN - 1));

	/* Another address space: the IOVA means nothing there. */
	ASSERT_EQ(0, ioas_alloc(edu->path.space, &pt));
	ASSERT_EQ(0, vfio_attach(edu->path.device, &pt));
	ASSERT_EQ(0, edu_dma(edu, EDU_DMA_TO_RAM, EDU_IOVA + PAGE, 0, LEN));
	EXPECT_EQ(0, memcmp(target, target + 1, LEN - 1));

	/* And from there straight back to the first one. */
	pt = edu->path.ioas;
	ASSERT_EQ(0, vfio_attach(edu->path.device, &pt));
	ASSERT_EQ(0, edu_copy(edu, EDU_IOVA + PAGE, EDU_IOVA, LEN));
	EXPECT_EQ(0, memcmp(target, self->area, LEN));
}

TEST_F(edu, two_functions_in_one_space)
{
	__u8 *to = self->area + PAGE;
	struct edu second;
	int ret;

	ret = edu_open(&second, variant->kind, 1, &self->edu);
	if (ret == -ENODEV)
		SKIP(return, "only one edu function");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, vfio_path_map(&self->edu.path, self->area, AREA, EDU_IOVA));
	fill(self->area, 0x13, LEN);
	EXPECT_EQ(0, edu_copy(&second, EDU_IOVA + PAGE, EDU_IOVA, LEN));
	EXPECT_EQ(0, memcmp(self->area, to, LEN));
	EXPECT_EQ(0, edu_copy(&self->edu, EDU_IOVA + 2 * PAGE, EDU_IOVA, LEN));
	EXPECT_EQ(0, memcmp(self->area, to + PAGE, LEN));

	/* The first one goes; the space and the second one stay. */
	edu_close_device(&self->edu);
	memset(to, 0, PAGE);
	EXPECT_EQ(0, edu_copy(&second, EDU_IOVA + PAGE, EDU_IOVA, LEN));
	EXPECT_EQ(0, memcmp(self->area, to, LEN));
	edu_close(&second);
}

TEST_HARNESS_MAIN
