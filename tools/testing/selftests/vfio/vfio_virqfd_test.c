// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a virqfd: an eventfd of the user that writes to a register of a
 * PCI function (VFIO_DEVICE_IOEVENTFD), signalled, taken off, closed by the
 * user, and all of these at the same time. What goes wrong here is a use after
 * free in the kernel, so run it with KASAN.
 * Needs root, an iommu with interrupt remapping, and QEMU's "edu" function.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>

#include "vfio_harness.h"
#include "edu.h"

#define WAIT_MS		5000
#define ROUNDS		50
#define SLOW		150	/* seconds; with KASAN, without KVM */
#define MAX_IOEVENTFDS	1000	/* of vfio-pci */

FIXTURE(virqfd) {
	struct edu edu;
	int device;
	__u64 reg;		/* offset of the register, in the device fd */
};

FIXTURE_SETUP(virqfd)
{
	struct vfio_region_info region;
	struct vfio_dut dut;

	edu_init(&self->edu);
	if (!dut_has_cdev(_metadata, &dut, VFIO_DUT_PCI))
		return;
	ASSERT_EQ(0, edu_open(&self->edu, PATH_CDEV, 0, NULL));
	self->device = self->edu.path.device;
	ASSERT_EQ(0, device_region(self->device, VFIO_PCI_BAR0_REGION_INDEX,
				   &region));
	self->reg = region.offset + EDU_LIVENESS;
}

FIXTURE_TEARDOWN(virqfd)
{
	edu_close(&self->edu);
}

/* Have @fd write @value; -1 takes off what does. */
static int ioeventfd(int device, __u64 offset, __u32 value, int fd)
{
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DEVICE_IOEVENTFD_32,
		.offset = offset,
		.data = value,
		.fd = fd,
	};

	return vfio_ioctl(device, VFIO_DEVICE_IOEVENTFD, &arg);
}

