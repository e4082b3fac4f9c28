// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_FEATURE: migration, DMA logging, and what drivers add to it
 *
 * vfio_device_feature() is called by the device fd's ioctl while the device is
 * open. It takes no lock of the core, so it may touch user memory; the drivers
 * order calls of their mig_ops and log_ops by locks of their own.
 */
#include <linux/file.h>
#include <linux/interval_tree.h>
#include <linux/iova_bitmap.h>
#include <linux/log2.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include "vfio.h"

/* What the uapi promises to take in one call: a page full of ranges. */
#define LOG_RANGES_MAX \
	(PAGE_SIZE / sizeof(struct vfio_device_feature_dma_logging_range))

/**
 * struct vfio_feature - A feature that the core implements for its drivers
 * @present: does the driver take part? If not, the feature is unknown: ENOTTY
 * @ops: VFIO_DEVICE_FEATURE_GET, SET or both
 * @size: bytes of user data that every call comes with
 * @run: does the GET or SET that flags asks for; @data is the user's
 */
struct vfio_feature {
	bool (*present)(struct vfio_device *device);
	u32 ops;
	size_t size;
	int (*run)(struct vfio_device *device, u32 flags, void __user *data);
};

static bool has_migration(struct vfio_device *device)
{
	return device->mig_ops;
}

static bool has_logging(struct vfio_device *device)
{
	return device->log_ops;
}

static int migration_flags_get(struct vfio_device *device, u32 flags,
			       void __user *data)
{
	struct vfio_device_feature_migration reply = {
		.flags = device->migration_flags,
	};

	return copy_to_user(data, &reply, sizeof(reply)) ? -EFAULT : 0;
}

static int migration_size_get(struct vfio_device *device, u32 flags,
			      void __user *data)
{
	struct vfio_device_feature_mig_data_size reply = {};
	unsigned long length;
	int err;

	err = device->mig_ops->migration_get_data_size(device, &length);
	if (err)
		return err;

	reply.stop_copy_length = length;
	return copy_to_user(data, &reply, sizeof(reply)) ? -EFAULT : 0;
}

/*
 * Give the user an fd for @file, told through @state. The fd must not exist
 * before the user can know its number, so the copy comes first, and the file's
 * reference moves into the fd table at the very end.
 */
static int migration_data_fd(struct file *file, void __user *data,
			     struct vfio_device_feature_mig_state *state)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	int err = fd;

	if (fd < 0)
		goto drop_file;

	state->data_fd = fd;
	if (copy_to_user(data, state, sizeof(*state))) {
		err = -EFAULT;
		goto drop_fd;
	}
	fd_install(fd, file);
	return 0;

drop_fd:
	put_unused_fd(fd);
drop_file:
	fput(file);
	return err;
}

static int migration_state(struct vfio_device *device, u32 flags,
			   void __user *data)
{
	const struct vfio_migration_ops *ops = device->mig_ops;
	struct vfio_device_feature_mig_state state;
	enum vfio_device_mig_state now;
	int err = 0;

	/* A GET overwrites it all, but has to be readable as well. */
	if (copy_from_user(&state, data, sizeof(state)))
		return -EFAULT;

	if (flags & VFIO_DEVICE_FEATURE_SET) {
		struct file *file;

		file = ops->migration_set_state(device, state.device_state);
		if (!IS_ERR_OR_NULL(file))
			return migration_data_fd(file, data, &state);
		err = PTR_ERR_OR_ZERO(file);
	} else {
		err = ops->migration_get_state(device, &now);
		if (err)
			return err;
		state.device_state = now;
	}

	/* Nobody shall take a stale number for an fd, least after an error. */
	state.data_fd = -1;
	if (copy_to_user(data, &state, sizeof(state)))
		return -EFAULT;
	return err;
}

/*
 * Make an interval tree of the user's ranges, in @nodes, for log_start.
 * Return: 0; EINVAL for a range that is empty, not aligned to the page size
 * asked for, or overlaps an earlier one; EOVERFLOW for one beyond the end of
 * the address space.
 */
static int logging_ranges(const struct vfio_device_feature_dma_logging_control *control,
			  const struct vfio_device_feature_dma_logging_range *ranges,
			  struct interval_tree_node *nodes,
			  struct rb_root_cached *root)
{
	u32 i;

	for (i = 0; i < control->num_ranges; i++) {
		const u64 iova = ranges[i].iova, length = ranges[i].length;
		struct interval_tree_node *node = &nodes[i];
		u64 end;

		if (!length || !IS_ALIGNED(iova | length, control->page_size))
			return -EINVAL;
		if (check_add_overflow(iova, length, &end) || end > ULONG_MAX)
			return -EOVERFLOW;

		node->start = iova;
		node->last = end - 1;
		if (interval_tree_iter_first(root, node->start, node->last))
			return -EINVAL;
		interval_tree_insert(node, root);
	}
	return 0;
}

