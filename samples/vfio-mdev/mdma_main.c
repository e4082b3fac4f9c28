// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdma: a mediated DMA copy engine, an example for authors of mdev drivers.
 *
 * Lives here: who owns what. mdma_user.c has the callbacks of the user's file
 * descriptor, mdma_regs.c the registers, mdma_engine.c the worker, mdma_copy.c
 * the copy and its meeting with unmap, mdma_iommu.c the way to user memory.
 * The life cycle, each step undone by the one on the right:
 *
 *	module_init		a platform device and its driver  module_exit
 *	 mdma_parent_probe	struct mdma_parent: types	  _remove
 *	  mdma_probe		struct mdma: a vfio_device	  mdma_remove
 *	   bind_iommufd		an access (mdma-own only)	  unbind_iommufd
 *	    attach_ioas		an address space		  detach_ioas
 *	     mdma_user_open	engine in its reset state	  mdma_user_close
 *
 * The parent owns the types and nothing of a device. mdma_probe() allocates
 * with vfio_alloc_device(), which has mdma_user_init() set it up, and gives it
 * up with vfio_put_device(), which has mdma_user_release() free what hangs off
 * it; the structure itself is the vfio_device's and goes with the last
 * reference, which may be later than mdma_remove(). Attach and detach come at
 * any time between bind and unbind, also while the device is open and running.
 * What the user has set up ends with mdma_user_close(); the next one finds
 * zeroes.
 *
 * vfio holds dev_set->lock over bind, attach, open and their opposites, and
 * nothing over read, write and ioctl, which m->ctl_lock serialises.
 */
#include <linux/array_size.h>
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/vfio.h>

#include "mdma_private.h"

#define MDMA_NAME		"mdma"
#define MDMA_MAX_INSTANCES	64

/**
 * struct mdma_type - a type of mediated device
 * @type: what the mdev core needs to know, and what it keeps
 * @ops: how vfio sees devices of this type
 */
struct mdma_type {
	struct mdev_type type;
	const struct vfio_device_ops *ops;
};

/**
 * struct mdma_parent - owned by the platform device, from probe to remove
 * @parent: of the mdev core
 * @types: the types
 * @ptypes: the same as the mdev core wants them
 */
struct mdma_parent {
	struct mdev_parent parent;
	struct mdma_type types[2];
	struct mdev_type *ptypes[2];
};

#define MDMA_COMMON_OPS					\
	.init		= mdma_user_init,		\
	.release	= mdma_user_release,		\
	.open_device	= mdma_user_open,		\
	.close_device	= mdma_user_close,		\
	.read		= mdma_user_read,		\
	.write		= mdma_user_write,		\
	.ioctl		= mdma_user_ioctl,		\
	.dma_unmap	= mdma_flight_unmap

static const struct vfio_device_ops mdma_core_ops = {
	.name		= "mdma-core",
	.bind_iommufd	= vfio_iommufd_emulated_bind,
	.unbind_iommufd	= vfio_iommufd_emulated_unbind,
	.attach_ioas	= vfio_iommufd_emulated_attach_ioas,
	.detach_ioas	= vfio_iommufd_emulated_detach_ioas,
	MDMA_COMMON_OPS,
};

/* Without iommufd there is nothing to govern: containers only. */
static const struct vfio_device_ops mdma_own_ops = {
	.name		= "mdma-own",
#if IS_ENABLED(CONFIG_IOMMUFD)
	.bind_iommufd	= mdma_own_bind,
	.unbind_iommufd	= mdma_own_unbind,
	.attach_ioas	= mdma_own_attach,
	.detach_ioas	= mdma_own_detach,
#endif
	MDMA_COMMON_OPS,
};

/*
 * The mediated device
 */

