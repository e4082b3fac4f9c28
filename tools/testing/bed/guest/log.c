// SPDX-License-Identifier: GPL-2.0-only
/*
 * log COMMAND...: run a command on a terminal of its own and write each line
 * that it prints into the kernel log, after "| ". Results and splats then
 * stand in one stream, in order, and no line is torn by another.
 * Used by: guest/init. The terminal makes stdio of the programs line-buffered.
 */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* printk cuts a record near 1000 characters. */
#define LINE_MAX_LEN 900

static int kmsg;
static char line[LINE_MAX_LEN + 1];
static size_t fill;

static void emit(void)
{
	char record[LINE_MAX_LEN + 16];
	int len = snprintf(record, sizeof(record), "<13>| %.*s\n", (int)fill, line);

	fill = 0;
	while (write(kmsg, record, len) < 0 && errno == EINTR)
		;
}

int main(int argc, char **argv)
{
	struct termios raw;
	struct winsize size = { .ws_row = 50, .ws_col = 200 };
	char buf[4096];
	int master, status = 0;
	ssize_t got, i;
	pid_t pid;

	if (argc < 2)
		return 2;
	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (kmsg < 0) {
		perror("/dev/kmsg");
		return 2;
	}
	memset(&raw, 0, sizeof(raw));
	cfmakeraw(&raw);
	raw.c_cflag |= CREAD;
	cfsetspeed(&raw, B38400);
	pid = forkpty(&master, NULL, &raw, &size);
	if (pid < 0) {
		perror("forkpty");
		return 2;
	}
	if (!pid) {
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	fcntl(master, F_SETFD, FD_CLOEXEC);
	setpriority(PRIO_PROCESS, 0, -10);

	for (;;) {
		got = read(master, buf, sizeof(buf));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		for (i = 0; i < got; i++) {
			if (buf[i] == '\r')
				continue;
			if (buf[i] == '\n') {
				emit();
				continue;
			}
			line[fill++] = buf[i];
			if (fill == LINE_MAX_LEN)
				emit();
		}
	}
	if (fill)
		emit();
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
