/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio-ccw: tracepoints
 *
 * Names, fields and texts are what tools know: vfio_ccw_fsm_event calls the
 * subchannel's number schno, the others sch_no.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vfio_ccw

#if !defined(_VFIO_CCW_TRACE_H_) || defined(TRACE_HEADER_MULTI_READ)
#define _VFIO_CCW_TRACE_H_

#include <linux/tracepoint.h>
#include <asm/schid.h>

/* An event with two numbers, for one subchannel. */
#define VFIO_CCW_TRACE_PAIR(_name, _nr, _a, _b, _format)			\
TRACE_EVENT(_name,							\
	TP_PROTO(struct subchannel_id schid, int _a, int _b),		\
	TP_ARGS(schid, _a, _b),						\
	TP_STRUCT__entry(__field(u8, cssid) __field(u8, ssid)		\
			 __field(u16, _nr)				\
			 __field(int, _a) __field(int, _b)),		\
	TP_fast_assign(__entry->cssid = schid.cssid;			\
		       __entry->ssid = schid.ssid;			\
		       __entry->_nr = schid.sch_no;			\
		       __entry->_a = _a;				\
		       __entry->_b = _b;),				\
	TP_printk("schid=%x.%x.%04x " _format,				\
		  __entry->cssid, __entry->ssid, __entry->_nr,		\
		  __entry->_a, __entry->_b)				\
)

VFIO_CCW_TRACE_PAIR(vfio_ccw_chp_event, sch_no, mask, event,
		    "mask=0x%x event=%d");
VFIO_CCW_TRACE_PAIR(vfio_ccw_fsm_async_request, sch_no, command, errno,
		    "command=0x%x errno=%d");
VFIO_CCW_TRACE_PAIR(vfio_ccw_fsm_event, schno, state, event,
		    "state=%d event=%d");

TRACE_EVENT(vfio_ccw_fsm_io_request,
	TP_PROTO(struct subchannel_id schid, int fctl, int errno,
		 const char *errstr),
	TP_ARGS(schid, fctl, errno, errstr),
	TP_STRUCT__entry(__field(u8, cssid) __field(u8, ssid)
			 __field(u16, sch_no)
			 __field(int, fctl) __field(int, errno)
			 __string(errstr, errstr)),
	TP_fast_assign(__entry->cssid = schid.cssid;
		       __entry->ssid = schid.ssid;
		       __entry->sch_no = schid.sch_no;
		       __entry->fctl = fctl;
		       __entry->errno = errno;
		       __assign_str(errstr);),
	TP_printk("schid=%x.%x.%04x fctl=0x%x errno=%d info=%s",
		  __entry->cssid, __entry->ssid, __entry->sch_no,
		  __entry->fctl, __entry->errno, __get_str(errstr))
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE vfio_ccw_trace
#include <trace/define_trace.h>
