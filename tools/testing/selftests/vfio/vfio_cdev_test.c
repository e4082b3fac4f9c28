// SPDX-License-Identifier: GPL-2.0
/*
 * The device cdev: what a new fd refuses, VFIO_DEVICE_BIND_IOMMUFD with each
 * of its errors, the second opener, the life of a bound file through dup(),
 * fork() and every order of closing. Runs on an mdev and on a PCI function.
 * Each row of the errno table is a variant, hence a test with a name.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <linux/iommufd.h>

#include "vfio_harness.h"

/* Unbound: everything but BIND is refused with EINVAL. */

FIXTURE(unbound) {
	struct vfio_dut dut;
};

FIXTURE_VARIANT(unbound) {
	unsigned long cmd;
};

FIXTURE_VARIANT_ADD(unbound, attach) { VFIO_DEVICE_ATTACH_IOMMUFD_PT };
FIXTURE_VARIANT_ADD(unbound, detach) { VFIO_DEVICE_DETACH_IOMMUFD_PT };
FIXTURE_VARIANT_ADD(unbound, get_info) { VFIO_DEVICE_GET_INFO };
FIXTURE_VARIANT_ADD(unbound, get_region_info) { VFIO_DEVICE_GET_REGION_INFO };
FIXTURE_VARIANT_ADD(unbound, get_irq_info) { VFIO_DEVICE_GET_IRQ_INFO };
FIXTURE_VARIANT_ADD(unbound, set_irqs) { VFIO_DEVICE_SET_IRQS };
FIXTURE_VARIANT_ADD(unbound, reset) { VFIO_DEVICE_RESET };
FIXTURE_VARIANT_ADD(unbound, hot_reset_info) {
	VFIO_DEVICE_GET_PCI_HOT_RESET_INFO
};

FIXTURE_VARIANT_ADD(unbound, hot_reset) { VFIO_DEVICE_PCI_HOT_RESET };
FIXTURE_VARIANT_ADD(unbound, gfx_plane) { VFIO_DEVICE_QUERY_GFX_PLANE };
FIXTURE_VARIANT_ADD(unbound, gfx_dmabuf) { VFIO_DEVICE_GET_GFX_DMABUF };
FIXTURE_VARIANT_ADD(unbound, ioeventfd) { VFIO_DEVICE_IOEVENTFD };
FIXTURE_VARIANT_ADD(unbound, feature) { VFIO_DEVICE_FEATURE };
FIXTURE_VARIANT_ADD(unbound, group_get_status) { VFIO_GROUP_GET_STATUS };
FIXTURE_VARIANT_ADD(unbound, unknown) { _IO(';', 250) };

FIXTURE_SETUP(unbound) { }
FIXTURE_TEARDOWN(unbound) { }

static void expect_EINVAL(struct __test_metadata *_metadata,
			  struct vfio_dut *dut, enum vfio_dut_kind kind,
			  unsigned long cmd)
{
	char arg[256] = { 64 };
	int fd;

	if (!dut_has_cdev(_metadata, dut, kind))
		return;
	fd = node_open(dut->cdev);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, vfio_ioctl(fd, cmd, arg));
	EXPECT_EQ(-EINVAL, vfio_ioctl(fd, cmd, NULL));
	close(fd);
}

TEST_F(unbound, mdev_EINVAL)
{
	expect_EINVAL(_metadata, &self->dut, VFIO_DUT_MDEV, variant->cmd);
}

TEST_F(unbound, pci_EINVAL)
{
	expect_EINVAL(_metadata, &self->dut, VFIO_DUT_PCI, variant->cmd);
}

/* A cdev fd in whatever state. */

FIXTURE(cdev) {
	struct vfio_dut dut;
	int fd, iommufd;
	__u32 devid;
};

FIXTURE_VARIANT(cdev) {
	enum vfio_dut_kind kind;
};

FIXTURE_VARIANT_ADD(cdev, mdev) { .kind = VFIO_DUT_MDEV };
FIXTURE_VARIANT_ADD(cdev, pci) { .kind = VFIO_DUT_PCI };

FIXTURE_SETUP(cdev)
{
	if (!dut_has_cdev(_metadata, &self->dut, variant->kind))
		return;
	self->fd = node_open(self->dut.cdev);
	ASSERT_LE(0, self->fd);
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
}

