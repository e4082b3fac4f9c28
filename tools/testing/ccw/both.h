/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One of two translators, with the same calls: ours, or with -DBASE the base's,
 * compiled as it is. For programs that compare them.
 *
 * Guest memory is an array; the host has a guest's page 4 GiB above its guest
 * address. Words are big-endian for ours, and for the base's as the machine has
 * them, as it does not convert any. Included by one C file.
 */
#ifndef _CCW_BOTH_H_
#define _CCW_BOTH_H_

#define CCW_OWN_ALLOC
#include "kernel.h"

#include <sys/mman.h>

#define GUEST_SIZE	(8u << 20)
#define POOL_SIZE	(8u << 20)

static struct {
	unsigned int allocs, frees, reads, bytes, pins, pages, unpins;
} calls;

/* Below 2 GiB, where the base's code expects what it allocates. */
static u8 *guest, *pool;
static u32 used;

enum { GFP_KERNEL, GFP_KERNEL_ACCOUNT, GFP_ATOMIC, GFP_DMA = 0 };

static void *take(size_t size)
{
	void *p = pool + used;

	used += (size + 7) & ~7ul;
	calls.allocs++;
	return used <= POOL_SIZE ? memset(p, 0, size) : NULL;
}

static void give(const void *p)
{
	calls.frees += !!p;
}

static int guest_read(u64 iova, void *buf, size_t len)
{
	if (iova + len > GUEST_SIZE)
		return -EFAULT;
	calls.reads++;
	calls.bytes += len;
	memcpy(buf, guest + iova, len);
	return 0;
}

static void *kzalloc(size_t size, int gfp)
{
	return take(size);
}

#ifdef BASE
#include "base.h"

/* Hand out CCWs from the top down, as a slab may. */
static struct {
	bool on;
	u32 taken;
} descending;

static void *kcalloc(size_t n, size_t size, int gfp)
{
	if (TOUCHING && descending.on && size == 8) {
		descending.taken += n * size;
		return memset(pool + POOL_SIZE - descending.taken, 0, n * size);
	}
	return take(n * size);
}

static void *kmalloc(size_t size, int gfp)
{
	return take(size);
}

static void kfree(const void *p)
{
	give(p);
}

int vfio_dma_rw(struct vfio_device *vdev, dma_addr_t iova, void *buf, size_t len, bool write)
{
	return guest_read(iova, buf, len);
}

int vfio_pin_pages(struct vfio_device *vdev, dma_addr_t iova, int n, int prot,
		   struct page **pages)
{
	int i;

	calls.pins++;
	calls.pages += n;
	for (i = 0; i < n; i++)
		pages[i] = (struct page *)((iova & PAGE_MASK) + i * PAGE_SIZE + BIT(32));
	return n;
}

void vfio_unpin_pages(struct vfio_device *vdev, dma_addr_t iova, int n)
{
	calls.unpins++;
}

#include "vfio_ccw_cp.c"

static struct vfio_ccw_private private;
static struct subchannel sch = { .lpm = 0x80 };

static void put_ccw(u32 at, u8 cmd, u8 flags, u16 count, u32 cda)
{
	struct ccw1 ccw = { cmd, flags, count, cda };

	memcpy(guest + at, &ccw, sizeof(ccw));
}

static void put_idaw(u32 at, u64 addr)
{
	memcpy(guest + at, &addr, 8);
}

static void prepare(void)
{
	private.cp.guest_cp = calloc(256, 8);
}

static bool translated;

/*
 * Translate what the ORB's three words say. The base gets them as in the I/O
 * region, with status behind them.
 */
static int xlate(u32 flags, u32 cpa)
{
	u32 words[8] = { 0, 0, 0, 0x40c04017, 0x12345678, 0x0c000000, };
	union orb orb;
	int ret;

	memcpy(&orb, words, sizeof(orb));
	orb.cmd.fmt = !!(flags & BIT(23));
	orb.cmd.pfch = !!(flags & BIT(22));
	orb.cmd.alcc = !!(flags & BIT(20));
	orb.cmd.c64 = !!(flags & BIT(17));
	orb.cmd.i2k = !!(flags & BIT(16));
	orb.cmd.zero = flags >> 1 & 0x3f;
	orb.cmd.cpa = cpa;
	ret = cp_init(&private.cp, &orb);
	if (!ret) {
		ret = cp_prefetch(&private.cp);
		if (ret)
			cp_free(&private.cp);
	}
	translated = !ret;
	return ret;
}

static bool host_orb(u32 *flags, u32 *cpa, u32 *rest)
{
	union orb *orb = cp_get_orb(&private.cp, &sch);

	if (!orb)
		return false;
	*flags = orb->cmd.fmt * BIT(23) | orb->cmd.alcc * BIT(20) | orb->cmd.c64 * BIT(17) |
		 orb->cmd.i2k * BIT(16) | orb->cmd.zero << 1;
	*cpa = orb->cmd.cpa;
	memcpy(rest, (u32 *)orb + 3, 20);
	return true;
}

