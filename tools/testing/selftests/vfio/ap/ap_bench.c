// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to assign and unassign the last domain of a matrix, and to take
 * away a queue of it and bring it back, by how many queues the matrix has. In a
 * machine whose clock counts instructions (icount) the figures are instructions,
 * the same in each run. Reports and does not judge. Run with the cards of ap.sh.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ap_util.h"

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int report(const char *what, long queues, long long start, int ret)
{
	printf("# instructions: %s %ld %lld\n", what, queues, now_ns() - start);
	return ret;
}

/* The last domain of a matrix; the second time, so that nothing is done first. */
static int cost_domain(const struct vfio_dut *dut, long queues, int number)
{
	long long start;
	int ret;

	ret = ap_set(dut, "assign_domain", "%d", number);
	ret = ret ?: ap_set(dut, "unassign_domain", "%d", number);
	start = now_ns();
	ret = ret ?: report("assign-domain", queues, start,
			    ap_set(dut, "assign_domain", "%d", number));
	start = now_ns();
	ret = ret ?: report("unassign-domain", queues, start,
			    ap_set(dut, "unassign_domain", "%d", number));
	return ret ?: ap_set(dut, "assign_domain", "%d", number);
}

/* A queue of the matrix goes and comes back. */
static int cost_queue(long queues)
{
	int apqn = APQN(CARD, DOMAIN);
	long long start;
	int ret;

	ret = ap_queue_unbind(apqn);
	ret = ret ?: ap_queue_bind(apqn);
	start = now_ns();
	ret = ret ?: report("queue-remove", queues, start, ap_queue_unbind(apqn));
	start = now_ns();
	return ret ?: report("queue-probe", queues, start, ap_queue_bind(apqn));
}

int main(void)
{
	struct vfio_dut dut;
	int ret;

	printf("1..1\n");
	ap_emu_reset();
	ret = ap_mdev_new(&dut);
	/* No adapter. */
	ret = ret ?: cost_domain(&dut, 1, DOMAIN);
	/* 4 x 4, all of whose queues are there; then 16 of them. */
	ret = ret ?: ap_assign(&dut, CARD, LAST_CARD, DOMAIN, LAST_DOMAIN - 1);
	ret = ret ?: cost_domain(&dut, 16, LAST_DOMAIN);
	ret = ret ?: cost_queue(16);
	/* 4 x 256 */
	ret = ret ?: ap_assign(&dut, CARD, LAST_CARD, 0, 254);
	ret = ret ?: cost_domain(&dut, 1024, 255);
	ret = ret ?: cost_queue(1024);
	/* 253 x 256: the host keeps two adapters, and there is none of number 0. */
	ret = ret ?: ap_assign(&dut, CARD, 255, 0, 254);
	ret = ret ?: cost_domain(&dut, 64768, 255);
	ret = ret ?: cost_queue(64768);
	printf("%sok 1 costs\n", ret ? "not " : "");
	if (ret)
		printf("# %s\n", strerror(-ret));
	mdev_remove(dut.name);
	return !!ret;
}
