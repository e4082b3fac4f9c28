// SPDX-License-Identifier: GPL-2.0
/*
 * One test for each defect that the VFIO core once had in the use of its
 * locks and references, by the number it has in the documentation (defect 1
 * is in vfio_kvm_test.c, where there is a VM). Each is bounded in time, and
 * fails by itself: by what a call returns, or by a line in the kernel's log.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <sys/mman.h>
#include <linux/iommufd.h>

#include "vfio_harness.h"
#include "vfio_stall.h"

#define STALL_MS	20000	/* until the one to be held up is there */
#define PROMPT_MS	15000	/* what a call may take that nobody holds up */
#define STORM_MS	6000

/* A system call in a thread of its own, and how it ended. */
struct call {
	pthread_t thread;
	int (*fn)(struct call *c);
	int fd, arg_fd, ret;
	unsigned long cmd;
	void *arg;
	bool joined;
};

static void *call_thread(void *arg)
{
	struct call *c = arg;

	c->ret = c->fn(c);
	return NULL;
}

static int call_start(struct call *c)
{
	return pthread_create(&c->thread, NULL, call_thread, c);
}

/* True if it has come back in time. */
static bool call_done(struct call *c, unsigned int ms)
{
	struct timespec ts;

	if (c->joined)
		return true;
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += ms / 1000;
	c->joined = pthread_timedjoin_np(c->thread, NULL, &ts) == 0;
	return c->joined;
}

static int do_ioctl(struct call *c)
{
	return vfio_ioctl(c->fd, c->cmd, c->arg);
}

static int do_bind(struct call *c)
{
	return vfio_bind(c->fd, c->arg_fd, NULL);
}

static int do_unset(struct call *c)
{
	return group_unset_container(c->fd);
}

static int do_close(struct call *c)
{
	return close(c->fd);
}

static void expect_clean_log(struct __test_metadata *_metadata, int mark)
{
	char line[256];

	/* KASAN and lockdep print from where it happened, work may be later. */
	sleep_ms(200);
	EXPECT_FALSE(kmsg_splat(mark, line, sizeof(line))) {
		TH_LOG("kernel log: %s", line);
	}
}

/*
 * Defect 2: an ioctl that the container passed on to the iommu driver went on
 * using the driver's data after the last group had left and freed them.
 */

FIXTURE(defect_2) {
	struct vfio_dut dut;
	int group, container;
};

FIXTURE_VARIANT(defect_2) {
	enum vfio_dut_kind kind;
};

FIXTURE_VARIANT_ADD(defect_2, mdev) { .kind = VFIO_DUT_MDEV };
FIXTURE_VARIANT_ADD(defect_2, pci) { .kind = VFIO_DUT_PCI };

FIXTURE_SETUP(defect_2)
{
	int fds[2];

	if (!dut_ready(_metadata, &self->dut, variant->kind))
		return;
	ASSERT_EQ(0, vfio_open_group_container(&self->dut, fds));
	self->group = fds[0];
	self->container = fds[1];
}

FIXTURE_TEARDOWN(defect_2)
{
	close(self->group);
	close(self->container);
}

/* Hold up GET_INFO on its argument, let the group leave, let GET_INFO go on. */
static void leave_during_ioctl(struct __test_metadata *_metadata,
			       int container, int group,
			       int (*leave)(struct call *c))
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	struct call get = {
		.fn = do_ioctl,
		.fd = container,
		.cmd = VFIO_IOMMU_GET_INFO,
	};
	struct call gone = { .fn = leave, .fd = group };
	struct stall s = { .uffd = -1 };
	int mark = kmsg_mark();

	ASSERT_EQ(0, stall_setup(&s, false, NULL, 0));
	get.arg = s.page;
	ASSERT_EQ(0, call_start(&get));
	ASSERT_TRUE(stall_wait(&s, STALL_MS));
	ASSERT_EQ(0, call_start(&gone));
	/* It may go at once or wait for the ioctl; both are right. */
	call_done(&gone, 2000);
	ASSERT_EQ(0, stall_release(&s, &info, sizeof(info)));
	ASSERT_TRUE(call_done(&get, PROMPT_MS));
	ASSERT_TRUE(call_done(&gone, PROMPT_MS));
	EXPECT_EQ(0, gone.ret);
	EXPECT_EQ(0, get.ret);
	stall_end(&s);
	expect_clean_log(_metadata, mark);
}

