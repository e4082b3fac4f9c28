// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stick to prod the css bus and vfio-ccw with
 *
 * Does what a machine does that an emulated one never does, or hardly ever:
 *
 * - a driver whose probe and remove take their time, window_ms each, and which
 *   counts calls that come in meanwhile. Bind it by driver_override css_prod;
 * - interrupts that come late: with hold=1 those that end a channel program of
 *   the target are kept back, until deliver=1;
 * - interrupts that come at any moment: hammer=1 calls the target's vfio_ccw
 *   with one after the other, as the bus does, under the subchannel's lock;
 * - a subchannel for QDIO: qdio=1.
 *
 * The target is the subchannel whose name is written to the parameter target.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include <asm/cio.h>

#include "cio.h"
#include "css.h"

enum prod_phase { PROD_AWAY, PROD_COMING, PROD_BOUND };

/* Serialises writes to parameters. */
static DEFINE_MUTEX(prod_mutex);
static struct subchannel *prod_sch;
static struct task_struct *prod_hammer;

/* The driver that is wrapped, and what it does itself; under the target's lock. */
static struct css_driver *prod_wrapped;
static void (*prod_wrapped_irq)(struct subchannel *sch);
static struct irb prod_irb;

static enum prod_phase prod_phase;
static unsigned int window_ms = 200;
module_param(window_ms, uint, 0644);
static unsigned int events;
module_param(events, uint, 0444);
static unsigned int astray;
module_param(astray, uint, 0444);
MODULE_PARM_DESC(astray, "events during probe, during remove or when unbound");
static bool hold;
module_param(hold, bool, 0644);
static unsigned int held;
module_param(held, uint, 0444);
static unsigned int hammered;
module_param(hammered, uint, 0444);

/*
 * The driver with wide windows
 */

static void prod_event(void)
{
	if (READ_ONCE(prod_phase) == PROD_BOUND)
		events++;
	else
		astray++;
}

static int prod_probe(struct subchannel *sch)
{
	/* None but by driver_override. */
	if (device_match_driver_override(&sch->dev, sch->dev.driver) <= 0)
		return -ENODEV;
	WRITE_ONCE(prod_phase, PROD_COMING);
	msleep(window_ms);
	WRITE_ONCE(prod_phase, PROD_BOUND);
	return 0;
}

static void prod_remove(struct subchannel *sch)
{
	WRITE_ONCE(prod_phase, PROD_AWAY);
	msleep(window_ms);
}

static int prod_sch_event(struct subchannel *sch, int process)
{
	prod_event();
	return 0;
}

static int prod_chp_event(struct subchannel *sch, struct chp_link *link, int event)
{
	prod_event();
	return 0;
}

/* The bus compares the type even if driver_override names the driver. */
static struct css_device_id prod_ids[] = {
	{ .match_flags = 0x1, .type = SUBCHANNEL_TYPE_IO, },
	{ }
};

static struct css_driver prod_driver = {
	.subchannel_type = prod_ids,
	.probe = prod_probe,
	.remove = prod_remove,
	.sch_event = prod_sch_event,
	.chp_event = prod_chp_event,
	.drv = {
		.name = "css_prod",
		.owner = THIS_MODULE,
	},
};

/*
 * Interrupts of vfio_ccw, late or made up
 */

static bool prod_has_vfio_ccw(const struct subchannel *sch)
{
	return sch->driver && !strcmp(sch->driver->drv.name, "vfio_ccw");
}

static void prod_irq(struct subchannel *sch)
{
	const struct irb *irb = this_cpu_ptr(&cio_irb);
	u32 functions = scsw_fctl((union scsw *)&irb->scsw);

	if (sch == prod_sch && hold && functions == SCSW_FCTL_START_FUNC) {
		prod_irb = *irb;
		held++;
		return;
	}
	prod_wrapped_irq(sch);
}

static void prod_wrap(void)
{
	spin_lock_irq(&prod_sch->lock);
	if (!prod_wrapped && prod_has_vfio_ccw(prod_sch)) {
		prod_wrapped = prod_sch->driver;
		prod_wrapped_irq = prod_wrapped->irq;
		prod_wrapped->irq = prod_irq;
	}
	spin_unlock_irq(&prod_sch->lock);
}

