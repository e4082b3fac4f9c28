// SPDX-License-Identifier: GPL-2.0
/*
 * vfio-ccw with a channel program that does not end: an emulated device answers
 * at once, so css_prod.ko keeps the answer back. What may be done meanwhile,
 * and what must bring the program to its end. Needs root, vfio_ccw.ko,
 * css_prod.ko and a 3270 as 0.0.000a. The number in a name is a defect's of the
 * former driver.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "vfio_harness.h"
#include "ccw_util.h"
#include "vfio_revoke.h"

#define MEM_SIZE	0x100000
#define WAIT_MS		20000
#define QUIET_MS	300
#define PROD		"/sys/module/css_prod/parameters/"

FIXTURE(ccw) {
	char sch[16];
	struct vfio_path path;
	struct vfio_dut dut;
	int device;
	int event;
	unsigned char *mem;	/* mapped at IOVA 0 */
	struct ccw1 *prog;	/* at 0x1000, reads to 0x2000 */
};

/* What FIXTURE() makes, under a name that a style checker reads. */
#define ccw_fixture	_test_data_ccw

static int prod_held(void)
{
	char value[16] = "";

	sysfs_read(PROD "held", value, sizeof(value));
	return atoi(value);
}

static int prod_wait_held(int n)
{
	long long end = now_ms() + WAIT_MS;

	while (prod_held() < n) {
		if (now_ms() > end)
			return -ETIMEDOUT;
		sleep_ms(5);
	}
	return 0;
}

static int ccw_open(struct ccw_fixture *self)
{
	int ret = vfio_path_open(&self->path, PATH_CDEV, &self->dut, NULL);

	self->device = self->path.device;
	ret = ret ?: vfio_path_map(&self->path, self->mem, MEM_SIZE, 0);
	return ret ?: vfio_set_irq(self->device, VFIO_CCW_IO_IRQ_INDEX,
				   VFIO_IRQ_SET_ACTION_TRIGGER, self->event);
}

FIXTURE_SETUP(ccw)
{
	vfio_path_init(&self->path);
	self->mem = MAP_FAILED;
	self->event = -1;
	if (ccw_find_sch("0.0.000a", self->sch, sizeof(self->sch)))
		SKIP(return, "no 3270 as 0.0.000a");
	ASSERT_EQ(0, ccw_bind(self->sch));
	ASSERT_EQ(0, sysfs_write(PROD "target", self->sch));
	ASSERT_EQ(0, ccw_mdev_new(self->sch, &self->dut));
	self->mem = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	self->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ASSERT_LE(0, self->event);
	ASSERT_EQ(0, ccw_open(self));
	self->prog = (void *)(self->mem + 0x1000);
	self->prog[0] = (struct ccw1){ CCW_CMD_SENSE_ID, CCW_FLAG_SLI, 7, 0x2000 };
}

FIXTURE_TEARDOWN(ccw)
{
	sysfs_write(PROD "hold", "0");
	vfio_path_close(&self->path);
	if (self->event >= 0)
		close(self->event);
	if (self->mem != MAP_FAILED)
		munmap(self->mem, MEM_SIZE);
	if (self->dut.name[0])
		EXPECT_EQ(0, mdev_remove(self->dut.name));
	sysfs_write(PROD "target", "\n");
}

static int start(struct ccw_fixture *self)
{
	return ccw_start(self->device, ORB_FMT1 | ORB_PFCH, 0x1000);
}

/* A program whose end does not come. */
static int start_pending(struct ccw_fixture *self)
{
	int ret = sysfs_write(PROD "hold", "1");

	ret = ret ?: start(self);
	return ret ?: prod_wait_held(1);
}

/* The device is as good as new. */
static int runs(struct ccw_fixture *self)
{
	struct ccw_irb irb;
	int ret;

	sysfs_write(PROD "hold", "0");
	self->mem[0x2000] = 0;
	ret = ccw_run(self->device, self->event, ORB_FMT1 | ORB_PFCH, 0x1000, &irb);
	if (ret)
		return ret;
	return SCSW_FCTL(irb.w0) == FCTL_START && self->mem[0x2000] == 0xff ? 0 : -EIO;
}

