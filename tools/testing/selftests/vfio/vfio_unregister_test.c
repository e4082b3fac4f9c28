// SPDX-License-Identifier: GPL-2.0
/*
 * A device that is taken away while files of it are open: the remover waits,
 * what is open goes on, nothing new can be had, and with the last close all of
 * it ends. The remover is a child that writes to the mdev's remove attribute;
 * that it waits is told by a message when a signal comes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "vfio_harness.h"

#define SETTLE_MS	20000
#define STORM_MS	2000

FIXTURE(unregister) {
	struct vfio_dut dut;
	int fd, iommufd;
	pid_t remover;
	dev_t number;
};

static bool wait_gone(const char *path)
{
	long long end = now_ms() + SETTLE_MS;

	while (access(path, F_OK) == 0) {
		if (now_ms() > end)
			return false;
		sleep_ms(10);
	}
	return true;
}

/* Open the device by its number, through a node that nobody has seen. */
static int open_number(dev_t number)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/vfio-node-%d", getpid());
	if (mknod(path, S_IFCHR | 0600, number))
		return -errno;
	fd = node_open(path);
	unlink(path);
	return fd;
}

/*
 * The node goes before the number behind it does. Until then an open finds the
 * device, or ENODEV; the first other answer is returned.
 */
static int open_at_last(dev_t number)
{
	long long end = now_ms() + SETTLE_MS;
	int fd;

	do {
		fd = open_number(number);
		if (fd < 0 && fd != -ENODEV)
			return fd;
		if (fd >= 0)
			close(fd);
		sleep_ms(10);
	} while (now_ms() < end);
	return fd;
}

/* 0 once the child is done and the write has succeeded. */
static int wait_remover(pid_t pid)
{
	long long end = now_ms() + SETTLE_MS;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ms() > end)
			return -ETIMEDOUT;
		sleep_ms(10);
	}
	return status;
}

FIXTURE_SETUP(unregister)
{
	struct stat st;

	if (!dut_has_cdev(_metadata, &self->dut, VFIO_DUT_MDEV))
		return;
	ASSERT_EQ(0, vfio_dut_new_mdev(&self->dut));
	self->iommufd = iommufd_open();
	self->fd = node_open(self->dut.cdev);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, fstat(self->fd, &st));
	self->number = st.st_rdev;
}

FIXTURE_TEARDOWN(unregister)
{
	close(self->fd);
	close(self->iommufd);
	if (self->remover > 0)
		wait_remover(self->remover);
	if (access(self->dut.sysfs, F_OK) == 0)
		mdev_remove(self->dut.name);
}

/* The child must not inherit what it is to wait for. */
static pid_t start_remover(const struct vfio_dut *dut, int *files, int n)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	while (n--)
		close(files[n]);
	_exit(mdev_remove(dut->name) ? 1 : 0);
}

TEST_F(unregister, unbound_fd_holds_the_device)
{
	self->remover = start_remover(&self->dut, &self->fd, 1);
	ASSERT_TRUE(wait_gone(self->dut.cdev));
	EXPECT_EQ(0, waitpid(self->remover, NULL, WNOHANG));
	/* The number leads nowhere any more. */
	EXPECT_EQ(-ENXIO, open_at_last(self->number));
	close(self->fd);
	EXPECT_EQ(0, wait_remover(self->remover));
	EXPECT_EQ(-ENXIO, open_number(self->number));
	EXPECT_EQ(-1, access(self->dut.sysfs, F_OK));
	self->remover = 0;
}

TEST_F(unregister, bound_fd_goes_on)
{
	ASSERT_EQ(0, vfio_bind(self->fd, self->iommufd, NULL));
	self->remover = start_remover(&self->dut, &self->fd, 1);
	ASSERT_TRUE(wait_gone(self->dut.cdev));
	EXPECT_EQ(0, device_alive(self->fd));
	EXPECT_EQ(0, waitpid(self->remover, NULL, WNOHANG));
	EXPECT_EQ(0, device_alive(self->fd));
	close(self->fd);
	EXPECT_EQ(0, wait_remover(self->remover));
	self->remover = 0;
}

TEST_F(unregister, signal_says_what_it_waits_for)
{
	static const char *const in_use[] = {
		"Device is currently in use, task", NULL
	};
	int mark = kmsg_mark(), tries = 100;
	char line[256];

	self->remover = start_remover(&self->dut, &self->fd, 1);
	ASSERT_TRUE(wait_gone(self->dut.cdev));
	sleep_ms(200);
	kill(self->remover, SIGTERM);
	while (!kmsg_find(mark, in_use, line, sizeof(line)) && tries--)
		sleep_ms(100);
	EXPECT_LT(0, tries);
	/* It cannot be killed out of it. */
	EXPECT_EQ(0, waitpid(self->remover, NULL, WNOHANG));
	EXPECT_EQ(-EINVAL, device_alive(self->fd));
	close(self->fd);
	wait_remover(self->remover);
	EXPECT_TRUE(wait_gone(self->dut.sysfs));
	self->remover = 0;
}

TEST_F(unregister, get_device_fd_ENODEV)
{
	int fds[3], dev;

	close(self->fd);
	ASSERT_EQ(0, vfio_open_group_container(&self->dut, fds));
	dev = group_get_device(fds[0], self->dut.name);
	ASSERT_LE(0, dev);
	fds[2] = dev;
	self->remover = start_remover(&self->dut, fds, 3);
	ASSERT_TRUE(wait_gone(self->dut.cdev));
	EXPECT_EQ(-ENODEV, group_get_device(fds[0], self->dut.name));
	EXPECT_EQ(-EBUSY, group_unset_container(fds[0]));
	EXPECT_EQ(0, device_alive(dev));
	close(dev);
	EXPECT_EQ(0, wait_remover(self->remover));
	EXPECT_EQ(-EINVAL, group_unset_container(fds[0]));
	self->remover = 0;
}

/* Open the very inode again and again until after the end. */
struct opener {
	char path[64];
	int stop, odd;
	unsigned int opened, refused;
};

static void *open_again(void *arg)
{
	struct opener *o = arg;
	int fd;

	while (!__atomic_load_n(&o->stop, __ATOMIC_RELAXED)) {
		fd = node_open(o->path);
		if (fd >= 0) {
			o->opened++;
			close(fd);
		} else if (fd == -ENODEV || fd == -ENXIO) {
			o->refused++;
		} else {
			o->odd = fd;
		}
	}
	return NULL;
}

TEST_F(unregister, open_race_ENODEV_or_ENXIO)
{
	struct opener o = { .stop = 0 };
	pthread_t thread;
	int path;

	path = open(self->dut.cdev, O_PATH | O_CLOEXEC);
	ASSERT_LE(0, path);
	snprintf(o.path, sizeof(o.path), "/proc/self/fd/%d", path);
	ASSERT_EQ(0, pthread_create(&thread, NULL, open_again, &o));
	sleep_ms(300);
	close(self->fd);
	EXPECT_EQ(0, mdev_remove(self->dut.name));
	sleep_ms(STORM_MS);
	__atomic_store_n(&o.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, o.odd);
	EXPECT_LT(0U, o.opened);
	EXPECT_LT(0U, o.refused);
	close(path);
}

TEST_HARNESS_MAIN
