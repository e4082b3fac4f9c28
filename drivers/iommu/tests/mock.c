// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mock IOMMU of the tests: its operations, registration and devices. See
 * mock.h. The core calls the operations under its own locks; what they write
 * is either atomic, of one device, or guarded by the group's lock.
 */
#include <linux/module.h>
#include <linux/property.h>
#include <linux/slab.h>

#include "mock.h"

static atomic_t mock_ids;

static struct mock_domain *to_mock_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_domain, domain);
}

static struct mock *ops_mock(struct device *dev)
{
	return container_of(dev->iommu->iommu_dev, struct mock, iommu);
}

/* The hook, the counts, and the fault if one is due. */
static int mock_call(struct mock *mock, enum mock_op op, struct mock_dev *mdev)
{
	struct mock_fault *fault = &mock->fault[op];

	if (mock->hook)
		mock->hook(mock, op, mdev);
	if (fault->err && fault->times && (!fault->only || fault->only == mdev)) {
		if (!fault->skip) {
			fault->times--;
			return fault->err;
		}
		fault->skip--;
	}
	atomic_inc(&mock->count[op]);
	if (mdev)
		mdev->count[op]++;
	return 0;
}

static int mock_attach(struct iommu_domain *domain, struct device *dev)
{
	struct mock_dev *mdev = dev_iommu_priv_get(dev);
	struct mock *mock = mdev->mock;
	int ret;

	iommu_group_mutex_assert(dev);
	if (atomic_inc_return(&mock->attaching) > 1)
		mock->overlaps++;
	ret = mock_call(mock, MOCK_ATTACH, mdev);
	if (!ret)
		WRITE_ONCE(mdev->attached, domain);
	atomic_dec(&mock->attaching);
	return ret;
}

static int mock_set_pasid(struct iommu_domain *domain, struct device *dev, ioasid_t pasid,
			  struct iommu_domain *old)
{
	struct mock_dev *mdev = dev_iommu_priv_get(dev);
	int ret = mock_call(mdev->mock, MOCK_SET_PASID, mdev);

	iommu_group_mutex_assert(dev);
	if (!ret && pasid < MOCK_PASIDS)
		mdev->pasid[pasid] = domain;
	return ret;
}

static void mock_remove_pasid(struct device *dev, ioasid_t pasid, struct iommu_domain *domain)
{
	struct mock_dev *mdev = dev_iommu_priv_get(dev);

	mock_call(mdev->mock, MOCK_REMOVE_PASID, mdev);
	iommu_group_mutex_assert(dev);
	if (pasid < MOCK_PASIDS)
		mdev->pasid[pasid] = NULL;
}

static int mock_map_pages(struct iommu_domain *domain, unsigned long iova, phys_addr_t paddr,
			  size_t pgsize, size_t pgcount, int prot, gfp_t gfp, size_t *mapped)
{
	struct mock_domain *md = to_mock_domain(domain);
	int ret = mock_call(md->mock, MOCK_MAP, NULL);
	size_t size = pgsize * pgcount;

	for (; !ret && size; size -= SZ_4K) {
		ret = xa_insert(&md->pages, iova / SZ_4K, xa_mk_value(paddr / SZ_4K), gfp);
		if (ret)
			break;
		iova += SZ_4K;
		paddr += SZ_4K;
		*mapped += SZ_4K;
	}
	return ret;
}

static size_t mock_unmap_pages(struct iommu_domain *domain, unsigned long iova, size_t pgsize,
			       size_t pgcount, struct iommu_iotlb_gather *gather)
{
	struct mock_domain *md = to_mock_domain(domain);
	size_t done = 0;

	mock_call(md->mock, MOCK_UNMAP, NULL);
	for (; done < pgsize * pgcount; done += SZ_4K) {
		if (!xa_erase(&md->pages, (iova + done) / SZ_4K))
			break;
	}
	return done;
}

static phys_addr_t mock_iova_to_phys(struct iommu_domain *domain, dma_addr_t iova)
{
	void *entry = xa_load(&to_mock_domain(domain)->pages, iova / SZ_4K);

	return entry ? xa_to_value(entry) * SZ_4K + iova % SZ_4K : 0;
}

