// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-ccw: the subchannel driver
 *
 * Lives here: what the css bus calls, and the module. probe and remove come
 * under the subchannel's device_lock, so do sch_event and chp_event, the latter
 * under the subchannel's lock too; irq under that lock alone. Events go on into
 * the mediated device through a reference to its registration.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include <asm/crw.h>
#include <asm/irq.h>
#include <asm/isc.h>

#include "chp.h"
#include "vfio_ccw_private.h"
#include "vfio_ccw_trace.h"

debug_info_t *vfio_ccw_debug_msg_id;
debug_info_t *vfio_ccw_debug_trace_id;

/**
 * vfio_ccw_get() - the mediated device of a subchannel, for a callback
 * @sch: the subchannel, which may be anywhere between probe and remove
 *
 * Context: under the subchannel's lock.
 * Return: a registered device, which vfio_device_put() lets go, or NULL.
 */
static struct vfio_ccw_private *vfio_ccw_get(struct subchannel *sch)
{
	struct vfio_ccw_parent *parent = dev_get_drvdata(&sch->dev);

	lockdep_assert_held(&sch->lock);

	if (!parent || !parent->cur ||
	    !vfio_device_try_get(&parent->cur->vdev))
		return NULL;
	return parent->cur;
}

/*
 * Callbacks of the css bus
 */

static void vfio_ccw_sch_irq(struct subchannel *sch)
{
	struct vfio_ccw_private *private = vfio_ccw_get(sch);

	inc_irq_stat(IRQIO_CIO);
	if (!private) {
		/* It should be disabled. */
		VFIO_CCW_SCH_EVENT(2, sch, "unexpected interrupt\n");
		cio_disable_subchannel(sch);
		return;
	}
	vfio_ccw_interrupt(private, this_cpu_ptr(&cio_irb));
	vfio_device_put(&private->vdev);
}

static void vfio_ccw_set_parent(struct subchannel *sch,
				struct vfio_ccw_parent *parent)
{
	spin_lock_irq(&sch->lock);
	dev_set_drvdata(&sch->dev, parent);
	spin_unlock_irq(&sch->lock);
}

/* The paths and the configuration that another driver would have left. */
static int vfio_ccw_sch_init(struct subchannel *sch)
{
	int ret;

	spin_lock_irq(&sch->lock);
	ret = cio_update_schib(sch);
	if (!ret) {
		sch->opm = chp_get_sch_opm(sch);
		sch->lpm = sch->schib.pmcw.pam & sch->opm;
		sch->isc = VFIO_CCW_ISC;
		memset(&sch->config, 0, sizeof(sch->config));
		sch->config.csense = 1;
	}
	spin_unlock_irq(&sch->lock);
	return ret ? -ENODEV : 0;
}

static int vfio_ccw_sch_probe(struct subchannel *sch)
{
	struct vfio_ccw_parent *parent;
	int ret;

	if (sch->schib.pmcw.qf) {
		dev_warn(&sch->dev, "vfio: ccw: does not support QDIO: %s\n",
			 dev_name(&sch->dev));
		return -ENODEV;
	}

	ret = vfio_ccw_sch_init(sch);
	if (ret)
		return ret;

	parent = kzalloc(sizeof(*parent), GFP_KERNEL);
	if (!parent)
		return -ENOMEM;
	parent->type.sysfs_name = "io";
	parent->type.pretty_name = "I/O subchannel (Non-QDIO)";
	parent->types[0] = &parent->type;
	vfio_ccw_set_parent(sch, parent);

	ret = mdev_register_parent(&parent->mdev, &sch->dev,
				   &vfio_ccw_mdev_driver, parent->types,
				   ARRAY_SIZE(parent->types));
	if (ret) {
		vfio_ccw_set_parent(sch, NULL);
		kfree(parent);
		return ret;
	}
	VFIO_CCW_SCH_EVENT(4, sch, "bound\n");
	return 0;
}

static void vfio_ccw_sch_remove(struct subchannel *sch)
{
	struct vfio_ccw_parent *parent = dev_get_drvdata(&sch->dev);

	/* Waits for the user of the mediated device. */
	mdev_unregister_parent(&parent->mdev);
	vfio_ccw_set_parent(sch, NULL);
	kfree(parent);
	VFIO_CCW_SCH_EVENT(4, sch, "unbound\n");
}

static void vfio_ccw_sch_shutdown(struct subchannel *sch)
{
	struct vfio_ccw_private *private;

	spin_lock_irq(&sch->lock);
	private = vfio_ccw_get(sch);
	spin_unlock_irq(&sch->lock);
	if (!private)
		return;
	vfio_ccw_rest(private);
	vfio_device_put(&private->vdev);
}

/* Is the device still there? Return 0, or -EAGAIN to be called again. */
static int vfio_ccw_sch_event(struct subchannel *sch, int process)
{
	struct vfio_ccw_private *private = NULL;
	unsigned long flags;
	int gone, ret = 0;

	spin_lock_irqsave(&sch->lock, flags);
	if (!device_is_registered(&sch->dev) || work_pending(&sch->todo_work)) {
		ret = -EAGAIN;
		goto unlock;
	}

	gone = cio_update_schib(sch);
	if (!gone)
		goto unlock;

	private = vfio_ccw_get(sch);
	if (private)
		vfio_ccw_fsm_lost(&private->fsm);
	else if (gone == -ENODEV)
		css_sched_sch_todo(sch, SCH_TODO_UNREG);
unlock:
	spin_unlock_irqrestore(&sch->lock, flags);
	if (private)
		vfio_device_put(&private->vdev);
	return ret;
}

