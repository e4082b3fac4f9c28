// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that misbehave to order, for what no real driver shows: a full one
 * and one with hardly any operation, both with an emulated iommu, on platform
 * devices. Driven by vfio_fake_test through the module's parameters, which
 * also count what the core called. The counters are atomic, the rest is
 * written by the test alone, while nobody has a device open.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/anon_inodes.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm_runtime.h>
#include <linux/vfio.h>

static int open_error;
module_param(open_error, int, 0644);
MODULE_PARM_DESC(open_error, "errno of the next open_device() calls");

static struct platform_device *fakes[2];

static int resume_error;

/* An error sticks until somebody says what state the device is in. */
static int resume_error_set(const char *val, const struct kernel_param *kp)
{
	int ret = param_set_int(val, kp);

	if (!ret && !resume_error && fakes[0])
		pm_runtime_set_suspended(&fakes[0]->dev);
	return ret;
}

static const struct kernel_param_ops resume_error_ops = {
	.set	= resume_error_set,
	.get	= param_get_int,
};
module_param_cb(resume_error, &resume_error_ops, &resume_error, 0644);
MODULE_PARM_DESC(resume_error, "errno of the next runtime resumes");

static int state_error;
module_param(state_error, int, 0644);
MODULE_PARM_DESC(state_error, "errno of the next changes of the migration state");

static unsigned int slow_ms;
module_param(slow_ms, uint, 0644);
MODULE_PARM_DESC(slow_ms, "how long open, close and get_state take");

static unsigned int exit_ms;
module_param(exit_ms, uint, 0644);
MODULE_PARM_DESC(exit_ms, "how long the module keeps its devices while it unloads");

/* Counters; the test writes 0 to begin anew. */
static atomic_t opens = ATOMIC_INIT(0);
module_param_named(opens, opens.counter, int, 0644);
MODULE_PARM_DESC(opens, "open_device() calls");

static atomic_t closes = ATOMIC_INIT(0);
module_param_named(closes, closes.counter, int, 0644);
MODULE_PARM_DESC(closes, "close_device() calls");

static atomic_t requests = ATOMIC_INIT(0);
module_param_named(requests, requests.counter, int, 0644);
MODULE_PARM_DESC(requests, "request() calls");

static atomic_t log_starts = ATOMIC_INIT(0);
module_param_named(log_starts, log_starts.counter, int, 0644);
MODULE_PARM_DESC(log_starts, "log_start() calls");

static atomic_t log_stops = ATOMIC_INIT(0);
module_param_named(log_stops, log_stops.counter, int, 0644);
MODULE_PARM_DESC(log_stops, "log_stop() calls");

static atomic_t data_files = ATOMIC_INIT(0);
module_param_named(data_files, data_files.counter, int, 0644);
MODULE_PARM_DESC(data_files, "data files that are not released");

static atomic_t overlaps = ATOMIC_INIT(0);
module_param_named(overlaps, overlaps.counter, int, 0644);
MODULE_PARM_DESC(overlaps, "get_state() while the device was opened or closed");

static atomic_t strays = ATOMIC_INIT(0);
module_param_named(strays, strays.counter, int, 0644);
MODULE_PARM_DESC(strays, "get_state() while nobody had the device open");

struct fake {
	struct vfio_device vdev;
	/* Open or close is going on; the device is open. */
	atomic_t changing, open;
	struct page *page;
};

/* What there is to map, by page of the file. */
enum {
	FAKE_MAP_PAGE,	/* memory, filled in by mmap(2) as there are no faults */
	FAKE_MAP_PFN,	/* the same memory as if it were a register */
};

/* What the memory is full of. */
#define FAKE_BYTE 0x5a

static struct fake *to_fake(struct vfio_device *vdev)
{
	return container_of(vdev, struct fake, vdev);
}

