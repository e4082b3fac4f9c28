// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests for vfio-ap where no KVM can run any. Each open file of /dev/ap_guest
 * owns a struct kvm with what vfio-ap and the KVM code that it calls touch: the
 * reference count and the lock, a crypto control block of format 2, the PQAP
 * hook and its semaphore, a GISA, one vCPU, one memory slot. The masks are then
 * set by KVM's own kvm_arch_crypto_set_masks(), which also writes each change
 * to the guest's debug area.
 *
 * A struct kvm here has one reference that is never put, so KVM never tears
 * one down; a guest goes when that is the last one. What should be undone by
 * then is checked.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kvm_host.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>
#include <asm/debug.h>
#include <asm/gmap.h>
#include "ap_emu.h"
#include "ap_guest.h"

#define MAX_GUESTS	16
#define MAX_FILES	4
#define GISA_IPM_BIT(isc)	(63 - (32 + (isc)))

struct guest {
	struct kvm *kvm;
	struct kvm_vcpu *vcpu;
	struct kvm_memory_slot *slot;
	struct mutex lock;		/* of files and slot */
	struct file *files[MAX_FILES];
	struct delayed_work reap;
	int number;
};

/* The control blocks outlive their guests: the emulator looks without a lock. */
static struct kvm_s390_crypto_cb *crycbs[MAX_GUESTS];
static DECLARE_BITMAP(numbers, MAX_GUESTS);

static bool guest_plugged(u16 apqn)
{
	unsigned int i;

	for (i = 0; i < MAX_GUESTS; i++)
		if (test_bit_inv(AP_QID_CARD(apqn), (unsigned long *)crycbs[i]->apcb1.apm) &&
		    test_bit_inv(AP_QID_QUEUE(apqn), (unsigned long *)crycbs[i]->apcb1.aqm))
			return true;
	return false;
}

static void vm_free(struct guest *g)
{
	if (g->kvm) {
		debug_unregister(g->kvm->arch.dbf);
		free_page((unsigned long)g->kvm->arch.gisa_int.origin);
		cleanup_srcu_struct(&g->kvm->srcu);
	}
	if (g->vcpu) {
		free_page((unsigned long)g->vcpu->run);
		free_page((unsigned long)g->vcpu->arch.sie_block);
	}
	kfree(g->slot);
	kvfree(g->vcpu);
	kvfree(g->kvm);
	kfree(g);
}

static struct guest *vm_alloc(void)
{
	struct guest *g = kzalloc(sizeof(*g), GFP_KERNEL);
	struct kvm_s390_gisa_interrupt *gi;
	struct kvm *kvm;

	if (!g)
		return NULL;
	mutex_init(&g->lock);
	kvm = kvzalloc(sizeof(*kvm), GFP_KERNEL);
	if (!kvm || init_srcu_struct(&kvm->srcu)) {
		kvfree(kvm);
		kfree(g);
		return NULL;
	}
	g->kvm = kvm;
	gi = &kvm->arch.gisa_int;
	refcount_set(&kvm->users_count, 1);
	mutex_init(&kvm->lock);
	mutex_init(&kvm->slots_lock);
	xa_init(&kvm->vcpu_array);
	init_rwsem(&kvm->arch.crypto.pqap_hook_rwsem);
	spin_lock_init(&gi->alert.ref_lock);
	kvm->__memslots[0][0].gfn_tree = RB_ROOT;
	rcu_assign_pointer(kvm->memslots[0], &kvm->__memslots[0][0]);
	gi->origin = (void *)get_zeroed_page(GFP_KERNEL | GFP_DMA);
	g->vcpu = kvzalloc(sizeof(*g->vcpu), GFP_KERNEL);
	if (!g->vcpu || !gi->origin)
		goto free;
	gi->origin->next_alert = (u32)(u64)gi->origin;
	g->vcpu->kvm = kvm;
	mutex_init(&g->vcpu->mutex);
	g->vcpu->run = (void *)get_zeroed_page(GFP_KERNEL);
	g->vcpu->arch.sie_block = (void *)get_zeroed_page(GFP_KERNEL);
	if (!g->vcpu->run || !g->vcpu->arch.sie_block)
		goto free;
	return g;

free:
	vm_free(g);
	return NULL;
}

