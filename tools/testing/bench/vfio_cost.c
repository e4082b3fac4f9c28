// SPDX-License-Identifier: GPL-2.0-only
/*
 * What opening, using and closing a device costs, through its own file and
 * through its group's; and what a driver pays to reach the user's memory.
 *
 * usage: vfio_cost SYSFS-DEVICE NAME [pin]
 *
 * NAME is the first word of the figures. With "pin" the device is one of
 * bench_mdev, which answers calls at once and takes requests to pin.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>

#include "bench_mdev.h"
#include "cycle.h"
#include "measure.h"

#define PIN_BYTES	(BENCH_MDEV_PAGES * 4096ul)
#define IOVA		0x10000000ul

static const char *prefix;
static struct vfio_dut dut;
static char *memory;
static long rounds;

static void named(struct figure *f, const char *name, long x)
{
	char full[64];

	snprintf(full, sizeof(full), "%s.%s", prefix, name);
	figure(f, full, x);
}

/* One sample of a call that must succeed. */
#define TIMED(f, call) ({						\
	struct figure *timed = (f);					\
	long timed_ret;							\
									\
	figure_begin(timed);						\
	timed_ret = (call);						\
	figure_end(timed, 1);						\
	must(timed_ret, #call);						\
})

/* One figure for each step of a way, in the order of @names. */
static void name_steps(struct figure *steps, const char *const *names, int n)
{
	int i;

	for (i = 0; i < n; i++)
		named(&steps[i], names[i], 1);
}

static void print_steps(struct figure *steps, int n)
{
	int i;

	for (i = 0; i < n; i++)
		figure_print(&steps[i]);
}

/* The whole, with an address space of its own, as a program does it. */
static void measure_whole(const char *name, void (*cycle)(const struct vfio_dut *))
{
	struct figure all;
	long i;

	named(&all, name, 1);
	for (i = 0; i < rounds; i++) {
		figure_begin(&all);
		cycle(&dut);
		figure_end(&all, 1);
	}
	figure_print(&all);
}

static void cdev_cycle(int iommufd, __u32 ioas)
{
	enum { OPEN, BIND, ATTACH, INFO, REGION, DETACH, CLOSE, STEPS };
	static const char *const names[STEPS] = {
		[OPEN] = "cdev.open", [BIND] = "cdev.bind", [ATTACH] = "cdev.attach",
		[INFO] = "cdev.info", [REGION] = "cdev.region-info",
		[DETACH] = "cdev.detach", [CLOSE] = "cdev.close",
	};
	struct figure steps[STEPS];
	struct vfio_device_info vinfo;
	struct vfio_region_info rinfo;
	__u32 id;
	long i;
	int fd;

	name_steps(steps, names, STEPS);
	for (i = 0; i < rounds; i++) {
		fd = TIMED(&steps[OPEN], node_open(dut.cdev));
		TIMED(&steps[BIND], vfio_bind(fd, iommufd, &id));
		id = ioas;
		TIMED(&steps[ATTACH], vfio_attach(fd, &id));
		TIMED(&steps[INFO], device_info(fd, &vinfo));
		TIMED(&steps[REGION], device_region(fd, 0, &rinfo));
		TIMED(&steps[DETACH], vfio_detach(fd));
		TIMED(&steps[CLOSE], close(fd));
	}
	print_steps(steps, STEPS);
	measure_whole("cdev.all", cycle_cdev);
}

static void group_cycle(void)
{
	enum { OPEN, SET, IOMMU, GET, INFO, CLOSE, LEAVE, STEPS };
	static const char *const names[STEPS] = {
		[OPEN] = "group.open", [SET] = "group.set-container",
		[IOMMU] = "group.set-iommu", [GET] = "group.get-device-fd",
		[INFO] = "group.info", [CLOSE] = "group.close-device",
		[LEAVE] = "group.close",
	};
	struct figure steps[STEPS];
	struct vfio_device_info vinfo;
	int group, container, fd;
	long i;

	name_steps(steps, names, STEPS);
	for (i = 0; i < rounds; i++) {
		container = must(container_open(), "container");
		group = TIMED(&steps[OPEN], node_open(dut.group));
		TIMED(&steps[SET], group_set_container(group, container));
		TIMED(&steps[IOMMU], container_set_iommu(container, VFIO_TYPE1v2_IOMMU));
		fd = TIMED(&steps[GET], group_get_device(group, dut.name));
		TIMED(&steps[INFO], device_info(fd, &vinfo));
		TIMED(&steps[CLOSE], close(fd));
		TIMED(&steps[LEAVE], close(group));
		close(container);
	}
	print_steps(steps, STEPS);
	measure_whole("group.all", cycle_group);
}

