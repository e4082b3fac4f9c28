/* SPDX-License-Identifier: GPL-2.0-only */
/* What a program writes into the only region of a device of bench_mdev. */
#ifndef BENCH_MDEV_H
#define BENCH_MDEV_H

#include <linux/types.h>

enum bench_mdev_op {
	BENCH_PIN = 1,
	BENCH_UNPIN,
	BENCH_READ,		/* vfio_dma_rw() from the user's memory */
	BENCH_WRITE,
	BENCH_ALLOC,		/* no DMA: make and free a small object */
};

#define BENCH_MDEV_PAGES	512

/*
 * @pages pages from @iova, in calls of @batch pages each. Other writes and all
 * reads return their length and do nothing.
 */
struct bench_mdev_request {
	__u32 op;
	__u32 pages;
	__u32 batch;
	__u32 pad;
	__u64 iova;
};

#endif
