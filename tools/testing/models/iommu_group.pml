/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of an iommu_group: a removal races two look-ups and a re-add.
 *
 * Two devices, A and B, of one set that shares a group, and room for three
 * groups. A is hot-unplugged and plugged in again; B is plugged in meanwhile,
 * asks A for its group as pci_device_group() does, and joins it, or makes one;
 * two others look up the group of A at any time, use it and let it go.
 *
 * What must hold, and is asserted where it could fail:
 *   - a group that a look-up looks at has not been freed;
 *   - a look-up returns a group with a reference of its own, or none;
 *   - a group is torn down once, and freed once;
 *   - two groups never have a directory of the same number at the same time;
 *   - a device that is a member has a domain;
 *   - nobody waits for ever: the removal of a directory waits for those who are
 *     reading an attribute, and they wait for the group's lock.
 *
 * Variants, each a -D for spin; each of the first five must find its error:
 *   OLD_ORDER   as Linux 6.12: read the pointer, then take the reference
 *   NO_RCU      get-unless-zero, but the memory is freed at once
 *   NO_UNLESS   RCU, but the reference is taken though the count may be zero
 *   ID_FIRST    the number is given back before the directory is gone
 *   PUT_LOCKED  a member's reference is put with the group's lock held
 *   (none)      what is built here
 *
 * Memory is sequentially consistent here; that the pointer is published after
 * what it points to is rcu_assign_pointer()'s and rcu_dereference()'s part.
 */

#define NONE	255
#define GROUPS	3
#define READERS	3	/* two look-ups, and B's */
#define DEV_A	0
#define DEV_B	1

byte dev_group[2] = NONE;	/* dev->iommu_group */
bool member[2];

byte ref[GROUPS];
bool used[GROUPS], freed[GROUPS], torn[GROUPS];
byte members[GROUPS];
bool domain[GROUPS];
bool mutex[GROUPS];		/* group->mutex */
byte id[GROUPS];
bool directory[GROUPS];
bool id_taken[GROUPS];
bool probe_lock;
byte in_rcu[READERS];
byte reading[GROUPS];		/* attributes being read */

inline lock(l)
{
	atomic { !l; l = true }
}

inline unlock(l)
{
	l = false
}

/* Any access to the memory of a group. */
inline touch(g)
{
	assert(used[g] && !freed[g])
}

/* A new group: lowest free number, directory, one reference. */
inline group_alloc(g, n)
{
	atomic {
		g = 0;
		do
		:: g < GROUPS && used[g] -> g++
		:: else -> break
		od;
		assert(g < GROUPS);
		used[g] = true;
		n = 0;
		do
		:: n < GROUPS && id_taken[n] -> n++
		:: else -> break
		od;
		assert(n < GROUPS);
		id_taken[n] = true;
		id[g] = n;
		ref[g] = 1
	}
	atomic {
		/* sysfs refuses a second directory of this name */
		n = 0;
		do
		:: n < GROUPS ->
			assert(n == g || !directory[n] || id[n] != id[g]);
			n++
		:: else -> break
		od;
		directory[g] = true
	}
}

/* After a grace period: each reader was outside once. */
proctype free_rcu(byte g)
{
	byte i;

#if !defined(OLD_ORDER) && !defined(NO_RCU)
	i = 0;
	do
	:: i < READERS -> (in_rcu[i] == 0); i++
	:: else -> break
	od;
#endif
	atomic {
		assert(!freed[g]);
		freed[g] = true
	}
}

inline group_put(g, last)
{
	atomic {
		touch(g);
		assert(ref[g] > 0);
		ref[g]--;
		last = (ref[g] == 0)
	}
	if
	:: last ->
		atomic { assert(!torn[g]); torn[g] = true };
#ifdef ID_FIRST
		id_taken[id[g]] = false;
		directory[g] = false;
		(reading[g] == 0);
#else
		directory[g] = false;
		(reading[g] == 0);
		id_taken[id[g]] = false;
#endif
		run free_rcu(g)
	:: else
	fi
}

/* iommu_group_get(): a reference to the device's group, or NONE. */
inline group_get(r, d, g)
{
#ifdef OLD_ORDER
	g = dev_group[d];
	if
	:: g != NONE -> atomic { touch(g); assert(ref[g] > 0); ref[g]++ }
	:: else
	fi
#else
	in_rcu[r]++;
	g = dev_group[d];
	if
	:: g == NONE
	:: else ->
		atomic {
			touch(g);
#ifdef NO_UNLESS
			ref[g]++
#else
			if
			:: ref[g] > 0 -> ref[g]++
			:: else -> g = NONE
			fi
#endif
		}
	fi;
	in_rcu[r]--
#endif
}

/* Membership begins: the caller's reference becomes the member's. */
inline join(d, g)
{
	touch(g);
	lock(mutex[g]);
	atomic {
		members[g]++;
		domain[g] = true;
		member[d] = true;
		dev_group[d] = g
	}
	unlock(mutex[g])
}

/* Membership ends: hidden first, the reference last and outside the lock. */
inline leave(d, g, last)
{
	touch(g);
	lock(mutex[g]);
	atomic { members[g]--; member[d] = false };
	if
	:: members[g] == 0 -> domain[g] = false
	:: else
	fi;
	dev_group[d] = NONE;
#ifdef PUT_LOCKED
	group_put(g, last);
	unlock(mutex[g])
#else
	unlock(mutex[g]);
	group_put(g, last)
#endif
}

inline use(d)
{
	/* a member's DMA needs a domain, whoever else comes or goes */
	atomic { assert(!member[d] || domain[dev_group[d]]) }
}

/* The release of a device takes no probe lock, as in REMOVED_DEVICE. */
proctype hotplug_a()
{
	byte g, n;
	bool last;

	g = dev_group[DEV_A];
	use(DEV_A);
	leave(DEV_A, g, last);

	lock(probe_lock);
	/* its own group_get() of B goes the same way as B's of A */
	if
	:: dev_group[DEV_B] == NONE -> group_alloc(g, n)
	:: else ->
		group_get(2, DEV_B, g);
		if
		:: g == NONE -> group_alloc(g, n)
		:: else
		fi
	fi;
	join(DEV_A, g);
	unlock(probe_lock);
	use(DEV_A)
}

proctype plug_b()
{
	byte g, n;
	bool last;

	lock(probe_lock);
	group_get(2, DEV_A, g);
	if
	:: g == NONE -> group_alloc(g, n)
	:: else
	fi;
	join(DEV_B, g);
	unlock(probe_lock);
	use(DEV_B);
	leave(DEV_B, g, last)
}

proctype lookup(byte r)
{
	byte g;
	bool last;

	group_get(r, DEV_A, g);
	if
	:: g != NONE ->
		atomic { touch(g); assert(ref[g] > 0 && !torn[g]) };
		lock(mutex[g]);
		touch(g);
		unlock(mutex[g]);
		group_put(g, last)
	:: else
	fi
}

/* A user who reads an attribute has no reference: the directory is what he holds. */
proctype attribute()
{
	if
	:: atomic { directory[0] -> reading[0]++ };
		lock(mutex[0]);
		touch(0);
		unlock(mutex[0]);
		reading[0]--
	:: skip
	fi
}

init {
	byte g, n;

	group_alloc(g, n);
	join(DEV_A, g);
	atomic {
		run hotplug_a();
		run plug_b();
		run lookup(0);
		run lookup(1);
		run attribute()
	}
}
