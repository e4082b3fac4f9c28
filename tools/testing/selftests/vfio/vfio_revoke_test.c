// SPDX-License-Identifier: GPL-2.0
/*
 * Revocation: a device that is to go is taken away from a program that does not
 * let go of it, after the time that the administrator has set and not before,
 * by every path to a device fd; what the fds and mappings are then; and that
 * the device is as good as new for the next user.
 * Needs root, an edu function for the PCI part and mtty.ko for the rest.
 */
#define _GNU_SOURCE
#include "vfio_revoke_fixture.h"

#define BLOCKED_MS	2000
#define HEEDED_MS	1000	/* until a new parameter is looked at */
#define CANARY		0xc5

FIXTURE(revoke) {
	struct revoke_env env;
};

FIXTURE_VARIANT(revoke) {
	struct revoke_variant v;
};

FIXTURE_VARIANT_ADD(revoke, pci_cdev) { { VFIO_DUT_PCI, PATH_CDEV } };
FIXTURE_VARIANT_ADD(revoke, pci_type1) { { VFIO_DUT_PCI, PATH_TYPE1 } };
FIXTURE_VARIANT_ADD(revoke, pci_compat) { { VFIO_DUT_PCI, PATH_COMPAT } };
FIXTURE_VARIANT_ADD(revoke, mdev_cdev) { { VFIO_DUT_MDEV, PATH_CDEV } };
FIXTURE_VARIANT_ADD(revoke, mdev_type1) { { VFIO_DUT_MDEV, PATH_TYPE1 } };
FIXTURE_VARIANT_ADD(revoke, mdev_compat) { { VFIO_DUT_MDEV, PATH_COMPAT } };

FIXTURE_SETUP(revoke)
{
	revoke_env_setup(_metadata, &self->env, &variant->v);
}

FIXTURE_TEARDOWN(revoke)
{
	revoke_env_teardown(&self->env);
	sysfs_write(REVOKE_PARAM, "0");
}

TEST_F_TIMEOUT(revoke, every_call_ENODEV, 120)
{
	char path[300], value[300];

	taken_away(_metadata, &self->env.dut);
	EXPECT_STREQ("", revoked_badly(self->env.path.device));

	snprintf(path, sizeof(path), "%s", self->env.dut.sysfs);
	ASSERT_TRUE(fdinfo_line(self->env.path.device, "vfio-device-syspath",
				value, sizeof(value)));
	EXPECT_STREQ(path, value);
	ASSERT_TRUE(fdinfo_line(self->env.path.device, "vfio-device-state", value,
				sizeof(value)));
	EXPECT_STREQ("revoked", value);
}

TEST_F_TIMEOUT(revoke, group_and_container_are_let_go, 120)
{
	__u32 flags;

	if (variant->v.path == PATH_CDEV)
		SKIP(return, "no group");
	taken_away(_metadata, &self->env.dut);
	EXPECT_EQ(-ENODEV, group_status(self->env.path.group, &flags));
	EXPECT_EQ(-ENODEV, group_get_device(self->env.path.group, self->env.dut.name));
	if (variant->v.path == PATH_TYPE1)
		EXPECT_EQ(-EINVAL, container_map(self->env.path.space, NULL, 4096,
						 0));
}

/* The next user gets a device while the last one still has his dead fd. */
TEST_F_TIMEOUT(revoke, opened_anew_at_once, 180)
{
	struct vfio_path again;
	struct vfio_dut dut;

	taken_away(_metadata, &self->env.dut);
	if (variant->v.kind == VFIO_DUT_PCI) {
		ASSERT_EQ(0, pci_bind(self->env.dut.name, "vfio-pci"));
		ASSERT_EQ(0, vfio_dut_from_sysfs(&dut, self->env.dut.sysfs));
	} else {
		ASSERT_EQ(0, mdev_new(&dut, MTTY_TYPE));
	}
	ASSERT_EQ(0, vfio_path_open(&again, variant->v.path, &dut, NULL));
	EXPECT_EQ(0, device_alive(again.device));
	EXPECT_STREQ("", revoked_badly(self->env.path.device));
	vfio_path_close(&self->env.path);
	EXPECT_EQ(0, device_alive(again.device));
	vfio_path_close(&again);
	if (variant->v.kind == VFIO_DUT_MDEV)
		EXPECT_EQ(0, mdev_remove(dut.name));
}

/* Zero is the default, and never. */
TEST_F_TIMEOUT(revoke, zero_waits, 120)
{
	char value[16];
	pid_t pid;

	ASSERT_EQ(0, revoke_get(&self->env.dut, value, sizeof(value)));
	EXPECT_STREQ("0", value);
	pid = revoke_start(&self->env.dut);
	EXPECT_EQ(-1, revoke_done(pid, BLOCKED_MS));
	EXPECT_EQ(0, device_alive(self->env.path.device));
	vfio_path_close_device(&self->env.path);
	EXPECT_EQ(0, revoke_done(pid, REVOKE_WAIT_MS));
}

