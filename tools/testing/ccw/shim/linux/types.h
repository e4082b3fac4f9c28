/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the channel-program translator uses of the kernel, for user space
 *
 * All of it stands here; the other headers of this folder only lead here.
 */
#ifndef _CCW_SHIM_H_
#define _CCW_SHIM_H_

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;
typedef uint32_t __be32;
typedef uint64_t __be64;

#define __packed			__attribute__((packed))
#define __aligned(x)			__attribute__((aligned(x)))
#define __maybe_unused			__attribute__((unused))
#define U64_MAX				UINT64_MAX
#define BIT(n)				(1ul << (n))
#define IS_ENABLED(x) 0
#define cond_resched() do { } while (0)
#define BIT_ULL(n) (1ull << (n))
#define GFP_ATOMIC 0
#define ARRAY_SIZE(a)			(sizeof(a) / sizeof((a)[0]))

#define cpu_to_be32(x)			htobe32(x)
#define cpu_to_be64(x)			htobe64(x)
#define be32_to_cpu(x)			be32toh(x)
#define be64_to_cpu(x)			be64toh(x)

#define min(a, b)			((a) < (b) ? (a) : (b))
#define max(a, b)			((a) > (b) ? (a) : (b))
#define min_t(t, a, b)			min((t)(a), (t)(b))
#define max3(a, b, c)			max(max(a, b), c)

#define GFP_KERNEL			0
#define GFP_KERNEL_ACCOUNT		0
#define kzalloc(size, gfp)		calloc(1, size)
#define kvzalloc(size, gfp)		calloc(1, size)
#define kvrealloc(p, size, gfp)		realloc(p, size)
#define kfree(p)			free(p)
#define kvfree(p)			free(p)
#define sort(base, n, size, cmp, swap)	qsort(base, n, size, cmp)

#define MODULE_LICENSE(x)		static_assert(sizeof(x) > 1, "")
#define MODULE_DESCRIPTION(x)		static_assert(sizeof(x) > 1, "")

#endif
