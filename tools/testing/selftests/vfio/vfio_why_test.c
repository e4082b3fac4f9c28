// SPDX-License-Identifier: GPL-2.0
/*
 * What the log says to an administrator when a program does not get a device,
 * word by word as the documentation has it, and what fdinfo says of who has
 * one. Needs root, and an edu function in one group with a function that has
 * its own driver.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <limits.h>

#include "vfio_harness.h"
#include "vfio_revoke.h"

FIXTURE(why) {
	struct vfio_dut dut;	/* alone in its group */
	struct vfio_dut beside;	/* not alone */
	char other[16], driver[64];
	char me[64];		/* as the log names this program */
	int mark;
};

/* Another member of the device's group that a driver is bound to. */
static bool has_neighbour(const struct vfio_dut *dut, char bdf[16],
			  char *driver, size_t size)
{
	char path[PATH_MAX];
	bool found = false;
	size_t i;
	glob_t g;

	snprintf(path, sizeof(path), "%s/iommu_group/devices/*", dut->sysfs);
	if (glob(path, 0, NULL, &g))
		return false;
	for (i = 0; i < g.gl_pathc && !found; i++) {
		const char *name = strrchr(g.gl_pathv[i], '/') + 1;

		snprintf(path, sizeof(path), "%s/driver", g.gl_pathv[i]);
		found = strcmp(name, dut->name) &&
			!sysfs_link_name(path, driver, size) &&
			strcmp(driver, "vfio-pci");
		if (found)
			snprintf(bdf, 16, "%.15s", name);
	}
	globfree(&g);
	return found;
}

FIXTURE_SETUP(why)
{
	struct vfio_dut dut;
	const char *why;
	int i;

	for (i = 0; !vfio_dut_get(&dut, VFIO_DUT_PCI, i, &why); i++) {
		if (has_neighbour(&dut, self->other, self->driver,
				  sizeof(self->driver)))
			self->beside = dut;
		else
			self->dut = dut;
	}
	if (!self->dut.name[0] || !self->beside.name[0])
		SKIP(return, "want an edu function alone and one that is not");
	has_neighbour(&self->beside, self->other, self->driver,
		      sizeof(self->driver));
	/* The kernel keeps 15 characters of the name. */
	snprintf(self->me, sizeof(self->me), "\"%.15s\" (%d)",
		 program_invocation_short_name, getpid());
	self->mark = kmsg_mark();
}

FIXTURE_TEARDOWN(why)
{
	close(self->mark);
}

static const char *group_number(const struct vfio_dut *dut)
{
	return strrchr(dut->group, '/') + 1;
}

/* The log has said this since the test began. */
static bool said(int mark, const char *text)
{
	const char *const pattern[] = { text, NULL };
	char line[512];

	return kmsg_find(mark, pattern, line, sizeof(line));
}

TEST_F(why, set_container_names_the_driver)
{
	int container = container_open(), group = node_open(self->beside.group);
	char text[256];

	ASSERT_LE(0, group);
	EXPECT_EQ(-EPERM, group_set_container(group, container));
	snprintf(text, sizeof(text), "group %s not viable: %s is bound to %s",
		 group_number(&self->beside), self->other, self->driver);
	EXPECT_TRUE(said(self->mark, text)) {
		TH_LOG("%s", text);
	}
	close(group);
	close(container);
}

TEST_F(why, bind_names_the_driver)
{
	int iommufd = iommufd_open(), fd;
	char text[256];

	if (!self->beside.cdev[0])
		SKIP(return, "no cdev");
	fd = node_open(self->beside.cdev);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, vfio_bind(fd, iommufd, NULL));
	snprintf(text, sizeof(text), "group %s not viable: %s is bound to %s",
		 group_number(&self->beside), self->other, self->driver);
	EXPECT_TRUE(said(self->mark, text)) {
		TH_LOG("%s", text);
	}
	close(fd);
	close(iommufd);
}

TEST_F(why, group_open_elsewhere)
{
	int group = node_open(self->dut.group), fd, iommufd = iommufd_open();
	char text[256];

	ASSERT_LE(0, group);
	EXPECT_EQ(-EBUSY, node_open(self->dut.group));
	snprintf(text, sizeof(text), "group %s not given to %s: %s has it open",
		 group_number(&self->dut), self->me, self->me);
	EXPECT_TRUE(said(self->mark, text)) {
		TH_LOG("%s", text);
	}
	if (self->dut.cdev[0]) {
		fd = node_open(self->dut.cdev);
		EXPECT_EQ(-EBUSY, vfio_bind(fd, iommufd, NULL));
		snprintf(text, sizeof(text),
			 "not given to %s: %s has its group %s open", self->me,
			 self->me, group_number(&self->dut));
		EXPECT_TRUE(said(self->mark, text)) {
			TH_LOG("%s", text);
		}
		close(fd);
	}
	close(group);
	close(iommufd);
}

TEST_F(why, device_in_use)
{
	int iommufd = iommufd_open(), fd, other;
	char text[256];

	if (!self->dut.cdev[0])
		SKIP(return, "no cdev");
	fd = vfio_open_bind(&self->dut, iommufd, NULL);
	ASSERT_LE(0, fd);
	other = node_open(self->dut.cdev);
	snprintf(text, sizeof(text), "not given to %s: in use by %s", self->me,
		 self->me);
	/* Whose mistake it is, is nobody else's fault. */
	EXPECT_EQ(-EBADF, vfio_bind(other, 999, NULL));
	EXPECT_FALSE(said(self->mark, text));
	EXPECT_EQ(-EINVAL, vfio_bind(other, iommufd, NULL));
	EXPECT_TRUE(said(self->mark, text)) {
		TH_LOG("%s", text);
	}
	EXPECT_EQ(-EBUSY, node_open(self->dut.group));
	snprintf(text, sizeof(text),
		 "group %s not given to %s: 1 of its devices are in use through nodes of their own",
		 group_number(&self->dut), self->me);
	EXPECT_TRUE(said(self->mark, text)) {
		TH_LOG("%s", text);
	}
	close(other);
	close(fd);
	close(iommufd);
}

TEST_F(why, fdinfo_names_the_opener)
{
	char want[64], value[128];
	struct vfio_path path;
	int kind = access(IOMMUFD_NODE, F_OK) ? PATH_TYPE1 : PATH_CDEV;

	ASSERT_EQ(0, vfio_path_open(&path, kind, &self->dut, NULL));
	snprintf(want, sizeof(want), "%d %.15s", getpid(),
		 program_invocation_short_name);
	ASSERT_TRUE(fdinfo_line(path.device, "vfio-device-opener", value,
				sizeof(value)));
	EXPECT_STREQ(want, value);
	vfio_path_close(&path);
}

TEST_HARNESS_MAIN