static int fake_open(struct vfio_device *vdev)
{
	struct fake *fake = to_fake(vdev);

	atomic_inc(&opens);
	if (open_error)
		return -open_error;
	atomic_inc(&fake->changing);
	msleep(slow_ms);
	atomic_set(&fake->open, 1);
	atomic_dec(&fake->changing);
	return 0;
}

static void fake_close(struct vfio_device *vdev)
{
	struct fake *fake = to_fake(vdev);

	atomic_inc(&closes);
	atomic_inc(&fake->changing);
	atomic_set(&fake->open, 0);
	msleep(slow_ms);
	atomic_dec(&fake->changing);
}

static int fake_get_state(struct vfio_device *vdev,
			  enum vfio_device_mig_state *state)
{
	struct fake *fake = to_fake(vdev);
	bool overlap = atomic_read(&fake->changing);
	bool stray = !atomic_read(&fake->open);

	msleep(slow_ms);
	overlap |= !!atomic_read(&fake->changing);
	if (overlap)
		atomic_inc(&overlaps);
	else if (stray)
		atomic_inc(&strays);
	*state = VFIO_DEVICE_STATE_RUNNING;
	return 0;
}

static int fake_data_release(struct inode *inode, struct file *file)
{
	atomic_dec(&data_files);
	return 0;
}

static const struct file_operations fake_data_fops = {
	.owner		= THIS_MODULE,
	.release	= fake_data_release,
};

/* Every state comes with a file, unless it is to fail. */
static struct file *fake_set_state(struct vfio_device *vdev,
				   enum vfio_device_mig_state state)
{
	struct file *file;

	if (state_error)
		return ERR_PTR(-state_error);
	file = anon_inode_getfile("[vfio-fake-data]", &fake_data_fops, NULL,
				  O_RDONLY);
	if (!IS_ERR(file))
		atomic_inc(&data_files);
	return file;
}

static int fake_data_size(struct vfio_device *vdev, unsigned long *size)
{
	*size = 12345;
	return 0;
}

static const struct vfio_migration_ops fake_mig_ops = {
	.migration_set_state		= fake_set_state,
	.migration_get_state		= fake_get_state,
	.migration_get_data_size	= fake_data_size,
};

static int fake_log_start(struct vfio_device *vdev,
			  struct rb_root_cached *ranges, u32 nnodes,
			  u64 *page_size)
{
	atomic_inc(&log_starts);
	return 0;
}

static int fake_log_stop(struct vfio_device *vdev)
{
	atomic_inc(&log_stops);
	return 0;
}

static int fake_log_read(struct vfio_device *vdev, unsigned long iova,
			 unsigned long length, struct iova_bitmap *dirty)
{
	return 0;
}

static const struct vfio_log_ops fake_log_ops = {
	.log_start		= fake_log_start,
	.log_stop		= fake_log_stop,
	.log_read_and_clear	= fake_log_read,
};

static int fake_init(struct vfio_device *vdev)
{
	struct fake *fake = to_fake(vdev);

	vdev->migration_flags = VFIO_MIGRATION_STOP_COPY;
	vdev->mig_ops = &fake_mig_ops;
	vdev->log_ops = &fake_log_ops;

	fake->page = alloc_page(GFP_KERNEL);
	if (!fake->page)
		return -ENOMEM;
	memset(page_address(fake->page), FAKE_BYTE, PAGE_SIZE);
	return 0;
}

static void fake_release(struct vfio_device *vdev)
{
	put_page(to_fake(vdev)->page);
}

static int fake_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	struct page *page = to_fake(vdev)->page;

	if (vma_pages(vma) != 1 || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	switch (vma->vm_pgoff) {
	case FAKE_MAP_PAGE:
		return vm_insert_page(vma, vma->vm_start, page);
	case FAKE_MAP_PFN:
		return remap_pfn_range(vma, vma->vm_start, page_to_pfn(page),
				       PAGE_SIZE, vma->vm_page_prot);
	}
	return -EINVAL;
}

static long fake_ioctl(struct vfio_device *vdev, unsigned int cmd,
		       unsigned long arg)
{
	return cmd == VFIO_DEVICE_RESET ? 0 : -ENOTTY;
}

