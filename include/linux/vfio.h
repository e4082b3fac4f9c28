/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VFIO driver interface
 *
 * What a driver that hands a device to user space compiles against: the
 * vfio_device that it embeds, the operations that it provides, and the
 * helpers of the core. User space's side is <uapi/linux/vfio.h>.
 */
#ifndef VFIO_H
#define VFIO_H

#include <linux/cdev.h>
#include <linux/container_of.h>
#include <linux/iommu.h>
#include <linux/iova_bitmap.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/workqueue.h>
#include <uapi/linux/vfio.h>

struct iommufd_access;
struct iommufd_ctx;
struct iommufd_device;
struct kvm;
struct vfio_container;
struct vfio_dma_ctx_ops;
struct vfio_group;

/**
 * struct vfio_device_set - devices that are reset together
 * @set_id: what the members share (a bus, a slot, or the device itself)
 * @lock: held by the core over open_device(), close_device(), bind, attach
 *	and detach of every member; no user memory is touched under it
 * @device_list: members, by vfio_device.dev_set_list; under @lock
 * @device_count: members that hold the set; under the lock of the core's table
 */
struct vfio_device_set {
	void *set_id;
	struct mutex lock; /* see above */
	struct list_head device_list;
	unsigned int device_count;
};

/**
 * struct vfio_dma_ctx - what translates a device's DMA
 * @ops: the kind of it; NULL: there is none
 * @ictx: of an iommufd
 * @container: of a container
 *
 * Of the core alone. Passed around by value; two are the same if kind and object
 * are.
 */
struct vfio_dma_ctx {
	const struct vfio_dma_ctx_ops *ops;
	union {
		struct iommufd_ctx *ictx;
		struct vfio_container *container;
	};
};

/**
 * struct vfio_binding - the one use of a device
 * @ctx: where its DMA goes; the group or the fd that brought it holds it alive.
 *	There is none: nobody uses the device
 * @devid: object id in the iommufd
 * @shared: came through a group: other fds of that group may join
 * @put_kvm: drops &vfio_device.kvm, if one is held
 *
 * Of the core alone. One per device: who has it excludes everybody else.
 */
struct vfio_binding {
	struct vfio_dma_ctx ctx;
	u32 devid;
	bool shared;
	void (*put_kvm)(struct kvm *kvm);
};

/**
 * struct vfio_device - a device that user space can open
 *
 * Embedded at the start of the driver's own structure and allocated with
 * vfio_alloc_device(). The structure's memory belongs to the reference count
 * of @device; the driver frees what hangs off it in &vfio_device_ops.release.
 *
 * @dev: the device behind it; constant
 * @ops: the driver's operations; constant
 * @mig_ops: migration operations; set before registration
 * @log_ops: DMA logging operations; set before registration
 * @group: the group it belongs to, from registration to unregistration
 * @group_next: node in the group's list of devices
 * @iommu_entry: node for the iommu driver of a container
 * @dev_set: what it is reset together with
 * @dev_set_list: node in @dev_set
 * @migration_flags: VFIO_MIGRATION_* that the driver supports; set before
 *	registration
 * @kvm: the KVM of the user while the device is open, or NULL; stable between
 *	open_device() and close_device()
 */
struct vfio_device {
	struct device *dev;
	const struct vfio_device_ops *ops;
	const struct vfio_migration_ops *mig_ops;
	const struct vfio_log_ops *log_ops;
#if IS_ENABLED(CONFIG_VFIO_GROUP)
	struct vfio_group *group;
	struct list_head group_next;
	struct list_head iommu_entry;
#endif
	struct vfio_device_set *dev_set;
	struct list_head dev_set_list;
	unsigned int migration_flags;
	struct kvm *kvm;

	/* private: the core's own, drivers keep off */
	unsigned int index; /* N of "vfioN", and minor of the node */
	struct device device; /* its count is the life of the memory */
#if IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV)
	struct cdev cdev; /* /dev/vfio/devices/vfioN */
#endif
	refcount_t refcount; /* registration and its users; zero without */
	struct completion comp; /* refcount went to zero */
	bool leaving; /* unregistration waits; no new file */
	spinlock_t files_lock; /* protects the next three */
	struct list_head files; /* open files */
	bool revoked; /* they were taken away; no new one */
	wait_queue_head_t wait; /* who polls them; who waits for their calls */
	char *syspath; /* what their fdinfo calls the device then */
	int revoke_timeout; /* seconds; negative: the module's parameter */
	struct mutex lock; /* protects binding and the state of each fd */
	struct vfio_binding binding; /* who uses it and with what DMA */
	unsigned int open_count; /* fds that share binding; dev_set->lock */
	struct module *owner; /* of the driver that registered it */
	bool has_pm; /* that driver has power management */
	struct iommufd_access *iommufd_access; /* emulated DMA; dev_set->lock */
#if IS_ENABLED(CONFIG_IOMMUFD)
	struct iommufd_device *iommufd_device; /* physical DMA; likewise */
	u8 iommufd_attached:1; /* one of them has an address space; likewise */
#endif
	u8 cdev_opened:1; /* binding came by the node; likewise */
	struct inode *inode; /* all mappings of the device hang off it */
#ifdef CONFIG_DEBUG_FS
	struct dentry *debug_root; /* its directory in debugfs */
#endif
};

