// SPDX-License-Identifier: GPL-2.0-only
/*
 * What writes to files of sysfs or debugfs cost: bind, unbind, sriov_numvfs and
 * the commands of the bench's modules.
 *
 * usage: write_cost
 *
 * Reads lines from its standard input: "NAME X OPERATIONS FILE TEXT". Lines of
 * one NAME and X are samples of one figure. NAME "-" is not measured.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"

static struct figure figures[64];
static unsigned int known;

static struct figure *find(const char *name, long x)
{
	unsigned int i;

	for (i = 0; i < known; i++) {
		if (!strcmp(figures[i].name, name) && figures[i].x == x)
			return &figures[i];
	}
	if (known == sizeof(figures) / sizeof(*figures)) {
		fprintf(stderr, "bench: too many figures\n");
		exit(1);
	}
	figure(&figures[known], name, x);
	return &figures[known++];
}

int main(void)
{
	char line[512], name[64], file[256], text[128];
	long x, operations;
	struct figure *f;
	unsigned int i;
	ssize_t done;
	int fd;

	measure_init();
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%63s %ld %ld %255s %127[^\n]", name, &x, &operations, file,
			   text) != 5) {
			fprintf(stderr, "bench: what is '%s'?\n", line);
			return 2;
		}
		f = find(name, x);
		fd = must(open(file, O_WRONLY), file);
		figure_begin(f);
		done = write(fd, text, strlen(text));
		figure_end(f, operations);
		must(done, line);
		close(fd);
	}
	for (i = 0; i < known; i++) {
		if (strcmp(figures[i].name, "-"))
			figure_print(&figures[i]);
	}
	measure_flush();
	return 0;
}
