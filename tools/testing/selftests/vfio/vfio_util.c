// SPDX-License-Identifier: GPL-2.0
/*
 * Devices under test: an mdev made by GUID, a PCI function bound to vfio-pci,
 * and the way from a sysfs device to its nodes below /dev/vfio. Called by the
 * fixtures of all VFIO selftests, as root, from one process at a time.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "vfio_util.h"

/*
 * How long to wait for what the kernel does asynchronously: a node in devtmpfs,
 * an instance given back by a release that DEBUG_KOBJECT_RELEASE puts off.
 */
#define SETTLE_MS	10000

static pid_t main_pid;
static char own_guid[37];

/* All tests of a program share one mdev; only the program itself ends it. */
static void __attribute__((constructor)) util_start(void)
{
	main_pid = getpid();
	mdev_guid(own_guid);
}

static void __attribute__((destructor)) util_end(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s", own_guid);
	if (getpid() == main_pid && access(path, F_OK) == 0)
		mdev_remove(own_guid);
}

int sysfs_read(const char *path, char *buf, size_t size)
{
	ssize_t len;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read(fd, buf, size - 1);
	if (len < 0)
		len = -errno;
	close(fd);
	if (len < 0)
		return len;
	buf[len] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

int sysfs_write(const char *path, const char *value)
{
	int fd, ret = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* The last component of what a symbolic link points at. */
int sysfs_link_name(const char *path, char *buf, size_t size)
{
	char target[PATH_MAX];
	const char *last;
	ssize_t len;

	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = '\0';
	last = strrchr(target, '/');
	snprintf(buf, size, "%s", last ? last + 1 : target);
	return 0;
}

/* devtmpfs makes nodes from another thread: give it time. */
static int wait_for_node(const char *node)
{
	long long end = now_ms() + SETTLE_MS;

	while (access(node, F_OK) < 0) {
		if (now_ms() > end)
			return -ENOENT;
		sleep_ms(10);
	}
	return 0;
}

/* <sysfs>/vfio-dev/vfioN/dev is what says that there is a cdev. */
int vfio_find_cdev(const char *sysfs, char *node, size_t size)
{
	char path[PATH_MAX];
	int ret = -ENOENT;
	char *name;
	glob_t g;

	snprintf(path, sizeof(path), "%s/vfio-dev/vfio*/dev", sysfs);
	if (glob(path, 0, NULL, &g))
		return -ENOENT;
	if (g.gl_pathc == 1) {
		*strrchr(g.gl_pathv[0], '/') = '\0';
		name = strrchr(g.gl_pathv[0], '/') + 1;
		snprintf(node, size, "/dev/vfio/devices/%s", name);
		ret = wait_for_node(node);
	}
	globfree(&g);
	return ret;
}

/* A group made for a device without an iommu has another name for its node. */
int vfio_find_group(const char *sysfs, char *node, size_t size)
{
	char path[PATH_MAX], id[32], name[64];
	int ret;

	snprintf(path, sizeof(path), "%s/iommu_group", sysfs);
	ret = sysfs_link_name(path, id, sizeof(id));
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/iommu_group/name", sysfs);
	if (sysfs_read(path, name, sizeof(name)) == 0 &&
	    strcmp(name, "vfio-noiommu") == 0) {
		snprintf(node, size, "/dev/vfio/noiommu-%s", id);
		if (access(node, F_OK) == 0)
			return 0;
	}
	snprintf(node, size, "/dev/vfio/%s", id);
	return wait_for_node(node);
}

int vfio_dut_from_sysfs(struct vfio_dut *dut, const char *sysfs)
{
	char real[PATH_MAX];
	int ret;

	memset(dut, 0, sizeof(*dut));
	if (!realpath(sysfs, real))
		return -errno;
	if (strlen(real) >= sizeof(dut->sysfs))
		return -ENAMETOOLONG;
	memcpy(dut->sysfs, real, strlen(real) + 1);
	snprintf(dut->name, sizeof(dut->name), "%s", strrchr(real, '/') + 1);
	dut->kind = strchr(dut->name, ':') ? VFIO_DUT_PCI : VFIO_DUT_MDEV;
	ret = vfio_find_group(dut->sysfs, dut->group, sizeof(dut->group));
	if (ret)
		return ret;
	if (vfio_find_cdev(dut->sysfs, dut->cdev, sizeof(dut->cdev)))
		dut->cdev[0] = '\0';
	return 0;
}

void mdev_guid(char guid[37])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), GRND_NONBLOCK) != sizeof(b)) {
		unsigned long long seed = now_ms() * 1000003ULL + getpid();
		static unsigned int calls;

		memset(b, 0, sizeof(b));
		memcpy(b, &seed, sizeof(seed));
		b[15] = ++calls;
	}
	snprintf(guid, 37,
		 "%02x%02x%02x%02x-%02x%02x-4%01x%02x-8%01x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6] & 15, b[7], b[8] & 15,
		 b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

int mdev_create(const char *type, const char *guid)
{
	char path[PATH_MAX];
	int ret = -ENODEV;
	glob_t g;

	snprintf(path, sizeof(path),
		 "/sys/class/mdev_bus/*/mdev_supported_types/%s/create", type);
	if (glob(path, 0, NULL, &g))
		return -ENODEV;
	if (g.gl_pathc)
		ret = sysfs_write(g.gl_pathv[0], guid);
	globfree(&g);
	return ret;
}

int mdev_remove(const char *guid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/remove", guid);
	return sysfs_write(path, "1");
}

/* Wait out an instance whose release is still to come. */
static int mdev_create_patiently(const char *type, const char *guid)
{
	long long end = now_ms() + SETTLE_MS;
	int ret;

	do {
		ret = mdev_create(type, guid);
		if (ret != -ENOSPC && ret != -EUSERS)
			return ret;
		sleep_ms(100);
	} while (now_ms() < end);
	return ret;
}

int vfio_dut_new_mdev(struct vfio_dut *dut)
{
	char path[PATH_MAX], guid[37];
	int ret;

	mdev_guid(guid);
	ret = mdev_create_patiently(MTTY_TYPE, guid);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s", guid);
	return vfio_dut_from_sysfs(dut, path);
}

static bool pci_id_is(const char *bdf, const char *attr, unsigned int id)
{
	char path[PATH_MAX], value[32];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, attr);
	return sysfs_read(path, value, sizeof(value)) == 0 &&
	       strtoul(value, NULL, 16) == id;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int pci_find(unsigned int vendor, unsigned int device, int nth, char bdf[16])
{
	struct dirent **list;
	int i, n, ret = -ENODEV;

	n = scandir("/sys/bus/pci/devices", &list, NULL, by_name);
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		if (ret && list[i]->d_name[0] != '.' &&
		    pci_id_is(list[i]->d_name, "vendor", vendor) &&
		    pci_id_is(list[i]->d_name, "device", device) &&
		    nth-- == 0) {
			snprintf(bdf, 16, "%.15s", list[i]->d_name);
			ret = 0;
		}
		free(list[i]);
	}
	free(list);
	return ret;
}

