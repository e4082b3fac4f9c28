// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-ccw: the regions
 *
 * Lives here: read(2) and write(2) on the device, see <uapi/linux/vfio_ccw.h>.
 * User memory is copied before io_mutex is taken or after it was released:
 * a user whose memory does not answer must not hold up close and remove.
 */
#include <linux/lockdep.h>
#include <linux/nospec.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <asm/cio.h>

#include "orb.h"
#include "vfio_ccw_private.h"
#include "vfio_ccw_trace.h"

/**
 * struct vfio_ccw_region - a region
 * @subtype: VFIO_REGION_SUBTYPE_CCW_*, unused for the first
 * @size: bytes
 * @read: fill @size bytes; a user who gets [pos, pos + count) of them reads
 * @write: user space wrote [pos, pos + count), which is in @data; NULL for a
 *	   region that cannot be written. Return 0 or -errno
 */
struct vfio_ccw_region {
	u32 subtype;
	u32 size;
	int (*read)(struct vfio_ccw_private *private, void *data, size_t pos,
		    size_t count);
	int (*write)(struct vfio_ccw_private *private, const void *data,
		     size_t pos, size_t count);
};

/*
 * Region 0: start a channel program, and see how it ended
 */

static int vfio_ccw_io_read(struct vfio_ccw_private *private, void *data,
			    size_t pos, size_t count)
{
	const size_t irb_end = offsetofend(struct ccw_io_region, irb_area);
	bool signal = false;

	mutex_lock(&private->io_mutex);
	memcpy(data, &private->io, sizeof(private->io));
	/* Read to its end, a status makes room for the next one. */
	if (pos < irb_end && pos + count >= irb_end) {
		private->irb_unread = false;
		signal = vfio_ccw_show_next(private);
	}
	mutex_unlock(&private->io_mutex);

	if (signal)
		vfio_ccw_signal(private, VFIO_CCW_IO_IRQ_INDEX);
	return 0;
}

/* The channel program that the region describes; says in @what how it went. */
static int vfio_ccw_start(struct vfio_ccw_private *private, int fctl,
			  const char **what)
{
	const union orb *orb = (const union orb *)private->io.orb_area;
	struct vfio_ccw_fsm *fsm = &private->fsm;
	struct subchannel *sch = private->sch;
	int ret;

	lockdep_assert_held(&private->io_mutex);

	*what = "request";
	if (!(fctl & SCSW_FCTL_START_FUNC)) {
		/* Halt and clear have a region of their own. */
		return fctl & (SCSW_FCTL_HALT_FUNC | SCSW_FCTL_CLEAR_FUNC) ?
			-EOPNOTSUPP : -EINVAL;
	}
	if (orb->tm.b) {
		*what = "transport mode";
		return -EOPNOTSUPP;
	}

	/* What came meanwhile may end the program before this one. */
	vfio_ccw_take_over(private);

	spin_lock_irq(&sch->lock);
	ret = vfio_ccw_fsm_prepare(fsm);
	spin_unlock_irq(&sch->lock);
	if (ret) {
		if (ret == -EIO)
			dev_err_ratelimited(private->vdev.dev,
					    "vfio-ccw: FSM: I/O request from state:%d\n",
					    fsm->state);
		return ret;
	}

	*what = "cp prefetch";
	ret = ccw_prog_translate(private->prog, private->io.orb_area);

	spin_lock_irq(&sch->lock);
	if (ret) {
		vfio_ccw_fsm_abandon(fsm);
	} else {
		*what = "cp fsm_io_helper";
		ret = vfio_ccw_fsm_start(fsm);
	}
	spin_unlock_irq(&sch->lock);

	if (ret)
		ccw_prog_release(private->prog);
	else
		*what = "request";
	return ret;
}

