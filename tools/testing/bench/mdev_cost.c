// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to create and to remove a mediated device, as an admin does it
 * through sysfs, while there are few of them or many.
 *
 * usage: mdev_cost TYPE COUNT
 *
 * TYPE is a directory below mdev_supported_types. Devices are created up to
 * COUNT; each thirtieth of the way is a figure. Ten times on the way some are
 * removed, of the oldest, of the youngest and at random, and as many created
 * again. They are left alive: what it takes to remove them all, where the cost
 * of one grows with their number, is not worth the time.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"

#define BLOCKS	30
#define SAMPLES	(measure_counts() ? 160 : 64)

struct guid {
	char text[37];
};

/* The devices that are alive, from the oldest to the youngest. */
static struct guid *alive;
static long count;
static int create_fd;
static uint64_t seed = 7;

/* The same numbers in each run. */
static uint64_t random64(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static struct guid new_guid(void)
{
	uint64_t a = random64(), b = random64();
	struct guid guid;

	snprintf(guid.text, sizeof(guid.text), "%08x-%04x-4%03x-a%03x-%012llx",
		 (uint32_t)a, (uint16_t)(a >> 32), (uint32_t)(a >> 48) & 0xfff,
		 (uint32_t)(b >> 48) & 0xfff, (unsigned long long)b & 0xffffffffffff);
	return guid;
}

static void create(struct figure *f, struct guid guid)
{
	ssize_t done;

	figure_begin(f);
	done = pwrite(create_fd, guid.text, 36, 0);
	figure_end(f, 1);
	must(done, "create");
	alive[count++] = guid;
}

/* Opening the attribute is part of it: there is one for each device. */
static void remove_at(struct figure *f, long at)
{
	char path[128];
	ssize_t done;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/remove", alive[at].text);
	figure_begin(f);
	fd = open(path, O_WRONLY);
	done = write(fd, "1", 1);
	close(fd);
	figure_end(f, 1);
	must(done, "remove");
	count--;
	memmove(alive + at, alive + at + 1, (count - at) * sizeof(*alive));
}

static long choose(char order)
{
	switch (order) {
	case 'o':
		return 0;
	case 'y':
		return count - 1;
	default:
		return random64() % count;
	}
}

static void remove_some(const char *order)
{
	struct figure removal, creation;
	long i, n = count / 4 < SAMPLES ? count / 4 : SAMPLES;
	char name[32];

	snprintf(name, sizeof(name), "mdev.remove.%s", order);
	figure(&removal, name, count);
	removal.amortised = true;
	for (i = 0; i < n; i++)
		remove_at(&removal, choose(*order));
	figure_print(&removal);
	/* Not printed: what was just freed is warm. */
	figure(&creation, "mdev.again", count);
	for (i = 0; i < n; i++)
		create(&creation, new_guid());
	free(creation.spent);
	free(creation.waited);
}

int main(int argc, char **argv)
{
	struct figure f;
	char path[256];
	long total, block, i, last;

	if (argc < 3)
		return 2;
	total = atol(argv[2]);
	block = total / BLOCKS > 0 ? total / BLOCKS : 1;
	alive = calloc(total + 1, sizeof(*alive));
	snprintf(path, sizeof(path), "%s/create", argv[1]);
	create_fd = must(open(path, O_WRONLY), path);
	measure_init();

	/* The first ones grow slabs, tables and directories. */
	figure(&f, "mdev.first", 0);
	for (i = 0; i < 32 && i < total; i++)
		create(&f, new_guid());
	figure_print(&f);

	for (i = 1; count < total; i++) {
		last = count + block < total ? count + block : total;
		figure(&f, "mdev.create", last);
		f.amortised = true;
		while (count < last)
			create(&f, new_guid());
		figure_print(&f);
		if (i == 1 || i % 3 == 0) {
			remove_some("oldest");
			remove_some("youngest");
			remove_some("random");
		}
		measure_flush();
	}
	measure_flush();
	return 0;
}
