// SPDX-License-Identifier: GPL-2.0-only
/*
 * The migration state machine: which single step leads towards a state
 *
 * Migration drivers call vfio_mig_get_next_state() in a loop, under a lock of
 * their own, and execute one step at a time. Nothing here is stored: the
 * answer follows from the arcs below and the device's migration_flags.
 */
#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/vfio.h>

/**
 * DOC: Migration state machine
 *
 * mig_arcs[] holds every step that a driver with all features can execute.
 * A longer way is put together from them by two rules of the uapi: take the
 * shortest path; the saving states (PRE_COPY, PRE_COPY_P2P, STOP_COPY) share
 * one data stream, so pass through one of them only on the way from one saving
 * state to another, and then through nothing else. The second rule is also
 * what forbids STOP_COPY -> PRE_COPY*: no arc leads from STOP_COPY to another
 * saving state.
 *
 * What a device cannot do shrinks the graph:
 *
 * - without VFIO_MIGRATION_PRE_COPY, PRE_COPY and PRE_COPY_P2P are left out;
 * - without VFIO_MIGRATION_P2P, a quiescent state is the same as its running
 *   twin (RUNNING_P2P is RUNNING, PRE_COPY_P2P is PRE_COPY), which then has
 *   the arcs of both.
 *
 * With these rules no two shortest paths begin with different steps.
 */

#define MIG_BIT(state)	((u8)BIT(VFIO_DEVICE_STATE_##state))

#define MIG_SAVING	(MIG_BIT(PRE_COPY) | MIG_BIT(PRE_COPY_P2P) | \
			 MIG_BIT(STOP_COPY))

/* The states that one step leads to, for a device that has every feature. */
static const u8 mig_arcs[VFIO_DEVICE_STATE_NR] = {
	[VFIO_DEVICE_STATE_STOP]	= MIG_BIT(RUNNING_P2P) |
					  MIG_BIT(STOP_COPY) |
					  MIG_BIT(RESUMING),
	[VFIO_DEVICE_STATE_RUNNING]	= MIG_BIT(RUNNING_P2P) |
					  MIG_BIT(PRE_COPY),
	[VFIO_DEVICE_STATE_STOP_COPY]	= MIG_BIT(STOP),
	[VFIO_DEVICE_STATE_RESUMING]	= MIG_BIT(STOP),
	[VFIO_DEVICE_STATE_RUNNING_P2P]	= MIG_BIT(RUNNING) |
					  MIG_BIT(STOP) |
					  MIG_BIT(PRE_COPY_P2P),
	[VFIO_DEVICE_STATE_PRE_COPY]	= MIG_BIT(RUNNING) |
					  MIG_BIT(PRE_COPY_P2P),
	[VFIO_DEVICE_STATE_PRE_COPY_P2P] = MIG_BIT(PRE_COPY) |
					   MIG_BIT(RUNNING_P2P) |
					   MIG_BIT(STOP_COPY),
};

/* A quiescent state and what stands for it on a device without P2P. */
static const struct {
	u8 quiescent;
	u8 running;
} mig_twins[] = {
	{ VFIO_DEVICE_STATE_RUNNING_P2P,  VFIO_DEVICE_STATE_RUNNING },
	{ VFIO_DEVICE_STATE_PRE_COPY_P2P, VFIO_DEVICE_STATE_PRE_COPY },
};

/* The set of states that a device with @flags can be in, but for ERROR. */
static u8 mig_states(u32 flags)
{
	u8 states = MIG_BIT(STOP) | MIG_BIT(RUNNING) | MIG_BIT(STOP_COPY) |
		    MIG_BIT(RESUMING);

	if (!(flags & VFIO_MIGRATION_STOP_COPY))
		return 0;
	if (flags & VFIO_MIGRATION_P2P)
		states |= MIG_BIT(RUNNING_P2P);
	if (flags & VFIO_MIGRATION_PRE_COPY)
		states |= MIG_BIT(PRE_COPY);
	if ((flags & VFIO_MIGRATION_P2P) && (flags & VFIO_MIGRATION_PRE_COPY))
		states |= MIG_BIT(PRE_COPY_P2P);
	return states;
}

/* The states of @states that one step from @state leads to. */
static u8 mig_steps(u8 states, unsigned int state)
{
	u8 steps = mig_arcs[state];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mig_twins); i++) {
		if (states & BIT(mig_twins[i].quiescent))
			continue;
		if (state == mig_twins[i].running)
			steps |= mig_arcs[mig_twins[i].quiescent];
	}
	for (i = 0; i < ARRAY_SIZE(mig_twins); i++) {
		if (states & BIT(mig_twins[i].quiescent))
			continue;
		if (steps & BIT(mig_twins[i].quiescent))
			steps |= BIT(mig_twins[i].running);
	}
	return steps & states & ~BIT(state);
}

/**
 * vfio_mig_get_next_state - Find the next single step towards a state
 * @device: the device; its migration_flags say which states it has
 * @cur_fsm: the state that the device is in
 * @new_fsm: the state to reach
 * @next_fsm: where the step to execute now is stored; @new_fsm once that is
 *	the same as @cur_fsm
 *
 * The driver executes the arc @cur_fsm -> @next_fsm and asks again from there,
 * until it has reached @new_fsm. Only steps of the table above, shrunk to what
 * the device supports, are ever returned.
 *
 * Context: any; the caller keeps @cur_fsm from changing.
 * Return: 0, or -EINVAL if the device does not have @new_fsm, if no path leads
 * there (from ERROR; from STOP_COPY back to pre-copying), or, with a warning,
 * if @cur_fsm is no state that the device can be in.
 */
int vfio_mig_get_next_state(struct vfio_device *device,
			    enum vfio_device_mig_state cur_fsm,
			    enum vfio_device_mig_state new_fsm,
			    enum vfio_device_mig_state *next_fsm)
{
	u8 states = mig_states(device->migration_flags);
	u8 inner, near, grown, hit;
	unsigned int state;

	/* A failed device stays so until a reset: no reason to warn. */
	if (cur_fsm == VFIO_DEVICE_STATE_ERROR)
		return -EINVAL;
	if (WARN_ON(cur_fsm >= VFIO_DEVICE_STATE_NR ||
		    !(states & BIT(cur_fsm))))
		return -EINVAL;
	if (new_fsm >= VFIO_DEVICE_STATE_NR || !(states & BIT(new_fsm)))
		return -EINVAL;

	if (cur_fsm == new_fsm) {
		*next_fsm = new_fsm;
		return 0;
	}

	/* The states that a path from cur_fsm to new_fsm may pass through. */
	if ((BIT(cur_fsm) & MIG_SAVING) && (BIT(new_fsm) & MIG_SAVING))
		inner = states & MIG_SAVING;
	else
		inner = states & ~MIG_SAVING;

	/* near: all that is 0, 1, 2, ... steps away from new_fsm, or less. */
	for (near = BIT(new_fsm);; near = grown) {
		hit = mig_steps(states, cur_fsm) & near;
		if (hit) {
			*next_fsm = __ffs(hit);
			return 0;
		}

		grown = near;
		for (state = 0; state < VFIO_DEVICE_STATE_NR; state++) {
			if ((inner & BIT(state)) &&
			    (mig_steps(states, state) & near))
				grown |= BIT(state);
		}
		if (grown == near) {
			*next_fsm = VFIO_DEVICE_STATE_ERROR;
			return -EINVAL;
		}
	}
}
EXPORT_SYMBOL_GPL(vfio_mig_get_next_state);
