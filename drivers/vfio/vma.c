// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: mappings of a device that can be taken away
 *
 * fd.c calls vfio_vma_mmap() for mmap(2) of a live fd, under mmap_lock; page
 * faults come in from the memory management, under mmap_lock or the lock of the
 * vma; revoke.c calls vfio_vma_settle(), with no lock. See the DOC section
 * below.
 */
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "vfio.h"

/**
 * DOC: Mappings of a device
 *
 * A driver's mmap operation gives the mapping operations of its own. The core
 * puts a copy in their place, one for each fd and each set of operations, which
 * enters the fd's gate before it calls the driver's page fault handler. Fork,
 * mremap and a split carry the copy along, and a mapping keeps its file and so
 * the fd that the copy belongs to.
 *
 * When an fd is revoked, nobody is in a handler any more after the gate is
 * drained; so when the mappings of the device's inode are zapped then, nothing
 * fills them again but the copy: with a page of the fd's own, all bits set, as
 * a bus reads when nothing answers. Who writes to it reads what he wrote. A
 * program that maps a device does not reckon with SIGBUS, and when it is a
 * virtual machine monitor, its guest shall survive the loss of one device.
 *
 * A driver without a handler fills the mapping in mmap(2) already. Such a
 * mapping is in no list yet when the driver is done with it, and would be
 * missed by a zap at this moment. So the address space is noted down, and
 * vfio_vma_settle() waits until it is through with its mmap(2).
 *
 * Three kinds of mapping can not be taken away, and keep their fd from being
 * revoked: operations other than page faults, which may have reasons of their
 * own to look at the driver; no operations at all; and on x86 what
 * remap_pfn_range() filled, as its memory type is found by its first page when
 * it is unmapped. A mapping that the driver has moved to another file is that
 * file's business.
 */

#ifndef VM_PAT
#define VM_PAT	VM_NONE
#endif

/**
 * struct vfio_vma_ops - what mappings of an fd get for the driver's operations
 * @ops: the copy; mappings point here
 * @driver: those of the driver, good inside the gate
 * @fd: the fd
 * @node: in &vfio_fd.vma_ops
 */
struct vfio_vma_ops {
	struct vm_operations_struct ops;
	const struct vm_operations_struct *driver;
	struct vfio_fd *fd;
	struct hlist_node node;
};

/**
 * struct vfio_vma_mm - an address space with mappings that mmap(2) filled
 * @mm: the address space; a reference to its memory alone
 * @node: in &vfio_fd.vma_mms
 */
struct vfio_vma_mm {
	struct mm_struct *mm;
	struct hlist_node node;
};

static struct page *vfio_vma_dummy_page(struct vfio_fd *fd)
{
	struct page *page = READ_ONCE(fd->dummy);
	struct page *old;

	if (page)
		return page;
	page = alloc_page(GFP_KERNEL_ACCOUNT);
	if (!page)
		return NULL;
	memset(page_address(page), 0xff, PAGE_SIZE);
	old = cmpxchg(&fd->dummy, NULL, page);
	if (!old)
		return page;
	__free_page(page);
	return old;
}

static vm_fault_t vfio_vma_fault_dummy(struct vfio_fd *fd,
				       struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct page *page;

	if (is_cow_mapping(vma->vm_flags))
		return VM_FAULT_SIGBUS;
	page = vfio_vma_dummy_page(fd);
	if (!page)
		return VM_FAULT_OOM;
	if (vma->vm_flags & VM_PFNMAP)
		return vmf_insert_pfn(vma, vmf->address, page_to_pfn(page));
	get_page(page);
	vmf->page = page;
	return 0;
}

static vm_fault_t vfio_vma_fault(struct vm_fault *vmf)
{
	struct vfio_vma_ops *cover = container_of(vmf->vma->vm_ops,
						  struct vfio_vma_ops, ops);
	struct vfio_fd *fd = cover->fd;
	vm_fault_t ret = VM_FAULT_SIGBUS;

	if (unlikely(!vfio_gate_enter(fd)))
		return vfio_vma_fault_dummy(fd, vmf);
	if (cover->driver->fault)
		ret = cover->driver->fault(vmf);
	vfio_gate_leave(fd);
	return ret;
}

static vm_fault_t vfio_vma_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct vfio_vma_ops *cover = container_of(vmf->vma->vm_ops,
						  struct vfio_vma_ops, ops);
	struct vfio_fd *fd = cover->fd;
	vm_fault_t ret;

	if (unlikely(!vfio_gate_enter(fd)))
		return VM_FAULT_FALLBACK;
	ret = cover->driver->huge_fault(vmf, order);
	vfio_gate_leave(fd);
	return ret;
}

/* Has the mapping nothing but page faults, or not even these? */
static bool vfio_vma_zappable(const struct vm_area_struct *vma)
{
	const struct vm_operations_struct *ops = vma->vm_ops;
	const struct vm_operations_struct plain = {
		.fault = ops ? ops->fault : NULL,
		.huge_fault = ops ? ops->huge_fault : NULL,
	};

	if (!ops || (!ops->fault && vma->vm_flags & VM_PAT))
		return false;
	return !memcmp(&plain, ops, sizeof(plain));
}

