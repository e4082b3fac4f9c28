// SPDX-License-Identifier: GPL-2.0
/*
 * Devices without an iommu: nothing without enable_unsafe_noiommu_mode, then
 * a node named noiommu-N, a tainted kernel, and CAP_SYS_RAWIO at every step.
 * Needs a machine without an iommu and an edu function; skipped elsewhere.
 * The capability is dropped in the test's own process.
 */
#include <glob.h>
#include <unistd.h>
#include <linux/capability.h>

#include "vfio_harness.h"

#define MODE	"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
#define TAINT_USER_BIT	6

FIXTURE(noiommu) {
	struct vfio_dut dut;
	int group, container;
};

/* Find the function; a group that is not of noiommu's making rules it out. */
static const char *why_not(char bdf[16])
{
	char path[128], name[64];

	if (pci_find(EDU_VENDOR, EDU_DEVICE, 0, bdf))
		return "no edu function";
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group",
		 bdf);
	if (access(path, F_OK))
		return NULL;
	strcat(path, "/name");
	if (sysfs_read(path, name, sizeof(name)) == 0 &&
	    strcmp(name, "vfio-noiommu") == 0)
		return NULL;
	return "the function has an iommu";
}

static bool kernel_tainted(void)
{
	char text[32];

	return sysfs_read("/proc/sys/kernel/tainted", text,
			  sizeof(text)) == 0 &&
	       strtoul(text, NULL, 0) & (1UL << TAINT_USER_BIT);
}

/* The mode is off: vfio-pci must not take the function, nor leave a trace. */
TEST(mode_off_refuses_the_device)
{
	char bdf[16], path[128], value[16];
	const char *why = why_not(bdf);
	glob_t g;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, sysfs_read(MODE, value, sizeof(value)));
	if (strcmp(value, "N"))
		SKIP(return, "the mode is on already");
	EXPECT_FALSE(kernel_tainted());
	pci_bind(bdf, "vfio-pci");
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", bdf);
	EXPECT_EQ(-1, access(path, F_OK));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group",
		 bdf);
	EXPECT_EQ(-1, access(path, F_OK));
	EXPECT_NE(0, glob("/dev/vfio/noiommu-*", 0, NULL, &g));
	EXPECT_FALSE(kernel_tainted());
}

FIXTURE_SETUP(noiommu)
{
	char bdf[16];
	const char *why = why_not(bdf);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, sysfs_write(MODE, "Y"));
	if (!dut_ready(_metadata, &self->dut, VFIO_DUT_PCI))
		return;
	self->group = node_open(self->dut.group);
	ASSERT_LE(0, self->group);
	self->container = container_open();
	ASSERT_LE(0, self->container);
}

FIXTURE_TEARDOWN(noiommu)
{
	close(self->group);
	close(self->container);
}

TEST_F(noiommu, node_and_taint)
{
	EXPECT_EQ(0, strncmp(self->dut.group, "/dev/vfio/noiommu-", 18));
	EXPECT_STREQ("", self->dut.cdev);
	EXPECT_TRUE(kernel_tainted());
	EXPECT_EQ(-EBUSY, node_open(self->dut.group));
}

TEST_F(noiommu, open_without_rawio_EPERM)
{
	close(self->group);
	ASSERT_EQ(0, drop_capability(CAP_SYS_RAWIO));
	EXPECT_EQ(-EPERM, node_open(self->dut.group));
}

TEST_F(noiommu, set_container_without_rawio_EPERM)
{
	ASSERT_EQ(0, drop_capability(CAP_SYS_RAWIO));
	EXPECT_EQ(-EPERM, group_set_container(self->group, self->container));
}

TEST_F(noiommu, set_iommu_without_rawio_EPERM)
{
	ASSERT_EQ(0, group_set_container(self->group, self->container));
	ASSERT_EQ(0, drop_capability(CAP_SYS_RAWIO));
	EXPECT_EQ(-EPERM, container_set_iommu(self->container,
					      VFIO_NOIOMMU_IOMMU));
}

TEST_F(noiommu, get_device_fd_without_rawio_EPERM)
{
	ASSERT_EQ(0, group_set_container(self->group, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_NOIOMMU_IOMMU));
	ASSERT_EQ(0, drop_capability(CAP_SYS_RAWIO));
	EXPECT_EQ(-EPERM, group_get_device(self->group, self->dut.name));
	EXPECT_EQ(0, group_unset_container(self->group));
}

