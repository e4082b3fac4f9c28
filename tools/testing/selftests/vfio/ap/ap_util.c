// SPDX-License-Identifier: GPL-2.0
/*
 * Helpers of the vfio-ap tests that write and read files: the emulator's below
 * debugfs, the AP bus's and the matrix devices' below sysfs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "ap_util.h"

#define EMU		"/sys/kernel/debug/ap_emu/"
#define QUEUE_DRIVER	AP_BUS "drivers/vfio_ap/"
#define LOG_SIZE	(1024 * 1024)

/* This process has changed what a scan of the bus would see. */
static bool changed;

int file_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0 && have < size - 1) {
		n = read(fd, buf + have, size - 1 - have);
		if (n > 0)
			have += n;
	}
	if (n < 0)
		n = -errno;
	close(fd);
	buf[have] = '\0';
	return n < 0 ? n : (int)have;
}

int ap_emu(const char *file, const char *fmt, ...)
{
	char path[128], text[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), EMU "%s", file);
	if (!strcmp(file + 1, "pm") || !strcmp(file + 1, "qm") || !strcmp(file + 1, "dm") ||
	    strstr(text, "state=") || strstr(text, "type="))
		changed = true;
	return sysfs_write(path, text);
}

static bool masks_are_ours(void)
{
	char apm[64], aqm[64], adm[64];

	return !sysfs_read(EMU "apm", apm, sizeof(apm)) && !strcmp(apm, "1-6") &&
	       !sysfs_read(EMU "aqm", aqm, sizeof(aqm)) && !strcmp(aqm, "4-7") &&
	       !sysfs_read(EMU "adm", adm, sizeof(adm)) && !strcmp(adm, "4-7");
}

long long ap_emu_stat(const char *name)
{
	char text[1024], *line, *rest = text;

	if (file_read(EMU "stats", text, sizeof(text)) < 0)
		return -1;
	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ' ')
			return atoll(line + strlen(name));
	return -1;
}

int ap_emu_calls(const char *op, int apqn)
{
	char *text = malloc(LOG_SIZE), *at, want[64];
	int n = 0;

	if (!text || file_read(EMU "log", text, LOG_SIZE) < 0) {
		free(text);
		return -1;
	}
	if (apqn < 0)
		snprintf(want, sizeof(want), " %s ", op);
	else
		snprintf(want, sizeof(want), " %s %02x.%04x ", op, apqn >> 8, apqn & 0xff);
	for (at = text; (at = strstr(at, want)); at++)
		n++;
	free(text);
	return n;
}

bool ap_emu_uvc(unsigned int cmd, int *nth, unsigned long long *address)
{
	char *text = malloc(LOG_SIZE), *at, want[64];
	bool found = false;
	int n = 0;

	if (!text || file_read(EMU "log", text, LOG_SIZE) < 0) {
		free(text);
		return false;
	}
	snprintf(want, sizeof(want), " uvc cmd=%04x ", cmd);
	for (at = text; (at = strstr(at, want)); at++) {
		if (n++ < *nth)
			continue;
		*nth = n;
		*address = strtoull(strstr(at, "address=") + 8, NULL, 16);
		found = true;
		break;
	}
	free(text);
	return found;
}

void ap_emu_reset(void)
{
	int card, domain;

	ap_emu("inject", "clear");
	ap_emu("reset_ms", "0");
	ap_emu("irq_ms", "0");
	ap_emu("reply_ms", "0");
	ap_emu("stats", "0");
	ap_emu("log", "0");
	if (!changed && masks_are_ours())
		return;
	for (card = 1; card <= LAST_CARD; card++) {
		ap_emu("control", "card %d type=14 state=online", card);
		for (domain = DOMAIN; domain <= LAST_DOMAIN; domain++)
			ap_emu("control", "queue %02x.%04x state=online reset_ms=-1", card, domain);
	}
	ap_emu("apm", "1-%d", LAST_CARD);
	ap_emu("aqm", "%d-%d", DOMAIN, LAST_DOMAIN);
	ap_emu("adm", "%d-%d", DOMAIN, LAST_DOMAIN);
	ap_scan();
	changed = false;
	ap_emu("stats", "0");
	ap_emu("log", "0");
}

int ap_scan(void)
{
	return sysfs_write(AP_BUS "scans", "1");
}

static int queue_path(int apqn, const char *name, char *path, size_t size)
{
	return snprintf(path, size, AP_BUS "devices/%02x.%04x/%s", apqn >> 8, apqn & 0xff, name);
}

int ap_queue_driver(int apqn, char *name, size_t size)
{
	char path[128];

	queue_path(apqn, "driver", path, sizeof(path));
	return sysfs_link_name(path, name, size);
}

static int queue_write(int apqn, const char *file)
{
	char name[16], path[128];

	snprintf(name, sizeof(name), "%02x.%04x", apqn >> 8, apqn & 0xff);
	snprintf(path, sizeof(path), QUEUE_DRIVER "%s", file);
	return sysfs_write(path, name);
}

int ap_queue_bind(int apqn)
{
	return queue_write(apqn, "bind");
}

int ap_queue_unbind(int apqn)
{
	return queue_write(apqn, "unbind");
}

int ap_queue_status(int apqn, char *status, size_t size)
{
	char path[128];

	queue_path(apqn, "status", path, sizeof(path));
	return sysfs_read(path, status, size);
}

bool ap_queue_status_is(int apqn, const char *status)
{
	char have[32];

	return !ap_queue_status(apqn, have, sizeof(have)) && !strcmp(have, status);
}

int ap_mdev_new(struct vfio_dut *dut)
{
	char guid[37], path[128];
	int ret;

	mdev_guid(guid);
	ret = mdev_create(AP_TYPE, guid);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s", guid);
	return vfio_dut_from_sysfs(dut, path);
}

int ap_set(const struct vfio_dut *dut, const char *attr, const char *fmt, ...)
{
	char path[512], text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "%s/%s", dut->sysfs, attr);
	return sysfs_write(path, text);
}

int ap_get(const struct vfio_dut *dut, const char *attr, char *buf, size_t size)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dut->sysfs, attr);
	return file_read(path, buf, size);
}

bool ap_is(const struct vfio_dut *dut, const char *attr, const char *want)
{
	char have[8192];

	if (ap_get(dut, attr, have, sizeof(have)) < 0)
		return false;
	if (!strcmp(have, want))
		return true;
	printf("# %s: want\n%s# have\n%s", attr, want, have);
	return false;
}

int ap_assign(const struct vfio_dut *dut, int card, int last_card, int domain, int last_domain)
{
	int i, ret = 0;

	for (i = card; !ret && i <= last_card; i++)
		ret = ap_set(dut, "assign_adapter", "%d", i);
	for (i = domain; !ret && i <= last_domain; i++)
		ret = ap_set(dut, "assign_domain", "%d", i);
	return ret;
}

const char *ap_config_text(char text[AP_CONFIG_SIZE], int apm, int aqm, int adm)
{
	snprintf(text, AP_CONFIG_SIZE, "0x%02x%062d,0x%02x%062d,0x%02x%062d\n",
		 apm & 0xff, 0, aqm & 0xff, 0, adm & 0xff, 0);
	return text;
}

int ap_config(const struct vfio_dut *dut, int apm, int aqm, int adm)
{
	char text[AP_CONFIG_SIZE];

	return ap_set(dut, "ap_config", "%s", ap_config_text(text, apm, aqm, adm));
}
