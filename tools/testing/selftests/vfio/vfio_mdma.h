/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Driving mdma, the sample DMA copy engine, for the tests of the emulated
 * iommu: an address space of one of three kinds, devices in it, and a ring
 * with its submit and wait. Included by the vfio_mdma_*_test programs; one
 * thread per ring, errors are negative errnos.
 */
#ifndef VFIO_SELFTEST_MDMA_H
#define VFIO_SELFTEST_MDMA_H

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/iommufd.h>
#include <sys/mman.h>

#include "vfio_harness.h"
#include "../../../../samples/vfio-mdev/mdma.h"

#define MDMA_WAIT_MS	60000
#define RING_SIZE	64
#define RING_IOVA	0x100000ULL
#define SRC_IOVA	0x10000000ULL
#define DST_IOVA	0x20000000ULL
#define AREA_SIZE	(MDMA_MAX_LEN + 0x4000UL)
#define MAX_DEVS	2

/* The same IOVA is served by an iommufd, by type1, by iommufd as container. */
enum space_mode {
	SPACE_CDEV,
	SPACE_TYPE1,
	SPACE_COMPAT,
};

struct mdma_dev {
	struct vfio_dut dut;
	char guid[37];
	int fd;
	int group;
	struct mdma_desc *ring;
	__u64 ring_iova;
	unsigned int tail;
};

struct space {
	enum space_mode mode;
	int iommufd;
	int container;
	__u32 ioas;
	struct mdma_dev dev[MAX_DEVS];
	unsigned char *src;
	unsigned char *dst;
};

static inline void *area_alloc(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static inline int space_map(struct space *s, void *va, size_t len, __u64 iova,
			    bool writable)
{
	struct vfio_iommu_type1_dma_map dma = {
		.argsz = sizeof(dma),
		.flags = VFIO_DMA_MAP_FLAG_READ |
			 (writable ? VFIO_DMA_MAP_FLAG_WRITE : 0),
		.vaddr = (uintptr_t)va,
		.iova = iova,
		.size = len,
	};
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 (writable ? IOMMU_IOAS_MAP_WRITEABLE : 0),
		.ioas_id = s->ioas,
		.user_va = (uintptr_t)va,
		.length = len,
		.iova = iova,
	};

	if (s->mode == SPACE_CDEV)
		return vfio_ioctl(s->iommufd, IOMMU_IOAS_MAP, &map);
	return vfio_ioctl(s->container, VFIO_IOMMU_MAP_DMA, &dma);
}

static inline int space_unmap(struct space *s, __u64 iova, __u64 len)
{
	if (s->mode == SPACE_CDEV)
		return ioas_unmap(s->iommufd, s->ioas, iova, len);
	return container_unmap(s->container, iova, &len);
}

/* Before the first device comes: what holds the mappings. */
static inline int space_open(struct space *s)
{
	int i, ret;

	for (i = 0; i < MAX_DEVS; i++) {
		s->dev[i].fd = -1;
		s->dev[i].group = -1;
	}
	s->iommufd = -1;
	s->container = -1;
	if (s->mode == SPACE_TYPE1) {
		s->container = container_open();
		return s->container < 0 ? s->container : 0;
	}
	ret = iommufd_open();
	if (ret < 0)
		return ret;
	if (s->mode == SPACE_COMPAT) {
		s->container = ret;
		return 0;
	}
	s->iommufd = ret;
	return ioas_alloc(s->iommufd, &s->ioas);
}

static inline int mdma_read(struct mdma_dev *d, unsigned int reg, __u32 *val)
{
	__le32 raw;
	ssize_t len = pread(d->fd, &raw, sizeof(raw), reg);

	if (len < 0)
		return -errno;
	*val = len == sizeof(raw) ? le32toh(raw) : 0;
	return len == sizeof(raw) ? 0 : -EIO;
}

static inline __u32 mdma_get(struct mdma_dev *d, unsigned int reg)
{
	__u32 val = 0;

	return mdma_read(d, reg, &val) ? ~0u : val;
}

static inline int mdma_set(struct mdma_dev *d, unsigned int reg, __u32 val)
{
	__le32 raw = htole32(val);
	ssize_t len = pwrite(d->fd, &raw, sizeof(raw), reg);

	if (len < 0)
		return -errno;
	return len == sizeof(raw) ? 0 : -EIO;
}

static inline int mdma_set_ring(struct mdma_dev *d, __u64 iova, __u32 size)
{
	int ret = mdma_set(d, MDMA_REG_RING_LO, iova);

	if (!ret)
		ret = mdma_set(d, MDMA_REG_RING_HI, iova >> 32);
	if (!ret)
		ret = mdma_set(d, MDMA_REG_RING_SIZE, size);
	d->tail = 0;
	return ret;
}

