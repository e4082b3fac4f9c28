// SPDX-License-Identifier: GPL-2.0
/*
 * vfio-ap: queues that interrupt a guest
 *
 * The guest's PQAP(AQIC) comes here by way of KVM: the notification byte is
 * pinned, the interruption subclass registered, and the hardware told, under no
 * lock but that of the one mediated device, so no guest waits for another.
 *
 * A registration goes when the guest says so, when its memory is unmapped, or
 * when a reset is over. What the hardware may still write to is never given
 * back: if it does not obey, page and guest are kept as a stray of the queue.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <asm/uv.h>

#include "vfio_ap.h"

/* After an unmap was told of, the time in which nothing of it is pinned again. */
#define VFIO_AP_UNMAP_MS	50
#define VFIO_AP_IRQ_TRIES	5
#define VFIO_AP_IRQ_MS		20

/**
 * vfio_ap_stray_put() - what a queue could have written to, it no longer can
 * @stray: may be empty, and is so afterwards
 *
 * Context: none of the driver's locks held: the guest may go with it.
 */
void vfio_ap_stray_put(struct vfio_ap_stray *stray)
{
	if (!stray->page)
		return;
	put_page(stray->page);
	kvm_put_kvm(stray->kvm);
	*stray = (struct vfio_ap_stray){};
}

/* The registration of @q goes, but the hardware may still use it. */
static void keep_stray(struct vfio_ap_queue *q)
{
	struct vfio_ap_stray *stray = &q->stray;

	/*
	 * There is room for one. An older one is over if it was this guest's:
	 * it has registered another page since. If not, it stays for good.
	 */
	if (stray->page && stray->kvm == q->irq.kvm) {
		put_page(stray->page);
	} else {
		if (stray->page)
			pr_err("vfio_ap: queue %02x.%04x: a page of a former guest is lost\n",
			       AP_QID_CARD(q->apqn), AP_QID_QUEUE(q->apqn));
		kvm_get_kvm(q->irq.kvm);
		stray->kvm = q->irq.kvm;
	}
	get_page(q->irq.page);
	stray->page = q->irq.page;
	/* No reset that is over by now has to do with this one. */
	stray->over = false;
	pr_warn("vfio_ap: queue %02x.%04x does not stop its interrupts; a page of its guest is kept until it is reset\n",
		AP_QID_CARD(q->apqn), AP_QID_QUEUE(q->apqn));
}

/**
 * vfio_ap_irq_release() - free the interrupt registration of a queue
 * @q: the queue; it need not have one
 * @quiet: the hardware is known not to use it any longer
 *
 * Context: caller holds the lock of the mediated device that has registered
 *	it, which is open.
 */
void vfio_ap_irq_release(struct vfio_ap_queue *q, bool quiet)
{
	struct vfio_ap_irq *irq = &q->irq;

	if (!irq->mdev)
		return;
	lockdep_assert_held(&irq->mdev->lock);

	if (!quiet)
		keep_stray(q);
	kvm_s390_gisc_unregister(irq->kvm, irq->gisc);
	vfio_unpin_pages(&irq->mdev->vdev, irq->iova, 1);
	list_del_init(&irq->node);
	WRITE_ONCE(irq->mdev, NULL);
}

/* After AQIC was accepted: wait until TAPQ shows that it has been done. */
static bool irq_went_quiet(unsigned int apqn)
{
	struct ap_queue_status status;
	int try;

	for (try = 0; try < VFIO_AP_IRQ_TRIES; try++) {
		if (try)
			msleep(VFIO_AP_IRQ_MS);
		status = ap_tapq(apqn, NULL);
		switch (status.response_code) {
		case AP_RESPONSE_BUSY:
			continue;
		case AP_RESPONSE_NORMAL:
		case AP_RESPONSE_RESET_IN_PROGRESS:
			if (status.irq_enabled)
				continue;
			fallthrough;
		case AP_RESPONSE_DECONFIGURED:
		case AP_RESPONSE_CHECKSTOPPED:
		case AP_RESPONSE_Q_NOT_AVAIL:
			return true;
		default:
			return false;
		}
	}
	return false;
}

