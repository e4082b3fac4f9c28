// SPDX-License-Identifier: GPL-2.0
/*
 * The group file and the cdevs of its devices exclude each other: one that is
 * open blocks BIND, one bound cdev blocks the open, and what was refused or
 * rolled back blocks nothing. Also two functions of one group, and both ways
 * raced against each other.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "vfio_harness.h"

FIXTURE(exclusion) {
	struct vfio_dut dut;
	int iommufd;
};

FIXTURE_VARIANT(exclusion) {
	enum vfio_dut_kind kind;
};

FIXTURE_VARIANT_ADD(exclusion, mdev) { .kind = VFIO_DUT_MDEV };
FIXTURE_VARIANT_ADD(exclusion, pci) { .kind = VFIO_DUT_PCI };

FIXTURE_SETUP(exclusion)
{
	if (!dut_has_cdev(_metadata, &self->dut, variant->kind))
		return;
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
}

FIXTURE_TEARDOWN(exclusion)
{
	close(self->iommufd);
}

/* Opening the group is enough; no container, no device fd is needed. */
TEST_F(exclusion, open_group_blocks_bind)
{
	int group = node_open(self->dut.group), fd;

	ASSERT_LE(0, group);
	fd = node_open(self->dut.cdev);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBUSY, vfio_bind(fd, self->iommufd, NULL));
	EXPECT_EQ(-EBUSY, vfio_bind(fd, self->iommufd, NULL));
	close(group);
	EXPECT_EQ(0, vfio_bind(fd, self->iommufd, NULL));
	close(fd);
}

TEST_F(exclusion, group_in_use_blocks_bind)
{
	int fds[2], dev, fd;

	ASSERT_EQ(0, vfio_open_group_container(&self->dut, fds));
	dev = group_get_device(fds[0], self->dut.name);
	ASSERT_LE(0, dev);
	fd = node_open(self->dut.cdev);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBUSY, vfio_bind(fd, self->iommufd, NULL));
	EXPECT_EQ(0, device_alive(dev));
	/* The device fd holds the group open by itself. */
	close(fds[0]);
	close(fds[1]);
	EXPECT_EQ(-EBUSY, vfio_bind(fd, self->iommufd, NULL));
	EXPECT_EQ(0, device_alive(dev));
	close(dev);
	EXPECT_EQ(0, vfio_bind(fd, self->iommufd, NULL));
	EXPECT_EQ(0, device_alive(fd));
	close(fd);
}

TEST_F(exclusion, bound_cdev_blocks_group)
{
	int fd = vfio_open_bind(&self->dut, self->iommufd, NULL), group;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBUSY, node_open(self->dut.group));
	EXPECT_EQ(0, device_alive(fd));
	close(fd);
	group = node_open(self->dut.group);
	EXPECT_LE(0, group);
	close(group);
}

TEST_F(exclusion, unbound_cdev_blocks_nothing)
{
	int fd = node_open(self->dut.cdev), fds[2], dev;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, vfio_open_group_container(&self->dut, fds));
	dev = group_get_device(fds[0], self->dut.name);
	EXPECT_LE(0, dev);
	EXPECT_EQ(0, device_alive(dev));
	close(fd);
	EXPECT_EQ(0, device_alive(dev));
	close(dev);
	close(fds[0]);
	close(fds[1]);
}

TEST_F(exclusion, refused_bind_blocks_nothing)
{
	int fd = node_open(self->dut.cdev), group;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADF, vfio_bind(fd, 999, NULL));
	EXPECT_EQ(-EBADFD, vfio_bind(fd, fd, NULL));
	group = node_open(self->dut.group);
	EXPECT_LE(0, group);
	close(group);
	close(fd);
}

/* A second opener that lost leaves the first one's claim alone. */
TEST_F(exclusion, loser_keeps_the_claim)
{
	int first = vfio_open_bind(&self->dut, self->iommufd, NULL);
	int second = node_open(self->dut.cdev);

	ASSERT_LE(0, first);
	ASSERT_LE(0, second);
	EXPECT_EQ(-EINVAL, vfio_bind(second, self->iommufd, NULL));
	EXPECT_EQ(-EBUSY, node_open(self->dut.group));
	close(second);
	EXPECT_EQ(-EBUSY, node_open(self->dut.group));
	close(first);
	EXPECT_EQ(0, device_is_free(&self->dut));
}

/* One thread opens the group, another binds the cdev: never both. */
struct contest {
	const struct vfio_dut *dut;
	int iommufd;
	int group, cdev, stop;		/* group, cdev: 1 while held */
	int both, opened, bound, other;
};

