// SPDX-License-Identifier: GPL-2.0
/*
 * Holds a device open until it is asked to let go, as a virtual machine does:
 * opens it by one of the paths, maps memory for its DMA and its first BAR, arms
 * the request interrupt, says "holding", and waits. Run by the suites that take
 * devices away; prints no TAP, the exit status says how it ended.
 *
 * usage: vfio_holder cdev|type1|iommufd SYSFS [ignore MS]
 *
 * 0: let go on request (or after MS, with "ignore"); 1: could not open it;
 * 2: nobody asked within a minute.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "vfio_path.h"

#define PATIENCE_MS	60000
#define MAP_IOVA	0x100000

static const char *const kind_name[] = {
	[PATH_CDEV] = "cdev", [PATH_TYPE1] = "type1", [PATH_COMPAT] = "iommufd",
};

static int parse_kind(const char *name)
{
	int kind;

	for (kind = PATH_CDEV; kind <= PATH_COMPAT; kind++)
		if (!strcmp(name, kind_name[kind]))
			return kind;
	return -1;
}

static void *map_something(struct vfio_path *path)
{
	struct vfio_region_info bar;
	void *mem;

	mem = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mem != MAP_FAILED)
		vfio_path_map(path, mem, 65536, MAP_IOVA);
	if (device_region(path->device, VFIO_PCI_BAR0_REGION_INDEX, &bar) ||
	    !(bar.flags & VFIO_REGION_INFO_FLAG_MMAP))
		return MAP_FAILED;
	return mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    path->device, bar.offset);
}

int main(int argc, char **argv)
{
	struct vfio_path path;
	struct vfio_dut dut;
	int event, kind, ret;
	__u32 *bar;

	kind = argc > 2 ? parse_kind(argv[1]) : -1;
	if (kind < 0) {
		fprintf(stderr, "usage: %s cdev|type1|iommufd SYSFS [ignore MS]\n",
			argv[0]);
		return 1;
	}
	ret = vfio_dut_from_sysfs(&dut, argv[2]);
	if (!ret)
		ret = vfio_path_open(&path, kind, &dut, NULL);
	if (ret) {
		fprintf(stderr, "%s: %s\n", argv[2], strerror(-ret));
		return 1;
	}
	bar = map_something(&path);
	event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	vfio_set_irq(path.device, VFIO_PCI_REQ_IRQ_INDEX,
		     VFIO_IRQ_SET_ACTION_TRIGGER, event);
	puts("holding");
	fflush(stdout);

	if (argc > 4 && !strcmp(argv[3], "ignore")) {
		sleep_ms(atoi(argv[4]));
	} else if (!irq_count(event, PATIENCE_MS)) {
		fputs("nobody asked for the device\n", stderr);
		return 2;
	}
	/* Asked for, it is still ours. */
	if (bar != MAP_FAILED)
		printf("letting go; register 0 says 0x%x\n", bar[0]);
	return 0;
}
