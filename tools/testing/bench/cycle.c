// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device from open to close, see cycle.h.
 */
#include <unistd.h>
#include <linux/vfio.h>

#include "cycle.h"
#include "measure.h"

void cycle_cdev(const struct vfio_dut *dut)
{
	int iommufd = must(iommufd_open(), "iommufd"), fd;
	struct vfio_device_info info;
	__u32 ioas, id;

	must(ioas_alloc(iommufd, &ioas), "IOAS_ALLOC");
	fd = must(node_open(dut->cdev), dut->cdev);
	must(vfio_bind(fd, iommufd, &id), "BIND");
	must(vfio_attach(fd, &ioas), "ATTACH");
	must(device_info(fd, &info), "GET_INFO");
	close(fd);
	close(iommufd);
}

void cycle_group(const struct vfio_dut *dut)
{
	struct vfio_device_info info;
	int fds[2], fd;

	must(vfio_open_group_container(dut, fds), "group and container");
	fd = must(group_get_device(fds[0], dut->name), "GET_DEVICE_FD");
	must(device_info(fd, &info), "GET_INFO");
	close(fd);
	close(fds[0]);
	close(fds[1]);
}