/* What a driver should have undone before it let go of its last reference. */
static void guest_check(struct guest *g)
{
	struct kvm *kvm = g->kvm;
	unsigned int isc;

	WARN(kvm->arch.crypto.pqap_hook, "ap_guest%d: the PQAP hook is still there\n", g->number);
	WARN(memchr_inv(&crycbs[g->number]->apcb1, 0, sizeof(struct kvm_s390_apcb1)),
	     "ap_guest%d: its masks were not cleared\n", g->number);
	for (isc = 0; isc <= MAX_ISC; isc++)
		WARN(kvm->arch.gisa_int.alert.ref_count[isc],
		     "ap_guest%d: ISC %u is still registered\n", g->number, isc);
}

static void guest_reap(struct work_struct *work)
{
	struct guest *g = container_of(work, struct guest, reap.work);

	if (refcount_read(&g->kvm->users_count) > 1) {
		schedule_delayed_work(&g->reap, HZ / 10);
		return;
	}
	guest_check(g);
	if (g->kvm->arch.gmap) {
		gmap_remove(g->kvm->arch.gmap);
		mmdrop(g->kvm->mm);
	}
	memset(crycbs[g->number], 0, sizeof(**crycbs));
	clear_bit(g->number, numbers);
	vm_free(g);
	module_put(THIS_MODULE);
}

static int guest_open(struct inode *inode, struct file *file)
{
	struct guest *g = vm_alloc();
	char name[16];

	if (!g)
		return -ENOMEM;
	do {
		g->number = find_first_zero_bit(numbers, MAX_GUESTS);
		if (g->number == MAX_GUESTS) {
			vm_free(g);
			return -EMFILE;
		}
	} while (test_and_set_bit(g->number, numbers));
	snprintf(name, sizeof(name), "ap_guest%d", g->number);
	g->kvm->arch.dbf = debug_register(name, 8, 1, 7 * sizeof(long));
	debug_register_view(g->kvm->arch.dbf, &debug_sprintf_view);
	debug_set_level(g->kvm->arch.dbf, 3);
	g->kvm->arch.crypto.crycb = crycbs[g->number];
	g->kvm->arch.crypto.crycbd = (u32)virt_to_phys(crycbs[g->number]) | CRYCB_FORMAT2;
	g->vcpu->arch.sie_block->eca = ECA_AIV | ECA_APIE;
	INIT_DELAYED_WORK(&g->reap, guest_reap);
	__module_get(THIS_MODULE);
	file->private_data = g;
	return 0;
}

static int guest_release(struct inode *inode, struct file *file)
{
	struct guest *g = file->private_data;
	unsigned int i;

	for (i = 0; i < MAX_FILES; i++) {
		if (!g->files[i])
			continue;
		vfio_file_set_kvm(g->files[i], NULL);
		fput(g->files[i]);
	}
	schedule_delayed_work(&g->reap, 0);
	return 0;
}

static long guest_attach(struct guest *g, int fd)
{
	struct file *file = fget(fd);
	unsigned int i;

	if (!file)
		return -EBADF;
	if (!vfio_file_is_valid(file)) {
		fput(file);
		return -EINVAL;
	}
	for (i = 0; i < MAX_FILES; i++) {
		if (g->files[i])
			continue;
		g->files[i] = file;
		vfio_file_set_kvm(file, g->kvm);
		return 0;
	}
	fput(file);
	return -ENOSPC;
}

static long guest_detach(struct guest *g, int fd)
{
	struct file *file = fget(fd);
	unsigned int i;
	long ret = file ? -ENOENT : -EBADF;

	for (i = 0; file && i < MAX_FILES; i++) {
		if (g->files[i] != file)
			continue;
		vfio_file_set_kvm(file, NULL);
		g->files[i] = NULL;
		fput(file);
		ret = 0;
		break;
	}
	if (file)
		fput(file);
	return ret;
}

