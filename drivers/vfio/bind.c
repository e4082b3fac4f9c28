// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: who uses a device
 *
 * One sequence for both ways in: VFIO_DEVICE_BIND_IOMMUFD on the device's own
 * node (cdev.c) and VFIO_GROUP_GET_DEVICE_FD (group_fd.c) end in vfio_bind(),
 * both ways out in vfio_unbind(), under &vfio_device.lock. See the DOC section
 * below.
 */
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/slab.h>

#include <trace/events/vfio.h>

#include "vfio.h"

/**
 * DOC: The binding of a device
 *
 * A device has one &struct vfio_binding, which says what DMA context the device
 * is in, if any. Whoever comes first takes it, and is refused if it is taken:
 * an fd of the device's own node always, an fd of a group unless the binding
 * came from a group too and has the very same context. So one device never
 * has two contexts, and no separate flag says "in use".
 *
 * What is done for the first fd is undone for the last, in reverse::
 *
 *   module reference
 *     context.use        a container's iommu driver learns of the device
 *       context.bind     iommufd takes the device
 *         KVM reference
 *           open_device
 *             context.attach   the address space that a group implies
 *
 * open_count counts the fds that share the binding; it is one already while
 * the driver opens, and still one while it closes.
 */

/* The part that must exclude the other members of the reset domain. */
static int vfio_binding_open(struct vfio_device *device,
			     struct vfio_kvm_slot *kvm)
{
	struct vfio_binding *binding = &device->binding;
	const struct vfio_dma_ctx *ctx = &binding->ctx;
	int ret;

	lockdep_assert_held(&device->dev_set->lock);

	/* An unmap may reach the driver as soon as it is bound. */
	device->open_count = 1;
	if (ctx->ops->bind) {
		ret = ctx->ops->bind(device, ctx, &binding->devid);
		if (ret)
			goto uncount;
	}

	vfio_kvm_hold(device, kvm);
	if (device->ops->open_device) {
		ret = device->ops->open_device(device);
		if (ret)
			goto release_kvm;
	}

	if (binding->shared && ctx->ops->attach) {
		ret = ctx->ops->attach(device, ctx);
		if (ret)
			goto close_device;
	}
	device->cdev_opened = !binding->shared;
	return 0;

close_device:
	if (device->ops->close_device)
		device->ops->close_device(device);
release_kvm:
	if (ctx->ops->unbind)
		ctx->ops->unbind(device);
	vfio_kvm_release(device);
uncount:
	device->open_count = 0;
	return ret;
}

static void vfio_binding_close(struct vfio_device *device)
{
	const struct vfio_dma_ctx *ctx = &device->binding.ctx;

	lockdep_assert_held(&device->dev_set->lock);

	if (device->ops->close_device)
		device->ops->close_device(device);
	if (ctx->ops->unbind)
		ctx->ops->unbind(device);
	device->open_count = 0;
	device->cdev_opened = false;
	vfio_kvm_release(device);
}

static noinline int vfio_bind_first(struct vfio_fd *fd, const struct vfio_dma_ctx *ctx,
				    struct vfio_kvm_slot *kvm)
{
	struct vfio_device *device = fd->device;
	struct vfio_binding *binding = &device->binding;
	int ret;

	if (!try_module_get(device->owner))
		return -ENODEV;

	if (ctx->ops->use) {
		ret = ctx->ops->use(device, ctx);
		if (ret)
			goto put_module;
	}

	binding->ctx = *ctx;
	binding->shared = fd->group_file;
	mutex_lock(&device->dev_set->lock);
	ret = vfio_binding_open(device, kvm);
	mutex_unlock(&device->dev_set->lock);
	if (ret)
		goto unuse;
	return 0;

unuse:
	binding->ctx.ops = NULL;
	if (ctx->ops->unuse)
		ctx->ops->unuse(device, ctx);
put_module:
	module_put(device->owner);
	return ret;
}

static bool vfio_dma_ctx_same(const struct vfio_dma_ctx *a,
			      const struct vfio_dma_ctx *b)
{
	return a->ops == b->ops && a->ictx == b->ictx;
}

/* May this fd share what is there? */
static noinline int vfio_bind_join(struct vfio_fd *fd, const struct vfio_dma_ctx *ctx)
{
	struct vfio_device *device = fd->device;
	const struct vfio_binding *binding = &device->binding;

	if (!fd->group_file)
		return -EINVAL;
	if (!binding->shared || !vfio_dma_ctx_same(&binding->ctx, ctx))
		return -EBUSY;

	mutex_lock(&device->dev_set->lock);
	device->open_count++;
	mutex_unlock(&device->dev_set->lock);
	return 0;
}

/**
 * vfio_bind() - make an fd a user of its device
 * @fd: an fd that is not bound
 * @ctx: the DMA context, which the caller keeps alive until vfio_unbind()
 * @kvm: the slot of the file that is opened
 *
 * Context: caller holds &vfio_device.lock. May sleep.
 * Return: 0; -EINVAL for an fd of the device's own node when the device is in
 *	use, or for a container without iommu driver; -EBUSY for an fd of a
 *	group when it is in use otherwise; -ENODEV when the driver's module is on
 *	its way out; -EPERM for a device without iommu and a task without
 *	CAP_SYS_RAWIO; -ENOMEM; or what the context or the driver says.
 */
int vfio_bind(struct vfio_fd *fd, const struct vfio_dma_ctx *ctx,
	      struct vfio_kvm_slot *kvm)
{
	int ret;

	lockdep_assert_held(&fd->device->lock);

	if (vfio_device_is_bound(fd->device))
		ret = vfio_bind_join(fd, ctx);
	else
		ret = vfio_bind_first(fd, ctx, kvm);
	trace_vfio_bind(fd->device, fd->comm, pid_nr(fd->opener), ret);
	return ret;
}

/**
 * vfio_unbind() - undo vfio_bind()
 * @fd: a bound fd, the last user or one of several
 *
 * Context: caller holds &vfio_device.lock. May sleep.
 */
void vfio_unbind(struct vfio_fd *fd)
{
	struct vfio_device *device = fd->device;
	struct vfio_dma_ctx *ctx = &device->binding.ctx;
	bool last;

	lockdep_assert_held(&device->lock);

	mutex_lock(&device->dev_set->lock);
	last = device->open_count == 1;
	if (last)
		vfio_binding_close(device);
	else
		device->open_count--;
	mutex_unlock(&device->dev_set->lock);
	if (!last)
		return;

	if (ctx->ops->unuse)
		ctx->ops->unuse(device, ctx);
	ctx->ops = NULL;
	module_put(device->owner);
}
