// SPDX-License-Identifier: GPL-2.0
/*
 * Thin wrappers of the VFIO and iommufd uapi for the selftests, one system
 * call each, a negative errno on failure; and what else the tests ask of the
 * kernel: its log, a capability less, a page that cannot be written.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/iommufd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "vfio_util.h"

int node_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int container_open(void)
{
	return node_open(VFIO_CONTAINER_NODE);
}

int iommufd_open(void)
{
	return node_open(IOMMUFD_NODE);
}

int vfio_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

int vfio_ioctl_val(int fd, unsigned long cmd, unsigned long val)
{
	return vfio_ioctl(fd, cmd, (void *)val);
}

int vfio_bind(int device, int iommufd, __u32 *devid)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.iommufd = iommufd,
	};
	int ret;

	ret = vfio_ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind);
	if (!ret && devid)
		*devid = bind.out_devid;
	return ret;
}

int vfio_attach(int device, __u32 *pt_id)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.pt_id = *pt_id,
	};
	int ret;

	ret = vfio_ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
	if (!ret)
		*pt_id = attach.pt_id;
	return ret;
}

int vfio_detach(int device)
{
	struct vfio_device_detach_iommufd_pt detach = {
		.argsz = sizeof(detach),
	};

	return vfio_ioctl(device, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach);
}

int vfio_open_bind(const struct vfio_dut *dut, int iommufd, __u32 *devid)
{
	int fd, ret;

	fd = node_open(dut->cdev);
	if (fd < 0)
		return fd;
	ret = vfio_bind(fd, iommufd, devid);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

int ioas_alloc(int iommufd, __u32 *id)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	int ret;

	ret = vfio_ioctl(iommufd, IOMMU_IOAS_ALLOC, &alloc);
	if (!ret)
		*id = alloc.out_ioas_id;
	return ret;
}

int ioas_map(int iommufd, __u32 ioas, void *va, size_t len, __u64 iova)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = ioas,
		.user_va = (uintptr_t)va,
		.length = len,
		.iova = iova,
	};

	return vfio_ioctl(iommufd, IOMMU_IOAS_MAP, &map);
}

int ioas_unmap(int iommufd, __u32 ioas, __u64 iova, __u64 len)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = ioas,
		.iova = iova,
		.length = len,
	};

	return vfio_ioctl(iommufd, IOMMU_IOAS_UNMAP, &unmap);
}

int iommufd_destroy(int iommufd, __u32 id)
{
	struct iommu_destroy destroy = { .size = sizeof(destroy), .id = id };

	return vfio_ioctl(iommufd, IOMMU_DESTROY, &destroy);
}

int group_status(int group, __u32 *flags)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int ret;

	ret = vfio_ioctl(group, VFIO_GROUP_GET_STATUS, &status);
	if (!ret)
		*flags = status.flags;
	return ret;
}

int group_set_container(int group, int container)
{
	return vfio_ioctl(group, VFIO_GROUP_SET_CONTAINER, &container);
}

int group_unset_container(int group)
{
	return vfio_ioctl(group, VFIO_GROUP_UNSET_CONTAINER, NULL);
}

int group_get_device(int group, const char *name)
{
	return vfio_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, (void *)name);
}

int container_set_iommu(int container, unsigned long type)
{
	return vfio_ioctl_val(container, VFIO_SET_IOMMU, type);
}

int container_map(int container, void *va, size_t len, __u64 iova)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)va,
		.iova = iova,
		.size = len,
	};

	return vfio_ioctl(container, VFIO_IOMMU_MAP_DMA, &map);
}

int container_unmap(int container, __u64 iova, __u64 *len)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = *len,
	};
	int ret;

	ret = vfio_ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap);
	if (!ret)
		*len = unmap.size;
	return ret;
}

int vfio_open_group_container(const struct vfio_dut *dut, int fds[2])
{
	int ret;

	fds[1] = -1;
	fds[0] = node_open(dut->group);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = container_open();
	ret = fds[1];
	if (ret < 0)
		goto out;
	ret = group_set_container(fds[0], fds[1]);
	if (ret)
		goto out;
	ret = container_set_iommu(fds[1], VFIO_TYPE1v2_IOMMU);
	if (!ret)
		return 0;
out:
	close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	return ret;
}

int device_info(int device, struct vfio_device_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	return vfio_ioctl(device, VFIO_DEVICE_GET_INFO, info);
}

int device_region(int device, unsigned int index,
		  struct vfio_region_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	info->index = index;
	return vfio_ioctl(device, VFIO_DEVICE_GET_REGION_INFO, info);
}

int device_config_read(int device, unsigned int offset, void *buf, size_t len)
{
	struct vfio_region_info info;
	ssize_t got;
	int ret;

	ret = device_region(device, VFIO_PCI_CONFIG_REGION_INDEX, &info);
	if (ret)
		return ret;
	got = pread(device, buf, len, info.offset + offset);
	if (got < 0)
		return -errno;
	return (size_t)got == len ? 0 : -EIO;
}

int device_alive(int device)
{
	struct vfio_device_info info;
	__u32 id = 0;
	int ret;

	ret = device_info(device, &info);
	if (ret)
		return ret;
	ret = device_config_read(device, 0, &id, sizeof(id));
	if (ret)
		return ret;
	return id && id != 0xffffffff ? 0 : -EIO;
}

int device_is_free(const struct vfio_dut *dut)
{
	int fd, iommufd, ret;

	fd = node_open(dut->group);
	if (fd < 0)
		return fd;
	close(fd);
	if (!dut->cdev[0])
		return 0;
	iommufd = iommufd_open();
	if (iommufd < 0)
		return iommufd;
	fd = vfio_open_bind(dut, iommufd, NULL);
	ret = fd < 0 ? fd : device_alive(fd);
	if (fd >= 0)
		close(fd);
	close(iommufd);
	return ret;
}

void *readonly_tail(size_t readable)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *p;

	p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p + page, page, PROT_READ)) {
		munmap(p, 2 * page);
		return NULL;
	}
	return p + page - readable;
}

int drop_capability(int cap)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {};

	if (syscall(SYS_capget, &hdr, data))
		return -errno;
	data[CAP_TO_INDEX(cap)].effective &= ~CAP_TO_MASK(cap);
	if (syscall(SYS_capset, &hdr, data))
		return -errno;
	return 0;
}

int kmsg_mark(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	lseek(fd, 0, SEEK_END);
	return fd;
}

/* A record is "level,seq,usec,flags;text\n", one per read. */
bool kmsg_find(int mark, const char *const *patterns, char *line, size_t size)
{
	char record[8192];
	const char *const *p;
	char *text;
	ssize_t len;

	for (;;) {
		len = read(mark, record, sizeof(record) - 1);
		if (len < 0 && errno == EPIPE)
			continue;
		if (len <= 0)
			return false;
		record[len] = '\0';
		text = strchr(record, ';');
		if (!text)
			continue;
		text[strcspn(text, "\n")] = '\0';
		for (p = patterns; *p; p++) {
			if (strstr(text + 1, *p)) {
				snprintf(line, size, "%s", text + 1);
				return true;
			}
		}
	}
}

bool kmsg_splat(int mark, char *line, size_t size)
{
	static const char *const splats[] = {
		"BUG: ", "WARNING: ", "KASAN", "KCSAN", "UBSAN", "Oops",
		"possible circular locking", "possible recursive locking",
		"bad unlock balance", "refcount_t:", "general protection",
		"blocked for more than", NULL
	};

	return kmsg_find(mark, splats, line, size);
}

long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

void sleep_ms(unsigned int ms)
{
	struct timespec ts = {
		.tv_sec = ms / 1000,
		.tv_nsec = (ms % 1000) * 1000000L,
	};

	nanosleep(&ts, NULL);
}
