/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vfio-ap: adapters, domains and what follows from them
 *
 * The vocabulary of the driver, as plain data: masks of 256 ids, matrices of
 * three masks, areas (a product of adapters and domains). Nothing in here or
 * in vfio_ap_matrix.c takes a lock, touches a device or depends on s390.
 *
 * Ids count from the most significant bit of the first word, as the AP
 * architecture does; that is also how the masks of the AP bus and of KVM look
 * in memory on s390.
 */
#ifndef VFIO_AP_MATRIX_H
#define VFIO_AP_MATRIX_H

#include <linux/bitops.h>
#include <linux/string.h>
#include <linux/types.h>

#define VFIO_AP_IDS	256	/* adapters, domains and control domains */
#define VFIO_AP_WORDS	(VFIO_AP_IDS / 64)

/**
 * struct vfio_ap_mask - a set of ids
 * @w: the bits; id 0 is the most significant bit of the first word
 */
struct vfio_ap_mask {
	u64 w[VFIO_AP_WORDS];
};

/**
 * struct vfio_ap_matrix - what a guest, a mediated device or the host has
 * @apm: adapters (APIDs)
 * @aqm: usage domains (APQIs)
 * @adm: control domains
 */
struct vfio_ap_matrix {
	struct vfio_ap_mask apm, aqm, adm;
};

/**
 * struct vfio_ap_area - the queues of some adapters in some domains
 * @apm: adapters
 * @aqm: domains
 */
struct vfio_ap_area {
	struct vfio_ap_mask apm, aqm;
};

/**
 * struct vfio_ap_rows - a set of queues of any shape
 * @row: for each adapter, its domains
 */
struct vfio_ap_rows {
	struct vfio_ap_mask row[VFIO_AP_IDS];
};

/**
 * struct vfio_ap_delta - from one guest matrix to the next
 * @push: they differ, so the guest's control block must change
 * @lost: the queues that the guest no longer has; the two do not overlap
 */
struct vfio_ap_delta {
	bool push;
	struct vfio_ap_area lost[2];
};

/**
 * struct vfio_ap_limits - the highest ids that the machine takes
 * @apid: adapters
 * @apqi: usage domains
 * @control: control domains
 */
struct vfio_ap_limits {
	u8 apid, apqi, control;
};

static inline bool vfio_ap_mask_test(const struct vfio_ap_mask *mask, unsigned int id)
{
	return mask->w[id / 64] >> (63 - id % 64) & 1;
}

static inline void vfio_ap_mask_set(struct vfio_ap_mask *mask, unsigned int id)
{
	mask->w[id / 64] |= 1ULL << (63 - id % 64);
}

static inline void vfio_ap_mask_clear(struct vfio_ap_mask *mask, unsigned int id)
{
	mask->w[id / 64] &= ~(1ULL << (63 - id % 64));
}

static inline struct vfio_ap_mask vfio_ap_mask_and(const struct vfio_ap_mask *a,
						   const struct vfio_ap_mask *b)
{
	struct vfio_ap_mask both;
	int i;

	for (i = 0; i < VFIO_AP_WORDS; i++)
		both.w[i] = a->w[i] & b->w[i];
	return both;
}

static inline struct vfio_ap_mask vfio_ap_mask_without(const struct vfio_ap_mask *a,
						       const struct vfio_ap_mask *b)
{
	struct vfio_ap_mask rest;
	int i;

	for (i = 0; i < VFIO_AP_WORDS; i++)
		rest.w[i] = a->w[i] & ~b->w[i];
	return rest;
}

static inline bool vfio_ap_mask_empty(const struct vfio_ap_mask *mask)
{
	return !(mask->w[0] | mask->w[1] | mask->w[2] | mask->w[3]);
}

static inline bool vfio_ap_mask_equal(const struct vfio_ap_mask *a,
				      const struct vfio_ap_mask *b)
{
	return !memcmp(a, b, sizeof(*a));
}

unsigned int vfio_ap_mask_next(const struct vfio_ap_mask *mask, unsigned int id);
unsigned int vfio_ap_mask_weight(const struct vfio_ap_mask *mask);

/* Visit the ids of a mask in ascending order. */
#define vfio_ap_for_each_id(id, mask)						\
	for ((id) = vfio_ap_mask_next(mask, 0); (id) < VFIO_AP_IDS;		\
	     (id) = vfio_ap_mask_next(mask, (id) + 1))

static inline bool vfio_ap_matrix_has(const struct vfio_ap_matrix *matrix,
				      unsigned int apid, unsigned int apqi)
{
	return vfio_ap_mask_test(&matrix->apm, apid) &&
	       vfio_ap_mask_test(&matrix->aqm, apqi);
}

void vfio_ap_matrix_and(struct vfio_ap_matrix *both,
			const struct vfio_ap_matrix *a,
			const struct vfio_ap_matrix *b);
bool vfio_ap_matrix_fits(const struct vfio_ap_matrix *matrix,
			 const struct vfio_ap_limits *max);

void vfio_ap_plan(const struct vfio_ap_matrix *assigned,
		  const struct vfio_ap_matrix *host,
		  const struct vfio_ap_rows *passable,
		  struct vfio_ap_matrix *guest);
void vfio_ap_diff(const struct vfio_ap_matrix *old,
		  const struct vfio_ap_matrix *new,
		  struct vfio_ap_delta *delta);
unsigned int vfio_ap_conflict(const struct vfio_ap_matrix *a,
			      const struct vfio_ap_matrix *b,
			      unsigned int *apid, unsigned int *apqi);

/* Three times "0x" and 64 digits, and what separates and ends them. */
#define VFIO_AP_CONFIG_LEN	(3 * (2 + VFIO_AP_IDS / 4 + 1))

int vfio_ap_config_parse(const char *buf, struct vfio_ap_matrix *matrix);
int vfio_ap_config_format(const struct vfio_ap_matrix *matrix, char *buf,
			  size_t size);
size_t vfio_ap_matrix_format(const struct vfio_ap_matrix *matrix, u64 off,
			     char *buf, size_t size);
int vfio_ap_mask_format(const struct vfio_ap_mask *mask, char *buf, size_t size);

#endif /* VFIO_AP_MATRIX_H */
