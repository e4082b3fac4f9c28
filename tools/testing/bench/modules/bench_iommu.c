// SPDX-License-Identifier: GPL-2.0-only
/*
 * An IOMMU that does nothing, and platform devices behind it, as many as anyone
 * wants: what the core costs by itself. Commands are written to the file
 * "bench-iommu" of debugfs, one at a time:
 *
 *   add N, del N	devices, the youngest are deleted first
 *   add N W		the same by W workers at a time
 *   register, unregister	the instance; the devices that are there are probed
 *   lookup N, attach N, claim N	N times each, of the last device
 *   say N		N lines of the log
 *   map SIZE N		map and unmap that much, N times
 *
 * No other IOMMU may be there: firmware names none for these devices.
 * Compiles against the base and against the series.
 */
#include <linux/debugfs.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#define BENCH_NAME	"bench-iommu"
#define BENCH_MAX	8192
#define BENCH_WORKERS	8

static struct iommu_device bench_iommu;
static const struct iommu_ops bench_iommu_ops;
static struct platform_device *devices[BENCH_MAX];
static unsigned int count;
static bool registered;
static struct dentry *command_file;

static int bench_attach(struct iommu_domain *domain, struct device *dev)
{
	return 0;
}

static int bench_map(struct iommu_domain *domain, unsigned long iova, phys_addr_t paddr,
		     size_t pgsize, size_t pgcount, int prot, gfp_t gfp, size_t *mapped)
{
	*mapped += pgsize * pgcount;
	return 0;
}

static size_t bench_unmap(struct iommu_domain *domain, unsigned long iova, size_t pgsize,
			  size_t pgcount, struct iommu_iotlb_gather *gather)
{
	return pgsize * pgcount;
}

static phys_addr_t bench_iova_to_phys(struct iommu_domain *domain, dma_addr_t iova)
{
	return iova;
}

static void bench_domain_free(struct iommu_domain *domain)
{
	kfree(domain);
}

static const struct iommu_domain_ops bench_paging_ops = {
	.attach_dev	= bench_attach,
	.map_pages	= bench_map,
	.unmap_pages	= bench_unmap,
	.iova_to_phys	= bench_iova_to_phys,
	.free		= bench_domain_free,
};

static const struct iommu_domain_ops bench_static_ops = {
	.attach_dev	= bench_attach,
};

static struct iommu_domain bench_identity = {
	.type	= IOMMU_DOMAIN_IDENTITY,
	.ops	= &bench_static_ops,
};

static struct iommu_domain bench_blocked = {
	.type	= IOMMU_DOMAIN_BLOCKED,
	.ops	= &bench_static_ops,
};

static struct iommu_domain *bench_alloc_paging(struct device *dev)
{
	struct iommu_domain *domain = kzalloc(sizeof(*domain), GFP_KERNEL);

	if (!domain)
		return ERR_PTR(-ENOMEM);
	domain->geometry.aperture_end = ULONG_MAX;
	domain->geometry.force_aperture = true;
	return domain;
}

static struct iommu_device *bench_probe_device(struct device *dev)
{
	if (!dev_is_platform(dev) || strcmp(to_platform_device(dev)->name, BENCH_NAME))
		return ERR_PTR(-ENODEV);
	return &bench_iommu;
}

static int bench_def_domain_type(struct device *dev)
{
	return IOMMU_DOMAIN_IDENTITY;
}

static bool bench_capable(struct device *dev, enum iommu_cap cap)
{
	return cap == IOMMU_CAP_CACHE_COHERENCY;
}

static const struct iommu_ops bench_iommu_ops = {
	.capable		= bench_capable,
	.domain_alloc_paging	= bench_alloc_paging,
	.probe_device		= bench_probe_device,
	.device_group		= generic_device_group,
	.def_domain_type	= bench_def_domain_type,
	.identity_domain	= &bench_identity,
	.blocked_domain		= &bench_blocked,
	.default_domain_ops	= &bench_paging_ops,
	.pgsize_bitmap		= SZ_4K | SZ_2M,
	.owner			= THIS_MODULE,
};

struct bench_share {
	struct work_struct work;
	unsigned int first, end;
	int ret;
};

static void bench_add_share(struct work_struct *work)
{
	struct bench_share *share = container_of(work, struct bench_share, work);
	struct platform_device *pdev;

	for (; share->first < share->end; share->first++) {
		pdev = platform_device_register_simple(BENCH_NAME, share->first, NULL, 0);
		if (IS_ERR(pdev))
			share->ret = PTR_ERR(pdev);
		/* One that is not there is nothing to delete. */
		devices[share->first] = pdev;
	}
}

