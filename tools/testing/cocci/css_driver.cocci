// SPDX-License-Identifier: GPL-2.0-only
//
// s390/cio: who touches the driver of a subchannel
//
// subchannel.driver is stable under the subchannel's device_lock, or for an
// interrupt handler under its spinlock; drivers/s390/cio/css_driver.c says why.
// The functions named here hold one of the two. Any other touch shows as a
// match: have it go through css_driver.c.
//
// files: drivers/s390/cio/*.c
@@
struct subchannel *sch;
identifier f != { css_driver_set_early, css_driver_sch_event,
		  css_driver_chp_event, css_probe, css_remove, css_shutdown,
		  do_cio_interrupt, cio_tsch, purge_fn, ccw_device_todo };
@@
f(...)
{
<...
* sch->driver
...>
}