/* Disable in the hardware; @quiet tells whether that is known to have worked. */
static struct ap_queue_status irq_disable(unsigned int apqn, bool *quiet)
{
	union ap_qirq_ctrl off = {};
	struct ap_queue_status status;
	int try;

	*quiet = false;
	for (try = 0; try <= VFIO_AP_IRQ_TRIES; try++) {
		if (try)
			msleep(VFIO_AP_IRQ_MS);
		status = ap_aqic(apqn, off, 0);
		switch (status.response_code) {
		case AP_RESPONSE_RESET_IN_PROGRESS:
		case AP_RESPONSE_BUSY:
			continue;
		case AP_RESPONSE_NORMAL:
		case AP_RESPONSE_OTHERWISE_CHANGED:
			*quiet = irq_went_quiet(apqn);
			return status;
		case AP_RESPONSE_Q_NOT_AVAIL:
		case AP_RESPONSE_DECONFIGURED:
		case AP_RESPONSE_CHECKSTOPPED:
			*quiet = true;
			return status;
		default:
			return status;
		}
	}
	return status;
}

/* A secure guest must have shared the page, or nobody could read it. */
static bool nib_shared(struct kvm_vcpu *vcpu, dma_addr_t iova, struct page *page)
{
	if (!kvm_s390_pv_cpu_is_protected(vcpu))
		return true;
	/* Pinning a page that was not shared has exported it, so ask once more. */
	if (!uv_pin_shared(page_to_phys(page)))
		return true;
	gmap_convert_to_secure(vcpu->kvm->arch.gmap, iova);
	return false;
}

static void note(unsigned int apqn, const char *what, u8 rc)
{
	vfio_ap_debug("AQIC for queue %02lx.%04lx: %s, response code %02lx\n",
		      (long)AP_QID_CARD(apqn), (long)AP_QID_QUEUE(apqn), what, (long)rc);
}

/* What the guest gets where the hardware was not asked. */
static struct ap_queue_status refuse(unsigned int apqn, u8 rc, const char *why)
{
	note(apqn, why, rc);
	return (struct ap_queue_status){ .response_code = rc };
}

/* The queue that a guest means, if it may be told anything now; else why not. */
static struct vfio_ap_queue *guest_queue(struct vfio_ap_mdev *mdev, unsigned int apqn,
					 struct ap_queue_status *status)
{
	struct vfio_ap_queue *q = NULL;

	lockdep_assert_held(&mdev->lock);

	/* What is in the guest's matrix stays bound while we hold the lock. */
	if (mdev->kvm && vfio_ap_matrix_has_apqn(&mdev->guest, apqn))
		q = xa_load(&vfio_ap.queues, apqn);
	if (!q) {
		*status = refuse(apqn, AP_RESPONSE_Q_NOT_AVAIL, "not the guest's");
		return NULL;
	}
	if (q->resetting) {
		*status = refuse(apqn, AP_RESPONSE_RESET_IN_PROGRESS, "being reset");
		return NULL;
	}
	return q;
}

