/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the base's translator needs besides kernel.h to be measured in user
 * space. It is compiled as it is, from the base.
 */
#ifndef _CCW_BASE_H_
#define _CCW_BASE_H_

#include "kernel.h"

#define __bitwise
#define __force
#define __user
#define PAGE_SHIFT		12
#define PAGE_SIZE		4096ul
#define PAGE_MASK		(~(PAGE_SIZE - 1))
#define HZ			100

/* Memory is where its address says, and all of it is below 2 GiB. */
#define __pa(p)			((unsigned long)(p))
#define __pa32(p)		((u32)(unsigned long)(p))
#define __va(p)			((void *)(unsigned long)(p))
#define virt_to_phys(p)		__pa(p)

#define dma_addr_t		unsigned long

struct page;
struct device;
struct gen_pool;
struct subchannel;

struct mutex {
	int locked;
};

struct vfio_device {
	struct device *dev;
};

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

#define LIST_POISON1			NULL
#define LIST_POISON2			NULL
#define container_of(p, type, member)	((type *)((char *)(p) - offsetof(type, member)))
#define READ_ONCE(x)			(x)
#define WRITE_ONCE(x, value)		((x) = (value))

#include <linux/list.h>

static inline void mutex_lock(struct mutex *mutex)
{
	mutex->locked++;
}

static inline void mutex_unlock(struct mutex *mutex)
{
	mutex->locked--;
}

static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline long PTR_ERR(const void *p)
{
	return (long)p;
}

static inline bool IS_ERR(const void *p)
{
	return (unsigned long)p > -4096ul;
}

#define DEFINE_RATELIMIT_STATE(name, interval, burst)	int name = (interval) * (burst)
#define __ratelimit(state)		(!(state))
#define dev_warn(...)			do { } while (0)

#define IOMMU_READ			1
#define IOMMU_WRITE			2
#define page_to_virt(page)		((void *)(page))

static struct {
	int fcx;
} css_general_characteristics;

int vfio_dma_rw(struct vfio_device *vdev, dma_addr_t iova, void *buf, size_t len, bool write);
int vfio_pin_pages(struct vfio_device *vdev, dma_addr_t iova, int n, int prot,
		   struct page **pages);
void vfio_unpin_pages(struct vfio_device *vdev, dma_addr_t iova, int n);

/* Only ever named by inline functions that nobody calls. */
#define struct_size(...)		0
unsigned long __get_free_pages(int gfp, int order);
void free_pages(unsigned long addr, int order);
unsigned long copy_to_user(void *to, const void *from, unsigned long n);
unsigned long copy_from_user(void *to, const void *from, unsigned long n);

#endif
