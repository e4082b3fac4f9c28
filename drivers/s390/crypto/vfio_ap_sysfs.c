// SPDX-License-Identifier: GPL-2.0
/*
 * vfio-ap: attributes of the mediated device
 *
 * They exist from after probe to before remove. Whoever writes edits a copy of
 * what is assigned and hands it in: it takes effect as a whole or not at all,
 * in one update of the guest. A writer returns when what the guest lost has
 * been reset, or has been given up.
 */
#include <linux/kstrtox.h>
#include <linux/sysfs.h>

#include "vfio_ap.h"

enum mask_kind { ADAPTER, DOMAIN, CONTROL_DOMAIN };

/* A file that takes one id in or out of one mask. */
struct id_attribute {
	struct device_attribute attr;
	enum mask_kind kind;
	bool assign;
};

static struct vfio_ap_mdev *dev_to_mdev(struct device *dev)
{
	return dev_get_drvdata(dev);
}

static struct vfio_ap_mask *mask_of(struct vfio_ap_matrix *matrix,
				    enum mask_kind kind)
{
	switch (kind) {
	case ADAPTER:
		return &matrix->apm;
	case DOMAIN:
		return &matrix->aqm;
	default:
		return &matrix->adm;
	}
}

static unsigned int highest(struct vfio_ap_mdev *mdev, enum mask_kind kind)
{
	switch (kind) {
	case ADAPTER:
		return mdev->max.apid;
	case DOMAIN:
		return mdev->max.apqi;
	default:
		return mdev->max.control;
	}
}

/*
 * Only what gives access to a queue asks who else has it; that takes the AP
 * bus's masks along.
 */
static ssize_t id_store(struct device *dev, struct device_attribute *attr,
			const char *buf, size_t count)
{
	struct id_attribute *file = container_of(attr, struct id_attribute, attr);
	bool asks = file->assign && file->kind != CONTROL_DOMAIN;
	struct vfio_ap_mdev *mdev = dev_to_mdev(dev);
	struct vfio_ap_delta delta = {};
	struct vfio_ap_matrix matrix;
	struct vfio_ap_mask *mask;
	unsigned long id;
	int ret;

	ret = kstrtoul(buf, 0, &id);
	if (ret)
		return ret;
	if (id > highest(mdev, file->kind))
		return -ENODEV;

	if (asks)
		mutex_lock(&ap_perms_mutex);
	mutex_lock(&vfio_ap.guests_lock);
	matrix = mdev->assigned;
	mask = mask_of(&matrix, file->kind);
	if (vfio_ap_mask_test(mask, id) != file->assign) {
		if (file->assign)
			vfio_ap_mask_set(mask, id);
		else
			vfio_ap_mask_clear(mask, id);
		if (asks)
			ret = vfio_ap_assign(mdev, &matrix, &delta);
		else
			vfio_ap_apply(mdev, &matrix, &delta);
	}
	mutex_unlock(&vfio_ap.guests_lock);
	if (asks)
		mutex_unlock(&ap_perms_mutex);

	if (ret)
		return ret;
	vfio_ap_reset_wait_lost(&delta);
	return count;
}

#define ID_ATTRIBUTE(_name, _kind, _assign)					\
	static struct id_attribute file_##_name = {				\
		.attr = __ATTR(_name, 0200, NULL, id_store),			\
		.kind = _kind,							\
		.assign = _assign,						\
	}

ID_ATTRIBUTE(assign_adapter, ADAPTER, true);
ID_ATTRIBUTE(unassign_adapter, ADAPTER, false);
ID_ATTRIBUTE(assign_domain, DOMAIN, true);
ID_ATTRIBUTE(unassign_domain, DOMAIN, false);
ID_ATTRIBUTE(assign_control_domain, CONTROL_DOMAIN, true);
ID_ATTRIBUTE(unassign_control_domain, CONTROL_DOMAIN, false);

static ssize_t ap_config_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	struct vfio_ap_mdev *mdev = dev_to_mdev(dev);
	int len;

	mutex_lock(&mdev->lock);
	len = vfio_ap_config_format(&mdev->assigned, buf, PAGE_SIZE);
	mutex_unlock(&mdev->lock);
	return len;
}

static ssize_t ap_config_store(struct device *dev, struct device_attribute *attr,
			       const char *buf, size_t count)
{
	struct vfio_ap_mdev *mdev = dev_to_mdev(dev);
	struct vfio_ap_delta delta;
	struct vfio_ap_matrix matrix;
	int ret;

	ret = vfio_ap_config_parse(buf, &matrix);
	if (ret)
		return ret;

	mutex_lock(&ap_perms_mutex);
	mutex_lock(&vfio_ap.guests_lock);
	ret = vfio_ap_assign(mdev, &matrix, &delta);
	mutex_unlock(&vfio_ap.guests_lock);
	mutex_unlock(&ap_perms_mutex);

	if (ret)
		return ret;
	vfio_ap_reset_wait_lost(&delta);
	return count;
}
static DEVICE_ATTR_RW(ap_config);

static ssize_t control_domains_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	struct vfio_ap_mdev *mdev = dev_to_mdev(dev);
	int len;

	mutex_lock(&mdev->lock);
	len = vfio_ap_mask_format(&mdev->assigned.adm, buf, PAGE_SIZE);
	mutex_unlock(&mdev->lock);
	return len;
}
static DEVICE_ATTR_RO(control_domains);

/*
 * These two may be longer than the one page that a plain attribute can show,
 * hence read in pieces. A matrix that changes between two of them shows half
 * of the one and half of the other.
 */
static ssize_t matrix_read(struct file *file, struct kobject *kobj,
			   struct bin_attribute *attr, char *buf, loff_t off,
			   size_t count)
{
	struct vfio_ap_mdev *mdev = dev_to_mdev(kobj_to_dev(kobj));
	size_t len;

	mutex_lock(&mdev->lock);
	len = vfio_ap_matrix_format(&mdev->assigned, off, buf, count);
	mutex_unlock(&mdev->lock);
	return len;
}
static BIN_ATTR_RO(matrix, 0);

static ssize_t guest_matrix_read(struct file *file, struct kobject *kobj,
				 struct bin_attribute *attr, char *buf,
				 loff_t off, size_t count)
{
	struct vfio_ap_mdev *mdev = dev_to_mdev(kobj_to_dev(kobj));
	size_t len;

	mutex_lock(&mdev->lock);
	len = vfio_ap_matrix_format(&mdev->guest, off, buf, count);
	mutex_unlock(&mdev->lock);
	return len;
}
static BIN_ATTR_RO(guest_matrix, 0);

static struct attribute *mdev_attrs[] = {
	&file_assign_adapter.attr.attr,
	&file_unassign_adapter.attr.attr,
	&file_assign_domain.attr.attr,
	&file_unassign_domain.attr.attr,
	&file_assign_control_domain.attr.attr,
	&file_unassign_control_domain.attr.attr,
	&dev_attr_ap_config.attr,
	&dev_attr_control_domains.attr,
	NULL
};

static struct bin_attribute *mdev_bin_attrs[] = {
	&bin_attr_matrix,
	&bin_attr_guest_matrix,
	NULL
};

static const struct attribute_group mdev_group = {
	.attrs = mdev_attrs,
	.bin_attrs = mdev_bin_attrs,
};

const struct attribute_group *vfio_ap_mdev_groups[] = {
	&mdev_group,
	NULL
};