static int vfio_ccw_io_write(struct vfio_ccw_private *private, const void *data,
			     size_t pos, size_t count)
{
	/* The rest of the region is ours to write. */
	const size_t end = offsetofend(struct ccw_io_region, scsw_area);
	struct subchannel *sch = private->sch;
	const char *what;
	union scsw scsw;
	bool signal;
	int ret;

	if (!mutex_trylock(&private->io_mutex))
		return -EAGAIN;

	if (pos < end)
		memcpy((u8 *)&private->io + pos, data, min(count, end - pos));
	memcpy(&scsw, private->io.scsw_area, sizeof(scsw));

	ret = vfio_ccw_start(private, scsw.cmd.fctl, &what);
	private->io.ret_code = ret;
	trace_vfio_ccw_fsm_io_request(sch->schid, scsw.cmd.fctl, ret, what);
	if (ret)
		VFIO_CCW_SCH_EVENT(2, sch, "fctl %x: error %d\n",
				   scsw.cmd.fctl, ret);
	signal = vfio_ccw_show_next(private);
	mutex_unlock(&private->io_mutex);

	if (signal)
		vfio_ccw_signal(private, VFIO_CCW_IO_IRQ_INDEX);
	return ret;
}

/*
 * Region 1: halt and clear
 */

static int vfio_ccw_cmd_read(struct vfio_ccw_private *private, void *data,
			     size_t pos, size_t count)
{
	mutex_lock(&private->io_mutex);
	memcpy(data, &private->cmd, sizeof(private->cmd));
	mutex_unlock(&private->io_mutex);
	return 0;
}

static int vfio_ccw_cmd_write(struct vfio_ccw_private *private,
			      const void *data, size_t pos, size_t count)
{
	const size_t end = offsetofend(struct ccw_cmd_region, command);
	struct subchannel *sch = private->sch;
	int ret;

	if (!mutex_trylock(&private->io_mutex))
		return -EAGAIN;

	if (pos < end)
		memcpy((u8 *)&private->cmd + pos, data, min(count, end - pos));

	spin_lock_irq(&sch->lock);
	ret = vfio_ccw_fsm_async(&private->fsm, private->cmd.command);
	spin_unlock_irq(&sch->lock);

	private->cmd.ret_code = ret;
	trace_vfio_ccw_fsm_async_request(sch->schid, private->cmd.command, ret);
	mutex_unlock(&private->io_mutex);

	if (ret == -EIO)
		dev_err_ratelimited(private->vdev.dev,
				    "vfio-ccw: FSM: halt or clear request while not operational\n");
	return ret;
}

/*
 * Region 2: the subchannel-information block
 */

static int vfio_ccw_schib_read(struct vfio_ccw_private *private, void *data,
			       size_t pos, size_t count)
{
	struct subchannel *sch = private->sch;
	struct schib schib;
	int ret;

	static_assert(sizeof(schib) == sizeof(struct ccw_schib_region));

	spin_lock_irq(&sch->lock);
	ret = cio_update_schib(sch);
	schib = sch->schib;
	spin_unlock_irq(&sch->lock);
	if (ret)
		return -ENODEV;

	/* Addresses of the host's, of no use to a guest. */
	schib.pmcw.intparm = 0;
	schib.mba = 0;
	if (!scsw_is_tm(&schib.scsw))
		schib.scsw.cmd.cpa = 0;
	memcpy(data, &schib, sizeof(schib));
	return 0;
}

/*
 * Region 3: channel reports
 */

static int vfio_ccw_crw_read(struct vfio_ccw_private *private, void *data,
			     size_t pos, size_t count)
{
	struct ccw_crw_region region = {};
	bool more;

	region.crw = vfio_ccw_next_report(private, &more);
	if (more)
		vfio_ccw_signal(private, VFIO_CCW_CRW_IRQ_INDEX);
	memcpy(data, &region, sizeof(region));
	return 0;
}

static const struct vfio_ccw_region vfio_ccw_regions[VFIO_CCW_NR_REGIONS] = {
	[VFIO_CCW_CONFIG_REGION_INDEX] = {
		.size = sizeof(struct ccw_io_region),
		.read = vfio_ccw_io_read,
		.write = vfio_ccw_io_write,
	},
	{
		.subtype = VFIO_REGION_SUBTYPE_CCW_ASYNC_CMD,
		.size = sizeof(struct ccw_cmd_region),
		.read = vfio_ccw_cmd_read,
		.write = vfio_ccw_cmd_write,
	}, {
		.subtype = VFIO_REGION_SUBTYPE_CCW_SCHIB,
		.size = sizeof(struct ccw_schib_region),
		.read = vfio_ccw_schib_read,
	}, {
		.subtype = VFIO_REGION_SUBTYPE_CCW_CRW,
		.size = sizeof(struct ccw_crw_region),
		.read = vfio_ccw_crw_read,
	},
};