/**
 * struct vfio_device_ops - what a driver does for the core
 * @name: name of the driver
 * @init: set up the driver's part of the structure, from vfio_alloc_device()
 * @release: free what hangs off the structure, from vfio_put_device()
 * @bind_iommufd: put the device under an iommufd, return its object id;
 *	a driver uses vfio_iommufd_physical_bind(), vfio_iommufd_emulated_bind()
 *	or an address space of its own
 * @unbind_iommufd: undo @bind_iommufd, and @attach_ioas if that still stands
 * @attach_ioas: give the device an address space, in place of the one it has
 * @detach_ioas: undo @attach_ioas
 * @open_device: the device gets its first user
 * @close_device: the device lost its last user
 * @read: read(2) on the device
 * @write: write(2) on the device
 * @ioctl: every VFIO_DEVICE_* that the core does not handle itself
 * @mmap: mmap(2) on the device
 * @request: ask the user to let go; called again and again with a rising count
 *	while unregistration waits
 * @match: does the name that user space gave mean this device: positive if so,
 *	0 if not, negative to end the search with that error
 * @dma_unmap: user space takes a range of IOVA away; the driver must unpin it
 *	before it returns. May come before open_device() and after
 *	close_device()
 * @device_feature: VFIO_DEVICE_FEATURE that the core does not handle itself
 */
struct vfio_device_ops {
	char	*name;
	int	(*init)(struct vfio_device *vdev);
	void	(*release)(struct vfio_device *vdev);
	int	(*bind_iommufd)(struct vfio_device *vdev,
				struct iommufd_ctx *ictx, u32 *out_device_id);
	void	(*unbind_iommufd)(struct vfio_device *vdev);
	int	(*attach_ioas)(struct vfio_device *vdev, u32 *pt_id);
	void	(*detach_ioas)(struct vfio_device *vdev);
	int	(*open_device)(struct vfio_device *vdev);
	void	(*close_device)(struct vfio_device *vdev);
	ssize_t	(*read)(struct vfio_device *vdev, char __user *buf,
			size_t count, loff_t *ppos);
	ssize_t	(*write)(struct vfio_device *vdev, const char __user *buf,
			 size_t count, loff_t *ppos);
	long	(*ioctl)(struct vfio_device *vdev, unsigned int cmd,
			 unsigned long arg);
	int	(*mmap)(struct vfio_device *vdev, struct vm_area_struct *vma);
	void	(*request)(struct vfio_device *vdev, unsigned int count);
	int	(*match)(struct vfio_device *vdev, char *buf);
	void	(*dma_unmap)(struct vfio_device *vdev, u64 iova, u64 length);
	int	(*device_feature)(struct vfio_device *device, u32 flags,
				  void __user *arg, size_t argsz);
};

#if IS_ENABLED(CONFIG_IOMMUFD)
struct iommufd_ctx *vfio_iommufd_device_ictx(struct vfio_device *vdev);
int vfio_iommufd_get_dev_id(struct vfio_device *vdev, struct iommufd_ctx *ictx);
int vfio_iommufd_physical_bind(struct vfio_device *vdev,
			       struct iommufd_ctx *ictx, u32 *out_device_id);
void vfio_iommufd_physical_unbind(struct vfio_device *vdev);
int vfio_iommufd_physical_attach_ioas(struct vfio_device *vdev, u32 *pt_id);
void vfio_iommufd_physical_detach_ioas(struct vfio_device *vdev);
int vfio_iommufd_emulated_bind(struct vfio_device *vdev,
			       struct iommufd_ctx *ictx, u32 *out_device_id);
void vfio_iommufd_emulated_unbind(struct vfio_device *vdev);
int vfio_iommufd_emulated_attach_ioas(struct vfio_device *vdev, u32 *pt_id);
void vfio_iommufd_emulated_detach_ioas(struct vfio_device *vdev);
#else
static inline struct iommufd_ctx *
vfio_iommufd_device_ictx(struct vfio_device *vdev)
{
	return NULL;
}

