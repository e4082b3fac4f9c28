/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Programming interface of the mdma sample device, a DMA copy engine.
 *
 * Read by the sample driver and by user programs that drive the device; there
 * is no locking on this side of the interface. All fields are little endian.
 *
 * Region 0 holds the registers, read and written four bytes at a time at
 * offsets that are a multiple of four. Region 1 is the device memory, to be
 * read and written at will. Both are zero after open and after a reset.
 *
 * The driver program puts struct mdma_desc entries into a ring in DMA-mapped
 * memory, tells base and size, sets MDMA_CTRL_RUN and advances TAIL. For each
 * descriptor from HEAD up to TAIL the engine copies, writes @done and @status
 * back, advances HEAD and raises the interrupt, in this order.
 *
 * Memory that does not answer within a time, 5 seconds unless the driver was
 * told otherwise, counts as memory that is not there.
 */
#ifndef _SAMPLES_VFIO_MDEV_MDMA_H
#define _SAMPLES_VFIO_MDEV_MDMA_H

#include <linux/types.h>

#define MDMA_REGION_REGS	0
#define MDMA_REGION_MEM		1
#define MDMA_NUM_REGIONS	2
#define MDMA_NUM_IRQS		1

#define MDMA_REGS_SIZE		0x40
#define MDMA_MEM_SIZE		0x10000
#define MDMA_MAX_LEN		0x100000	/* bytes that one descriptor may copy */
#define MDMA_MIN_RING		2		/* entries; a power of two */
#define MDMA_MAX_RING		256
#define MDMA_MAX_PACE		100

/* Registers */
#define MDMA_REG_ID		0x00	/* ro, MDMA_ID */
#define MDMA_REG_CAPS		0x04	/* ro, MDMA_CAP_* */
#define MDMA_REG_CTRL		0x08	/* rw, MDMA_CTRL_* */
#define MDMA_REG_STATUS		0x0c	/* ro, MDMA_ST_* */
#define MDMA_REG_RING_LO	0x10	/* rw, EBUSY while CTRL.RUN */
#define MDMA_REG_RING_HI	0x14	/* rw, EBUSY while CTRL.RUN */
#define MDMA_REG_RING_SIZE	0x18	/* rw, EBUSY while CTRL.RUN */
#define MDMA_REG_HEAD		0x1c	/* ro, next descriptor to be executed */
#define MDMA_REG_TAIL		0x20	/* rw, first one not to be executed */
#define MDMA_REG_PACE		0x24	/* rw, milliseconds per window, 0: none */
#define MDMA_REG_DONE		0x28	/* ro, descriptors executed */
#define MDMA_REG_ABORTED	0x2c	/* ro, of these: ended by an unmap */
#define MDMA_REG_PINNED		0x30	/* ro, pages pinned now */

#define MDMA_ID			0x414d444d	/* "MDMA" */

#define MDMA_CAP_OWN_IOAS	0x00000001	/* driver holds the iommufd access */

/*
 * Setting RUN restarts a halted engine at HEAD. Clearing it lets a descriptor
 * that is being executed come to its end. RESET stops it instead, leaves its
 * status unwritten, and takes every register back to zero; it reads as zero.
 */
#define MDMA_CTRL_RUN		0x00000001
#define MDMA_CTRL_IRQ		0x00000002	/* enable the interrupt */
#define MDMA_CTRL_HALT_ON_ERR	0x00000004	/* halt behind a bad descriptor */
#define MDMA_CTRL_RESET		0x80000000

#define MDMA_ST_BUSY		0x00000001	/* HEAD has not caught up with TAIL */
#define MDMA_ST_HALTED		0x00000002	/* waits for a write of CTRL.RUN */
#define MDMA_ST_RING_ERR	0x00000004	/* the ring could not be accessed */

/* struct mdma_desc: flags */
#define MDMA_DESC_PIN		0x00000001	/* by pinned pages, else by dma_rw */
#define MDMA_DESC_SRC_MEM	0x00000002	/* @src is an offset in region 1 */
#define MDMA_DESC_DST_MEM	0x00000004	/* @dst is an offset in region 1 */
#define MDMA_DESC_IRQ		0x00000008	/* interrupt when it is done */
#define MDMA_DESC_FLAGS		0x0000000f

/* struct mdma_desc: status. Any error raises the interrupt. */
#define MDMA_PENDING		0
#define MDMA_OK			1
#define MDMA_ERR_DESC		2	/* flags, length or region 1 offset */
#define MDMA_ERR_SRC		3	/* no such address, or not readable */
#define MDMA_ERR_DST		4	/* no such address, or not writable */
#define MDMA_ERR_UNMAPPED	5	/* mapping went away during the copy */

/**
 * struct mdma_desc - one copy
 * @src: IOVA, or offset in region 1
 * @dst: IOVA, or offset in region 1; must not overlap @src
 * @len: bytes, 1 to MDMA_MAX_LEN
 * @flags: MDMA_DESC_*
 * @done: bytes copied, written by the engine; after an error what lies
 *        behind them is undefined up to the end of the window
 * @status: written by the engine
 */
struct mdma_desc {
	__le64 src;
	__le64 dst;
	__le32 len;
	__le32 flags;
	__le32 done;
	__le32 status;
};

#endif
