/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The test harness and what every fixture of the VFIO selftests does with it.
 * Included by the programs alone; the helpers of vfio_util.h know nothing of
 * the harness.
 */
#ifndef VFIO_SELFTEST_HARNESS_H
#define VFIO_SELFTEST_HARNESS_H

#include "../kselftest_harness.h"
#include "vfio_util.h"

/* An emulated machine under load needs more than the harness's 30 seconds. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

/* False if the test is to be skipped; the reason has been recorded then. */
static inline bool dut_ready(struct __test_metadata *_metadata,
			     struct vfio_dut *dut, enum vfio_dut_kind kind)
{
	const char *why;
	int ret;

	ret = vfio_dut_get(dut, kind, 0, &why);
	if (ret)
		SKIP(return false, "%s: %s", why, strerror(-ret));
	return true;
}

static inline bool dut_has_cdev(struct __test_metadata *_metadata,
				struct vfio_dut *dut, enum vfio_dut_kind kind)
{
	if (!dut_ready(_metadata, dut, kind))
		return false;
	if (!dut->cdev[0])
		SKIP(return false, "%s has no cdev", dut->name);
	return true;
}

#endif
