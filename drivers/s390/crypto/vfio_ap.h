/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vfio-ap: what the files of the driver share
 */

/**
 * DOC: state and locks
 *
 * Everything a guest has follows from a few inputs: what was assigned to its
 * mediated device, what the host has, and which queues may be passed. Whoever
 * changes an input calls vfio_ap_apply(), which plans, compares, pushes and
 * resets. Which mediated device a queue belongs to is in the masks and nowhere
 * else; there is no pointer that could be forgotten.
 *
 * Locks, in the order in which they are taken:
 *
 * guests_lock
 *	held by whoever changes an input or applies it. Never held while
 *	something is waited for. Below it nobody may take ap_perms_mutex or the
 *	device_lock of a queue: both are held when the AP bus calls.
 * kvm->lock
 *	of the guest whose control block is changed
 * kvm->arch.crypto.pqap_hook_rwsem
 *	written while a guest is attached or detached; KVM holds it for reading
 *	when it calls vfio_ap_pqap()
 * vfio_ap_mdev.lock
 *	of one mediated device. All that a running guest reaches, PQAP and the
 *	unmapping of its memory, needs this one only. Two of them are never
 *	held together.
 *
 * A reset is started under these locks and waited for without any. Until it is
 * over, its queue is held back from whoever has it by then; see vfio_ap_reset.c.
 */
#ifndef VFIO_AP_H
#define VFIO_AP_H

#include <linux/kvm_host.h>
#include <linux/list.h>
#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/vfio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <asm/debug.h>

#include "ap_bus.h"
#include "vfio_ap_matrix.h"

struct eventfd_ctx;

/**
 * struct vfio_ap_state - what the driver has only one of
 * @guests_lock: see above
 * @mdevs: all &struct vfio_ap_mdev; @guests_lock
 * @queues: all &struct vfio_ap_queue by APQN; changed under @guests_lock,
 *	looked up under that, under the lock of the mediated device whose guest
 *	has the queue, or under RCU
 * @passable: queues that a guest may have; @guests_lock
 * @qci: what the host has by the latest QCI: queues outside of it do not exist
 *	for the hardware; @guests_lock
 * @host: what plans are made with: @qci, and while the AP bus scans only what
 *	was there before too; @guests_lock
 * @max: the highest ids that the machine takes; @guests_lock
 * @reset_done: woken when a reset is over
 * @reset_wq: runs what polls for it
 * @dbf: refusals that a guest could repeat without end go here, not to the
 *	console
 */
struct vfio_ap_state {
	struct mutex guests_lock; /* inputs and plans */
	struct list_head mdevs;
	struct xarray queues;
	struct vfio_ap_rows passable;
	struct vfio_ap_matrix qci;
	struct vfio_ap_matrix host;
	struct vfio_ap_limits max;
	wait_queue_head_t reset_done;
	struct workqueue_struct *reset_wq;
	debug_info_t *dbf;
};

extern struct vfio_ap_state vfio_ap;