/* With the page pinned: tell the hardware, and write the registration down. */
static struct ap_queue_status irq_register(struct vfio_ap_mdev *mdev,
					   struct vfio_ap_pin *pin, unsigned int apqn,
					   unsigned int offset, u8 gisc)
{
	union ap_qirq_ctrl ctrl = { .ir = 1, .gisc = gisc };
	struct kvm *kvm = mdev->kvm;
	struct ap_queue_status status;
	struct vfio_ap_queue *q;
	int nisc;

	/* The lock was not held meanwhile. */
	q = guest_queue(mdev, apqn, &status);
	if (!q)
		return status;
	if (pin->stale)
		return refuse(apqn, AP_RESPONSE_INVALID_ADDRESS,
			      "notification byte is being unmapped");

	nisc = kvm_s390_gisc_register(kvm, gisc);
	if (nisc < 0)
		return refuse(apqn, AP_RESPONSE_INVALID_ADDRESS,
			      "interruption subclass cannot be registered");

	ctrl.isc = nisc;
	ctrl.gisa = virt_to_phys(kvm->arch.gisa_int.origin) >> 4;
	status = ap_aqic(apqn, ctrl, page_to_phys(pin->page) | offset);
	if (status.response_code != AP_RESPONSE_NORMAL) {
		note(apqn, "not enabled by the hardware", status.response_code);
		kvm_s390_gisc_unregister(kvm, gisc);
		return status;
	}

	/* What was registered before is no longer used. */
	vfio_ap_irq_release(q, true);
	q->irq.kvm = kvm;
	q->irq.iova = pin->iova;
	q->irq.page = pin->page;
	q->irq.gisc = gisc;
	list_add(&q->irq.node, &mdev->irqs);
	WRITE_ONCE(q->irq.mdev, mdev);
	pin->page = NULL;
	return status;
}

/*
 * type1 tells of an unmap first, then looks whether anything is still pinned,
 * and does not survive finding that too often. A guest that enables interrupts
 * all the time shall not win that race over and over.
 */
static void let_unmap_go_first(struct vfio_ap_mdev *mdev, dma_addr_t iova)
{
	long left;

	lockdep_assert_held(&mdev->lock);

	while (in_range(iova, mdev->unmapped.iova, mdev->unmapped.length)) {
		left = mdev->unmapped.until - jiffies;
		if (left <= 0)
			break;
		mutex_unlock(&mdev->lock);
		schedule_timeout_uninterruptible(left);
		mutex_lock(&mdev->lock);
	}
}

/*
 * Pinning takes the locks of type1 and of the user's memory, and an unmap asks
 * for ours with a lock of type1's held: so it is done without ours. In its
 * stead the page is announced, and an unmap waits for what was announced.
 */
static struct ap_queue_status irq_enable(struct vfio_ap_mdev *mdev,
					 struct kvm_vcpu *vcpu, unsigned int apqn,
					 u8 gisc)
{
	dma_addr_t nib = vcpu->run->s.regs.gprs[2];
	struct vfio_ap_pin pin = { .iova = nib & PAGE_MASK };
	struct ap_queue_status status;
	bool pinned;

	mutex_lock(&mdev->lock);
	let_unmap_go_first(mdev, pin.iova);
	if (!guest_queue(mdev, apqn, &status)) {
		mutex_unlock(&mdev->lock);
		return status;
	}
	list_add(&pin.node, &mdev->pins);
	mutex_unlock(&mdev->lock);

	pinned = nib && !kvm_is_error_hva(gfn_to_hva(vcpu->kvm, nib >> PAGE_SHIFT)) &&
		 vfio_pin_pages(&mdev->vdev, pin.iova, 1, IOMMU_READ | IOMMU_WRITE,
				&pin.page) == 1;
	if (!pinned) {
		status = refuse(apqn, AP_RESPONSE_INVALID_ADDRESS,
				"no notification byte can be pinned at that address");
	} else if (!nib_shared(vcpu, pin.iova, pin.page)) {
		status = refuse(apqn, AP_RESPONSE_INVALID_ADDRESS,
				"notification byte is not in shared storage");
	} else {
		mutex_lock(&mdev->lock);
		status = irq_register(mdev, &pin, apqn, offset_in_page(nib), gisc);
		mutex_unlock(&mdev->lock);
	}
	if (pinned && pin.page)
		vfio_unpin_pages(&mdev->vdev, pin.iova, 1);

	mutex_lock(&mdev->lock);
	list_del(&pin.node);
	mutex_unlock(&mdev->lock);
	wake_up_all(&mdev->pins_gone);
	return status;
}

static struct ap_queue_status irq_off(struct vfio_ap_mdev *mdev, unsigned int apqn)
{
	struct ap_queue_status status;
	struct vfio_ap_queue *q;
	bool quiet;

