// SPDX-License-Identifier: GPL-2.0
/*
 * A virtual function of a device that is itself in the hands of user space: who
 * wants one must know the token that the owner of the physical function set.
 * The driver says so in its match(), and GET_DEVICE_FD hands its errno on.
 * Needs root, vfio_pci.enable_sriov=1, and $VFIO_TEST_PF, a PCI function with
 * SR-IOV that may be taken from its driver.
 */
#define _GNU_SOURCE
#include "vfio_harness.h"
#include "vfio_path.h"

#define TOKEN	"11111111-2222-4333-8444-555555555555"
#define WRONG	"11111111-2222-4333-8444-555555555556"

FIXTURE(vf_token) {
	char pf_sysfs[128], vf_name[16];
	struct vfio_dut pf, vf;
	int container, pf_group, vf_group, pf_device;
};

static int set_numvfs(const char *pf_sysfs, const char *n)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/sriov_numvfs", pf_sysfs);
	return sysfs_write(path, n);
}

/* A device's group in the container; a group that is there already serves. */
static int group_in(int container, const struct vfio_dut *dut,
		    const struct vfio_dut *other, int other_group)
{
	int group, ret;

	if (other && !strcmp(dut->group, other->group))
		return dup(other_group);
	group = node_open(dut->group);
	if (group < 0)
		return group;
	ret = group_set_container(group, container);
	return ret ?: group;
}

/* As VFIO_GROUP_GET_DEVICE_FD takes it: the name, and what it is to know. */
static int get_with(int group, const char *name, const char *token)
{
	char text[160];

	snprintf(text, sizeof(text), "%s%s%s", name, token ? " vf_token=" : "",
		 token ?: "");
	return group_get_device(group, text);
}

FIXTURE_SETUP(vf_token)
{
	const char *pf = getenv("VFIO_TEST_PF");
	char path[160];

	self->container = -1;
	self->pf_group = -1;
	self->vf_group = -1;
	self->pf_device = -1;
	if (!pf)
		SKIP(return, "$VFIO_TEST_PF names no function");
	snprintf(self->pf_sysfs, sizeof(self->pf_sysfs),
		 "/sys/bus/pci/devices/%s", pf);
	ASSERT_EQ(0, pci_bind(pf, "vfio-pci"));
	ASSERT_EQ(0, set_numvfs(self->pf_sysfs, "1"));
	snprintf(path, sizeof(path), "%s/virtfn0", self->pf_sysfs);
	ASSERT_EQ(0, sysfs_link_name(path, self->vf_name,
				     sizeof(self->vf_name)));
	/* vfio-pci has told the virtual function to come to it. */
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s",
		 self->vf_name);
	ASSERT_EQ(0, vfio_dut_from_sysfs(&self->vf, path));
	ASSERT_EQ(0, vfio_dut_from_sysfs(&self->pf, self->pf_sysfs));

	self->container = container_open();
	ASSERT_LE(0, self->container);
	self->pf_group = group_in(self->container, &self->pf, NULL, -1);
	ASSERT_LE(0, self->pf_group);
	self->vf_group = group_in(self->container, &self->vf, &self->pf,
				  self->pf_group);
	ASSERT_LE(0, self->vf_group);
	ASSERT_EQ(0, container_set_iommu(self->container,
					 VFIO_TYPE1v2_IOMMU));
}

FIXTURE_TEARDOWN(vf_token)
{
	close(self->pf_device);
	close(self->vf_group);
	close(self->pf_group);
	close(self->container);
	if (self->vf_name[0])
		EXPECT_EQ(0, set_numvfs(self->pf_sysfs, "0"));
}

TEST_F_TIMEOUT(vf_token, EACCES_without_the_token, 240)
{
	int fd;

	/* The owner of the physical function has it set. */
	self->pf_device = get_with(self->pf_group, self->pf.name, TOKEN);
	ASSERT_LE(0, self->pf_device);

	EXPECT_EQ(-EACCES, get_with(self->vf_group, self->vf_name, NULL));
	EXPECT_EQ(-EACCES, get_with(self->vf_group, self->vf_name, WRONG));
	EXPECT_EQ(-EINVAL, get_with(self->vf_group, self->vf_name, "none"));
	fd = get_with(self->vf_group, self->vf_name, TOKEN);
	EXPECT_LE(0, fd);
	close(fd);
}

/* Nor may a stranger take the physical function, under which others live. */
TEST_F_TIMEOUT(vf_token, EACCES_for_the_physical_function, 240)
{
	int fd, pf;

	self->pf_device = get_with(self->pf_group, self->pf.name, TOKEN);
	ASSERT_LE(0, self->pf_device);
	fd = get_with(self->vf_group, self->vf_name, TOKEN);
	ASSERT_LE(0, fd);
	close(self->pf_device);
	self->pf_device = -1;

	EXPECT_EQ(-EACCES, get_with(self->pf_group, self->pf.name, NULL));
	EXPECT_EQ(-EACCES, get_with(self->pf_group, self->pf.name, WRONG));
	pf = get_with(self->pf_group, self->pf.name, TOKEN);
	EXPECT_LE(0, pf);
	close(pf);
	close(fd);
}

TEST_HARNESS_MAIN