#define vfio_ap_debug(fmt, ...)	\
	debug_sprintf_event(vfio_ap.dbf, 4, fmt, ##__VA_ARGS__)

/**
 * struct vfio_ap_mdev - a mediated device: the matrix of one guest
 * @vdev: its vfio_device
 * @node: in &vfio_ap_state.mdevs; guests_lock
 * @lock: see above
 * @max: highest ids, as the machine was when the device was made; constant
 * @assigned: what it was given; written under guests_lock and @lock
 * @guest: the plan made of it, and what a guest has if there is one; likewise
 * @kvm: the guest, between open and close; likewise, and kvm->lock
 * @hook: what KVM calls for the guest's PQAP(AQIC); constant
 * @irqs: queues that interrupt the guest, by &vfio_ap_irq.node; @lock
 * @pins: pages that are being pinned for that, &struct vfio_ap_pin; @lock
 * @pins_gone: woken when one of them no longer is
 * @unmapped: what was unmapped last, of which nothing is pinned until some
 *	time, in jiffies; @lock. One range will do: a container tells of the
 *	next when it has done the one before
 * @request: signalled to ask for the device back, or NULL; @lock
 */
struct vfio_ap_mdev {
	struct vfio_device vdev;
	struct list_head node;
	struct mutex lock; /* what the guest reaches */
	struct vfio_ap_limits max;
	struct vfio_ap_matrix assigned;
	struct vfio_ap_matrix guest;
	struct kvm *kvm;
	crypto_hook hook;
	struct list_head irqs;
	struct list_head pins;
	wait_queue_head_t pins_gone;
	struct {
		u64 iova, length;
		unsigned long until;
	} unmapped;
	struct eventfd_ctx *request;
};

/**
 * struct vfio_ap_pin - a page on its way into an interrupt registration
 * @node: in &vfio_ap_mdev.pins while it may be pinned and is not registered;
 *	this and @stale under the lock of the mediated device
 * @iova: where the guest has it
 * @stale: an unmap waits for it to be unpinned
 * @page: it, once it is pinned; NULL again when the registration has it
 */
struct vfio_ap_pin {
	struct list_head node;
	dma_addr_t iova;
	bool stale;
	struct page *page;
};

/**
 * struct vfio_ap_irq - a queue interrupts a guest
 * @mdev: whose guest; NULL if there is no registration, and then nothing else
 *	here means anything. Set only while @mdev has the queue in its guest's
 *	matrix, cleared at the latest when the reset that follows is over
 * @node: in @mdev's irqs
 * @kvm: the guest
 * @iova: page of the notification byte, pinned
 * @page: the same
 * @gisc: the guest's interruption subclass, registered
 */
struct vfio_ap_irq {
	struct vfio_ap_mdev *mdev;
	struct list_head node;
	struct kvm *kvm;
	dma_addr_t iova;
	struct page *page;
	u8 gisc;
};

/**
 * struct vfio_ap_stray - what a queue that did not obey may still write to
 * @page: the page of a notification byte that had to be unpinned, or NULL
 * @kvm: the guest whose interrupt state the queue knows
 * @over: a reset has succeeded since: the queue's work lets go of it
 *
 * Holds a reference to both until a reset has succeeded.
 */
struct vfio_ap_stray {
	struct page *page;
	struct kvm *kvm;
	bool over;
};

/**
 * struct vfio_ap_queue - a queue that is bound to the driver
 * @apqn: which; constant
 * @leaving: it is being unbound; guests_lock
 * @resetting: a reset is not over; written under guests_lock and the lock of
 *	the mediated device that has it in its guest's matrix
 * @held: no guest may have it before that reset is over; guests_lock
 * @zapq: response code of the latest ZAPQ; guests_lock
 * @rc: what came of the last reset that is over; guests_lock
 * @asked: a reset that its user asked for is not over; guests_lock
 * @asked_rc: what came of the last such; guests_lock
 * @started: when the reset that is not over began, in jiffies
 * @reset_work: looks whether it is
 * @irq: its interrupt registration; lock of &vfio_ap_irq.mdev
 * @stray: see there; what vfio_ap_queue_lock() locks. An unmap has the second
 *	of these locks alone
 * @rcu: for freeing
 */
struct vfio_ap_queue {
	unsigned int apqn;
	bool leaving;
	bool resetting;
	bool held;
	bool asked;
	u8 zapq;
	u8 rc;
	u8 asked_rc;
	unsigned long started;
	struct delayed_work reset_work;
	struct vfio_ap_irq irq;
	struct vfio_ap_stray stray;
	struct rcu_head rcu;
};

static inline struct vfio_ap_mdev *to_vfio_ap_mdev(struct vfio_device *vdev)
{
	return container_of(vdev, struct vfio_ap_mdev, vdev);
}

static inline bool vfio_ap_matrix_has_apqn(const struct vfio_ap_matrix *matrix,
					   unsigned int apqn)
{
	return vfio_ap_matrix_has(matrix, AP_QID_CARD(apqn), AP_QID_QUEUE(apqn));
}

/* The response codes that leave a queue fit for a guest, on or off. */
static inline bool vfio_ap_rc_passable(u8 rc)
{
	return rc == AP_RESPONSE_NORMAL || rc == AP_RESPONSE_DECONFIGURED ||
	       rc == AP_RESPONSE_CHECKSTOPPED;
}

/* Those after which the hardware no longer knows where to send an interrupt. */
static inline bool vfio_ap_rc_quiet(u8 rc)
{
	return vfio_ap_rc_passable(rc) || rc == AP_RESPONSE_Q_NOT_AVAIL;
}

/* vfio_ap_apply.c */
struct vfio_ap_mdev *vfio_ap_owner(unsigned int apqn);
void vfio_ap_apply(struct vfio_ap_mdev *mdev,
		   const struct vfio_ap_matrix *assigned,
		   struct vfio_ap_delta *delta);
int vfio_ap_assign(struct vfio_ap_mdev *mdev, const struct vfio_ap_matrix *matrix,
		   struct vfio_ap_delta *delta);
int vfio_ap_host_init(void);
int vfio_ap_in_use(unsigned long *apm, unsigned long *aqm);
void vfio_ap_config_changed(struct ap_config_info *new, struct ap_config_info *old);
void vfio_ap_scan_complete(struct ap_config_info *new, struct ap_config_info *old);

/* vfio_ap_reset.c */
void vfio_ap_queue_judge(struct vfio_ap_queue *q);
struct vfio_ap_mdev *vfio_ap_queue_lock(struct vfio_ap_queue *q);
void vfio_ap_reset_start(struct vfio_ap_queue *q, bool hold);
void vfio_ap_reset_area(const struct vfio_ap_area *area);
void vfio_ap_reset_mdev(struct vfio_ap_mdev *mdev, struct vfio_ap_area *area);
void vfio_ap_reset_finish(struct vfio_ap_queue *q, u8 rc);
int vfio_ap_reset_wait(const struct vfio_ap_area *area);
void vfio_ap_reset_wait_lost(const struct vfio_ap_delta *delta);
void vfio_ap_reset_init(struct vfio_ap_queue *q);

/* vfio_ap_queue.c */
extern const struct attribute_group *vfio_ap_queue_groups[];
int vfio_ap_queue_probe(struct ap_device *apdev);
void vfio_ap_queue_remove(struct ap_device *apdev);

/* vfio_ap_mdev.c */
extern struct mdev_driver vfio_ap_mdev_driver;

/* vfio_ap_sysfs.c */
extern const struct attribute_group *vfio_ap_mdev_groups[];

/* vfio_ap_kvm.c */
void vfio_ap_push(struct vfio_ap_mdev *mdev);
int vfio_ap_open(struct vfio_device *vdev);
void vfio_ap_close(struct vfio_device *vdev);
int vfio_ap_reset(struct vfio_ap_mdev *mdev);

/* vfio_ap_irq.c */
int vfio_ap_pqap(struct kvm_vcpu *vcpu);
void vfio_ap_irq_release(struct vfio_ap_queue *q, bool quiet);
void vfio_ap_stray_put(struct vfio_ap_stray *stray);
void vfio_ap_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length);

#endif /* VFIO_AP_H */
