/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Channel I/O for the vfio-ccw selftests: channel programs as a guest builds
 * them, the regions of the device, and sysfs of the css bus. Included by the
 * programs; calls return a negative errno on failure. s390 only: words are in
 * the guest's byte order, which is the host's.
 */
#ifndef VFIO_SELFTEST_CCW_H
#define VFIO_SELFTEST_CCW_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/vfio.h>
#include <linux/vfio_ccw.h>

#include "vfio_path.h"

#define CCW_REGION(index)	((off_t)(index) << 10)
#define CCW_REGION_IO		0
#define CCW_REGION_CMD		1
#define CCW_REGION_SCHIB	2
#define CCW_REGION_CRW		3

#define CCW_CMD_NOOP		0x03
#define CCW_CMD_TIC		0x08
#define CCW_CMD_BASIC_SENSE	0x04
#define CCW_CMD_SENSE_ID	0xe4
/* A 3270's own. */
#define CCW_CMD_3270_WRITE	0x01
#define CCW_CMD_3270_READ	0x06
/* virtio-ccw's own. */
#define CCW_CMD_WRITE_CONF	0x21
#define CCW_CMD_READ_CONF	0x22

#define CCW_FLAG_DC		0x80
#define CCW_FLAG_CC		0x40
#define CCW_FLAG_SLI		0x20
#define CCW_FLAG_SKIP		0x10
#define CCW_FLAG_PCI		0x08
#define CCW_FLAG_IDA		0x04
#define CCW_FLAG_SUSPEND	0x02
#define CCW_FLAG_MIDA		0x01

#define ORB_FMT1		0x00800000
#define ORB_PFCH		0x00400000
#define ORB_C64			0x00020000
#define ORB_I2K			0x00010000
#define ORB_LPM			0x0000ff00
#define ORB_TM			0x00040000

#define SCSW_FCTL(w0)		((w0) >> 12 & 7)
#define SCSW_ACTL(w0)		((w0) >> 5 & 0x7f)
#define SCSW_STCTL(w0)		((w0) & 0x1f)
#define FCTL_START		4
#define FCTL_HALT		2
#define FCTL_CLEAR		1

#define DSTAT_ATTENTION		0x80
#define DSTAT_CE		0x08
#define DSTAT_DE		0x04
#define DSTAT_UC		0x02
#define CSTAT_PCHK		0x20

/* Naturally packed; programs put them at multiples of eight. */
struct ccw1 {
	__u8 cmd;
	__u8 flags;
	__u16 count;
	__u32 cda;
};

struct ccw0 {
	__u8 cmd;
	__u8 cda[3];
	__u8 flags;
	__u8 zero;
	__u16 count;
};

struct ccw_irb {
	__u32 w0;
	__u32 cpa;
	__u8 dstat;
	__u8 cstat;
	__u16 count;
	__u32 esw[5];
	__u32 ecw[8];
	__u32 emw[8];
};

/* A subchannel by the number of its device, "0.0.000a"; bound or not. */
static inline int ccw_find_sch(const char *devno, char *sch, size_t size)
{
	char path[128], value[32];
	int i;

	for (i = 0; i < 64; i++) {
		snprintf(path, sizeof(path),
			 "/sys/bus/css/devices/0.0.%04x/dev_busid", i);
		if (sysfs_read(path, value, sizeof(value)))
			continue;
		if (!strcmp(value, devno)) {
			snprintf(sch, size, "0.0.%04x", i);
			return 0;
		}
	}
	return -ENODEV;
}

static inline int ccw_sch_write(const char *sch, const char *attr,
				const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/css/devices/%s/%s", sch, attr);
	return sysfs_write(path, value);
}

static inline int ccw_sch_driver(const char *sch, char *name, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/css/devices/%s/driver", sch);
	return sysfs_link_name(path, name, size);
}

/* Have the subchannel bound to vfio_ccw. */
static inline int ccw_bind(const char *sch)
{
	char name[32] = "";

	ccw_sch_driver(sch, name, sizeof(name));
	if (!strcmp(name, "vfio_ccw"))
		return 0;
	ccw_sch_write(sch, "driver_override", "vfio_ccw");
	if (name[0])
		ccw_sch_write(sch, "driver/unbind", sch);
	sysfs_write("/sys/bus/css/drivers_probe", sch);
	if (ccw_sch_driver(sch, name, sizeof(name)) || strcmp(name, "vfio_ccw"))
		return -ENODEV;
	return 0;
}

