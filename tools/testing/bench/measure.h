/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of the bench share: a clock, samples, and one line of
 * output for each figure.
 *
 * In a guest whose clock advances a nanosecond with each instruction, a
 * difference of times is a number of instructions, of this program, of the
 * kernel on its behalf, and of kernel threads that it waits for. What it would
 * be idle in between is not work: a process that runs only when nobody else
 * wants to keeps the machine busy then, and its time is taken off and told
 * apart as "waited". In plain time the whole difference counts.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

/* Per operation. Lives from figure() to figure_print(). */
struct figure {
	char name[64];
	long x;			/* how many there were, or how large it was */
	unsigned int n, room;
	/* Samples of one kind of work, of which some do what others left. */
	bool amortised;
	double *spent, *waited;
	long long at, spun;
};

/* Whether time is counted in instructions. */
bool measure_counts(void);
/* Once, before the first figure. Ends the program if there is no clock. */
void measure_init(void);
/* An integer of the environment, which the kernel's command line gives. */
long measure_number(const char *name, long otherwise);

void figure(struct figure *f, const char *name, long x);
void figure_begin(struct figure *f);
/* One sample, of that many operations. */
void figure_end(struct figure *f, long operations);
/*
 * The median: a timer tick or a busy machine is not in it. Or, of instructions
 * that are amortised, the mean, in which all that comes now and then has its part.
 */
void figure_print(struct figure *f);
/* Output is kept back until here: writing it would disturb what is measured. */
void measure_flush(void);

/* The program cannot go on: say which call failed, with errno. */
void measure_die(const char *what);
/* The same unless the value is not negative, which is returned. */
long must(long value, const char *what);

#endif
