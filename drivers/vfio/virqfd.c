// SPDX-License-Identifier: GPL-2.0-only
/*
 * An eventfd of the user that triggers a function of a driver
 *
 * Bus drivers call this from their SET_IRQS and ioeventfd paths and when a
 * device is closed; eventfd calls virqfd_wake() for events and for the close
 * of the last file. virqfd_lock protects what is said beside it below.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/hashtable.h>
#include <linux/kref.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>
#include "vfio.h"

/**
 * DOC: Life of a virqfd
 *
 * A virqfd is published in a pointer of the driver, its slot, and lives until
 * it is retired: taken out of the slot, once, under virqfd_lock. Whoever
 * retires it shuts it down. vfio_virqfd_disable() does that itself. When the
 * user closes the eventfd, the retirer is virqfd_wake(), in atomic context,
 * and the shutdown is left to a work item.
 *
 * From retirement to the end of its shutdown a virqfd is in virqfd_retired,
 * hashed by the address of its slot. That is what makes the promise of
 * vfio_virqfd_disable() (no function of the driver runs, or will run, for
 * anything that was ever in this slot) cheap to keep even if the slot is
 * already empty: look whether an entry with this address is left, and sleep
 * until there is none. Retirement empties the slot and adds the entry in one
 * critical section, so there is no moment at which a virqfd is in neither. A
 * disable waits for its own slot alone, never for other devices.
 *
 * Lock order: the eventfd's waitqueue lock, then virqfd_lock. Interrupts are
 * off under both.
 */

/* Protects all slots (*pvirqfd) and virqfd_retired. */
static DEFINE_SPINLOCK(virqfd_lock);
static DEFINE_HASHTABLE(virqfd_retired, 6);

/*
 * Runs the shutdowns after a close of the eventfd. They wait for inject works,
 * which therefore run elsewhere, on the system's workqueue.
 */
static struct workqueue_struct *virqfd_wq;

/* What vfs_poll() hands to virqfd_add_wait(). */
struct virqfd_poll {
	poll_table pt;
	struct virqfd *virqfd;
	wait_queue_head_t *head;
};

static void virqfd_free(struct kref *kref)
{
	kfree(container_of(kref, struct virqfd, kref));
}

/* Take the slot's virqfd, if there is one. The caller shuts it down. */
static struct virqfd *virqfd_retire(struct virqfd **slot)
{
	struct virqfd *virqfd = *slot;

	lockdep_assert_held(&virqfd_lock);

	if (!virqfd)
		return NULL;
	*slot = NULL;
	hash_add(virqfd_retired, &virqfd->retired, (unsigned long)slot);
	return virqfd;
}

static bool virqfd_retired_from(struct virqfd **slot)
{
	struct virqfd *virqfd;
	bool found = false;

	spin_lock_irq(&virqfd_lock);
	hash_for_each_possible(virqfd_retired, virqfd, retired,
			       (unsigned long)slot) {
		if (virqfd->pvirqfd == slot) {
			found = true;
			break;
		}
	}
	spin_unlock_irq(&virqfd_lock);
	return found;
}

/*
 * Off the waitqueue first: from then on nothing can queue inject again. @slot
 * is just a key at the end, its memory may be gone once the lock is dropped.
 */
static void virqfd_shutdown(struct virqfd *virqfd)
{
	struct virqfd **slot = virqfd->pvirqfd;
	u64 count;

	eventfd_ctx_remove_wait_queue(virqfd->eventfd, &virqfd->wait, &count);
	flush_work(&virqfd->inject);
	eventfd_ctx_put(virqfd->eventfd);

	spin_lock_irq(&virqfd_lock);
	hash_del(&virqfd->retired);
	spin_unlock_irq(&virqfd_lock);
	kref_put(&virqfd->kref, virqfd_free);

	/* Pairs with the look-up by a waiter that is about to sleep. */
	smp_mb();
	wake_up_var(slot);
}

