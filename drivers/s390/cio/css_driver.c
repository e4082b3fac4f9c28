// SPDX-License-Identifier: GPL-2.0-only
/*
 * css: how the bus calls the driver of a subchannel
 *
 * Lives here: every touch of subchannel.driver outside of the driver core's
 * callbacks and the interrupt handler, under the locks that keep the driver
 * where it is. Called by css.c, chsc.c and device.c.
 */
#include <linux/delay.h>
#include <linux/lockdep.h>

#include "chsc.h"
#include "chp.h"
#include "css.h"
#include "css_driver.h"

/**
 * DOC: Calling the driver of a subchannel
 *
 * subchannel.driver is written under the subchannel's device_lock and under
 * its spinlock. So the interrupt handler, which holds the spinlock, finds a
 * driver that stays for as long as it runs. Whoever else calls the driver,
 * for a channel report or for a channel path, holds device_lock: no such call
 * runs beside probe or remove.
 *
 * remove may wait for user space, for as long as that likes (vfio). Nobody
 * waits for it: a subchannel whose driver is being removed is "leaving", and
 * is passed over by events of channel paths; its own are "missed", so that it is
 * evaluated when the driver has left. Whoever wants device_lock here therefore
 * tries, looks for leaving, and tries again.
 *
 * Order: device_lock of the subchannel, device_lock of the ccw device below
 * it, chp->lock. A driver must not unregister its subchannel from an event, as
 * that takes device_lock: css_driver_unregister_later().
 */

/**
 * css_driver_set() - a driver comes or is gone
 * @sch: the subchannel
 * @driver: the driver, or NULL
 *
 * Context: the bus's probe and remove, under device_lock.
 */
void css_driver_set(struct subchannel *sch, struct css_driver *driver)
{
	device_lock_assert(&sch->dev);
	css_driver_set_early(sch, driver);
}

/**
 * css_driver_set_early() - css_driver_set() for a subchannel nobody else knows
 * @sch: the subchannel, which is not registered
 * @driver: the driver
 *
 * Context: set-up of the console.
 */
void css_driver_set_early(struct subchannel *sch, struct css_driver *driver)
{
	unsigned long flags;
	bool missed;

	spin_lock_irqsave(&sch->lock, flags);
	sch->driver = driver;
	sch->leaving = false;
	missed = sch->missed;
	sch->missed = false;
	spin_unlock_irqrestore(&sch->lock, flags);

	if (missed)
		css_schedule_eval(sch->schid);
}

/**
 * css_driver_leave() - the driver's remove is about to run
 * @sch: the subchannel
 *
 * Context: the bus's remove, under device_lock. Ends with css_driver_set().
 */
void css_driver_leave(struct subchannel *sch)
{
	device_lock_assert(&sch->dev);

	spin_lock_irq(&sch->lock);
	sch->leaving = true;
	spin_unlock_irq(&sch->lock);
}

/**
 * css_driver_trylock() - keep the driver where it is, if that can be had now
 * @sch: the subchannel
 *
 * Context: process context.
 * Return: true if device_lock is held until css_driver_unlock().
 */
bool css_driver_trylock(struct subchannel *sch)
{
	return device_trylock(&sch->dev);
}

/**
 * css_driver_missed() - device_lock was not to be had: who asks again?
 * @sch: the subchannel, of which there is something to evaluate
 *
 * Context: any; the subchannel's lock is not held.
 * Return: true if its driver is leaving: it is evaluated when that has left;
 *	false if the caller has to try again.
 */
bool css_driver_missed(struct subchannel *sch)
{
	unsigned long flags;
	bool leaving;

	spin_lock_irqsave(&sch->lock, flags);
	leaving = sch->leaving;
	if (leaving)
		sch->missed = true;
	spin_unlock_irqrestore(&sch->lock, flags);
	return leaving;
}

