// SPDX-License-Identifier: GPL-2.0
/*
 * VFIO_DEVICE_ATTACH_IOMMUFD_PT and VFIO_DEVICE_DETACH_IOMMUFD_PT: arguments,
 * what an id must name, replacement, the copy out that fails, closing while
 * attached. Whether an IOAS is in use is read off IOMMU_DESTROY: EBUSY or 0.
 * Runs on an mdev, where an access is attached, and on a PCI function.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <linux/iommufd.h>

#include "vfio_harness.h"

#define ATTACH_SZ	sizeof(struct vfio_device_attach_iommufd_pt)
#define DETACH_SZ	sizeof(struct vfio_device_detach_iommufd_pt)
#define BUF_SIZE	0x10000
#define IOVA		0x100000

FIXTURE(attach) {
	struct vfio_dut dut;
	int fd, iommufd;
	__u32 devid, ioas, other;
};

FIXTURE_VARIANT(attach) {
	enum vfio_dut_kind kind;
};

FIXTURE_VARIANT_ADD(attach, mdev) { .kind = VFIO_DUT_MDEV };
FIXTURE_VARIANT_ADD(attach, pci) { .kind = VFIO_DUT_PCI };

FIXTURE_SETUP(attach)
{
	if (!dut_has_cdev(_metadata, &self->dut, variant->kind))
		return;
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->fd = vfio_open_bind(&self->dut, self->iommufd, &self->devid);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioas_alloc(self->iommufd, &self->ioas));
	ASSERT_EQ(0, ioas_alloc(self->iommufd, &self->other));
}

FIXTURE_TEARDOWN(attach)
{
	close(self->fd);
	close(self->iommufd);
}

static int attach_id(int fd, __u32 id)
{
	return vfio_attach(fd, &id);
}

/* With an argument that can be read but not written. */
static int attach_readonly(int fd, __u32 id)
{
	struct vfio_device_attach_iommufd_pt *arg;
	int ret;

	arg = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (arg == MAP_FAILED)
		return -errno;
	arg->argsz = sizeof(*arg);
	arg->pt_id = id;
	if (mprotect(arg, 4096, PROT_READ))
		return -errno;
	ret = vfio_ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, arg);
	munmap(arg, 4096);
	return ret;
}

TEST_F(attach, attach_then_detach)
{
	__u32 id = self->ioas;

	ASSERT_EQ(0, vfio_attach(self->fd, &id));
	/* An access is attached to the IOAS; a device to a table made for it. */
	EXPECT_EQ(variant->kind == VFIO_DUT_MDEV, id == self->ioas);
	EXPECT_EQ(-EBUSY, iommufd_destroy(self->iommufd, self->ioas));
	EXPECT_EQ(0, vfio_detach(self->fd));
	EXPECT_EQ(0, iommufd_destroy(self->iommufd, self->ioas));
	EXPECT_EQ(0, device_alive(self->fd));
}

TEST_F(attach, detach_when_detached)
{
	EXPECT_EQ(0, vfio_detach(self->fd));
	EXPECT_EQ(0, attach_id(self->fd, self->ioas));
	EXPECT_EQ(0, vfio_detach(self->fd));
	EXPECT_EQ(0, vfio_detach(self->fd));
}

TEST_F(attach, same_ioas_again)
{
	EXPECT_EQ(0, attach_id(self->fd, self->ioas));
	EXPECT_EQ(0, attach_id(self->fd, self->ioas));
	EXPECT_EQ(0, vfio_detach(self->fd));
	EXPECT_EQ(0, iommufd_destroy(self->iommufd, self->ioas));
}

TEST_F(attach, replace_moves_the_device)
{
	ASSERT_EQ(0, attach_id(self->fd, self->ioas));
	ASSERT_EQ(0, attach_id(self->fd, self->other));
	EXPECT_EQ(0, iommufd_destroy(self->iommufd, self->ioas));
	EXPECT_EQ(-EBUSY, iommufd_destroy(self->iommufd, self->other));
	EXPECT_EQ(0, vfio_detach(self->fd));
	EXPECT_EQ(0, iommufd_destroy(self->iommufd, self->other));
}

TEST_F(attach, unknown_id_ENOENT)
{
	EXPECT_EQ(-ENOENT, attach_id(self->fd, 0));
	EXPECT_EQ(-ENOENT, attach_id(self->fd, 0x7fffffff));
	EXPECT_EQ(0, attach_id(self->fd, self->ioas));
}

/* The id of an object of another type; an access looks for an IOAS alone. */
TEST_F(attach, wrong_type_refused)
{
	EXPECT_EQ(variant->kind == VFIO_DUT_MDEV ? -ENOENT : -EINVAL,
		  attach_id(self->fd, self->devid));
	EXPECT_EQ(0, attach_id(self->fd, self->ioas));
}

