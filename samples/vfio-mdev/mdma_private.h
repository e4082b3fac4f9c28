/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mdma sample device, shared by its source files:
 *
 * mdma_main.c	 the parent and the mediated device
 * mdma_user.c	 what the user's file descriptor can do
 * mdma_regs.c	 the registers
 * mdma_engine.c the worker that executes the ring
 * mdma_copy.c	 the copy of one descriptor, and unmaps that meet it
 * mdma_iommu.c	 how the device reaches the user's address space
 *
 * Lock order: vfio's dev_set->lock, ctl_lock, mem_lock, lock. The engine's
 * worker takes the last two only, and calls into vfio and iommufd, which may
 * fault in user memory, with neither of them held.
 */
#ifndef _SAMPLES_VFIO_MDEV_MDMA_PRIVATE_H
#define _SAMPLES_VFIO_MDEV_MDMA_PRIVATE_H

#include <linux/bits.h>
#include <linux/eventfd.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/vfio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "mdma.h"

struct iommufd_access;
struct iommufd_ctx;

/* A descriptor is copied window by window; this bounds what is ever pinned. */
#define MDMA_WINDOW_PAGES	16
#define MDMA_WINDOW		(MDMA_WINDOW_PAGES * PAGE_SIZE)

/* jiffies of rest after an unmap, see mdma_flight_end() */
#define MDMA_HOLD		max(HZ / 50, 1)

/* Reasons to end a descriptor early, struct mdma_flight.abort */
#define MDMA_ABORT_UNMAP	BIT(0)
#define MDMA_ABORT_STOP		BIT(1)

/**
 * struct mdma_job - a checked descriptor in the CPU's byte order
 * @src: IOVA or offset in the device memory
 * @dst: the same
 * @len: bytes to copy
 * @flags: MDMA_DESC_*
 * @done: bytes copied
 */
struct mdma_job {
	u64 src;
	u64 dst;
	u32 len;
	u32 flags;
	u32 done;
};

/**
 * struct mdma_flight - the descriptor that is being copied, as unmap sees it
 * @job: what it touches; NULL when the engine has no mapping in use
 * @seq: counts descriptors, tells a waiter that its one is over
 * @abort: MDMA_ABORT_*, set by others, obeyed by the engine
 *
 * Pages are pinned only between the setting and the clearing of @job.
 */
struct mdma_flight {
	const struct mdma_job *job;
	unsigned int seq;
	unsigned int abort;
};

/**
 * struct mdma - the mediated device
 * @vdev: its vfio side, owns this memory
 * @access: the iommufd access of an mdma-own device, from bind to unbind;
 *          NULL otherwise. Written under dev_set->lock, while closed
 * @attached: @access has an IOAS; under dev_set->lock
 * @ctl_lock: serialises what the user does to the engine: register writes,
 *            resets, a change of the IOAS of an mdma-own device
 * @lock: protects @ctrl to @deadline; written by the user's side and the worker
 * @ctrl: MDMA_CTRL_*
 * @status: MDMA_ST_HALTED and MDMA_ST_RING_ERR, busy is computed
 * @ring: IOVA of the ring; changes only while the engine is stopped
 * @ring_size: its entries; changes only while the engine is stopped
 * @head: the descriptor to be executed next
 * @tail: the first descriptor that is not to be executed
 * @pace: milliseconds for which the engine holds each window
 * @nr_done: descriptors executed
 * @nr_aborted: of these, ended by an unmap
 * @pinned: pages pinned now
 * @hold_until: jiffies before which the engine does not start; outlives a
 *              reset, see mdma_flight_end()
 * @irq: the user's eventfd or NULL
 * @flight: what the engine is touching
 * @accessing: the worker is in an access to user memory
 * @deadline: jiffies at which the access is given up
 * @watchdog: gives it up, see mdma_iommu.c
 * @wait: the worker waits here for an abort, and the aborter for its end
 * @worker: the engine's thread, its own so that a signal can end an access
 * @work: what it executes
 * @src_pages: the worker's own, pages of the source window
 * @dst_pages: the worker's own, pages of the destination window
 * @bounce: the worker's own, a window's bytes
 * @mem_lock: protects the contents of @mem
 * @mem: the device memory
 */
