// SPDX-License-Identifier: GPL-2.0
/*
 * A guest of ap_guest.ko in a test: its memory, the matrix device that it has
 * open through the cdev or through group and container, and the instructions
 * that it would execute.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include "ap_util.h"
#include "vfio_path.h"

#define HISTORY_SIZE	(256 * 1024)

static void no_files(struct ap_vm *vm)
{
	vm->device = -1;
	vm->iommufd = -1;
	vm->group = -1;
	vm->container = -1;
}

int ap_vm_new(struct ap_vm *vm)
{
	struct ap_guest_mem mem = { .size = VM_SIZE };
	size_t room = 2 * VM_SIZE;
	int ret;

	no_files(vm);
	/* On a MiB, as a protected guest's has to be. */
	vm->mem = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->mem == MAP_FAILED)
		return -errno;
	vm->mem += -(unsigned long)vm->mem & (VM_SIZE - 1);
	madvise(vm->mem, VM_SIZE, MADV_NOHUGEPAGE);
	memset(vm->mem, 0, VM_SIZE);
	vm->guest = node_open("/dev/ap_guest");
	if (vm->guest < 0)
		return vm->guest;
	mem.hva = (unsigned long)vm->mem;
	ret = vfio_ioctl(vm->guest, AP_GUEST_MEM, &mem);
	return ret;
}

static int open_cdev(struct ap_vm *vm, const struct vfio_dut *dut)
{
	int ret;

	vm->device = node_open(dut->cdev);
	if (vm->device < 0)
		return vm->device;
	vm->iommufd = iommufd_open();
	ret = vfio_ioctl_val(vm->guest, AP_GUEST_ATTACH, vm->device);
	if (!ret)
		ret = vfio_bind(vm->device, vm->iommufd, NULL);
	if (!ret)
		ret = ioas_alloc(vm->iommufd, &vm->ioas);
	if (!ret)
		ret = vfio_attach(vm->device, &vm->ioas);
	if (!ret)
		ret = ioas_map(vm->iommufd, vm->ioas, vm->mem, VM_SIZE, 0);
	return ret;
}

static int open_group(struct ap_vm *vm, const struct vfio_dut *dut)
{
	int ret;

	vm->group = node_open(dut->group);
	if (vm->group < 0)
		return vm->group;
	vm->container = container_open();
	ret = vfio_ioctl_val(vm->guest, AP_GUEST_ATTACH, vm->group);
	if (!ret)
		ret = group_set_container(vm->group, vm->container);
	if (!ret)
		ret = container_set_iommu(vm->container, VFIO_TYPE1v2_IOMMU);
	if (!ret)
		ret = container_map(vm->container, vm->mem, VM_SIZE, 0);
	if (ret)
		return ret;
	ret = group_get_device(vm->group, dut->name);
	if (ret < 0)
		return ret;
	vm->device = ret;
	return 0;
}

int ap_vm_open(struct ap_vm *vm, const struct vfio_dut *dut, enum ap_path path)
{
	int ret = path == AP_CDEV ? open_cdev(vm, dut) : open_group(vm, dut);

	if (ret)
		ap_vm_close(vm);
	return ret;
}

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void ap_vm_close(struct ap_vm *vm)
{
	if (vm->group >= 0)
		vfio_ioctl_val(vm->guest, AP_GUEST_DETACH, vm->group);
	else if (vm->device >= 0)
		vfio_ioctl_val(vm->guest, AP_GUEST_DETACH, vm->device);
	drop(&vm->device);
	drop(&vm->group);
	drop(&vm->container);
	drop(&vm->iommufd);
}

void ap_vm_free(struct ap_vm *vm)
{
	ap_vm_close(vm);
	drop(&vm->guest);
}

int ap_vm_unmap(struct ap_vm *vm)
{
	__u64 len = VM_SIZE;

	if (vm->container >= 0)
		return container_unmap(vm->container, 0, &len);
	return ioas_unmap(vm->iommufd, vm->ioas, 0, VM_SIZE);
}

int ap_vm_map(struct ap_vm *vm)
{
	if (vm->container >= 0)
		return container_map(vm->container, vm->mem, VM_SIZE, 0);
	return ioas_map(vm->iommufd, vm->ioas, vm->mem, VM_SIZE, 0);
}

int ap_vm_reset(struct ap_vm *vm)
{
	return vfio_ioctl_val(vm->device, VFIO_DEVICE_RESET, 0);
}

int ap_vm_request_event(const struct ap_vm *vm, int fd)
{
	return vfio_set_irq(vm->device, 0, VFIO_IRQ_SET_ACTION_TRIGGER, fd);
}