/* Calls that the device answers at once: what is left is the way there. */
static void dispatch(int fd, const char *way)
{
	struct vfio_region_info region;
	struct vfio_device_info info;
	struct figure f;
	char word[4] = "";
	char name[32];
	off_t at;
	int i, r;

	must(device_region(fd, 0, &region), "REGION_INFO");
	at = region.offset;

#define EACH(what, call) do {						\
	snprintf(name, sizeof(name), "%s%s", way, what);		\
	named(&f, name, 1);						\
	for (r = 0; r < 8; r++) {					\
		figure_begin(&f);					\
		for (i = 0; i < 500; i++)				\
			call;						\
		figure_end(&f, 500);					\
	}								\
	figure_print(&f);						\
} while (0)

	EACH("read-call", must(pread(fd, word, 4, at), "read"));
	EACH("write-call", must(pwrite(fd, word, 4, at), "write"));
	EACH("reset-call", must(ioctl(fd, VFIO_DEVICE_RESET), "RESET"));
	EACH("info-call", must(device_info(fd, &info), "INFO"));
	EACH("unknown-call", ioctl(fd, VFIO_DEVICE_GET_GFX_DMABUF, 0));
#undef EACH
}

static void ask(int fd, unsigned int op, unsigned int batch)
{
	struct bench_mdev_request r = {
		.op = op, .pages = BENCH_MDEV_PAGES, .batch = batch, .iova = IOVA,
	};

	must(pwrite(fd, &r, sizeof(r), 0), "what was asked of the device");
}

/* Some samples of one request, of as many pages as there are; then of @undo. */
static void ask_often(int fd, const char *way, const char *what, unsigned int op,
		      const char *undoing, unsigned int undo, unsigned int batch, long x)
{
	struct figure done, undone;
	char name[32];
	int r;

	snprintf(name, sizeof(name), "%s%s", way, what);
	named(&done, name, x);
	snprintf(name, sizeof(name), "%s%s", way, undoing ? undoing : "");
	named(&undone, name, x);
	for (r = 0; r < 6; r++) {
		figure_begin(&done);
		ask(fd, op, batch);
		figure_end(&done, BENCH_MDEV_PAGES);
		if (!undoing)
			continue;
		figure_begin(&undone);
		ask(fd, undo, batch);
		figure_end(&undone, BENCH_MDEV_PAGES);
	}
	figure_print(&done);
	figure_print(&undone);
}

static void reach_memory(int fd, const char *way)
{
	static const unsigned int batches[] = { 1, 16, 512 };
	int i;

	for (i = 0; i < 3; i++)
		ask_often(fd, way, "pin-page", BENCH_PIN, "unpin-page", BENCH_UNPIN, batches[i],
			  batches[i]);
	ask_often(fd, way, "dma-rw", BENCH_WRITE, NULL, 0, 1, 64);
}

static void use_cdev(int iommufd, __u32 ioas, bool pins)
{
	__u32 id, pt = ioas;
	int fd = must(node_open(dut.cdev), dut.cdev);

	must(vfio_bind(fd, iommufd, &id), "BIND");
	must(vfio_attach(fd, &pt), "ATTACH");
	if (pins) {
		dispatch(fd, "cdev.");
		must(ioas_map(iommufd, ioas, memory, PIN_BYTES, IOVA), "IOAS_MAP");
		reach_memory(fd, "cdev.");
		/* What a driver pays for memory of its own. */
		ask_often(fd, "", "alloc", BENCH_ALLOC, NULL, 0, 1, 1);
		must(ioas_unmap(iommufd, ioas, IOVA, PIN_BYTES), "IOAS_UNMAP");
	}
	close(fd);
}

static void use_group(bool pins)
{
	__u64 size = PIN_BYTES;
	int fds[2], fd;

	must(vfio_open_group_container(&dut, fds), "group and container");
	fd = must(group_get_device(fds[0], dut.name), "GET_DEVICE_FD");
	if (pins) {
		dispatch(fd, "group.");
		must(container_map(fds[1], memory, PIN_BYTES, IOVA), "MAP_DMA");
		reach_memory(fd, "group.");
		must(container_unmap(fds[1], IOVA, &size), "UNMAP_DMA");
	}
	close(fd);
	close(fds[0]);
	close(fds[1]);
}

int main(int argc, char **argv)
{
	bool pins = argc > 3;
	int iommufd;
	__u32 ioas;

	if (argc < 3)
		return 2;
	prefix = argv[2];
	rounds = measure_number("BENCH_ROUNDS", 24);
	must(vfio_dut_from_sysfs(&dut, argv[1]), argv[1]);
	memory = mmap(NULL, PIN_BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	must((long)memory, "mmap");
	measure_init();
	iommufd = must(iommufd_open(), "iommufd");
	must(ioas_alloc(iommufd, &ioas), "IOAS_ALLOC");
	/* Once for what is done once: modules, caches. */
	cdev_cycle(iommufd, ioas);
	use_cdev(iommufd, ioas, pins);
	group_cycle();
	use_group(pins);
	measure_flush();
	return 0;
}
