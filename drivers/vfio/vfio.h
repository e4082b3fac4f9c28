/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VFIO core, internal interface
 *
 * Shared by the files of vfio.ko; the iommu drivers of the container (type1,
 * spapr) include it for enum vfio_group_type and struct vfio_iommu_driver_ops.
 */
#ifndef __VFIO_VFIO_H__
#define __VFIO_VFIO_H__

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

struct iommu_group;
struct iommufd_ctx;
struct vfio_container;
struct vfio_fd;

/**
 * DOC: Lock order
 *
 * From the outside in::
 *
 *   device_lock() of the driver core
 *     vfio_group.setup		one group's node comes and goes
 *       vfio_group.lock	who holds the group, and its DMA context
 *         vfio_device.lock	who is bound to the device
 *           vfio_container.lock	members and iommu driver of a container
 *           vfio_device_set.lock	open, close, bind, attach, detach
 *             iommufd's, type1's and the drivers' own locks
 *               vfio_kvm_slot.lock
 *
 * None of them is held while user memory is touched, with one exception: an ioctl
 * of a container's iommu driver runs under vfio_container.lock, for reading. None
 * of them is taken under mmap_lock.
 *
 * vfio_device.files_lock and vfio_fd.vma_lock are spinlocks that nest in
 * nothing but mmap_lock, and in which nothing nests.
 */

/**
 * struct vfio_kvm_slot - the KVM that kvm-vfio announced for a file
 * @lock: protects @kvm, also against its last reference
 * @kvm: no reference is held: kvm-vfio sets it to NULL before it goes
 */
struct vfio_kvm_slot {
	spinlock_t lock; /* protects kvm */
	struct kvm *kvm;
};

/**
 * vfio_kvm_slot_init() - prepare a slot
 * @slot: in zeroed memory
 */
static inline void vfio_kvm_slot_init(struct vfio_kvm_slot *slot)
{
	spin_lock_init(&slot->lock);
}

void vfio_kvm_hold_slow(struct vfio_device *device, struct vfio_kvm_slot *slot);
void vfio_kvm_release_slow(struct vfio_device *device);

/**
 * vfio_kvm_hold() - give a device the KVM of the file that opens it, if any
 * @device: a device with a new binding
 * @slot: the file's slot
 *
 * Sets &vfio_device.kvm before the driver is asked to open.
 *
 * Context: caller holds the lock of the device's set.
 */
static inline void vfio_kvm_hold(struct vfio_device *device,
				 struct vfio_kvm_slot *slot)
{
	/* One that is announced just now may be late for this opening. */
	if (IS_ENABLED(CONFIG_KVM) && unlikely(READ_ONCE(slot->kvm)))
		vfio_kvm_hold_slow(device, slot);
}

/**
 * vfio_kvm_release() - undo vfio_kvm_hold()
 * @device: a device whose driver has closed it
 *
 * Context: caller holds the lock of the device's set.
 */
static inline void vfio_kvm_release(struct vfio_device *device)
{
	if (IS_ENABLED(CONFIG_KVM) && unlikely(device->binding.put_kvm))
		vfio_kvm_release_slow(device);
}

/**
 * struct vfio_dma_ctx_ops - a kind of DMA context
 * @use: announce the device; under vfio_device.lock alone
 * @unuse: undo @use
 * @bind: put the device under the context; under the device set's lock
 * @attach: give it the address space that a group implies; likewise
 * @unbind: undo @bind and @attach; likewise
 * @pin: see vfio_pin_pages()
 * @unpin: see vfio_unpin_pages()
 * @rw: see vfio_dma_rw()
 *
 * @use, @unuse, @bind, @attach and @unbind may be NULL.
 */
struct vfio_dma_ctx_ops {
	int (*use)(struct vfio_device *device, const struct vfio_dma_ctx *ctx);
	void (*unuse)(struct vfio_device *device,
		      const struct vfio_dma_ctx *ctx);
	int (*bind)(struct vfio_device *device, const struct vfio_dma_ctx *ctx,
		    u32 *devid);
	int (*attach)(struct vfio_device *device,
		      const struct vfio_dma_ctx *ctx);
	void (*unbind)(struct vfio_device *device);
	int (*pin)(struct vfio_device *device, const struct vfio_dma_ctx *ctx,
		   dma_addr_t iova, int npage, int prot, struct page **pages);
	void (*unpin)(struct vfio_device *device,
		      const struct vfio_dma_ctx *ctx, dma_addr_t iova,
		      int npage);
	int (*rw)(struct vfio_device *device, const struct vfio_dma_ctx *ctx,
		  dma_addr_t iova, void *data, size_t len, bool write);
};