static void ring(int fd)
{
	__u64 one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

/* The register reads as the complement of what was written last. */
static bool written(struct edu *edu, __u32 value)
{
	long long end = now_ms() + WAIT_MS;

	while (edu_read32(edu, EDU_LIVENESS) != ~value) {
		if (now_ms() > end)
			return false;
		sleep_ms(1);
	}
	return true;
}

static int new_eventfd(unsigned int count)
{
	return eventfd(count, EFD_NONBLOCK | EFD_CLOEXEC);
}

TEST_F(virqfd, event_writes)
{
	int fd = new_eventfd(0);
	__u64 count;
	int i;

	ASSERT_EQ(0, ioeventfd(self->device, self->reg, 0x1234, fd));
	EXPECT_EQ(-EEXIST, ioeventfd(self->device, self->reg, 0x1234, fd));
	for (i = 0; i < 10; i++) {
		edu_write32(&self->edu, EDU_LIVENESS, 0);
		ring(fd);
		EXPECT_TRUE(written(&self->edu, 0x1234));
	}
	/* The kernel has taken the events. */
	EXPECT_EQ(-1, read(fd, &count, sizeof(count)));
	EXPECT_EQ(EAGAIN, errno);

	ASSERT_EQ(0, ioeventfd(self->device, self->reg, 0x1234, -1));
	edu_write32(&self->edu, EDU_LIVENESS, 0);
	ring(fd);
	sleep_ms(100);
	EXPECT_EQ(~0U, edu_read32(&self->edu, EDU_LIVENESS));
	EXPECT_EQ(8, read(fd, &count, sizeof(count)));
	close(fd);
}

TEST_F(virqfd, event_from_before)
{
	int fd = new_eventfd(3);

	edu_write32(&self->edu, EDU_LIVENESS, 0);
	ASSERT_EQ(0, ioeventfd(self->device, self->reg, 0x77, fd));
	EXPECT_TRUE(written(&self->edu, 0x77));
	close(fd);
}

TEST_F(virqfd, not_an_eventfd)
{
	int file = open("/dev/null", O_RDWR);
	int fd = new_eventfd(0);

	ASSERT_LE(0, file);
	EXPECT_EQ(-EINVAL, ioeventfd(self->device, self->reg, 1, file));
	close(file);
	EXPECT_EQ(-EBADF, ioeventfd(self->device, self->reg, 1, file));
	EXPECT_EQ(-EINVAL, ioeventfd(self->device, self->reg, 1, self->device));
	/* None of them is left behind. */
	EXPECT_EQ(0, ioeventfd(self->device, self->reg, 1, fd));
	EXPECT_EQ(0, ioeventfd(self->device, self->reg, 1, -1));
	close(fd);
}

/* The user's close and the removal of what it leaves, in either order. */
TEST_F_TIMEOUT(virqfd, close_then_remove, SLOW)
{
	int i, fd;

	for (i = 0; i < ROUNDS; i++) {
		fd = new_eventfd(0);
		ASSERT_EQ(0, ioeventfd(self->device, self->reg, i, fd));
		ring(fd);
		close(fd);
		ASSERT_EQ(0, ioeventfd(self->device, self->reg, i, -1));
	}
}

TEST_F_TIMEOUT(virqfd, as_many_as_there_may_be, SLOW)
{
	int one = new_eventfd(0);
	int i;

	/* One eventfd for all of them: each event writes a thousand times. */
	for (i = 1; i <= MAX_IOEVENTFDS; i++)
		ASSERT_EQ(0, ioeventfd(self->device, self->reg, i, one));
	EXPECT_EQ(-ENOSPC, ioeventfd(self->device, self->reg, i, one));
	edu_write32(&self->edu, EDU_LIVENESS, 0);
	ring(one);
	/* Whoever came first writes last. */
	EXPECT_TRUE(written(&self->edu, 1));
	/* Half of them are taken off, the close takes off the others. */
	for (i = 2; i <= MAX_IOEVENTFDS; i += 2)
		ASSERT_EQ(0, ioeventfd(self->device, self->reg, i, -1));
	close(one);
	for (i = 1; i <= MAX_IOEVENTFDS; i += 2)
		ASSERT_EQ(0, ioeventfd(self->device, self->reg, i, -1));
}

/* What two threads do with an eventfd while a third removes it. */
struct race {
	pthread_barrier_t start, done;
	int ring_fd, close_fd;
	bool stop;
};

static void *ringer(void *arg)
{
	struct race *race = arg;
	int i;

	for (;;) {
		pthread_barrier_wait(&race->start);
		if (race->stop)
			return NULL;
		for (i = 0; race->ring_fd >= 0 && i < 20; i++)
			ring(race->ring_fd);
		pthread_barrier_wait(&race->done);
	}
}

static void *closer(void *arg)
{
	struct race *race = arg;

	for (;;) {
		pthread_barrier_wait(&race->start);
		if (race->stop)
			return NULL;
		close(race->close_fd);
		pthread_barrier_wait(&race->done);
	}
}

FIXTURE(virqfd_race) {
	struct race race;
	pthread_t ringer, closer;
	struct edu edu;
	int device;
	__u64 reg;
	int mark;
};

FIXTURE_SETUP(virqfd_race)
{
	struct vfio_region_info region;
	struct vfio_dut dut;

	edu_init(&self->edu);
	self->mark = -1;
	if (!dut_has_cdev(_metadata, &dut, VFIO_DUT_PCI))
		return;
	ASSERT_EQ(0, edu_open(&self->edu, PATH_CDEV, 0, NULL));
	self->device = self->edu.path.device;
	ASSERT_EQ(0, device_region(self->device, VFIO_PCI_BAR0_REGION_INDEX,
				   &region));
	self->reg = region.offset + EDU_LIVENESS;
	self->mark = kmsg_mark();
	pthread_barrier_init(&self->race.start, NULL, 3);
	pthread_barrier_init(&self->race.done, NULL, 3);
	ASSERT_EQ(0, pthread_create(&self->ringer, NULL, ringer, &self->race));
	ASSERT_EQ(0, pthread_create(&self->closer, NULL, closer, &self->race));
}

FIXTURE_TEARDOWN(virqfd_race)
{
	char line[256];

	if (self->mark >= 0) {
		self->race.stop = true;
		pthread_barrier_wait(&self->race.start);
		pthread_join(self->ringer, NULL);
		pthread_join(self->closer, NULL);
	}
	edu_close(&self->edu);
	if (self->mark >= 0) {
		EXPECT_FALSE(kmsg_splat(self->mark, line, sizeof(line)))
			TH_LOG("%s", line);
	}
}

/* Close and removal at once: the removal waits for what the close began. */
TEST_F_TIMEOUT(virqfd_race, close_and_remove, SLOW)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		self->race.close_fd = new_eventfd(i & 1);
		self->race.ring_fd = -1;
		ASSERT_EQ(0, ioeventfd(self->device, self->reg, i,
				       self->race.close_fd));
		pthread_barrier_wait(&self->race.start);
		EXPECT_EQ(0, ioeventfd(self->device, self->reg, i, -1));
		pthread_barrier_wait(&self->race.done);
	}
}

