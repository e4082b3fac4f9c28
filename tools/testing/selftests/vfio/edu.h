/* SPDX-License-Identifier: GPL-2.0 */
/*
 * QEMU's "edu" PCI function as the VFIO selftests drive it: registers, the DMA
 * engine. Included by the programs that want a
 * real device; every call returns a negative errno on failure and prints
 * nothing. One process at a time per function.
 */
#ifndef VFIO_SELFTEST_EDU_H
#define VFIO_SELFTEST_EDU_H

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include "vfio_path.h"

#define EDU_ID			0x00
#define EDU_LIVENESS		0x04
#define EDU_FACTORIAL		0x08
#define EDU_STATUS		0x20
#define   EDU_STATUS_BUSY	  0x01
#define   EDU_STATUS_IRQ	  0x80
#define EDU_IRQ_STATUS		0x24
#define EDU_IRQ_RAISE		0x60
#define EDU_IRQ_ACK		0x64
#define EDU_DMA_SRC		0x80
#define EDU_DMA_DST		0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_CMD		0x98
#define   EDU_DMA_RUN		  0x1
#define   EDU_DMA_TO_RAM	  0x2
#define   EDU_DMA_IRQ		  0x4
#define EDU_IRQ_DMA		0x100	/* what a finished transfer raises */

#define EDU_BUFFER		0x40000	/* as the engine addresses it */
/* A transfer must end before the last byte of the buffer, or QEMU aborts. */
#define EDU_BUFFER_SIZE		4096
#define EDU_BAR_SIZE		(1024 * 1024)
#define EDU_DMA_MS		10000	/* a transfer takes 100 ms and a bit */

/* The engine reaches 28 bits. */
#define EDU_IOVA		0x100000ULL

struct edu {
	struct vfio_path path;
	__u8 *bar;
};

static inline void edu_init(struct edu *edu)
{
	vfio_path_init(&edu->path);
	edu->bar = MAP_FAILED;
}

static inline void edu_close_device(struct edu *edu)
{
	if (edu->bar != MAP_FAILED)
		munmap(edu->bar, EDU_BAR_SIZE);
	edu->bar = MAP_FAILED;
	vfio_path_close_device(&edu->path);
}

static inline void edu_close(struct edu *edu)
{
	edu_close_device(edu);
	vfio_path_close(&edu->path);
}

static inline int edu_map_bar(struct edu *edu)
{
	struct vfio_region_info info;
	int ret;

	ret = device_region(edu->path.device, VFIO_PCI_BAR0_REGION_INDEX, &info);
	if (ret)
		return ret;
	edu->bar = mmap(NULL, EDU_BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			edu->path.device, info.offset);
	return edu->bar == MAP_FAILED ? -errno : 0;
}

static inline int edu_write_command(struct edu *edu, __u16 set,
				    __u16 clear)
{
	struct vfio_region_info info;
	int device = edu->path.device;
	__u16 cmd;
	int ret;

	ret = device_region(device, VFIO_PCI_CONFIG_REGION_INDEX, &info);
	if (ret)
		return ret;
	if (pread(device, &cmd, 2, info.offset + 4) != 2)
		return -errno;
	cmd = (cmd | set) & ~clear;
	return pwrite(device, &cmd, 2, info.offset + 4) == 2 ? 0 : -errno;
}

/* Memory decoding and bus mastering: what every driver turns on first. */
static inline int edu_enable(struct edu *edu)
{
	return edu_write_command(edu, 0x6, 0);
}

/* Make an open device fd a working function. */
static inline int edu_start(struct edu *edu)
{
	int ret = edu_enable(edu);

	return ret ?: edu_map_bar(edu);
}

/* The nth function of the machine; with @other, in the space of that one. */
static inline int edu_open(struct edu *edu, enum vfio_path_kind kind, int nth,
			   const struct edu *other)
{
	struct vfio_dut dut;
	const char *why;
	int ret;

	edu_init(edu);
	ret = vfio_dut_get(&dut, VFIO_DUT_PCI, nth, &why);
	if (ret)
		return ret;
	ret = vfio_path_open(&edu->path, kind, &dut,
			     other ? &other->path : NULL);
	return ret ?: edu_start(edu);
}

static inline int edu_reopen(struct edu *edu)
{
	int ret = vfio_path_get_device(&edu->path);

	return ret ?: edu_start(edu);
}

static inline __u32 edu_read32(struct edu *edu, unsigned int reg)
{
	return __atomic_load_n((__u32 *)(edu->bar + reg), __ATOMIC_RELAXED);
}

static inline void edu_write32(struct edu *edu, unsigned int reg, __u32 val)
{
	__atomic_store_n((__u32 *)(edu->bar + reg), val, __ATOMIC_RELAXED);
}

/* A write to a register is ignored while a transfer runs. */
static inline int edu_dma_wait(struct edu *edu)
{
	long long end = now_ms() + EDU_DMA_MS;

	while (edu_read32(edu, EDU_DMA_CMD) & EDU_DMA_RUN) {
		if (now_ms() > end)
			return -ETIMEDOUT;
		sleep_ms(5);
	}
	return 0;
}

static inline void edu_dma_start(struct edu *edu, __u32 cmd, __u64 iova,
				 __u32 offset, __u32 len)
{
	bool to_ram = cmd & EDU_DMA_TO_RAM;
	__u32 buffer = EDU_BUFFER + offset;

	edu_write32(edu, EDU_DMA_SRC, to_ram ? buffer : iova);
	edu_write32(edu, EDU_DMA_DST, to_ram ? iova : buffer);
	edu_write32(edu, EDU_DMA_COUNT, len);
	edu_write32(edu, EDU_DMA_CMD, cmd | EDU_DMA_RUN);
}

/* One transfer, over when this returns. */
static inline int edu_dma(struct edu *edu, __u32 cmd, __u64 iova,
			  __u32 offset, __u32 len)
{
	edu_dma_start(edu, cmd, iova, offset, len);
	return edu_dma_wait(edu);
}

/* Through the engine's buffer from one IOVA to another. */
static inline int edu_copy(struct edu *edu, __u64 to, __u64 from,
			   __u32 len)
{
	int ret = edu_dma(edu, 0, from, 0, len);

	return ret ?: edu_dma(edu, EDU_DMA_TO_RAM, to, 0, len);
}

#endif