/* Give it back to the driver of ordinary I/O subchannels. */
static inline void ccw_unbind(const char *sch)
{
	ccw_sch_write(sch, "driver_override", "\n");
	ccw_sch_write(sch, "driver/unbind", sch);
	sysfs_write("/sys/bus/css/drivers_probe", sch);
}

/* What a test left that ended in the middle of it. */
static inline void ccw_mdev_sweep(const char *sch)
{
	char path[128];
	struct dirent *one;
	DIR *dir;

	snprintf(path, sizeof(path),
		 "/sys/bus/css/devices/%s/mdev_supported_types/vfio_ccw-io/devices", sch);
	dir = opendir(path);
	if (!dir)
		return;
	while ((one = readdir(dir)))
		if (one->d_name[0] != '.')
			mdev_remove(one->d_name);
	closedir(dir);
}

/* A mediated device below it, the only one; the caller takes it away by dut->name. */
static inline int ccw_mdev_new(const char *sch, struct vfio_dut *dut)
{
	long long end = now_ms() + 10000;
	char path[160], guid[37];
	int ret;

	ccw_mdev_sweep(sch);
	mdev_guid(guid);
	snprintf(path, sizeof(path),
		 "/sys/bus/css/devices/%s/mdev_supported_types/vfio_ccw-io/create",
		 sch);
	while ((ret = sysfs_write(path, guid)) != 0) {
		if (ret != -EUSERS || now_ms() > end)
			return ret;
		sleep_ms(50);
	}
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s", guid);
	return vfio_dut_from_sysfs(dut, path);
}

static inline int ccw_pread(int device, unsigned int region, void *buf,
			    size_t len)
{
	ssize_t n = pread(device, buf, len, CCW_REGION(region));

	return n < 0 ? -errno : n == (ssize_t)len ? 0 : -EIO;
}

static inline int ccw_pwrite(int device, unsigned int region, const void *buf,
			     size_t len)
{
	ssize_t n = pwrite(device, buf, len, CCW_REGION(region));

	return n < 0 ? -errno : n == (ssize_t)len ? 0 : -EIO;
}

static inline void ccw_fill_io(struct ccw_io_region *io, __u32 flags, __u32 cpa)
{
	__u32 orb[3] = { 0x4711, flags | ORB_LPM, cpa };
	__u32 scsw[3] = { FCTL_START << 12 };

	memset(io, 0, sizeof(*io));
	memcpy(io->orb_area, orb, sizeof(orb));
	memcpy(io->scsw_area, scsw, sizeof(scsw));
}

/* Start a channel program. */
static inline int ccw_start(int device, __u32 flags, __u32 cpa)
{
	struct ccw_io_region io;
	int ret;

	ccw_fill_io(&io, flags, cpa);
	do {
		ret = ccw_pwrite(device, CCW_REGION_IO, &io, sizeof(io));
	} while (ret == -EAGAIN);
	return ret;
}

/* What the interrupt brought. */
static inline int ccw_read_irb(int device, struct ccw_irb *irb)
{
	struct ccw_io_region io;
	int ret;

	ret = ccw_pread(device, CCW_REGION_IO, &io, sizeof(io));
	if (!ret)
		memcpy(irb, io.irb_area, sizeof(*irb));
	return ret;
}

/* Start, wait for the eventfd, read: 0 and the status, or a negative errno. */
static inline int ccw_run(int device, int event, __u32 flags, __u32 cpa,
			  struct ccw_irb *irb)
{
	int ret;

	irq_count(event, 0);
	ret = ccw_start(device, flags, cpa);
	if (ret)
		return ret;
	if (!irq_count(event, 10000))
		return -ETIMEDOUT;
	return ccw_read_irb(device, irb);
}

static inline int ccw_async(int device, __u32 command)
{
	struct ccw_cmd_region cmd = { .command = command };
	int ret;

	do {
		ret = ccw_pwrite(device, CCW_REGION_CMD, &cmd, sizeof(cmd));
	} while (ret == -EAGAIN);
	return ret;
}

#endif
