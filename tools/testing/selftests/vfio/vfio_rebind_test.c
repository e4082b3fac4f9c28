// SPDX-License-Identifier: GPL-2.0
/*
 * A device goes while it is in use: unbind through sysfs with fds open in
 * every state, what the open fds and the nodes answer meanwhile, the request
 * interrupt, a mediated device's remove, and drivers that come and go while
 * others open, bind and close.
 * Needs root, an edu function for the PCI part and mtty.ko for the rest.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "vfio_harness.h"
#include "vfio_revoke.h"

#define BLOCKED_MS	700	/* long enough to say that it waits */
#define GOES_MS		30000
#define STORM_ROUNDS	25

FIXTURE(rebind) {
	struct vfio_dut dut;
	struct vfio_path path;
	bool ready;
};

FIXTURE_VARIANT(rebind) {
	enum vfio_dut_kind kind;
};

FIXTURE_VARIANT_ADD(rebind, pci) { .kind = VFIO_DUT_PCI };
FIXTURE_VARIANT_ADD(rebind, mdev) { .kind = VFIO_DUT_MDEV };

FIXTURE_SETUP(rebind)
{
	int ret;

	vfio_path_init(&self->path);
	self->ready = false;
	if (variant->kind == VFIO_DUT_PCI) {
		if (!dut_has_cdev(_metadata, &self->dut, variant->kind))
			return;
	} else {
		ret = mdev_new(&self->dut, MTTY_TYPE);
		if (ret == -ENODEV)
			SKIP(return, "mtty.ko is not loaded");
		ASSERT_EQ(0, ret);
	}
	self->ready = true;
}

FIXTURE_TEARDOWN(rebind)
{
	vfio_path_close(&self->path);
	/* Whoever still takes the device away must not do it in the next test. */
	revoke_done(-1, GOES_MS);
	if (self->ready && variant->kind == VFIO_DUT_MDEV &&
	    access(self->dut.sysfs, F_OK) == 0)
		mdev_remove(self->dut.name);
}

/* The device is gone, and so are its nodes. */
static void is_gone(struct __test_metadata *_metadata,
		    const struct vfio_dut *dut)
{
	EXPECT_EQ(-1, access(dut->cdev, F_OK));
	EXPECT_EQ(-1, access(dut->group, F_OK));
}

TEST_F_TIMEOUT(rebind, waits_for_a_bound_cdev, 60)
{
	int space = iommufd_open(), fd;
	pid_t pid;

	fd = vfio_open_bind(&self->dut, space, NULL);
	ASSERT_LE(0, fd);
	pid = revoke_start(&self->dut);
	EXPECT_EQ(-1, revoke_done(pid, BLOCKED_MS));
	/* In use it is still a whole device. */
	EXPECT_EQ(0, device_alive(fd));
	close(fd);
	EXPECT_EQ(0, revoke_done(pid, GOES_MS));
	is_gone(_metadata, &self->dut);
	close(space);
}

TEST_F_TIMEOUT(rebind, waits_for_an_unbound_cdev, 60)
{
	int space = iommufd_open(), fd;
	pid_t pid;

	fd = node_open(self->dut.cdev);
	ASSERT_LE(0, fd);
	pid = revoke_start(&self->dut);
	EXPECT_EQ(-1, revoke_done(pid, BLOCKED_MS));
	close(fd);
	EXPECT_EQ(0, revoke_done(pid, GOES_MS));
	is_gone(_metadata, &self->dut);
	close(space);
}

static void waits_for_group_device(struct __test_metadata *_metadata,
				   struct vfio_path *path,
				   enum vfio_path_kind kind,
				   const struct vfio_dut *dut)
{
	__u32 flags;
	pid_t pid;

	ASSERT_EQ(0, vfio_path_open(path, kind, dut, NULL));
	pid = revoke_start(dut);
	EXPECT_EQ(-1, revoke_done(pid, BLOCKED_MS));
	EXPECT_EQ(0, device_alive(path->device));
	/* No second one: the device is leaving. */
	EXPECT_EQ(-ENODEV, group_get_device(path->group, dut->name));
	if (kind == PATH_TYPE1)
		EXPECT_EQ(-EBUSY, group_unset_container(path->group));
	vfio_path_close_device(path);
	EXPECT_EQ(0, revoke_done(pid, GOES_MS));
	is_gone(_metadata, dut);

	/* What is left of the group is a dead fd. */
	EXPECT_EQ(-ENODEV, group_status(path->group, &flags));
	EXPECT_EQ(-ENODEV, group_get_device(path->group, dut->name));
	vfio_path_close(path);
}

