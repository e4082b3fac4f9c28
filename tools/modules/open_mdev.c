// SPDX-License-Identifier: GPL-2.0
/*
 * Open a mediated device through its group and a container, read from it, and
 * map memory for it: what a program on a stock kernel does.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/vfio.h>

static int must(int ret, const char *what)
{
	if (ret < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror(errno));
		exit(1);
	}
	return ret;
}

int main(int argc, char **argv)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_region_info config = {
		.argsz = sizeof(config), .index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .iova = 0x100000, .size = 0x10000,
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
	};
	char link[PATH_MAX], target[PATH_MAX], node[PATH_MAX];
	int container, group, device;
	uint32_t id = 0;
	ssize_t len;
	void *mem;

	if (argc != 2)
		return 2;
	snprintf(link, sizeof(link), "/sys/bus/mdev/devices/%s/iommu_group",
		 argv[1]);
	len = must(readlink(link, target, sizeof(target) - 1), link);
	target[len] = 0;
	snprintf(node, sizeof(node), "/dev/vfio/%s", strrchr(target, '/') + 1);

	container = must(open("/dev/vfio/vfio", O_RDWR), "container");
	group = must(open(node, O_RDWR), node);
	must(ioctl(group, VFIO_GROUP_SET_CONTAINER, &container), "SET_CONTAINER");
	must(ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), "SET_IOMMU");
	must(ioctl(group, VFIO_GROUP_GET_STATUS, &status), "GET_STATUS");
	device = must(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, argv[1]),
		      "GET_DEVICE_FD");
	must(ioctl(device, VFIO_DEVICE_GET_INFO, &info), "GET_INFO");
	must(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &config),
	     "GET_REGION_INFO");
	must(pread(device, &id, sizeof(id), config.offset), "config space");

	mem = mmap(NULL, map.size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map.vaddr = (uintptr_t)mem;
	must(ioctl(container, VFIO_IOMMU_MAP_DMA, &map), "MAP_DMA");
	printf("device %04x:%04x, %u regions, group flags %x\n", id & 0xffff,
	       id >> 16, info.num_regions, status.flags);
	/* The id of mtty's serial card. */
	return id == 0x32534348 ? 0 : 1;
}
