// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls as a 32-bit program makes them on a 64-bit kernel: each of the
 * three files passes compat calls on as they are, so every structure must have
 * one layout in both worlds, and pointers must arrive whole.
 * Built without a C library (a 32-bit one is seldom there), hence with no
 * harness: it prints TAP by itself. Arguments: the cdev, the group's node, the
 * device's name; a mediated device of type mtty-1. Two more come from
 * vfio_ioas_exec: iommufd itself has no ioctls for 32 bits, so an fd of it and
 * an address space in it are those of a 64-bit program.
 * Needs root and CONFIG_IA32_EMULATION.
 */
#include <stdbool.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>

/* The serial card that mtty shows in its config space. */
#define MTTY_ID		0x32534348
#define NR_TESTS	30

static int count, failed;

/* One test: @got is what the call returned, negative errno if it failed. */
static void expect(const char *what, int got, int want)
{
	bool ok = got == want;

	if (!ok) {
		printf("# %s: got %d, want %d\n", what, got, want);
		failed++;
	}
	printf("%s %d %s\n", ok ? "ok" : "not ok", ++count, what);
}

static int call(int fd, unsigned long cmd, void *arg)
{
	return sys_ioctl(fd, cmd, arg);
}

static int call_val(int fd, unsigned long cmd, unsigned long val)
{
	return sys_ioctl(fd, cmd, (void *)val);
}

static int open_rw(const char *path)
{
	return sys_open(path, O_RDWR, 0);
}

/* Eight bytes of offset, which a 32-bit call takes in two halves. */
static int pread_u32(int fd, unsigned long long offset, unsigned int *value)
{
	return my_syscall5(__NR_pread64, fd, value, sizeof(*value),
			   (unsigned long)offset,
			   (unsigned long)(offset >> 32));
}

static void *page(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static unsigned int config_id(int device)
{
	struct vfio_region_info region = {
		.argsz = sizeof(region), .index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	unsigned int id = 0;

	if (call(device, VFIO_DEVICE_GET_REGION_INFO, &region) ||
	    pread_u32(device, region.offset, &id) != sizeof(id))
		return 0;
	return id;
}

/* What a device fd does once it is live. */
static void live_device(int device)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_device_feature probe = {
		.argsz = sizeof(probe),
		.flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_PROBE |
			 VFIO_DEVICE_FEATURE_MIGRATION,
	};
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };

	expect("GET_INFO", call(device, VFIO_DEVICE_GET_INFO, &info), 0);
	expect("GET_INFO: it is a PCI device",
	       !!(info.flags & VFIO_DEVICE_FLAGS_PCI), 1);
	expect("GET_REGION_INFO and pread at its 64-bit offset",
	       config_id(device) == MTTY_ID, 1);
	expect("GET_IRQ_INFO", call(device, VFIO_DEVICE_GET_IRQ_INFO, &irq),
	       0);
	expect("FEATURE, probing", call(device, VFIO_DEVICE_FEATURE, &probe),
	       0);
	expect("a bad pointer is EFAULT",
	       call_val(device, VFIO_DEVICE_FEATURE, 0xfffff000), -EFAULT);
}

static void through_the_group(const char *node, char *name)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .size = 4096,
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		/* An address that no pointer of 32 bits holds. */
		.iova = 0x123456000ULL,
	};
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = map.iova, .size = map.size,
	};
	int container, group, device;

	map.vaddr = (unsigned long)page();
	container = open_rw("/dev/vfio/vfio");
	group = open_rw(node);
	expect("the group opens", group >= 0, 1);
	expect("GET_API_VERSION", call(container, VFIO_GET_API_VERSION, NULL),
	       VFIO_API_VERSION);
	expect("CHECK_EXTENSION", call_val(container, VFIO_CHECK_EXTENSION,
					   VFIO_TYPE1v2_IOMMU), 1);
	expect("SET_CONTAINER", call(group, VFIO_GROUP_SET_CONTAINER,
				     &container), 0);
	expect("SET_IOMMU", call_val(container, VFIO_SET_IOMMU,
				     VFIO_TYPE1v2_IOMMU), 0);
	expect("GET_STATUS", call(group, VFIO_GROUP_GET_STATUS, &status), 0);
	expect("GET_STATUS: viable, in a container", status.flags,
	       VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET);
	device = call(group, VFIO_GROUP_GET_DEVICE_FD, name);
	expect("GET_DEVICE_FD", device >= 0, 1);
	live_device(device);
	expect("MAP_DMA", call(container, VFIO_IOMMU_MAP_DMA, &map), 0);
	expect("UNMAP_DMA", call(container, VFIO_IOMMU_UNMAP_DMA, &unmap), 0);
	expect("UNMAP_DMA: the page", unmap.size == 4096, 1);
	sys_close(device);
	sys_close(group);
	sys_close(container);
}

static void through_the_cdev(const char *node, int iommufd, unsigned int ioas)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach), .pt_id = ioas,
	};
	struct vfio_device_detach_iommufd_pt detach = {
		.argsz = sizeof(detach),
	};
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	int device;

	device = open_rw(node);
	expect("the cdev opens", device >= 0, 1);
	expect("unbound: EINVAL", call(device, VFIO_DEVICE_GET_INFO, &info),
	       -EINVAL);
	bind.iommufd = iommufd;
	expect("BIND", call(device, VFIO_DEVICE_BIND_IOMMUFD, &bind), 0);
	expect("BIND: an id", bind.out_devid != 0, 1);
	expect("IOAS_ALLOC is not for 32 bits",
	       call(iommufd, IOMMU_IOAS_ALLOC, &alloc), -ENOTTY);
	expect("ATTACH", call(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach),
	       0);
	expect("DETACH", call(device, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach),
	       0);
	live_device(device);
	sys_close(device);
}

int main(int argc, char **argv)
{
	printf("TAP version 13\n");
	if (argc != 6) {
		printf("1..0 # SKIP usage: cdev group name iommufd ioas\n");
		return 4;
	}
	printf("1..%d\n", NR_TESTS);
	through_the_group(argv[2], argv[3]);
	through_the_cdev(argv[1], atoi(argv[4]), atoi(argv[5]));
	if (count != NR_TESTS)
		printf("# ran %d of %d tests\n", count, NR_TESTS);
	return failed || count != NR_TESTS;
}
