// SPDX-License-Identifier: GPL-2.0
/*
 * vfio-ccw: a regression test for each defect of the former driver that can be
 * seen without a mainframe. The number in a name is the defect's. Needs root,
 * vfio_ccw.ko, CONFIG_CIO_INJECT and a 3270 as 0.0.000a.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "vfio_harness.h"
#include "ccw_util.h"

#define MEM_SIZE	0x100000
#define WAIT_MS		10000
#define INJECT		"/sys/kernel/debug/s390/cio/"
#define CRW_OVERFLOW	0x20000000
#define CRW_MAX		64	/* far more than a driver needs to keep */

FIXTURE(ccw) {
	char sch[16];
	struct vfio_path path;
	struct vfio_dut dut;
	int device;
	int event;
	unsigned char *mem;
	struct ccw1 *prog;
	char chpid[8];
};

/* What FIXTURE() makes, under a name that a style checker reads. */
#define ccw_fixture	_test_data_ccw

static int ccw_open(struct ccw_fixture *self)
{
	int ret = vfio_path_open(&self->path, PATH_CDEV, &self->dut, NULL);

	self->device = self->path.device;
	return ret;
}

/*
 * A channel report of the channel path: gone, or there again. They are worked
 * off in turn; this one is perhaps still to come.
 */
static int report_path(struct ccw_fixture *self, bool there)
{
	long long end = now_ms() + WAIT_MS;
	char crw[64];
	int ret;

	snprintf(crw, sizeof(crw), "0 0 0 4 0 %x %s", there ? 2 : 6, self->chpid);
	while ((ret = sysfs_write(INJECT "crw_inject", crw)) == -EBUSY) {
		if (now_ms() > end)
			break;
		sleep_ms(1);
	}
	return ret;
}

/* The same, worked off on return: that takes a second if the path has come. */
static int inject_path(struct ccw_fixture *self, bool there)
{
	int ret = report_path(self, there);

	sysfs_write("/proc/cio_settle", "1");
	return ret;
}

FIXTURE_SETUP(ccw)
{
	char path[128], chpids[64];

	vfio_path_init(&self->path);
	self->mem = MAP_FAILED;
	self->event = -1;
	if (ccw_find_sch("0.0.000a", self->sch, sizeof(self->sch)))
		SKIP(return, "no 3270 as 0.0.000a");
	ASSERT_EQ(0, ccw_bind(self->sch));
	ASSERT_EQ(0, ccw_mdev_new(self->sch, &self->dut));
	ASSERT_EQ(0, ccw_open(self));
	self->mem = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, vfio_path_map(&self->path, self->mem, MEM_SIZE, 0));
	self->prog = (void *)(self->mem + 0x1000);
	self->prog[0] = (struct ccw1){ CCW_CMD_SENSE_ID, CCW_FLAG_SLI, 7, 0x2000 };
	self->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ASSERT_LE(0, self->event);

	snprintf(path, sizeof(path), "/sys/bus/css/devices/%s/chpids", self->sch);
	ASSERT_EQ(0, sysfs_read(path, chpids, sizeof(chpids)));
	snprintf(self->chpid, sizeof(self->chpid), "%.2s", chpids);
	sysfs_write(INJECT "enable_inject", "1");
}

FIXTURE_TEARDOWN(ccw)
{
	inject_path(self, true);
	vfio_path_close(&self->path);
	if (self->event >= 0)
		close(self->event);
	if (self->mem != MAP_FAILED)
		munmap(self->mem, MEM_SIZE);
	if (self->dut.name[0])
		EXPECT_EQ(0, mdev_remove(self->dut.name));
}

static int set_event(struct ccw_fixture *self, unsigned int index)
{
	return vfio_set_irq(self->device, index, VFIO_IRQ_SET_ACTION_TRIGGER,
			    self->event);
}

