// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: what /proc says of a device fd
 *
 * Called from procfs for any task that may look at the fd, with a reference to
 * the file and no lock. What it says is in Documentation/ABI.
 */
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "vfio.h"

static const char * const vfio_fd_state_names[VFIO_FD_NR_STATES] = {
	[VFIO_FD_UNBOUND] = "unbound",
	[VFIO_FD_BINDING] = "binding",
	[VFIO_FD_LIVE] = "live",
	[VFIO_FD_DEAD] = "revoked",
};

/* The driver behind the device may be gone by now, and its name with it. */
static void vfio_fd_show_revoked(struct seq_file *m, struct vfio_fd *fd)
{
	struct vfio_device *device = fd->device;

	spin_lock(&device->files_lock);
	if (device->syspath)
		seq_printf(m, "vfio-device-syspath: /sys%s\n",
			   device->syspath);
	spin_unlock(&device->files_lock);
	seq_printf(m, "vfio-device-state: %s\n",
		   vfio_fd_state_names[VFIO_FD_DEAD]);
}

static void vfio_fd_show_present(struct seq_file *m, struct vfio_fd *fd)
{
	char *path;

	path = kobject_get_path(&fd->device->dev->kobj, GFP_KERNEL);
	if (path)
		seq_printf(m, "vfio-device-syspath: /sys%s\n", path);
	kfree(path);
	seq_printf(m, "vfio-device-state: %s\n",
		   vfio_fd_state_names[READ_ONCE(fd->state)]);
}

/**
 * vfio_fd_show_fdinfo() - /proc/PID/fdinfo/FD
 * @m: where to
 * @file: a file of a device
 */
void vfio_fd_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct vfio_fd *fd = file->private_data;
	pid_t pid;

	if (vfio_gate_enter(fd)) {
		vfio_fd_show_present(m, fd);
		vfio_gate_leave(fd);
	} else {
		vfio_fd_show_revoked(m, fd);
	}

	/* Who got the fd from elsewhere may not know of that process. */
	pid = pid_nr_ns(fd->opener, proc_pid_ns(file_inode(m->file)->i_sb));
	if (pid)
		seq_printf(m, "vfio-device-opener: %d %s\n", pid, fd->comm);
}
