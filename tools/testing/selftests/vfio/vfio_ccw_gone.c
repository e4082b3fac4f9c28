// SPDX-License-Identifier: GPL-2.0
/*
 * Holds a vfio-ccw device open while it is de-configured, as a virtual machine
 * does, and goes on using it: reset, I/O, close. Run by a suite that takes the
 * device away; prints no TAP, the exit status says how it ended.
 *
 * usage: vfio_ccw_gone DEVNO [translating]
 *
 * With "translating" the device goes while a program is being translated, which
 * waits for memory; what it is told then is that the device is gone (defect 6
 * of the former driver: the start brought the device back to life).
 *
 * 0: it was told, every call failed as it should; 1: could not open it; 2: it
 * was not told within a minute; 3: a call did something else, which is printed.
 */
#define _GNU_SOURCE
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "ccw_util.h"

static int failures;

static void expect(const char *what, int got, int want, int or_else)
{
	if (got == want || got == or_else)
		return;
	printf("%s: got %d, want %d\n", what, got, want);
	failures++;
}

/* Memory that is not there before hole_fill(). */
static struct {
	int uffd;
	struct uffdio_range range;
} hole;

static int hole_map(struct vfio_path *path, __u64 iova)
{
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	void *mem = mmap(NULL, 0x1000, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	hole.uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (mem == MAP_FAILED || hole.uffd < 0 || ioctl(hole.uffd, UFFDIO_API, &api))
		return -errno;
	hole.range.start = (unsigned long)mem;
	hole.range.len = 0x1000;
	area.range = hole.range;
	if (ioctl(hole.uffd, UFFDIO_REGISTER, &area))
		return -errno;
	return vfio_path_map(path, mem, 0x1000, iova);
}

/* Somebody waits for it. */
static int hole_missed(void)
{
	struct uffd_msg msg;

	return read(hole.uffd, &msg, sizeof(msg)) == (ssize_t)sizeof(msg) ? 0 : -EIO;
}

static int hole_fill(void)
{
	struct uffdio_zeropage page = { .range = hole.range };

	return ioctl(hole.uffd, UFFDIO_ZEROPAGE, &page) ? -errno : 0;
}

static int slow_start;

static void *start_slowly(void *device)
{
	slow_start = ccw_start(*(int *)device, ORB_FMT1 | ORB_PFCH, 0x1000);
	return NULL;
}

int main(int argc, char **argv)
{
	int translating = argc > 2 && !strcmp(argv[2], "translating");
	pthread_t thread;
	struct ccw_crw_region crw;
	struct vfio_path path;
	struct vfio_dut dut;
	unsigned char schib[52];
	struct ccw_irb irb;
	char sch[16];
	int event, ret;
	void *mem;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc < 2 || ccw_find_sch(argv[1], sch, sizeof(sch)) ||
	    ccw_bind(sch) || ccw_mdev_new(sch, &dut) ||
	    vfio_path_open(&path, PATH_CDEV, &dut, NULL))
		return 1;
	mem = mmap(NULL, 0x10000, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED || vfio_path_map(&path, mem, 0x10000, 0))
		return 1;
	*(struct ccw1 *)(mem + 0x1000) =
		(struct ccw1){ CCW_CMD_SENSE_ID, CCW_FLAG_SLI, 7, 0x2000 };
	event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (vfio_set_irq(path.device, VFIO_CCW_REQ_IRQ_INDEX,
			 VFIO_IRQ_SET_ACTION_TRIGGER, event))
		return 1;
	ret = ccw_start(path.device, ORB_FMT1 | ORB_PFCH, 0x1000);
	if (ret)
		return 1;

	if (translating) {
		((struct ccw1 *)(mem + 0x1000))->cda = 0x200000;
		/* Status of the program before is read, and its end known. */
		sleep_ms(1000);
		if (hole_map(&path, 0x200000) ||
		    pthread_create(&thread, NULL, start_slowly, &path.device) ||
		    hole_missed())
			return 1;
	}

	printf("holding\n");
	if (!irq_count(event, 60000))
		return 2;
	if (translating) {
		if (hole_fill())
			return 1;
		pthread_join(thread, NULL);
		expect("slow start", slow_start, -EIO, -EIO);
		vfio_path_unmap(&path, 0x1000, 0x200000);
	}

	expect("reset", vfio_ioctl(path.device, VFIO_DEVICE_RESET, NULL),
	       -EINVAL, -EINVAL);
	expect("start", ccw_start(path.device, ORB_FMT1 | ORB_PFCH, 0x1000),
	       -EIO, -ENODEV);
	expect("halt", ccw_async(path.device, VFIO_CCW_ASYNC_CMD_HSCH), -EIO, -ENODEV);
	expect("clear", ccw_async(path.device, VFIO_CCW_ASYNC_CMD_CSCH), -EIO, -ENODEV);
	expect("schib", ccw_pread(path.device, CCW_REGION_SCHIB, schib, sizeof(schib)),
	       -ENODEV, -ENODEV);
	expect("crw", ccw_pread(path.device, CCW_REGION_CRW, &crw, sizeof(crw)), 0, 0);
	expect("irb", ccw_read_irb(path.device, &irb), 0, 0);
	expect("unmap", vfio_path_unmap(&path, 0x10000, 0), 0, 0);
	expect("reset again", vfio_ioctl(path.device, VFIO_DEVICE_RESET, NULL),
	       -EINVAL, -EINVAL);
	vfio_path_close(&path);
	printf("closed\n");
	return failures ? 3 : 0;
}