static int logging_start(struct vfio_device *device, u32 flags,
			 void __user *data)
{
	const struct vfio_log_ops *ops = device->log_ops;
	struct vfio_device_feature_dma_logging_control control;
	struct vfio_device_feature_dma_logging_range *ranges;
	struct rb_root_cached root = RB_ROOT_CACHED;
	struct interval_tree_node *nodes;
	int err;

	if (copy_from_user(&control, data, sizeof(control)))
		return -EFAULT;
	if (!control.num_ranges)
		return -EINVAL;
	if (control.num_ranges > LOG_RANGES_MAX)
		return -E2BIG;

	ranges = memdup_array_user(u64_to_user_ptr(control.ranges),
				   control.num_ranges, sizeof(*ranges));
	if (IS_ERR(ranges))
		return PTR_ERR(ranges);
	nodes = kcalloc(control.num_ranges, sizeof(*nodes), GFP_KERNEL);
	if (!nodes) {
		err = -ENOMEM;
		goto free_ranges;
	}

	err = logging_ranges(&control, ranges, nodes, &root);
	if (!err)
		err = ops->log_start(device, &root, control.num_ranges,
				     &control.page_size);

	/* The user must know the page size chosen, or cannot read the log. */
	if (!err && copy_to_user(data, &control, sizeof(control))) {
		ops->log_stop(device);
		err = -EFAULT;
	}

	kfree(nodes);
free_ranges:
	kfree(ranges);
	return err;
}

static int logging_stop(struct vfio_device *device, u32 flags,
			void __user *data)
{
	return device->log_ops->log_stop(device);
}

static int logging_read(struct iova_bitmap *bitmap, unsigned long iova,
			size_t length, void *opaque)
{
	struct vfio_device *device = opaque;

	return device->log_ops->log_read_and_clear(device, iova, length,
						   bitmap);
}

static int logging_report(struct vfio_device *device, u32 flags,
			  void __user *data)
{
	struct vfio_device_feature_dma_logging_report report;
	struct iova_bitmap *bitmap;
	u64 end;
	int err;

	if (copy_from_user(&report, data, sizeof(report)))
		return -EFAULT;
	if (!is_power_of_2(report.page_size) || report.page_size < SZ_4K)
		return -EINVAL;
	/* The bitmap of nothing would be taken for one of everything. */
	if (!report.length)
		return -EINVAL;
	if (check_add_overflow(report.iova, report.length, &end) ||
	    end > ULONG_MAX)
		return -EOVERFLOW;

	bitmap = iova_bitmap_alloc(report.iova, report.length,
				   report.page_size,
				   u64_to_user_ptr(report.bitmap));
	if (IS_ERR(bitmap))
		return PTR_ERR(bitmap);
	err = iova_bitmap_for_each(bitmap, device, logging_read);
	iova_bitmap_free(bitmap);
	return err;
}

/* Indexed by feature number; numbers without run belong to the driver. */
static const struct vfio_feature vfio_features[] = {
	[VFIO_DEVICE_FEATURE_MIGRATION] = {
		.present = has_migration,
		.ops	 = VFIO_DEVICE_FEATURE_GET,
		.size	 = sizeof(struct vfio_device_feature_migration),
		.run	 = migration_flags_get,
	},
	[VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE] = {
		.present = has_migration,
		.ops	 = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET,
		.size	 = sizeof(struct vfio_device_feature_mig_state),
		.run	 = migration_state,
	},
	[VFIO_DEVICE_FEATURE_MIG_DATA_SIZE] = {
		.present = has_migration,
		.ops	 = VFIO_DEVICE_FEATURE_GET,
		.size	 = sizeof(struct vfio_device_feature_mig_data_size),
		.run	 = migration_size_get,
	},
	[VFIO_DEVICE_FEATURE_DMA_LOGGING_START] = {
		.present = has_logging,
		.ops	 = VFIO_DEVICE_FEATURE_SET,
		.size	 = sizeof(struct vfio_device_feature_dma_logging_control),
		.run	 = logging_start,
	},
	[VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP] = {
		.present = has_logging,
		.ops	 = VFIO_DEVICE_FEATURE_SET,
		.run	 = logging_stop,
	},
	[VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT] = {
		.present = has_logging,
		.ops	 = VFIO_DEVICE_FEATURE_GET,
		.size	 = sizeof(struct vfio_device_feature_dma_logging_report),
		.run	 = logging_report,
	},
};