static inline int vfio_iommufd_get_dev_id(struct vfio_device *vdev,
					  struct iommufd_ctx *ictx)
{
	return VFIO_PCI_DEVID_NOT_OWNED;
}

/* Without iommufd the operations are absent, not merely failing. */
#define VFIO_NO_OP(op)	((typeof_member(struct vfio_device_ops, op))NULL)
#define vfio_iommufd_physical_bind		VFIO_NO_OP(bind_iommufd)
#define vfio_iommufd_physical_unbind		VFIO_NO_OP(unbind_iommufd)
#define vfio_iommufd_physical_attach_ioas	VFIO_NO_OP(attach_ioas)
#define vfio_iommufd_physical_detach_ioas	VFIO_NO_OP(detach_ioas)
#define vfio_iommufd_emulated_bind		VFIO_NO_OP(bind_iommufd)
#define vfio_iommufd_emulated_unbind		VFIO_NO_OP(unbind_iommufd)
#define vfio_iommufd_emulated_attach_ioas	VFIO_NO_OP(attach_ioas)
#define vfio_iommufd_emulated_detach_ioas	VFIO_NO_OP(detach_ioas)
#endif

/**
 * vfio_device_cdev_opened() - was the device opened through its own node?
 * @device: the device
 *
 * Tells the two forms of VFIO_DEVICE_PCI_HOT_RESET apart.
 *
 * Context: caller holds the lock of the device's set, or the device is open
 *	and cannot be closed meanwhile.
 * Return: true if bound through /dev/vfio/devices, false if through a group
 *	or not at all.
 */
static inline bool vfio_device_cdev_opened(struct vfio_device *device)
{
	return device->cdev_opened;
}

/**
 * struct vfio_migration_ops - migration, see VFIO_DEVICE_FEATURE_MIGRATION
 * @migration_set_state: take one arc of the state machine; returns the file
 *	that carries the data if the new state has one, NULL if not, or an
 *	error. The driver ends the stream when the state that it belongs to is
 *	left, and in close_device()
 * @migration_get_state: report the state
 * @migration_get_data_size: estimate the bytes that stop-copy will take
 *
 * All three are mandatory for a driver that sets &vfio_device.mig_ops.
 */
struct vfio_migration_ops {
	struct file *(*migration_set_state)(struct vfio_device *device,
					    enum vfio_device_mig_state new_state);
	int (*migration_get_state)(struct vfio_device *device,
				   enum vfio_device_mig_state *curr_state);
	int (*migration_get_data_size)(struct vfio_device *device,
				       unsigned long *stop_copy_length);
};

/**
 * struct vfio_log_ops - DMA logging, see VFIO_DEVICE_FEATURE_DMA_LOGGING_START
 * @log_start: start to log the ranges in the tree; may round the page size up
 * @log_stop: stop
 * @log_read_and_clear: set the bits of the pages written since the last call
 *
 * The core checks the arguments and keeps no state: a driver must cope with
 * start after start, and with stop or read without one.
 */
struct vfio_log_ops {
	int (*log_start)(struct vfio_device *device,
			 struct rb_root_cached *ranges, u32 nnodes,
			 u64 *page_size);
	int (*log_stop)(struct vfio_device *device);
	int (*log_read_and_clear)(struct vfio_device *device,
				  unsigned long iova, unsigned long length,
				  struct iova_bitmap *dirty);
};

/**
 * vfio_check_feature() - check the request to a VFIO_DEVICE_FEATURE
 * @flags: as given to &vfio_device_ops.device_feature
 * @argsz: bytes that user space gave for the payload
 * @supported_ops: VFIO_DEVICE_FEATURE_GET and SET, those that exist
 * @minsz: bytes that the payload needs
 *
 * Return: 1 to go on and do it, 0 for a PROBE that succeeds, -EINVAL for an
 *	operation that does not exist, for none, or for a payload too small.
 */
static inline int vfio_check_feature(u32 flags, size_t argsz, u32 supported_ops,
				     size_t minsz)
{
	u32 asked = flags & (VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET);

	if (asked & ~supported_ops)
		return -EINVAL;
	if (flags & VFIO_DEVICE_FEATURE_PROBE)
		return 0;
	return asked && argsz >= minsz ? 1 : -EINVAL;
}

struct vfio_device *_vfio_alloc_device(size_t size, struct device *dev,
				       const struct vfio_device_ops *ops);

/**
 * vfio_alloc_device() - allocate the driver's structure
 * @dev_struct: its struct tag
 * @member: name of the vfio_device in it, which must come first
 * @dev: the device behind it
 * @ops: the driver's operations
 *
 * Return: the structure, zeroed apart from what &vfio_device_ops.init did, or
 *	an error pointer; see _vfio_alloc_device().
 */
