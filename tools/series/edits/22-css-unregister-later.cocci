// s390/cio: do not unregister a subchannel from its own event
//
// sch_event is called under the subchannel's device_lock, which unregistering
// it takes. The work item that does so runs on the same ordered queue.
//
// files: drivers/s390/cio/device.c
@@
expression sch;
@@
-css_sch_device_unregister(sch);
+css_driver_unregister_later(sch);

@@
@@
 #include "css.h"
+#include "css_driver.h"
