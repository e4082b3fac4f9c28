// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdma: how the device reaches the user's address space.
 *
 * Lives here: the iommufd callbacks of an mdma-own device, called by vfio
 * under dev_set->lock, and the pin, unpin and rw that the engine's worker
 * uses, called with no lock held, between open_device and close_device.
 *
 * A driver with a software page table has two ways to go:
 *
 * - mdma-core gives vfio_iommufd_emulated_*() as its callbacks. vfio keeps the
 *   access and the driver calls vfio_pin_pages() and vfio_dma_rw().
 * - mdma-own keeps the access itself. It decides what a change of the address
 *   space means for what is running, see mdma_own_attach(); it could have
 *   several, or switch them as the user programs it.
 *
 * Below a container of the type1 kind no iommufd takes part and no callback
 * comes: there both use vfio_pin_pages() and vfio_dma_rw(), which is why the
 * choice is made by the presence of @access and not by the type.
 *
 * An access may fault, and the user decides when, and if, a fault is answered
 * (userfaultfd, FUSE). Meanwhile iommufd and type1 hold locks that unmap and
 * detach want, and close waits for the engine; even the death of the user would
 * not help, when what is left to be closed of his is what answers. So a thread
 * of the kernel must not wait for ever: as hardware has a completion timeout,
 * the engine has a watchdog, which ends an access that takes too long as if
 * there were no such address.
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

#include "mdma_private.h"

static unsigned int timeout_ms = 5000;
module_param(timeout_ms, uint, 0644);
MODULE_PARM_DESC(timeout_ms,
		 "Milliseconds after which an access to user memory is given up (default: 5000)");

static void mdma_access_begin(struct mdma *m)
{
	unsigned long limit = msecs_to_jiffies(READ_ONCE(timeout_ms));

	spin_lock(&m->lock);
	m->accessing = true;
	m->deadline = jiffies + limit;
	spin_unlock(&m->lock);
	queue_delayed_work(system_unbound_wq, &m->watchdog, limit);
}

static void mdma_access_end(struct mdma *m)
{
	cancel_delayed_work(&m->watchdog);
	spin_lock(&m->lock);
	m->accessing = false;
	flush_signals(current);
	spin_unlock(&m->lock);
}

/* What the worker waits for in a page fault ends with a fatal signal. */
static void mdma_access_expired(struct work_struct *work)
{
	struct mdma *m = container_of(to_delayed_work(work), struct mdma,
				      watchdog);

	spin_lock(&m->lock);
	/* Late, it finds the next access at work, and leaves it to its own. */
	if (m->accessing && time_after_eq(jiffies, m->deadline))
		send_sig(SIGKILL, m->worker->task, 1);
	spin_unlock(&m->lock);
}

/**
 * mdma_iommu_init - set up what lives as long as the device
 * @m: zeroed memory
 */
void mdma_iommu_init(struct mdma *m)
{
	INIT_DELAYED_WORK(&m->watchdog, mdma_access_expired);
}

/**
 * mdma_iommu_free - undo mdma_iommu_init()
 * @m: the device, whose worker makes no access any more
 */
void mdma_iommu_free(struct mdma *m)
{
	cancel_delayed_work_sync(&m->watchdog);
}

/**
 * mdma_iommu_pin - pin user pages for the engine
 * @m: the device
 * @iova: page aligned
 * @npages: at most MDMA_WINDOW_PAGES
 * @write: the engine is going to write to them
 * @pages: filled in
 *
 * Context: worker, may sleep and fault. The caller has published what it
 * touches in the flight, so that an unmap waits for mdma_iommu_unpin().
 * Return: 0 with all pages pinned or, with none, -EPERM where the mapping
 * does not allow it, -ENOENT or -EINVAL where there is none, -ENOMEM or
 * -EFAULT where the pages could not be had, -EINTR where not in time.
 */
int mdma_iommu_pin(struct mdma *m, u64 iova, unsigned int npages, bool write,
		   struct page **pages)
{
	int ret;

	mdma_access_begin(m);
	if (m->access)
		ret = iommufd_access_pin_pages(m->access, iova,
					       npages * PAGE_SIZE, pages,
					       write ? IOMMUFD_ACCESS_RW_WRITE :
						       IOMMUFD_ACCESS_RW_READ);
	else
		ret = vfio_pin_pages(&m->vdev, iova, npages,
				     write ? IOMMU_WRITE : IOMMU_READ, pages);
	mdma_access_end(m);
	return ret < 0 ? ret : 0;
}

/**
 * mdma_iommu_unpin - give pages back
 * @m: the device
 * @iova: as it was pinned
 * @npages: as it was pinned; iommufd takes back whole pins only
 *
 * Context: worker, may sleep.
 */
void mdma_iommu_unpin(struct mdma *m, u64 iova, unsigned int npages)
{
	if (m->access)
		iommufd_access_unpin_pages(m->access, iova, npages * PAGE_SIZE);
	else
		vfio_unpin_pages(&m->vdev, iova, npages);
}