static void mock_flush_all(struct iommu_domain *domain)
{
}

static void mock_sync(struct iommu_domain *domain, struct iommu_iotlb_gather *gather)
{
}

static void mock_domain_free(struct iommu_domain *domain)
{
	struct mock_domain *md = to_mock_domain(domain);
	struct mock *mock = md->mock;
	struct mock_dev *mdev;
	int i;

	mock_call(mock, MOCK_FREE, NULL);
	mutex_lock(&mock->lock);
	list_for_each_entry(mdev, &mock->devs, node) {
		if (mock->measured)
			break;
		if (mdev->attached == domain)
			mock->freed_attached++;
		for (i = 0; i < MOCK_PASIDS; i++)
			if (mdev->pasid[i] == domain)
				mock->freed_attached++;
	}
	mutex_unlock(&mock->lock);
	xa_destroy(&md->pages);
	kfree(md);
}

static const struct iommu_domain_ops mock_paging_ops = {
	.attach_dev = mock_attach,
	.set_dev_pasid = mock_set_pasid,
	.map_pages = mock_map_pages,
	.unmap_pages = mock_unmap_pages,
	.flush_iotlb_all = mock_flush_all,
	.iotlb_sync = mock_sync,
	.iova_to_phys = mock_iova_to_phys,
	.free = mock_domain_free,
};

static const struct iommu_domain_ops mock_static_ops = {
	.attach_dev = mock_attach,
	.set_dev_pasid = mock_set_pasid,
};

/* The core passes a device of the group, or none. */
static struct iommu_domain *mock_alloc_paging(struct device *dev)
{
	struct mock_dev *mdev = dev ? dev_iommu_priv_get(dev) : NULL;
	struct mock *mock = mdev ? mdev->mock : NULL;
	struct mock_domain *md;
	int ret;

	if (!mock)
		return ERR_PTR(-EINVAL);
	ret = mock_call(mock, MOCK_ALLOC, mdev);
	if (ret)
		return ERR_PTR(ret);
	md = kzalloc(sizeof(*md), GFP_KERNEL);
	if (!md) {
		atomic_dec(&mock->count[MOCK_ALLOC]);
		return ERR_PTR(-ENOMEM);
	}
	xa_init(&md->pages);
	md->mock = mock;
	md->domain.ops = &mock->domain_ops;
	md->domain.geometry.aperture_end = U32_MAX;
	md->domain.geometry.force_aperture = true;
	return &md->domain;
}

/* Only devices of ours have the mock's firmware node. */
static struct mock_dev *mock_find(struct device *dev)
{
	struct mock_dev **mdev = dev_get_platdata(dev);

	return mdev ? *mdev : NULL;
}

static struct iommu_device *mock_probe_device(struct device *dev)
{
	struct mock_dev *mdev = mock_find(dev);
	struct mock *mock;
	int ret;

	if (WARN_ON(!mdev) || mdev->absent)
		return ERR_PTR(-ENODEV);
	mock = mdev->mock;
	ret = mock_call(mock, MOCK_PROBE, mdev);
	if (ret)
		return ERR_PTR(ret);
	mdev->finals = 0;
	dev_iommu_priv_set(dev, mdev);
	return &mock->iommu;
}

static void mock_release_device(struct device *dev)
{
	struct mock_dev *mdev = dev_iommu_priv_get(dev);

	mock_call(mdev->mock, MOCK_RELEASE, mdev);
	mdev->attached = NULL;
	memset(mdev->pasid, 0, sizeof(mdev->pasid));
}

static void mock_probe_finalize(struct device *dev)
{
	struct mock_dev *mdev = dev_iommu_priv_get(dev);

	mdev->finals++;
	mock_call(mdev->mock, MOCK_FINALIZE, mdev);
}

/* As pci_device_group(): whoever shares with an older device asks for its group. */
static struct iommu_group *mock_device_group(struct device *dev)
{
	struct mock_dev *mdev = dev_iommu_priv_get(dev), *other;
	struct iommu_group *group = NULL;
	struct mock *mock = mdev->mock;
	int ret;

