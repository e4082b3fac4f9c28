// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs: vfio/<device>/migration/state
 *
 * The core calls this when the module loads and unloads and when a device is
 * registered and unregistered. Reading takes device->dev_set->lock, which keeps
 * the device from being opened or closed meanwhile.
 */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/seq_file.h>
#include <linux/vfio.h>
#include "vfio.h"

static struct dentry *vfio_debugfs_root;

static const char * const migration_state_names[] = {
	[VFIO_DEVICE_STATE_ERROR]	= "ERROR",
	[VFIO_DEVICE_STATE_STOP]	= "STOP",
	[VFIO_DEVICE_STATE_RUNNING]	= "RUNNING",
	[VFIO_DEVICE_STATE_STOP_COPY]	= "STOP_COPY",
	[VFIO_DEVICE_STATE_RESUMING]	= "RESUMING",
	[VFIO_DEVICE_STATE_RUNNING_P2P]	= "RUNNING_P2P",
	[VFIO_DEVICE_STATE_PRE_COPY]	= "PRE_COPY",
	[VFIO_DEVICE_STATE_PRE_COPY_P2P] = "PRE_COPY_P2P",
};

static_assert(ARRAY_SIZE(migration_state_names) == VFIO_DEVICE_STATE_NR);

/*
 * A device that nobody has open has no state of its own, and its driver is not
 * asked: open_device() may be yet to set up, or close_device() have torn down,
 * what the answer depends on. Say what the next open starts with.
 */
static int migration_state_show(struct seq_file *seq, void *unused)
{
	enum vfio_device_mig_state state = VFIO_DEVICE_STATE_RUNNING;
	struct vfio_device *device = seq->private;
	int err;

	err = mutex_lock_interruptible(&device->dev_set->lock);
	if (err)
		return err;
	if (device->open_count)
		err = device->mig_ops->migration_get_state(device, &state);
	mutex_unlock(&device->dev_set->lock);
	if (err)
		return -EINVAL;

	seq_printf(seq, "%s\n", state < VFIO_DEVICE_STATE_NR ?
		   migration_state_names[state] : "Invalid");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(migration_state);

/**
 * vfio_device_debugfs_init - Add a device's folder
 * @device: the device, just registered; it has its dev_set
 *
 * Context: may sleep. debugfs reports no errors that callers need to heed.
 */
void vfio_device_debugfs_init(struct vfio_device *device)
{
	struct dentry *folder;

	folder = debugfs_create_dir(dev_name(device->dev), vfio_debugfs_root);
	device->debug_root = folder;
	if (!device->mig_ops)
		return;

	folder = debugfs_create_dir("migration", folder);
	debugfs_create_file("state", 0444, folder, device,
			    &migration_state_fops);
}

/**
 * vfio_device_debugfs_exit - Remove a device's folder
 * @device: the device, still in its dev_set
 *
 * Context: may sleep, waits for readers: not under device->dev_set->lock.
 */
void vfio_device_debugfs_exit(struct vfio_device *device)
{
	debugfs_remove_recursive(device->debug_root);
	device->debug_root = NULL;
}

/**
 * vfio_debugfs_create_root - Add the folder of all devices
 *
 * Context: module init, before the first device is registered.
 */
void vfio_debugfs_create_root(void)
{
	vfio_debugfs_root = debugfs_create_dir("vfio", NULL);
}

/**
 * vfio_debugfs_remove_root - Remove the folder of all devices
 *
 * Context: module exit, when the last device is gone.
 */
void vfio_debugfs_remove_root(void)
{
	debugfs_remove_recursive(vfio_debugfs_root);
	vfio_debugfs_root = NULL;
}