TEST_F_TIMEOUT(rebind, waits_for_a_device_of_a_container, 60)
{
	waits_for_group_device(_metadata, &self->path, PATH_TYPE1, &self->dut);
}

TEST_F_TIMEOUT(rebind, waits_for_a_device_of_a_group_iommufd, 60)
{
	waits_for_group_device(_metadata, &self->path, PATH_COMPAT,
			       &self->dut);
}

/* A group that is open, with a container even, has no say in it. */
TEST_F_TIMEOUT(rebind, does_not_wait_for_a_group_fd, 60)
{
	__u32 flags;
	int fds[2];
	pid_t pid;

	ASSERT_EQ(0, vfio_open_group_container(&self->dut, fds));
	pid = revoke_start(&self->dut);
	EXPECT_EQ(0, revoke_done(pid, GOES_MS));
	EXPECT_EQ(-ENODEV, group_status(fds[0], &flags));
	EXPECT_EQ(-ENODEV, group_set_container(fds[0], fds[1]));
	EXPECT_EQ(-ENODEV, group_get_device(fds[0], self->dut.name));
	/* With its last group the container lost its iommu. */
	EXPECT_EQ(-EINVAL, container_map(fds[1], NULL, 4096, 0));
	EXPECT_EQ(-EINVAL, container_set_iommu(fds[1], VFIO_TYPE1v2_IOMMU));
	close(fds[0]);
	close(fds[1]);
}

/* An old inode of a node that is gone: ENXIO, or ENODEV before that. */
TEST_F_TIMEOUT(rebind, node_of_a_leaving_device, 60)
{
	char again[64];
	int fd, path, ret;
	pid_t pid;

	path = open(self->dut.cdev, O_PATH | O_CLOEXEC);
	ASSERT_LE(0, path);
	fd = node_open(self->dut.cdev);
	ASSERT_LE(0, fd);
	pid = revoke_start(&self->dut);
	EXPECT_EQ(-1, revoke_done(pid, BLOCKED_MS));

	snprintf(again, sizeof(again), "/proc/self/fd/%d", path);
	ret = node_open(again);
	EXPECT_TRUE(ret == -ENODEV || ret == -ENXIO) {
		TH_LOG("open while leaving: %d", ret);
	}
	if (ret >= 0)
		close(ret);
	EXPECT_EQ(-ENOENT, node_open(self->dut.cdev));
	close(fd);
	EXPECT_EQ(0, revoke_done(pid, GOES_MS));
	EXPECT_EQ(-ENXIO, node_open(again));
	close(path);
}

TEST_F_TIMEOUT(rebind, request_interrupt, 60)
{
	int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	pid_t pid;

	if (variant->kind != VFIO_DUT_PCI)
		SKIP(return, "mtty has no request interrupt");
	ASSERT_EQ(0, vfio_path_open(&self->path, PATH_CDEV, &self->dut, NULL));
	ASSERT_EQ(0, vfio_set_irq(self->path.device, VFIO_PCI_REQ_IRQ_INDEX,
				  VFIO_IRQ_SET_ACTION_TRIGGER, event));
	pid = revoke_start(&self->dut);
	EXPECT_LE(1, irq_count(event, GOES_MS));
	vfio_path_close_device(&self->path);
	EXPECT_EQ(0, revoke_done(pid, GOES_MS));
	close(event);
}

