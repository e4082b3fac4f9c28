/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Channel-program translator: a guest's channel program in, one that a real
 * subchannel can run out.
 *
 * A pure library over big-endian words. Guest memory is reached through struct
 * ccw_mem_ops only, so it runs under KUnit on any architecture. vfio-ccw owns
 * one struct ccw_prog per device; see vfio_ccw_pin.h for its memory operations.
 *
 * The library has no locks. "The program's owner" below is whoever excludes
 * the other calls on the same struct ccw_prog, vfio-ccw by its io_mutex.
 */
#ifndef _S390_CCW_XLATE_H_
#define _S390_CCW_XLATE_H_

#include <linux/types.h>

struct ccw_prog;

/* A guest's ORB is 12 bytes (words 0-2), a host's 32. */
#define CCW_ORB_GUEST_SIZE	12

/**
 * struct ccw_orb - operation-request block of the host, as ssch() takes it
 * @word: interruption parameter, flags, channel-program address, extension;
 *	  the extension is always zero
 */
struct ccw_orb {
	__be32 word[8];
} __packed __aligned(8);

/* The most pages that one call of &ccw_mem_ops.pin is asked for. */
#define CCW_PIN_MAX		512

/**
 * struct ccw_mem_ops - what the translator needs from the world
 * @read: read @len bytes of guest memory at @iova. The range never crosses a
 *	  4 KiB boundary. Return 0 or -errno. Process context, may sleep.
 * @pin: pin @npages pages (at most CCW_PIN_MAX) from @iova, which is a multiple
 *	 of 4 KiB, for reading and writing by a device, and store the absolute
 *	 address of each in @host. All or nothing: return 0, or -errno with no
 *	 page left pinned. Process context, may sleep.
 * @unpin: undo one @pin, with that call's @iova and @npages. Process context,
 *	   may sleep.
 * @alloc: 2^@order zeroed, physically contiguous pages of 4 KiB below 2 GiB,
 *	   for CCWs and address lists; their absolute address goes to @addr.
 *	   Return NULL if there are none. Process context, may sleep.
 * @free: give back what @alloc returned. Process context.
 *
 * @ctx is what ccw_prog_create() was given.
 */
struct ccw_mem_ops {
	int (*read)(void *ctx, u64 iova, void *buf, size_t len);
	int (*pin)(void *ctx, u64 iova, unsigned int npages, u64 *host);
	void (*unpin)(void *ctx, u64 iova, unsigned int npages);
	void *(*alloc)(void *ctx, unsigned int order, u32 *addr);
	void (*free)(void *ctx, void *pages, unsigned int order);
};

/**
 * struct ccw_prog_stats - what translating has cost since ccw_prog_create()
 * @programs: programs translated
 * @ccws: CCWs in them
 * @idaws: words in the address lists made for them
 * @reads: calls of &ccw_mem_ops.read
 * @pins: calls of &ccw_mem_ops.pin that succeeded
 * @pages: pages pinned by them
 * @unpins: calls of &ccw_mem_ops.unpin
 * @allocs: allocations of any kind: arena pages and tables
 */
struct ccw_prog_stats {
	u64 programs, ccws, idaws, reads, pins, pages, unpins, allocs;
};

struct ccw_prog *ccw_prog_create(const struct ccw_mem_ops *ops, void *ctx);
void ccw_prog_destroy(struct ccw_prog *prog);

int ccw_prog_translate(struct ccw_prog *prog, const void *guest_orb);
void ccw_prog_release(struct ccw_prog *prog);

bool ccw_prog_loaded(const struct ccw_prog *prog);
const struct ccw_orb *ccw_prog_orb(struct ccw_prog *prog, u32 intparm, u8 lpm);
void ccw_prog_irb_to_guest(const struct ccw_prog *prog, void *irb);
void ccw_prog_scsw_to_guest(const struct ccw_prog *prog, void *scsw);
bool ccw_prog_iova_pinned(const struct ccw_prog *prog, u64 iova, u64 length);
const struct ccw_prog_stats *ccw_prog_stats(const struct ccw_prog *prog);

/*
 * How a driver uses it (kernel-doc of each call is in ccw_xlate.c):
 *
 *   open      prog = ccw_prog_create(&vfio_ccw_mem_ops, &private->vdev);
 *   SSCH      err = ccw_prog_translate(prog, io_region->orb_area);
 *	       spin_lock_irq(&sch->lock);
 *	       cc = ssch(schid, (union orb *)ccw_prog_orb(prog, parm, sch->lpm));
 *	       on failure, after unlocking: ccw_prog_release(prog);
 *   irb       ccw_prog_irb_to_guest(prog, irb); then, if final,
 *	       ccw_prog_release(prog);
 *   unmap     if (ccw_prog_iova_pinned(prog, iova, length))
 *		       quiesce the device, ccw_prog_release(prog);
 *   close     quiesce the device, ccw_prog_destroy(prog);
 *
 * call			sleeps	under sch->lock	with io_mutex held
 * ccw_prog_create	yes	no		not needed
 * ccw_prog_destroy	yes	no		not needed, no user is left
 * ccw_prog_translate	yes	no		yes
 * ccw_prog_release	yes	no		yes
 * ccw_prog_orb		no	yes		yes
 * the rest		no	yes		yes
 *
 * Calls that do not sleep take no lock, allocate nothing and touch only the
 * program's tables: an interrupt handler may use them too, as long as nothing
 * translates or releases at that moment.
 *
 * type1 and iommufd call dma_unmap with locks of theirs held, none of which pin,
 * unpin and read take: so dma_unmap may wait for io_mutex, while its holder is
 * pinning. By the time dma_unmap returns, the pages must be unpinned.
 */

#endif