/* A refused replacement leaves the old attachment in place. */
TEST_F(attach, failed_replace_keeps_the_old_one)
{
	ASSERT_EQ(0, attach_id(self->fd, self->ioas));
	EXPECT_EQ(-ENOENT, attach_id(self->fd, 0x7fffffff));
	EXPECT_NE(0, attach_id(self->fd, self->devid));
	EXPECT_EQ(-EBUSY, iommufd_destroy(self->iommufd, self->ioas));
	EXPECT_EQ(0, vfio_detach(self->fd));
	EXPECT_EQ(0, iommufd_destroy(self->iommufd, self->ioas));
}

TEST_F(attach, page_table_of_ones_own)
{
	struct iommu_hwpt_alloc alloc = {
		.size = sizeof(alloc),
		.dev_id = self->devid,
		.pt_id = self->ioas,
	};
	__u32 id;

	if (variant->kind == VFIO_DUT_MDEV)
		SKIP(return, "an access has no page table");
	ASSERT_EQ(0, vfio_ioctl(self->iommufd, IOMMU_HWPT_ALLOC, &alloc));
	id = alloc.out_hwpt_id;
	ASSERT_EQ(0, vfio_attach(self->fd, &id));
	EXPECT_EQ(alloc.out_hwpt_id, id);
	EXPECT_EQ(-EBUSY, iommufd_destroy(self->iommufd, alloc.out_hwpt_id));
	EXPECT_EQ(0, vfio_detach(self->fd));
	EXPECT_EQ(0, iommufd_destroy(self->iommufd, alloc.out_hwpt_id));
}

/* The id cannot be copied out: nothing is attached in the end. */
TEST_F(attach, out_pt_id_EFAULT_rolls_back)
{
	EXPECT_EQ(-EFAULT, attach_readonly(self->fd, self->ioas));
	EXPECT_EQ(0, iommufd_destroy(self->iommufd, self->ioas));
	/* The device is none the worse for it. */
	EXPECT_EQ(0, attach_id(self->fd, self->other));
	EXPECT_EQ(0, device_alive(self->fd));
}

/* The same while another IOAS is attached: the new one must not stay. */
TEST_F(attach, replace_out_pt_id_EFAULT_rolls_back)
{
	ASSERT_EQ(0, attach_id(self->fd, self->ioas));
	EXPECT_EQ(-EFAULT, attach_readonly(self->fd, self->other));
	EXPECT_EQ(0, iommufd_destroy(self->iommufd, self->other));
	EXPECT_EQ(0, attach_id(self->fd, self->ioas));
	EXPECT_EQ(0, device_alive(self->fd));
}