/* Does somebody use the device? Under &vfio_device.lock. */
static inline bool vfio_device_is_bound(const struct vfio_device *device)
{
	return device->binding.ctx.ops;
}

int vfio_bind(struct vfio_fd *fd, const struct vfio_dma_ctx *ctx,
	      struct vfio_kvm_slot *kvm);
void vfio_unbind(struct vfio_fd *fd);

/**
 * enum vfio_fd_state - what a device fd is allowed to do
 * @VFIO_FD_UNBOUND: nothing but bind to an iommufd
 * @VFIO_FD_BINDING: a bind is under way
 * @VFIO_FD_LIVE: everything
 * @VFIO_FD_DEAD: nothing any more: closed, or revoked
 * @VFIO_FD_NR_STATES: how many there are
 */
enum vfio_fd_state {
	VFIO_FD_UNBOUND,
	VFIO_FD_BINDING,
	VFIO_FD_LIVE,
	VFIO_FD_DEAD,
	VFIO_FD_NR_STATES
};

/**
 * struct vfio_fd_ops - what a device fd does in a state
 * @ioctl: ioctl(2)
 * @read: read(2)
 * @write: write(2)
 * @mmap: mmap(2)
 */
struct vfio_fd_ops {
	long (*ioctl)(struct vfio_fd *fd, unsigned int cmd, unsigned long arg);
	ssize_t (*read)(struct vfio_fd *fd, char __user *buf, size_t count,
			loff_t *ppos);
	ssize_t (*write)(struct vfio_fd *fd, const char __user *buf,
			 size_t count, loff_t *ppos);
	int (*mmap)(struct vfio_fd *fd, struct vm_area_struct *vma);
};

/**
 * struct vfio_fd - an open file of a device
 * @ops: what it does now; written where @state is, with release semantics,
 *	read with acquire, so who sees the live table sees the bound device too.
 *	Looked at by who is inside @gate alone
 * @state: where it is; written under &vfio_device.lock, and by the call that has
 *	taken it to BINDING, as nobody else moves it from there
 * @device: the device. Its memory is there as long as the fd; it is registered,
 *	and its driver there, for who is inside @gate
 * @group_file: the group's file that it came from, pinned; NULL if it came
 *	through the device's own node
 * @gate: each call and each page fault is inside while it is under way;
 *	closed by revocation. See vfio_gate_enter()
 * @attaches: how often an address space was attached through it; under the lock
 *	of the device's set
 * @kvm: the KVM that was announced for this file
 * @ref: one of the file, one of who revokes it; the last one frees
 * @node: in &vfio_device.files, or in the list of who revokes it
 * @revoked: the one who revokes it lets go of the device, not the last
 *	close(2), and it keeps the memory of @device; under
 *	&vfio_device.files_lock
 * @opener: the process that opened it
 * @comm: its name
 * @coherent: what vfio_file_enforced_coherent() says once it is revoked
 * @vma_lock: protects @vma_ops and @vma_mms
 * @vma_ops: operations of mappings, see vma.c
 * @vma_mms: who has mappings that are filled by mmap(2) itself, likewise
 * @unzappable: it has a mapping that cannot be taken away; under
 *	&vfio_device.files_lock
 * @dummy: the page that its mappings show when it is revoked, or NULL
 */
struct vfio_fd {
	const struct vfio_fd_ops *ops;
	struct vfio_device *device;
	enum vfio_fd_state state;
	atomic_t gate;
	struct file *group_file;
	struct vfio_kvm_slot kvm;

	struct list_head node;
	bool revoked;
	bool unzappable;
	bool coherent;
	struct kref ref;
	struct pid *opener;
	char comm[TASK_COMM_LEN];

	unsigned int attaches;
	spinlock_t vma_lock; /* see above */
	struct hlist_head vma_ops;
	struct hlist_head vma_mms;
	struct page *dummy;
};