struct mdma {
	struct vfio_device vdev;

	struct iommufd_access *access;
	bool attached;

	struct mutex ctl_lock;	/* see above */

	spinlock_t lock;	/* see above */
	u32 ctrl;
	u32 status;
	u64 ring;
	u32 ring_size;
	u32 head;
	u32 tail;
	u32 pace;
	u32 nr_done;
	u32 nr_aborted;
	u32 pinned;
	unsigned long hold_until;
	struct eventfd_ctx *irq;
	struct mdma_flight flight;
	bool accessing;
	unsigned long deadline;

	struct delayed_work watchdog;
	wait_queue_head_t wait;
	struct kthread_worker *worker;
	struct kthread_delayed_work work;
	struct page *src_pages[MDMA_WINDOW_PAGES];
	struct page *dst_pages[MDMA_WINDOW_PAGES];
	void *bounce;

	struct mutex mem_lock;	/* see above */
	void *mem;
};

static inline struct mdma *to_mdma(struct vfio_device *vdev)
{
	return container_of(vdev, struct mdma, vdev);
}

/* mdma_user.c */
int mdma_user_init(struct vfio_device *vdev);
void mdma_user_release(struct vfio_device *vdev);
int mdma_user_open(struct vfio_device *vdev);
void mdma_user_close(struct vfio_device *vdev);
ssize_t mdma_user_read(struct vfio_device *vdev, char __user *buf, size_t count,
		       loff_t *ppos);
ssize_t mdma_user_write(struct vfio_device *vdev, const char __user *buf,
			size_t count, loff_t *ppos);
long mdma_user_ioctl(struct vfio_device *vdev, unsigned int cmd,
		     unsigned long arg);

/* mdma_engine.c */
int mdma_engine_init(struct mdma *m);
void mdma_engine_free(struct mdma *m);
bool mdma_engine_pause(struct mdma *m);
void mdma_engine_resume(struct mdma *m);
void mdma_engine_reset(struct mdma *m);
void mdma_engine_kick(struct mdma *m);

/* mdma_regs.c */
u32 mdma_regs_read(struct mdma *m, u32 reg);
int mdma_regs_write(struct mdma *m, u32 reg, u32 val);
void mdma_regs_set_irq(struct mdma *m, struct eventfd_ctx *irq);
void mdma_regs_fire(struct mdma *m);

/* mdma_copy.c */
void mdma_flight_begin(struct mdma *m, const struct mdma_job *job);
unsigned int mdma_flight_end(struct mdma *m);
void mdma_flight_abort(struct mdma *m, unsigned int why);
void mdma_flight_unmap(struct vfio_device *vdev, u64 iova, u64 length);
u32 mdma_copy(struct mdma *m, struct mdma_job *job);

/* mdma_iommu.c */
void mdma_iommu_init(struct mdma *m);
void mdma_iommu_free(struct mdma *m);
int mdma_iommu_pin(struct mdma *m, u64 iova, unsigned int npages, bool write,
		   struct page **pages);
void mdma_iommu_unpin(struct mdma *m, u64 iova, unsigned int npages);
int mdma_iommu_rw(struct mdma *m, u64 iova, void *buf, size_t len, bool write);

#if IS_ENABLED(CONFIG_IOMMUFD)
int mdma_own_bind(struct vfio_device *vdev, struct iommufd_ctx *ictx,
		  u32 *out_device_id);
void mdma_own_unbind(struct vfio_device *vdev);
int mdma_own_attach(struct vfio_device *vdev, u32 *pt_id);
void mdma_own_detach(struct vfio_device *vdev);
#endif

#endif