	mutex_lock(&mdev->lock);
	q = guest_queue(mdev, apqn, &status);
	if (q) {
		status = irq_disable(apqn, &quiet);
		if (quiet)
			vfio_ap_irq_release(q, true);
		else
			note(apqn, "not disabled by the hardware yet",
			     status.response_code);
	}
	mutex_unlock(&mdev->lock);
	return status;
}

/* AQIC by a guest that has @mdev; general registers 0 to 2 are its operands. */
static struct ap_queue_status aqic(struct vfio_ap_mdev *mdev, struct kvm_vcpu *vcpu)
{
	unsigned long control = vcpu->run->s.regs.gprs[1];
	unsigned int apqn = vcpu->run->s.regs.gprs[0] & 0xffff;

	if (control & BIT_ULL(63 - 16))
		return irq_enable(mdev, vcpu, apqn, control & 7);
	return irq_off(mdev, apqn);
}

/**
 * vfio_ap_pqap() - a guest has issued PQAP(AQIC)
 * @vcpu: which of its CPUs
 *
 * Context: called by KVM, which holds the vcpu and reads pqap_hook_rwsem.
 * Return: 0 with the queue's status in general register 1; -EOPNOTSUPP if the
 *	guest has no adapter interrupts, which is up to user space then.
 */
int vfio_ap_pqap(struct kvm_vcpu *vcpu)
{
	crypto_hook *hook = vcpu->kvm->arch.crypto.pqap_hook;
	union ap_queue_status_reg reg = {
		.status.response_code = AP_RESPONSE_Q_NOT_AVAIL,
	};
	struct vfio_ap_mdev *mdev;

	if (!(vcpu->arch.sie_block->eca & ECA_AIV))
		return -EOPNOTSUPP;

	if (hook) {
		mdev = container_of(hook, struct vfio_ap_mdev, hook);
		reg.status = aqic(mdev, vcpu);
	}
	vcpu->run->s.regs.gprs[1] = reg.value;
	return 0;
}

/* Pages announced before an unmap; those that come later do not hold it up. */
static bool pins_are_stale(struct vfio_ap_mdev *mdev, u64 iova, u64 length)
{
	struct vfio_ap_pin *pin;

	list_for_each_entry(pin, &mdev->pins, node)
		if (pin->stale && in_range(pin->iova, iova, length))
			return true;
	return false;
}

/**
 * vfio_ap_dma_unmap() - memory of the guest goes
 * @vdev: the mediated device's vfio_device
 * @iova: where it starts
 * @length: bytes
 *
 * A container calls for one unmap at a time, so that whoever is waited for here
 * gets type1's lock. See drivers/vfio/container.c.
 *
 * Context: callback of VFIO; takes the device's lock, and waits without it for
 *	pages of the range that are being pinned.
 */
void vfio_ap_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct vfio_ap_mdev *mdev = to_vfio_ap_mdev(vdev);
	struct vfio_ap_queue *q, *next;
	struct vfio_ap_pin *pin;
	bool quiet;

	mutex_lock(&mdev->lock);
	list_for_each_entry(pin, &mdev->pins, node)
		if (in_range(pin->iova, iova, length))
			pin->stale = true;
	wait_event_cmd(mdev->pins_gone, !pins_are_stale(mdev, iova, length),
		       mutex_unlock(&mdev->lock), mutex_lock(&mdev->lock));

	list_for_each_entry_safe(q, next, &mdev->irqs, irq.node) {
		if (!in_range(q->irq.iova, iova, length))
			continue;
		irq_disable(q->apqn, &quiet);
		vfio_ap_irq_release(q, quiet);
	}

	mdev->unmapped.iova = iova;
	mdev->unmapped.length = length;
	mdev->unmapped.until = jiffies + msecs_to_jiffies(VFIO_AP_UNMAP_MS);
	mutex_unlock(&mdev->lock);
}