static bool pci_driver_is(const char *bdf, const char *driver)
{
	char path[PATH_MAX], name[64];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", bdf);
	return sysfs_link_name(path, name, sizeof(name)) == 0 &&
	       strcmp(name, driver) == 0;
}

int pci_unbind(const char *bdf)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver/unbind",
		 bdf);
	return sysfs_write(path, bdf);
}

int pci_bind(const char *bdf, const char *driver)
{
	char path[PATH_MAX];
	int ret;

	if (pci_driver_is(bdf, driver))
		return 0;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override",
		 bdf);
	ret = sysfs_write(path, driver);
	if (ret)
		return ret;
	ret = pci_unbind(bdf);
	if (ret && ret != -ENOENT)
		return ret;
	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind", driver);
	return sysfs_write(path, bdf);
}

static int get_mdev(struct vfio_dut *dut, const char **why)
{
	const char *guid = getenv("VFIO_TEST_MDEV");
	char path[PATH_MAX];
	int ret;

	if (!guid)
		guid = own_guid;
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s", guid);
	if (access(path, F_OK) < 0) {
		ret = mdev_create_patiently(MTTY_TYPE, guid);
		if (ret) {
			*why = "no mdev of type " MTTY_TYPE;
			return ret;
		}
	}
	return vfio_dut_from_sysfs(dut, path);
}

static int get_pci(struct vfio_dut *dut, int nth, const char **why)
{
	const char *named = getenv("VFIO_TEST_PCI");
	char path[PATH_MAX], bdf[16];
	int ret;

	if (named && nth == 0) {
		snprintf(bdf, sizeof(bdf), "%s", named);
	} else {
		ret = pci_find(EDU_VENDOR, EDU_DEVICE, nth, bdf);
		if (ret) {
			*why = "no edu function";
			return ret;
		}
	}
	ret = pci_bind(bdf, "vfio-pci");
	if (ret) {
		*why = "vfio-pci does not take the function";
		return ret;
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", bdf);
	return vfio_dut_from_sysfs(dut, path);
}

int vfio_dut_get(struct vfio_dut *dut, enum vfio_dut_kind kind, int nth,
		 const char **why)
{
	*why = "the device has no vfio nodes";
	if (kind == VFIO_DUT_MDEV)
		return get_mdev(dut, why);
	return get_pci(dut, nth, why);
}

bool vfio_dut_pair(struct vfio_dut dut[2])
{
	const char *why;
	int i;

	for (i = 0; vfio_dut_get(&dut[1], VFIO_DUT_PCI, i, &why) == 0; i++) {
		if (i && strcmp(dut[0].group, dut[1].group) == 0)
			return dut[0].cdev[0] && dut[1].cdev[0];
		dut[0] = dut[1];
	}
	return false;
}
