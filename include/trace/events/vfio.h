/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VFIO core: tracepoints, listed in Documentation/driver-api/vfio.rst
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vfio

#if !defined(_TRACE_VFIO_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_VFIO_H

#include <linux/tracepoint.h>
#include <linux/vfio.h>

DECLARE_EVENT_CLASS(vfio_device,
		    TP_PROTO(struct vfio_device *vdev),
		    TP_ARGS(vdev),
		    TP_STRUCT__entry(__string(dev, dev_name(vdev->dev))
				     __field(unsigned int, index)),
		    TP_fast_assign(__assign_str(dev);
				   __entry->index = vdev->index;),
		    TP_printk("%s vfio%u", __get_str(dev), __entry->index)
);

DEFINE_EVENT(vfio_device, vfio_register,
	     TP_PROTO(struct vfio_device *vdev),
	     TP_ARGS(vdev)
);

DEFINE_EVENT(vfio_device, vfio_unregister,
	     TP_PROTO(struct vfio_device *vdev),
	     TP_ARGS(vdev)
);

DEFINE_EVENT(vfio_device, vfio_unregistered,
	     TP_PROTO(struct vfio_device *vdev),
	     TP_ARGS(vdev)
);

DECLARE_EVENT_CLASS(vfio_file,
		    TP_PROTO(struct vfio_device *vdev, const char *opener,
			     int pid, int ret),
		    TP_ARGS(vdev, opener, pid, ret),
		    TP_STRUCT__entry(__string(dev, dev_name(vdev->dev))
				     __string(opener, opener)
				     __field(unsigned int, index)
				     __field(int, pid)
				     __field(int, ret)),
		    TP_fast_assign(__assign_str(dev);
				   __assign_str(opener);
				   __entry->index = vdev->index;
				   __entry->pid = pid;
				   __entry->ret = ret;),
		    TP_printk("%s vfio%u opener=%s:%d ret=%d",
			      __get_str(dev), __entry->index,
			      __get_str(opener), __entry->pid, __entry->ret)
);

DEFINE_EVENT(vfio_file, vfio_open,
	     TP_PROTO(struct vfio_device *vdev, const char *opener, int pid,
		      int ret),
	     TP_ARGS(vdev, opener, pid, ret)
);

DEFINE_EVENT(vfio_file, vfio_bind,
	     TP_PROTO(struct vfio_device *vdev, const char *opener, int pid,
		      int ret),
	     TP_ARGS(vdev, opener, pid, ret)
);

DEFINE_EVENT(vfio_file, vfio_attach,
	     TP_PROTO(struct vfio_device *vdev, const char *opener, int pid,
		      int ret),
	     TP_ARGS(vdev, opener, pid, ret)
);

DEFINE_EVENT(vfio_file, vfio_close,
	     TP_PROTO(struct vfio_device *vdev, const char *opener, int pid,
		      int ret),
	     TP_ARGS(vdev, opener, pid, ret)
);

DEFINE_EVENT(vfio_file, vfio_revoke,
	     TP_PROTO(struct vfio_device *vdev, const char *opener, int pid,
		      int ret),
	     TP_ARGS(vdev, opener, pid, ret)
);

DEFINE_EVENT(vfio_file, vfio_drained,
	     TP_PROTO(struct vfio_device *vdev, const char *opener, int pid,
		      int ret),
	     TP_ARGS(vdev, opener, pid, ret)
);

#endif /* _TRACE_VFIO_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
