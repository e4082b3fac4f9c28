// SPDX-License-Identifier: GPL-2.0
/*
 * Attach, replace and detach as iommufd does it, with a handle where faults go
 * to the user and without: on iommufd's mock devices, where what a page table
 * has can be compared with the memory. Needs root and CONFIG_IOMMUFD_TEST.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "../kselftest_harness.h"
#include "iommufd_mock.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define IOVA	MOCK_APERTURE_START
#define LEN	(16 * 4096)
#define GROUPS	"/sys/kernel/iommu_groups"

FIXTURE(iommufd_mock) {
	int fd;
	__u32 ioas[2];
	void *mem[2];
};

/* Two address spaces with different memory at the same address. */
FIXTURE_SETUP(iommufd_mock)
{
	struct mock_ids ids;
	int i;

	self->fd = mock_open();
	if (self->fd < 0)
		SKIP(return, "no /dev/iommu");
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, mock_ioas_alloc(self->fd, &self->ioas[i]));
		self->mem[i] = mmap(NULL, LEN, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		ASSERT_NE(MAP_FAILED, self->mem[i]);
		memset(self->mem[i], 0x11 * (i + 1), LEN);
		ASSERT_EQ(0, mock_ioas_map(self->fd, self->ioas[i], self->mem[i],
					   LEN, IOVA));
	}
	if (mock_attach(self->fd, self->ioas[0], &ids))
		SKIP(return, "the kernel has no mock devices");
	ASSERT_EQ(0, mock_destroy(self->fd, ids.device));
}

FIXTURE_TEARDOWN(iommufd_mock)
{
	close(self->fd);
}

TEST_F(iommufd_mock, attach_and_detach)
{
	struct mock_ids ids[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, mock_attach(self->fd, self->ioas[i & 1], &ids[i]));
	/* Those in one address space share its page table. */
	EXPECT_EQ(ids[0].hwpt, ids[2].hwpt);
	EXPECT_NE(ids[0].hwpt, ids[1].hwpt);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, mock_mapped(self->fd, ids[i].hwpt, self->mem[i],
					 LEN, IOVA));
		EXPECT_EQ(-EINVAL, mock_mapped(self->fd, ids[i].hwpt,
					       self->mem[!i], LEN, IOVA));
	}
	/* In use it stays. */
	EXPECT_EQ(-EBUSY, mock_destroy(self->fd, self->ioas[0]));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, mock_destroy(self->fd, ids[i].device));
	EXPECT_EQ(0, mock_destroy(self->fd, self->ioas[0]));
}

TEST_F(iommufd_mock, attach_refusals)
{
	struct mock_ids ids;

	EXPECT_EQ(-ENOENT, mock_attach(self->fd, 0xffff, &ids));
	ASSERT_EQ(0, mock_attach(self->fd, self->ioas[0], &ids));
	EXPECT_EQ(-ENOENT, mock_replace(self->fd, ids.device, 0xffff));
	EXPECT_EQ(-EINVAL, mock_replace(self->fd, ids.device, ids.device));
	EXPECT_EQ(0, mock_mapped(self->fd, ids.hwpt, self->mem[0], LEN, IOVA));
	EXPECT_EQ(0, mock_destroy(self->fd, ids.device));
}

/* Replacing goes to and fro, and lets go of what was before. */
TEST_F(iommufd_mock, replace)
{
	struct mock_ids ids;
	__u32 hwpt[2];
	int i;

	ASSERT_EQ(0, mock_attach(self->fd, self->ioas[0], &ids));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, mock_hwpt_alloc(self->fd, ids.idev, self->ioas[i],
					     false, 0, &hwpt[i]));
	for (i = 1; i < 100; i++) {
		ASSERT_EQ(0, mock_replace(self->fd, ids.device, hwpt[i & 1]));
		EXPECT_EQ(-EBUSY, mock_destroy(self->fd, hwpt[i & 1]));
	}
	/* The same once more is no change. */
	EXPECT_EQ(0, mock_replace(self->fd, ids.device, hwpt[1]));
	EXPECT_EQ(0, mock_destroy(self->fd, hwpt[0]));
	EXPECT_EQ(0, mock_destroy(self->fd, ids.device));
	EXPECT_EQ(0, mock_destroy(self->fd, hwpt[1]));
}