static int apcb_of(const struct ap_vm *vm, struct ap_guest_apcb *apcb)
{
	memset(apcb, 0, sizeof(*apcb));
	return vfio_ioctl(vm->guest, AP_GUEST_APCB, apcb);
}

bool ap_vm_has(const struct ap_vm *vm, int card, int domain)
{
	struct ap_guest_apcb apcb;

	return !apcb_of(vm, &apcb) && ap_bit(apcb.apm, card) && ap_bit(apcb.aqm, domain);
}

bool ap_vm_has_cdom(const struct ap_vm *vm, int domain)
{
	struct ap_guest_apcb apcb;

	return !apcb_of(vm, &apcb) && ap_bit(apcb.adm, domain);
}

bool ap_vm_is_empty(const struct ap_vm *vm)
{
	static const struct ap_guest_apcb empty;
	struct ap_guest_apcb apcb;

	return !apcb_of(vm, &apcb) && !memcmp(&apcb, &empty, sizeof(apcb));
}

int ap_vm_aqic(struct ap_vm *vm, int apqn, bool on, unsigned int isc, unsigned long long nib)
{
	struct ap_guest_aqic aqic = {
		.apqn = apqn,
		.gr1 = (unsigned long long)on << 47 | isc,
		.nib = nib,
	};
	int ret;

	ret = vfio_ioctl(vm->guest, AP_GUEST_AQIC, &aqic);
	if (ret)
		return ret;
	return aqic.ret ?: (int)(aqic.gr1 >> 16 & 0xff);
}

int ap_vm_state(const struct ap_vm *vm, struct ap_guest_state *state)
{
	memset(state, 0, sizeof(*state));
	return vfio_ioctl(vm->guest, AP_GUEST_STATE, state);
}

int ap_vm_send(struct ap_vm *vm, int apqn, unsigned long long psmid, const void *text, size_t len)
{
	struct ap_guest_msg msg = {
		.apqn = apqn,
		.psmid = psmid,
		.text = (unsigned long)text,
		.len = len,
	};
	int ret = vfio_ioctl(vm->guest, AP_GUEST_MSG, &msg);

	return ret ?: (int)(msg.status >> 16 & 0xff);
}

int ap_vm_receive(struct ap_vm *vm, int apqn, unsigned long long *psmid, void *text, size_t *len)
{
	struct ap_guest_msg msg = {
		.apqn = apqn,
		.receive = 1,
		.text = (unsigned long)text,
		.len = *len,
	};
	int ret = vfio_ioctl(vm->guest, AP_GUEST_MSG, &msg);

	*psmid = msg.psmid;
	*len = msg.len;
	return ret ?: (int)(msg.status >> 16 & 0xff);
}

static void history_path(const struct ap_vm *vm, const char *file, char *path, size_t size)
{
	struct ap_guest_state state;

	ap_vm_state(vm, &state);
	snprintf(path, size, "/sys/kernel/debug/s390dbf/ap_guest%u/%s", state.number, file);
}

static bool parse_mask(const char *line, const char *name, __u64 mask[4])
{
	unsigned long long m[4];
	char format[64];
	int i;

	line = strstr(line, "SET CRYCB: ");
	snprintf(format, sizeof(format), "SET CRYCB: %s %%llx %%llx %%llx %%llx", name);
	if (!line || sscanf(line, format, &m[0], &m[1], &m[2], &m[3]) != 4)
		return false;
	for (i = 0; i < 4; i++)
		mask[i] = m[i];
	return true;
}

int ap_vm_history(const struct ap_vm *vm, struct ap_guest_apcb *apcbs, int max)
{
	char *text = malloc(HISTORY_SIZE), *rest = text, *line, path[128];
	struct ap_guest_apcb apcb = {};
	int n = 0;

	history_path(vm, "sprintf", path, sizeof(path));
	if (!text || file_read(path, text, HISTORY_SIZE) < 0) {
		free(text);
		return -1;
	}
	while ((line = strsep(&rest, "\n"))) {
		bool last = parse_mask(line, "adm", apcb.adm);

		if (strstr(line, "CLR CRYCB")) {
			memset(&apcb, 0, sizeof(apcb));
			last = true;
		}
		parse_mask(line, "apm", apcb.apm);
		parse_mask(line, "aqm", apcb.aqm);
		if (last && n < max)
			apcbs[n++] = apcb;
	}
	free(text);
	return n;
}

void ap_vm_forget(const struct ap_vm *vm)
{
	char path[128];

	history_path(vm, "flush", path, sizeof(path));
	sysfs_write(path, "-");
}
