// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random channel programs through the translator, in user space
 *
 * usage: fuzz [PROGRAMS [SEED]]
 *
 * Batches of 1,000, each with its own seed: when one goes wrong, the seed of its
 * batch is printed, and "fuzz 1000 SEED" shows it again.
 */
#include "kernel.h"

#include "ccw_scan.c"
#include "ccw_plan.c"
#include "ccw_pin.c"
#include "ccw_xlate.c"

#include "tests/ccw_model.h"
#include "tests/ccw_fuzz.h"

#define BATCH	1000

static struct fuzz_count count;

static int batch(u64 seed, u32 programs)
{
	struct model *m = model_create(seed);
	struct ccw_prog *prog = ccw_prog_create(&model_ops, m);
	int bad = 0;
	u32 i;

	if (!m || !prog)
		exit(2);
	for (i = 0; i < programs && !bad; i++) {
		if (!fuzz_one(m, prog, &count)) {
			printf("seed %llu, program %u: %s (%#llx)\n", (unsigned long long)seed, i,
			       m->wrong, (unsigned long long)m->where);
			bad = 1;
		}
	}
	count.ccws += prog->stats.ccws;
	ccw_prog_destroy(prog);
	if (m->arenas) {
		printf("seed %llu: %u arena pages leak\n", (unsigned long long)seed, m->arenas);
		bad = 1;
	}
	model_destroy(m);
	return bad;
}

int main(int argc, char **argv)
{
	u64 programs = argc > 1 ? strtoull(argv[1], NULL, 0) : 100000;
	u64 seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1, done;
	u32 bad = 0;

	for (done = 0; done < programs && bad < 20; done += BATCH, seed++)
		bad += batch(seed, min(programs - done, (u64)BATCH));
	printf("%llu programs: %u wrong\n", (unsigned long long)programs, bad);
	printf("%u translated (%u CCWs, %u pages), %u faults, %u beyond limits, %u unsupported\n",
	       count.good, count.ccws, count.pages, count.fault, count.limit, count.unsupported);
	printf("executed: %u to the end, %u refused, %u suspended, %u loops\n",
	       count.ended[END_NORMAL], count.ended[END_REFUSED], count.ended[END_SUSPENDED],
	       count.ended[END_LOOP]);
	return bad != 0;
}
