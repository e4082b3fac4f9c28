// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: the bodies of the tracepoints of <trace/events/vfio.h>
 */
#define CREATE_TRACE_POINTS
#include <trace/events/vfio.h>