static long guest_mem(struct guest *g, const struct ap_guest_mem *mem)
{
	struct kvm_memslots *slots = &g->kvm->__memslots[0][0];
	struct kvm_memory_slot *slot;

	if (g->slot)
		return -EBUSY;
	if (!mem->size || (mem->gpa | mem->hva | mem->size) & ~PAGE_MASK)
		return -EINVAL;
	slot = kzalloc(sizeof(*slot), GFP_KERNEL);
	if (!slot)
		return -ENOMEM;
	slot->base_gfn = mem->gpa >> PAGE_SHIFT;
	slot->npages = mem->size >> PAGE_SHIFT;
	slot->userspace_addr = mem->hva;
	/* Only AQIC searches, and holds this. */
	mutex_lock(&g->vcpu->mutex);
	rb_link_node(&slot->gfn_node[0], NULL, &slots->gfn_tree.rb_node);
	rb_insert_color(&slot->gfn_node[0], &slots->gfn_tree);
	mutex_unlock(&g->vcpu->mutex);
	g->slot = slot;
	return 0;
}

/* What KVM does with PQAP(AQIC) once it has checked the registers. */
static void guest_aqic(struct guest *g, struct ap_guest_aqic *aqic)
{
	struct kvm_vcpu *vcpu = g->vcpu;
	struct kvm_s390_crypto *crypto = &g->kvm->arch.crypto;
	int idx;

	mutex_lock(&vcpu->mutex);
	idx = srcu_read_lock(&g->kvm->srcu);
	vcpu->arch.sie_block->eca = ECA_APIE | (aqic->no_aiv ? 0 : ECA_AIV);
	vcpu->run->s.regs.gprs[0] = 3UL << 24 | (u16)aqic->apqn;
	vcpu->run->s.regs.gprs[1] = aqic->gr1;
	vcpu->run->s.regs.gprs[2] = aqic->nib;
	down_read(&crypto->pqap_hook_rwsem);
	if (crypto->pqap_hook) {
		aqic->ret = (*crypto->pqap_hook)(vcpu);
		aqic->gr1 = vcpu->run->s.regs.gprs[1];
	} else {
		aqic->ret = 0;
		aqic->gr1 = EMU_RC_NOT_AVAIL << 16;
	}
	up_read(&crypto->pqap_hook_rwsem);
	srcu_read_unlock(&g->kvm->srcu, idx);
	mutex_unlock(&vcpu->mutex);
}

static void guest_state(struct guest *g, struct ap_guest_state *s)
{
	struct kvm_s390_gisa_interrupt *gi = &g->kvm->arch.gisa_int;
	unsigned int isc;

	s->number = g->number;
	s->users = refcount_read(&g->kvm->users_count) - 1;
	s->hook = !!READ_ONCE(g->kvm->arch.crypto.pqap_hook);
	for (isc = 0; isc <= MAX_ISC; isc++) {
		s->gisc[isc] = READ_ONCE(gi->alert.ref_count[isc]);
		if (test_and_clear_bit(GISA_IPM_BIT(isc), (unsigned long *)gi->origin))
			s->ipm |= 1 << isc;
	}
}

