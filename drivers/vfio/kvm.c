// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO core: what KVM is told, and what drivers are told of KVM
 *
 * kvm-vfio announces a KVM for a file of ours without a reference; a device
 * that is opened through that file takes one, for as long as it is open. KVM
 * is reached by symbol_get(), so that neither module needs the other.
 */
#include <linux/spinlock.h>
#if IS_ENABLED(CONFIG_KVM)
#include <linux/kvm_host.h>
#endif

#include "vfio.h"

#if IS_ENABLED(CONFIG_KVM)
/* A reference to @kvm and to the function that drops it, or NULL. */
static void (*vfio_kvm_try_get(struct kvm *kvm))(struct kvm *kvm)
{
	void (*put)(struct kvm *kvm) = symbol_get(kvm_put_kvm);
	bool (*get)(struct kvm *kvm) = symbol_get(kvm_get_kvm_safe);
	bool got = false;

	if (!WARN_ON(!put || !get))
		got = get(kvm);
	if (get)
		symbol_put(kvm_get_kvm_safe);
	if (put && !got) {
		symbol_put(kvm_put_kvm);
		put = NULL;
	}
	return got ? put : NULL;
}

/**
 * vfio_kvm_hold_slow() - vfio_kvm_hold() where a KVM was announced
 * @device: a device with a new binding
 * @slot: the file's slot
 *
 * A KVM that is on its way out counts as none.
 *
 * Context: caller holds the lock of the device's set.
 */
void vfio_kvm_hold_slow(struct vfio_device *device, struct vfio_kvm_slot *slot)
{
	struct vfio_binding *binding = &device->binding;

	lockdep_assert_held(&device->dev_set->lock);

	spin_lock(&slot->lock);
	if (slot->kvm) {
		binding->put_kvm = vfio_kvm_try_get(slot->kvm);
		if (binding->put_kvm)
			device->kvm = slot->kvm;
	}
	spin_unlock(&slot->lock);
}

/**
 * vfio_kvm_release_slow() - vfio_kvm_release() where a KVM is held
 * @device: a device whose driver has closed it
 *
 * Context: caller holds the lock of the device's set.
 */
void vfio_kvm_release_slow(struct vfio_device *device)
{
	struct vfio_binding *binding = &device->binding;

	lockdep_assert_held(&device->dev_set->lock);

	binding->put_kvm(device->kvm);
	symbol_put(kvm_put_kvm);
	binding->put_kvm = NULL;
	device->kvm = NULL;
}
#endif

#if !IS_ENABLED(CONFIG_VFIO_GROUP)
static struct vfio_group *vfio_group_from_file(struct file *file)
{
	return NULL;
}

static bool vfio_group_enforced_coherent(struct vfio_group *group)
{
	return true;
}

static struct vfio_kvm_slot *vfio_file_kvm_slot(struct file *file)
{
	struct vfio_fd *fd = vfio_fd_from_file(file);

	return fd ? &fd->kvm : NULL;
}
#else
static struct vfio_kvm_slot *vfio_file_kvm_slot(struct file *file)
{
	struct vfio_group *group = vfio_group_from_file(file);
	struct vfio_fd *fd = vfio_fd_from_file(file);

	if (group)
		return &group->kvm;
	return fd ? &fd->kvm : NULL;
}
#endif

/**
 * vfio_file_is_valid() - is this a file of ours?
 * @file: any file
 *
 * Return: true for the file of a group or of a device.
 */
bool vfio_file_is_valid(struct file *file)
{
	return vfio_file_kvm_slot(file);
}
EXPORT_SYMBOL_GPL(vfio_file_is_valid);

/**
 * vfio_file_enforced_coherent() - is DMA through this file always coherent?
 * @file: the file of a group or of a device
 *
 * Coherent means that the iommu overrides a device's wish not to snoop. If it
 * cannot, a guest must be allowed to flush caches itself (WBINVD on x86).
 *
 * Return: true if it is, or if @file is none of ours.
 */
bool vfio_file_enforced_coherent(struct file *file)
{
	struct vfio_group *group = vfio_group_from_file(file);
	struct vfio_fd *fd = vfio_fd_from_file(file);
	bool coherent;

	if (group)
		return vfio_group_enforced_coherent(group);
	if (!fd)
		return true;
	/* There is no device to ask any more. */
	if (!vfio_gate_enter(fd))
		return fd->coherent;
	coherent = device_iommu_capable(fd->device->dev,
					IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
	vfio_gate_leave(fd);
	return coherent;
}
EXPORT_SYMBOL_GPL(vfio_file_enforced_coherent);

/**
 * vfio_file_set_kvm() - announce the KVM that a file's devices belong to
 * @file: the file of a group or of a device; others are ignored
 * @kvm: the KVM, or NULL to withdraw it
 *
 * Devices that are opened through @file from now on find it in
 * &vfio_device.kvm; a device that is open already keeps what it has. Once this
 * has returned for NULL, nobody takes a new reference through @file.
 */
void vfio_file_set_kvm(struct file *file, struct kvm *kvm)
{
	struct vfio_kvm_slot *slot = vfio_file_kvm_slot(file);

	if (!slot)
		return;
	spin_lock(&slot->lock);
	WRITE_ONCE(slot->kvm, kvm);
	spin_unlock(&slot->lock);
}
EXPORT_SYMBOL_GPL(vfio_file_set_kvm);