	ret = mock_call(mock, MOCK_GROUP, mdev);
	if (ret)
		return ret == -ENOTBLK ? NULL : ERR_PTR(ret);
	if (mdev->group == MOCK_OWN)
		return generic_device_group(dev);
	if (mdev->group == MOCK_SINGLE)
		return generic_single_device_group(dev);
	if (mdev->group < ARRAY_SIZE(mock->sticky) && mock->sticky[mdev->group])
		return iommu_group_ref_get(mock->sticky[mdev->group]);
	mutex_lock(&mock->lock);
	list_for_each_entry(other, &mock->devs, node) {
		if (other == mdev || !other->added || other->group != mdev->group)
			continue;
		group = iommu_group_get(mock_device(other));
		if (group)
			break;
	}
	mutex_unlock(&mock->lock);
	return group ?: iommu_group_alloc();
}

static void mock_get_resv_regions(struct device *dev, struct list_head *list)
{
	struct mock_dev *mdev = dev_iommu_priv_get(dev);
	struct iommu_resv_region *r, *copy;

	if (mock_call(mdev->mock, MOCK_RESV, mdev))
		return;
	for (r = mdev->regions; r < mdev->regions + MOCK_REGIONS && r->length; r++) {
		copy = iommu_alloc_resv_region(r->start, r->length, r->prot, r->type,
					       GFP_KERNEL);
		if (copy)
			list_add_tail(&copy->list, list);
	}
}

static int mock_def_domain_type(struct device *dev)
{
	struct mock_dev *mdev = dev_iommu_priv_get(dev);

	return mdev->def_type;
}

static bool mock_is_attach_deferred(struct device *dev)
{
	struct mock_dev *mdev = dev_iommu_priv_get(dev);

	return mdev->deferred;
}

static bool mock_capable(struct device *dev, enum iommu_cap cap)
{
	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
		return true;
	case IOMMU_CAP_DEFERRED_FLUSH:
		return !ops_mock(dev)->no_flush;
	default:
		return false;
	}
}

static const struct iommu_ops mock_iommu_ops = {
	.capable = mock_capable,
	.domain_alloc_paging = mock_alloc_paging,
	.probe_device = mock_probe_device,
	.release_device = mock_release_device,
	.probe_finalize = mock_probe_finalize,
	.device_group = mock_device_group,
	.get_resv_regions = mock_get_resv_regions,
	.is_attach_deferred = mock_is_attach_deferred,
	.def_domain_type = mock_def_domain_type,
	.remove_dev_pasid = mock_remove_pasid,
	.pgsize_bitmap = SZ_4K | SZ_2M,
	.owner = THIS_MODULE,
};

static void mock_static_domain(struct mock *mock, struct mock_domain *md, unsigned int type)
{
	md->mock = mock;
	md->domain.type = type;
	md->domain.ops = &mock_static_ops;
	md->domain.owner = &mock->ops;
	xa_init(&md->pages);
}

/*
 * A software node by which devices name the instance. Those without one belong
 * to the machine's own IOMMU, or to iommufd's mock.
 */
static const struct property_entry mock_hw_props[] = {
	PROPERTY_ENTRY_STRING("compatible", "iommut,mock"),
	{}
};

/**
 * mock_init - make the mock IOMMU of a test, not yet registered
 * @test: the test; its priv becomes the mock
 *
 * Context: a suite's init().
 * Return: 0 or a negative errno.
 */