TEST_F_TIMEOUT(defect_2, unset_during_ioctl, 150)
{
	leave_during_ioctl(_metadata, self->container, self->group, do_unset);
}

TEST_F_TIMEOUT(defect_2, close_group_during_ioctl, 150)
{
	leave_during_ioctl(_metadata, self->container, self->group, do_close);
	self->group = -1;
}

struct storm {
	int container;
	long long end;
	int odd;		/* an errno that nobody should see */
};

static void *storm_ioctls(void *arg)
{
	struct storm *s = arg;
	struct vfio_iommu_type1_info info;
	int fd = s->container, ret;
	__u64 len = 4096;
	char *buf;

	buf = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	while (now_ms() < s->end) {
		/* The answer says how much there would be: say it anew. */
		info.argsz = sizeof(info);
		ret = vfio_ioctl(fd, VFIO_IOMMU_GET_INFO, &info);
		if (ret && ret != -EINVAL)
			s->odd = ret;
		ret = container_map(fd, buf, 4096, 0x100000);
		if (ret && ret != -EINVAL && ret != -EEXIST)
			s->odd = ret;
		len = 4096;
		ret = container_unmap(fd, 0x100000, &len);
		if (ret && ret != -EINVAL)
			s->odd = ret;
		vfio_ioctl_val(fd, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU);
	}
	return NULL;
}

TEST_F_TIMEOUT(defect_2, storm, 150)
{
	struct storm s = {
		.container = self->container,
		.end = now_ms() + STORM_MS,
	};
	pthread_t threads[2];
	int i, left = 0, mark = kmsg_mark();

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, storm_ioctls,
					    &s));
	while (now_ms() < s.end) {
		ASSERT_EQ(0, group_unset_container(self->group));
		ASSERT_EQ(0, group_set_container(self->group,
						 self->container));
		ASSERT_EQ(0, container_set_iommu(self->container,
						 VFIO_TYPE1v2_IOMMU));
		left++;
	}
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, s.odd);
	EXPECT_LT(0, left);
	expect_clean_log(_metadata, mark);
}

/*
 * Defect 4: UNSET_CONTAINER went through while a device was open under an
 * iommufd, and the device could then be opened once more under a container.
 */

FIXTURE(defect_4) {
	struct vfio_dut dut;
	int group, iommufd, container;
};

FIXTURE_VARIANT(defect_4) {
	enum vfio_dut_kind kind;
	bool container_last;
};

FIXTURE_VARIANT_ADD(defect_4, mdev) { VFIO_DUT_MDEV, false };
FIXTURE_VARIANT_ADD(defect_4, mdev_container_last) { VFIO_DUT_MDEV, true };
FIXTURE_VARIANT_ADD(defect_4, pci) { VFIO_DUT_PCI, false };
FIXTURE_VARIANT_ADD(defect_4, pci_container_last) { VFIO_DUT_PCI, true };

FIXTURE_SETUP(defect_4)
{
	if (!dut_ready(_metadata, &self->dut, variant->kind))
		return;
	self->group = node_open(self->dut.group);
	ASSERT_LE(0, self->group);
	self->iommufd = iommufd_open();
	self->container = container_open();
}

FIXTURE_TEARDOWN(defect_4)
{
	close(self->group);
	close(self->iommufd);
	close(self->container);
}

