// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which kobject stands behind a device number: the table of character devices,
 * used by fs/char_dev.c. One mutex, the caller's, protects a whole table.
 *
 * Most devices have one number, and some majors have tens of thousands of them
 * (the nodes of VFIO groups and devices, for one), so entries of one number are
 * in an xarray by that number. Entries of several numbers are few; each major
 * they touch has them in a list, the narrow ones first. A look-up prefers the
 * narrowest entry that covers a number.
 */
#include <linux/types.h>
#include <linux/kdev_t.h>
#include <linux/kobj_map.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#define NR_LISTS	255

/**
 * struct probe - an entry of the table
 * @next: entry of the same number that was there before, for single numbers
 * @node: in the list of a major, for several numbers
 * @first: first number
 * @range: how many numbers
 * @owner: module of @get, held while that runs
 * @get: gives the kobject
 * @lock: pins @data while the table is locked; may be NULL
 * @data: handed to both
 */
struct probe {
	union {
		struct probe *next;
		struct hlist_node node;
	};
	dev_t first;
	unsigned long range;
	struct module *owner;
	kobj_probe_t *get;
	int (*lock)(dev_t dev, void *data);
	void *data;
};

/**
 * struct kobj_map - a table
 * @mutex: protects it
 * @single: by number, the entries of that number alone, the latest first
 * @wide: by major, modulo, the entries of several numbers, narrow ones first
 * @last_resort: asked when nothing else knows a number
 */
struct kobj_map {
	struct mutex *mutex;	/* the caller's; of all that follows */
	struct xarray single;
	struct hlist_head wide[NR_LISTS];
	kobj_probe_t *last_resort;
};

static int add_single(struct kobj_map *map, struct probe *p)
{
	p->next = xa_load(&map->single, p->first);
	return xa_err(xa_store(&map->single, p->first, p, GFP_KERNEL));
}

static void add_wide(struct hlist_head *list, struct probe *p)
{
	struct probe *other, *narrower = NULL;

	hlist_for_each_entry(other, list, node) {
		if (other->range >= p->range)
			break;
		narrower = other;
	}
	if (narrower)
		hlist_add_behind(&p->node, &narrower->node);
	else
		hlist_add_head(&p->node, list);
}

/* How many lists the numbers from @dev on are in. */
static unsigned int nr_majors(dev_t dev, unsigned long range)
{
	return min(MAJOR(dev + range - 1) - MAJOR(dev) + 1, NR_LISTS);
}

/**
 * kobj_map() - say what stands behind a range of device numbers
 * @map: the table
 * @dev: first number
 * @range: how many numbers
 * @owner: module of @get
 * @get: called without the mutex to give the kobject of a number
 * @lock: called with the mutex held before @get, to pin @data; may be NULL
 * @data: handed to both
 *
 * Context: takes the table's mutex.
 * Return: 0 or -ENOMEM.
 */
