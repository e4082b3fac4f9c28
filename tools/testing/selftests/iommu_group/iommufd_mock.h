/* SPDX-License-Identifier: GPL-2.0 */
/*
 * iommufd's mock devices (CONFIG_IOMMUFD_TEST), each in a group of its own with
 * the mock IOMMU behind it: what the tests of attach, replace and detach do
 * with them. All return 0 or a positive value, or a negative errno.
 */
#ifndef IOMMUFD_MOCK_H
#define IOMMUFD_MOCK_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/iommufd.h>
#include "../../../../drivers/iommu/iommufd/iommufd_test.h"

struct mock_ids {
	__u32 device;	/* destroying it detaches and unplugs */
	__u32 hwpt;
	__u32 idev;	/* as IOMMU_HWPT_ALLOC's dev_id */
};

static inline int mock_ioctl(int fd, unsigned long op, void *arg)
{
	return ioctl(fd, op, arg) ? -errno : 0;
}

static inline int mock_open(void)
{
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int mock_ioas_alloc(int fd, __u32 *id)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	int ret = mock_ioctl(fd, IOMMU_IOAS_ALLOC, &cmd);

	*id = cmd.out_ioas_id;
	return ret;
}

static inline int mock_destroy(int fd, __u32 id)
{
	struct iommu_destroy cmd = { .size = sizeof(cmd), .id = id };

	return mock_ioctl(fd, IOMMU_DESTROY, &cmd);
}

/* A new device, attached to what @pt names. */
static inline int mock_attach(int fd, __u32 pt, struct mock_ids *ids)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd), .op = IOMMU_TEST_OP_MOCK_DOMAIN, .id = pt,
	};
	int ret = mock_ioctl(fd, IOMMU_TEST_CMD, &cmd);

	if (!ret) {
		ids->device = cmd.mock_domain.out_stdev_id;
		ids->hwpt = cmd.mock_domain.out_hwpt_id;
		ids->idev = cmd.mock_domain.out_idev_id;
	}
	return ret;
}

static inline int mock_replace(int fd, __u32 device, __u32 pt)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd), .op = IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE,
		.id = device, .mock_domain_replace.pt_id = pt,
	};

	return mock_ioctl(fd, IOMMU_TEST_CMD, &cmd);
}

static inline int mock_ioas_map(int fd, __u32 ioas, void *mem, size_t len, __u64 iova)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd), .ioas_id = ioas, .length = len,
		.user_va = (uintptr_t)mem, .iova = iova,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE |
			 IOMMU_IOAS_MAP_READABLE,
	};

	return mock_ioctl(fd, IOMMU_IOAS_MAP, &cmd);
}

/* Is the memory what the mock page table has at @iova? */
static inline int mock_mapped(int fd, __u32 hwpt, void *mem, size_t len, __u64 iova)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd), .op = IOMMU_TEST_OP_MD_CHECK_MAP, .id = hwpt,
		.check_map = { .iova = iova, .length = len,
			       .uptr = (uintptr_t)mem },
	};

	return mock_ioctl(fd, IOMMU_TEST_CMD, &cmd);
}

static inline int mock_fault_alloc(int fd, __u32 *id, int *fault_fd)
{
	struct iommu_fault_alloc cmd = { .size = sizeof(cmd) };
	int ret = mock_ioctl(fd, IOMMU_FAULT_QUEUE_ALLOC, &cmd);

	*id = cmd.out_fault_id;
	*fault_fd = ret ? -1 : (int)cmd.out_fault_fd;
	return ret;
}

/* A page table of the user's own on another; @fault is 0 or a queue's. */
static inline int mock_hwpt_alloc(int fd, __u32 idev, __u32 parent, bool nested,
				  __u32 fault, __u32 *id)
{
	struct iommu_hwpt_selftest data = { .iotlb = IOMMU_TEST_IOTLB_DEFAULT };
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd), .dev_id = idev, .pt_id = parent,
		.flags = nested ? 0 : IOMMU_HWPT_ALLOC_NEST_PARENT,
	};
	int ret;

	if (nested) {
		cmd.data_type = IOMMU_HWPT_DATA_SELFTEST;
		cmd.data_len = sizeof(data);
		cmd.data_uptr = (uintptr_t)&data;
	}
	if (fault) {
		cmd.flags |= IOMMU_HWPT_FAULT_ID_VALID;
		cmd.fault_id = fault;
	}
	ret = mock_ioctl(fd, IOMMU_HWPT_ALLOC, &cmd);
	*id = cmd.out_hwpt_id;
	return ret;
}

static inline int mock_page_fault(int fd, __u32 idev, __u64 addr)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd), .op = IOMMU_TEST_OP_TRIGGER_IOPF,
		.trigger_iopf = { .dev_id = idev, .pasid = 0, .grpid = 2,
				  .perm = IOMMU_PGFAULT_PERM_READ,
				  .addr = addr },
	};

	return mock_ioctl(fd, IOMMU_TEST_CMD, &cmd);
}

#endif