static inline int mdma_start(struct mdma_dev *d)
{
	int ret = mdma_set_ring(d, d->ring_iova, RING_SIZE);

	return ret ?: mdma_set(d, MDMA_REG_CTRL, MDMA_CTRL_RUN);
}

static inline int dev_open_group(struct space *s, struct mdma_dev *d)
{
	int ret;

	if (d->group < 0) {
		d->group = node_open(d->dut.group);
		if (d->group < 0)
			return d->group;
		ret = group_set_container(d->group, s->container);
		if (ret)
			return ret;
		ret = container_set_iommu(s->container, VFIO_TYPE1v2_IOMMU);
		/* the second group finds it set */
		if (ret && d == &s->dev[0])
			return ret;
	}
	d->fd = group_get_device(d->group, d->dut.name);
	return d->fd < 0 ? d->fd : 0;
}

static inline int dev_open_cdev(struct space *s, struct mdma_dev *d)
{
	__u32 ioas = s->ioas;
	int ret;

	ret = vfio_open_bind(&d->dut, s->iommufd, NULL);
	if (ret < 0)
		return ret;
	d->fd = ret;
	return vfio_attach(d->fd, &ioas);
}

static inline int dev_open(struct space *s, struct mdma_dev *d)
{
	return s->mode == SPACE_CDEV ? dev_open_cdev(s, d) :
				       dev_open_group(s, d);
}

static inline int dev_close(struct mdma_dev *d)
{
	int ret = d->fd < 0 ? 0 : close(d->fd);

	d->fd = -1;
	return ret;
}

/* A device of its own, with its own ring, opened and running. */
static inline int dev_new(struct space *s, int nr, const char *type)
{
	struct mdma_dev *d = &s->dev[nr];
	char path[128];
	int ret;

	mdev_guid(d->guid);
	ret = mdev_create(type, d->guid);
	if (ret) {
		d->guid[0] = '\0';
		return ret;
	}
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s", d->guid);
	ret = vfio_dut_from_sysfs(&d->dut, path);
	if (!ret)
		ret = dev_open(s, d);
	if (ret)
		return ret;
	d->ring = area_alloc(RING_SIZE * sizeof(*d->ring));
	if (!d->ring)
		return -ENOMEM;
	d->ring_iova = RING_IOVA + nr * 0x10000;
	ret = space_map(s, d->ring, sysconf(_SC_PAGESIZE), d->ring_iova, true);
	return ret ?: mdma_start(d);
}

static inline void space_close(struct space *s)
{
	int i;

	for (i = 0; i < MAX_DEVS; i++) {
		dev_close(&s->dev[i]);
		if (s->dev[i].group >= 0)
			close(s->dev[i].group);
	}
	if (s->iommufd >= 0)
		close(s->iommufd);
	if (s->container >= 0)
		close(s->container);
	for (i = 0; i < MAX_DEVS; i++)
		if (s->dev[i].guid[0])
			mdev_remove(s->dev[i].guid);
}

/* Puts a descriptor behind the last one; it waits for the doorbell. */
static inline struct mdma_desc *mdma_put(struct mdma_dev *d, __u64 src,
					 __u64 dst, __u32 len, __u32 flags)
{
	struct mdma_desc *desc = &d->ring[d->tail];

	*desc = (struct mdma_desc) {
		.src = htole64(src),
		.dst = htole64(dst),
		.len = htole32(len),
		.flags = htole32(flags),
	};
	d->tail = (d->tail + 1) % RING_SIZE;
	return desc;
}

static inline int mdma_ring_bell(struct mdma_dev *d)
{
	return mdma_set(d, MDMA_REG_TAIL, d->tail);
}

/* 0 once everything is done, 1 if the engine has halted. */
static inline int mdma_wait(struct mdma_dev *d)
{
	long long end = now_ms() + MDMA_WAIT_MS;
	__u32 status = 0;
	int ret;

	do {
		ret = mdma_read(d, MDMA_REG_STATUS, &status);
		if (ret)
			return ret;
		if (status & MDMA_ST_HALTED)
			return 1;
		if (!(status & MDMA_ST_BUSY))
			return 0;
		sleep_ms(1);
	} while (now_ms() < end);
	return -ETIMEDOUT;
}

/* The engine writes this behind the compiler's back. */
static inline __u32 mdma_status(struct mdma_desc *desc)
{
	return le32toh(__atomic_load_n(&desc->status, __ATOMIC_ACQUIRE));
}

/* One copy from beginning to end: its status, or a negative errno. */
static inline int mdma_do(struct mdma_dev *d, __u64 src, __u64 dst, __u32 len,
			  __u32 flags)
{
	struct mdma_desc *desc = mdma_put(d, src, dst, len, flags);
	int ret = mdma_ring_bell(d);

	if (!ret)
		ret = mdma_wait(d);
	return ret < 0 ? ret : (int)mdma_status(desc);
}

#endif