/* There was room for one status: the next one took the place of the unread. */
TEST_F(ccw, defect_5_two_interrupts)
{
	struct ccw_irb irb;

	ASSERT_EQ(0, set_event(self, VFIO_CCW_IO_IRQ_INDEX));
	ASSERT_EQ(0, ccw_async(self->device, VFIO_CCW_ASYNC_CMD_HSCH));
	ASSERT_LT(0, irq_count(self->event, WAIT_MS));
	ASSERT_EQ(0, ccw_async(self->device, VFIO_CCW_ASYNC_CMD_CSCH));
	sleep_ms(500);

	ASSERT_EQ(0, ccw_read_irb(self->device, &irb));
	EXPECT_EQ(FCTL_HALT, SCSW_FCTL(irb.w0));
	/* Who reads once for each signal gets them all. */
	EXPECT_LT(0, irq_count(self->event, 0));
	ASSERT_EQ(0, ccw_read_irb(self->device, &irb));
	EXPECT_EQ(FCTL_CLEAR, SCSW_FCTL(irb.w0));
	EXPECT_EQ(0, irq_count(self->event, 0));
}

/* The next opener inherited the eventfds of the last. */
TEST_F(ccw, defect_8_eventfds_at_close)
{
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, set_event(self, i));
	vfio_path_close(&self->path);
	ASSERT_EQ(0, ccw_open(self));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, vfio_irq_action(self->device, i,
					     VFIO_IRQ_SET_ACTION_TRIGGER, 1));
		EXPECT_EQ(0, irq_count(self->event, 10));
	}
}

/* Reports came in while nobody had the device open. */
TEST_F(ccw, defect_8_reports_while_closed)
{
	struct ccw_crw_region crw = {};

	vfio_path_close(&self->path);
	ASSERT_EQ(0, inject_path(self, false));
	ASSERT_EQ(0, inject_path(self, true));
	ASSERT_EQ(0, ccw_open(self));
	ASSERT_EQ(0, ccw_pread(self->device, CCW_REGION_CRW, &crw, sizeof(crw)));
	EXPECT_EQ(0, crw.crw);

	/* And not that none come in at all. */
	ASSERT_EQ(0, set_event(self, VFIO_CCW_CRW_IRQ_INDEX));
	ASSERT_EQ(0, inject_path(self, false));
	EXPECT_LT(0, irq_count(self->event, WAIT_MS));
	ASSERT_EQ(0, ccw_pread(self->device, CCW_REGION_CRW, &crw, sizeof(crw)));
	/* rsc 4 channel path, erc 6 permanent error, the path */
	EXPECT_EQ(0x04060000 | strtoul(self->chpid, NULL, 16), crw.crw);
	ASSERT_EQ(0, ccw_pread(self->device, CCW_REGION_CRW, &crw, sizeof(crw)));
	EXPECT_EQ(0, crw.crw);
}

/* Nobody reads: the queue grew without bound. */
TEST_F(ccw, defect_8_reports_without_bound)
{
	struct ccw_crw_region crw;
	__u32 last = 0;
	int i;

	for (i = 0; i < CRW_MAX + 16; i++)
		ASSERT_EQ(0, report_path(self, i & 1));
	ASSERT_EQ(0, inject_path(self, true));
	for (i = 0; i <= CRW_MAX; i++) {
		ASSERT_EQ(0, ccw_pread(self->device, CCW_REGION_CRW, &crw, sizeof(crw)));
		if (!crw.crw)
			break;
		last = crw.crw;
	}
	EXPECT_GT(CRW_MAX, i);
	EXPECT_EQ(CRW_OVERFLOW, last & CRW_OVERFLOW);
}

/* With no function asked for, user space's own ret_code came back. */
TEST_F(ccw, defect_8_ret_code)
{
	struct ccw_io_region io;

	memset(&io, 0, sizeof(io));
	io.ret_code = -EXDEV;
	EXPECT_EQ(-EINVAL, ccw_pwrite(self->device, CCW_REGION_IO, &io, sizeof(io)));
	ASSERT_EQ(0, ccw_pread(self->device, CCW_REGION_IO, &io, sizeof(io)));
	EXPECT_EQ((__u32)-EINVAL, io.ret_code);
}