TEST_F(attach, close_attached_and_mapped)
{
	void *buf = mmap(NULL, BUF_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_EQ(0, ioas_map(self->iommufd, self->ioas, buf, BUF_SIZE, IOVA));
	ASSERT_EQ(0, attach_id(self->fd, self->ioas));
	close(self->fd);
	EXPECT_EQ(0, ioas_unmap(self->iommufd, self->ioas, IOVA, BUF_SIZE));
	EXPECT_EQ(0, iommufd_destroy(self->iommufd, self->ioas));
	EXPECT_EQ(0, device_is_free(&self->dut));
}

TEST_F(attach, close_iommufd_attached_and_mapped)
{
	void *buf = mmap(NULL, BUF_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_EQ(0, ioas_map(self->iommufd, self->ioas, buf, BUF_SIZE, IOVA));
	ASSERT_EQ(0, attach_id(self->fd, self->ioas));
	close(self->iommufd);
	EXPECT_EQ(0, device_alive(self->fd));
	EXPECT_EQ(0, vfio_detach(self->fd));
	close(self->fd);
	EXPECT_EQ(0, device_is_free(&self->dut));
}

TEST_F(attach, close_detached)
{
	ASSERT_EQ(0, attach_id(self->fd, self->ioas));
	ASSERT_EQ(0, vfio_detach(self->fd));
	close(self->fd);
	EXPECT_EQ(0, iommufd_destroy(self->iommufd, self->ioas));
	EXPECT_EQ(0, device_is_free(&self->dut));
}

/* The id of a device that is gone names nothing any more. */
TEST_F(attach, close_destroys_devid)
{
	close(self->fd);
	EXPECT_EQ(-ENOENT, iommufd_destroy(self->iommufd, self->devid));
}

/* Both ioctls belong to the cdev: a device fd of the group has neither. */
TEST_F(attach, group_device_fd_ENOTTY)
{
	int fds[2], dev;

	close(self->fd);
	ASSERT_EQ(0, vfio_open_group_container(&self->dut, fds));
	dev = group_get_device(fds[0], self->dut.name);
	ASSERT_LE(0, dev);
	EXPECT_EQ(-ENOTTY, attach_id(dev, self->ioas));
	EXPECT_EQ(-ENOTTY, vfio_detach(dev));
	close(dev);
	close(fds[0]);
	close(fds[1]);
}

/* Attach, replace and detach from several threads: one at a time, no more. */
struct mover {
	pthread_t thread;
	int fd, odd;
	__u32 ioas;
	long long end;
};

static void *move(void *arg)
{
	struct mover *m = arg;

	while (now_ms() < m->end)
		m->odd |= attach_id(m->fd, m->ioas) | vfio_detach(m->fd);
	return NULL;
}

TEST_F(attach, race)
{
	struct mover m[3];
	int i;

	for (i = 0; i < 3; i++) {
		m[i] = (struct mover) {
			.fd = self->fd,
			.ioas = i & 1 ? self->other : self->ioas,
			.end = now_ms() + 2000,
		};
		ASSERT_EQ(0, pthread_create(&m[i].thread, NULL, move, &m[i]));
	}
	for (i = 0; i < 3; i++) {
		pthread_join(m[i].thread, NULL);
		EXPECT_EQ(0, m[i].odd);
	}
	EXPECT_EQ(0, device_alive(self->fd));
	EXPECT_EQ(0, vfio_detach(self->fd));
	EXPECT_EQ(0, iommufd_destroy(self->iommufd, self->ioas));
	EXPECT_EQ(0, iommufd_destroy(self->iommufd, self->other));
}

/* The arguments, one mistake each, on a bound device that is not attached. */

FIXTURE(args) {
	struct vfio_dut dut;
};

FIXTURE_VARIANT(args) {
	unsigned long cmd;
	__u32 argsz, flags;
	int expect;
};

FIXTURE_VARIANT_ADD(args, attach_argsz_zero) {
	VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0, 0, -EINVAL
};

FIXTURE_VARIANT_ADD(args, attach_argsz_short) {
	VFIO_DEVICE_ATTACH_IOMMUFD_PT, ATTACH_SZ - 1, 0, -EINVAL
};

FIXTURE_VARIANT_ADD(args, attach_argsz_long) {
	VFIO_DEVICE_ATTACH_IOMMUFD_PT, ATTACH_SZ + 8, 0, 0
};

FIXTURE_VARIANT_ADD(args, attach_flags) {
	VFIO_DEVICE_ATTACH_IOMMUFD_PT, ATTACH_SZ, 1, -EINVAL
};

FIXTURE_VARIANT_ADD(args, detach_argsz_zero) {
	VFIO_DEVICE_DETACH_IOMMUFD_PT, 0, 0, -EINVAL
};

FIXTURE_VARIANT_ADD(args, detach_argsz_short) {
	VFIO_DEVICE_DETACH_IOMMUFD_PT, DETACH_SZ - 1, 0, -EINVAL
};

FIXTURE_VARIANT_ADD(args, detach_argsz_long) {
	VFIO_DEVICE_DETACH_IOMMUFD_PT, DETACH_SZ + 8, 0, 0
};

FIXTURE_VARIANT_ADD(args, detach_flags) {
	VFIO_DEVICE_DETACH_IOMMUFD_PT, DETACH_SZ, 1U << 31, -EINVAL
};

FIXTURE_SETUP(args) { }
FIXTURE_TEARDOWN(args) { }

static void expect_row(struct __test_metadata *_metadata, struct vfio_dut *dut,
		       enum vfio_dut_kind kind, unsigned long cmd,
		       __u32 argsz, __u32 flags, int expect)
{
	struct {
		struct vfio_device_attach_iommufd_pt arg;
		__u32 more[8];
	} a = { .arg.argsz = argsz, .arg.flags = flags };
	int fd, iommufd;

	if (!dut_has_cdev(_metadata, dut, kind))
		return;
	iommufd = iommufd_open();
	fd = vfio_open_bind(dut, iommufd, NULL);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioas_alloc(iommufd, &a.arg.pt_id));
	EXPECT_EQ(expect, vfio_ioctl(fd, cmd, &a));
	EXPECT_EQ(-EFAULT, vfio_ioctl(fd, cmd, NULL));
	close(fd);
	close(iommufd);
}

TEST_F(args, mdev)
{
	expect_row(_metadata, &self->dut, VFIO_DUT_MDEV, variant->cmd,
		   variant->argsz, variant->flags, variant->expect);
}

TEST_F(args, pci)
{
	expect_row(_metadata, &self->dut, VFIO_DUT_PCI, variant->cmd,
		   variant->argsz, variant->flags, variant->expect);
}

TEST_HARNESS_MAIN