int kobj_map(struct kobj_map *map, dev_t dev, unsigned long range, struct module *owner,
	     kobj_probe_t *get, int (*lock)(dev_t, void *), void *data)
{
	unsigned int n = nr_majors(dev, range), i;
	struct probe *p;
	int ret = 0;

	p = kcalloc(n, sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		p[i] = (struct probe) {
			.first = dev, .range = range, .owner = owner,
			.get = get, .lock = lock, .data = data,
		};

	mutex_lock(map->mutex);
	if (range == 1)
		ret = add_single(map, p);
	else
		for (i = 0; i < n; i++)
			add_wide(&map->wide[(MAJOR(dev) + i) % NR_LISTS], &p[i]);
	mutex_unlock(map->mutex);
	if (ret)
		kfree(p);
	return ret;
}

/* The entry that is taken out, or NULL. */
static struct probe *del_single(struct kobj_map *map, dev_t dev)
{
	struct probe *p = xa_load(&map->single, dev);

	if (!p)
		return NULL;
	/* Replacing an entry by another allocates nothing. */
	if (p->next)
		xa_store(&map->single, dev, p->next, GFP_KERNEL);
	else
		xa_erase(&map->single, dev);
	return p;
}

static struct probe *del_wide(struct hlist_head *list, dev_t dev, unsigned long range)
{
	struct probe *p;

	hlist_for_each_entry(p, list, node) {
		if (p->first == dev && p->range == range) {
			hlist_del(&p->node);
			return p;
		}
	}
	return NULL;
}

/**
 * kobj_unmap() - undo kobj_map()
 * @map: the table
 * @dev: first number
 * @range: how many numbers; if several entries are alike, the latest goes
 *
 * Context: takes the table's mutex.
 */
void kobj_unmap(struct kobj_map *map, dev_t dev, unsigned long range)
{
	unsigned int n = nr_majors(dev, range), i;
	struct probe *first = NULL, *p;

	mutex_lock(map->mutex);
	if (range == 1) {
		first = del_single(map, dev);
	} else {
		for (i = 0; i < n; i++) {
			p = del_wide(&map->wide[(MAJOR(dev) + i) % NR_LISTS], dev, range);
			/* They were allocated as one. */
			if (!i)
				first = p;
		}
	}
	mutex_unlock(map->mutex);
	kfree(first);
}

static bool covers(const struct probe *p, dev_t dev)
{
	return p->first <= dev && dev - p->first < p->range;
}

/* Pin the entry's module and data, so that its get() may be called unlocked. */
static bool pin(struct probe *p, dev_t dev)
{
	if (!try_module_get(p->owner))
		return false;
	if (!p->lock || p->lock(dev, p->data) >= 0)
		return true;
	module_put(p->owner);
	return false;
}

/* What find_probe() learned. */
enum find_result {
	UNKNOWN,	/* no entry for the number */
	BUSY,		/* there are, but they are on their way out */
	FOUND,
};

/*
 * The narrowest entry for @dev that can be pinned and is narrower than @limit.
 * The entry may be gone when the mutex is dropped, so it is copied.
 */
static enum find_result find_probe(struct kobj_map *map, dev_t dev, unsigned long limit,
				   struct probe *found)
{
	enum find_result result = UNKNOWN;
	struct probe *p;

	lockdep_assert_held(map->mutex);
	for (p = limit > 1 ? xa_load(&map->single, dev) : NULL; p; p = p->next) {
		result = BUSY;
		if (pin(p, dev))
			goto out_found;
	}
	hlist_for_each_entry(p, &map->wide[MAJOR(dev) % NR_LISTS], node) {
		if (p->range >= limit)
			break;
		if (!covers(p, dev))
			continue;
		result = BUSY;
		if (pin(p, dev))
			goto out_found;
	}
	return result;

out_found:
	*found = *p;
	return FOUND;
}

/**
 * kobj_lookup() - what stands behind a device number
 * @map: the table
 * @dev: the number
 * @index: where to put its place in the range that was found
 *
 * An entry that has nothing to give may have caused a narrower one to be made,
 * by loading a module: so after a failure only narrower ones are asked.
 *
 * Context: takes the table's mutex; get() functions may sleep and load modules.
 * Return: a kobject with a reference, or NULL.
 */
struct kobject *kobj_lookup(struct kobj_map *map, dev_t dev, int *index)
{
	unsigned long limit = ULONG_MAX;
	bool ask = true;

	for (;;) {
		enum find_result result;
		struct kobject *kobj;
		struct probe p;

		mutex_lock(map->mutex);
		result = find_probe(map, dev, limit, &p);
		mutex_unlock(map->mutex);

		if (result == FOUND) {
			ask = false;
			limit = p.range;
			*index = dev - p.first;
			kobj = p.get(dev, index, p.data);
			module_put(p.owner);
		} else if (result == UNKNOWN && ask) {
			ask = false;
			*index = dev - 1;
			kobj = map->last_resort(dev, index, NULL);
		} else {
			return NULL;
		}
		if (kobj)
			return kobj;
	}
}

/**
 * kobj_map_init() - make a table
 * @last_resort: asked for numbers that no entry knows; may load a module
 * @mutex: protects the table; the caller may use it for more
 *
 * Return: the table, which stays for ever, or NULL.
 */
struct kobj_map *kobj_map_init(kobj_probe_t *last_resort, struct mutex *mutex)
{
	struct kobj_map *map = kzalloc(sizeof(*map), GFP_KERNEL);

	if (!map)
		return NULL;
	map->mutex = mutex;
	map->last_resort = last_resort;
	xa_init(&map->single);
	return map;
}