/*
 * The gate is how many are inside, and less than zero by VFIO_GATE_OPEN until
 * it is closed. So it comes to zero closed, with nobody inside, and stays there
 * but for those that were about to enter when it was closed.
 */
#define VFIO_GATE_OPEN	INT_MIN

static inline bool vfio_gate_is_closed(struct vfio_fd *fd)
{
	return atomic_read(&fd->gate) >= 0;
}

/* Closed, and nobody inside: what they did has been done. */
static inline bool vfio_gate_is_drained(struct vfio_fd *fd)
{
	return !atomic_read_acquire(&fd->gate);
}

static inline void vfio_gate_leave(struct vfio_fd *fd)
{
	if (unlikely(atomic_dec_and_test(&fd->gate)))
		wake_up_all(&fd->device->wait);
}

/*
 * Into the driver and out of it: between the two the device stays registered.
 * False: the fd is revoked. It is looked at first, so that somebody who calls
 * again and again cannot keep a closed gate from zero.
 */
static inline bool vfio_gate_enter(struct vfio_fd *fd)
{
	if (unlikely(vfio_gate_is_closed(fd)))
		return false;
	if (likely(atomic_add_negative(1, &fd->gate)))
		return true;
	vfio_gate_leave(fd);
	return false;
}

/* Once, by the one who will wait. Who is inside stays there. */
static inline void vfio_gate_close(struct vfio_fd *fd)
{
	atomic_sub(VFIO_GATE_OPEN, &fd->gate);
}

extern const struct file_operations vfio_device_fops;
extern const struct vfio_fd_ops * const vfio_fd_ops_of[VFIO_FD_NR_STATES];
extern const u8 vfio_fd_next[VFIO_FD_NR_STATES];

struct vfio_fd *vfio_fd_alloc(struct vfio_device *device);
int vfio_fd_install(struct vfio_fd *fd, struct file *file);
void vfio_fd_close(struct vfio_fd *fd);
void vfio_fd_put(struct vfio_fd *fd);
struct vfio_fd *vfio_fd_from_file(struct file *file);

/**
 * vfio_fd_may_enter() - is there an arc between two states?
 * @from: where an fd is
 * @to: where it shall go
 *
 * Return: true if so.
 */
static inline bool vfio_fd_may_enter(enum vfio_fd_state from,
				     enum vfio_fd_state to)
{
	return vfio_fd_next[from] & BIT(to);
}

/**
 * vfio_fd_enter() - change the state of an fd, and what it does
 * @fd: the fd
 * @state: the new state, to which there must be an arc
 *
 * Context: caller holds &vfio_device.lock, or has taken the fd to BINDING.
 */
static inline void vfio_fd_enter(struct vfio_fd *fd, enum vfio_fd_state state)
{
	lockdep_assert(fd->state == VFIO_FD_BINDING ||
		       lockdep_is_held(&fd->device->lock));
	WARN_ON_ONCE(!vfio_fd_may_enter(fd->state, state));

	WRITE_ONCE(fd->state, state);
	/* Pairs with vfio_fd_ops_now(). */
	smp_store_release(&fd->ops, vfio_fd_ops_of[state]);
}

/* fdinfo.c */
void vfio_fd_show_fdinfo(struct seq_file *m, struct file *file);

/* revoke.c */
void vfio_device_wait_unused(struct vfio_device *device);
extern const struct attribute_group *vfio_device_groups[];

/* why.c */
void vfio_why_no_dma(struct iommu_group *iommu_group, int err);
void vfio_why_no_bind(struct vfio_fd *fd, int err);

/* vma.c */
int vfio_vma_mmap(struct vfio_fd *fd, struct vm_area_struct *vma);
void vfio_vma_settle(struct vfio_fd *fd);
void vfio_vma_free_slow(struct vfio_fd *fd);

/**
 * vfio_vma_free() - free what mappings of an fd needed
 * @fd: an fd that is about to be freed: its file is closed, so there is no
 *	mapping
 */
static inline void vfio_vma_free(struct vfio_fd *fd)
{
	/* What else there may be comes with the first of them. */
	if (!hlist_empty(&fd->vma_ops))
		vfio_vma_free_slow(fd);
}