TEST_F_TIMEOUT(defect_4, two_backends, 150)
{
	int dev, second, mark = kmsg_mark();

	ASSERT_EQ(0, group_set_container(self->group, self->iommufd));
	dev = group_get_device(self->group, self->dut.name);
	ASSERT_LE(0, dev);
	EXPECT_EQ(-EBUSY, group_unset_container(self->group));
	EXPECT_EQ(-EINVAL, group_set_container(self->group, self->container));
	/* Go on as somebody would whom nothing has stopped. */
	container_set_iommu(self->container, VFIO_TYPE1v2_IOMMU);
	second = group_get_device(self->group, self->dut.name);
	close(variant->container_last ? dev : second);
	close(variant->container_last ? second : dev);
	close(self->group);
	expect_clean_log(_metadata, mark);
	EXPECT_EQ(0, device_is_free(&self->dut));
}

/*
 * Defect 5: the answer of BIND and ATTACH was copied to the user with the
 * lock of the reset domain held; a page that does not come held up all of it.
 */

FIXTURE(defect_5) {
	struct vfio_dut dut[2];
	int fd[2], iommufd;
};

FIXTURE_SETUP(defect_5)
{
	int i;

	if (!vfio_dut_pair(self->dut))
		SKIP(return, "no two edu functions in one group");
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	for (i = 0; i < 2; i++) {
		self->fd[i] = node_open(self->dut[i].cdev);
		ASSERT_LE(0, self->fd[i]);
	}
}

FIXTURE_TEARDOWN(defect_5)
{
	close(self->fd[0]);
	close(self->fd[1]);
	close(self->iommufd);
}

/*
 * Freeze @cmd on the first device where it answers, with the argument in the
 * stall's page; a BIND of the second device must still come back.
 */
static void stall_one_of_two(struct __test_metadata *_metadata,
			     const int fd[2], int iommufd, unsigned long cmd,
			     struct stall *stall)
{
	struct call slow = {
		.fn = do_ioctl,
		.fd = fd[0],
		.cmd = cmd,
		.arg = stall->page,
	};
	struct call quick = { .fn = do_bind, .fd = fd[1], .arg_fd = iommufd };

	ASSERT_EQ(0, call_start(&slow));
	ASSERT_TRUE(stall_wait(stall, STALL_MS));
	ASSERT_EQ(0, call_start(&quick));
	EXPECT_TRUE(call_done(&quick, PROMPT_MS)) {
		TH_LOG("one device's user holds up the other device");
	}
	EXPECT_FALSE(call_done(&slow, 0));
	EXPECT_EQ(0, stall_release(stall, NULL, 0));
	ASSERT_TRUE(call_done(&slow, PROMPT_MS));
	ASSERT_TRUE(call_done(&quick, PROMPT_MS));
	EXPECT_EQ(0, slow.ret);
	EXPECT_EQ(0, quick.ret);
	EXPECT_EQ(0, device_alive(fd[0]));
	EXPECT_EQ(0, device_alive(fd[1]));
	stall_end(stall);
}

TEST_F_TIMEOUT(defect_5, bind_stalls_nobody, 150)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.iommufd = self->iommufd,
	};
	struct stall stall = { .uffd = -1 };

	ASSERT_EQ(0, stall_setup(&stall, true, &bind, sizeof(bind)));
	stall_one_of_two(_metadata, self->fd, self->iommufd,
			 VFIO_DEVICE_BIND_IOMMUFD, &stall);
}

TEST_F_TIMEOUT(defect_5, attach_stalls_nobody, 150)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
	};
	struct stall stall = { .uffd = -1 };

	ASSERT_EQ(0, ioas_alloc(self->iommufd, &attach.pt_id));
	ASSERT_EQ(0, vfio_bind(self->fd[0], self->iommufd, NULL));
	ASSERT_EQ(0, stall_setup(&stall, true, &attach, sizeof(attach)));
	stall_one_of_two(_metadata, self->fd, self->iommufd,
			 VFIO_DEVICE_ATTACH_IOMMUFD_PT, &stall);
}

TEST_HARNESS_MAIN