/**
 * vfio_device_feature - Execute VFIO_DEVICE_FEATURE
 * @device: the device, open and resumed
 * @arg: what the user passed to the ioctl
 *
 * Context: may sleep, touches user memory; no lock of the core is held.
 * Return: 0; -EFAULT; -ENOTTY for a feature that neither the core nor the
 * driver has for this device; -EINVAL for an argsz that is too small, unknown
 * flags, GET together with SET (except to PROBE), neither of the three, or an
 * operation that the feature does not have; else what the feature returns.
 */
int vfio_device_feature(struct vfio_device *device,
			struct vfio_device_feature __user *arg)
{
	const u32 get_set = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET;
	const size_t head = offsetof(struct vfio_device_feature, data);
	const struct vfio_feature *feature = NULL;
	struct vfio_device_feature call;
	u32 number;
	int ret;

	ret = vfio_copy_arg(&call, arg, head);
	if (ret)
		return ret;
	if (call.flags & ~(VFIO_DEVICE_FEATURE_MASK | get_set |
			   VFIO_DEVICE_FEATURE_PROBE))
		return -EINVAL;
	if ((call.flags & get_set) == get_set &&
	    !(call.flags & VFIO_DEVICE_FEATURE_PROBE))
		return -EINVAL;

	number = call.flags & VFIO_DEVICE_FEATURE_MASK;
	if (number < ARRAY_SIZE(vfio_features)) {
		number = array_index_nospec(number, ARRAY_SIZE(vfio_features));
		feature = &vfio_features[number];
	}
	if (!feature || !feature->run) {
		if (!device->ops->device_feature)
			return -ENOTTY;
		return device->ops->device_feature(device, call.flags,
						   arg->data,
						   call.argsz - head);
	}

	if (!feature->present(device))
		return -ENOTTY;
	ret = vfio_check_feature(call.flags, call.argsz - head, feature->ops,
				 feature->size);
	if (ret != 1)
		return ret;
	return feature->run(device, call.flags, arg->data);
}

/* Widen @node up to @last, with the tree's bounds kept right. */
static void range_widen(struct rb_root_cached *root,
			struct interval_tree_node *node, unsigned long last)
{
	interval_tree_remove(node, root);
	node->last = last;
	interval_tree_insert(node, root);
}

/* How many gaps between neighbours are at most @limit wide. */
static u32 count_gaps(struct rb_root_cached *root, unsigned long limit)
{
	struct interval_tree_node *node, *next;
	u32 gaps = 0;

	node = interval_tree_iter_first(root, 0, ULONG_MAX);
	while (node) {
		next = interval_tree_iter_next(node, 0, ULONG_MAX);
		if (next && next->start - node->last <= limit)
			gaps++;
		node = next;
	}
	return gaps;
}

/**
 * vfio_combine_iova_ranges - Reduce a set of IOVA ranges to what a device has
 * @root: interval tree of disjoint ranges, as log_start gets it
 * @cur_nodes: how many there are
 * @req_nodes: how many there may be, at least one
 *
 * Closes the narrowest gaps, among equals those at the lowest addresses: the
 * ranges left cover all that they did, and as little else as possible. Closing
 * one gap does not change the others, so the gaps to close are the
 * (cur_nodes - req_nodes) smallest: find how wide the widest of them is by
 * bisection, then sweep once. Nothing is allocated; the caller owns the nodes
 * that are taken out of the tree.
 *
 * Context: any; the caller keeps others from the tree.
 */
void vfio_combine_iova_ranges(struct rb_root_cached *root, u32 cur_nodes,
			      u32 req_nodes)
{
	unsigned long low = 0, high = ULONG_MAX;
	struct interval_tree_node *node, *next;
	u32 close, widest;

	if (cur_nodes <= req_nodes)
		return;
	close = cur_nodes - req_nodes;
	if (WARN_ON_ONCE(close > count_gaps(root, ULONG_MAX)))
		close = count_gaps(root, ULONG_MAX);
	if (!close)
		return;

	/* high: the smallest width that at least @close gaps do not exceed. */
	while (low < high) {
		unsigned long mid = low + (high - low) / 2;

		if (count_gaps(root, mid) >= close)
			high = mid;
		else
			low = mid + 1;
	}
	/* All narrower gaps are closed, and so many that are just as wide. */
	widest = close - (high ? count_gaps(root, high - 1) : 0);

	node = interval_tree_iter_first(root, 0, ULONG_MAX);
	while (close && (next = interval_tree_iter_next(node, 0, ULONG_MAX))) {
		unsigned long gap = next->start - node->last;

		if (gap > high || (gap == high && !widest)) {
			node = next;
			continue;
		}
		if (gap == high)
			widest--;
		interval_tree_remove(next, root);
		range_widen(root, node, next->last);
		close--;
	}
}
EXPORT_SYMBOL_GPL(vfio_combine_iova_ranges);
