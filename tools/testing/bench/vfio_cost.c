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
#include "measure.h"
#include "vfio_util.h"

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

static void cdev_cycle(int iommufd, __u32 ioas)
{
	struct figure all, open_, bind, attach, info, region, detach, close_;
	struct vfio_device_info vinfo;
	struct vfio_region_info rinfo;
	__u32 id;
	long i;
	int fd;

	named(&open_, "cdev.open", 1);
	named(&bind, "cdev.bind", 1);
	named(&attach, "cdev.attach", 1);
	named(&info, "cdev.info", 1);
	named(&region, "cdev.region-info", 1);
	named(&detach, "cdev.detach", 1);
	named(&close_, "cdev.close", 1);
	for (i = 0; i < rounds; i++) {
		fd = TIMED(&open_, node_open(dut.cdev));
		TIMED(&bind, vfio_bind(fd, iommufd, &id));
		id = ioas;
		TIMED(&attach, vfio_attach(fd, &id));
		TIMED(&info, device_info(fd, &vinfo));
		TIMED(&region, device_region(fd, 0, &rinfo));
		TIMED(&detach, vfio_detach(fd));
		TIMED(&close_, close(fd));
	}
	figure_print(&open_);
	figure_print(&bind);
	figure_print(&attach);
	figure_print(&info);
	figure_print(&region);
	figure_print(&detach);
	figure_print(&close_);

	/* The whole, and an iommufd of its own, as a program does it. */
	named(&all, "cdev.all", 1);
	for (i = 0; i < rounds; i++) {
		figure_begin(&all);
		iommufd = must(iommufd_open(), "iommufd");
		must(ioas_alloc(iommufd, &ioas), "IOAS_ALLOC");
		fd = must(node_open(dut.cdev), dut.cdev);
		must(vfio_bind(fd, iommufd, &id), "BIND");
		must(vfio_attach(fd, &ioas), "ATTACH");
		must(device_info(fd, &vinfo), "GET_INFO");
		close(fd);
		close(iommufd);
		figure_end(&all, 1);
	}
	figure_print(&all);
}

static void group_cycle(void)
{
	struct figure open_, set, iommu, get, info, close_, leave, all;
	struct vfio_device_info vinfo;
	int group, container, fd;
	long i;

	named(&open_, "group.open", 1);
	named(&set, "group.set-container", 1);
	named(&iommu, "group.set-iommu", 1);
	named(&get, "group.get-device-fd", 1);
	named(&info, "group.info", 1);
	named(&close_, "group.close-device", 1);
	named(&leave, "group.close", 1);
	named(&all, "group.all", 1);
	for (i = 0; i < rounds; i++) {
		container = must(container_open(), "container");
		group = TIMED(&open_, node_open(dut.group));
		TIMED(&set, group_set_container(group, container));
		TIMED(&iommu, container_set_iommu(container, VFIO_TYPE1v2_IOMMU));
		fd = TIMED(&get, group_get_device(group, dut.name));
		TIMED(&info, device_info(fd, &vinfo));
		TIMED(&close_, close(fd));
		TIMED(&leave, close(group));
		close(container);
	}
	for (i = 0; i < rounds; i++) {
		figure_begin(&all);
		container = must(container_open(), "container");
		group = must(node_open(dut.group), dut.group);
		must(group_set_container(group, container), "SET_CONTAINER");
		must(container_set_iommu(container, VFIO_TYPE1v2_IOMMU), "SET_IOMMU");
		fd = must(group_get_device(group, dut.name), "GET_DEVICE_FD");
		must(device_info(fd, &vinfo), "GET_INFO");
		close(fd);
		close(group);
		close(container);
		figure_end(&all, 1);
	}
	figure_print(&open_);
	figure_print(&set);
	figure_print(&iommu);
	figure_print(&get);
	figure_print(&info);
	figure_print(&close_);
	figure_print(&leave);
	figure_print(&all);
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
	snprintf(name, sizeof(name), "%s.%s", way, what);		\
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

static void reach_memory(int fd, const char *way)
{
	static const unsigned int batches[] = { 1, 16, 512 };
	struct figure pinned, unpinned, moved;
	char name[32];
	int i, r;

	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s.pin-page", way);
		named(&pinned, name, batches[i]);
		snprintf(name, sizeof(name), "%s.unpin-page", way);
		named(&unpinned, name, batches[i]);
		for (r = 0; r < 6; r++) {
			figure_begin(&pinned);
			ask(fd, BENCH_PIN, batches[i]);
			figure_end(&pinned, BENCH_MDEV_PAGES);
			figure_begin(&unpinned);
			ask(fd, BENCH_UNPIN, batches[i]);
			figure_end(&unpinned, BENCH_MDEV_PAGES);
		}
		figure_print(&pinned);
		figure_print(&unpinned);
	}
	named(&moved, "alloc", 1);
	for (r = 0; r < 6; r++) {
		figure_begin(&moved);
		ask(fd, BENCH_ALLOC, 1);
		figure_end(&moved, BENCH_MDEV_PAGES);
	}
	figure_print(&moved);
	snprintf(name, sizeof(name), "%s.dma-rw", way);
	named(&moved, name, 64);
	for (r = 0; r < 6; r++) {
		figure_begin(&moved);
		ask(fd, BENCH_WRITE, 1);
		figure_end(&moved, BENCH_MDEV_PAGES);
	}
	figure_print(&moved);
}

static void use_cdev(int iommufd, __u32 ioas, bool pins)
{
	__u32 id, pt = ioas;
	int fd = must(node_open(dut.cdev), dut.cdev);

	must(vfio_bind(fd, iommufd, &id), "BIND");
	must(vfio_attach(fd, &pt), "ATTACH");
	if (pins) {
		dispatch(fd, "cdev");
		must(ioas_map(iommufd, ioas, memory, PIN_BYTES, IOVA), "IOAS_MAP");
		reach_memory(fd, "cdev");
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
		dispatch(fd, "group");
		must(container_map(fds[1], memory, PIN_BYTES, IOVA), "MAP_DMA");
		reach_memory(fd, "group");
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
