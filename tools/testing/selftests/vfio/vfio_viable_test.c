// SPDX-License-Identifier: GPL-2.0
/*
 * A group of which a kernel driver owns a part: an edu function on vfio-pci
 * beside a function with its own driver, in one slot without ACS. The group
 * is not viable: GET_STATUS says so, and nobody may have its DMA, neither by
 * a container nor by an iommufd, until that driver has gone.
 */
#include <glob.h>
#include <limits.h>
#include <unistd.h>

#include "vfio_harness.h"

FIXTURE(viable) {
	struct vfio_dut dut;
	char other[16], driver[64];
	int group, container;
};

/* Another member of the device's group that a driver is bound to. */
static bool find_neighbour(const struct vfio_dut *dut, char bdf[16],
			   char *driver, size_t size)
{
	char path[PATH_MAX];
	bool found = false;
	const char *name;
	size_t i;
	glob_t g;

	snprintf(path, sizeof(path), "%s/iommu_group/devices/*", dut->sysfs);
	if (glob(path, 0, NULL, &g))
		return false;
	for (i = 0; i < g.gl_pathc && !found; i++) {
		name = strrchr(g.gl_pathv[i], '/') + 1;
		snprintf(path, sizeof(path), "%s/driver", g.gl_pathv[i]);
		found = strcmp(name, dut->name) &&
			sysfs_link_name(path, driver, size) == 0 &&
			strcmp(driver, "vfio-pci");
		if (found)
			snprintf(bdf, 16, "%.15s", name);
	}
	globfree(&g);
	return found;
}

FIXTURE_SETUP(viable)
{
	const char *why;
	int i;

	for (i = 0; ; i++) {
		if (vfio_dut_get(&self->dut, VFIO_DUT_PCI, i, &why))
			SKIP(return, "no edu function beside another driver");
		if (find_neighbour(&self->dut, self->other, self->driver,
				   sizeof(self->driver)))
			break;
	}
	self->container = container_open();
	ASSERT_LE(0, self->container);
}

FIXTURE_TEARDOWN(viable)
{
	close(self->container);
}

TEST_F(viable, status_says_not_viable)
{
	int group = node_open(self->dut.group);
	__u32 flags = ~0U;

	ASSERT_LE(0, group);
	EXPECT_EQ(0, group_status(group, &flags));
	EXPECT_EQ(0U, flags);
	close(group);
}

TEST_F(viable, set_container_EPERM)
{
	int group = node_open(self->dut.group);

	ASSERT_LE(0, group);
	EXPECT_EQ(-EPERM, group_set_container(group, self->container));
	EXPECT_EQ(-EINVAL, group_unset_container(group));
	close(group);
}

/* Under iommufd the DMA is claimed with the device, not with the group. */
TEST_F(viable, get_device_fd_EPERM)
{
	int group = node_open(self->dut.group), iommufd = iommufd_open();

	ASSERT_LE(0, group);
	ASSERT_EQ(0, group_set_container(group, iommufd));
	EXPECT_EQ(-EPERM, group_get_device(group, self->dut.name));
	EXPECT_EQ(0, group_unset_container(group));
	close(group);
	close(iommufd);
}

TEST_F(viable, bind_EPERM)
{
	int fd = node_open(self->dut.cdev), iommufd = iommufd_open(), group;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, vfio_bind(fd, iommufd, NULL));
	EXPECT_EQ(-EINVAL, device_alive(fd));
	group = node_open(self->dut.group);
	EXPECT_LE(0, group);
	close(group);
	close(fd);
	close(iommufd);
}

/* Once the group is in use, its neighbour's driver has to stay away. */
TEST_F(viable, viable_once_the_driver_is_gone)
{
	char path[PATH_MAX];
	int fds[2], dev;
	__u32 flags;

	ASSERT_EQ(0, pci_unbind(self->other));
	EXPECT_EQ(0, vfio_open_group_container(&self->dut, fds));
	EXPECT_EQ(0, group_status(fds[0], &flags));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET,
		  (int)flags);
	dev = group_get_device(fds[0], self->dut.name);
	EXPECT_LE(0, dev);
	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind",
		 self->driver);
	EXPECT_NE(0, sysfs_write(path, self->other));
	close(dev);
	close(fds[0]);
	close(fds[1]);
	EXPECT_EQ(0, sysfs_write(path, self->other));
}

TEST_HARNESS_MAIN