static void host_ccw(u32 addr, u8 *cmd, u8 *flags, u16 *count, u32 *cda)
{
	struct ccw1 *ccw = (struct ccw1 *)(unsigned long)addr;

	*cmd = ccw->cmd_code;
	*flags = ccw->flags;
	*count = ccw->count;
	*cda = ccw->cda;
}

static u64 host_word(u32 list, u32 number)
{
	return ((u64 *)(unsigned long)list)[number];
}

static u32 guest_cpa(u32 host)
{
	union scsw scsw = { };

	scsw.cmd.cpa = host;
	cp_update_scsw(&private.cp, &scsw);
	return scsw.cmd.cpa;
}

static void release(void)
{
	if (translated)
		cp_free(&private.cp);
	translated = false;
	/* All is free again. */
	used = 0;
	descending.taken = 0;
}
#else
static void *kvrealloc(const void *p, size_t size, int gfp)
{
	void *new = take(size);

	/* It only grows, and never has more than half of that before. */
	if (p && new)
		memcpy(new, p, size / 2);
	return new;
}

static void kfree(const void *p)
{
	give(p);
}

static void kvfree(const void *p)
{
	give(p);
}

#include "ccw_scan.c"
#include "ccw_plan.c"
#include "ccw_pin.c"
#include "ccw_xlate.c"

static int bench_read(void *ctx, u64 iova, void *buf, size_t len)
{
	return guest_read(iova, buf, len);
}

static int bench_pin(void *ctx, u64 iova, unsigned int npages, u64 *host)
{
	unsigned int i;

	calls.pins++;
	calls.pages += npages;
	for (i = 0; i < npages; i++)
		host[i] = iova + i * CCW_PAGE + BIT(32);
	return 0;
}

static void bench_unpin(void *ctx, u64 iova, unsigned int npages)
{
	calls.unpins++;
}

static void *bench_alloc(void *ctx, unsigned int order, u32 *addr)
{
	void *p = take(CCW_PAGE << order);

	*addr = (unsigned long)p;
	return p;
}

static void bench_free(void *ctx, void *pages, unsigned int order)
{
	give(pages);
}

static const struct ccw_mem_ops bench_ops = {
	.read = bench_read,
	.pin = bench_pin,
	.unpin = bench_unpin,
	.alloc = bench_alloc,
	.free = bench_free,
};

static struct ccw_prog *prog;

static void put_ccw(u32 at, u8 cmd, u8 flags, u16 count, u32 cda)
{
	__be64 ccw = cpu_to_be64(ccw_make(cmd, flags, count, cda));

	memcpy(guest + at, &ccw, sizeof(ccw));
}

static void put_idaw(u32 at, u64 addr)
{
	addr = cpu_to_be64(addr);
	memcpy(guest + at, &addr, 8);
}

static void prepare(void)
{
	prog = ccw_prog_create(&bench_ops, NULL);
}

static int xlate(u32 flags, u32 cpa)
{
	__be32 orb[3] = { 0, cpu_to_be32(flags), cpu_to_be32(cpa) };

	return ccw_prog_translate(prog, orb);
}

static bool host_orb(u32 *flags, u32 *cpa, u32 *rest)
{
	const struct ccw_orb *orb = ccw_prog_orb(prog, 0, 0x80);

	if (!orb)
		return false;
	*flags = be32_to_cpu(orb->word[1]) & ~(u32)(ORB_LPM | ORB_PREFETCH);
	*cpa = be32_to_cpu(orb->word[2]);
	memcpy(rest, orb->word + 3, 20);
	return true;
}

static void host_ccw(u32 addr, u8 *cmd, u8 *flags, u16 *count, u32 *cda)
{
	u64 ccw = be64_to_cpu(*(__be64 *)(unsigned long)addr);

	*cmd = ccw_cmd(ccw);
	*flags = ccw_flags(ccw);
	*count = ccw_count(ccw);
	*cda = ccw_cda(ccw);
}

static u64 host_word(u32 list, u32 number)
{
	return be64_to_cpu(((__be64 *)(unsigned long)list)[number]);
}

static u32 guest_cpa(u32 host)
{
	__be32 scsw[3] = { cpu_to_be32(BIT(14)), cpu_to_be32(host) };

	ccw_prog_scsw_to_guest(prog, scsw);
	return be32_to_cpu(scsw[1]);
}

static void release(void)
{
	ccw_prog_release(prog);
}
#endif

static bool memory(void)
{
	pool = mmap(NULL, POOL_SIZE + GUEST_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	guest = pool + POOL_SIZE;
	return pool != MAP_FAILED;
}

#endif