FIXTURE_TEARDOWN(cdev)
{
	close(self->fd);
	close(self->iommufd);
}

TEST_F(cdev, unbound_read_write_mmap_EINVAL)
{
	char buf[4];

	EXPECT_EQ(-1, read(self->fd, buf, sizeof(buf)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, buf, sizeof(buf)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pread(self->fd, buf, sizeof(buf), 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(self->fd, buf, sizeof(buf), 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED,
				   self->fd, 0));
	EXPECT_EQ(EINVAL, errno);
}

/* Merely having the cdev open claims nothing. */
TEST_F(cdev, unbound_leaves_device_free)
{
	EXPECT_EQ(0, device_is_free(&self->dut));
}

TEST_F(cdev, bind_enables_the_device)
{
	ASSERT_EQ(0, vfio_bind(self->fd, self->iommufd, &self->devid));
	EXPECT_EQ(0, device_alive(self->fd));
	/* The id is an object of that iommufd, in use. */
	EXPECT_NE(0U, self->devid);
	EXPECT_EQ(-EBUSY, iommufd_destroy(self->iommufd, self->devid));
	/* What only the driver can answer is answered by the driver. */
	EXPECT_EQ(-ENOTTY, vfio_ioctl(self->fd, _IO(';', 250), NULL));
	EXPECT_EQ(-ENOTTY, vfio_ioctl(self->fd, VFIO_GROUP_GET_STATUS, NULL));
}

TEST_F(cdev, bind_takes_a_longer_struct)
{
	struct {
		struct vfio_device_bind_iommufd bind;
		__u64 more;
	} arg = { .bind.argsz = sizeof(arg), .bind.iommufd = self->iommufd };

	EXPECT_EQ(0, vfio_ioctl(self->fd, VFIO_DEVICE_BIND_IOMMUFD, &arg));
}

TEST_F(cdev, bind_again_EINVAL)
{
	int other = iommufd_open();

	ASSERT_EQ(0, vfio_bind(self->fd, self->iommufd, NULL));
	EXPECT_EQ(-EINVAL, vfio_bind(self->fd, self->iommufd, NULL));
	EXPECT_EQ(-EINVAL, vfio_bind(self->fd, other, NULL));
	EXPECT_EQ(0, device_alive(self->fd));
	close(self->fd);
	/* The refused calls must not have left a claim behind. */
	EXPECT_EQ(0, device_is_free(&self->dut));
	close(other);
}

TEST_F(cdev, bind_opened_elsewhere_EINVAL)
{
	int second = node_open(self->dut.cdev), other = iommufd_open();

	ASSERT_LE(0, second);
	ASSERT_EQ(0, vfio_bind(self->fd, self->iommufd, NULL));
	EXPECT_EQ(-EINVAL, vfio_bind(second, self->iommufd, NULL));
	EXPECT_EQ(-EINVAL, vfio_bind(second, other, NULL));
	/* The loser stays unbound, the winner is not disturbed. */
	EXPECT_EQ(-EINVAL, device_alive(second));
	EXPECT_EQ(0, device_alive(self->fd));
	/* And once the winner is gone, the loser may. */
	close(self->fd);
	EXPECT_EQ(0, vfio_bind(second, other, NULL));
	EXPECT_EQ(0, device_alive(second));
	close(second);
	close(other);
}

TEST_F(cdev, bind_group_open_EBUSY)
{
	int group = node_open(self->dut.group);

	ASSERT_LE(0, group);
	EXPECT_EQ(-EBUSY, vfio_bind(self->fd, self->iommufd, NULL));
	close(group);
	EXPECT_EQ(0, vfio_bind(self->fd, self->iommufd, NULL));
}

TEST_F(cdev, bind_on_group_device_fd_EINVAL)
{
	int fds[2], dev;

	ASSERT_EQ(0, vfio_open_group_container(&self->dut, fds));
	dev = group_get_device(fds[0], self->dut.name);
	ASSERT_LE(0, dev);
	EXPECT_EQ(-EINVAL, vfio_bind(dev, self->iommufd, NULL));
	EXPECT_EQ(0, device_alive(dev));
	close(dev);
	close(fds[0]);
	close(fds[1]);
}

/* The id cannot be copied out: the binding must be undone to the last bit. */
TEST_F(cdev, bind_out_devid_EFAULT_rolls_back)
{
	struct vfio_device_bind_iommufd *arg;
	int i;

	arg = readonly_tail(offsetof(struct vfio_device_bind_iommufd,
				     out_devid));
	ASSERT_NE(NULL, arg);
	arg->argsz = sizeof(*arg);
	arg->iommufd = self->iommufd;
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EFAULT, vfio_ioctl(self->fd,
					      VFIO_DEVICE_BIND_IOMMUFD, arg));
		EXPECT_EQ(-EINVAL, device_alive(self->fd));
	}
	EXPECT_EQ(0, device_is_free(&self->dut));
	EXPECT_EQ(0, vfio_bind(self->fd, self->iommufd, &self->devid));
	EXPECT_EQ(0, device_alive(self->fd));
}