TEST_F(ccw, busy_until_it_ends)
{
	struct ccw_irb irb;

	ASSERT_EQ(0, start_pending(self));
	EXPECT_EQ(-EBUSY, start(self));
	EXPECT_EQ(0, irq_count(self->event, QUIET_MS));
	ASSERT_EQ(0, sysfs_write(PROD "deliver", "1"));
	EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
	ASSERT_EQ(0, ccw_read_irb(self->device, &irb));
	EXPECT_EQ(0x1008, irb.cpa);
	EXPECT_EQ(0, runs(self));
}

/* Its pages are given back before unmap returns, and it is over. */
TEST_F(ccw, unmap)
{
	long long begin;

	ASSERT_EQ(0, start_pending(self));
	begin = now_ms();
	EXPECT_EQ(0, vfio_path_unmap(&self->path, MEM_SIZE, 0));
	EXPECT_GT(WAIT_MS, now_ms() - begin);
	ASSERT_EQ(0, vfio_path_map(&self->path, self->mem, MEM_SIZE, 0));
	irq_count(self->event, QUIET_MS);
	EXPECT_EQ(0, runs(self));
}

TEST_F(ccw, reset)
{
	ASSERT_EQ(0, start_pending(self));
	EXPECT_EQ(0, vfio_ioctl(self->device, VFIO_DEVICE_RESET, NULL));
	EXPECT_EQ(0, irq_count(self->event, QUIET_MS));
	EXPECT_EQ(0, runs(self));
}

TEST_F(ccw, halt_ends_it)
{
	struct ccw_irb irb;

	ASSERT_EQ(0, start_pending(self));
	EXPECT_EQ(0, ccw_async(self->device, VFIO_CCW_ASYNC_CMD_HSCH));
	EXPECT_LT(0, irq_count(self->event, WAIT_MS));
	ASSERT_EQ(0, ccw_read_irb(self->device, &irb));
	EXPECT_EQ(FCTL_HALT, SCSW_FCTL(irb.w0) & FCTL_HALT);
	EXPECT_EQ(0, runs(self));
}

TEST_F(ccw, close)
{
	ASSERT_EQ(0, start_pending(self));
	vfio_path_close(&self->path);
	/* What comes now comes too late. */
	sysfs_write(PROD "deliver", "1");
	ASSERT_EQ(0, ccw_open(self));
	EXPECT_EQ(0, irq_count(self->event, QUIET_MS));
	EXPECT_EQ(0, runs(self));
}

#define WQ_CPUS	"/sys/devices/virtual/workqueue/cpumask"

/*
 * Halt, and start before the work item of the halt's status has run: one CPU for
 * both, and this thread keeps it. Returns what the start says; -EBUSY if the
 * status was not even taken when it came.
 */
static int halt_then_start(struct ccw_fixture *self)
{
	struct sched_param fifo = { .sched_priority = 1 }, other = {};
	struct ccw_cmd_region cmd = { .command = VFIO_CCW_ASYNC_CMD_HSCH };
	struct ccw_io_region io;
	cpu_set_t one, all;
	int ret;

	ccw_fill_io(&io, ORB_FMT1 | ORB_PFCH, 0x1000);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_getaffinity(0, sizeof(all), &all) ||
	    sysfs_write(WQ_CPUS, "1") ||
	    sched_setaffinity(0, sizeof(one), &one) ||
	    sched_setscheduler(0, SCHED_FIFO, &fifo))
		return -errno;
	ret = ccw_pwrite(self->device, CCW_REGION_CMD, &cmd, sizeof(cmd));
	ret = ret ?: ccw_pwrite(self->device, CCW_REGION_IO, &io, sizeof(io));
	sched_setscheduler(0, SCHED_OTHER, &other);
	sched_setaffinity(0, sizeof(all), &all);
	sysfs_write(WQ_CPUS, "3");
	return ret;
}

/*
 * A status that was there before the program started ended it: its pages were
 * unpinned while the device used them, and the next program was let in.
 */