/* The device keeps its users for good, unless they are being sent off already. */
static int vfio_vma_pin(struct vfio_fd *fd)
{
	struct vfio_device *device = fd->device;
	int ret = 0;

	spin_lock(&device->files_lock);
	if (device->revoked)
		ret = -ENODEV;
	else
		fd->unzappable = true;
	spin_unlock(&device->files_lock);
	return ret;
}

/* The copy for @driver; @fresh if there is none, which is NULL then. */
static struct vfio_vma_ops *
vfio_vma_ops_get(struct vfio_fd *fd, const struct vm_operations_struct *driver,
		 struct vfio_vma_ops **fresh)
{
	struct vfio_vma_ops *cover;

	lockdep_assert_held(&fd->vma_lock);

	hlist_for_each_entry(cover, &fd->vma_ops, node) {
		if (cover->driver == driver)
			return cover;
	}
	cover = *fresh;
	*fresh = NULL;
	cover->ops.fault = vfio_vma_fault;
	if (driver->huge_fault)
		cover->ops.huge_fault = vfio_vma_huge_fault;
	cover->driver = driver;
	cover->fd = fd;
	hlist_add_head(&cover->node, &fd->vma_ops);
	return cover;
}

/* Note @mm down, by means of @fresh; those that have ended go to @ended. */
static void vfio_vma_mm_note(struct vfio_fd *fd, struct mm_struct *mm,
			     struct vfio_vma_mm **fresh,
			     struct hlist_head *ended)
{
	struct vfio_vma_mm *entry;
	struct hlist_node *next;

	lockdep_assert_held(&fd->vma_lock);

	hlist_for_each_entry_safe(entry, next, &fd->vma_mms, node) {
		if (entry->mm == mm)
			return;
		if (!atomic_read(&entry->mm->mm_users)) {
			hlist_del(&entry->node);
			hlist_add_head(&entry->node, ended);
		}
	}
	mmgrab(mm);
	(*fresh)->mm = mm;
	hlist_add_head(&(*fresh)->node, &fd->vma_mms);
	*fresh = NULL;
}

static void vfio_vma_mms_drop(struct hlist_head *mms)
{
	struct vfio_vma_mm *entry;
	struct hlist_node *next;

	hlist_for_each_entry_safe(entry, next, mms, node) {
		mmdrop(entry->mm);
		kfree(entry);
	}
}

/**
 * vfio_vma_mmap() - have the driver map, in a way that can be undone
 * @fd: a live fd whose driver has an mmap operation; the caller is in its gate
 * @vma: the mapping
 *
 * Context: mmap(2), under mmap_lock for writing.
 * Return: 0, -ENOMEM, or what the driver says.
 */
int vfio_vma_mmap(struct vfio_fd *fd, struct vm_area_struct *vma)
{
	struct vfio_device *device = fd->device;
	struct file *file = vma->vm_file;
	struct vfio_vma_ops *ops;
	struct vfio_vma_mm *mm;
	HLIST_HEAD(ended);
	int ret = -ENOMEM;

	/* Beforehand, as what the driver does cannot be undone by us. */
	ops = kzalloc(sizeof(*ops), GFP_KERNEL_ACCOUNT);
	mm = kzalloc(sizeof(*mm), GFP_KERNEL_ACCOUNT);
	if (!ops || !mm)
		goto free;

	ret = device->ops->mmap(device, vma);
	if (ret || vma->vm_file != file)
		goto free;
	if (!vfio_vma_zappable(vma)) {
		ret = vfio_vma_pin(fd);
		goto free;
	}

	spin_lock(&fd->vma_lock);
	if (!vma->vm_ops->fault)
		vfio_vma_mm_note(fd, vma->vm_mm, &mm, &ended);
	vma->vm_ops = &vfio_vma_ops_get(fd, vma->vm_ops, &ops)->ops;
	spin_unlock(&fd->vma_lock);
	vfio_vma_mms_drop(&ended);
free:
	kfree(ops);
	kfree(mm);
	return ret;
}

/**
 * vfio_vma_settle() - let each mmap(2) finish whose driver part is done
 * @fd: an fd with its gate closed and nobody inside
 *
 * Afterwards all mappings hang off the inode of the device.
 *
 * Context: may sleep. Takes the mmap_lock of others, so no lock that is taken
 *	under it may be held, and none where user memory is touched.
 */
void vfio_vma_settle(struct vfio_fd *fd)
{
	struct vfio_vma_mm *entry;

	/* Nobody adds to the list any more. */
	hlist_for_each_entry(entry, &fd->vma_mms, node) {
		mmap_write_lock(entry->mm);
		mmap_write_unlock(entry->mm);
	}
}

/**
 * vfio_vma_free_slow() - vfio_vma_free() for an fd that had mappings
 * @fd: the fd
 */
void vfio_vma_free_slow(struct vfio_fd *fd)
{
	struct vfio_vma_ops *ops;
	struct hlist_node *next;

	hlist_for_each_entry_safe(ops, next, &fd->vma_ops, node)
		kfree(ops);
	vfio_vma_mms_drop(&fd->vma_mms);
	if (fd->dummy)
		put_page(fd->dummy);
}