static int mdma_probe(struct mdev_device *mdev)
{
	struct mdma_type *type = container_of(mdev->type, struct mdma_type, type);
	struct mdma *m;
	int ret;

	m = vfio_alloc_device(mdma, vdev, &mdev->dev, type->ops);
	if (IS_ERR(m))
		return PTR_ERR(m);

	/* The device may be opened before this returns. */
	ret = vfio_register_emulated_iommu_dev(&m->vdev);
	if (ret) {
		vfio_put_device(&m->vdev);
		return ret;
	}

	dev_set_drvdata(&mdev->dev, m);
	return 0;
}

static void mdma_remove(struct mdev_device *mdev)
{
	struct mdma *m = dev_get_drvdata(&mdev->dev);

	/* Waits for the last user; no callback comes after it. */
	vfio_unregister_group_dev(&m->vdev);
	vfio_put_device(&m->vdev);
}

static ssize_t mdma_show_description(struct mdev_type *mtype, char *buf)
{
	return sysfs_emit(buf, "DMA copy engine, %s\n", mtype->pretty_name);
}

static struct mdev_driver mdma_mdev_driver = {
	.device_api	= VFIO_DEVICE_API_PLATFORM_STRING,
	.max_instances	= MDMA_MAX_INSTANCES,
	.probe		= mdma_probe,
	.remove		= mdma_remove,
	.show_description = mdma_show_description,
	.driver		= {
		.name		= MDMA_NAME,
		.owner		= THIS_MODULE,
		.mod_name	= KBUILD_MODNAME,
	},
};

/*
 * The parent
 */

static int mdma_parent_probe(struct platform_device *pdev)
{
	struct mdma_parent *p;
	int i;

	p = devm_kzalloc(&pdev->dev, sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;

	p->types[0].type.sysfs_name = "core";
	p->types[0].type.pretty_name = "address space kept by vfio";
	p->types[0].ops = &mdma_core_ops;
	p->types[1].type.sysfs_name = "own";
	p->types[1].type.pretty_name = "address space kept by the driver";
	p->types[1].ops = &mdma_own_ops;
	for (i = 0; i < ARRAY_SIZE(p->types); i++)
		p->ptypes[i] = &p->types[i].type;

	platform_set_drvdata(pdev, p);
	return mdev_register_parent(&p->parent, &pdev->dev, &mdma_mdev_driver,
				    p->ptypes, ARRAY_SIZE(p->ptypes));
}

static void mdma_parent_remove(struct platform_device *pdev)
{
	struct mdma_parent *p = platform_get_drvdata(pdev);

	/* Removes the mediated devices, too. */
	mdev_unregister_parent(&p->parent);
}

static struct platform_driver mdma_parent_driver = {
	.probe	= mdma_parent_probe,
	.remove	= mdma_parent_remove,
	.driver	= {
		.name = MDMA_NAME,
	},
};

static struct platform_device *mdma_parent_device;

static int __init mdma_init(void)
{
	int ret;

	ret = mdev_register_driver(&mdma_mdev_driver);
	if (ret)
		return ret;

	ret = platform_driver_register(&mdma_parent_driver);
	if (ret)
		goto unregister_mdev_driver;

	mdma_parent_device = platform_device_register_simple(MDMA_NAME,
							     PLATFORM_DEVID_NONE,
							     NULL, 0);
	if (IS_ERR(mdma_parent_device)) {
		ret = PTR_ERR(mdma_parent_device);
		goto unregister_parent_driver;
	}
	return 0;

unregister_parent_driver:
	platform_driver_unregister(&mdma_parent_driver);
unregister_mdev_driver:
	mdev_unregister_driver(&mdma_mdev_driver);
	return ret;
}

static void __exit mdma_exit(void)
{
	platform_device_unregister(mdma_parent_device);
	platform_driver_unregister(&mdma_parent_driver);
	mdev_unregister_driver(&mdma_mdev_driver);
}

module_init(mdma_init);
module_exit(mdma_exit);

MODULE_DESCRIPTION("Mediated DMA copy engine, a sample");
MODULE_LICENSE("GPL");
