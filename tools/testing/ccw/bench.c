// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a START SUBCHANNEL costs in the translator, ours or the base's
 *
 * Prints a line for each kind and length of program: calls per SSCH, of the
 * memory allocator, of reading guest memory, of pinning and unpinning, and the
 * instructions in between. What stands behind the calls is as good as nothing
 * here, and the same for both: the count is of the translators alone. Counted
 * by single steps, so it is the same in every run.
 */
#define TOUCHING	0
#include "both.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static int ssch(u32 cpa)
{
	u32 flags, host, rest[5];
	int ret = xlate(0x00c20000, cpa);

	if (!ret && !host_orb(&flags, &host, rest))
		ret = -1;
	release();
	return ret;
}

/* Reads of 4 KiB, one after the other, into pages that are neighbours. */
static void put_program(u32 at, u32 n, bool lists)
{
	u32 i;

	for (i = 0; i < n; i++) {
		u32 data = 0x200000 + i * 4096, list = 0x100000 + i * 16;
		u8 flags = (i + 1 < n ? 0x40 : 0) | (lists ? 0x04 : 0);

		put_ccw(at + i * 8, 0x06, flags, 4096, lists ? list : data);
		put_idaw(list, data);
	}
}

/* Instructions between two stops of a child; what the stops take comes off. */
static long steps(u32 cpa)
{
	int status;
	long n = 0;
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		if (cpa && ssch(cpa))
			_exit(1);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	for (;;) {
		if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) || waitpid(pid, &status, 0) != pid ||
		    !WIFSTOPPED(status))
			return -1;
		if (WSTOPSIG(status) != SIGTRAP)
			break;
		n++;
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return n;
}

int main(void)
{
	static const u32 lengths[] = { 1, 16, 256 };
	long empty;
	u32 i, lists;

	if (!memory())
		return 2;
	prepare();
	empty = steps(0);
	for (lists = 0; lists < 2; lists++) {
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			long n;

			put_program(0x1000, lengths[i], lists);
			/* Twice before: what is kept from program to program is there. */
			if (ssch(0x1000) || ssch(0x1000))
				return 1;
			memset(&calls, 0, sizeof(calls));
			if (ssch(0x1000))
				return 1;
			n = steps(0x1000);
			printf("%s\t%u\t%u\t%u\t%u\t%u\t%u\t%ld\n", lists ? "lists" : "direct",
			       lengths[i], calls.allocs, calls.reads, calls.bytes, calls.pins,
			       calls.unpins, n < 0 || empty < 0 ? -1 : n - empty);
		}
	}
	return 0;
}