static void prod_unwrap(void)
{
	if (!prod_wrapped)
		return;
	spin_lock_irq(&prod_sch->lock);
	prod_wrapped->irq = prod_wrapped_irq;
	prod_wrapped = NULL;
	spin_unlock_irq(&prod_sch->lock);
}

static int deliver_set(const char *value, const struct kernel_param *kp)
{
	int ret = -ENODEV;

	mutex_lock(&prod_mutex);
	if (prod_sch) {
		spin_lock_irq(&prod_sch->lock);
		if (prod_wrapped && held) {
			*this_cpu_ptr(&cio_irb) = prod_irb;
			prod_wrapped_irq(prod_sch);
			held = 0;
			ret = 0;
		}
		spin_unlock_irq(&prod_sch->lock);
	}
	mutex_unlock(&prod_mutex);
	return ret;
}

static const struct kernel_param_ops deliver_ops = { .set = deliver_set };
module_param_cb(deliver, &deliver_ops, NULL, 0200);

static int prod_hammer_thread(void *unused)
{
	while (!kthread_should_stop()) {
		spin_lock_irq(&prod_sch->lock);
		if (prod_has_vfio_ccw(prod_sch)) {
			memset(this_cpu_ptr(&cio_irb), 0, sizeof(cio_irb));
			prod_sch->driver->irq(prod_sch);
			hammered++;
		}
		spin_unlock_irq(&prod_sch->lock);
		cond_resched();
	}
	return 0;
}

static void prod_hammer_stop(void)
{
	if (prod_hammer)
		kthread_stop(prod_hammer);
	prod_hammer = NULL;
}

static int hammer_set(const char *value, const struct kernel_param *kp)
{
	struct task_struct *task;
	bool on;
	int ret;

	ret = kstrtobool(value, &on);
	if (ret)
		return ret;
	mutex_lock(&prod_mutex);
	prod_hammer_stop();
	if (on && !prod_sch) {
		ret = -ENODEV;
	} else if (on) {
		task = kthread_run(prod_hammer_thread, NULL, "css_prod");
		if (IS_ERR(task))
			ret = PTR_ERR(task);
		else
			prod_hammer = task;
	}
	mutex_unlock(&prod_mutex);
	return ret;
}

static const struct kernel_param_ops hammer_ops = { .set = hammer_set };
module_param_cb(hammer, &hammer_ops, NULL, 0200);

/*
 * The target
 */

static int qdio_set(const char *value, const struct kernel_param *kp)
{
	bool on;
	int ret;

	ret = kstrtobool(value, &on);
	if (ret)
		return ret;
	mutex_lock(&prod_mutex);
	if (prod_sch) {
		spin_lock_irq(&prod_sch->lock);
		prod_sch->schib.pmcw.qf = on;
		spin_unlock_irq(&prod_sch->lock);
	} else {
		ret = -ENODEV;
	}
	mutex_unlock(&prod_mutex);
	return ret;
}

static const struct kernel_param_ops qdio_ops = { .set = qdio_set };
module_param_cb(qdio, &qdio_ops, NULL, 0200);

static void prod_drop(void)
{
	if (!prod_sch)
		return;
	prod_hammer_stop();
	prod_unwrap();
	held = 0;
	put_device(&prod_sch->dev);
	prod_sch = NULL;
}

static int target_set(const char *value, const struct kernel_param *kp)
{
	struct device *dev;
	char name[16];

	/* Registered, the driver knows its bus. */
	if (!prod_driver.drv.bus)
		return -EAGAIN;
	strscpy(name, value, sizeof(name));
	dev = bus_find_device_by_name(prod_driver.drv.bus, NULL, strim(name));
	mutex_lock(&prod_mutex);
	prod_drop();
	if (dev) {
		prod_sch = to_subchannel(dev);
		prod_wrap();
	}
	mutex_unlock(&prod_mutex);
	return dev || !*strim(name) ? 0 : -ENODEV;
}

static const struct kernel_param_ops target_ops = { .set = target_set };
module_param_cb(target, &target_ops, NULL, 0200);

static int __init css_prod_init(void)
{
	return css_driver_register(&prod_driver);
}

static void __exit css_prod_exit(void)
{
	prod_drop();
	css_driver_unregister(&prod_driver);
}

module_init(css_prod_init);
module_exit(css_prod_exit);

MODULE_DESCRIPTION("Prods the css bus, for tests");
MODULE_LICENSE("GPL");