/**
 * vfio_ccw_region_info() - describe a region
 * @index: its index
 * @size: its size goes here
 * @flags: VFIO_REGION_INFO_FLAG_READ and WRITE go here
 * @subtype: VFIO_REGION_SUBTYPE_CCW_* goes here
 *
 * Return: 0, or -EINVAL if there is no such region.
 */
int vfio_ccw_region_info(unsigned int index, u64 *size, u32 *flags,
			 u32 *subtype)
{
	const struct vfio_ccw_region *region;

	if (index >= VFIO_CCW_NR_REGIONS)
		return -EINVAL;
	region = &vfio_ccw_regions[array_index_nospec(index, VFIO_CCW_NR_REGIONS)];

	*size = region->size;
	*subtype = region->subtype;
	*flags = VFIO_REGION_INFO_FLAG_READ;
	if (region->write)
		*flags |= VFIO_REGION_INFO_FLAG_WRITE;
	return 0;
}

/* The largest is the first. */
union vfio_ccw_any_region {
	struct ccw_io_region io;
	struct ccw_cmd_region cmd;
	struct ccw_schib_region schib;
	struct ccw_crw_region crw;
};

/* The region of a file offset, and the position in it; NULL if out of range. */
static const struct vfio_ccw_region *vfio_ccw_region_at(loff_t offset,
							size_t count,
							size_t *pos)
{
	const u64 index = (u64)offset >> VFIO_CCW_OFFSET_SHIFT;
	const struct vfio_ccw_region *region;

	if (index >= VFIO_CCW_NR_REGIONS)
		return NULL;
	region = &vfio_ccw_regions[array_index_nospec(index, VFIO_CCW_NR_REGIONS)];

	*pos = offset & ((1 << VFIO_CCW_OFFSET_SHIFT) - 1);
	if (*pos > region->size || count > region->size - *pos)
		return NULL;
	return region;
}

/**
 * vfio_ccw_read() - &vfio_device_ops.read
 * @vdev: the device
 * @buf: user memory
 * @count: bytes to read, which must be in one region
 * @ppos: offset of a region, plus the position in it; not moved
 *
 * Return: @count; -EINVAL outside of a region; -EFAULT; -ENODEV if the
 *	subchannel cannot be asked any more.
 */
ssize_t vfio_ccw_read(struct vfio_device *vdev, char __user *buf, size_t count,
		      loff_t *ppos)
{
	struct vfio_ccw_private *private = to_vfio_ccw(vdev);
	const struct vfio_ccw_region *region;
	union vfio_ccw_any_region data = {};
	size_t pos;
	int ret;

	region = vfio_ccw_region_at(*ppos, count, &pos);
	if (!region)
		return -EINVAL;
	if (!count)
		return 0;

	ret = region->read(private, &data, pos, count);
	if (ret)
		return ret;
	return copy_to_user(buf, (u8 *)&data + pos, count) ? -EFAULT : count;
}

/**
 * vfio_ccw_write() - &vfio_device_ops.write
 * @vdev: the device
 * @buf: user memory
 * @count: bytes to write, which must be in one region
 * @ppos: offset of a region, plus the position in it; not moved
 *
 * Any write to the first two regions starts what the region then says.
 *
 * Return: @count; -EINVAL outside of a region that can be written; -EFAULT;
 *	-EAGAIN if another request is being worked on; or the error of the
 *	operation, which the region's ret_code shows too.
 */
ssize_t vfio_ccw_write(struct vfio_device *vdev, const char __user *buf,
		       size_t count, loff_t *ppos)
{
	struct vfio_ccw_private *private = to_vfio_ccw(vdev);
	const struct vfio_ccw_region *region;
	union vfio_ccw_any_region data;
	size_t pos;

	region = vfio_ccw_region_at(*ppos, count, &pos);
	if (!region || !region->write)
		return -EINVAL;
	if (!count)
		return 0;
	if (copy_from_user(&data, buf, count))
		return -EFAULT;
	return region->write(private, &data, pos, count) ?: count;
}
