// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: the end of a device that is in use
 *
 * vfio_unregister_group_dev() (device.c) waits here for the users of a device,
 * in the driver's remove, under device_lock() and nothing else. See the DOC
 * section below.
 */
#include <linux/iommu.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include <trace/events/vfio.h>

#include "vfio.h"

/**
 * DOC: Revocation
 *
 * A device that leaves asks its users to let go, every ten seconds, and waits.
 * With a time set, by the module parameter "revoke_timeout" or the attribute of
 * the same name of the device, it takes itself away from those that have not:
 *
 * 1. Every fd of the device is marked, and no new one is let in. Who polls one
 *    is woken.
 * 2. The gate of each is closed: from now on, calls give ENODEV and page faults
 *    a page with all bits set. Then wait until nobody is inside any more.
 * 3. All mappings of the device are zapped.
 * 4. Each fd lets go of the device as close(2) would have it: the last one
 *    closes the driver, unbinds the DMA context, drops KVM, group and module.
 *
 * What is left to the program is core memory alone, until it closes its files:
 * the fd, the class device, the inode of the mappings. Closing them later does
 * nothing to a device that is bound anew meanwhile.
 *
 * Step 2 has no end as long as a call does not come back, and there is no going
 * on without: the driver is on that call's stack. A call hangs where it touches
 * user memory that somebody else provides (userfaultfd, FUSE); such a wait is
 * ended by killing the program, which the log names.
 */

#define VFIO_REQUEST_PERIOD	(10 * HZ)
#define VFIO_DRAIN_PATIENCE	(3 * HZ)
#define VFIO_REVOKE_MAX		86400
#define VFIO_NAMED_MAX		8

static unsigned int vfio_revoke_timeout;

static int vfio_revoke_timeout_set(const char *val,
				   const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 0, VFIO_REVOKE_MAX);
}

static const struct kernel_param_ops vfio_revoke_timeout_ops = {
	.set = vfio_revoke_timeout_set,
	.get = param_get_uint,
};

module_param_cb(revoke_timeout, &vfio_revoke_timeout_ops, &vfio_revoke_timeout,
		0644);
MODULE_PARM_DESC(revoke_timeout,
		 "Seconds after which a device that is to go is taken away from programs that have it open. 0: wait for them for ever. A device's own attribute of this name has precedence. (default: 0)");

static unsigned int vfio_device_revoke_timeout(struct vfio_device *device)
{
	int own = READ_ONCE(device->revoke_timeout);

	return own < 0 ? READ_ONCE(vfio_revoke_timeout) : own;
}

static ssize_t revoke_timeout_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	struct vfio_device *device = container_of(dev, struct vfio_device,
						  device);

	return sysfs_emit(buf, "%u\n", vfio_device_revoke_timeout(device));
}

static ssize_t revoke_timeout_store(struct device *dev,
				    struct device_attribute *attr,
				    const char *buf, size_t count)
{
	struct vfio_device *device = container_of(dev, struct vfio_device,
						  device);
	int seconds, ret;

	if (sysfs_streq(buf, "default")) {
		seconds = -1;
	} else {
		ret = kstrtoint(buf, 0, &seconds);
		if (ret)
			return ret;
		if (seconds < 0 || seconds > VFIO_REVOKE_MAX)
			return -ERANGE;
	}
	WRITE_ONCE(device->revoke_timeout, seconds);
	return count;
}
static DEVICE_ATTR_RW(revoke_timeout);

static struct attribute *vfio_device_attrs[] = {
	&dev_attr_revoke_timeout.attr,
	NULL,
};

static const struct attribute_group vfio_device_group = {
	.attrs = vfio_device_attrs,
};

const struct attribute_group *vfio_device_groups[] = {
	&vfio_device_group,
	NULL,
};

/* Say which programs have the device. */
static void vfio_device_name_users(struct vfio_device *device)
{
	unsigned int named = 0, more = 0;
	struct vfio_fd *fd;

	spin_lock(&device->files_lock);
	list_for_each_entry(fd, &device->files, node) {
		if (named++ < VFIO_NAMED_MAX)
			dev_info(device->dev,
				 "in use by \"%s\" (%d), waiting for it to let go\n",
				 fd->comm, pid_nr(fd->opener));
		else
			more++;
	}
	spin_unlock(&device->files_lock);
	if (more)
		dev_info(device->dev, "in use through %u more files\n", more);
}

/* Step 1. False if one of the fds is in the way, which is said if @tell. */
static bool vfio_revoke_mark(struct vfio_device *device,
			     struct list_head *marked, bool tell)
{
	struct vfio_fd *fd, *stuck = NULL;
	bool coherent;
	char *path;

