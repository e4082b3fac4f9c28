// SPDX-License-Identifier: GPL-2.0-only
/*
 * The floor: what a mediated device leaves behind in sysfs, in /dev and in
 * uevents, and nothing else. A device on a bus, with an attribute and two
 * links; below it a device of a class with a character device; a second such
 * device at the top; and a directory for a group, with a link each way.
 * "create N" and "remove N", the youngest first, are written to the file
 * "bench-nodes" of debugfs.
 */
#include <linux/cdev.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#define BENCH_NAME	"bench-nodes"

struct nodes {
	struct list_head entry;
	struct device dev;
	struct device node;
	struct cdev node_cdev;
	struct device group_node;
	struct cdev group_cdev;
	struct kobject group;
	struct kobject *members;
	unsigned int id;
};

static LIST_HEAD(all);
static DEFINE_IDA(ids);
static dev_t node_base, group_base;
static struct device *parent;
static struct kset *groups;
static struct dentry *command_file;

static const struct bus_type nodes_bus = { .name = "bench-nodes" };
static const struct class node_class = { .name = "bench-node" };
static const struct class group_class = { .name = "bench-group" };

static const struct file_operations nodes_fops = { .owner = THIS_MODULE };

static ssize_t remove_store(struct device *dev, struct device_attribute *attr, const char *buf,
			    size_t count)
{
	return count;
}
static DEVICE_ATTR_WO(remove);

static struct attribute *nodes_attrs[] = {
	&dev_attr_remove.attr,
	NULL
};
ATTRIBUTE_GROUPS(nodes);

static ssize_t group_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return 0;
}

static struct kobj_attribute attr_reserved = __ATTR(reserved_regions, 0444, group_show, NULL);
static struct kobj_attribute attr_type = __ATTR(type, 0444, group_show, NULL);

static struct attribute *group_attrs[] = {
	&attr_reserved.attr,
	&attr_type.attr,
	NULL
};
ATTRIBUTE_GROUPS(group);

/* All of it is one allocation, freed when all of its parts are. */
static void nodes_part_release(struct device *dev)
{
}

static void nodes_release(struct device *dev)
{
	kfree(container_of(dev, struct nodes, dev));
}

static void group_release(struct kobject *kobj)
{
}

static const struct kobj_type group_ktype = {
	.sysfs_ops	= &kobj_sysfs_ops,
	.default_groups	= group_groups,
	.release	= group_release,
};

static void nodes_init(struct nodes *n)
{
	device_initialize(&n->dev);
	n->dev.bus = &nodes_bus;
	n->dev.parent = parent;
	n->dev.groups = nodes_groups;
	n->dev.release = nodes_release;
	dev_set_name(&n->dev, "bench-%08x-0000-4000-8000-%012x", n->id, n->id);

	device_initialize(&n->node);
	n->node.class = &node_class;
	n->node.parent = &n->dev;
	n->node.devt = node_base + n->id;
	n->node.release = nodes_part_release;
	dev_set_name(&n->node, "bench-node%u", n->id);
	cdev_init(&n->node_cdev, &nodes_fops);

	device_initialize(&n->group_node);
	n->group_node.class = &group_class;
	n->group_node.devt = group_base + n->id;
	n->group_node.release = nodes_part_release;
	dev_set_name(&n->group_node, "bench-group%u", n->id);
	cdev_init(&n->group_cdev, &nodes_fops);
	n->group.kset = groups;
}

/* Runs on a machine that has memory: what fails here is the bench. */
static int nodes_create(void)
{
	struct nodes *n = kzalloc(sizeof(*n), GFP_KERNEL);
	int ret;

	if (!n)
		return -ENOMEM;
	ret = ida_alloc_max(&ids, MINORMASK, GFP_KERNEL);
	if (ret < 0) {
		kfree(n);
		return ret;
	}
	n->id = ret;
	nodes_init(n);
	ret = device_add(&n->dev);
	ret = ret ?: sysfs_create_link(&n->dev.kobj, &parent->kobj, "mdev_type");
	ret = ret ?: sysfs_create_link(&groups->kobj, &n->dev.kobj, dev_name(&n->dev));
	ret = ret ?: kobject_init_and_add(&n->group, &group_ktype, NULL, "%u", n->id);
	n->members = ret ? NULL : kobject_create_and_add("devices", &n->group);
	if (!ret && !n->members)
		ret = -ENOMEM;
	ret = ret ?: sysfs_create_link(n->members, &n->dev.kobj, dev_name(&n->dev));
	ret = ret ?: sysfs_create_link(&n->dev.kobj, &n->group, "iommu_group");
	ret = ret ?: cdev_device_add(&n->group_cdev, &n->group_node);
	ret = ret ?: cdev_device_add(&n->node_cdev, &n->node);
	if (WARN_ON(ret))
		return ret;
	list_add_tail(&n->entry, &all);
	return 0;
}

static void nodes_remove(struct nodes *n)
{
	list_del(&n->entry);
	cdev_device_del(&n->node_cdev, &n->node);
	put_device(&n->node);
	cdev_device_del(&n->group_cdev, &n->group_node);
	put_device(&n->group_node);
	sysfs_remove_link(&n->dev.kobj, "iommu_group");
	sysfs_remove_link(n->members, dev_name(&n->dev));
	kobject_put(n->members);
	kobject_put(&n->group);
	sysfs_remove_link(&groups->kobj, dev_name(&n->dev));
	sysfs_remove_link(&n->dev.kobj, "mdev_type");
	ida_free(&ids, n->id);
	device_unregister(&n->dev);
}

static ssize_t command_write(struct file *file, const char __user *buf, size_t len, loff_t *ppos)
{
	static DEFINE_MUTEX(lock);
	char text[32], verb[16];
	unsigned long n;
	int ret = 0;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, len))
		return -EFAULT;
	text[len] = 0;
	if (sscanf(text, "%15s %lu", verb, &n) != 2)
		return -EINVAL;
	mutex_lock(&lock);
	for (; n && !ret; n--) {
		if (!strcmp(verb, "create"))
			ret = nodes_create();
		else if (list_empty(&all))
			ret = -ENOENT;
		else
			nodes_remove(list_last_entry(&all, struct nodes, entry));
	}
	mutex_unlock(&lock);
	return ret ?: len;
}

static const struct file_operations command_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= command_write,
};

/* Loaded once, in a guest that is thrown away. */
static int __init nodes_module_init(void)
{
	int ret;

	ret = bus_register(&nodes_bus);
	ret = ret ?: class_register(&node_class);
	ret = ret ?: class_register(&group_class);
	ret = ret ?: alloc_chrdev_region(&node_base, 0, MINORMASK + 1, "bench-node");
	ret = ret ?: alloc_chrdev_region(&group_base, 0, MINORMASK + 1, "bench-group");
	if (ret)
		return ret;
	parent = root_device_register(BENCH_NAME);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	groups = kset_create_and_add("bench_groups", NULL, &parent->kobj);
	if (!groups)
		return -ENOMEM;
	command_file = debugfs_create_file(BENCH_NAME, 0200, NULL, NULL, &command_fops);
	return PTR_ERR_OR_ZERO(command_file);
}
module_init(nodes_module_init);

MODULE_DESCRIPTION("The nodes of a mediated device alone");
MODULE_LICENSE("GPL");
