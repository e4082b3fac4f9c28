// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to open, use and close one device, and many at a time, each by a
 * process of its own: through their own nodes, and through their groups.
 *
 * usage: parallel_cost NAME ROUNDS SYSFS-DEVICE...
 *
 * Figures are of one device, by how many there were at a time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cycle.h"
#include "measure.h"

static void move_bytes(ssize_t (*move)(int, void *, size_t), int fd, int n)
{
	char c = 0;

	for (; n; n--) {
		if (move(fd, &c, 1) != 1)
			measure_die("the other end of a pipe");
	}
}

static ssize_t put(int fd, void *buf, size_t n)
{
	return write(fd, buf, n);
}

/* A process: waits until it is let go, does it once, says so, again. */
static void serve(const struct vfio_dut *dut, void (*cycle)(const struct vfio_dut *),
		  int rounds, int go, int done)
{
	must(mlockall(MCL_CURRENT), "mlockall");
	for (; rounds; rounds--) {
		move_bytes(read, go, 1);
		cycle(dut);
		move_bytes(put, done, 1);
	}
	_exit(0);
}

static void measure(const char *prefix, const char *way, void (*cycle)(const struct vfio_dut *),
		    const struct vfio_dut *duts, int n, int rounds)
{
	int go[2], done[2], i, status;
	struct figure f;
	char name[64];

	snprintf(name, sizeof(name), "%s.parallel.%s", prefix, way);
	figure(&f, name, n);
	must(pipe(go), "pipe");
	must(pipe(done), "pipe");
	for (i = 0; i < n; i++) {
		if (!must(fork(), "fork")) {
			close(go[1]);
			close(done[0]);
			serve(&duts[i], cycle, rounds + 1, go[0], done[1]);
		}
	}
	close(done[1]);
	/* Once for what a process does once. */
	move_bytes(put, go[1], n);
	move_bytes(read, done[0], n);
	for (i = 0; i < rounds; i++) {
		figure_begin(&f);
		move_bytes(put, go[1], n);
		move_bytes(read, done[0], n);
		figure_end(&f, n);
	}
	close(go[0]);
	close(go[1]);
	close(done[0]);
	for (i = 0; i < n; i++) {
		must(wait(&status), "wait");
		if (status)
			measure_die("a process");
	}
	figure_print(&f);
}

int main(int argc, char **argv)
{
	static struct vfio_dut duts[256];
	int n = argc - 3, rounds, i;

	if (n < 1 || n > 256)
		return 2;
	rounds = atoi(argv[2]);
	for (i = 0; i < n; i++)
		must(vfio_dut_from_sysfs(&duts[i], argv[3 + i]), argv[3 + i]);
	measure_init();
	measure(argv[1], "cdev", cycle_cdev, duts, 1, rounds);
	measure(argv[1], "cdev", cycle_cdev, duts, n, rounds);
	measure(argv[1], "group", cycle_group, duts, 1, rounds);
	measure(argv[1], "group", cycle_group, duts, n, rounds);
	measure_flush();
	return 0;
}