/* Of many who bind at once, one wins. */
struct racer {
	pthread_t thread;
	int fd, iommufd, ret;
};

static void *race_bind(void *arg)
{
	struct racer *r = arg;

	r->ret = vfio_bind(r->fd, r->iommufd, NULL);
	return NULL;
}

TEST_F(cdev, bind_race_has_one_winner)
{
	struct racer r[4];
	int round, i, won;

	for (round = 0; round < 5; round++) {
		for (i = 0; i < 4; i++) {
			r[i].fd = node_open(self->dut.cdev);
			r[i].iommufd = self->iommufd;
			ASSERT_EQ(0, pthread_create(&r[i].thread, NULL,
						    race_bind, &r[i]));
		}
		for (i = 0, won = 0; i < 4; i++) {
			pthread_join(r[i].thread, NULL);
			if (r[i].ret == 0)
				won++;
			else
				EXPECT_EQ(-EINVAL, r[i].ret);
		}
		EXPECT_EQ(1, won);
		for (i = 0; i < 4; i++)
			close(r[i].fd);
	}
	EXPECT_EQ(0, device_is_free(&self->dut));
}

TEST_F(cdev, dup_is_the_same_file)
{
	int copy = dup(self->fd);

	ASSERT_EQ(0, vfio_bind(self->fd, self->iommufd, NULL));
	EXPECT_EQ(0, device_alive(copy));
	EXPECT_EQ(-EINVAL, vfio_bind(copy, self->iommufd, NULL));
	close(self->fd);
	EXPECT_EQ(0, device_alive(copy));
	EXPECT_EQ(-EBUSY, node_open(self->dut.group));
	close(copy);
	EXPECT_EQ(0, device_is_free(&self->dut));
}

TEST_F(cdev, fork_keeps_the_device_bound)
{
	int gate[2], status;
	pid_t pid;
	char c;

	ASSERT_EQ(0, vfio_bind(self->fd, self->iommufd, NULL));
	ASSERT_EQ(0, pipe(gate));
	pid = fork();
	if (pid == 0) {
		close(gate[1]);
		if (read(gate[0], &c, 1) < 0)
			_exit(1);
		_exit(device_alive(self->fd) ? 1 : 0);
	}
	close(gate[0]);
	close(self->fd);
	EXPECT_EQ(-EBUSY, node_open(self->dut.group));
	close(gate[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, device_is_free(&self->dut));
}

/* The bound file holds the iommufd itself, not its number. */
TEST_F(cdev, iommufd_closed_first)
{
	ASSERT_EQ(0, vfio_bind(self->fd, self->iommufd, NULL));
	close(self->iommufd);
	EXPECT_EQ(0, device_alive(self->fd));
	close(self->fd);
	EXPECT_EQ(0, device_is_free(&self->dut));
}

TEST_F(cdev, exit_with_everything_open)
{
	__u32 ioas;
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		if (vfio_bind(self->fd, self->iommufd, NULL) ||
		    ioas_alloc(self->iommufd, &ioas) ||
		    vfio_attach(self->fd, &ioas))
			_exit(1);
		raise(SIGKILL);
	}
	close(self->fd);
	close(self->iommufd);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(0, device_is_free(&self->dut));
}

/* The value of a line in the fd's fdinfo, empty if there is none. */
static void fdinfo_line(int fd, const char *key, char *value, size_t size)
{
	char path[64], line[512];
	FILE *f;

	value[0] = '\0';
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "r");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, key, strlen(key)))
			snprintf(value, size, "%s", line + strlen(key));
	}
	fclose(f);
}

