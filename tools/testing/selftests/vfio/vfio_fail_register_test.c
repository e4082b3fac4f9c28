// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation fails once while a device is registered with VFIO: a PCI
 * function bound to vfio-pci through sysfs, which has a real iommu group, and
 * a mediated device, for which VFIO makes one. A registration that fails
 * leaves no node, no group and no reference; one that succeeds in spite of the
 * fault gives a device that can be opened.
 * Needs root, fault injection, mtty.ko, an edu function, and mdma.ko for the
 * driver whose own allocations fail, too.
 */
#define _GNU_SOURCE
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "fail_nth.h"
#include "vfio_path.h"

#define GROUPS		"/sys/kernel/iommu_groups"
#define MTTY_DIR	"/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1"
#define MDMA_DIR	"/sys/class/mdev_bus/mdma/mdev_supported_types/mdma-own"
/* A kernel that puts off the release of kobjects does so for seconds. */
#define SETTLE_MS	15000

struct target {
	int fd;			/* of the sysfs file that registers */
	const char *type;	/* folder of a mediated device's type */
	char name[40];
	int nodes, cdevs, groups;
	unsigned int opened;	/* devices that came in spite of a fault */
	const char *wrong;	/* with one of them */
};

FIXTURE(fail_register) {
	struct target target;
	int mark;
};

FIXTURE_SETUP(fail_register)
{
	struct target *t = &self->target;

	self->mark = -1;
	t->fd = -1;
	if (!faults_setup())
		SKIP(return, "the kernel injects no faults");
	/* What a test before this one gave back may still be on its way. */
	sleep_ms(4000);
	self->mark = kmsg_mark();
	ASSERT_LE(0, self->mark);
	t->nodes = count_entries("/dev/vfio");
	t->cdevs = count_entries("/dev/vfio/devices");
	t->groups = count_entries(GROUPS);
}

FIXTURE_TEARDOWN(fail_register)
{
	struct target *t = &self->target;
	char line[256];

	if (self->mark < 0)
		return;
	close(t->fd);
	EXPECT_TRUE(entries_become("/dev/vfio/devices", t->cdevs, SETTLE_MS));
	EXPECT_TRUE(entries_become(GROUPS, t->groups, SETTLE_MS)) {
		TH_LOG("%d iommu groups before, %d after", t->groups,
		       count_entries(GROUPS));
	}
	sleep_ms(5000);
	EXPECT_FALSE(kmsg_splat(self->mark, line, sizeof(line))) {
		TH_LOG("%s", line);
	}
	close(self->mark);
}

static int call_write(void *data)
{
	struct target *t = data;
	size_t len = strlen(t->name);

	return pwrite(t->fd, t->name, len, 0) == (ssize_t)len ? 0 : -errno;
}

/* A refused registration leaves no node; a device that came is no worse. */
static const char *nodes_are_gone(void *data, int ret)
{
	struct target *t = data;

	if (count_entries("/dev/vfio/devices") != t->cdevs)
		return "a cdev is left";
	if (count_entries("/dev/vfio") != t->nodes)
		return "a group node is left";
	return NULL;
}

/*
 * The driver core does not mind when devtmpfs has no memory for a node. The
 * device must be whole all the same: it is opened by its number then.
 */
static bool make_node(const char *attr, const char *node)
{
	unsigned int major, minor;
	char number[32];

	if (!access(node, F_OK) || sysfs_read(attr, number, sizeof(number)) ||
	    sscanf(number, "%u:%u", &major, &minor) != 2)
		return false;
	mkdir("/dev/vfio/devices", 0755);
	return !mknod(node, S_IFCHR | 0600, makedev(major, minor));
}

static bool make_cdev_node(const char *sysfs, char *node, size_t size)
{
	char attr[256];
	bool made = false;
	glob_t g;

	snprintf(attr, sizeof(attr), "%s/vfio-dev/vfio*", sysfs);
	if (glob(attr, 0, NULL, &g))
		return false;
	if (g.gl_pathc == 1) {
		snprintf(node, size, "/dev/vfio/devices/%s",
			 strrchr(g.gl_pathv[0], '/') + 1);
		snprintf(attr, sizeof(attr), "%s/dev", g.gl_pathv[0]);
		made = make_node(attr, node);
	}
	globfree(&g);
	return made;
}

static bool make_group_node(const char *sysfs, char *node, size_t size)
{
	char attr[256], id[32];

	snprintf(attr, sizeof(attr), "%s/iommu_group", sysfs);
	if (sysfs_link_name(attr, id, sizeof(id)))
		return false;
	snprintf(node, size, "/dev/vfio/%s", id);
	snprintf(attr, sizeof(attr), "/sys/class/vfio/%s/dev", id);
	return make_node(attr, node);
}

static const char *opens_by_nodes(const char *sysfs)
{
	static const enum vfio_path_kind kinds[] = { PATH_CDEV, PATH_TYPE1 };
	struct vfio_path path;
	struct vfio_dut dut;
	unsigned int i;

	if (vfio_dut_from_sysfs(&dut, sysfs))
		return "it has no group";
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		int ret = vfio_path_open(&path, kinds[i], &dut, NULL);

		if (!ret)
			ret = device_alive(path.device);
		vfio_path_close(&path);
		if (ret)
			return "it does not open";
	}
	return NULL;
}