/* Who lets go in time is not interfered with. */
TEST_F_TIMEOUT(revoke, in_time, 120)
{
	pid_t pid;

	ASSERT_EQ(0, revoke_set_seconds(&self->env.dut, 60));
	pid = revoke_start(&self->env.dut);
	EXPECT_EQ(-1, revoke_done(pid, BLOCKED_MS));
	EXPECT_EQ(0, device_alive(self->env.path.device));
	vfio_path_close_device(&self->env.path);
	EXPECT_EQ(0, revoke_done(pid, REVOKE_CLOSE_MS));
}

/* An unbind that hangs already is helped by the module's parameter. */
TEST_F_TIMEOUT(revoke, parameter_while_it_waits, 180)
{
	pid_t pid = revoke_start(&self->env.dut);

	EXPECT_EQ(-1, revoke_done(pid, BLOCKED_MS));
	ASSERT_EQ(0, sysfs_write(REVOKE_PARAM, "1"));
	EXPECT_EQ(0, revoke_done(pid, HEEDED_MS + REVOKE_CLOSE_MS));
	EXPECT_STREQ("", revoked_badly(self->env.path.device));
}

/* What a device says of itself has precedence over the parameter. */
TEST_F_TIMEOUT(revoke, attribute_over_parameter, 120)
{
	char value[16];
	pid_t pid;

	ASSERT_EQ(0, sysfs_write(REVOKE_PARAM, "1"));
	ASSERT_EQ(0, revoke_get(&self->env.dut, value, sizeof(value)));
	EXPECT_STREQ("1", value);
	EXPECT_EQ(0, revoke_set(&self->env.dut, "7"));
	ASSERT_EQ(0, revoke_get(&self->env.dut, value, sizeof(value)));
	EXPECT_STREQ("7", value);
	EXPECT_EQ(-ERANGE, revoke_set(&self->env.dut, "-1"));
	EXPECT_EQ(-ERANGE, revoke_set(&self->env.dut, "86401"));
	EXPECT_EQ(-EINVAL, revoke_set(&self->env.dut, "soon"));
	EXPECT_EQ(0, revoke_set(&self->env.dut, "default"));
	ASSERT_EQ(0, revoke_get(&self->env.dut, value, sizeof(value)));
	EXPECT_STREQ("1", value);

	ASSERT_EQ(0, revoke_set(&self->env.dut, "0"));
	pid = revoke_start(&self->env.dut);
	EXPECT_EQ(-1, revoke_done(pid, BLOCKED_MS));
	EXPECT_EQ(0, device_alive(self->env.path.device));
	vfio_path_close_device(&self->env.path);
	EXPECT_EQ(0, revoke_done(pid, REVOKE_WAIT_MS));
}

TEST_F_TIMEOUT(revoke, fd_that_is_not_bound, 120)
{
	int fd;

	if (variant->v.path != PATH_CDEV)
		SKIP(return, "the fds of a group are born bound");
	fd = node_open(self->env.dut.cdev);
	ASSERT_LE(0, fd);
	vfio_path_close_device(&self->env.path);
	taken_away(_metadata, &self->env.dut);
	EXPECT_STREQ("", revoked_badly(fd));
	close(fd);
}

TEST_F_TIMEOUT(revoke, several_fds, 120)
{
	int fd[3], i;

	for (i = 0; i < 3; i++) {
		fd[i] = variant->v.path == PATH_CDEV ?
			node_open(self->env.dut.cdev) :
			group_get_device(self->env.path.group, self->env.dut.name);
		ASSERT_LE(0, fd[i]);
	}
	/* One of them is gone by itself. */
	close(fd[1]);
	taken_away(_metadata, &self->env.dut);
	EXPECT_STREQ("", revoked_badly(fd[0]));
	EXPECT_STREQ("", revoked_badly(fd[2]));
	EXPECT_STREQ("", revoked_badly(self->env.path.device));
	close(fd[0]);
	close(fd[2]);
}

/* Who is woken by the end of his device needs not ask for it. */
TEST_F_TIMEOUT(revoke, poll_wakes, 120)
{
	struct pollfd p = { .fd = self->env.path.device, .events = 0 };
	pid_t pid;

	EXPECT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(0, revoke_set_seconds(&self->env.dut, REVOKE_S));
	pid = revoke_start(&self->env.dut);
	EXPECT_EQ(1, poll(&p, 1, REVOKE_WAIT_MS));
	EXPECT_EQ(POLLHUP | POLLERR, p.revents);
	EXPECT_EQ(0, revoke_done(pid, REVOKE_WAIT_MS));
}