/* Events while it is removed; a second fd keeps the eventfd from closing. */
TEST_F_TIMEOUT(virqfd_race, ring_and_remove, SLOW)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		self->race.ring_fd = new_eventfd(0);
		self->race.close_fd = dup(self->race.ring_fd);
		ASSERT_EQ(0, ioeventfd(self->device, self->reg, i,
				       self->race.ring_fd));
		pthread_barrier_wait(&self->race.start);
		EXPECT_EQ(0, ioeventfd(self->device, self->reg, i, -1));
		pthread_barrier_wait(&self->race.done);
		close(self->race.ring_fd);
	}
}

/* The same slot again and again: INTx has one for what unmasks it. */
TEST_F_TIMEOUT(virqfd_race, close_and_replace, SLOW)
{
	int event = new_eventfd(0), spare, i, ret;

	ASSERT_EQ(0, vfio_set_irq(self->device, VFIO_PCI_INTX_IRQ_INDEX,
				  VFIO_IRQ_SET_ACTION_TRIGGER, event));
	for (i = 0; i < ROUNDS; i++) {
		self->race.close_fd = new_eventfd(1);
		self->race.ring_fd = -1;
		spare = new_eventfd(0);
		ASSERT_EQ(0, vfio_set_irq(self->device, VFIO_PCI_INTX_IRQ_INDEX,
					  VFIO_IRQ_SET_ACTION_UNMASK,
					  self->race.close_fd));
		pthread_barrier_wait(&self->race.start);
		/* The close may have emptied the slot, or not yet. */
		ret = vfio_set_irq(self->device, VFIO_PCI_INTX_IRQ_INDEX,
				   VFIO_IRQ_SET_ACTION_UNMASK, spare);
		EXPECT_TRUE(ret == 0 || ret == -EBUSY);
		/* A new trigger flushes the slot's thread function. */
		EXPECT_EQ(0, vfio_set_irq(self->device, VFIO_PCI_INTX_IRQ_INDEX,
					  VFIO_IRQ_SET_ACTION_TRIGGER, event));
		EXPECT_EQ(0, vfio_set_irq(self->device, VFIO_PCI_INTX_IRQ_INDEX,
					  VFIO_IRQ_SET_ACTION_UNMASK, -1));
		pthread_barrier_wait(&self->race.done);
		close(spare);
	}
	close(event);
}

/* The device goes while its eventfds do. */
TEST_F_TIMEOUT(virqfd_race, close_of_the_device, SLOW)
{
	int i, j;

	for (i = 0; i < 3; i++) {
		self->race.close_fd = new_eventfd(0);
		self->race.ring_fd = dup(self->race.close_fd);
		for (j = 0; j < 5; j++)
			ASSERT_EQ(0, ioeventfd(self->device, self->reg, j,
					       self->race.close_fd));
		pthread_barrier_wait(&self->race.start);
		edu_close_device(&self->edu);
		pthread_barrier_wait(&self->race.done);
		close(self->race.ring_fd);
		ASSERT_EQ(0, edu_reopen(&self->edu));
		self->device = self->edu.path.device;
	}
}

TEST_HARNESS_MAIN
