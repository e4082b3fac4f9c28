/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/ap_guest: each open file is a guest that runs no code, but has all that
 * vfio-ap wants of a struct kvm. For tests; nothing here is stable.
 */
#ifndef AP_GUEST_H
#define AP_GUEST_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Masks number their bits from the left: bit 0 is 1 << 63 of the first word. */
struct ap_guest_apcb {
	__u64 apm[4];
	__u64 aqm[4];
	__u64 adm[4];
};

struct ap_guest_aqic {
	__u64 gr1;		/* in: control, out: status */
	__u64 nib;
	__u32 apqn;
	__u32 no_aiv;		/* as a guest without the facility */
	__s32 ret;		/* what the hook returned */
	__u32 pad;
};

struct ap_guest_mem {
	__u64 gpa;
	__u64 hva;
	__u64 size;
};

struct ap_guest_state {
	__u32 number;		/* its debug area is s390dbf/ap_guest<number> */
	__u32 users;		/* references to its struct kvm besides its own */
	__u32 hook;		/* whether a PQAP hook is registered */
	__u32 ipm;		/* interrupts pending, by ISC; reading clears them */
	__u32 gisc[8];		/* registrations of each guest ISC */
};

struct ap_guest_msg {
	__u64 psmid;
	__u64 text;
	__u32 len;
	__u32 apqn;
	__u32 receive;		/* DQAP instead of NQAP */
	__u32 status;		/* gr1 of the instruction */
};

/* Offer the guest to a vfio file, as KVM_DEV_VFIO_FILE_ADD does, and take it back. */
#define AP_GUEST_ATTACH		_IO('g', 1)
#define AP_GUEST_DETACH		_IO('g', 2)
#define AP_GUEST_APCB		_IOR('g', 3, struct ap_guest_apcb)
#define AP_GUEST_AQIC		_IOWR('g', 4, struct ap_guest_aqic)
#define AP_GUEST_MEM		_IOW('g', 5, struct ap_guest_mem)
#define AP_GUEST_STATE		_IOR('g', 6, struct ap_guest_state)
#define AP_GUEST_MSG		_IOWR('g', 7, struct ap_guest_msg)
/* Make it a protected guest, whose memory is the MiB at this address, again and again. */
#define AP_GUEST_PROTECT	_IO('g', 8)

#endif /* AP_GUEST_H */