TEST_F(noiommu, device_works_with_rawio)
{
	int dev, mark = kmsg_mark();
	static const char *const opened[] = { "opened by user", NULL };
	char line[256];
	__u64 len = 4096;

	ASSERT_EQ(0, group_set_container(self->group, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_NOIOMMU_IOMMU));
	dev = group_get_device(self->group, self->dut.name);
	ASSERT_LE(0, dev);
	EXPECT_EQ(0, device_alive(dev));
	EXPECT_TRUE(kmsg_find(mark, opened, line, sizeof(line)));
	EXPECT_EQ(-EBUSY, group_unset_container(self->group));
	/* There is nothing to map into. */
	EXPECT_EQ(-ENOTTY, container_map(self->container, line, 4096, 0));
	EXPECT_EQ(-ENOTTY, container_unmap(self->container, 0, &len));
	close(dev);
	EXPECT_EQ(0, group_unset_container(self->group));
}

/* Such a container is for noiommu alone, and so the other way round. */
TEST_F(noiommu, set_iommu_other_model_ENODEV)
{
	ASSERT_EQ(0, group_set_container(self->group, self->container));
	EXPECT_EQ(-ENODEV, container_set_iommu(self->container,
					       VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, container_set_iommu(self->container, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(-EINVAL, container_set_iommu(self->container,
					       VFIO_NOIOMMU_IOMMU));
}

static int extension(int fd, unsigned long which)
{
	return vfio_ioctl_val(fd, VFIO_CHECK_EXTENSION, which);
}

TEST_F(noiommu, extensions)
{
	/* An empty container may become either. */
	EXPECT_EQ(1, extension(self->container, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(1, extension(self->container, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, group_set_container(self->group, self->container));
	EXPECT_EQ(1, extension(self->container, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(0, extension(self->container, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(1, extension(self->container, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(0, extension(self->container, VFIO_TYPE1v2_IOMMU));
}

/* Turned off again, the mode closes the door for whoever is not in yet. */
TEST_F(noiommu, mode_off_again)
{
	ASSERT_EQ(0, group_set_container(self->group, self->container));
	ASSERT_EQ(0, sysfs_write(MODE, "N"));
	EXPECT_EQ(0, extension(self->container, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(-ENODEV, container_set_iommu(self->container,
					       VFIO_NOIOMMU_IOMMU));
	ASSERT_EQ(0, sysfs_write(MODE, "Y"));
	EXPECT_EQ(0, container_set_iommu(self->container, VFIO_NOIOMMU_IOMMU));
}

TEST_F(noiommu, mixed_container_EPERM)
{
	struct vfio_dut mdev;
	int group, other = container_open();

	if (!dut_ready(_metadata, &mdev, VFIO_DUT_MDEV))
		return;
	group = node_open(mdev.group);
	ASSERT_LE(0, group);
	ASSERT_EQ(0, group_set_container(group, self->container));
	EXPECT_EQ(-EPERM, group_set_container(self->group, self->container));
	ASSERT_EQ(0, group_set_container(self->group, other));
	ASSERT_EQ(0, group_unset_container(group));
	EXPECT_EQ(-EPERM, group_set_container(group, other));
	EXPECT_EQ(0, group_set_container(group, self->container));
	close(group);
	close(other);
}

/* The same with an iommufd as the container. */

TEST_F(noiommu, iommufd_device_works)
{
	int iommufd = iommufd_open(), dev;

	ASSERT_EQ(0, group_set_container(self->group, iommufd));
	EXPECT_EQ(0, container_set_iommu(iommufd, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(-EINVAL, container_set_iommu(iommufd, VFIO_TYPE1v2_IOMMU));
	dev = group_get_device(self->group, self->dut.name);
	ASSERT_LE(0, dev);
	EXPECT_EQ(0, device_alive(dev));
	close(dev);
	EXPECT_EQ(0, group_unset_container(self->group));
}

TEST_F(noiommu, iommufd_get_device_fd_without_rawio_EPERM)
{
	int iommufd = iommufd_open();

	ASSERT_EQ(0, group_set_container(self->group, iommufd));
	ASSERT_EQ(0, drop_capability(CAP_SYS_RAWIO));
	EXPECT_EQ(-EPERM, group_get_device(self->group, self->dut.name));
	EXPECT_EQ(-EPERM, container_set_iommu(iommufd, VFIO_NOIOMMU_IOMMU));
}

TEST_F(noiommu, iommufd_with_an_ioas_EINVAL)
{
	struct vfio_dut mdev;
	int group, iommufd = iommufd_open();

	if (!dut_ready(_metadata, &mdev, VFIO_DUT_MDEV))
		return;
	group = node_open(mdev.group);
	ASSERT_LE(0, group);
	ASSERT_EQ(0, group_set_container(group, iommufd));
	EXPECT_EQ(-EINVAL, group_set_container(self->group, iommufd));
	close(group);
}

TEST_HARNESS_MAIN
