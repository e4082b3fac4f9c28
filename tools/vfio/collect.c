// SPDX-License-Identifier: GPL-2.0-only
/*
 * lsvfio: read sysfs and procfs. Any file may vanish while it is looked at,
 * and counts as one that is not there.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lsvfio.h"

static const char *root;

static void *must(void *p)
{
	if (p)
		return p;
	perror("lsvfio");
	exit(1);
}

/* Below the root. Good until the fourth call after this one. */
static const char *at(const char *format, ...)
{
	static char ring[4][PATH_MAX];
	static unsigned int turn;
	char *buf = ring[turn++ % 4];
	va_list args;
	int n;

	n = snprintf(buf, PATH_MAX, "%s", root);
	va_start(args, format);
	vsnprintf(buf + n, PATH_MAX - n, format, args);
	va_end(args);
	return buf;
}

/* The first line of a file, or "". */
static char *line_of(const char *path)
{
	char buf[1024];
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	if (fd >= 0)
		close(fd);
	buf[n < 0 ? 0 : n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return must(strdup(buf));
}

/* The last component of what a link leads to, or "". */
static char *link_name(const char *path)
{
	char buf[PATH_MAX], *slash;
	ssize_t n = readlink(path, buf, sizeof(buf) - 1);

	buf[n < 0 ? 0 : n] = '\0';
	slash = strrchr(buf, '/');
	return must(strdup(slash ? slash + 1 : buf));
}

/* Where a link leads, as a path below the root. */
static char *resolved(const char *path)
{
	char buf[PATH_MAX];

	if (!realpath(path, buf))
		return must(strdup(""));
	return must(strdup(buf + (strncmp(buf, root, strlen(root)) ? 0 :
				  strlen(root))));
}

static int not_hidden(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* Call @visit for each name in a directory, in the order of their numbers. */
static void each(const char *path, void (*visit)(const char *name, void *data),
		 void *data)
{
	struct dirent **list;
	int i, n;

	n = scandir(path, &list, not_hidden, versionsort);
	for (i = 0; i < n; i++) {
		visit(list[i]->d_name, data);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

#define APPEND(head, item) do {			\
	__typeof__(head) *_p = &(head);		\
						\
	while (*_p)				\
		_p = &(*_p)->next;		\
	*_p = (item);				\
} while (0)

/*
 * Drivers that leave the DMA of a device alone, so that it may share a group
 * with devices of user space. The kernel does not show this in sysfs.
 */
static bool driver_is_neutral(const char *driver)
{
	return !driver[0] || !strcmp(driver, "pcieport") ||
	       !strcmp(driver, "pci-stub");
}

static void find_cdev(const char *name, void *data)
{
	struct device *device = data;
	char node[PATH_MAX];

	device->vfio = true;
	snprintf(node, sizeof(node), "/dev/vfio/devices/%s", name);
	if (!access(at("%s", node), F_OK))
		device->cdev = must(strdup(node));
}

static void add_device(const char *name, void *data)
{
	struct group *group = data;
	struct device *device = must(calloc(1, sizeof(*device)));
	const char *link;

	link = at("/sys/kernel/iommu_groups/%d/devices/%s", group->id, name);
	device->path = resolved(link);
	device->name = must(strdup(strrchr(device->path, '/') ?
				   strrchr(device->path, '/') + 1 : name));
	device->driver = link_name(at("%s/driver", device->path));
	device->iommu = link_name(at("%s/iommu", device->path));
	device->type = link_name(at("%s/mdev_type", device->path));
	device->cdev = "";
	each(at("%s/vfio-dev", device->path), find_cdev, device);
	/* A kernel without vfio-dev: the names of the drivers must do. */
	if (!device->vfio && !strncmp(device->driver, "vfio", 4))
		device->vfio = true;
	device->blocks = !device->vfio && !driver_is_neutral(device->driver);
	group->vfio |= device->vfio;
	group->viable &= !device->blocks;
	APPEND(group->devices, device);
}

static void add_group(const char *name, void *data)
{
	struct group *group = must(calloc(1, sizeof(*group)));
	struct view *view = data;
	char node[64];

	if (!isdigit((unsigned char)name[0]))
		return;
	group->id = atoi(name);
	group->viable = true;
	group->name = line_of(at("/sys/kernel/iommu_groups/%s/name", name));
	group->domain = line_of(at("/sys/kernel/iommu_groups/%s/type", name));
	snprintf(node, sizeof(node), "/dev/vfio/%d", group->id);
	if (access(at("%s", node), F_OK))
		snprintf(node, sizeof(node), "/dev/vfio/noiommu-%d",
			 group->id);
	group->node = must(strdup(access(at("%s", node), F_OK) ? "" : node));
	each(at("/sys/kernel/iommu_groups/%s/devices", name), add_device,
	     group);
	APPEND(view->groups, group);
}

static void add_instance(const char *name, void *data)
{
	struct device *device = must(calloc(1, sizeof(*device)));
	struct type *type = data;

	device->name = must(strdup(name));
	APPEND(type->devices, device);
}

static void add_type(const char *name, void *data)
{
	struct type *type = must(calloc(1, sizeof(*type)));
	struct parent *parent = data;
	char dir[PATH_MAX];
	char *left;

	snprintf(dir, sizeof(dir), "%s/mdev_supported_types/%s", parent->path,
		 name);
	type->id = must(strdup(name));
	type->name = line_of(at("%s/name", dir));
	type->api = line_of(at("%s/device_api", dir));
	left = line_of(at("%s/available_instances", dir));
	type->available = left[0] ? atoi(left) : -1;
	each(at("%s/devices", dir), add_instance, type);
	APPEND(parent->types, type);
}

static void add_parent(const char *name, void *data)
{
	struct parent *parent = must(calloc(1, sizeof(*parent)));
	struct view *view = data;

	parent->name = must(strdup(name));
	parent->path = resolved(at("/sys/class/mdev_bus/%s", name));
	parent->driver = link_name(at("%s/driver", parent->path));
	each(at("%s/mdev_supported_types", parent->path), add_type, parent);
	APPEND(view->parents, parent);
}

/* A value behind "key:" in a process's fdinfo, or "". */
static char *info_of(const char *pid, const char *fd, const char *key)
{
	char line[PATH_MAX], *value = "";
	size_t len = strlen(key);
	FILE *f;

	f = fopen(at("/proc/%s/fdinfo/%s", pid, fd), "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, key, len) && line[len] == ':')
			value = must(strdup(line + len + 1 +
					    strspn(line + len + 1, " \t")));
	}
	if (f)
		fclose(f);
	return value;
}

/* One entry for a process, however many files it has there. */
static void add_opener(struct opener **list, const char *pid, char *state)
{
	struct opener *o;

	for (o = *list; o; o = o->next) {
		if (o->pid == atoi(pid))
			return;
	}
	o = must(calloc(1, sizeof(*o)));
	o->pid = atoi(pid);
	o->comm = line_of(at("/proc/%s/comm", pid));
	o->state = state;
	APPEND(*list, o);
}

struct file {
	const struct view *view;
	const char *pid;
	int unknown;
};

static void sort_file(const char *fd, void *data)
{
	struct file *file = data;
	char target[PATH_MAX], *path, *state;
	struct device *d;
	struct group *g;
	bool is_device;
	ssize_t n;

	n = readlink(at("/proc/%s/fd/%s", file->pid, fd), target,
		     sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	is_device = !strcmp(target, "anon_inode:[vfio-device]") ||
		    !strncmp(target, "/dev/vfio/devices/", 18);
	if (!is_device && strncmp(target, "/dev/vfio/", 10))
		return;
	path = is_device ? info_of(file->pid, fd, "vfio-device-syspath") : "";
	state = is_device ? info_of(file->pid, fd, "vfio-device-state") : "";
	for (g = file->view->groups; g; g = g->next) {
		if (!strcmp(target, g->node)) {
			add_opener(&g->openers, file->pid, "");
			return;
		}
		for (d = g->devices; is_device && d; d = d->next) {
			if (!strcmp(target, d->cdev) ||
			    (!strncmp(path, "/sys", 4) &&
			     !strcmp(path, d->path))) {
				add_opener(&d->openers, file->pid, state);
				return;
			}
		}
	}
	file->unknown += is_device;
}

static void look_at_process(const char *name, void *data)
{
	struct view *view = data;
	struct file file = { .view = view, .pid = name };

	if (!isdigit((unsigned char)name[0]))
		return;
	each(at("/proc/%s/fd", name), sort_file, &file);
	view->unknown += file.unknown;
}

/**
 * collect - find groups, devices, parents of mediated devices, and who has them
 * @view: filled in
 * @below: what stands for the root directory; "" for the real one
 */
void collect(struct view *view, const char *below)
{
	root = below;
	each(at("/sys/kernel/iommu_groups"), add_group, view);
	each(at("/sys/class/mdev_bus"), add_parent, view);
	each(at("/proc"), look_at_process, view);
}