TEST_F(cdev, fdinfo_names_device_and_state)
{
	char value[256];

	fdinfo_line(self->fd, "vfio-device-syspath: ", value, sizeof(value));
	EXPECT_STREQ(self->dut.sysfs, value);
	fdinfo_line(self->fd, "vfio-device-state: ", value, sizeof(value));
	EXPECT_STREQ("unbound", value);
	ASSERT_EQ(0, vfio_bind(self->fd, self->iommufd, NULL));
	fdinfo_line(self->fd, "vfio-device-state: ", value, sizeof(value));
	EXPECT_STREQ("live", value);
}

/* BIND's arguments, one mistake each. */

enum bind_fd { FD_GOOD, FD_MINUS_ONE, FD_CLOSED, FD_NULL_DEV, FD_CONTAINER,
	       FD_SELF };

FIXTURE(bind) {
	struct vfio_dut dut;
};

FIXTURE_VARIANT(bind) {
	__u32 argsz, flags;
	enum bind_fd which;
	int expect;
};

#define BIND_SZ	sizeof(struct vfio_device_bind_iommufd)

FIXTURE_VARIANT_ADD(bind, argsz_zero) { 0, 0, FD_GOOD, -EINVAL };
FIXTURE_VARIANT_ADD(bind, argsz_short) { BIND_SZ - 1, 0, FD_GOOD, -EINVAL };
FIXTURE_VARIANT_ADD(bind, flags) { BIND_SZ, 1, FD_GOOD, -EINVAL };
FIXTURE_VARIANT_ADD(bind, flags_high) { BIND_SZ, 1U << 31, FD_GOOD, -EINVAL };
FIXTURE_VARIANT_ADD(bind, fd_minus_one) { BIND_SZ, 0, FD_MINUS_ONE, -EINVAL };
FIXTURE_VARIANT_ADD(bind, fd_closed) { BIND_SZ, 0, FD_CLOSED, -EBADF };
FIXTURE_VARIANT_ADD(bind, fd_dev_null) { BIND_SZ, 0, FD_NULL_DEV, -EBADFD };
FIXTURE_VARIANT_ADD(bind, fd_container) { BIND_SZ, 0, FD_CONTAINER, -EBADFD };
FIXTURE_VARIANT_ADD(bind, fd_itself) { BIND_SZ, 0, FD_SELF, -EBADFD };

FIXTURE_SETUP(bind) { }
FIXTURE_TEARDOWN(bind) { }

static void expect_refusal(struct __test_metadata *_metadata,
			   struct vfio_dut *dut, enum vfio_dut_kind kind,
			   __u32 argsz, __u32 flags, enum bind_fd which,
			   int expect)
{
	int fd, fds[6] = { iommufd_open(), -1, 999, node_open("/dev/null"),
			   container_open() };
	struct vfio_device_bind_iommufd arg = {
		.argsz = argsz,
		.flags = flags,
		.out_devid = 0xabcdef,
	};

	if (!dut_has_cdev(_metadata, dut, kind))
		return;
	fd = node_open(dut->cdev);
	ASSERT_LE(0, fd);
	fds[FD_SELF] = fd;
	arg.iommufd = fds[which];
	EXPECT_EQ(expect, vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &arg));
	EXPECT_EQ(0xabcdefU, arg.out_devid);
	EXPECT_EQ(-EINVAL, device_alive(fd));
	EXPECT_EQ(-EFAULT, vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, NULL));
	/* Whatever was wrong, the fd is none the worse for it. */
	EXPECT_EQ(0, device_is_free(dut));
	EXPECT_EQ(0, vfio_bind(fd, fds[FD_GOOD], NULL));
	close(fd);
}

TEST_F(bind, mdev_refused)
{
	expect_refusal(_metadata, &self->dut, VFIO_DUT_MDEV, variant->argsz,
		       variant->flags, variant->which, variant->expect);
}

TEST_F(bind, pci_refused)
{
	expect_refusal(_metadata, &self->dut, VFIO_DUT_PCI, variant->argsz,
		       variant->flags, variant->which, variant->expect);
}

TEST_HARNESS_MAIN