static const char *opens_by_both_paths(const char *sysfs)
{
	char cdev[64], group[64];
	bool made_cdev, made_group;
	const char *wrong;

	made_cdev = make_cdev_node(sysfs, cdev, sizeof(cdev));
	made_group = make_group_node(sysfs, group, sizeof(group));
	wrong = opens_by_nodes(sysfs);
	/* devtmpfs takes away only what it has made. */
	if (made_cdev) {
		unlink(cdev);
		rmdir("/dev/vfio/devices");
	}
	if (made_group)
		unlink(group);
	return wrong;
}

/* The function of a machine, and its driver's bind file. */

static void undo_bind(void *data, int ret)
{
	struct target *t = data;

	pci_unbind(t->name);
}

TEST_F_TIMEOUT(fail_register, pci, 500)
{
	struct target *t = &self->target;
	struct sweep sweep = {
		.what = "bind to vfio-pci", .call = call_write,
		.undo = undo_bind, .after = nodes_are_gone, .data = t,
	};
	char sysfs[128];

	if (pci_find(EDU_VENDOR, EDU_DEVICE, 0, t->name))
		SKIP(return, "no edu function");
	/* Once as it should be, for the driver_override. */
	ASSERT_EQ(0, pci_bind(t->name, "vfio-pci"));
	ASSERT_EQ(0, pci_unbind(t->name));
	t->nodes = count_entries("/dev/vfio");
	t->cdevs = count_entries("/dev/vfio/devices");

	t->fd = open("/sys/bus/pci/drivers/vfio-pci/bind",
		     O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, t->fd);
	sweep_run(_metadata, &sweep);
	EXPECT_LT(20, sweep.refused);

	ASSERT_EQ(0, call_write(t));
	snprintf(sysfs, sizeof(sysfs), "/sys/bus/pci/devices/%s", t->name);
	EXPECT_EQ(NULL, opens_by_both_paths(sysfs));
	undo_bind(t, 0);
}

/* A mediated device and its type's create file. */

static void undo_create(void *data, int ret)
{
	struct target *t = data;

	mdev_remove(t->name);
}

static void undo_create_after_open(void *data, int ret)
{
	struct target *t = data;
	char sysfs[128];

	snprintf(sysfs, sizeof(sysfs), "/sys/bus/mdev/devices/%s", t->name);
	t->wrong = opens_by_both_paths(sysfs);
	t->opened++;
	undo_create(data, ret);
}

/* Instances may be given back late: have some before the next one. */
static bool instances_are_left(const char *type)
{
	long long end = now_ms() + SETTLE_MS;
	char path[128], left[16];

	snprintf(path, sizeof(path), "%s/available_instances", type);
	for (;;) {
		if (!sysfs_read(path, left, sizeof(left)) && atoi(left) > 4)
			return true;
		if (now_ms() > end)
			return false;
		sleep_ms(50);
	}
}

static const char *create_left_nothing(void *data, int ret)
{
	struct target *t = data;
	const char *wrong = t->wrong ?: nodes_are_gone(data, ret);

	mdev_guid(t->name);
	if (!wrong && !instances_are_left(t->type))
		wrong = "instances are lost";
	return wrong;
}

static bool open_create(struct target *t, const char *type)
{
	char path[128];

	mdev_guid(t->name);
	t->type = type;
	snprintf(path, sizeof(path), "%s/create", type);
	t->fd = open(path, O_WRONLY | O_CLOEXEC);
	return t->fd >= 0;
}

/*
 * Defect 7: the group node that cannot be added takes its reference of the
 * iommu group along. Where there is mdma, with its devices, as its driver has
 * allocations of its own when one is made.
 */
TEST_F_TIMEOUT(fail_register, defect_7_group_without_memory, 500)
{
	struct target *t = &self->target;
	struct sweep sweep = {
		.what = "create", .call = call_write, .undo = undo_create,
		.after = create_left_nothing, .data = t,
	};

	if (!open_create(t, MDMA_DIR) && !open_create(t, MTTY_DIR))
		SKIP(return, "neither mdma.ko nor mtty.ko is loaded");
	TH_LOG("%s", t->type);
	sweep_run(_metadata, &sweep);
	EXPECT_LT(20, sweep.refused);
}

/*
 * Defect 6: a device whose set of devices could not be allocated must not be
 * registered. Opening one that was without a set is fatal. Whatever else is
 * registered in spite of a fault must open.
 */
TEST_F_TIMEOUT(fail_register, defect_6_dev_set_without_memory, 500)
{
	struct target *t = &self->target;
	struct sweep sweep = {
		.what = "create and open", .call = call_write,
		.undo = undo_create_after_open, .after = create_left_nothing,
		.data = t,
	};

	if (!open_create(t, MTTY_DIR))
		SKIP(return, "mtty.ko is not loaded");
	sweep_run(_metadata, &sweep);
	EXPECT_LT(20, sweep.refused);
	/* The last two calls of the sweep at least, which nothing hit. */
	EXPECT_LT(1, t->opened);
	TH_LOG("%u devices were opened", t->opened);
}

TEST_HARNESS_MAIN
