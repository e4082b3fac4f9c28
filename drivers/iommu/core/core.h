/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The iommu_group core: what its files share. Nothing outside this folder
 * includes it; the contract with everyone else is <linux/iommu.h> and
 * ../iommu-priv.h.
 *
 * Which file answers which question:
 *
 *   group.c           how a group lives and dies; who gets a reference when
 *   member.c          what is a device's place in its group
 *   group_sysfs.c     what user space sees of a group
 *   probe.c           how a device gets behind its IOMMU and away from it
 *   instance.c        which IOMMU instance serves a device
 *   fwspec.c          what the firmware said about a device
 *   topology.c        which devices cannot be told apart, and share a group
 *   attach.c          how a group moves from one domain to another
 *   default_domain.c  which domain the DMA API of a group uses, and why
 *   owner.c           who owns the DMA of a group, and why you may not
 *   pasid.c           domains of a group by PASID, and attach handles
 *   domain.c map.c    a domain, and what is mapped in it
 *   resv.c            address ranges that are not for everyone
 *   init.c            boot parameters and the beginning
 *
 * Lock order
 *
 *   device_lock(dev)
 *     iommu_probe_device_lock      dev->iommu; joining and leaving; instances
 *       iommu_group::mutex         members, domains, PASIDs, owner, name
 *         locks of the IOMMU driver
 *
 * Never taken under iommu_group::mutex: a device_lock, the probe lock. Never
 * dropped under it: the last reference to a group, because the group's sysfs
 * files are removed then, and a reader of one may be waiting for the mutex.
 */
#ifndef IOMMU_CORE_H
#define IOMMU_CORE_H

#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/iommu.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "../dma-iommu.h"
#include "../iommu-priv.h"

/* Room for a name in a refusal; a longer one is cut. */
#define IOMMU_WHO_LEN	32

/**
 * struct iommu_group - the devices that the IOMMU cannot tell apart
 * @refs: a reference for each member and for each holder of a pointer; the
 *	last one to go takes the group out of sysfs
 * @kobj: /sys/kernel/iommu_groups/<id>; its release frees the memory by RCU
 * @devices_kobj: its folder devices/, with a link for each member
 * @id: number of the group, the lowest that was free
 * @mutex: protects all that follows, but for @driver_data
 * @members: the devices, struct iommu_member, in the order in which they came
 * @nr_members: how many they are
 * @walker: the task inside iommu_group_for_each_dev(), for its assertion
 * @name: what the IOMMU driver calls the group, or NULL
 * @domain: what every live member is attached to, NULL before the first
 *	attach. Written under @mutex, read without it by
 *	iommu_get_domain_for_dev(): changed only after every attach is done
 * @default_domain: the domain of the DMA API, NULL until set up
 * @blocking_domain: lets no DMA pass; made at the first claim
 * @pasids: what is attached to each PASID, see pasid.c; the entry of
 *	IOMMU_NO_PASID is the handle of @domain, if it has one
 * @users: members whose kernel driver relies on @default_domain
 * @owner: who claimed the DMA of the group for user space, or NULL
 * @claims: how often @owner claimed it
 * @claimant: the process that claimed first, for refusals
 * @claimant_pid: its number
 * @late_members: a device joined while the group was owned, and knows nothing of
 *	the DMA API yet
 * @driver_data: iommu_group_set_iommudata()
 * @driver_data_release: called with @driver_data when the group is gone
 * @rcu: memory waits for readers of dev->iommu_group
 */
struct iommu_group {
	refcount_t		refs;
	struct kobject		kobj;
	struct kobject		*devices_kobj;
	int			id;

	struct mutex		mutex;	/* of what follows, to @late_members */
	struct list_head	members;
	unsigned int		nr_members;
	struct task_struct	*walker;
	char			*name;

	struct iommu_domain	*domain;
	struct iommu_domain	*default_domain;
	struct iommu_domain	*blocking_domain;
	struct xarray		pasids;

	unsigned int		users;
	void			*owner;
	unsigned int		claims;
	char			claimant[TASK_COMM_LEN];
	pid_t			claimant_pid;
	bool			late_members;

	void			*driver_data;
	void			(*driver_data_release)(void *data);
	struct rcu_head		rcu;
};

/**
 * enum iommu_member_state - how far a device has come in its group
 * @MEMBER_JOINING: can be found; not attached yet, not to be used
 * @MEMBER_LIVE: attached to what the group is attached to
 * @MEMBER_GONE: taken out; whoever still holds a pointer must give up
 */
enum iommu_member_state {
	MEMBER_JOINING,
	MEMBER_LIVE,
	MEMBER_GONE,
};

/**
 * enum iommu_defer - an attach that waits for the driver's first mapping
 * @DEFER_NONE: the device is attached like the others
 * @DEFER_WAITING: nobody has attached it yet
 * @DEFER_BUSY: its first mapping is attaching it right now
 *
 * Only member->defer holds it. Leaving DEFER_WAITING takes a cmpxchg, so of a
 * first mapping and a change of the group's domain just one attaches.
 */
enum iommu_defer {
	DEFER_NONE,
	DEFER_WAITING,
	DEFER_BUSY,
};

/**
 * struct iommu_member - a device in a group
 * @node: in iommu_group::members, under iommu_group::mutex
 * @dev: the device, which outlives its membership
 * @group: the group; the membership holds a reference
 * @state: enum iommu_member_state, under iommu_group::mutex
 * @defer: enum iommu_defer
 * @link: name of its link in the group's devices/ folder, NULL without one
 * @users: how often its kernel driver relies on the default domain, under
 *	iommu_group::mutex
 * @driver: name of that driver, copied under device_lock, for refusals
 * @batch: in the list of a bus probe, under iommu_probe_device_lock
 * @finalizing: probe_finalize() runs; leaving waits for it. Under
 *	iommu_probe_device_lock
 */