/* By this many workers, each a share; the caller alone if there is none. */
static int bench_add(unsigned long n, unsigned long workers)
{
	struct bench_share shares[BENCH_WORKERS] = {};
	unsigned int i, parts = workers ?: 1;
	int ret = 0;

	if (n > BENCH_MAX - count || workers > BENCH_WORKERS)
		return -ENOSPC;
	for (i = 0; i < parts; i++) {
		shares[i].first = count + n * i / parts;
		shares[i].end = count + n * (i + 1) / parts;
		INIT_WORK_ONSTACK(&shares[i].work, bench_add_share);
		if (workers)
			queue_work(system_unbound_wq, &shares[i].work);
		else
			bench_add_share(&shares[i].work);
	}
	for (i = 0; i < parts; i++) {
		if (workers)
			flush_work(&shares[i].work);
		destroy_work_on_stack(&shares[i].work);
		ret = ret ?: shares[i].ret;
	}
	count += n;
	return ret;
}

static int bench_del(unsigned long n)
{
	if (n > count)
		return -EINVAL;
	for (; n; n--)
		platform_device_unregister(devices[--count]);
	return 0;
}

static int bench_register(void)
{
	int ret;

	if (registered)
		return -EBUSY;
	ret = iommu_device_sysfs_add(&bench_iommu, NULL, NULL, BENCH_NAME);
	if (ret)
		return ret;
	ret = iommu_device_register(&bench_iommu, &bench_iommu_ops, NULL);
	if (ret)
		iommu_device_sysfs_remove(&bench_iommu);
	registered = !ret;
	return ret;
}

static int bench_unregister(void)
{
	if (!registered)
		return -EINVAL;
	iommu_device_unregister(&bench_iommu);
	iommu_device_sysfs_remove(&bench_iommu);
	registered = false;
	return 0;
}

static int bench_lookup(struct device *dev, unsigned long n)
{
	for (; n; n--) {
		struct iommu_group *group = iommu_group_get(dev);

		if (!group)
			return -ENODEV;
		iommu_group_put(group);
	}
	return 0;
}

static int bench_attach_often(struct device *dev, unsigned long n)
{
	struct iommu_domain *domain = iommu_paging_domain_alloc(dev);
	int ret = 0;

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	for (; n && !ret; n--) {
		ret = iommu_attach_device(domain, dev);
		if (!ret)
			iommu_detach_device(domain, dev);
	}
	iommu_domain_free(domain);
	return ret;
}

/* A line of the log, as the core writes it where a device joins or leaves. */
static int bench_say(struct device *dev, unsigned long n)
{
	for (; n; n--)
		dev_info(dev, "Says that it is in iommu group %d\n", 4711);
	return 0;
}

static int bench_claim(struct device *dev, unsigned long n)
{
	int ret = 0;

	for (; n && !ret; n--) {
		ret = iommu_device_claim_dma_owner(dev, &bench_iommu);
		if (!ret)
			iommu_device_release_dma_owner(dev);
	}
	return ret;
}

static int bench_map_often(struct device *dev, size_t size, unsigned long n)
{
	struct iommu_domain *domain = iommu_paging_domain_alloc(dev);
	int ret = 0;

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	for (; n && !ret; n--) {
		ret = iommu_map(domain, SZ_1G, SZ_1G, size, IOMMU_READ | IOMMU_WRITE, GFP_KERNEL);
		if (!ret && iommu_unmap(domain, SZ_1G, size) != size)
			ret = -EIO;
	}
	iommu_domain_free(domain);
	return ret;
}

static int bench_command(char *text)
{
	struct device *dev = count ? &devices[count - 1]->dev : NULL;
	unsigned long a = 0, b = 0;
	char verb[16];

	if (sscanf(text, "%15s %lu %lu", verb, &a, &b) < 1)
		return -EINVAL;
	if (!strcmp(verb, "add"))
		return bench_add(a, b);
	if (!strcmp(verb, "del"))
		return bench_del(a);
	if (!strcmp(verb, "register"))
		return bench_register();
	if (!strcmp(verb, "unregister"))
		return bench_unregister();
	if (!dev)
		return -ENODEV;
	if (!strcmp(verb, "lookup"))
		return bench_lookup(dev, a);
	if (!strcmp(verb, "attach"))
		return bench_attach_often(dev, a);
	if (!strcmp(verb, "say"))
		return bench_say(dev, a);
	if (!strcmp(verb, "claim"))
		return bench_claim(dev, a);
	if (!strcmp(verb, "map"))
		return bench_map_often(dev, a, b);
	return -EINVAL;
}

static ssize_t bench_command_write(struct file *file, const char __user *buf, size_t len,
				   loff_t *ppos)
{
	static DEFINE_MUTEX(lock);
	char text[64];
	int ret;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, len))
		return -EFAULT;
	text[len] = 0;
	mutex_lock(&lock);
	ret = bench_command(text);
	mutex_unlock(&lock);
	return ret ?: len;
}

static const struct file_operations bench_command_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= bench_command_write,
};

static int __init bench_init(void)
{
	command_file = debugfs_create_file(BENCH_NAME, 0200, NULL, NULL, &bench_command_fops);
	return PTR_ERR_OR_ZERO(command_file);
}

static void __exit bench_exit(void)
{
	debugfs_remove(command_file);
	bench_del(count);
	bench_unregister();
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("An IOMMU that does nothing");
MODULE_LICENSE("GPL");
