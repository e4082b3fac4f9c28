// SPDX-License-Identifier: GPL-2.0
/*
 * Looks at iommu groups from all sides while somebody else plugs devices in and
 * out: attributes of all groups, the groups of PCI functions, VFIO's group
 * nodes and their status. Errors are what happens to those who look at what
 * goes; nothing is said about them but their number.
 *
 * usage: group_storm SECONDS, or until SIGTERM
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "../kselftest.h"

#define GROUPS	"/sys/kernel/iommu_groups"
#define PCI	"/sys/bus/pci/devices"

static atomic_bool stop;

struct work {
	const char *name;
	void (*round)(struct work *work);
	unsigned long good, bad;
	pthread_t thread;
};

static void count(struct work *work, bool good)
{
	if (good)
		work->good++;
	else
		work->bad++;
}

static void each(const char *path, struct work *work,
		 void (*fn)(struct work *work, const char *name))
{
	struct dirent *entry;
	DIR *dir = opendir(path);

	if (!dir)
		return;
	while (!stop && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			fn(work, entry->d_name);
	closedir(dir);
}

static bool reads(const char *path)
{
	char buf[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && read(fd, buf, sizeof(buf)) >= 0;

	if (fd >= 0)
		close(fd);
	return good;
}

static void one_group(struct work *work, const char *name)
{
	static const char *const attr[] = { "type", "reserved_regions" };
	char path[512];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), GROUPS "/%s/%s", name, attr[i]);
		count(work, reads(path));
	}
}

static void read_groups(struct work *work)
{
	each(GROUPS, work, one_group);
}

static void one_link(struct work *work, const char *name)
{
	char path[512], target[512];
	ssize_t len;

	snprintf(path, sizeof(path), PCI "/%s/iommu_group", name);
	len = readlink(path, target, sizeof(target) - 1);
	count(work, len > 0);
	if (len <= 0)
		return;
	target[len] = 0;
	snprintf(path, sizeof(path), PCI "/%s/iommu_group/devices/%s/vendor",
		 name, name);
	count(work, reads(path));
}

static void read_links(struct work *work)
{
	each(PCI, work, one_link);
}

static void one_node(struct work *work, const char *name)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[512];
	int fd;

	if (name[0] < '0' || name[0] > '9')
		return;
	snprintf(path, sizeof(path), "/dev/vfio/%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	count(work, fd >= 0 && !ioctl(fd, VFIO_GROUP_GET_STATUS, &status));
	if (fd >= 0)
		close(fd);
}

static void open_nodes(struct work *work)
{
	each("/dev/vfio", work, one_node);
	usleep(500);
}

/* What a program does with a group that it means to use. */
static void one_user(struct work *work, const char *name)
{
	int container, group;
	char path[512];
	bool good;

	if (name[0] < '0' || name[0] > '9')
		return;
	snprintf(path, sizeof(path), "/dev/vfio/%s", name);
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	group = open(path, O_RDWR | O_CLOEXEC);
	good = group >= 0 && container >= 0 &&
	       !ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) &&
	       !ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	count(work, good);
	if (group >= 0)
		close(group);
	if (container >= 0)
		close(container);
}

static void use_groups(struct work *work)
{
	each("/dev/vfio", work, one_user);
	usleep(2000);
}

static struct work works[] = {
	{ .name = "attributes", .round = read_groups },
	{ .name = "links", .round = read_links },
	{ .name = "nodes", .round = open_nodes },
	{ .name = "owners", .round = use_groups },
};

static void *run(void *data)
{
	struct work *work = data;

	while (!stop)
		work->round(work);
	return NULL;
}

static void enough(int sig)
{
	stop = true;
}

int main(int argc, char **argv)
{
	unsigned int i, seconds = argc > 1 ? atoi(argv[1]) : 10;

	signal(SIGTERM, enough);
	for (i = 0; i < ARRAY_SIZE(works); i++)
		if (pthread_create(&works[i].thread, NULL, run, &works[i]))
			return 1;
	while (seconds-- && !stop)
		sleep(1);
	stop = true;
	for (i = 0; i < ARRAY_SIZE(works); i++) {
		pthread_join(works[i].thread, NULL);
		printf("%s: %lu good, %lu refused\n", works[i].name,
		       works[i].good, works[i].bad);
	}
	for (i = 0; i < ARRAY_SIZE(works); i++)
		if (!works[i].good)
			return 2;
	return 0;
}
