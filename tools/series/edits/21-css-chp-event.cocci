// s390/cio: call chp_event under device_lock
//
// The subchannel's lock alone does not keep a driver from being probed or
// removed while its chp_event runs: that takes device_lock, in front of it.
//
// files: drivers/s390/cio/chsc.c
@@
expression sch, link, event;
@@
-spin_lock_irq(&sch->lock);
-if (sch->driver && sch->driver->chp_event)
-	sch->driver->chp_event(sch, link, event);
-spin_unlock_irq(&sch->lock);
+css_driver_chp_event(sch, link, event);

@@
expression sch, link, event;
identifier flags;
@@
-unsigned long flags;
 ...
-spin_lock_irqsave(&sch->lock, flags);
-if (sch->driver && sch->driver->chp_event)
-	sch->driver->chp_event(sch, link, event);
-spin_unlock_irqrestore(&sch->lock, flags);
+css_driver_chp_event(sch, link, event);

@@
@@
 #include "css.h"
+#include "css_driver.h"
