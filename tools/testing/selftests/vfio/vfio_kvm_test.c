// SPDX-License-Identifier: GPL-2.0
/*
 * VFIO files handed to KVM: KVM_DEV_VFIO_FILE_ADD and _DEL on group files and
 * device files, their errors, and the reference on the VM that an open device
 * holds. Whether a VM lives is read off its folder below debugfs' kvm/. Needs
 * /dev/kvm; skipped without it. Runs on an mdev and on a PCI function.
 */
#include <glob.h>
#include <unistd.h>
#include <linux/kvm.h>

#include "vfio_harness.h"

FIXTURE(kvm) {
	struct vfio_dut dut;
	int kvm, vm, dev;	/* /dev/kvm, the VM, its VFIO device */
	int iommufd;
	char debugfs[128];
};

FIXTURE_VARIANT(kvm) {
	enum vfio_dut_kind kind;
};

FIXTURE_VARIANT_ADD(kvm, mdev) { .kind = VFIO_DUT_MDEV };
FIXTURE_VARIANT_ADD(kvm, pci) { .kind = VFIO_DUT_PCI };

static int create_vfio_device(int vm)
{
	struct kvm_create_device create = { .type = KVM_DEV_TYPE_VFIO };
	int ret;

	ret = vfio_ioctl(vm, KVM_CREATE_DEVICE, &create);
	return ret ? ret : (int)create.fd;
}

static int file_attr(int dev, unsigned long attr, int fd)
{
	struct kvm_device_attr set = {
		.group = KVM_DEV_VFIO_FILE,
		.attr = attr,
		.addr = (uintptr_t)&fd,
	};

	return vfio_ioctl(dev, KVM_SET_DEVICE_ATTR, &set);
}

static int file_add(int dev, int fd)
{
	return file_attr(dev, KVM_DEV_VFIO_FILE_ADD, fd);
}

static int file_del(int dev, int fd)
{
	return file_attr(dev, KVM_DEV_VFIO_FILE_DEL, fd);
}

FIXTURE_SETUP(kvm)
{
	self->kvm = node_open("/dev/kvm");
	if (self->kvm < 0)
		SKIP(return, "no /dev/kvm");
	self->vm = vfio_ioctl_val(self->kvm, KVM_CREATE_VM, 0);
	if (self->vm < 0)
		SKIP(return, "KVM_CREATE_VM: %s", strerror(-self->vm));
	self->dev = create_vfio_device(self->vm);
	if (self->dev < 0)
		SKIP(return, "no VFIO device in KVM: %s",
		     strerror(-self->dev));
	snprintf(self->debugfs, sizeof(self->debugfs),
		 "/sys/kernel/debug/kvm/%d-%d", getpid(), self->vm);
	if (!dut_has_cdev(_metadata, &self->dut, variant->kind))
		return;
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
}

FIXTURE_TEARDOWN(kvm)
{
	close(self->dev);
	close(self->vm);
	close(self->kvm);
	close(self->iommufd);
}

/* A VM that nobody holds goes at once; one that is held stays. */
static bool vm_lives(const char *debugfs)
{
	return access(debugfs, F_OK) == 0;
}

TEST_F(kvm, wrong_files_refused)
{
	int null = node_open("/dev/null"), container = container_open();

	EXPECT_EQ(-EBADF, file_add(self->dev, -1));
	EXPECT_EQ(-EBADF, file_add(self->dev, 999));
	EXPECT_EQ(-EINVAL, file_add(self->dev, null));
	EXPECT_EQ(-EINVAL, file_add(self->dev, container));
	EXPECT_EQ(-EINVAL, file_add(self->dev, self->iommufd));
	EXPECT_EQ(-ENOENT, file_del(self->dev, null));
	close(null);
	close(container);
}

TEST_F(kvm, add_and_del_group)
{
	int group = node_open(self->dut.group);

	ASSERT_LE(0, group);
	EXPECT_EQ(0, file_add(self->dev, group));
	EXPECT_EQ(-EEXIST, file_add(self->dev, group));
	EXPECT_EQ(0, file_del(self->dev, group));
	EXPECT_EQ(-ENOENT, file_del(self->dev, group));
	close(group);
}

TEST_F(kvm, add_and_del_cdev)
{
	int fd = node_open(self->dut.cdev);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, file_add(self->dev, fd));
	EXPECT_EQ(-EEXIST, file_add(self->dev, fd));
	EXPECT_EQ(0, file_del(self->dev, fd));
	EXPECT_EQ(-ENOENT, file_del(self->dev, fd));
	/* It may also be bound already. */
	ASSERT_EQ(0, vfio_bind(fd, self->iommufd, NULL));
	EXPECT_EQ(0, file_add(self->dev, fd));
	EXPECT_EQ(0, file_del(self->dev, fd));
	close(fd);
}

