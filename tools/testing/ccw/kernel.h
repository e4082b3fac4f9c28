/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the channel-program translator uses of the kernel, for user space
 *
 * tools/testing/ccw/run makes all of <linux/...> and <asm/...> lead here, and
 * defines what the compiler can be told.
 */
#ifndef _CCW_KERNEL_H_
#define _CCW_KERNEL_H_

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <asm-generic/int-ll64.h>

#define u8			__u8
#define u16			__u16
#define u32			__u32
#define u64			__u64
#define __be32			__u32
#define __be64			__u64

#define U64_MAX			UINT64_MAX
#define noinline		__attribute__((__noinline__))
#define BIT(n)			(1ul << (n))
#define BIT_ULL(n)		(1ull << (n))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof(*(a)))

#define cpu_to_be32		htobe32
#define cpu_to_be64		htobe64
#define be32_to_cpu		be32toh
#define be64_to_cpu		be64toh

static inline u64 min(u64 a, u64 b)
{
	return a < b ? a : b;
}

static inline u64 max(u64 a, u64 b)
{
	return a > b ? a : b;
}

#define min_t(type, a, b)	((type)min(a, b))
#define max3(a, b, c)		max(max(a, b), c)

static inline void cond_resched(void)
{
}

#ifndef CCW_OWN_ALLOC
enum { GFP_KERNEL, GFP_KERNEL_ACCOUNT, GFP_DMA = 0 };

static inline void *kzalloc(size_t size, int gfp)
{
	return calloc(1, size);
}

static inline void *kvzalloc(size_t size, int gfp)
{
	return calloc(1, size);
}

static inline void *kvrealloc(void *p, size_t size, int gfp)
{
	return realloc(p, size);
}

static inline void kfree(void *p)
{
	free(p);
}

static inline void kvfree(void *p)
{
	free(p);
}
#endif

static inline void sort(void *base, size_t n, size_t size,
			int (*cmp)(const void *a, const void *b), void *swap)
{
	qsort(base, n, size, cmp);
}

#define MODULE_LICENSE(text)		static_assert(sizeof(text), text)
#define MODULE_DESCRIPTION(text)	static_assert(sizeof(text), text)

#endif
