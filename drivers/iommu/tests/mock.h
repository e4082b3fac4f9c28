/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mock IOMMU driver with mock devices, for tests of the iommu_group core.
 *
 * A test gets one struct mock: an iommu_device with its own copy of the
 * operations, so that it may leave some out before it registers. Its devices
 * are platform devices, known to the mock by a struct mock_dev, which outlives
 * them: a device may be added and removed many times. Every callback counts
 * itself, may be told to fail, and may call a hook of the test. At the end the
 * counts must be even: what was probed was released, what was allocated freed,
 * and no domain was freed under a device.
 *
 * Only what is exported to modules is used: the same file tests every tree.
 */
#ifndef IOMMU_TESTS_MOCK_H
#define IOMMU_TESTS_MOCK_H

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/iommu.h>
#include <linux/iommu-dma.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/xarray.h>

/* Which callback; the index of counts and faults. */
enum mock_op {
	MOCK_PROBE,
	MOCK_GROUP,
	MOCK_RELEASE,
	MOCK_FINALIZE,
	MOCK_RESV,
	MOCK_ALLOC,
	MOCK_FREE,
	MOCK_ATTACH,
	MOCK_SET_PASID,
	MOCK_REMOVE_PASID,
	MOCK_MAP,
	MOCK_UNMAP,
	MOCK_OPS
};

/* Values of mock_dev.group beside the number of a shared group. */
#define MOCK_OWN	0	/* generic_device_group() */
#define MOCK_SINGLE	-1	/* generic_single_device_group() */

#define MOCK_REGIONS	4
#define MOCK_PASIDS	8

struct mock;
struct mock_dev;

/**
 * struct mock_fault - makes a callback fail
 * @err: what it returns; 0: no fault is set
 * @skip: how many calls go through before
 * @times: how many calls fail then
 * @only: only calls for this device count, NULL: all
 */
struct mock_fault {
	int err;
	unsigned int skip, times;
	struct mock_dev *only;
};

struct mock_domain {
	struct iommu_domain domain;
	struct mock *mock;
	struct xarray pages;	/* IOVA page number -> value of the frame number */
	bool freed;
};

/**
 * struct mock_dev - what a test knows of a device, added or not
 * @mock: whose it is
 * @pdev: the device while it is added, and until it is added again
 * @node: in mock.devs
 * @added: between mock_dev_add() and mock_dev_del()
 * @group: MOCK_OWN, MOCK_SINGLE or a number that makes devices share
 * @def_type: what def_domain_type() answers
 * @deferred: what is_attach_deferred() answers
 * @absent: probe_device() does not know the device
 * @unnamed: no firmware names the IOMMU for it
 * @roams: another thread adds and removes it
 * @pasid_bits: the width of PASIDs, 0: it has none
 * @regions: its reserved regions, up to the first of length 0
 * @attached: the domain that its DMA goes through, NULL: none or released
 * @pasid: the same for the first PASIDs
 * @count: calls for this device
 * @finals: probe_finalize() calls since the last probe_device()
 * @bound: a driver of the tests has it
 */
struct mock_dev {
	struct mock *mock;
	struct platform_device *pdev;
	struct list_head node;
	bool added;
	int group;
	int def_type;
	bool deferred;
	bool absent;
	bool unnamed;
	bool roams;
	u32 pasid_bits;
	struct iommu_resv_region regions[MOCK_REGIONS];
	struct iommu_domain *attached;
	struct iommu_domain *pasid[MOCK_PASIDS];
	unsigned int count[MOCK_OPS];
	unsigned int finals;
	bool bound;
};