/* The subchannel's interruption parameter is an address of the host's. */
TEST_F(ccw, schib_shows_no_host_address)
{
	unsigned char schib[52];

	ASSERT_EQ(0, ccw_pread(self->device, CCW_REGION_SCHIB, schib, sizeof(schib)));
	EXPECT_EQ(0, memcmp(schib, "\0\0\0\0", 4));
}

/*
 * Reset and unmap worked on the program beside the start that set it up. Run
 * last: it ends the former driver's kernel.
 */
struct storm {
	struct ccw_fixture *self;
	long long end;
	int (*once)(struct storm *storm);
	int done, failed;
};

static int storm_start(struct storm *storm)
{
	int ret = ccw_start(storm->self->device, ORB_FMT1 | ORB_PFCH, 0x1000);

	/* Busy, or its memory is unmapped at the moment. */
	return ret == -EIO || ret == -ENODEV || ret == -EACCES ? ret : 0;
}

static int storm_reset(struct storm *storm)
{
	return vfio_ioctl(storm->self->device, VFIO_DEVICE_RESET, NULL);
}

static int storm_unmap(struct storm *storm)
{
	struct vfio_path *path = &storm->self->path;

	return vfio_path_unmap(path, MEM_SIZE, 0) ?:
	       vfio_path_map(path, storm->self->mem, MEM_SIZE, 0);
}

static int storm_read(struct storm *storm)
{
	struct ccw_irb irb;
	unsigned char schib[52];
	int device = storm->self->device;

	return ccw_read_irb(device, &irb) ?:
	       ccw_pread(device, CCW_REGION_SCHIB, schib, sizeof(schib));
}

static int storm_halt(struct storm *storm)
{
	int ret = ccw_async(storm->self->device, storm->done & 1 ?
			    VFIO_CCW_ASYNC_CMD_HSCH : VFIO_CCW_ASYNC_CMD_CSCH);

	return ret == -EBUSY || ret == -EIO ? 0 : ret;
}

static void *storm_thread(void *arg)
{
	struct storm *storm = arg;

	while (now_ms() < storm->end) {
		/* Between the close and the open of a reset a start gets EIO. */
		if (storm->once(storm))
			storm->failed++;
		storm->done++;
	}
	return NULL;
}

TEST_F_TIMEOUT(ccw, defect_7_storm, 300)
{
	struct storm storms[] = {
		{ .once = storm_start }, { .once = storm_start },
		{ .once = storm_reset }, { .once = storm_unmap },
		{ .once = storm_read }, { .once = storm_halt },
	};
	pthread_t threads[ARRAY_SIZE(storms)];
	struct ccw_irb irb;
	char line[256];
	int mark, ret;
	size_t i;

	mark = kmsg_mark();
	for (i = 0; i < ARRAY_SIZE(storms); i++) {
		storms[i].self = self;
		storms[i].end = now_ms() + 8000;
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, storm_thread,
					    &storms[i]));
	}
	for (i = 0; i < ARRAY_SIZE(storms); i++) {
		pthread_join(threads[i], NULL);
		TH_LOG("storm %zu: %d calls, %d failed", i, storms[i].done,
		       storms[i].failed);
		EXPECT_LT(0, storms[i].done);
		EXPECT_EQ(0, storms[i].failed);
	}
	if (kmsg_splat(mark, line, sizeof(line)))
		EXPECT_STREQ("", line);

	/* It still works. */
	ASSERT_EQ(0, vfio_ioctl(self->device, VFIO_DEVICE_RESET, NULL));
	ASSERT_EQ(0, set_event(self, VFIO_CCW_IO_IRQ_INDEX));
	irq_count(self->event, 500);
	self->mem[0x2000] = 0;
	ret = ccw_run(self->device, self->event, ORB_FMT1 | ORB_PFCH, 0x1000, &irb);
	ASSERT_EQ(0, ret);
	EXPECT_EQ(0xff, self->mem[0x2000]);
}

TEST_HARNESS_MAIN
