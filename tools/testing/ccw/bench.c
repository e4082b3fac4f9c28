// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a START SUBCHANNEL costs in the translator: ours, or with -DBASE the
 * base's, compiled as it is
 *
 * Prints a line for each kind and length of program: calls per SSCH, of the
 * memory allocator, of reading guest memory, of pinning and unpinning, and the
 * instructions in between. What stands behind the calls is as good as nothing
 * here, and the same for both: the count is of the translators alone. Counted
 * by single steps, so it is the same in every run.
 */
#define CCW_OWN_ALLOC
#include "kernel.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void *kcalloc(size_t n, size_t size, int gfp)
{
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

static int ssch(u32 cpa)
{
	union orb orb = { };
	int ret;

	orb.cmd.fmt = 1;
	orb.cmd.pfch = 1;
	orb.cmd.c64 = 1;
	orb.cmd.cpa = cpa;
	ret = cp_init(&private.cp, &orb);
	if (!ret)
		ret = cp_prefetch(&private.cp);
	if (!ret && !cp_get_orb(&private.cp, &sch))
		ret = -1;
	cp_free(&private.cp);
	/* All is free again. */
	used = 0;
	return ret;
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

static int ssch(u32 cpa)
{
	__be32 orb[3] = { 0, cpu_to_be32(0x00c20000), cpu_to_be32(cpa) };
	int ret = ccw_prog_translate(prog, orb);

	if (!ret && !ccw_prog_orb(prog, 0, 0x80))
		ret = -1;
	ccw_prog_release(prog);
	return ret;
}
#endif

/* Reads of 4 KiB, one after the other, into pages that are neighbours. */
static void put_program(u32 at, u32 n, bool lists)
{
	u32 i;

	for (i = 0; i < n; i++) {
		u32 data = 0x200000 + i * 4096, list = 0x100000 + i * 16;
		u8 flags = (i + 1 < n ? 0x40 : 0) | (lists ? 0x04 : 0);

		put_ccw(at + i * 8, 0x06, flags, 4096, lists ? list : data);
		put_idaw(list, data);
	}
}

/* Instructions between two stops of a child; what the stops take comes off. */
static long steps(u32 cpa)
{
	int status;
	long n = 0;
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		if (cpa && ssch(cpa))
			_exit(1);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	for (;;) {
		if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) || waitpid(pid, &status, 0) != pid ||
		    !WIFSTOPPED(status))
			return -1;
		if (WSTOPSIG(status) != SIGTRAP)
			break;
		n++;
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return n;
}

int main(void)
{
	static const u32 lengths[] = { 1, 16, 256 };
	long empty;
	u32 i, lists;

	pool = mmap(NULL, POOL_SIZE + GUEST_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (pool == MAP_FAILED)
		return 2;
	guest = pool + POOL_SIZE;
	prepare();
	empty = steps(0);
	for (lists = 0; lists < 2; lists++) {
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			long n;

			put_program(0x1000, lengths[i], lists);
			/* Twice before: what is kept from program to program is there. */
			if (ssch(0x1000) || ssch(0x1000))
				return 1;
			memset(&calls, 0, sizeof(calls));
			if (ssch(0x1000))
				return 1;
			n = steps(0x1000);
			printf("%s\t%u\t%u\t%u\t%u\t%u\t%u\t%ld\n", lists ? "lists" : "direct",
			       lengths[i], calls.allocs, calls.reads, calls.bytes, calls.pins,
			       calls.unpins, n < 0 || empty < 0 ? -1 : n - empty);
		}
	}
	return 0;
}