static void virqfd_shutdown_work(struct work_struct *work)
{
	virqfd_shutdown(container_of(work, struct virqfd, shutdown));
}

static void virqfd_inject_work(struct work_struct *work)
{
	struct virqfd *virqfd = container_of(work, struct virqfd, inject);

	virqfd->thread(virqfd->opaque, virqfd->data);
}

/* An event has come; the eventfd's waitqueue lock is held. */
static void virqfd_event(struct virqfd *virqfd)
{
	if (virqfd->handler && !virqfd->handler(virqfd->opaque, virqfd->data))
		return;
	if (virqfd->thread)
		schedule_work(&virqfd->inject);
}

static int virqfd_wake(wait_queue_entry_t *wait, unsigned int mode, int sync,
		       void *key)
{
	struct virqfd *virqfd = container_of(wait, struct virqfd, wait);
	__poll_t events = key_to_poll(key);
	u64 count;

	if (events & EPOLLIN) {
		eventfd_ctx_do_read(virqfd->eventfd, &count);
		virqfd_event(virqfd);
	}

	if (events & EPOLLHUP) {
		/*
		 * The slot's memory is there: a disable does not return before
		 * it has taken the waitqueue lock, which is held here. If the
		 * slot holds something else, this one is retired already.
		 */
		spin_lock(&virqfd_lock);
		if (*virqfd->pvirqfd == virqfd) {
			virqfd_retire(virqfd->pvirqfd);
			queue_work(virqfd_wq, &virqfd->shutdown);
		}
		spin_unlock(&virqfd_lock);
	}
	return 0;
}

static void virqfd_add_wait(struct file *file, wait_queue_head_t *head,
			    poll_table *pt)
{
	struct virqfd_poll *poll = container_of(pt, struct virqfd_poll, pt);

	poll->head = head;
	add_wait_queue(head, &poll->virqfd->wait);
}

/* Start to listen. An event that came earlier counts as one that comes now. */
static void virqfd_listen(struct virqfd *virqfd, struct file *file)
{
	struct virqfd_poll poll = { .virqfd = virqfd };

	init_waitqueue_func_entry(&virqfd->wait, virqfd_wake);
	init_poll_funcptr(&poll.pt, virqfd_add_wait);

	if (vfs_poll(file, &poll.pt) & EPOLLIN) {
		spin_lock_irq(&poll.head->lock);
		virqfd_event(virqfd);
		spin_unlock_irq(&poll.head->lock);
	}
}

/**
 * vfio_virqfd_enable - Let an eventfd trigger a function
 * @opaque: first argument of the functions
 * @handler: called for each event, in atomic context, under the eventfd's
 *	waitqueue lock, so it must not signal that eventfd; returns nonzero if
 *	@thread shall follow. May be NULL: @thread always follows
 * @thread: called from a workqueue; may be NULL
 * @data: second argument of the functions
 * @pvirqfd: the slot that stands for this trigger; its memory must stay until
 *	vfio_virqfd_disable() was called for it
 * @fd: the eventfd
 *
 * The user's close of the eventfd disables it again, and empties the slot.
 *
 * Context: may sleep. The caller orders this against vfio_virqfd_disable() and
 * vfio_virqfd_flush_thread() of the same slot.
 * Return: 0, -ENOMEM, -EBADF, -EINVAL if @fd is no eventfd, -EBUSY if the slot
 * is in use.
 */
int vfio_virqfd_enable(void *opaque, int (*handler)(void *, void *),
		       void (*thread)(void *, void *), void *data,
		       struct virqfd **pvirqfd, int fd)
{
	struct virqfd *virqfd;
	struct file *file;
	int err;

	file = fget(fd);
	if (!file)
		return -EBADF;