TEST_F(kvm, add_device_fd_of_group)
{
	int fds[2], fd;

	ASSERT_EQ(0, vfio_open_group_container(&self->dut, fds));
	fd = group_get_device(fds[0], self->dut.name);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, file_add(self->dev, fd));
	EXPECT_EQ(0, file_del(self->dev, fd));
	close(fd);
	close(fds[0]);
	close(fds[1]);
}

/* KVM holds the file: closing the fd alone does not unbind the device. */
TEST_F(kvm, kvm_keeps_the_file)
{
	int fd = node_open(self->dut.cdev);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_add(self->dev, fd));
	ASSERT_EQ(0, vfio_bind(fd, self->iommufd, NULL));
	close(fd);
	EXPECT_EQ(-EBUSY, node_open(self->dut.group));
	close(self->dev);
	EXPECT_EQ(0, device_is_free(&self->dut));
}

TEST_F(kvm, vm_without_devices_dies)
{
	ASSERT_TRUE(vm_lives(self->debugfs));
	close(self->dev);
	close(self->vm);
	EXPECT_FALSE(vm_lives(self->debugfs));
}

/* A device bound while its file is known to KVM holds the VM until closed. */
TEST_F(kvm, bound_cdev_holds_the_vm)
{
	int fd = node_open(self->dut.cdev);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_add(self->dev, fd));
	ASSERT_EQ(0, vfio_bind(fd, self->iommufd, NULL));
	close(self->dev);
	close(self->vm);
	EXPECT_TRUE(vm_lives(self->debugfs));
	EXPECT_EQ(0, device_alive(fd));
	close(fd);
	EXPECT_FALSE(vm_lives(self->debugfs));
}

TEST_F(kvm, device_of_group_holds_the_vm)
{
	int fds[2], fd, second;

	ASSERT_EQ(0, vfio_open_group_container(&self->dut, fds));
	ASSERT_EQ(0, file_add(self->dev, fds[0]));
	fd = group_get_device(fds[0], self->dut.name);
	ASSERT_LE(0, fd);
	second = group_get_device(fds[0], self->dut.name);
	ASSERT_LE(0, second);
	close(self->dev);
	close(self->vm);
	EXPECT_TRUE(vm_lives(self->debugfs));
	close(fd);
	EXPECT_TRUE(vm_lives(self->debugfs));
	close(second);
	EXPECT_FALSE(vm_lives(self->debugfs));
	close(fds[0]);
	close(fds[1]);
}

/* What comes to be known to KVM after BIND is none of the device's business. */
TEST_F(kvm, added_after_bind_holds_nothing)
{
	int fd = vfio_open_bind(&self->dut, self->iommufd, NULL);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_add(self->dev, fd));
	close(self->dev);
	close(self->vm);
	EXPECT_FALSE(vm_lives(self->debugfs));
	EXPECT_EQ(0, device_alive(fd));
	close(fd);
}

/* A BIND that fails must give back the reference that it took, once. */
TEST_F(kvm, failed_bind_holds_nothing)
{
	int fd = node_open(self->dut.cdev);
	struct vfio_device_bind_iommufd *arg;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_add(self->dev, fd));
	arg = readonly_tail(offsetof(struct vfio_device_bind_iommufd,
				     out_devid));
	arg->argsz = sizeof(*arg);
	arg->iommufd = self->iommufd;
	EXPECT_EQ(-EFAULT, vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, arg));
	EXPECT_EQ(-EBADF, vfio_bind(fd, 999, NULL));
	EXPECT_TRUE(vm_lives(self->debugfs));
	close(self->dev);
	close(self->vm);
	EXPECT_FALSE(vm_lives(self->debugfs));
	close(fd);
}

/* Defect 1: the loser's clean-up put the reference that the winner held. */
TEST_F(kvm, defect_1_second_bind_keeps_the_vm)
{
	int first = node_open(self->dut.cdev);
	int second = node_open(self->dut.cdev);

	ASSERT_LE(0, first);
	ASSERT_LE(0, second);
	ASSERT_EQ(0, file_add(self->dev, first));
	ASSERT_EQ(0, vfio_bind(first, self->iommufd, NULL));
	EXPECT_EQ(-EINVAL, vfio_bind(second, self->iommufd, NULL));
	close(self->dev);
	close(self->vm);
	EXPECT_TRUE(vm_lives(self->debugfs));
	EXPECT_EQ(0, device_alive(first));
	close(second);
	close(first);
	EXPECT_FALSE(vm_lives(self->debugfs));
}

TEST_HARNESS_MAIN
