// SPDX-License-Identifier: GPL-2.0
/*
 * vfio-ap: which queues a guest gets, and how matrices read as text
 *
 * Pure functions, called from everywhere in the driver under whatever locks
 * protect their arguments; compiled into the KUnit module too, on any
 * architecture.
 *
 * The hardware knows no single queue: a guest has every adapter of its mask in
 * every domain of its mask. One queue that must not be passed through
 * therefore takes its whole adapter out.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/hex.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "vfio_ap_matrix.h"

/**
 * vfio_ap_mask_next() - find an id
 * @mask: where to look
 * @id: where to start, at most VFIO_AP_IDS
 *
 * Context: any.
 * Return: the smallest id of @mask that is not below @id, or VFIO_AP_IDS.
 */
unsigned int vfio_ap_mask_next(const struct vfio_ap_mask *mask, unsigned int id)
{
	for (; id < VFIO_AP_IDS; id = (id | 63) + 1) {
		u64 rest = mask->w[id / 64] << (id % 64);

		if (rest)
			return id + 64 - fls64(rest);
	}
	return VFIO_AP_IDS;
}

/**
 * vfio_ap_mask_weight() - count ids
 * @mask: the mask
 *
 * Context: any.
 * Return: how many ids @mask has.
 */
unsigned int vfio_ap_mask_weight(const struct vfio_ap_mask *mask)
{
	unsigned int n = 0;
	int i;

	for (i = 0; i < VFIO_AP_WORDS; i++)
		n += hweight64(mask->w[i]);
	return n;
}

/**
 * vfio_ap_matrix_and() - what two matrices have in common
 * @both: receives it; may be one of the others
 * @a: one
 * @b: the other
 *
 * Context: any.
 */
void vfio_ap_matrix_and(struct vfio_ap_matrix *both,
			const struct vfio_ap_matrix *a,
			const struct vfio_ap_matrix *b)
{
	both->apm = vfio_ap_mask_and(&a->apm, &b->apm);
	both->aqm = vfio_ap_mask_and(&a->aqm, &b->aqm);
	both->adm = vfio_ap_mask_and(&a->adm, &b->adm);
}

/**
 * vfio_ap_matrix_fits() - does the machine have room for a matrix?
 * @matrix: the matrix
 * @max: highest ids
 *
 * Context: any.
 * Return: true if no id of @matrix is above its maximum.
 */
bool vfio_ap_matrix_fits(const struct vfio_ap_matrix *matrix,
			 const struct vfio_ap_limits *max)
{
	return vfio_ap_mask_next(&matrix->apm, max->apid + 1) == VFIO_AP_IDS &&
	       vfio_ap_mask_next(&matrix->aqm, max->apqi + 1) == VFIO_AP_IDS &&
	       vfio_ap_mask_next(&matrix->adm, max->control + 1) == VFIO_AP_IDS;
}

/**
 * vfio_ap_plan() - what of an assignment a guest gets
 * @assigned: what the mediated device was given
 * @host: what the host has at present
 * @passable: the queues that may be used by a guest: bound to vfio_ap, reset
 * @guest: receives the guest's matrix
 *
 * What the host lacks is left out. Of what remains, an adapter is left out
 * when one of its queues is not passable. Control domains do not count here:
 * having one gives no access to a queue.
 *
 * Context: any.
 */
void vfio_ap_plan(const struct vfio_ap_matrix *assigned,
		  const struct vfio_ap_matrix *host,
		  const struct vfio_ap_rows *passable,
		  struct vfio_ap_matrix *guest)
{
	struct vfio_ap_mask hole;
	unsigned int apid;

	vfio_ap_matrix_and(guest, assigned, host);
	vfio_ap_for_each_id(apid, &guest->apm) {
		hole = vfio_ap_mask_without(&guest->aqm, &passable->row[apid]);
		if (!vfio_ap_mask_empty(&hole))
			vfio_ap_mask_clear(&guest->apm, apid);
	}
}

/**
 * vfio_ap_diff() - what a new plan asks for
 * @old: the guest's matrix so far
 * @new: the guest's matrix from now on
 * @delta: receives the answer
 *
 * What the guest loses are two areas: its former domains of the adapters that
 * went, and the domains that went of the adapters that stay.
 *
 * Context: any.
 */
void vfio_ap_diff(const struct vfio_ap_matrix *old,
		  const struct vfio_ap_matrix *new,
		  struct vfio_ap_delta *delta)
{
	delta->push = memcmp(old, new, sizeof(*old));
	delta->lost[0].apm = vfio_ap_mask_without(&old->apm, &new->apm);
	delta->lost[0].aqm = old->aqm;
	delta->lost[1].apm = vfio_ap_mask_and(&old->apm, &new->apm);
	delta->lost[1].aqm = vfio_ap_mask_without(&old->aqm, &new->aqm);
}

/**
 * vfio_ap_conflict() - queues that two matrices claim
 * @a: one
 * @b: the other
 * @apid: receives the adapter of the first such queue, if there is one
 * @apqi: receives its domain
 *
 * Context: any.
 * Return: the number of such queues.
 */
unsigned int vfio_ap_conflict(const struct vfio_ap_matrix *a,
			      const struct vfio_ap_matrix *b,
			      unsigned int *apid, unsigned int *apqi)
{
	struct vfio_ap_mask apm = vfio_ap_mask_and(&a->apm, &b->apm);
	struct vfio_ap_mask aqm = vfio_ap_mask_and(&a->aqm, &b->aqm);

	*apid = vfio_ap_mask_next(&apm, 0);
	*apqi = vfio_ap_mask_next(&aqm, 0);
	return vfio_ap_mask_weight(&apm) * vfio_ap_mask_weight(&aqm);
}

