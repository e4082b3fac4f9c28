// SPDX-License-Identifier: GPL-2.0-only
/*
 * What drivers need to answer GET_*INFO and SET_IRQS: chains, header checks
 *
 * Called by vfio bus and iommu drivers from their ioctl ops. Everything works
 * on memory of the caller, so there are no locks.
 */
#include <linux/align.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vfio.h>

/**
 * DOC: Capability chains
 *
 * A chain is built in one buffer that grows: &struct vfio_info_cap, all zero
 * at first. vfio_info_cap_header.next of each capability is the offset of the
 * following one, from the start of that buffer, 0 in the last. When the chain
 * is complete and goes behind an info structure in user memory,
 * vfio_info_cap_shift() moves all offsets by the size of that structure; after
 * it, nothing can be added any more. The caller frees the buffer.
 */

static struct vfio_info_cap_header *cap_at(struct vfio_info_cap *caps,
					   size_t offset)
{
	return (void *)caps->buf + offset;
}

/**
 * vfio_info_cap_add - Append an empty capability to a chain
 * @caps: the chain
 * @size: bytes of the capability, header included; rounded up so that the
 *	next one is 8-byte aligned
 * @id: what the header shall say
 * @version: what the header shall say
 *
 * The buffer may move: pointers that earlier calls returned are no longer
 * good.
 *
 * Context: may sleep.
 * Return: the new capability, zeroed but for id and version, or an ERR_PTR:
 * -ENOMEM, or -EINVAL with a warning if @size is less than a header. After an
 * error, the whole chain is freed and empty.
 */
struct vfio_info_cap_header *vfio_info_cap_add(struct vfio_info_cap *caps,
					       size_t size, u16 id,
					       u16 version)
{
	size_t room = ALIGN(size, sizeof(u64));
	struct vfio_info_cap_header *cap, *last;
	size_t total;
	int err = -ENOMEM;

	if (WARN_ON_ONCE(size < sizeof(*cap))) {
		err = -EINVAL;
		goto empty;
	}
	if (room < size || check_add_overflow(caps->size, room, &total))
		goto empty;

	/* The old bytes move along; krealloc() leaves them alone on failure. */
	cap = krealloc(caps->buf, total, GFP_KERNEL);
	if (!cap)
		goto empty;
	caps->buf = cap;

	cap = cap_at(caps, caps->size);
	memset(cap, 0, room);
	cap->id = id;
	cap->version = version;

	if (caps->size) {
		last = caps->buf;
		while (last->next)
			last = cap_at(caps, last->next);
		last->next = caps->size;
	}
	caps->size = total;
	return cap;

empty:
	kfree(caps->buf);
	*caps = (struct vfio_info_cap){};
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(vfio_info_cap_add);

/**
 * vfio_info_cap_shift - Make a chain's offsets count from further ahead
 * @caps: the chain; an empty one is left as it is
 * @offset: how far before the buffer the info structure starts; a multiple of
 *	eight, or the capabilities would not be aligned
 *
 * Context: any. Call it once, before the buffer is copied to the user.
 */
void vfio_info_cap_shift(struct vfio_info_cap *caps, size_t offset)
{
	struct vfio_info_cap_header *cap;
	size_t pos = 0;

	WARN_ON(!IS_ALIGNED(offset, sizeof(u64)));

	if (!caps->size)
		return;
	do {
		cap = cap_at(caps, pos);
		pos = cap->next;
		if (pos)
			cap->next = pos + offset;
	} while (pos);
}
EXPORT_SYMBOL(vfio_info_cap_shift);

/**
 * vfio_info_add_capability - Append a copy of a capability to a chain
 * @caps: the chain
 * @cap: the capability; its next is not looked at
 * @size: bytes of it, header included
 *
 * Context: may sleep.
 * Return: 0, or the error of vfio_info_cap_add(); the chain is empty then.
 */
int vfio_info_add_capability(struct vfio_info_cap *caps,
			     struct vfio_info_cap_header *cap, size_t size)
{
	struct vfio_info_cap_header *copy;

	copy = vfio_info_cap_add(caps, size, cap->id, cap->version);
	if (IS_ERR(copy))
		return PTR_ERR(copy);

	memcpy((void *)copy + sizeof(*copy), (void *)cap + sizeof(*cap),
	       size - sizeof(*cap));
	return 0;
}
EXPORT_SYMBOL(vfio_info_add_capability);

/* Bytes of data that each interrupt of a SET_IRQS comes with, or -EINVAL. */
static int irq_set_stride(u32 flags)
{
	switch (flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		return sizeof(u8);
	case VFIO_IRQ_SET_DATA_EVENTFD:
		return sizeof(s32);
	default:
		return -EINVAL;
	}
}

/**
 * vfio_set_irqs_validate_and_prepare - Check the header of a SET_IRQS
 * @hdr: a copy of what the user passed, up to and including count
 * @num_irqs: interrupts that the index @hdr names has
 * @max_irq_type: indices that the device has
 * @data_size: where the number of data bytes behind the header is stored, 0 if
 *	there are none; may be NULL in a driver that takes no data
 *
 * start and count must lie within @num_irqs, argsz must cover the data, there
 * must be exactly one data type, and no flag that is unknown. Which actions
 * make sense is left to the driver, as is count 0, which often means "all off".
 *
 * Context: any.
 * Return: 0, or -EINVAL.
 */
int vfio_set_irqs_validate_and_prepare(struct vfio_irq_set *hdr, int num_irqs,
				       int max_irq_type, size_t *data_size)
{
	const size_t head = offsetofend(struct vfio_irq_set, count);
	const u32 known = VFIO_IRQ_SET_DATA_TYPE_MASK |
			  VFIO_IRQ_SET_ACTION_TYPE_MASK;
	u32 irqs = num_irqs, indices = max_irq_type;
	int stride = irq_set_stride(hdr->flags);
	size_t bytes;

	if (data_size)
		*data_size = 0;

	if (hdr->argsz < head || stride < 0 || (hdr->flags & ~known))
		return -EINVAL;
	if (hdr->index >= indices)
		return -EINVAL;
	if (hdr->start >= irqs || hdr->count > irqs - hdr->start)
		return -EINVAL;
	if (!stride)
		return 0;

	if (!data_size || check_mul_overflow((size_t)hdr->count, (size_t)stride,
					     &bytes))
		return -EINVAL;
	if (hdr->argsz - head < bytes)
		return -EINVAL;

	*data_size = bytes;
	return 0;
}
EXPORT_SYMBOL(vfio_set_irqs_validate_and_prepare);