int mock_init(struct kunit *test)
{
	struct platform_device_info info = {
		.name = "iommut-hw", .properties = mock_hw_props,
	};
	struct mock *mock;
	int ret;

	mock = kunit_kzalloc(test, sizeof(*mock), GFP_KERNEL);
	if (!mock)
		return -ENOMEM;
	test->priv = mock;
	mock->test = test;
	mutex_init(&mock->lock);
	INIT_LIST_HEAD(&mock->devs);
	mock->ops = mock_iommu_ops;
	mock->domain_ops = mock_paging_ops;
	mock_static_domain(mock, &mock->identity, IOMMU_DOMAIN_IDENTITY);
	mock_static_domain(mock, &mock->blocked, IOMMU_DOMAIN_BLOCKED);
	mock->ops.identity_domain = &mock->identity.domain;
	mock->ops.blocked_domain = &mock->blocked.domain;
	mock->ops.default_domain_ops = &mock->domain_ops;
	mock->iommu.max_pasids = 16;
	mock->refs = module_refcount(THIS_MODULE);
	info.id = atomic_inc_return(&mock_ids);
	mock->hw = platform_device_register_full(&info);
	if (IS_ERR(mock->hw)) {
		ret = PTR_ERR(mock->hw);
		mock->hw = NULL;
		return ret;
	}
	return iommu_device_sysfs_add(&mock->iommu, &mock->hw->dev, NULL, "iommut.%d", info.id);
}

/**
 * mock_exit - take the mock down again and see that its books are even
 * @test: the test
 *
 * Context: a suite's exit(); also after a test that gave up half way.
 */
void mock_exit(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct mock_dev *mdev;
	int i;

	if (!mock)
		return;
	mock->hook = NULL;
	mock_driver_hook = NULL;
	memset(mock->fault, 0, sizeof(mock->fault));
	list_for_each_entry_reverse(mdev, &mock->devs, node)
		mock_dev_del(mdev);
	mock_unregister(mock);
	for (i = 0; i < ARRAY_SIZE(mock->sticky); i++)
		iommu_group_put(mock->sticky[i]);
	KUNIT_EXPECT_EQ_MSG(test, mock_count(mock, MOCK_PROBE), mock_count(mock, MOCK_RELEASE),
			    "probe_device() and release_device() calls");
	KUNIT_EXPECT_EQ_MSG(test, mock_count(mock, MOCK_ALLOC), mock_count(mock, MOCK_FREE),
			    "domains allocated and freed");
	KUNIT_EXPECT_EQ_MSG(test, mock->freed_attached, 0u, "domains freed under a device");
	KUNIT_EXPECT_EQ_MSG(test, mock->overlaps, 0u, "attach_dev() calls at the same time");
	KUNIT_EXPECT_EQ_MSG(test, module_refcount(THIS_MODULE), mock->refs,
			    "references to the IOMMU driver's module");
	list_for_each_entry(mdev, &mock->devs, node)
		platform_device_put(mdev->pdev);
	if (mock->iommu.dev)
		iommu_device_sysfs_remove(&mock->iommu);
	platform_device_unregister(mock->hw);
}

/**
 * mock_register - register the instance, which probes the devices that are there
 * @mock: the mock
 *
 * Context: process.
 * Return: what iommu_device_register() says.
 */
int mock_register(struct mock *mock)
{
	struct mock_dev *mdev;
	int ret;

	/* Whom an IOMMU gave up has lost what firmware said. */
	list_for_each_entry(mdev, &mock->devs, node) {
		ret = mdev->added && !mdev->roams ? mock_dev_firmware(mdev) : 0;
		if (ret)
			return ret;
	}
	ret = iommu_device_register(&mock->iommu, &mock->ops, &mock->hw->dev);
	mock->registered = !ret;
	return ret;
}

/**
 * mock_unregister - unregister the instance if it is registered
 * @mock: the mock
 *
 * Context: process.
 */
void mock_unregister(struct mock *mock)
{
	if (!mock->registered)
		return;
	iommu_device_unregister(&mock->iommu);
	mock->registered = false;
}

/**
 * mock_fail - let calls of one operation fail from now on
 * @mock: the mock
 * @op: which operation
 * @err: the negative errno, 0: no more failures. For MOCK_GROUP -ENOTBLK
 *       means that it returns no group at all
 * @only: only for this device, NULL: for all
 */
void mock_fail(struct mock *mock, enum mock_op op, int err, struct mock_dev *only)
{
	mock->fault[op] = (struct mock_fault) { .err = err, .times = UINT_MAX, .only = only };
}

/**
 * mock_dev - a new device, not yet added
 * @mock: the mock
 * @group: MOCK_OWN, MOCK_SINGLE, or a number: who shares it shares a group
 *
 * Return: the device; the test ends if there is no memory.
 */