TEST_F(ccw, defect_4_stale_status)
{
	struct ccw_irb irb;
	int tries = 10;

	/* Once before, so that what both requests touch is there. */
	ASSERT_EQ(0, start_pending(self));
	ASSERT_EQ(0, sysfs_write(PROD "deliver", "1"));
	ASSERT_EQ(1, irq_count(self->event, WAIT_MS));
	ASSERT_EQ(0, ccw_read_irb(self->device, &irb));

	while (halt_then_start(self)) {
		ASSERT_LT(0, tries--);
		ASSERT_LT(0, irq_count(self->event, WAIT_MS));
		ASSERT_EQ(0, ccw_read_irb(self->device, &irb));
	}
	ASSERT_EQ(0, prod_wait_held(1));
	ASSERT_EQ(1, irq_count(self->event, WAIT_MS));
	ASSERT_EQ(0, ccw_read_irb(self->device, &irb));
	EXPECT_EQ(FCTL_HALT, SCSW_FCTL(irb.w0));

	/* The program runs, and nothing else may. */
	EXPECT_EQ(-EBUSY, start(self));
	ASSERT_EQ(0, sysfs_write(PROD "deliver", "1"));
	EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
	ASSERT_EQ(0, ccw_read_irb(self->device, &irb));
	EXPECT_EQ(FCTL_START, SCSW_FCTL(irb.w0));
	EXPECT_EQ(0, runs(self));
}

/* Status that nobody asked for, at any moment, also while the device comes and goes. */
TEST_F_TIMEOUT(ccw, defect_2_interrupts_while_it_goes, 120)
{
	int mark = kmsg_mark(), i;
	char line[256];

	vfio_path_close(&self->path);
	ASSERT_EQ(0, sysfs_write(PROD "hammer", "1"));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, mdev_remove(self->dut.name));
		self->dut.name[0] = 0;
		ASSERT_EQ(0, ccw_mdev_new(self->sch, &self->dut));
		ASSERT_EQ(0, ccw_open(self));
		vfio_path_close(&self->path);
	}
	ASSERT_EQ(0, sysfs_write(PROD "hammer", "0"));
	if (kmsg_splat(mark, line, sizeof(line)))
		EXPECT_STREQ("", line);
	ASSERT_EQ(0, ccw_open(self));
	EXPECT_EQ(0, runs(self));
}

/* The holder does not look at the request; it has a program that does not end. */
TEST_F_TIMEOUT(ccw, revoked_while_pending, 120)
{
	struct ccw_io_region io;
	struct vfio_dut dut;
	char line[256];
	long long ms;
	int mark;

	if (revoke_set_seconds(&self->dut, REVOKE_S) == -ENOENT)
		SKIP(return, "no revocation in this kernel");
	ASSERT_EQ(0, start_pending(self));
	mark = kmsg_mark();
	ASSERT_EQ(0, revoke_now(&self->dut, &ms));
	EXPECT_LE(REVOKE_S * 1000, ms);
	EXPECT_GT(REVOKE_S * 1000 + REVOKE_CLOSE_MS, ms);

	/* A dead file is left, the device is free and works for the next one. */
	EXPECT_EQ(-ENODEV, start(self));
	EXPECT_EQ(-ENODEV, ccw_async(self->device, VFIO_CCW_ASYNC_CMD_HSCH));
	EXPECT_EQ(-ENODEV, ccw_pread(self->device, CCW_REGION_IO, &io, sizeof(io)));
	EXPECT_EQ(-ENODEV, vfio_ioctl(self->device, VFIO_DEVICE_RESET, NULL));
	self->dut.name[0] = 0;
	vfio_path_close(&self->path);
	ASSERT_EQ(0, ccw_mdev_new(self->sch, &dut));
	self->dut = dut;
	ASSERT_EQ(0, ccw_open(self));
	EXPECT_EQ(0, runs(self));
	if (kmsg_splat(mark, line, sizeof(line)))
		EXPECT_STREQ("", line);
}

TEST_HARNESS_MAIN