	virqfd = kzalloc(sizeof(*virqfd), GFP_KERNEL_ACCOUNT);
	if (!virqfd) {
		err = -ENOMEM;
		goto put_file;
	}
	virqfd->eventfd = eventfd_ctx_fileget(file);
	if (IS_ERR(virqfd->eventfd)) {
		err = PTR_ERR(virqfd->eventfd);
		goto free_virqfd;
	}

	kref_init(&virqfd->kref);
	INIT_WORK(&virqfd->inject, virqfd_inject_work);
	INIT_WORK(&virqfd->shutdown, virqfd_shutdown_work);
	virqfd->opaque = opaque;
	virqfd->handler = handler;
	virqfd->thread = thread;
	virqfd->data = data;
	virqfd->pvirqfd = pvirqfd;

	spin_lock_irq(&virqfd_lock);
	err = *pvirqfd ? -EBUSY : 0;
	if (!err)
		*pvirqfd = virqfd;
	spin_unlock_irq(&virqfd_lock);
	if (err)
		goto put_eventfd;

	/* The reference to the file keeps the close of it out till the end. */
	virqfd_listen(virqfd, file);
	fput(file);
	return 0;

put_eventfd:
	eventfd_ctx_put(virqfd->eventfd);
free_virqfd:
	kfree(virqfd);
put_file:
	fput(file);
	return err;
}
EXPORT_SYMBOL_GPL(vfio_virqfd_enable);

/**
 * vfio_virqfd_disable - Stop an eventfd from triggering
 * @pvirqfd: the slot that was given to vfio_virqfd_enable(), or one never used
 *
 * When it returns, the slot is empty, and no function of anything that was
 * enabled in it runs or will run. That holds as well if the user's close of
 * the eventfd emptied the slot first, a moment ago.
 *
 * Context: may sleep. Not from a virqfd's own thread function, nor under a
 * lock that it takes.
 */
void vfio_virqfd_disable(struct virqfd **pvirqfd)
{
	struct virqfd *virqfd;

	spin_lock_irq(&virqfd_lock);
	virqfd = virqfd_retire(pvirqfd);
	spin_unlock_irq(&virqfd_lock);

	if (virqfd)
		virqfd_shutdown(virqfd);
	wait_var_event(pvirqfd, !virqfd_retired_from(pvirqfd));
}
EXPORT_SYMBOL_GPL(vfio_virqfd_disable);

/**
 * vfio_virqfd_flush_thread - Wait for a trigger's thread function
 * @pvirqfd: the slot that was given to vfio_virqfd_enable(), or one never used
 *
 * When it returns, calls of the thread function that were asked for before are
 * over. The trigger stays enabled.
 *
 * Context: may sleep. Not from the thread function, nor under a lock that it
 * takes.
 */
void vfio_virqfd_flush_thread(struct virqfd **pvirqfd)
{
	struct virqfd *virqfd;

	/* A close of the eventfd may retire and free it meanwhile. */
	spin_lock_irq(&virqfd_lock);
	virqfd = *pvirqfd;
	if (virqfd)
		kref_get(&virqfd->kref);
	spin_unlock_irq(&virqfd_lock);

	if (virqfd) {
		flush_work(&virqfd->inject);
		kref_put(&virqfd->kref, virqfd_free);
	}
	wait_var_event(pvirqfd, !virqfd_retired_from(pvirqfd));
}
EXPORT_SYMBOL_GPL(vfio_virqfd_flush_thread);

/**
 * vfio_virqfd_init - Get ready for vfio_virqfd_enable()
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int __init vfio_virqfd_init(void)
{
	virqfd_wq = alloc_workqueue("vfio-virqfd", WQ_UNBOUND, 0);
	return virqfd_wq ? 0 : -ENOMEM;
}

/**
 * vfio_virqfd_exit - Undo vfio_virqfd_init()
 *
 * Waits for the last lines of shutdowns whose disable has returned.
 *
 * Context: module exit; every slot is disabled.
 */
void vfio_virqfd_exit(void)
{
	destroy_workqueue(virqfd_wq);
}
