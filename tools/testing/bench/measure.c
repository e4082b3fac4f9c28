// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock and the samples of the bench's programs, see measure.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

static bool counts;
static clockid_t spinner;
/* What beginning and ending a sample takes by itself. */
static long long empty;
static char out[1 << 18];

static long long read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

void measure_die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

long must(long value, const char *what)
{
	if (value < 0) {
		/* The wrappers of the selftests return the errno. */
		if (value != -1)
			errno = -value;
		measure_die(what);
	}
	return value;
}

long measure_number(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtol(text, NULL, 0) : otherwise;
}

bool measure_counts(void)
{
	return counts;
}

/* A process of its own: a thread would make each system call look up files with care. */
static void start_spinner(void)
{
	struct sched_param param = { 0 };
	pid_t pid = fork();

	must(pid, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		must(sched_setscheduler(0, SCHED_IDLE, &param), "SCHED_IDLE");
		for (;;)
			__asm__ volatile ("" ::: "memory");
	}
	if (clock_getcpuclockid(pid, &spinner)) {
		fprintf(stderr, "bench: no clock of the process that spins\n");
		exit(1);
	}
}

static int ascending(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return d < 0 ? -1 : d > 0;
}

static double median(double *v, unsigned int n)
{
	qsort(v, n, sizeof(*v), ascending);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static double mean(const double *v, unsigned int n)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		sum += v[i];
	return sum / n;
}

void measure_init(void)
{
	const char *mode = getenv("BENCH");
	struct figure f;
	int i;

	setvbuf(stdout, out, _IOFBF, sizeof(out));
	must(mlockall(MCL_CURRENT), "mlockall");
	counts = mode && !strcmp(mode, "insn");
	if (counts)
		start_spinner();
	figure(&f, "empty", 0);
	for (i = 0; i < 100; i++) {
		figure_begin(&f);
		figure_end(&f, 1);
	}
	empty = median(f.spent, f.n);
	free(f.spent);
	free(f.waited);
}

void figure(struct figure *f, const char *name, long x)
{
	memset(f, 0, sizeof(*f));
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->x = x;
	f->room = 128;
	f->spent = calloc(f->room, sizeof(*f->spent));
	f->waited = calloc(f->room, sizeof(*f->waited));
	if (!f->spent || !f->waited)
		measure_die("calloc");
}

void figure_begin(struct figure *f)
{
	if (f->n == f->room) {
		f->room *= 2;
		f->spent = realloc(f->spent, f->room * sizeof(*f->spent));
		f->waited = realloc(f->waited, f->room * sizeof(*f->waited));
		if (!f->spent || !f->waited)
			measure_die("realloc");
	}
	f->spun = counts ? read_clock(spinner) : 0;
	f->at = read_clock(CLOCK_MONOTONIC);
}

void figure_end(struct figure *f, long operations)
{
	long long took = read_clock(CLOCK_MONOTONIC) - f->at;
	long long waited = counts ? read_clock(spinner) - f->spun : 0;

	f->spent[f->n] = (double)(took - waited - empty) / operations;
	f->waited[f->n] = (double)waited / operations;
	f->n++;
}

void figure_print(struct figure *f)
{
	if (f->n)
		printf("= %s %ld %.1f %.1f\n", f->name, f->x,
		       counts && f->amortised ? mean(f->spent, f->n) :
		       median(f->spent, f->n),
		       mean(f->waited, f->n));
	free(f->spent);
	free(f->waited);
}

void measure_flush(void)
{
	fflush(stdout);
}
