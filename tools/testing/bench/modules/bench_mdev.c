// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mediated devices with nothing behind them, as many as anyone wants, for what
 * the core costs by itself. Their only region takes a request to pin pages or
 * to move data, so that a program can time the calls that drivers make.
 *
 * Compiles against the base and against the series.
 */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "bench_mdev.h"

struct bench_mdev {
	struct vfio_device vdev;
	struct page *pages[BENCH_MDEV_PAGES];
};

/* What drivers do for each piece of work if they keep no memory for it. */
static int bench_alloc(void)
{
	void *p = kzalloc(64, GFP_KERNEL);

	/* Seen by nobody, so the compiler would leave both calls out. */
	OPTIMIZER_HIDE_VAR(p);
	kfree(p);
	return p ? 0 : -ENOMEM;
}

static int bench_request(struct bench_mdev *bench, struct bench_mdev_request *r)
{
	struct vfio_device *vdev = &bench->vdev;
	dma_addr_t iova = r->iova;
	u8 data[64] = {};
	int ret = 0;
	u32 i;

	if (!r->batch || r->pages > BENCH_MDEV_PAGES || r->pages % r->batch)
		return -EINVAL;
	for (i = 0; i < r->pages && !ret; i += r->batch) {
		switch (r->op) {
		case BENCH_PIN:
			ret = vfio_pin_pages(vdev, iova, r->batch, IOMMU_READ | IOMMU_WRITE,
					     bench->pages + i);
			ret = ret == r->batch ? 0 : ret < 0 ? ret : -EIO;
			break;
		case BENCH_UNPIN:
			vfio_unpin_pages(vdev, iova, r->batch);
			break;
		case BENCH_READ:
		case BENCH_WRITE:
			ret = vfio_dma_rw(vdev, iova, data, sizeof(data), r->op == BENCH_WRITE);
			break;
		case BENCH_ALLOC:
			ret = bench_alloc();
			break;
		default:
			return -EINVAL;
		}
		iova += (dma_addr_t)r->batch * PAGE_SIZE;
	}
	return ret;
}

static ssize_t bench_write(struct vfio_device *vdev, const char __user *buf, size_t count,
			   loff_t *ppos)
{
	struct bench_mdev_request request;
	int ret;

	if (count != sizeof(request))
		return count;
	if (copy_from_user(&request, buf, sizeof(request)))
		return -EFAULT;
	ret = bench_request(container_of(vdev, struct bench_mdev, vdev), &request);
	return ret ?: count;
}

static ssize_t bench_read(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *ppos)
{
	return count;
}

static long bench_info(unsigned long arg)
{
	struct vfio_device_info info;

	if (copy_from_user(&info, (void __user *)arg, offsetofend(struct vfio_device_info, argsz)))
		return -EFAULT;
	info = (struct vfio_device_info) {
		.argsz = offsetofend(struct vfio_device_info, num_irqs),
		.flags = VFIO_DEVICE_FLAGS_PLATFORM | VFIO_DEVICE_FLAGS_RESET,
		.num_regions = 1,
	};
	if (copy_to_user((void __user *)arg, &info, info.argsz))
		return -EFAULT;
	return 0;
}

static long bench_region_info(unsigned long arg)
{
	struct vfio_region_info info;

	if (copy_from_user(&info, (void __user *)arg, offsetofend(struct vfio_region_info, offset)))
		return -EFAULT;
	info.size = PAGE_SIZE;
	info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	if (copy_to_user((void __user *)arg, &info, offsetofend(struct vfio_region_info, offset)))
		return -EFAULT;
	return 0;
}

static long bench_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return bench_info(arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return bench_region_info(arg);
	case VFIO_DEVICE_RESET:
		return 0;
	default:
		return -ENOTTY;
	}
}

/* Who pins must say what becomes of it when the user unmaps; the bench does not. */
static void bench_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
}