/* An instruction of the guest: a queue that it has not got is not there for it. */
static long guest_msg(struct guest *g, struct ap_guest_msg *msg)
{
	struct kvm_s390_apcb1 *apcb = &g->kvm->arch.crypto.crycb->apcb1;
	struct ap_queue_status status = { .response_code = EMU_RC_NOT_AVAIL };
	void __user *text = u64_to_user_ptr(msg->text);
	u16 apqn = msg->apqn;
	unsigned long psmid = msg->psmid;
	size_t len = msg->len;
	void *buf;

	if (!len || len > EMU_MSG_MAX)
		return -EINVAL;
	buf = kzalloc(len, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	if (!msg->receive && copy_from_user(buf, text, len)) {
		kfree(buf);
		return -EFAULT;
	}
	if (test_bit_inv(AP_QID_CARD(apqn), (unsigned long *)apcb->apm) &&
	    test_bit_inv(AP_QID_QUEUE(apqn), (unsigned long *)apcb->aqm)) {
		if (msg->receive)
			status = ap_dqap(apqn, &psmid, buf, len, &len, NULL, NULL);
		else
			status = ap_nqap(apqn, psmid, buf, len);
	}
	msg->psmid = psmid;
	memcpy(&msg->status, &status, sizeof(msg->status));
	if (msg->receive && !status.response_code) {
		msg->len = len;
		if (copy_to_user(text, buf, len))
			msg->len = 0;
	}
	kfree(buf);
	return 0;
}

/* Any guest address leads into the same MiB, so also one that is not the guest's. */
static long guest_protect(struct guest *g, unsigned long hva)
{
	struct gmap *gmap;
	unsigned long to;
	int ret = 0;

	if (g->kvm->arch.gmap)
		return -EBUSY;
	gmap = gmap_create(current->mm, SZ_2G - 1);
	if (!gmap)
		return -ENOMEM;
	for (to = 0; !ret && to < SZ_1G; to += SZ_1M)
		ret = gmap_map_segment(gmap, hva, to, SZ_1M);
	if (ret) {
		gmap_remove(gmap);
		return ret;
	}
	g->kvm->mm = current->mm;
	mmgrab(g->kvm->mm);
	g->kvm->arch.gmap = gmap;
	g->vcpu->arch.pv.handle = 1;
	return 0;
}

static long guest_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct guest *g = file->private_data;
	union {
		struct ap_guest_aqic aqic;
		struct ap_guest_mem mem;
		struct ap_guest_state state;
		struct ap_guest_msg msg;
	} u = {};
	long ret = 0;

	if (_IOC_SIZE(cmd) > sizeof(u) && cmd != AP_GUEST_APCB)
		return -ENOTTY;
	if (_IOC_DIR(cmd) & _IOC_WRITE &&
	    copy_from_user(&u, (void __user *)arg, _IOC_SIZE(cmd)))
		return -EFAULT;
	switch (cmd) {
	case AP_GUEST_APCB:
		return copy_to_user((void __user *)arg, &g->kvm->arch.crypto.crycb->apcb1,
				    sizeof(struct ap_guest_apcb)) ? -EFAULT : 0;
	/* These two may wait for what others of the guest's calls hold. */
	case AP_GUEST_AQIC:
		guest_aqic(g, &u.aqic);
		break;
	case AP_GUEST_MSG:
		ret = guest_msg(g, &u.msg);
		break;
	case AP_GUEST_STATE:
		guest_state(g, &u.state);
		break;
	default:
		mutex_lock(&g->lock);
		if (cmd == AP_GUEST_ATTACH)
			ret = guest_attach(g, arg);
		else if (cmd == AP_GUEST_DETACH)
			ret = guest_detach(g, arg);
		else if (cmd == AP_GUEST_PROTECT)
			ret = guest_protect(g, arg);
		else if (cmd == AP_GUEST_MEM)
			ret = guest_mem(g, &u.mem);
		else
			ret = -ENOTTY;
		mutex_unlock(&g->lock);
		break;
	}
	if (!ret && _IOC_DIR(cmd) & _IOC_READ &&
	    copy_to_user((void __user *)arg, &u, _IOC_SIZE(cmd)))
		ret = -EFAULT;
	return ret;
}

static const struct file_operations guest_fops = {
	.owner		= THIS_MODULE,
	.open		= guest_open,
	.release	= guest_release,
	.unlocked_ioctl	= guest_ioctl,
	.llseek		= noop_llseek,
};

static struct miscdevice guest_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "ap_guest",
	.fops	= &guest_fops,
	.mode	= 0600,
};

static void crycbs_free(void)
{
	unsigned int i;

	for (i = 0; i < MAX_GUESTS; i++)
		kfree(crycbs[i]);
}

static int __init ap_guest_init(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < MAX_GUESTS; i++) {
		crycbs[i] = kzalloc(sizeof(**crycbs), GFP_KERNEL | GFP_DMA);
		if (!crycbs[i]) {
			crycbs_free();
			return -ENOMEM;
		}
	}
	ret = misc_register(&guest_misc);
	if (ret) {
		crycbs_free();
		return ret;
	}
	ap_emu_set_plugged(guest_plugged);
	return 0;
}

static void __exit ap_guest_exit(void)
{
	ap_emu_set_plugged(NULL);
	misc_deregister(&guest_misc);
	crycbs_free();
}

module_init(ap_guest_init);
module_exit(ap_guest_exit);

MODULE_DESCRIPTION("Guests for vfio-ap without KVM, for tests");
MODULE_LICENSE("GPL");