/**
 * vfio_copy_arg() - copy the argument of an ioctl, which begins with its size
 * @to: where to; @minsz bytes at least
 * @arg: the argument in user space
 * @minsz: what the kernel wants to know; user space may know of more behind it
 *
 * Return: 0; -EFAULT; -EINVAL if @arg says that it is shorter.
 */
static inline int vfio_copy_arg(void *to, const void __user *arg, size_t minsz)
{
	const u32 *argsz = to;

	if (copy_from_user(to, arg, minsz))
		return -EFAULT;
	return *argsz < minsz ? -EINVAL : 0;
}

#ifdef CONFIG_VFIO_NOIOMMU
extern bool vfio_noiommu __read_mostly;
#else
enum { vfio_noiommu = false };
#endif

/**
 * enum vfio_group_type - what stands behind a group
 * @VFIO_IOMMU: hardware behind an iommu
 * @VFIO_EMULATED_IOMMU: a mediated device: its driver reaches user memory
 *	through the core, nothing goes to the bus unseen
 * @VFIO_NO_IOMMU: hardware with no iommu, by explicit choice; unsafe
 *
 * For the last two the iommu_group is made by us, as the paths in /dev and
 * sysfs are named after it.
 */
enum vfio_group_type {
	VFIO_IOMMU,
	VFIO_EMULATED_IOMMU,
	VFIO_NO_IOMMU,
};

/* device.c */
int vfio_device_resume(struct vfio_device *device);
void vfio_device_idle(struct vfio_device *device);
int vfio_device_class_init(void);
void vfio_device_class_exit(void);

/**
 * vfio_device_pm_get() - wake the device up for an ioctl
 * @device: an open device
 *
 * Return: 0, or -EIO when it does not wake up.
 */
static inline int vfio_device_pm_get(struct vfio_device *device)
{
	return device->has_pm ? vfio_device_resume(device) : 0;
}

/**
 * vfio_device_pm_put() - undo vfio_device_pm_get()
 * @device: the device
 */
static inline void vfio_device_pm_put(struct vfio_device *device)
{
	if (device->has_pm)
		vfio_device_idle(device);
}

/* devset.c */
void vfio_release_device_set(struct vfio_device *device);

/* feature.c */
int vfio_device_feature(struct vfio_device *device,
			struct vfio_device_feature __user *arg);

#if IS_ENABLED(CONFIG_VFIO_GROUP)
/**
 * struct vfio_group - /dev/vfio/$GROUP
 * @dev: its class device; the reference count is the life of the memory
 * @cdev: its node
 * @type: what stands behind it; constant
 * @id: id of the iommu group, its name in /dev and key in the table; constant
 * @setup: serialises the first device's arrival with the last one's departure;
 *	protects @drivers and @dead
 * @drivers: devices registered in it
 * @dead: its node is gone; whoever looks for the group must look again
 * @device_lock: protects @device_list
 * @device_list: registered devices, by vfio_device.group_next
 * @lock: protects everything below
 * @iommu_group: NULL once the last device is gone
 * @claim: who has it: 0 nobody, -1 an open group file, +n that many devices
 *	bound through their own nodes
 * @opener: the process that opened it; with @comm, its name, good while @claim
 *	is -1
 * @comm: see @opener
 * @ctx: where DMA of its devices goes
 * @users: device fds that use @ctx
 * @container_next: node in the container, under the container's lock
 * @kvm: the KVM that was announced for the group's file
 */
struct vfio_group {
	struct device dev;
	struct cdev cdev;
	enum vfio_group_type type;
	int id;
	struct mutex setup; /* see above */
	unsigned int drivers;
	bool dead;
	struct mutex device_lock; /* protects device_list */
	struct list_head device_list;
	struct mutex lock; /* protects what follows */
	struct iommu_group *iommu_group;
	int claim;
	struct pid *opener;
	char comm[TASK_COMM_LEN];
	struct vfio_dma_ctx ctx;
	unsigned int users;
	struct list_head container_next;
	struct vfio_kvm_slot kvm;
};

int vfio_device_set_group(struct vfio_device *device,
			  enum vfio_group_type type);
