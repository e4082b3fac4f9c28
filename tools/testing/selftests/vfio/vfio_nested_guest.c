// SPDX-License-Identifier: GPL-2.0
/*
 * Process 1 of a nested guest that has QEMU's edu function assigned: twice a
 * second it says what it sees of it, by a mapped register and by configuration
 * space, and it never ends. Lines are "tick N bar VALUE config VALUE", or
 * "failed WHAT: WHY".
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define EDU		"0x1234\n0x11e8\n"
#define BAR_SIZE	4096

/* There is nobody to return to. */
static void stop(const char *what)
{
	printf("failed %s: %s\n", what, strerror(errno));
	for (;;)
		pause();
}

static int open_in(const char *folder, const char *name, int flags)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return open(path, flags);
}

static size_t read_in(const char *folder, const char *name, void *buf,
		      size_t size)
{
	int fd = open_in(folder, name, O_RDONLY);
	ssize_t got = -1;

	if (fd >= 0) {
		got = read(fd, buf, size);
		close(fd);
	}
	return got > 0 ? got : 0;
}

static int is_edu(const char *folder)
{
	char id[32] = "";
	size_t got;

	got = read_in(folder, "vendor", id, sizeof(id) - 1);
	read_in(folder, "device", id + got, sizeof(id) - 1 - got);
	return !strcmp(id, EDU);
}

static const uint32_t *enable_and_map(const char *folder)
{
	int fd = open_in(folder, "enable", O_WRONLY);
	void *bar;

	if (fd < 0 || write(fd, "1", 1) != 1)
		stop("enable");
	close(fd);
	fd = open_in(folder, "resource0", O_RDWR);
	if (fd < 0)
		stop("resource0");
	bar = mmap(NULL, BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bar == MAP_FAILED)
		stop("mmap");
	return bar;
}

int main(void)
{
	const char *folder = NULL;
	const uint32_t *bar;
	unsigned int tick;
	uint32_t config;
	size_t i;
	glob_t g;

	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir("/sys", 0755);
	if (mount("sysfs", "/sys", "sysfs", 0, NULL))
		stop("mount");
	if (glob("/sys/bus/pci/devices/*", 0, NULL, &g))
		stop("glob");
	for (i = 0; i < g.gl_pathc && !folder; i++)
		folder = is_edu(g.gl_pathv[i]) ? g.gl_pathv[i] : NULL;
	if (!folder)
		stop("edu");
	bar = enable_and_map(folder);
	for (tick = 1;; tick++) {
		config = 0;
		read_in(folder, "config", &config, sizeof(config));
		printf("tick %u bar %08x config %08x\n", tick,
		       __atomic_load_n(bar, __ATOMIC_RELAXED), config);
		usleep(500000);
	}
}
