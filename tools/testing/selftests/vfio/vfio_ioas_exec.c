// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a program that cannot make an address space in an iommufd by itself:
 * the number of an fd and the id of a space are its last two arguments.
 *
 * usage: vfio_ioas_exec PROGRAM [ARGUMENTS...]
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vfio_util.h"

#define ARGUMENTS_MAX	16

int main(int argc, char **argv)
{
	char fd_text[16], ioas_text[16], *args[ARGUMENTS_MAX + 3] = {};
	__u32 ioas;
	int fd;

	if (argc < 2 || argc - 1 > ARGUMENTS_MAX) {
		fprintf(stderr, "usage: %s PROGRAM [ARGUMENTS...]\n", argv[0]);
		return 1;
	}
	fd = iommufd_open();
	if (fd < 0 || ioas_alloc(fd, &ioas) || fcntl(fd, F_SETFD, 0)) {
		fprintf(stderr, "%s: no iommufd\n", argv[0]);
		return 1;
	}
	snprintf(fd_text, sizeof(fd_text), "%d", fd);
	snprintf(ioas_text, sizeof(ioas_text), "%u", ioas);
	memcpy(args, argv + 1, (argc - 1) * sizeof(*args));
	args[argc - 1] = fd_text;
	args[argc] = ioas_text;
	execvp(args[0], args);
	perror(args[0]);
	return 1;
}