struct mock_dev *mock_dev(struct mock *mock, int group)
{
	struct mock_dev *mdev;

	mdev = kunit_kzalloc(mock->test, sizeof(*mdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(mock->test, mdev);
	mdev->mock = mock;
	mdev->group = group;
	mutex_lock(&mock->lock);
	list_add_tail(&mdev->node, &mock->devs);
	mutex_unlock(&mock->lock);
	return mdev;
}

/**
 * mock_dev_firmware - leave behind what firmware code finds for a device
 * @mdev: the device
 *
 * A device that an IOMMU gave up has lost its fwspec: this gives a new one.
 * The probe lock is not a module's to take, so the structures are made here.
 *
 * Context: before the device is added, or while no IOMMU can probe it.
 * Return: 0 or -ENOMEM.
 */
int mock_dev_firmware(struct mock_dev *mdev)
{
	struct device *dev = mock_device(mdev);
	struct iommu_fwspec *fwspec;
	struct dev_iommu *param;

	/* What a device that was removed has left has no fwspec. */
	if (mdev->unnamed || (dev->iommu && dev->iommu->fwspec))
		return 0;
	/* The core keeps data of its own behind the public part. */
	param = kzalloc(sizeof(*param) + 128, GFP_KERNEL);
	fwspec = kzalloc(struct_size(fwspec, ids, 1), GFP_KERNEL);
	if (!param || !fwspec) {
		kfree(param);
		kfree(fwspec);
		return -ENOMEM;
	}
	mutex_init(&param->lock);
	fwspec->iommu_fwnode = fwnode_handle_get(dev_fwnode(&mdev->mock->hw->dev));
	fwspec->num_ids = 1;
	param->fwspec = fwspec;
	dev->iommu = param;
	return 0;
}

static void mock_dev_set_added(struct mock_dev *mdev, bool added)
{
	mutex_lock(&mdev->mock->lock);
	mdev->added = added;
	mutex_unlock(&mdev->mock->lock);
}

/**
 * mock_dev_add - add the device to the platform bus, as a hot plug does
 * @mdev: the device
 *
 * Context: process.
 * Return: 0 or a negative errno; what the IOMMU makes of it is not told.
 */
int mock_dev_add(struct mock_dev *mdev)
{
	struct property_entry props[] = {
		PROPERTY_ENTRY_U32("pasid-num-bits", mdev->pasid_bits),
		{}
	};
	struct platform_device *pdev;
	int ret;

	pdev = platform_device_alloc("iommut", atomic_inc_return(&mock_ids));
	if (!pdev)
		return -ENOMEM;
	mutex_lock(&mdev->mock->lock);
	platform_device_put(mdev->pdev);
	mdev->pdev = pdev;
	mutex_unlock(&mdev->mock->lock);
	ret = platform_device_add_data(pdev, &mdev, sizeof(mdev));
	if (!ret && mdev->pasid_bits)
		ret = device_create_managed_software_node(&pdev->dev, props, NULL);
	if (!ret)
		ret = mock_dev_firmware(mdev);
	if (ret)
		return ret;
	mock_dev_set_added(mdev, true);
	ret = platform_device_add(pdev);
	if (ret)
		mock_dev_set_added(mdev, false);
	return ret;
}

/**
 * mock_dev_del - remove the device from its bus if it is there
 * @mdev: the device; its struct device stays until it is added again
 *
 * Context: process.
 */
void mock_dev_del(struct mock_dev *mdev)
{
	if (!mdev->added)
		return;
	platform_device_del(mdev->pdev);
	mock_dev_set_added(mdev, false);
}

/**
 * mock_dev_added - a new device, added
 * @mock: the mock
 * @group: as for mock_dev()
 *
 * Return: the device; the test ends if it cannot be.
 */
struct mock_dev *mock_dev_added(struct mock *mock, int group)
{
	struct mock_dev *mdev = mock_dev(mock, group);

	KUNIT_ASSERT_EQ(mock->test, mock_dev_add(mdev), 0);
	return mdev;
}