/* The log says whom it waits for, and from whom it was taken. */
TEST_F_TIMEOUT(revoke, log_names_the_user, 120)
{
	char waits[128], taken[128], opener[64], line[256];
	const char *const pattern[2][2] = { { waits }, { taken } };
	int mark = kmsg_mark();

	/* The kernel keeps 15 characters of the name. */
	snprintf(opener, sizeof(opener), "\"%.15s\" (%d)",
		 program_invocation_short_name, getpid());
	snprintf(waits, sizeof(waits), "in use by %s", opener);
	snprintf(taken, sizeof(taken), "revoked from %s", opener);
	ASSERT_EQ(0, revoke_set_seconds(&self->env.dut, 2));
	ASSERT_EQ(0, revoke_done(revoke_start(&self->env.dut), REVOKE_WAIT_MS));
	EXPECT_TRUE(kmsg_find(mark, pattern[0], line, sizeof(line)));
	EXPECT_TRUE(kmsg_find(mark, pattern[1], line, sizeof(line)));
	close(mark);
}

/* Mappings, as a driver's page fault handler fills them. */
static __u8 *map_bar(struct __test_metadata *_metadata, struct vfio_path *path,
		     size_t *size)
{
	struct vfio_region_info info;
	__u8 *bar;

	ASSERT_EQ(0, device_region(path->device, VFIO_PCI_BAR0_REGION_INDEX,
				   &info));
	bar = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   path->device, info.offset);
	ASSERT_NE(MAP_FAILED, bar);
	*size = info.size;
	return bar;
}

TEST_F_TIMEOUT(revoke, bar_reads_all_ones, 120)
{
	struct edu edu;
	__u32 *bar, *moved;
	size_t size;
	pid_t pid;

	if (variant->v.kind != VFIO_DUT_PCI)
		SKIP(return, "mtty maps nothing");
	edu_init(&edu);
	edu.path = self->env.path;
	ASSERT_EQ(0, edu_enable(&edu));
	bar = (__u32 *)map_bar(_metadata, &self->env.path, &size);
	ASSERT_NE(0xffffffffU, bar[0]);
	/* Some pages were never looked at before. */
	taken_away(_metadata, &self->env.dut);
	EXPECT_EQ(0xffffffffU, reg_read(&bar[0]));
	EXPECT_EQ(0xffffffffU, reg_read(&bar[size / 8]));
	/* Memory of the fd's own: it harms nobody. */
	reg_write(&bar[0], 0x12345678);
	EXPECT_EQ(0x12345678U, reg_read(&bar[0]));

	pid = fork();
	if (!pid)
		_exit(reg_read(&bar[1]) == 0xffffffff ? 0 : 1);
	EXPECT_EQ(0, revoke_done(pid, 10000));

	moved = mremap(bar, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
		       (char *)bar + 4 * size);
	ASSERT_NE(MAP_FAILED, (void *)moved);
	EXPECT_EQ(0xffffffffU, reg_read(&moved[2]));
	EXPECT_EQ(0, munmap((char *)moved + size / 2, size / 2));
	EXPECT_EQ(0xffffffffU, reg_read(&moved[3]));
	/* The mapping keeps the file. */
	vfio_path_close(&self->env.path);
	EXPECT_EQ(0xffffffffU, reg_read(&moved[4]));
	EXPECT_EQ(0, munmap(moved, size / 2));
}

/* Nothing that the device does reaches memory once unbind has returned. */
TEST_F_TIMEOUT(revoke, no_dma_afterwards, 180)
{
	const size_t len = 4096;
	unsigned int i, landed = 0;
	struct edu edu;
	size_t size;
	__u8 *mem;
	pid_t pid;

	if (variant->v.kind != VFIO_DUT_PCI)
		SKIP(return, "no DMA in mtty");
	edu_init(&edu);
	edu.path = self->env.path;
	mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	ASSERT_EQ(0, vfio_path_map(&self->env.path, mem, len, EDU_IOVA));
	ASSERT_EQ(0, edu_enable(&edu));
	edu.bar = map_bar(_metadata, &self->env.path, &size);

	/* It works, with what the engine's buffer holds from the start. */
	memset(mem, CANARY, len);
	ASSERT_EQ(0, edu_dma(&edu, EDU_DMA_TO_RAM, EDU_IOVA, 0, 64));
	for (i = 0; i < 64; i++)
		landed += mem[i] != CANARY;
	EXPECT_LT(0U, landed);

	ASSERT_EQ(0, revoke_set_seconds(&self->env.dut, REVOKE_S));
	pid = revoke_start(&self->env.dut);
	/* One transfer after the other until the end, and beyond. */
	while (waitpid(pid, NULL, WNOHANG) == 0)
		edu_dma_start(&edu, EDU_DMA_TO_RAM, EDU_IOVA, 0, 64);
	memset(mem, CANARY, len);
	for (i = 0; i < 10; i++) {
		edu_dma_start(&edu, EDU_DMA_TO_RAM, EDU_IOVA, 0, 64);
		sleep_ms(50);
	}
	for (landed = 0, i = 0; i < len; i++)
		landed += mem[i] != CANARY;
	EXPECT_EQ(0U, landed);
	munmap(edu.bar, size);
	munmap(mem, len);
}

TEST_HARNESS_MAIN
