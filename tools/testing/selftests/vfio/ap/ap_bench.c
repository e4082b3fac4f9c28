// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to assign the last of 256 domains, and what else depends on
 * the size of a matrix. In a machine whose clock counts instructions (icount)
 * the figures are instructions, the same in each run. Reports and does not
 * judge. Run with the cards of ap.sh.
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

/* One write of an attribute; the second time, so that nothing is done first. */
static int cost(const struct vfio_dut *dut, const char *what, const char *attr,
		const char *undo, int number)
{
	long long start, ns;
	int ret;

	ret = ap_set(dut, attr, "%d", number);
	ret = ret ?: ap_set(dut, undo, "%d", number);
	start = now_ns();
	ret = ret ?: ap_set(dut, attr, "%d", number);
	ns = now_ns() - start;
	printf("# instructions: %s: %lld\n", what, ns);
	return ret;
}

int main(void)
{
	struct vfio_dut dut;
	int ret;

	printf("1..1\n");
	ap_emu_reset();
	ret = ap_mdev_new(&dut);
	ret = ret ?: cost(&dut, "the first domain, no adapter", "assign_domain",
			  "unassign_domain", DOMAIN);
	ret = ret ?: ap_assign(&dut, CARD, LAST_CARD, DOMAIN, LAST_DOMAIN - 1);
	ret = ret ?: cost(&dut, "the 4th domain of 4 adapters, all 16 queues there",
			  "assign_domain", "unassign_domain", LAST_DOMAIN);
	ret = ret ?: ap_assign(&dut, CARD, LAST_CARD, 0, 254);
	ret = ret ?: cost(&dut, "the last of 256 domains, 4 adapters, 16 queues there",
			  "assign_domain", "unassign_domain", 255);
	ret = ret ?: ap_assign(&dut, CARD, 255, 0, 254);
	ret = ret ?: cost(&dut, "the last of 256 domains, 253 adapters, 16 queues there",
			  "assign_domain", "unassign_domain", 255);
	printf("%sok 1 costs\n", ret ? "not " : "");
	if (ret)
		printf("# %s\n", strerror(-ret));
	mdev_remove(dut.name);
	return !!ret;
}