void vfio_device_remove_group(struct vfio_device *device);
void vfio_device_group_register(struct vfio_device *device);
void vfio_device_group_unregister(struct vfio_device *device);
int vfio_group_claim_device(struct vfio_group *group);
void vfio_group_unclaim_device(struct vfio_group *group);
int __init vfio_group_init(void);
void vfio_group_cleanup(void);

/* group_fd.c */
extern const struct file_operations vfio_group_fops;
struct vfio_group *vfio_group_from_file(struct file *file);
void vfio_group_drop_ctx(struct vfio_group *group);
void vfio_group_close_device(struct vfio_fd *fd);
bool vfio_group_enforced_coherent(struct vfio_group *group);
void vfio_why_group_busy(struct vfio_group *group);

static inline bool vfio_device_is_noiommu(struct vfio_device *device)
{
	return IS_ENABLED(CONFIG_VFIO_NOIOMMU) &&
	       device->group->type == VFIO_NO_IOMMU;
}

static inline int vfio_device_claim(struct vfio_device *device)
{
	return vfio_group_claim_device(device->group);
}

static inline void vfio_device_unclaim(struct vfio_device *device)
{
	vfio_group_unclaim_device(device->group);
}
#else
static inline int vfio_device_set_group(struct vfio_device *device,
					enum vfio_group_type type)
{
	return 0;
}

static inline void vfio_device_remove_group(struct vfio_device *device)
{
}

static inline void vfio_device_group_register(struct vfio_device *device)
{
}

static inline void vfio_device_group_unregister(struct vfio_device *device)
{
}

static inline int vfio_device_claim(struct vfio_device *device)
{
	return 0;
}

static inline void vfio_device_unclaim(struct vfio_device *device)
{
}

static inline int __init vfio_group_init(void)
{
	return 0;
}

static inline void vfio_group_cleanup(void)
{
}

static inline void vfio_group_close_device(struct vfio_fd *fd)
{
}

static inline bool vfio_device_is_noiommu(struct vfio_device *device)
{
	return false;
}

#endif /* CONFIG_VFIO_GROUP */

/**
 * struct vfio_iommu_driver_ops - an iommu driver of the container
 * @name: its name
 * @owner: its module, pinned while a container uses it
 * @open: make the private data of a container; @arg is VFIO_SET_IOMMU's
 * @release: free it; no group is attached any more
 * @ioctl: VFIO_CHECK_EXTENSION (with NULL data when asked about the driver),
 *	and everything the container does not know
 * @attach_group: take a group in; its DMA is owned by user space by then
 * @detach_group: let it go
 * @pin_pages: see vfio_pin_pages()
 * @unpin_pages: see vfio_unpin_pages()
 * @register_device: a device of an attached group is about to be opened
 * @unregister_device: it was closed
 * @dma_rw: see vfio_dma_rw()
 * @group_iommu_domain: the domain that a group is attached to
 */
struct vfio_iommu_driver_ops {
	char		*name;
	struct module	*owner;
	void		*(*open)(unsigned long arg);
	void		(*release)(void *iommu_data);
	long		(*ioctl)(void *iommu_data, unsigned int cmd,
				 unsigned long arg);
	int		(*attach_group)(void *iommu_data,
					struct iommu_group *group,
					enum vfio_group_type type);
	void		(*detach_group)(void *iommu_data,
					struct iommu_group *group);
	int		(*pin_pages)(void *iommu_data,
				     struct iommu_group *group,
				     dma_addr_t user_iova,
				     int npage, int prot,
				     struct page **pages);
	void		(*unpin_pages)(void *iommu_data,
				       dma_addr_t user_iova, int npage);
	void		(*register_device)(void *iommu_data,
					   struct vfio_device *vdev);
	void		(*unregister_device)(void *iommu_data,
					     struct vfio_device *vdev);
	int		(*dma_rw)(void *iommu_data, dma_addr_t user_iova,
				  void *data, size_t count, bool write);
	struct iommu_domain *(*group_iommu_domain)(void *iommu_data,
						   struct iommu_group *group);
};

int vfio_register_iommu_driver(const struct vfio_iommu_driver_ops *ops);
void vfio_unregister_iommu_driver(const struct vfio_iommu_driver_ops *ops);