static void put(int *p, int value)
{
	__atomic_store_n(p, value, __ATOMIC_SEQ_CST);
}

static int get(int *p)
{
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static void *open_group(void *arg)
{
	struct contest *c = arg;
	int fd;

	while (!get(&c->stop)) {
		fd = node_open(c->dut->group);
		if (fd >= 0) {
			put(&c->group, 1);
			if (get(&c->cdev))
				c->both++;
			c->opened++;
			put(&c->group, 0);
			close(fd);
		} else if (fd != -EBUSY) {
			c->other = fd;
		}
	}
	return NULL;
}

static void *bind_cdev(void *arg)
{
	struct contest *c = arg;
	int fd, ret;

	while (!get(&c->stop)) {
		fd = node_open(c->dut->cdev);
		ret = vfio_bind(fd, c->iommufd, NULL);
		if (ret == 0) {
			put(&c->cdev, 1);
			if (get(&c->group))
				c->both++;
			c->bound++;
			put(&c->cdev, 0);
		} else if (ret != -EBUSY) {
			c->other = ret;
		}
		close(fd);
	}
	return NULL;
}

TEST_F(exclusion, race_is_won_by_one)
{
	struct contest c = { .dut = &self->dut, .iommufd = self->iommufd };
	pthread_t a, b;

	ASSERT_EQ(0, pthread_create(&a, NULL, open_group, &c));
	ASSERT_EQ(0, pthread_create(&b, NULL, bind_cdev, &c));
	sleep_ms(3000);
	put(&c.stop, 1);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	EXPECT_EQ(0, c.both);
	EXPECT_EQ(0, c.other);
	EXPECT_LT(0, c.opened + c.bound);
	EXPECT_EQ(0, device_is_free(&self->dut));
}

/* Two functions of one slot without ACS: one group, two cdevs. */

FIXTURE(shared) {
	struct vfio_dut dut[2];
	int iommufd;
};

FIXTURE_SETUP(shared)
{
	if (!vfio_dut_pair(self->dut))
		SKIP(return, "no two edu functions in one group");
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
}

FIXTURE_TEARDOWN(shared)
{
	close(self->iommufd);
}

TEST_F(shared, open_group_blocks_both)
{
	int group = node_open(self->dut[0].group), i, fd[2];

	ASSERT_LE(0, group);
	for (i = 0; i < 2; i++) {
		fd[i] = node_open(self->dut[i].cdev);
		EXPECT_EQ(-EBUSY, vfio_bind(fd[i], self->iommufd, NULL));
	}
	close(group);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, vfio_bind(fd[i], self->iommufd, NULL));
}

/* The group stays closed until the last of its cdevs has let go. */
TEST_F(shared, group_blocked_until_last_close)
{
	int fd[2], i;

	for (i = 0; i < 2; i++) {
		fd[i] = vfio_open_bind(&self->dut[i], self->iommufd, NULL);
		ASSERT_LE(0, fd[i]);
	}
	EXPECT_EQ(-EBUSY, node_open(self->dut[0].group));
	close(fd[0]);
	EXPECT_EQ(-EBUSY, node_open(self->dut[0].group));
	EXPECT_EQ(0, device_alive(fd[1]));
	close(fd[1]);
	EXPECT_EQ(0, device_is_free(&self->dut[0]));
}

/* A group has one owner of its DMA: two iommufds cannot share it. */
TEST_F(shared, second_iommufd_refused)
{
	int fd = vfio_open_bind(&self->dut[0], self->iommufd, NULL);
	int other = iommufd_open(), second = node_open(self->dut[1].cdev);

	ASSERT_LE(0, fd);
	ASSERT_LE(0, second);
	EXPECT_EQ(-EPERM, vfio_bind(second, other, NULL));
	EXPECT_EQ(0, vfio_bind(second, self->iommufd, NULL));
	EXPECT_EQ(0, device_alive(second));
}

TEST_F(shared, both_devices_of_a_group)
{
	int fds[2], dev[2];

	ASSERT_EQ(0, vfio_open_group_container(&self->dut[0], fds));
	dev[0] = group_get_device(fds[0], self->dut[0].name);
	dev[1] = group_get_device(fds[0], self->dut[1].name);
	ASSERT_LE(0, dev[0]);
	ASSERT_LE(0, dev[1]);
	EXPECT_EQ(0, device_alive(dev[0]));
	close(dev[0]);
	EXPECT_EQ(-EBUSY, group_unset_container(fds[0]));
	EXPECT_EQ(0, device_alive(dev[1]));
	close(dev[1]);
	EXPECT_EQ(0, group_unset_container(fds[0]));
}

TEST_HARNESS_MAIN