static void fake_request(struct vfio_device *vdev, unsigned int count)
{
	atomic_inc(&requests);
}

/* "any" is this device, "never" ends the search. */
static int fake_match(struct vfio_device *vdev, char *name)
{
	if (!strcmp(name, "never"))
		return -EPERM;
	return !strcmp(name, "any") || !strcmp(name, dev_name(vdev->dev));
}

#define FAKE_IOMMU_OPS						\
	.bind_iommufd	= vfio_iommufd_emulated_bind,		\
	.unbind_iommufd	= vfio_iommufd_emulated_unbind,		\
	.attach_ioas	= vfio_iommufd_emulated_attach_ioas,	\
	.detach_ioas	= vfio_iommufd_emulated_detach_ioas

static const struct vfio_device_ops fake_full_ops = {
	.name		= "vfio-fake-full",
	.init		= fake_init,
	.release	= fake_release,
	.open_device	= fake_open,
	.close_device	= fake_close,
	.ioctl		= fake_ioctl,
	.mmap		= fake_mmap,
	.request	= fake_request,
	.match		= fake_match,
	FAKE_IOMMU_OPS,
};

static const struct vfio_device_ops fake_bare_ops = {
	.name		= "vfio-fake-bare",
	FAKE_IOMMU_OPS,
};

static int fake_probe(struct platform_device *pdev)
{
	struct fake *fake;
	int ret;

	fake = vfio_alloc_device(fake, vdev, &pdev->dev,
				 pdev->id ? &fake_bare_ops : &fake_full_ops);
	if (IS_ERR(fake))
		return PTR_ERR(fake);
	pm_runtime_enable(&pdev->dev);
	platform_set_drvdata(pdev, fake);
	ret = vfio_register_emulated_iommu_dev(&fake->vdev);
	if (ret) {
		pm_runtime_disable(&pdev->dev);
		vfio_put_device(&fake->vdev);
	}
	return ret;
}

static void fake_remove(struct platform_device *pdev)
{
	struct fake *fake = platform_get_drvdata(pdev);

	vfio_unregister_group_dev(&fake->vdev);
	pm_runtime_disable(&pdev->dev);
	vfio_put_device(&fake->vdev);
}

static int fake_runtime_resume(struct device *dev)
{
	return -resume_error;
}

static int fake_runtime_suspend(struct device *dev)
{
	return 0;
}

static const struct dev_pm_ops fake_pm_ops = {
	RUNTIME_PM_OPS(fake_runtime_suspend, fake_runtime_resume, NULL)
};

static struct platform_driver fake_driver = {
	.probe		= fake_probe,
	.remove		= fake_remove,
	.driver		= {
		.name	= "vfio_fake",
		.pm	= pm_ptr(&fake_pm_ops),
	},
};

static int __init fake_module_init(void)
{
	unsigned int i;
	int ret;

	ret = platform_driver_register(&fake_driver);
	if (ret)
		return ret;
	for (i = 0; i < ARRAY_SIZE(fakes); i++) {
		fakes[i] = platform_device_register_simple("vfio_fake", i,
							   NULL, 0);
		if (IS_ERR(fakes[i])) {
			ret = PTR_ERR(fakes[i]);
			goto unregister_devices;
		}
	}
	return 0;

unregister_devices:
	while (i--)
		platform_device_unregister(fakes[i]);
	platform_driver_unregister(&fake_driver);
	return ret;
}

static void __exit fake_module_exit(void)
{
	unsigned int i;

	msleep(exit_ms);
	for (i = 0; i < ARRAY_SIZE(fakes); i++)
		platform_device_unregister(fakes[i]);
	platform_driver_unregister(&fake_driver);
}

module_init(fake_module_init);
module_exit(fake_module_exit);

MODULE_DESCRIPTION("VFIO devices that misbehave to order");
MODULE_LICENSE("GPL");
