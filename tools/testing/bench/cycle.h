/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device from open to close, with an address space of its own, as a program
 * does it; for the programs that measure the whole.
 */
#ifndef BENCH_CYCLE_H
#define BENCH_CYCLE_H

#include "vfio_util.h"

/* Through its own node and iommufd: open, BIND, ATTACH, GET_INFO, close. */
void cycle_cdev(const struct vfio_dut *dut);
/* Through its group and a container of type 1, likewise. */
void cycle_group(const struct vfio_dut *dut);

#endif
