/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory of a vfio-ccw device, as the channel-program translator uses it
 */
#ifndef _VFIO_CCW_PIN_H_
#define _VFIO_CCW_PIN_H_

#include "ccw_xlate.h"

/*
 * Over vfio_dma_rw(), vfio_pin_pages() and vfio_unpin_pages(). The context of
 * every operation is the struct vfio_device, which must be open.
 */
extern const struct ccw_mem_ops vfio_ccw_mem_ops;

#endif
