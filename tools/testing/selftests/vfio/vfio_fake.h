/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The devices of modules/vfio_fake.c, number 0 with everything and number 1
 * with hardly anything, and the parameters by which they are told what to do
 * and tell what was asked of them. Included by the programs.
 */
#ifndef VFIO_SELFTEST_FAKE_H
#define VFIO_SELFTEST_FAKE_H

#include <stdio.h>
#include <stdlib.h>

#include "vfio_util.h"

#define FAKE_PARAM	"/sys/module/vfio_fake/parameters/"
#define FAKE_DEVICE	"/sys/bus/platform/devices/vfio_fake."
#define FAKE_DRIVER	"/sys/bus/platform/drivers/vfio_fake/"

static inline void fake_set(const char *name, int value)
{
	char path[128], buf[16];

	snprintf(path, sizeof(path), FAKE_PARAM "%s", name);
	snprintf(buf, sizeof(buf), "%d", value);
	sysfs_write(path, buf);
}

static inline int fake_get(const char *name)
{
	char path[128], buf[16];

	snprintf(path, sizeof(path), FAKE_PARAM "%s", name);
	return sysfs_read(path, buf, sizeof(buf)) ? -1 : atoi(buf);
}

#endif
