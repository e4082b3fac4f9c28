/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Revocation of one device fd (drivers/vfio/revoke.c, fd.c, vma.c): a call, a
 * page fault in a mapping that is there, an mmap(2) that the driver fills
 * itself, a holder who never closes or one who does, and unregistration.
 *
 * Shown: the driver is entered only while it is open; it is closed once; once
 * unregistration has returned no page of the device is mapped; the fd is freed
 * once and not used afterwards; nothing deadlocks; and unregistration returns
 * whatever the holder does, as long as each call comes back ("returns", under
 * weak fairness).
 *
 *   spin -a vfio_revoke.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan
 *   spin -a -DRETURNS vfio_revoke.pml && cc -O2 -DNFAIR=3 -o pan pan.c && ./pan -a -f
 *
 * Each of these must be found out: -DNO_DRAIN (goes on with somebody inside),
 * -DNO_SETTLE (does not wait for an mmap(2) that is half done), -DNO_MARK
 * (closes beside close(2)), -DNO_REF (no reference to the fd), -DZAP_EARLY
 * (zaps before the drain), -DNO_RECHECK (trusts a look at the gate before it
 * counts itself). With -DRETURNS and -DNO_TIME (no time
 * is set), a holder who never closes is found to stop it.
 */

#define USERS	4	/* call, fault, mmap, holder: a reference each */

bool gate_dead, revoked, in_list = true;
byte inside;		/* of the gate, and those who find it closed just now */
bool drained;		/* it has come to zero, closed */
byte file_ref = USERS;
byte fd_ref = 1;	/* of the file */
bool fd_freed;
byte dev_ref = 2;	/* registration and file */
bool driver_open = true;
byte closed;		/* times */
bool gone;		/* unregistration has returned */

/* The mapping of the fault is linked to the inode, the other one not yet. */
bool fault_pte, mmap_pte, mmap_linked, mmap_lock;

/* A word holds both, so what changes it sees the other at that very time. */
inline leave()
{
	assert(!fd_freed);
	atomic {
		inside--;
		if
		:: gate_dead && inside == 0 -> drained = true
		:: else
		fi
	}
	assert(!fd_freed)	/* who waits is woken */
}

inline enter(in)
{
	assert(!fd_freed);
	if
	:: gate_dead -> in = false
	:: !gate_dead ->
		/* Closed by now? Counted all the same. */
#ifdef NO_RECHECK
		atomic { inside++; in = true }
#else
		atomic { inside++; in = !gate_dead }
#endif
		if
		:: in
		:: else -> leave()
		fi
	fi
}

inline in_driver()
{
	assert(driver_open && !gone && inside > 0)
}

inline fd_put()
{
	atomic {
		assert(fd_ref > 0);
		fd_ref--;
		if
		:: fd_ref == 0 -> assert(!fd_freed); fd_freed = true
		:: else
		fi
	}
}

inline close_driver()
{
	assert(driver_open);
	driver_open = false;
	closed++;
	dev_ref--
}

/* close(2), munmap(2): the last one releases the file. */
inline fput(last, mine)
{
	atomic { file_ref--; last = (file_ref == 0) }
	if
	:: last ->
		atomic {
#ifdef NO_MARK
			mine = driver_open;
#else
			mine = !revoked;
#endif
			if
			:: mine -> in_list = false
			:: else
			fi
		}
		if
		:: mine -> assert(inside == 0); close_driver()
		:: else
		fi;
		fd_put()
	:: else
	fi
}

active proctype Call()
{
	bool in, last, mine;

	enter(in);
	if
	:: in -> in_driver(); in_driver(); leave()
	:: else		/* ENODEV */
	fi;
	fput(last, mine)
}

active proctype Fault()
{
	bool in, last, mine;
	byte times = 2;

	do
	:: times > 0 ->
		times--;
		enter(in);
		if
		:: in -> in_driver(); fault_pte = true; in_driver(); leave()
		:: else	/* the page of the fd's own */
		fi
	:: times == 0 -> break
	od;
	fault_pte = false;	/* munmap */
	fput(last, mine)
}

active proctype Mmap()
{
	bool in, last, mine;

	atomic { !mmap_lock -> mmap_lock = true }
	enter(in);
	if
	:: in ->
		in_driver(); mmap_pte = true; leave();
		mmap_linked = true
	:: else
	fi;
	mmap_lock = false;
	/* A mapping that stays until the program ends, or goes. */
	if
	:: mmap_pte = false
	:: !mmap_pte
	fi;
	fput(last, mine)
}

active proctype Holder()
{
	bool last, mine;

	if
	:: fput(last, mine)
	:: skip			/* never */
	fi
}

inline zap()
{
	atomic {
		fault_pte = false;
		if
		:: mmap_linked -> mmap_pte = false
		:: else
		fi
	}
}

active proctype Unregister()
{
	bool mine;

	dev_ref--;
	if
	:: dev_ref == 0
#ifndef NO_TIME
	:: true ->		/* the time is over */
		atomic {
			mine = in_list;
			if
			:: mine ->
				in_list = false; revoked = true;
#ifndef NO_REF
				fd_ref++
#endif
			:: else
			fi
		}
		if
		:: mine ->
			assert(!fd_freed);
			atomic {
				gate_dead = true;
				if
				:: inside == 0 -> drained = true
				:: else
				fi
			}
#ifdef ZAP_EARLY
			zap();
#endif
#ifndef NO_DRAIN
			drained;
#endif
#ifndef NO_SETTLE
			atomic { !mmap_lock -> mmap_lock = true }
			mmap_lock = false;
#endif
#ifndef ZAP_EARLY
			zap();
#endif
			assert(!fd_freed);
			close_driver();
#ifndef NO_REF
			fd_put()
#endif
		:: else
		fi;
		dev_ref == 0
#endif
	fi;
	gone = true;
	assert(closed == 1 && !driver_open)
}

active proctype Watch()
{
end:
	atomic { gone && (fault_pte || mmap_pte) -> assert(false) }
}

#ifdef RETURNS
ltl returns { <> gone }
#endif
