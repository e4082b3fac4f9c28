// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to map and unmap user memory for a PCI function behind an
 * IOMMU, through iommufd and through a type1 container: one page, 2 MiB of
 * small pages, and one page of 2 MiB.
 *
 * usage: map_cost SYSFS-DEVICE
 */
#include <stdio.h>
#include <string.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/iommufd.h>

#include "measure.h"
#include "vfio_util.h"

#define HUGE	(2ul << 20)
#define IOVA	0x40000000ul

struct way {
	const char *name;
	int fd;
	__u32 ioas;
};

static int map(const struct way *way, void *va, size_t size)
{
	if (way->ioas)
		return ioas_map(way->fd, way->ioas, va, size, IOVA);
	return container_map(way->fd, va, size, IOVA);
}

static int unmap(const struct way *way, size_t size)
{
	__u64 len = size;

	if (way->ioas)
		return ioas_unmap(way->fd, way->ioas, IOVA, size);
	return container_unmap(way->fd, IOVA, &len);
}

static void measure(const struct way *way, const char *what, void *va, size_t size)
{
	struct figure mapped, unmapped;
	char name[64];
	int i;

	snprintf(name, sizeof(name), "map.%s.%s", way->name, what);
	figure(&mapped, name, size);
	snprintf(name, sizeof(name), "unmap.%s.%s", way->name, what);
	figure(&unmapped, name, size);
	for (i = 0; i < 24; i++) {
		figure_begin(&mapped);
		must(map(way, va, size), "map");
		figure_end(&mapped, 1);
		figure_begin(&unmapped);
		must(unmap(way, size), "unmap");
		figure_end(&unmapped, 1);
	}
	figure_print(&mapped);
	figure_print(&unmapped);
}

/* Memory aligned to 2 MiB, of small pages or of large ones. */
static void *memory(int advice)
{
	char *p = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must((long)p, "mmap");
	p = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
	must(madvise(p, HUGE, advice), "madvise");
	memset(p, 1, HUGE);
	return p;
}

static void measure_all(const struct way *way, void *small, void *large)
{
	measure(way, "page", small, 4096);
	measure(way, "pages", small, HUGE);
	measure(way, "huge", large, HUGE);
}

int main(int argc, char **argv)
{
	struct way iommufd = { .name = "iommufd" }, type1 = { .name = "type1" };
	void *small, *large;
	struct vfio_dut dut;
	int fds[2], fd;
	__u32 pt;

	if (argc < 2)
		return 2;
	must(vfio_dut_from_sysfs(&dut, argv[1]), argv[1]);
	small = memory(MADV_NOHUGEPAGE);
	large = memory(MADV_HUGEPAGE);
	measure_init();

	iommufd.fd = must(iommufd_open(), "iommufd");
	must(ioas_alloc(iommufd.fd, &iommufd.ioas), "IOAS_ALLOC");
	fd = must(vfio_open_bind(&dut, iommufd.fd, NULL), "BIND");
	pt = iommufd.ioas;
	must(vfio_attach(fd, &pt), "ATTACH");
	measure_all(&iommufd, small, large);
	close(fd);
	close(iommufd.fd);

	must(vfio_open_group_container(&dut, fds), "group and container");
	type1.fd = fds[1];
	fd = must(group_get_device(fds[0], dut.name), "GET_DEVICE_FD");
	measure_all(&type1, small, large);
	close(fd);
	close(fds[0]);
	close(fds[1]);
	measure_flush();
	return 0;
}