/**
 * mdma_iommu_rw - copy between the user's address space and a buffer
 * @m: the device
 * @iova: any alignment
 * @buf: kernel memory
 * @len: bytes
 * @write: from @buf to @iova
 *
 * The translation is looked up afresh each time and nothing stays behind:
 * an unmap either comes first and the call fails, or waits for its end.
 *
 * Context: worker, may sleep and fault. iommufd has to be told that a kernel
 * thread is calling; vfio_dma_rw() finds out by itself.
 * Return: 0 or an errno as for mdma_iommu_pin(); part may have been copied.
 */
int mdma_iommu_rw(struct mdma *m, u64 iova, void *buf, size_t len, bool write)
{
	unsigned int flags = IOMMUFD_ACCESS_RW_KTHREAD;
	int ret;

	if (write)
		flags |= IOMMUFD_ACCESS_RW_WRITE;

	mdma_access_begin(m);
	if (m->access)
		ret = iommufd_access_rw(m->access, iova, buf, len, flags);
	else
		ret = vfio_dma_rw(&m->vdev, iova, buf, len, write);
	mdma_access_end(m);
	return ret;
}

#if IS_ENABLED(CONFIG_IOMMUFD)

/*
 * May come from the moment of the attach, open or not, concurrently with
 * itself, and until iommufd_access_destroy() has returned.
 */
static void mdma_own_unmap(void *data, unsigned long iova, unsigned long length)
{
	struct mdma *m = data;

	mdma_flight_unmap(&m->vdev, iova, length);
}

static const struct iommufd_access_ops mdma_own_access_ops = {
	.needs_pin_pages = 1,
	.unmap = mdma_own_unmap,
};

/**
 * mdma_own_bind - bind_iommufd of mdma-own
 * @vdev: the device
 * @ictx: the user's iommufd
 * @out_device_id: object id that the user will see
 *
 * Context: dev_set->lock, device not open yet.
 * Return: 0 or -ENOMEM.
 */
int mdma_own_bind(struct vfio_device *vdev, struct iommufd_ctx *ictx,
		  u32 *out_device_id)
{
	struct mdma *m = to_mdma(vdev);
	struct iommufd_access *access;

	lockdep_assert_held(&vdev->dev_set->lock);

	access = iommufd_access_create(ictx, &mdma_own_access_ops, m,
				       out_device_id);
	if (IS_ERR(access))
		return PTR_ERR(access);

	m->access = access;
	return 0;
}

/**
 * mdma_own_unbind - unbind_iommufd of mdma-own
 * @vdev: the device
 *
 * Context: dev_set->lock, after close_device: the engine is at rest. Leaves
 * the IOAS too if the user did not.
 */
void mdma_own_unbind(struct vfio_device *vdev)
{
	struct mdma *m = to_mdma(vdev);

	lockdep_assert_held(&vdev->dev_set->lock);

	iommufd_access_destroy(m->access);
	m->access = NULL;
	m->attached = false;
}

/**
 * mdma_own_attach - attach_ioas of mdma-own
 * @vdev: the device
 * @pt_id: an IOAS; the first one, or one that takes its place
 *
 * A driver that governs its address space can have a replace without loss: the
 * engine pauses for it, the ring goes on in the new IOAS with the descriptor
 * after the last one that the old IOAS has served. mdma-core hears of a
 * replace only as of an unmap of everything; between the two there is no IOAS
 * and it is likely to halt for want of a ring.
 *
 * Context: dev_set->lock, the engine may be running; takes ctl_lock.
 * Return: 0, -ENOENT or -EINVAL for an id that is no IOAS, -EBUSY while
 * another change is under way, -ENOMEM.
 */
int mdma_own_attach(struct vfio_device *vdev, u32 *pt_id)
{
	struct mdma *m = to_mdma(vdev);
	bool running;
	int ret;

	lockdep_assert_held(&vdev->dev_set->lock);

	mutex_lock(&m->ctl_lock);
	running = mdma_engine_pause(m);
	if (m->attached)
		ret = iommufd_access_replace(m->access, *pt_id);
	else
		ret = iommufd_access_attach(m->access, *pt_id);
	if (!ret)
		m->attached = true;
	if (running)
		mdma_engine_resume(m);
	mutex_unlock(&m->ctl_lock);
	return ret;
}

/**
 * mdma_own_detach - detach_ioas of mdma-own
 * @vdev: the device
 *
 * vfio does not keep account of attached devices: a detach of a device that
 * has no IOAS comes through to here.
 *
 * Context: dev_set->lock, the engine may be running. It fails from now on.
 */
void mdma_own_detach(struct vfio_device *vdev)
{
	struct mdma *m = to_mdma(vdev);

	lockdep_assert_held(&vdev->dev_set->lock);

	if (!m->attached)
		return;

	iommufd_access_detach(m->access);
	m->attached = false;
}

MODULE_IMPORT_NS(IOMMUFD);

#endif /* CONFIG_IOMMUFD */
