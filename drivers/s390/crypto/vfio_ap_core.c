// SPDX-License-Identifier: GPL-2.0
/*
 * vfio-ap: the module and the matrix device
 *
 * The matrix device is the parent of all mediated devices. It is bound to a
 * driver of its own before it becomes one, because the mediated device's type
 * takes the first half of its name from that driver.
 */
#include <linux/module.h>
#include <linux/mod_devicetable.h>
#include <linux/slab.h>

#include "vfio_ap.h"

#define VFIO_AP_NAME "vfio_ap"

struct vfio_ap_state vfio_ap = {
	.guests_lock = __MUTEX_INITIALIZER(vfio_ap.guests_lock),
	.mdevs = LIST_HEAD_INIT(vfio_ap.mdevs),
	.queues = XARRAY_INIT(vfio_ap.queues, 0),
	.reset_done = __WAIT_QUEUE_HEAD_INITIALIZER(vfio_ap.reset_done),
};

static ssize_t features_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "guest_matrix hotplug ap_config\n");
}
static DEVICE_ATTR_RO(features);

static struct attribute *matrix_attrs[] = {
	&dev_attr_features.attr,
	NULL
};
ATTRIBUTE_GROUPS(matrix);

static const struct bus_type matrix_bus = {
	.name = "matrix",
};

static struct device_driver matrix_driver = {
	.name = VFIO_AP_NAME,
	.bus = &matrix_bus,
	.owner = THIS_MODULE,
	.suppress_bind_attrs = true,
	.dev_groups = matrix_groups,
};

#define VFIO_AP_TYPE(type) {					\
		.dev_type = AP_DEVICE_TYPE_##type,		\
		.match_flags = AP_DEVICE_ID_MATCH_QUEUE_TYPE,	\
	}

/* Older ones know no way to be shared out. */
static struct ap_device_id queue_ids[] = {
	VFIO_AP_TYPE(CEX4),
	VFIO_AP_TYPE(CEX5),
	VFIO_AP_TYPE(CEX6),
	VFIO_AP_TYPE(CEX7),
	VFIO_AP_TYPE(CEX8),
	{}
};

static struct ap_driver queue_driver = {
	.driver = {
		.dev_groups = vfio_ap_queue_groups,
	},
	.ids = queue_ids,
	.probe = vfio_ap_queue_probe,
	.remove = vfio_ap_queue_remove,
	.in_use = vfio_ap_in_use,
	.on_config_changed = vfio_ap_config_changed,
	.on_scan_complete = vfio_ap_scan_complete,
};

static struct device *root;
static struct device *matrix;
static struct mdev_parent parent;

static struct mdev_type passthrough = {
	.sysfs_name = "passthrough",
	.pretty_name = "VFIO AP Passthrough Device",
};

static struct mdev_type *types[] = { &passthrough };

static int __init matrix_create(void)
{
	int ret;

	root = root_device_register(VFIO_AP_NAME);
	if (IS_ERR(root))
		return PTR_ERR(root);
	ret = bus_register(&matrix_bus);
	if (ret)
		goto unregister_root;
	ret = driver_register(&matrix_driver);
	if (ret)
		goto unregister_bus;

	matrix = kzalloc(sizeof(*matrix), GFP_KERNEL);
	if (!matrix) {
		ret = -ENOMEM;
		goto unregister_driver;
	}
	device_initialize(matrix);
	matrix->parent = root;
	matrix->bus = &matrix_bus;
	/* Not in the module's text: the last reference may outlive the module. */
	matrix->release = (void *)kfree;
	ret = dev_set_name(matrix, "matrix");
	if (!ret)
		ret = device_add(matrix);
	if (ret)
		goto put_matrix;
	return 0;

put_matrix:
	put_device(matrix);
unregister_driver:
	driver_unregister(&matrix_driver);
unregister_bus:
	bus_unregister(&matrix_bus);
unregister_root:
	root_device_unregister(root);
	return ret;
}

static void matrix_destroy(void)
{
	device_unregister(matrix);
	driver_unregister(&matrix_driver);
	bus_unregister(&matrix_bus);
	root_device_unregister(root);
}

static int __init vfio_ap_init(void)
{
	int ret;

	if (!ap_instructions_available())
		return -ENODEV;

	vfio_ap.dbf = debug_register(VFIO_AP_NAME, 1, 1, 6 * sizeof(long));
	if (!vfio_ap.dbf)
		return -ENOMEM;
	debug_register_view(vfio_ap.dbf, &debug_sprintf_view);
	debug_set_level(vfio_ap.dbf, 4);

	ret = -ENOMEM;
	vfio_ap.reset_wq = alloc_workqueue("vfio_ap_reset", WQ_UNBOUND, 0);
	if (!vfio_ap.reset_wq)
		goto unregister_debug;
	ret = matrix_create();
	if (ret)
		goto destroy_wq;
	ret = ap_driver_register(&queue_driver, THIS_MODULE, VFIO_AP_NAME);
	if (ret)
		goto destroy_matrix;
	/* From here on the AP bus tells of changes. */
	ret = vfio_ap_host_init();
	if (ret)
		goto unregister_queues;
	ret = mdev_register_driver(&vfio_ap_mdev_driver);
	if (ret)
		goto unregister_queues;
	ret = mdev_register_parent(&parent, matrix, &vfio_ap_mdev_driver,
				   types, ARRAY_SIZE(types));
	if (ret)
		goto unregister_mdevs;
	return 0;

unregister_mdevs:
	mdev_unregister_driver(&vfio_ap_mdev_driver);
unregister_queues:
	ap_driver_unregister(&queue_driver);
destroy_matrix:
	matrix_destroy();
destroy_wq:
	destroy_workqueue(vfio_ap.reset_wq);
unregister_debug:
	debug_unregister(vfio_ap.dbf);
	return ret;
}

static void __exit vfio_ap_exit(void)
{
	mdev_unregister_parent(&parent);
	mdev_unregister_driver(&vfio_ap_mdev_driver);
	ap_driver_unregister(&queue_driver);
	matrix_destroy();
	destroy_workqueue(vfio_ap.reset_wq);
	debug_unregister(vfio_ap.dbf);
	xa_destroy(&vfio_ap.queues);
}

module_init(vfio_ap_init);
module_exit(vfio_ap_exit);
MODULE_DESCRIPTION("VFIO AP device driver");
MODULE_LICENSE("GPL");
