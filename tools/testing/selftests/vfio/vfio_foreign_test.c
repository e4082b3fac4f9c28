// SPDX-License-Identifier: GPL-2.0
/*
 * A device whose group has a domain of somebody else's: nobody may own its DMA
 * until that is gone. Both ways in say EBUSY, and let the device through as
 * soon as it is free.
 * Needs root, an edu function alone in its group, and vfio_foreign.ko.
 */
#define _GNU_SOURCE
#include "vfio_harness.h"
#include "vfio_module.h"
#include "vfio_path.h"

FIXTURE(foreign) {
	struct vfio_dut dut;
	bool loaded;
	int group, space;
};

FIXTURE_SETUP(foreign)
{
	char params[96];
	int ret;

	self->group = -1;
	self->space = -1;
	if (!dut_ready(_metadata, &self->dut, VFIO_DUT_PCI))
		return;
	snprintf(params, sizeof(params), "function=%s", self->dut.name);
	ret = module_load("vfio_foreign", params);
	if (ret == -ENOENT)
		SKIP(return, "there is no vfio_foreign.ko");
	ASSERT_EQ(0, ret);
	self->loaded = true;
}

FIXTURE_TEARDOWN(foreign)
{
	if (self->group >= 0)
		close(self->group);
	if (self->space >= 0)
		close(self->space);
	if (self->loaded)
		EXPECT_EQ(0, module_unload("vfio_foreign"));
}

TEST_F(foreign, set_container_EBUSY)
{
	__u32 flags = 0;

	self->group = node_open(self->dut.group);
	ASSERT_LE(0, self->group);
	self->space = container_open();
	ASSERT_LE(0, self->space);
	EXPECT_EQ(-EBUSY, group_set_container(self->group, self->space));
	EXPECT_EQ(0, group_status(self->group, &flags));
	EXPECT_EQ(0U, flags & VFIO_GROUP_FLAGS_CONTAINER_SET);

	ASSERT_EQ(0, module_unload("vfio_foreign"));
	self->loaded = false;
	EXPECT_EQ(0, group_set_container(self->group, self->space));
	EXPECT_EQ(0, container_set_iommu(self->space, VFIO_TYPE1v2_IOMMU));
}

/* With an iommufd DMA is claimed by the first device, not by the group. */
TEST_F(foreign, get_device_fd_EBUSY)
{
	static const char *const a_domain[] = {
		"a domain of its own is attached to it", NULL
	};
	static const char *const itself[] = { "has its group", NULL };
	int device, mark = kmsg_mark();
	char line[256];

	self->group = node_open(self->dut.group);
	ASSERT_LE(0, self->group);
	self->space = iommufd_open();
	ASSERT_LE(0, self->space);
	ASSERT_EQ(0, group_set_container(self->group, self->space));
	ASSERT_EQ(0, container_set_iommu(self->space, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-EBUSY, group_get_device(self->group, self->dut.name));
	EXPECT_TRUE(kmsg_find(mark, a_domain, line, sizeof(line)));
	EXPECT_FALSE(kmsg_find(mark, itself, line, sizeof(line)));
	close(mark);

	ASSERT_EQ(0, module_unload("vfio_foreign"));
	self->loaded = false;
	device = group_get_device(self->group, self->dut.name);
	EXPECT_LE(0, device);
	close(device);
}

TEST_F(foreign, bind_EBUSY)
{
	int device = node_open(self->dut.cdev);

	ASSERT_LE(0, device);
	self->space = iommufd_open();
	ASSERT_LE(0, self->space);
	EXPECT_EQ(-EBUSY, vfio_bind(device, self->space, NULL));

	ASSERT_EQ(0, module_unload("vfio_foreign"));
	self->loaded = false;
	EXPECT_EQ(0, vfio_bind(device, self->space, NULL));
	EXPECT_EQ(0, device_alive(device));
	close(device);
}

TEST_HARNESS_MAIN