#if IS_ENABLED(CONFIG_VFIO_CONTAINER)
/**
 * struct vfio_iommu_driver - a registered iommu driver
 * @ops: its operations
 * @node: in vfio_iommu_drivers
 */
struct vfio_iommu_driver {
	const struct vfio_iommu_driver_ops *ops;
	struct list_head node;
};

struct vfio_iommu_driver *
vfio_iommu_driver_next(struct vfio_iommu_driver *prev);
bool vfio_iommu_driver_fits(const struct vfio_iommu_driver_ops *ops,
			    bool noiommu);
int __init vfio_noiommu_init(void);
void vfio_noiommu_exit(void);

struct vfio_container *vfio_container_from_file(struct file *file);
int vfio_container_attach_group(struct vfio_container *container,
				struct vfio_group *group);
void vfio_container_detach_group(struct vfio_container *container,
				 struct vfio_group *group);
bool vfio_dma_ctx_is_container(const struct vfio_dma_ctx *ctx);
int __init vfio_container_init(void);
void vfio_container_cleanup(void);
#else
static inline struct vfio_container *vfio_container_from_file(struct file *file)
{
	return NULL;
}

static inline int vfio_container_attach_group(struct vfio_container *container,
					      struct vfio_group *group)
{
	return -EOPNOTSUPP;
}

static inline void vfio_container_detach_group(struct vfio_container *container,
					       struct vfio_group *group)
{
}

static inline bool vfio_dma_ctx_is_container(const struct vfio_dma_ctx *ctx)
{
	return false;
}

static inline int vfio_container_init(void)
{
	return 0;
}

static inline void vfio_container_cleanup(void)
{
}
#endif /* CONFIG_VFIO_CONTAINER */

#if IS_ENABLED(CONFIG_IOMMUFD)
extern const struct vfio_dma_ctx_ops vfio_iommufd_ctx_ops;
#endif

#if IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV)
int vfio_cdev_add(struct vfio_device *device);
void vfio_cdev_del(struct vfio_device *device);
int vfio_cdev_open(struct inode *inode, struct file *file);
long vfio_cdev_bind(struct vfio_fd *fd,
		    struct vfio_device_bind_iommufd __user *arg);
long vfio_cdev_attach(struct vfio_fd *fd,
		      struct vfio_device_attach_iommufd_pt __user *arg);
long vfio_cdev_detach(struct vfio_fd *fd,
		      struct vfio_device_detach_iommufd_pt __user *arg);
void vfio_cdev_close(struct vfio_fd *fd);
int vfio_cdev_init(struct class *device_class);
void vfio_cdev_cleanup(void);
#else
static inline int vfio_cdev_add(struct vfio_device *device)
{
	return device_add(&device->device);
}

static inline void vfio_cdev_del(struct vfio_device *device)
{
	device_del(&device->device);
}

static inline long vfio_cdev_bind(struct vfio_fd *fd,
				  struct vfio_device_bind_iommufd __user *arg)
{
	return -ENOTTY;
}

static inline void vfio_cdev_close(struct vfio_fd *fd)
{
}

static inline int vfio_cdev_init(struct class *device_class)
{
	return 0;
}

static inline void vfio_cdev_cleanup(void)
{
}
#endif /* CONFIG_VFIO_DEVICE_CDEV */

#if IS_ENABLED(CONFIG_VFIO_VIRQFD)
int __init vfio_virqfd_init(void);
void vfio_virqfd_exit(void);
#else
static inline int __init vfio_virqfd_init(void)
{
	return 0;
}

static inline void vfio_virqfd_exit(void)
{
}
#endif

#ifdef CONFIG_VFIO_DEBUGFS
void vfio_debugfs_create_root(void);
void vfio_debugfs_remove_root(void);
void vfio_device_debugfs_init(struct vfio_device *vdev);
void vfio_device_debugfs_exit(struct vfio_device *vdev);
#else
static inline void vfio_debugfs_create_root(void) { }
static inline void vfio_debugfs_remove_root(void) { }
static inline void vfio_device_debugfs_init(struct vfio_device *vdev) { }
static inline void vfio_device_debugfs_exit(struct vfio_device *vdev) { }
#endif

#endif /* __VFIO_VFIO_H__ */
