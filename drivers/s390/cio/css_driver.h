/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * css: how the bus calls the driver of a subchannel
 */
#ifndef _S390_CSS_DRIVER_H_
#define _S390_CSS_DRIVER_H_

#include <linux/device.h>
#include <linux/jiffies.h>

struct chp_link;
struct css_driver;
struct subchannel;

/* When to ask again a subchannel whose driver comes or goes. */
#define CSS_DRIVER_RETRY	(HZ / 10)

void css_driver_set(struct subchannel *sch, struct css_driver *driver);
void css_driver_set_early(struct subchannel *sch, struct css_driver *driver);
void css_driver_leave(struct subchannel *sch);

bool css_driver_trylock(struct subchannel *sch);
bool css_driver_missed(struct subchannel *sch);
bool css_driver_lock(struct subchannel *sch);
void css_driver_unlock(struct subchannel *sch);

int css_driver_sch_event(struct subchannel *sch, int slow);
int css_driver_chp_event(struct subchannel *sch, struct chp_link *link,
			 int event);
void css_driver_unregister_later(struct subchannel *sch);

void css_driver_set_lock_class(struct device *dev);
void css_driver_set_child_lock_class(struct device *dev);

#endif