/* A page table with a fault queue is attached with a handle: faults find it. */
TEST_F(iommufd_mock, handle_takes_faults)
{
	struct iommu_hwpt_page_response response = {};
	struct iommu_hwpt_pgfault fault[2];
	__u32 parent, nested[2], queue[2];
	struct mock_ids ids;
	int i, fd[2];

	ASSERT_EQ(0, mock_attach(self->fd, self->ioas[0], &ids));
	ASSERT_EQ(0, mock_hwpt_alloc(self->fd, ids.idev, self->ioas[0], false, 0,
				     &parent));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, mock_fault_alloc(self->fd, &queue[i], &fd[i]));
		ASSERT_EQ(0, mock_hwpt_alloc(self->fd, ids.idev, parent, true,
					     queue[i], &nested[i]));
		ASSERT_EQ(0, fcntl(fd[i], F_SETFL, O_NONBLOCK));
	}
	for (i = 0; i < 6; i++) {
		int q = i & 1;

		/* The first from a page table without a handle, then to and fro. */
		ASSERT_EQ(0, mock_replace(self->fd, ids.device, nested[q]));
		ASSERT_EQ(0, mock_page_fault(self->fd, ids.idev, IOVA + i));
		usleep(100000);
		EXPECT_EQ(sizeof(fault[0]), read(fd[q], &fault[0],
						 sizeof(fault[0])));
		EXPECT_EQ(IOVA + i, fault[0].addr);
		EXPECT_EQ(ids.idev, fault[0].dev_id);
		EXPECT_GE(0, read(fd[!q], &fault[1], sizeof(fault[1])));
		response.cookie = fault[0].cookie;
		EXPECT_EQ(sizeof(response), write(fd[q], &response,
						  sizeof(response)));
	}
	/* Back to none: nobody gets faults any more. */
	ASSERT_EQ(0, mock_replace(self->fd, ids.device, self->ioas[1]));
	mock_page_fault(self->fd, ids.idev, IOVA);
	usleep(100000);
	for (i = 0; i < 2; i++)
		EXPECT_GE(0, read(fd[i], &fault[0], sizeof(fault[0])));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, mock_destroy(self->fd, nested[i]));
		close(fd[i]);
		EXPECT_EQ(0, mock_destroy(self->fd, queue[i]));
	}
	EXPECT_EQ(0, mock_destroy(self->fd, ids.device));
	EXPECT_EQ(0, mock_destroy(self->fd, parent));
}

/* A device that goes while a handle is attached, and a fault is open. */
TEST_F(iommufd_mock, device_goes_with_handle)
{
	__u32 parent, nested, queue;
	struct mock_ids ids;
	int i, fd;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, mock_attach(self->fd, self->ioas[0], &ids));
		ASSERT_EQ(0, mock_hwpt_alloc(self->fd, ids.idev, self->ioas[0],
					     false, 0, &parent));
		ASSERT_EQ(0, mock_fault_alloc(self->fd, &queue, &fd));
		ASSERT_EQ(0, mock_hwpt_alloc(self->fd, ids.idev, parent, true, queue,
					     &nested));
		ASSERT_EQ(0, mock_replace(self->fd, ids.device, nested));
		ASSERT_EQ(0, mock_page_fault(self->fd, ids.idev, IOVA));
		EXPECT_EQ(0, mock_destroy(self->fd, ids.device));
		EXPECT_EQ(0, mock_destroy(self->fd, nested));
		close(fd);
		EXPECT_EQ(0, mock_destroy(self->fd, queue));
		EXPECT_EQ(0, mock_destroy(self->fd, parent));
	}
}

/* Closing the file ends all of it at once. */
TEST_F(iommufd_mock, close_with_all_attached)
{
	__u32 parent, nested, queue;
	struct mock_ids ids[20];
	int i, fd;

	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, mock_attach(self->fd, self->ioas[i & 1], &ids[i]));
	ASSERT_EQ(0, mock_hwpt_alloc(self->fd, ids[0].idev, self->ioas[0], false, 0,
				     &parent));
	ASSERT_EQ(0, mock_fault_alloc(self->fd, &queue, &fd));
	ASSERT_EQ(0, mock_hwpt_alloc(self->fd, ids[0].idev, parent, true, queue,
				     &nested));
	for (i = 0; i < 20; i += 3)
		ASSERT_EQ(0, mock_replace(self->fd, ids[i].device, nested));
	close(fd);
}

TEST_HARNESS_MAIN
