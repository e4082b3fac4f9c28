// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-ccw: the tracepoints' definitions
 */
#define CREATE_TRACE_POINTS
#include "vfio_ccw_trace.h"
