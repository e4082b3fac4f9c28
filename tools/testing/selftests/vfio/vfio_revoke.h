/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of revocation share: setting the time after which a device is
 * taken away, taking it away from a process that has none of its files, and
 * what must be true of a file afterwards. Included by the programs.
 */
#ifndef VFIO_SELFTEST_REVOKE_H
#define VFIO_SELFTEST_REVOKE_H

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "edu.h"

#define REVOKE_PARAM	"/sys/module/vfio/parameters/revoke_timeout"
#define REVOKE_S	1	/* the time that most tests set */
/* What closing may take on an emulated machine that others load. */
#define REVOKE_CLOSE_MS	15000
#define REVOKE_WAIT_MS	60000

static inline int revoke_attr(const struct vfio_dut *dut, char *path,
			      size_t size)
{
	char pattern[512];
	int ret = -ENOENT;
	glob_t g;

	snprintf(pattern, sizeof(pattern), "%s/vfio-dev/vfio*/revoke_timeout",
		 dut->sysfs);
	if (glob(pattern, 0, NULL, &g))
		return ret;
	if (g.gl_pathc == 1) {
		snprintf(path, size, "%s", g.gl_pathv[0]);
		ret = 0;
	}
	globfree(&g);
	return ret;
}

static inline int revoke_set(const struct vfio_dut *dut, const char *value)
{
	char path[512];
	int ret;

	ret = revoke_attr(dut, path, sizeof(path));
	return ret ?: sysfs_write(path, value);
}

static inline int revoke_get(const struct vfio_dut *dut, char *buf, size_t size)
{
	char path[512];
	int ret;

	ret = revoke_attr(dut, path, sizeof(path));
	return ret ?: sysfs_read(path, buf, size);
}

static inline int revoke_set_seconds(const struct vfio_dut *dut, int seconds)
{
	char value[16];

	snprintf(value, sizeof(value), "%d", seconds);
	return revoke_set(dut, value);
}

/* In a process of its own, which has mappings but no files. */
static inline pid_t revoke_start(const struct vfio_dut *dut)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	syscall(SYS_close_range, 3, ~0U, 0);
	if (dut->kind == VFIO_DUT_PCI)
		_exit(pci_unbind(dut->name) ? 1 : 0);
	_exit(mdev_remove(dut->name) ? 1 : 0);
}

/* The exit status of a process, or -1 if it is not done within @ms. */
static inline int revoke_done(pid_t pid, int ms)
{
	long long end = now_ms() + ms;
	int status;
	pid_t ret;

	while ((ret = waitpid(pid, &status, WNOHANG)) == 0) {
		if (now_ms() > end)
			return -1;
		sleep_ms(10);
	}
	if (ret < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Take the device away and wait; how long it took in *ms. */
static inline int revoke_now(const struct vfio_dut *dut, long long *ms)
{
	long long start = now_ms();
	int ret;

	ret = revoke_done(revoke_start(dut), REVOKE_WAIT_MS);
	*ms = now_ms() - start;
	return ret;
}

/* A register, looked at each time. */
static inline __u32 reg_read(const void *at)
{
	return __atomic_load_n((const __u32 *)at, __ATOMIC_RELAXED);
}

static inline void reg_write(void *at, __u32 value)
{
	__atomic_store_n((__u32 *)at, value, __ATOMIC_RELAXED);
}

/* The first call that does not answer as it should, or "". */
static inline const char *revoked_badly(int fd)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind), .iommufd = 0,
	};
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct vfio_device_info info;
	char byte = 0;
	void *map;

	if (device_info(fd, &info) != -ENODEV)
		return "VFIO_DEVICE_GET_INFO";
	if (vfio_ioctl_val(fd, VFIO_DEVICE_RESET, 0) != -ENODEV)
		return "VFIO_DEVICE_RESET";
	if (vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &bind) != -ENODEV)
		return "VFIO_DEVICE_BIND_IOMMUFD";
	if (vfio_detach(fd) != -ENODEV)
		return "VFIO_DEVICE_DETACH_IOMMUFD_PT";
	if (pread(fd, &byte, 1, 0) != -1 || errno != ENODEV)
		return "read";
	if (pwrite(fd, &byte, 1, 0) != -1 || errno != ENODEV)
		return "write";
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED || errno != ENODEV)
		return "mmap";
	if (poll(&p, 1, 0) != 1 || p.revents != (POLLHUP | POLLERR))
		return "poll";
	return "";
}

/* The value of a line of an fd's fdinfo; false if there is none. */
static inline bool fdinfo_line(int fd, const char *name, char *value,
			       size_t size)
{
	char path[64], line[512];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "r");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		size_t len = strlen(name);

		if (strncmp(line, name, len) || line[len] != ':')
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(value, size, "%.*s", (int)size - 1, line + len + 2);
		found = true;
	}
	fclose(f);
	return found;
}

#endif