struct iommu_member {
	struct list_head	node;
	struct device		*dev;
	struct iommu_group	*group;
	enum iommu_member_state	state;
	atomic_t		defer;
	char			*link;
	unsigned int		users;
	char			driver[IOMMU_WHO_LEN];
	struct list_head	batch;
	bool			finalizing;
};

/**
 * struct iommu_devdata - what dev->iommu points into
 * @pub: the part that IOMMU drivers know
 * @member: the device's place in its group, NULL outside of one
 *
 * Both change under iommu_probe_device_lock. A device of a group without an
 * IOMMU (vfio-noiommu, emulated) has none of this.
 */
struct iommu_devdata {
	struct dev_iommu	pub;
	struct iommu_member	*member;
};

#define to_iommu_devdata(param)	container_of(param, struct iommu_devdata, pub)

#define for_each_member(group, pos) \
	list_for_each_entry(pos, &(group)->members, node)

/* Does an IOMMU serve this device, or is it only in a group of VFIO's? */
static inline bool dev_has_iommu(struct device *dev)
{
	return dev->iommu && dev->iommu->iommu_dev;
}

DEFINE_FREE(iommu_group_put, struct iommu_group *, iommu_group_put(_T))
void iommu_group_end(struct iommu_group *group);

/* iommu_group_get() and iommu_group_put(), in line. */
static inline struct iommu_group *group_of(struct device *dev)
{
	struct iommu_group *group;

	rcu_read_lock();
	/* Pairs with cmpxchg_release() in iommu_member_enlist(). */
	group = READ_ONCE(dev->iommu_group);
	if (group && !refcount_inc_not_zero(&group->refs))
		group = NULL;
	rcu_read_unlock();
	return group;
}

static inline void group_put(struct iommu_group *group)
{
	if (refcount_dec_and_test(&group->refs))
		iommu_group_end(group);
}

DEFINE_FREE(group_put, struct iommu_group *, if (_T) group_put(_T))

/* Where iommu_group::mutex is about to be taken: not from within iommu_group_for_each_dev(). */
static inline void iommu_group_assert_not_walking(struct iommu_group *group)
{
	WARN_ONCE(READ_ONCE(group->walker) == current,
		  "iommu group %d: called from within iommu_group_for_each_dev(), will deadlock\n",
		  group->id);
}

/* member.c */
struct iommu_member *iommu_member_alloc(struct iommu_group *group, struct device *dev);
int iommu_member_enlist(struct iommu_member *m);
int iommu_member_add_links(struct iommu_member *m);
void iommu_member_delist(struct iommu_member *m);
void iommu_member_free(struct iommu_member *m);
struct iommu_member *iommu_member_of(struct iommu_group *group, struct device *dev);

/* The member that stands for the whole group, or NULL if it is empty. */
static inline struct iommu_member *iommu_group_first_member(struct iommu_group *group)
{
	lockdep_assert_held(&group->mutex);
	return list_first_entry_or_null(&group->members, struct iommu_member, node);
}

/* group_sysfs.c */
extern const struct kobj_type iommu_group_ktype;
int iommu_group_sysfs_add(struct iommu_group *group);
void iommu_group_sysfs_del(struct iommu_group *group);

/* probe.c */
extern struct dev_iommu iommu_dev_gone;
struct dev_iommu *dev_iommu_get(struct device *dev);
int iommu_bus_notify(struct notifier_block *nb, unsigned long action, void *data);
void iommu_release_device(struct device *dev, struct iommu_device *only);

/* instance.c */
const struct iommu_ops *iommu_ops_for_dev(struct device *dev);
int iommu_register_bus_notifiers(void);

/* attach.c */
int iommu_group_set_domain(struct iommu_group *group, struct iommu_domain *domain);
void iommu_group_force_domain(struct iommu_group *group, struct iommu_domain *domain);
void iommu_group_set_core_domain(struct iommu_group *group);
int iommu_member_set_domain(struct iommu_member *m, struct iommu_domain *domain);
int iommu_group_attach_user(struct iommu_group *group, struct iommu_domain *domain);
int iommu_group_first_attach(struct iommu_group *group, struct iommu_domain *domain);
bool iommu_domain_fits(struct iommu_domain *domain, struct device *dev);

/* default_domain.c */
int iommu_setup_default_domain(struct iommu_group *group, unsigned int request);
int iommu_group_change_type(struct iommu_group *group, unsigned int request);
void iommu_group_setup_dma_ops(struct iommu_group *group);
const char *iommu_domain_type_str(unsigned int type);

/* pasid.c */
int iommu_member_replay_pasids(struct iommu_member *m);
void iommu_member_remove_pasids(struct iommu_member *m);

/* owner.c */
struct iommu_member *iommu_group_find_user(struct iommu_group *group, struct device *except);
void iommu_member_forget_user(struct iommu_member *m);

/* domain.c */
struct iommu_domain *iommu_domain_new(struct device *dev, const struct iommu_ops *ops,
				      unsigned int type);

/* resv.c */
int iommu_map_direct(struct iommu_domain *domain, struct device *dev);

/* init.c */
extern struct kset *iommu_group_kset;
unsigned int iommu_default_domain_type(void);

#endif /* IOMMU_CORE_H */
