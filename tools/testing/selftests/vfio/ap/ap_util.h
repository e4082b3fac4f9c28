/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of vfio-ap share: the emulator's files, the AP bus, the
 * attributes of a matrix device, and a guest of ap_guest.ko that has one open.
 * As in vfio_util.h, failures are negative errnos and nothing prints TAP.
 */
#ifndef AP_UTIL_H
#define AP_UTIL_H

#include <stdbool.h>
#include <stddef.h>

#include "vfio_util.h"
#include "modules/ap_guest.h"

#define AP_TYPE		"vfio_ap-passthrough"
#define AP_BUS		"/sys/bus/ap/"
#define APQN(card, domain)	((card) << 8 | (domain))

/* What ap.sh sets up: cards 1 to 6, domains 4 to 7; 1 and 2 are the host's. */
#define HOST_CARD	1
#define CARD		3
#define LAST_CARD	6
#define DOMAIN		4
#define LAST_DOMAIN	7
#define MAX_CARD	63
#define MAX_DOMAIN	31

/* The emulator: write to a file of it, a counter, lines of its log. */
int ap_emu(const char *file, const char *fmt, ...);
long long ap_emu_stat(const char *name);
/* Log entries of this operation ("zapq"), on this queue or on any if below 0. */
int ap_emu_calls(const char *op, int apqn);
/* Address of the first logged UVC of this command, at or after *@nth. */
bool ap_emu_uvc(unsigned int cmd, int *nth, unsigned long long *address);
/* As ap.sh left it: all cards and queues on line, no rules, no delays. */
void ap_emu_reset(void);

/* The AP bus. */
int ap_scan(void);
int ap_queue_driver(int apqn, char *name, size_t size);
int ap_queue_bind(int apqn);
int ap_queue_unbind(int apqn);
int ap_queue_status(int apqn, char *status, size_t size);
bool ap_queue_status_is(int apqn, const char *status);

/* Matrix devices. */
int ap_mdev_new(struct vfio_dut *dut);
int ap_set(const struct vfio_dut *dut, const char *attr, const char *fmt, ...);
/* The whole text; its length, or an errno. */
int ap_get(const struct vfio_dut *dut, const char *attr, char *buf, size_t size);
bool ap_is(const struct vfio_dut *dut, const char *attr, const char *want);
/* Assign a range of cards and one of domains; the first refusal ends it. */
int ap_assign(const struct vfio_dut *dut, int card, int last_card, int domain, int last_domain);

/* What ap_config reads as, or is written with, given the first byte of each mask. */
#define AP_CONFIG_SIZE	(3 * 67 + 1)
const char *ap_config_text(char text[AP_CONFIG_SIZE], int apm, int aqm, int adm);
int ap_config(const struct vfio_dut *dut, int apm, int aqm, int adm);

/* A file of any size, whole. */
int file_read(const char *path, char *buf, size_t size);

/* A guest with memory, and a matrix device that it may have open. */
#define VM_SIZE		(1024 * 1024)

enum ap_path { AP_CDEV, AP_GROUP };

struct ap_vm {
	int guest;
	int device, iommufd, group, container;
	unsigned int ioas;
	unsigned char *mem;	/* at guest address 0 */
};

int ap_vm_new(struct ap_vm *vm);
int ap_vm_open(struct ap_vm *vm, const struct vfio_dut *dut, enum ap_path path);
void ap_vm_close(struct ap_vm *vm);
void ap_vm_free(struct ap_vm *vm);
/* It is mapped when the device is opened. */
int ap_vm_map(struct ap_vm *vm);
int ap_vm_unmap(struct ap_vm *vm);
/*
 * What a guest does before it uses its queues. New ones may still have the
 * interrupts on that the AP bus of the host enables.
 */
int ap_vm_reset(struct ap_vm *vm);
/* The eventfd that asks for the device back; -1 takes it out again. */
int ap_vm_request_event(const struct ap_vm *vm, int fd);
bool ap_vm_has(const struct ap_vm *vm, int card, int domain);
bool ap_vm_has_cdom(const struct ap_vm *vm, int domain);
/* No card and no domain at all. */
bool ap_vm_is_empty(const struct ap_vm *vm);
/* Response code of AQIC, or a negative errno of the hook. */
int ap_vm_aqic(struct ap_vm *vm, int apqn, bool on, unsigned int isc, unsigned long long nib);
int ap_vm_state(const struct ap_vm *vm, struct ap_guest_state *state);
int ap_vm_send(struct ap_vm *vm, int apqn, unsigned long long psmid, const void *text, size_t len);
int ap_vm_receive(struct ap_vm *vm, int apqn, unsigned long long *psmid, void *text, size_t *len);
/* What the masks were set to since the last call of ap_vm_forget(). */
int ap_vm_history(const struct ap_vm *vm, struct ap_guest_apcb *apcbs, int max);
void ap_vm_forget(const struct ap_vm *vm);

static inline bool ap_bit(const unsigned long long *mask, int nr)
{
	return mask[nr / 64] >> (63 - nr % 64) & 1;
}

#endif /* AP_UTIL_H */