/* Tell the guest of a path; the host's vary state is not the guest's business. */
static void vfio_ccw_report_path(struct vfio_ccw_private *private,
				 struct chp_link *link, unsigned int erc)
{
	struct crw crw = {
		.rsc = CRW_RSC_CPATH,
		.erc = erc,
		.rsid = link->chpid.id,
	};

	if (private)
		vfio_ccw_report(private, &crw);
}

/* A function that runs on a path that goes has to end. */
static void vfio_ccw_leave_path(struct subchannel *sch, int mask,
				const struct vfio_ccw_private *private)
{
	int tries = 255;

	if (private && vfio_ccw_fsm_opened(&private->fsm) &&
	    sch->schib.pmcw.lpum & mask)
		cio_cancel_halt_clear(sch, &tries);
}

static int vfio_ccw_chp_event(struct subchannel *sch, struct chp_link *link,
			      int event)
{
	const int mask = chp_ssd_get_mask(&sch->ssd_info, link);
	struct vfio_ccw_private *private;
	int ret = 0;

	lockdep_assert_held(&sch->lock);

	if (!mask)
		return 0;
	trace_vfio_ccw_chp_event(sch->schid, mask, event);
	VFIO_CCW_SCH_EVENT(2, sch, "mask=0x%x event=%d\n", mask, event);

	private = vfio_ccw_get(sch);
	if (cio_update_schib(sch)) {
		ret = -ENODEV;
		goto put;
	}

	switch (event) {
	case CHP_VARY_OFF:
		sch->opm &= ~mask;
		sch->lpm &= ~mask;
		vfio_ccw_leave_path(sch, mask, private);
		break;
	case CHP_VARY_ON:
		sch->opm |= mask;
		sch->lpm |= mask;
		break;
	case CHP_OFFLINE:
		vfio_ccw_leave_path(sch, mask, private);
		vfio_ccw_report_path(private, link, CRW_ERC_PERRN);
		break;
	case CHP_ONLINE:
		sch->lpm |= mask & sch->opm;
		vfio_ccw_report_path(private, link, CRW_ERC_INIT);
		break;
	default:
		break;
	}
put:
	if (private)
		vfio_device_put(&private->vdev);
	return ret;
}

static struct css_device_id vfio_ccw_sch_ids[] = {
	{ .match_flags = 0x1, .type = SUBCHANNEL_TYPE_IO, },
	{ }
};
MODULE_DEVICE_TABLE(css, vfio_ccw_sch_ids);

static struct css_driver vfio_ccw_sch_driver = {
	.subchannel_type = vfio_ccw_sch_ids,
	.probe		= vfio_ccw_sch_probe,
	.irq		= vfio_ccw_sch_irq,
	.sch_event	= vfio_ccw_sch_event,
	.chp_event	= vfio_ccw_chp_event,
	.shutdown	= vfio_ccw_sch_shutdown,
	.remove		= vfio_ccw_sch_remove,
	.drv		= {
		.name	= "vfio_ccw",
		.owner	= THIS_MODULE,
	},
};

/*
 * The module
 */

static void vfio_ccw_debug_exit(void)
{
	debug_unregister(vfio_ccw_debug_trace_id);
	debug_unregister(vfio_ccw_debug_msg_id);
}

/* s390dbf/vfio_ccw_msg: lines; s390dbf/vfio_ccw_trace: words. */
static int __init vfio_ccw_debug_init(void)
{
	vfio_ccw_debug_msg_id = debug_register("vfio_ccw_msg", 16, 1,
					       11 * sizeof(long));
	vfio_ccw_debug_trace_id = debug_register("vfio_ccw_trace", 16, 1, 16);
	if (!vfio_ccw_debug_msg_id || !vfio_ccw_debug_trace_id) {
		vfio_ccw_debug_exit();
		return -ENOMEM;
	}
	debug_register_view(vfio_ccw_debug_msg_id, &debug_sprintf_view);
	debug_set_level(vfio_ccw_debug_msg_id, 2);
	debug_register_view(vfio_ccw_debug_trace_id, &debug_hex_ascii_view);
	debug_set_level(vfio_ccw_debug_trace_id, 2);
	return 0;
}

static int __init vfio_ccw_module_init(void)
{
	int ret;

	ret = vfio_ccw_debug_init();
	if (ret)
		return ret;

	ret = -ENOMEM;
	vfio_ccw_wq = alloc_workqueue("vfio-ccw", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!vfio_ccw_wq)
		goto exit_debug;

	ret = mdev_register_driver(&vfio_ccw_mdev_driver);
	if (ret)
		goto destroy_wq;

	isc_register(VFIO_CCW_ISC);
	ret = css_driver_register(&vfio_ccw_sch_driver);
	if (ret)
		goto unregister_mdev;
	return 0;

unregister_mdev:
	isc_unregister(VFIO_CCW_ISC);
	mdev_unregister_driver(&vfio_ccw_mdev_driver);
destroy_wq:
	destroy_workqueue(vfio_ccw_wq);
exit_debug:
	vfio_ccw_debug_exit();
	return ret;
}

static void __exit vfio_ccw_module_exit(void)
{
	css_driver_unregister(&vfio_ccw_sch_driver);
	isc_unregister(VFIO_CCW_ISC);
	mdev_unregister_driver(&vfio_ccw_mdev_driver);
	destroy_workqueue(vfio_ccw_wq);
	vfio_ccw_debug_exit();
}

module_init(vfio_ccw_module_init);
module_exit(vfio_ccw_module_exit);

MODULE_DESCRIPTION("VFIO driver for I/O subchannels");
MODULE_LICENSE("GPL");
