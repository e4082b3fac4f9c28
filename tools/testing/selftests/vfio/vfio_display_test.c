// SPDX-License-Identifier: GPL-2.0
/*
 * Mediated devices with memory to map: the frame buffers of the mdpy and
 * mbochs samples, through each of the three ways to a device fd. What
 * one mapping shows another one shows as well, when the fd is closed also.
 * Needs root, mdpy.ko and mbochs.ko; each is skipped where it is missing.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>

#include "vfio_harness.h"
#include "vfio_path.h"

#define BAR0		VFIO_PCI_BAR0_REGION_INDEX
#define MDPY_WIDTH	0x48	/* in its config space, and the height after it */

FIXTURE(display) {
	struct vfio_path path;
	int device;
	struct vfio_region_info bar;
	bool ready;
};

FIXTURE_VARIANT(display) {
	enum vfio_path_kind kind;
	const char *type;
};

FIXTURE_VARIANT_ADD(display, mdpy_cdev) {
	.kind = PATH_CDEV, .type = "mdpy-vga",
};

FIXTURE_VARIANT_ADD(display, mdpy_type1) {
	.kind = PATH_TYPE1, .type = "mdpy-xga",
};

FIXTURE_VARIANT_ADD(display, mdpy_group_iommufd) {
	.kind = PATH_COMPAT, .type = "mdpy-vga",
};

FIXTURE_VARIANT_ADD(display, mbochs_cdev) {
	.kind = PATH_CDEV, .type = "mbochs-small",
};

FIXTURE_VARIANT_ADD(display, mbochs_type1) {
	.kind = PATH_TYPE1, .type = "mbochs-small",
};

FIXTURE_SETUP(display)
{
	struct vfio_dut dut;
	int ret;

	vfio_path_init(&self->path);
	self->ready = false;
	ret = mdev_new(&dut, variant->type);
	if (ret == -ENODEV)
		SKIP(return, "no mdev type %s", variant->type);
	ASSERT_EQ(0, ret);
	self->ready = true;
	ASSERT_EQ(0, vfio_path_open(&self->path, variant->kind, &dut, NULL));
	self->device = self->path.device;
	ASSERT_EQ(0, device_region(self->device, BAR0, &self->bar));
}

FIXTURE_TEARDOWN(display)
{
	vfio_path_close(&self->path);
	if (self->ready)
		EXPECT_EQ(0, mdev_remove(self->path.dut.name));
}

TEST_F(display, alive)
{
	struct vfio_device_info info;

	EXPECT_EQ(0, device_alive(self->device));
	ASSERT_EQ(0, device_info(self->device, &info));
	EXPECT_TRUE(!!(info.flags & VFIO_DEVICE_FLAGS_PCI));
	EXPECT_LT(0, self->bar.size);
	EXPECT_TRUE(!!(self->bar.flags & VFIO_REGION_INFO_FLAG_MMAP));
}

static __u8 *map_bar(FIXTURE_DATA(display) * self)
{
	return mmap(NULL, self->bar.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    self->device, self->bar.offset);
}

TEST_F(display, two_mappings_show_the_same)
{
	__u64 off = self->bar.size / 2;
	__u32 mark = 0x11223344, seen;
	__u8 *one, *two;

	one = map_bar(self);
	ASSERT_NE(MAP_FAILED, one);
	two = map_bar(self);
	ASSERT_NE(MAP_FAILED, two);
	memcpy(one + off, &mark, 4);
	memcpy(&seen, two + off, 4);
	EXPECT_EQ(mark, seen);
	munmap(one, self->bar.size);

	/* A mapping holds the device, the fd need not. */
	close(self->device);
	self->path.device = -1;
	memcpy(&seen, two + off, 4);
	EXPECT_EQ(mark, seen);
	munmap(two, self->bar.size);
}

/* Both samples get other offsets than 0 wrong in pread. */
TEST_F(display, mapping_and_pread_agree)
{
	__u32 mark = 0x55667788, seen = 0;
	__u8 *fb;

	if (strncmp(variant->type, "mdpy", 4))
		SKIP(return, "mbochs reads another page");
	fb = map_bar(self);
	ASSERT_NE(MAP_FAILED, fb);
	memcpy(fb, &mark, 4);
	ASSERT_EQ(4, pread(self->device, &seen, 4, self->bar.offset));
	EXPECT_EQ(mark, seen);
	mark = ~mark;
	ASSERT_EQ(4, pwrite(self->device, &mark, 4, self->bar.offset));
	memcpy(&seen, fb, 4);
	EXPECT_EQ(mark, seen);
	munmap(fb, self->bar.size);
}

/* mdpy comes up with a gray gradient: a line has the brightness of its row. */
TEST_F(display, gradient)
{
	__u32 geometry[2], row;
	__u8 *fb;

	if (strncmp(variant->type, "mdpy", 4))
		SKIP(return, "mbochs comes up black");
	ASSERT_EQ(0, device_config_read(self->device, MDPY_WIDTH, geometry, 8));
	fb = mmap(NULL, self->bar.size, PROT_READ, MAP_SHARED, self->device,
		  self->bar.offset);
	ASSERT_NE(MAP_FAILED, fb);
	for (row = 0; row < geometry[1]; row += 97) {
		__u8 *line = fb + 4ULL * geometry[0] * row;

		EXPECT_EQ(row * 255 / geometry[1], line[0]);
		EXPECT_EQ(line[0], line[4 * geometry[0] - 1]);
	}
	munmap(fb, self->bar.size);
}

TEST_F(display, mapping_beyond_the_region)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->bar.size + 4096, PROT_READ,
				   MAP_SHARED, self->device, self->bar.offset));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(display, reset)
{
	EXPECT_EQ(0, vfio_ioctl(self->device, VFIO_DEVICE_RESET, NULL));
}

TEST_HARNESS_MAIN