#define vfio_alloc_device(dev_struct, member, dev, ops)				\
	container_of(_vfio_alloc_device(sizeof(struct dev_struct) +		\
					BUILD_BUG_ON_ZERO(offsetof(		\
						struct dev_struct, member)),	\
					dev, ops),				\
		     struct dev_struct, member)

void vfio_put_device(struct vfio_device *device);

int vfio_register_group_dev(struct vfio_device *device);
int vfio_register_emulated_iommu_dev(struct vfio_device *device);
void vfio_unregister_group_dev(struct vfio_device *device);

bool vfio_device_try_get(struct vfio_device *device);
void vfio_device_put(struct vfio_device *device);

int vfio_assign_device_set(struct vfio_device *device, void *set_id);
unsigned int vfio_device_set_open_count(struct vfio_device_set *dev_set);
struct vfio_device *
vfio_find_device_in_devset(struct vfio_device_set *dev_set,
			   struct device *dev);

int vfio_mig_get_next_state(struct vfio_device *device,
			    enum vfio_device_mig_state cur_fsm,
			    enum vfio_device_mig_state new_fsm,
			    enum vfio_device_mig_state *next_fsm);

void vfio_combine_iova_ranges(struct rb_root_cached *root, u32 cur_nodes,
			      u32 req_nodes);

/* For KVM, which holds files of ours without knowing what they are. */
struct iommu_group *vfio_file_iommu_group(struct file *file);

#if IS_ENABLED(CONFIG_VFIO_GROUP)
bool vfio_file_is_group(struct file *file);
bool vfio_file_has_dev(struct file *file, struct vfio_device *device);
#else
static inline bool vfio_file_is_group(struct file *file)
{
	return false;
}

static inline bool vfio_file_has_dev(struct file *file, struct vfio_device *device)
{
	return false;
}
#endif
bool vfio_file_is_valid(struct file *file);
bool vfio_file_enforced_coherent(struct file *file);
void vfio_file_set_kvm(struct file *file, struct kvm *kvm);

/* Pages in one call; what an array of one page of pointers holds. */
#define VFIO_PIN_PAGES_MAX_ENTRIES	(PAGE_SIZE / sizeof(unsigned long))

int vfio_pin_pages(struct vfio_device *device, dma_addr_t iova,
		   int npage, int prot, struct page **pages);
void vfio_unpin_pages(struct vfio_device *device, dma_addr_t iova, int npage);
int vfio_dma_rw(struct vfio_device *device, dma_addr_t iova,
		void *data, size_t len, bool write);

/**
 * struct vfio_info_cap - a chain of capabilities that is being built
 * @buf: the chain, or NULL
 * @size: bytes in it
 */
struct vfio_info_cap {
	struct vfio_info_cap_header *buf;
	size_t size;
};

struct vfio_info_cap_header *vfio_info_cap_add(struct vfio_info_cap *caps,
					       size_t size, u16 id,
					       u16 version);
void vfio_info_cap_shift(struct vfio_info_cap *caps, size_t offset);
int vfio_info_add_capability(struct vfio_info_cap *caps,
			     struct vfio_info_cap_header *cap, size_t size);
int vfio_set_irqs_validate_and_prepare(struct vfio_irq_set *hdr,
				       int num_irqs, int max_irq_type,
				       size_t *data_size);

/**
 * struct virqfd - an eventfd that calls a driver
 *
 * Made by vfio_virqfd_enable(); a driver keeps the pointer and passes its
 * address back, nothing else.
 *
 * @opaque: first argument of both functions
 * @eventfd: what user space signals
 * @handler: called under the eventfd's wait queue lock; nonzero asks for
 *	@thread
 * @thread: called from a work item
 * @data: second argument of both functions
 * @inject: runs @thread
 * @wait: entry on the eventfd
 * @shutdown: takes the thing down
 * @pvirqfd: where the driver keeps its pointer
 */
struct virqfd {
	void			*opaque;
	struct eventfd_ctx	*eventfd;
	int			(*handler)(void *opaque, void *data);
	void			(*thread)(void *opaque, void *data);
	void			*data;
	struct work_struct	inject;
	wait_queue_entry_t	wait;
	struct work_struct	shutdown;
	struct virqfd		**pvirqfd;
	/* private: */
	struct kref		kref; /* users of the memory */
	struct hlist_node	retired; /* while it is taken down */
};

int vfio_virqfd_enable(void *opaque, int (*handler)(void *opaque, void *data),
		       void (*thread)(void *opaque, void *data), void *data,
		       struct virqfd **pvirqfd, int fd);
void vfio_virqfd_disable(struct virqfd **pvirqfd);
void vfio_virqfd_flush_thread(struct virqfd **pvirqfd);

#endif /* VFIO_H */