/**
 * css_driver_lock() - keep the driver where it is
 * @sch: the subchannel
 *
 * Context: process context, sleeps; not under device_lock of the subchannel or
 *	of what is below it.
 * Return: true if device_lock is held until css_driver_unlock(); false if the
 *	driver is leaving.
 */
bool css_driver_lock(struct subchannel *sch)
{
	bool leaving;

	might_lock(&sch->dev.mutex);
	for (;;) {
		spin_lock_irq(&sch->lock);
		leaving = sch->leaving;
		spin_unlock_irq(&sch->lock);
		if (leaving)
			return false;
		if (css_driver_trylock(sch))
			return true;
		/* Who binds and unbinds all the time leaves but little in between. */
		fsleep(200);
	}
}

/**
 * css_driver_unlock() - undo css_driver_lock() or css_driver_trylock()
 * @sch: the subchannel
 */
void css_driver_unlock(struct subchannel *sch)
{
	device_unlock(&sch->dev);
}

/**
 * css_driver_sch_event() - have the driver look at its subchannel
 * @sch: the subchannel
 * @slow: 1 if the driver may sleep
 *
 * Context: under device_lock.
 * Return: what the driver says: 0, or -EAGAIN to be asked again in process
 *	context; 0 without a driver.
 */
int css_driver_sch_event(struct subchannel *sch, int slow)
{
	struct css_driver *driver = sch->driver;

	device_lock_assert(&sch->dev);

	if (!driver)
		return 0;
	if (!driver->sch_event) {
		dev_dbg(&sch->dev, "%s does not take subchannel events\n",
			driver->drv.name);
		return 0;
	}
	return driver->sch_event(sch, slow);
}

/**
 * css_driver_chp_event() - tell the driver of an event of a channel path
 * @sch: the subchannel
 * @link: the path
 * @event: CHP_*
 *
 * A driver that comes later looks at the paths itself, so one that is leaving
 * is not told.
 *
 * Context: process context, sleeps. No lock that a driver's callbacks take.
 * Return: what the driver says. After an error the subchannel must be evaluated;
 *	if @event is CHP_OFFLINE it has no path left.
 */
int css_driver_chp_event(struct subchannel *sch, struct chp_link *link,
			 int event)
{
	int ret = 0;

	if (!css_driver_lock(sch))
		return 0;

	spin_lock_irq(&sch->lock);
	if (sch->driver && sch->driver->chp_event)
		ret = sch->driver->chp_event(sch, link, event);
	if (ret && event == CHP_OFFLINE)
		sch->lpm = 0;
	spin_unlock_irq(&sch->lock);

	css_driver_unlock(sch);
	return ret;
}

/**
 * css_driver_unregister_later() - unregister a subchannel from an event of it
 * @sch: the subchannel
 *
 * Context: any; the subchannel's lock is not held, device_lock may be.
 */
void css_driver_unregister_later(struct subchannel *sch)
{
	unsigned long flags;

	spin_lock_irqsave(&sch->lock, flags);
	css_sched_sch_todo(sch, SCH_TODO_UNREG);
	spin_unlock_irqrestore(&sch->lock, flags);
}

/*
 * The driver core turns lockdep off for device_lock, as it nests along the
 * tree of devices. Here the two levels have classes of their own.
 */

/**
 * css_driver_set_lock_class() - have lockdep look at a subchannel's device_lock
 * @dev: its device, initialised and not yet added
 */
void css_driver_set_lock_class(struct device *dev)
{
	static struct lock_class_key css_subchannel_device_lock;

	lockdep_set_class(&dev->mutex, &css_subchannel_device_lock);
}

/**
 * css_driver_set_child_lock_class() - the same for a ccw device below it
 * @dev: its device, initialised and not yet added
 */
void css_driver_set_child_lock_class(struct device *dev)
{
	static struct lock_class_key css_ccw_device_lock;

	lockdep_set_class(&dev->mutex, &css_ccw_device_lock);
}