static const struct vfio_device_ops bench_mdev_ops = {
	.name		= "bench-mdev",
	.read		= bench_read,
	.write		= bench_write,
	.ioctl		= bench_ioctl,
	.dma_unmap	= bench_dma_unmap,
	.bind_iommufd	= vfio_iommufd_emulated_bind,
	.unbind_iommufd	= vfio_iommufd_emulated_unbind,
	.attach_ioas	= vfio_iommufd_emulated_attach_ioas,
	.detach_ioas	= vfio_iommufd_emulated_detach_ioas,
};

static int bench_probe(struct mdev_device *mdev)
{
	struct bench_mdev *bench;
	int ret;

	bench = vfio_alloc_device(bench_mdev, vdev, &mdev->dev, &bench_mdev_ops);
	if (IS_ERR(bench))
		return PTR_ERR(bench);
	ret = vfio_register_emulated_iommu_dev(&bench->vdev);
	if (ret) {
		vfio_put_device(&bench->vdev);
		return ret;
	}
	dev_set_drvdata(&mdev->dev, bench);
	return 0;
}

static void bench_remove(struct mdev_device *mdev)
{
	struct bench_mdev *bench = dev_get_drvdata(&mdev->dev);

	vfio_unregister_group_dev(&bench->vdev);
	vfio_put_device(&bench->vdev);
}

static unsigned int bench_available(struct mdev_type *type)
{
	return 100000;
}

static struct mdev_driver bench_driver = {
	.device_api	= VFIO_DEVICE_API_PLATFORM_STRING,
	.probe		= bench_probe,
	.remove		= bench_remove,
	.get_available	= bench_available,
	.driver		= {
		.name		= "bench_mdev",
		.owner		= THIS_MODULE,
		.mod_name	= KBUILD_MODNAME,
	},
};

/* A parent with one type; a new one each time, as both are registered once. */
struct bench_parent {
	struct mdev_parent parent;
	struct mdev_type type;
	struct mdev_type *types;
};

static struct bench_parent *bench_parent;
static struct device *bench_dev;

static const struct class bench_class = { .name = "bench" };

static int bench_parent_add(void)
{
	struct bench_parent *bench = kzalloc(sizeof(*bench), GFP_KERNEL);
	int ret;

	if (!bench)
		return -ENOMEM;
	bench->type.sysfs_name = "null";
	bench->type.pretty_name = "nothing";
	bench->types = &bench->type;
	ret = mdev_register_parent(&bench->parent, bench_dev, &bench_driver, &bench->types, 1);
	if (ret)
		kfree(bench);
	else
		bench_parent = bench;
	return ret;
}

static void bench_parent_del(void)
{
	if (!bench_parent)
		return;
	mdev_unregister_parent(&bench_parent->parent);
	kfree(bench_parent);
	bench_parent = NULL;
}

/* "parent": 0 takes it away from under its devices, and 1 makes a new one. */
static int bench_parent_set(const char *val, const struct kernel_param *kp)
{
	bool want;
	int ret = kstrtobool(val, &want);

	if (ret || !bench_dev)
		return ret;
	if (!want)
		bench_parent_del();
	else if (!bench_parent)
		ret = bench_parent_add();
	return ret;
}

static const struct kernel_param_ops bench_parent_ops = {
	.set = bench_parent_set,
};

module_param_cb(parent, &bench_parent_ops, NULL, 0200);

static int __init bench_init(void)
{
	int ret;

	ret = class_register(&bench_class);
	if (ret)
		return ret;
	ret = mdev_register_driver(&bench_driver);
	if (ret)
		goto unregister_class;
	bench_dev = device_create(&bench_class, NULL, MKDEV(0, 0), NULL, "bench");
	if (IS_ERR(bench_dev)) {
		ret = PTR_ERR(bench_dev);
		goto unregister_driver;
	}
	ret = bench_parent_add();
	if (ret)
		goto unregister_device;
	return 0;

unregister_device:
	device_unregister(bench_dev);
unregister_driver:
	mdev_unregister_driver(&bench_driver);
unregister_class:
	class_unregister(&bench_class);
	return ret;
}

static void __exit bench_exit(void)
{
	bench_parent_del();
	device_unregister(bench_dev);
	mdev_unregister_driver(&bench_driver);
	class_unregister(&bench_class);
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("Mediated devices with nothing behind them");
MODULE_LICENSE("GPL");