	coherent = device_iommu_capable(device->dev,
					IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
	path = kobject_get_path(&device->dev->kobj, GFP_KERNEL);

	spin_lock(&device->files_lock);
	list_for_each_entry(fd, &device->files, node) {
		if (fd->unzappable)
			stuck = fd;
	}
	if (stuck) {
		if (tell)
			dev_warn(device->dev,
				 "cannot be revoked: \"%s\" (%d) has it mapped in a way that cannot be undone\n",
				 stuck->comm, pid_nr(stuck->opener));
	} else {
		device->revoked = true;
		swap(device->syspath, path);
		list_for_each_entry(fd, &device->files, node) {
			/* Its file had a device that is registered so far. */
			get_device(&device->device);
			fd->revoked = true;
			fd->coherent = coherent;
			kref_get(&fd->ref);
		}
		list_splice_init(&device->files, marked);
	}
	spin_unlock(&device->files_lock);

	kfree(path);
	return !stuck;
}

/* Step 2, the wait. Being inside, the driver has no time limit. */
static void vfio_revoke_drain(struct vfio_fd *fd)
{
	bool told = false;

	while (!wait_event_timeout(fd->device->wait,
				   vfio_gate_is_drained(fd),
				   VFIO_DRAIN_PATIENCE)) {
		if (!told)
			dev_warn(fd->device->dev,
				 "cannot be revoked yet: a call through a file that \"%s\" (%d) opened does not return; kill the program that made it\n",
				 fd->comm, pid_nr(fd->opener));
		told = true;
	}
	trace_vfio_drained(fd->device, fd->comm, pid_nr(fd->opener), 0);
}

static bool vfio_device_revoke(struct vfio_device *device, bool tell)
{
	struct vfio_fd *fd, *next;
	LIST_HEAD(marked);

	if (!vfio_revoke_mark(device, &marked, tell))
		return false;

	list_for_each_entry(fd, &marked, node) {
		dev_warn(device->dev, "revoked from \"%s\" (%d)\n", fd->comm,
			 pid_nr(fd->opener));
		trace_vfio_revoke(device, fd->comm, pid_nr(fd->opener), 0);
		vfio_gate_close(fd);
	}
	wake_up_poll(&device->wait, EPOLLHUP | EPOLLERR);
	list_for_each_entry(fd, &marked, node)
		vfio_revoke_drain(fd);

	list_for_each_entry(fd, &marked, node)
		vfio_vma_settle(fd);
	unmap_mapping_range(device->inode->i_mapping, 0, 0, 1);

	list_for_each_entry_safe(fd, next, &marked, node) {
		list_del_init(&fd->node);
		vfio_fd_close(fd);
		vfio_fd_put(fd);
	}
	return true;
}

/* How long the users may still have the device; zero when time is up. */
static unsigned long vfio_device_time_left(struct vfio_device *device,
					   unsigned long start)
{
	unsigned long limit = vfio_device_revoke_timeout(device) * HZ;
	unsigned long passed = jiffies - start;

	if (!limit)
		return MAX_SCHEDULE_TIMEOUT;
	return passed < limit ? limit - passed : 0;
}

/**
 * vfio_device_wait_unused() - ask the users to let go, until they have
 * @device: a device that cannot be opened any more
 *
 * A time that is set while this waits is heeded within a second. A file that
 * is in the way of revocation may be closed meanwhile, so that is tried again.
 *
 * Context: the driver's remove, under device_lock().
 */
void vfio_device_wait_unused(struct vfio_device *device)
{
	struct completion *done = &device->comp;
	unsigned long start = jiffies, ask_at = start;
	bool told = false, named = false, tried = false;
	unsigned int asked = 0;
	unsigned long now, wait;
	long left;

	while (!try_wait_for_completion(done)) {
		now = jiffies;
		if (time_after_eq(now, ask_at)) {
			if (device->ops->request)
				device->ops->request(device, asked++);
			ask_at = now + VFIO_REQUEST_PERIOD;
		}

		wait = vfio_device_time_left(device, start);
		if (!wait) {
			if (vfio_device_revoke(device, !tried)) {
				/* What others hold, they hold for a moment. */
				wait_for_completion(done);
				return;
			}
			tried = true;
			wait = HZ;
		}
		wait = min3(wait, ask_at - now, (unsigned long)HZ);

		/*
		 * A signal does not end the wait, there is no way back from
		 * here; it is a chance to say what the task hangs on.
		 */
		if (told)
			left = wait_for_completion_timeout(done, wait);
		else
			left = wait_for_completion_interruptible_timeout(done, wait);
		if (left > 0)
			return;
		if (left < 0) {
			told = true;
			dev_warn(device->dev,
				 "Device is currently in use, task \"%s\" (%d) blocked until device is released\n",
				 current->comm, task_pid_nr(current));
		}
		if (!named) {
			named = true;
			vfio_device_name_users(device);
		}
	}
}