/* One mask: an optional 0x, then digits from id 0 on; the rest is zero. */
static const char *mask_parse(const char *s, struct vfio_ap_mask *mask)
{
	unsigned int digits = 0;
	int value;

	*mask = (struct vfio_ap_mask){};
	if (s[0] == '0' && s[1] == 'x')
		s += 2;
	for (; (value = hex_to_bin(*s)) >= 0; s++, digits++) {
		if (digits == VFIO_AP_IDS / 4)
			return NULL;
		mask->w[digits / 16] |= (u64)value << (60 - digits % 16 * 4);
	}
	return digits ? s : NULL;
}

/**
 * vfio_ap_config_parse() - read what was written to ap_config
 * @buf: "APM,AQM,ADM" in hexadecimal digits, each up to 64 of them, as
 *	vfio_ap_config_format() writes them; digits that are missing at the end
 *	of a mask are zero
 * @matrix: receives it; undefined on error
 *
 * Context: any.
 * Return: 0, or -EINVAL.
 */
int vfio_ap_config_parse(const char *buf, struct vfio_ap_matrix *matrix)
{
	const char *s;

	s = mask_parse(buf, &matrix->apm);
	if (!s || *s++ != ',')
		return -EINVAL;
	s = mask_parse(s, &matrix->aqm);
	if (!s || *s++ != ',')
		return -EINVAL;
	s = mask_parse(s, &matrix->adm);
	if (!s)
		return -EINVAL;
	while (isspace(*s))
		s++;
	return *s ? -EINVAL : 0;
}

/**
 * vfio_ap_config_format() - write a matrix as ap_config shows it
 * @matrix: the matrix
 * @buf: where to
 * @size: bytes in @buf; VFIO_AP_CONFIG_LEN + 1 are enough
 *
 * Context: any.
 * Return: the number of bytes, without the final NUL.
 */
int vfio_ap_config_format(const struct vfio_ap_matrix *matrix, char *buf,
			  size_t size)
{
	const struct vfio_ap_mask *masks[] = {
		&matrix->apm, &matrix->aqm, &matrix->adm,
	};
	int i, len = 0;

	for (i = 0; i < ARRAY_SIZE(masks); i++)
		len += scnprintf(buf + len, size - len,
				 "0x%016llx%016llx%016llx%016llx%c",
				 masks[i]->w[0], masks[i]->w[1], masks[i]->w[2],
				 masks[i]->w[3], i == 2 ? '\n' : ',');
	return len;
}

/* The id that has @n others of the mask before it. */
static unsigned int mask_nth(const struct vfio_ap_mask *mask, unsigned int n)
{
	unsigned int id = vfio_ap_mask_next(mask, 0);

	while (n--)
		id = vfio_ap_mask_next(mask, id + 1);
	return id;
}

/**
 * vfio_ap_matrix_format() - write a window of the list of a matrix's queues
 * @matrix: the matrix
 * @off: where in the whole text the window starts
 * @buf: where to
 * @size: bytes in @buf
 *
 * The whole text has a line "AA.QQQQ" for each queue, or "AA." or ".QQQQ"
 * where there are adapters but no domains or the other way round. It may be
 * half a megabyte long, more than a page that sysfs hands out at once. All its
 * lines are equally long, which is what makes a window cheap.
 *
 * Context: any.
 * Return: the number of bytes written, without a NUL; 0 at the end.
 */
size_t vfio_ap_matrix_format(const struct vfio_ap_matrix *matrix, u64 off,
			     char *buf, size_t size)
{
	unsigned int adapters = vfio_ap_mask_weight(&matrix->apm);
	unsigned int domains = vfio_ap_mask_weight(&matrix->aqm);
	unsigned int columns = max(domains, 1u);
	unsigned int lines = max(adapters, 1u) * columns;
	unsigned int width = 2 + (adapters ? 2 : 0) + (domains ? 4 : 0);
	unsigned int apid, apqi, line;
	char text[sizeof("AA.QQQQ\n")];
	size_t done = 0, part;
	u32 skip;

	if ((!adapters && !domains) || off >= (u64)lines * width)
		return 0;

	line = div_u64_rem(off, width, &skip);
	apid = adapters ? mask_nth(&matrix->apm, line / columns) : 0;
	apqi = domains ? mask_nth(&matrix->aqm, line % columns) : 0;
	for (; line < lines && done < size; line++, skip = 0) {
		if (!domains)
			snprintf(text, sizeof(text), "%02x.\n", apid);
		else if (!adapters)
			snprintf(text, sizeof(text), ".%04x\n", apqi);
		else
			snprintf(text, sizeof(text), "%02x.%04x\n", apid, apqi);

		part = min_t(size_t, width - skip, size - done);
		memcpy(buf + done, text + skip, part);
		done += part;

		if (domains)
			apqi = vfio_ap_mask_next(&matrix->aqm, apqi + 1);
		if (!domains || apqi == VFIO_AP_IDS) {
			apid = vfio_ap_mask_next(&matrix->apm, apid + 1);
			apqi = vfio_ap_mask_next(&matrix->aqm, 0);
		}
	}
	return done;
}

/**
 * vfio_ap_mask_format() - write the ids of a mask, one per line
 * @mask: the mask
 * @buf: where to
 * @size: bytes in @buf; 5 * VFIO_AP_IDS + 1 hold any mask
 *
 * Context: any.
 * Return: the number of bytes, without the final NUL.
 */
int vfio_ap_mask_format(const struct vfio_ap_mask *mask, char *buf, size_t size)
{
	unsigned int id;
	int len = 0;

	vfio_ap_for_each_id(id, mask)
		len += scnprintf(buf + len, size - len, "%04x\n", id);
	return len;
}