/* A signal does not get the unbinder out of it, but the log says why. */
TEST_F_TIMEOUT(rebind, signal_to_the_waiting_task, 60)
{
	static const char *const in_use[] = {
		"Device is currently in use, task", NULL
	};
	long long end = now_ms() + GOES_MS;
	int mark = kmsg_mark(), fd;
	bool said = false;
	char line[256];
	pid_t pid;

	fd = node_open(self->dut.cdev);
	ASSERT_LE(0, fd);
	pid = revoke_start(&self->dut);
	EXPECT_EQ(-1, revoke_done(pid, BLOCKED_MS));
	kill(pid, SIGTERM);
	while (!said && now_ms() < end) {
		said = kmsg_find(mark, in_use, line, sizeof(line));
		sleep_ms(20);
	}
	EXPECT_TRUE(said);
	EXPECT_EQ(-1, revoke_done(pid, BLOCKED_MS));
	close(fd);
	EXPECT_LE(0, revoke_done(pid, GOES_MS));
	is_gone(_metadata, &self->dut);
	close(mark);
}

/* The module of an open device cannot be removed. */
TEST_F(rebind, module_is_held)
{
	if (variant->kind != VFIO_DUT_MDEV)
		SKIP(return, "vfio-pci may be built in");
	ASSERT_EQ(0, vfio_path_open(&self->path, PATH_CDEV, &self->dut, NULL));
	EXPECT_EQ(-1, syscall(SYS_delete_module, "mtty", O_NONBLOCK));
	EXPECT_EQ(EAGAIN, errno);
}

struct storm {
	const struct vfio_dut *dut;
	enum vfio_path_kind kind;
	int stop;
	int opened, refused, odd;
};

/* What a user may see of a device that comes and goes, and shares it. */
static bool storm_errno(int ret)
{
	switch (-ret) {
	case ENOENT:	/* no node */
	case ENXIO:	/* a node, and nothing behind it any more */
	case ENODEV:	/* unregistering, or a dead group */
	case EBUSY:	/* group and cdev exclude each other */
	case EINVAL:	/* open elsewhere; a container that lost its group */
	case EPERM:	/* another owner has the group's DMA */
	case EACCES:	/* a node in the making */
		return true;
	}
	return false;
}

static void *storm_user(void *data)
{
	struct storm *storm = data;
	struct vfio_dut dut = *storm->dut;
	struct vfio_path path;
	int ret;

	while (!__atomic_load_n(&storm->stop, __ATOMIC_RELAXED)) {
		/* Bound again, it may have another number. */
		vfio_find_cdev(dut.sysfs, dut.cdev, sizeof(dut.cdev));
		ret = vfio_path_open(&path, storm->kind, &dut, NULL);
		if (!ret) {
			storm->opened++;
			ret = device_alive(path.device);
		}
		if (ret)
			storm->refused++;
		if (ret && !storm_errno(ret)) {
			storm->odd = ret;
			printf("# path %d: errno %d\n", storm->kind, -ret);
		}
		vfio_path_close(&path);
	}
	return NULL;
}

TEST_F_TIMEOUT(rebind, storm, 240)
{
	struct storm storm[3] = {
		{ .kind = PATH_CDEV }, { .kind = PATH_TYPE1 },
		{ .kind = PATH_COMPAT },
	};
	pthread_t thread[3];
	struct vfio_dut dut;
	unsigned int i, j;

	if (variant->kind != VFIO_DUT_PCI)
		SKIP(return, "an mdev has another name each time");
	for (i = 0; i < 3; i++) {
		storm[i].dut = &self->dut;
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, storm_user,
					    &storm[i]));
	}
	for (j = 0; j < STORM_ROUNDS; j++) {
		EXPECT_EQ(0, pci_unbind(self->dut.name));
		EXPECT_EQ(0, pci_bind(self->dut.name, "vfio-pci"));
		sleep_ms(20);
	}
	for (i = 0; i < 3; i++) {
		__atomic_store_n(&storm[i].stop, 1, __ATOMIC_RELAXED);
		pthread_join(thread[i], NULL);
		TH_LOG("path %d: %d opened, %d refused", storm[i].kind,
		       storm[i].opened, storm[i].refused);
		EXPECT_EQ(0, storm[i].odd);
	}
	/* The device has come to no harm. */
	ASSERT_EQ(0, vfio_dut_from_sysfs(&dut, self->dut.sysfs));
	ASSERT_EQ(0, vfio_path_open(&self->path, PATH_CDEV, &dut, NULL));
	EXPECT_EQ(0, device_alive(self->path.device));
}

TEST_HARNESS_MAIN
