/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loading and unloading of the modules that stand in for drivers: next to the
 * program in the source tree, in /lib/modules in a guest.
 */
#ifndef VFIO_SELFTEST_MODULE_H
#define VFIO_SELFTEST_MODULE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* 0, or a negative errno: ENOENT if there is no such module. */
static inline int module_load(const char *name, const char *params)
{
	static const char *const folders[] = { "modules", "/lib/modules" };
	char path[128];
	unsigned int i;
	int fd, ret;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s.ko", folders[i], name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		ret = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
		close(fd);
		return ret;
	}
	return -ENOENT;
}

static inline int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

#endif