/**
 * struct mock - one mock IOMMU
 * @test: the running test
 * @iommu: the instance
 * @hw: the device that stands for the instance
 * @ops: its operations, a test's own
 * @domain_ops: operations of paging domains
 * @identity: the static identity domain
 * @blocked: the static blocked domain
 * @registered: mock_register() went well
 * @no_flush: no IOMMU_CAP_DEFERRED_FLUSH
 * @measured: no checks that cost more with more devices
 * @sticky: groups by number that outlive their members, each with a reference
 * @lock: guards @devs
 * @devs: all its devices
 * @fault: failures to come
 * @count: calls of each operation that did something
 * @attaching: attach_dev() calls at work now
 * @overlaps: how often two were
 * @freed_attached: how often a domain was freed under a device
 * @hook: called first by each operation
 * @hook_data: the test's, for its hook
 * @refs: references to this module before the test
 */
struct mock {
	struct kunit *test;
	struct iommu_device iommu;
	struct platform_device *hw;
	struct iommu_ops ops;
	struct iommu_domain_ops domain_ops;
	struct mock_domain identity, blocked;
	bool registered;
	bool no_flush;
	bool measured;
	struct iommu_group *sticky[4];
	struct mutex lock;	/* devs */
	struct list_head devs;
	struct mock_fault fault[MOCK_OPS];
	atomic_t count[MOCK_OPS];
	atomic_t attaching;
	unsigned int overlaps, freed_attached;
	void (*hook)(struct mock *mock, enum mock_op op, struct mock_dev *mdev);
	void *hook_data;
	unsigned int refs;
};

int mock_init(struct kunit *test);
void mock_exit(struct kunit *test);

int mock_register(struct mock *mock);
void mock_unregister(struct mock *mock);
void mock_fail(struct mock *mock, enum mock_op op, int err, struct mock_dev *only);

struct mock_dev *mock_dev(struct mock *mock, int group);
int mock_dev_add(struct mock_dev *mdev);
void mock_dev_del(struct mock_dev *mdev);
struct mock_dev *mock_dev_added(struct mock *mock, int group);
int mock_dev_firmware(struct mock_dev *mdev);

/* The drivers of the tests: one does DMA through the kernel, one for a user. */
int mock_bind(struct mock_dev *mdev);
int mock_bind_user(struct mock_dev *mdev);
void mock_unbind(struct mock_dev *mdev);
int mock_drivers_register(void);
void mock_drivers_unregister(void);
#define MOCK_DRIVER	"iommut-dma"
#define MOCK_USER	"iommut-user"

/* Set by a test that wants to know when the kernel's driver begins and ends. */
extern void (*mock_driver_hook)(struct mock_dev *mdev, bool probe);

static inline struct device *mock_device(struct mock_dev *mdev)
{
	return &mdev->pdev->dev;
}

/* The device's group without a reference; only to compare. */
static inline struct iommu_group *mock_group(struct mock_dev *mdev)
{
	struct iommu_group *group = iommu_group_get(mock_device(mdev));

	iommu_group_put(group);
	return group;
}

static inline struct iommu_domain *mock_current(struct mock_dev *mdev)
{
	return iommu_get_domain_for_dev(mock_device(mdev));
}

static inline unsigned int mock_count(struct mock *mock, enum mock_op op)
{
	return atomic_read(&mock->count[op]);
}

struct device *plain_device(struct kunit *test, struct device *parent, const char *name);
struct iommu_group *two_members(struct kunit *test, struct mock_dev **mdev);

/* Look at sysfs and at the log. */
int group_read(int id, const char *name, char *buf, size_t size);
int group_write(int id, const char *name, const char *text);
bool group_exists(int id);
bool group_goes(int id);
const char *group_type(struct kunit *test, struct iommu_group *group);
u64 log_mark(void);
unsigned int log_count(u64 mark, const char *a, const char *b);

extern struct kunit_suite iommu_group_cost_suite;
extern struct kunit_suite iommu_group_defects_suite;
extern struct kunit_suite iommu_group_deferred_suite;
extern struct kunit_suite iommu_group_domain_suite;
extern struct kunit_suite iommu_group_lifetime_suite;
extern struct kunit_suite iommu_group_owner_suite;
extern struct kunit_suite iommu_group_pasid_suite;
extern struct kunit_suite iommu_group_probe_suite;
extern struct kunit_suite iommu_group_race_suite;

#endif
