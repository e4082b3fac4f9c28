// SPDX-License-Identifier: GPL-2.0
/*
 * A matrix device in a guest's hands: open and close, who is refused, what
 * KVM's control block says after every change (hot plug and unplug by
 * attributes, by queues and by the host's configuration), resets that take
 * time, fail or never end, the device's ioctls, and taking it away while it
 * is open. By the cdev, and by group and container. Run with the cards of
 * ap.sh.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "vfio_harness.h"
#include "ap_util.h"

FIXTURE(guest) {
	struct vfio_dut dut, other;
	struct ap_vm vm, vm2;
	int mark;
};

FIXTURE_VARIANT(guest) {
	enum ap_path path;
};

FIXTURE_VARIANT_ADD(guest, cdev) { AP_CDEV };
FIXTURE_VARIANT_ADD(guest, group) { AP_GROUP };

FIXTURE_SETUP(guest)
{
	if (access("/dev/ap_guest", F_OK))
		SKIP(return, "ap_guest.ko is not loaded");
	ap_emu_reset();
	self->mark = kmsg_mark();
	ASSERT_EQ(0, ap_mdev_new(&self->dut));
	ASSERT_EQ(0, ap_mdev_new(&self->other));
	ASSERT_EQ(0, ap_vm_new(&self->vm));
	ASSERT_EQ(0, ap_vm_new(&self->vm2));
}

FIXTURE_TEARDOWN(guest)
{
	char line[256];

	ap_vm_free(&self->vm);
	ap_vm_free(&self->vm2);
	mdev_remove(self->dut.name);
	EXPECT_EQ(0, mdev_remove(self->other.name));
	/* No queue was reset while a guest could use it. */
	EXPECT_EQ(0, ap_emu_stat("reset_plugged"));
	EXPECT_EQ(0, ap_emu_stat("bad_nib"));
	ap_emu_reset();
	EXPECT_FALSE(kmsg_splat(self->mark, line, sizeof(line))) {
		TH_LOG("%s", line);
	}
}

#define OPEN()	ASSERT_EQ(0, ap_vm_open(&self->vm, &self->dut, variant->path))

TEST_F(guest, open_and_close)
{
	struct ap_guest_state state;

	ASSERT_EQ(0, ap_assign(&self->dut, CARD, CARD + 1, DOMAIN, DOMAIN + 1));
	ASSERT_EQ(0, ap_set(&self->dut, "assign_control_domain", "%d", LAST_DOMAIN));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "assigned"));
	OPEN();
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD + 1, DOMAIN + 1));
	EXPECT_FALSE(ap_vm_has(&self->vm, CARD + 2, DOMAIN));
	EXPECT_FALSE(ap_vm_has(&self->vm, CARD, DOMAIN + 2));
	EXPECT_TRUE(ap_vm_has_cdom(&self->vm, LAST_DOMAIN));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "in use"));
	ASSERT_EQ(0, ap_vm_state(&self->vm, &state));
	EXPECT_EQ(1, state.hook);
	EXPECT_LE(1, state.users);
	ap_emu("log", "0");
	ap_vm_close(&self->vm);
	EXPECT_TRUE(ap_vm_is_empty(&self->vm));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "assigned"));
	EXPECT_EQ(1, ap_emu_calls("zapq", APQN(CARD, DOMAIN)));
	EXPECT_EQ(1, ap_emu_calls("zapq", APQN(CARD + 1, DOMAIN + 1)));
	EXPECT_EQ(4, ap_emu_calls("zapq", -1));
	ASSERT_EQ(0, ap_vm_state(&self->vm, &state));
	EXPECT_EQ(0, state.hook);
	EXPECT_EQ(0, state.users);
	/* And again. */
	OPEN();
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD, DOMAIN));
}

TEST_F(guest, without_a_guest)
{
	int fds[2], device, iommufd;

	if (variant->path == AP_GROUP) {
		ASSERT_EQ(0, vfio_open_group_container(&self->dut, fds));
		EXPECT_EQ(-EINVAL, group_get_device(fds[0], self->dut.name));
		close(fds[0]);
		close(fds[1]);
		return;
	}
	device = node_open(self->dut.cdev);
	ASSERT_LE(0, device);
	iommufd = iommufd_open();
	EXPECT_EQ(-EINVAL, vfio_bind(device, iommufd, NULL));
	close(device);
	close(iommufd);
}

/* One guest has one matrix, and one matrix has one guest. */
TEST_F(guest, one_matrix_per_guest)
{
	struct ap_vm second = self->vm;

	ASSERT_EQ(0, ap_assign(&self->dut, CARD, CARD, DOMAIN, DOMAIN));
	ASSERT_EQ(0, ap_assign(&self->other, CARD + 1, CARD + 1, DOMAIN, DOMAIN));
	OPEN();
	second.device = -1;
	second.group = -1;
	EXPECT_EQ(-EPERM, ap_vm_open(&second, &self->other, variant->path));
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD, DOMAIN));
	EXPECT_FALSE(ap_vm_has(&self->vm, CARD + 1, DOMAIN));
	EXPECT_NE(0, ap_vm_open(&self->vm2, &self->dut, variant->path));
	EXPECT_TRUE(ap_vm_is_empty(&self->vm2));
	ASSERT_EQ(0, ap_vm_open(&self->vm2, &self->other, variant->path));
	EXPECT_TRUE(ap_vm_has(&self->vm2, CARD + 1, DOMAIN));
}

TEST_F(guest, plug_by_attributes)
{
	OPEN();
	EXPECT_TRUE(ap_vm_is_empty(&self->vm));
	EXPECT_EQ(0, ap_set(&self->dut, "assign_adapter", "%d", CARD));
	EXPECT_FALSE(ap_vm_has(&self->vm, CARD, DOMAIN));
	EXPECT_EQ(0, ap_set(&self->dut, "assign_domain", "%d", DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD, DOMAIN));
	EXPECT_EQ(0, ap_set(&self->dut, "assign_adapter", "%d", CARD + 1));
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD + 1, DOMAIN));
	EXPECT_EQ(0, ap_set(&self->dut, "assign_control_domain", "%d", DOMAIN));
	EXPECT_TRUE(ap_vm_has_cdom(&self->vm, DOMAIN));
	/* Not in the host's configuration. */
	EXPECT_EQ(0, ap_set(&self->dut, "assign_control_domain", "20"));
	EXPECT_FALSE(ap_vm_has_cdom(&self->vm, 20));

	ap_emu("log", "0");
	EXPECT_EQ(0, ap_set(&self->dut, "unassign_adapter", "%d", CARD));
	EXPECT_FALSE(ap_vm_has(&self->vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD + 1, DOMAIN));
	EXPECT_EQ(1, ap_emu_calls("zapq", APQN(CARD, DOMAIN)));
	EXPECT_EQ(0, ap_emu_calls("zapq", APQN(CARD + 1, DOMAIN)));
	EXPECT_EQ(0, ap_set(&self->dut, "unassign_domain", "%d", DOMAIN));
	EXPECT_FALSE(ap_vm_has(&self->vm, CARD + 1, DOMAIN));
	EXPECT_EQ(1, ap_emu_calls("zapq", APQN(CARD + 1, DOMAIN)));
	EXPECT_EQ(0, ap_set(&self->dut, "unassign_control_domain", "%d", DOMAIN));
	EXPECT_FALSE(ap_vm_has_cdom(&self->vm, DOMAIN));
	EXPECT_EQ(0, ap_config(&self->dut, 0x18, 0x0c, 0x08));
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD + 1, DOMAIN + 1));
	EXPECT_TRUE(ap_vm_has_cdom(&self->vm, DOMAIN));
}

/* What is not assigned to the guest any more has been reset before it is free. */
TEST_F(guest, plug_by_queues)
{
	ASSERT_EQ(0, ap_assign(&self->dut, CARD, CARD + 1, DOMAIN, DOMAIN + 1));
	OPEN();
	ap_emu("log", "0");
	ASSERT_EQ(0, ap_queue_unbind(APQN(CARD, DOMAIN)));
	EXPECT_FALSE(ap_vm_has(&self->vm, CARD, DOMAIN));
	EXPECT_FALSE(ap_vm_has(&self->vm, CARD, DOMAIN + 1));
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD + 1, DOMAIN + 1));
	/* Its neighbour left the guest with it, and was reset too. */
	EXPECT_LE(1, ap_emu_calls("zapq", APQN(CARD, DOMAIN)));
	EXPECT_EQ(1, ap_emu_calls("zapq", APQN(CARD, DOMAIN + 1)));
	EXPECT_EQ(0, ap_emu_calls("zapq", APQN(CARD + 1, DOMAIN)));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN + 1), "assigned"));
	ASSERT_EQ(0, ap_queue_bind(APQN(CARD, DOMAIN)));
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN + 1), "in use"));
}

TEST_F(guest, plug_by_configuration)
{
	ASSERT_EQ(0, ap_assign(&self->dut, CARD, CARD + 1, DOMAIN, DOMAIN + 1));
	ASSERT_EQ(0, ap_set(&self->dut, "assign_control_domain", "%d", DOMAIN));
	OPEN();
	ap_emu("stats", "0");
	ap_emu("apm", "-%d", CARD);
	ap_scan();
	EXPECT_FALSE(ap_vm_has(&self->vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD + 1, DOMAIN));
	ap_emu("adm", "-%d", DOMAIN);
	ap_scan();
	EXPECT_FALSE(ap_vm_has_cdom(&self->vm, DOMAIN));
	ap_emu("apm", "+%d", CARD);
	ap_emu("adm", "+%d", DOMAIN);
	ap_scan();
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has_cdom(&self->vm, DOMAIN));
	ap_emu("aqm", "-%d", DOMAIN);
	ap_scan();
	EXPECT_FALSE(ap_vm_has(&self->vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD, DOMAIN + 1));
	ap_emu("aqm", "+%d", DOMAIN);
	ap_scan();
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD + 1, DOMAIN));
}

/* Everything goes at once, the device stays open, and everything comes back. */
TEST_F(guest, all_of_it_goes_and_comes)
{
	ASSERT_EQ(0, ap_assign(&self->dut, CARD, LAST_CARD, DOMAIN, LAST_DOMAIN));
	OPEN();
	ap_emu("apm", "1-2");
	ap_scan();
	EXPECT_FALSE(ap_vm_has(&self->vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_is(&self->dut, "guest_matrix", ".0004\n.0005\n.0006\n.0007\n"));
	ap_emu("apm", "1-6");
	ap_scan();
	EXPECT_TRUE(ap_vm_has(&self->vm, LAST_CARD, LAST_DOMAIN));
	EXPECT_TRUE(ap_queue_status_is(APQN(LAST_CARD, LAST_DOMAIN), "in use"));
}

TEST_F(guest, masks_change_only_when_they_do)
{
	struct ap_guest_apcb apcbs[8];

	ASSERT_EQ(0, ap_assign(&self->dut, CARD, CARD, DOMAIN, DOMAIN));
	OPEN();
	EXPECT_EQ(1, ap_vm_history(&self->vm, apcbs, 8));
	ap_vm_forget(&self->vm);
	EXPECT_EQ(0, ap_set(&self->dut, "assign_adapter", "%d", CARD));
	EXPECT_EQ(0, ap_set(&self->dut, "assign_domain", "%d", 20));
	EXPECT_EQ(0, ap_set(&self->dut, "unassign_domain", "%d", 20));
	EXPECT_EQ(0, ap_set(&self->dut, "unassign_adapter", "%d", 50));
	EXPECT_EQ(0, ap_set(&self->dut, "assign_control_domain", "%d", 20));
	ap_emu("apm", "+10");
	ap_scan();
	EXPECT_EQ(0, ap_vm_history(&self->vm, apcbs, 8));
	EXPECT_EQ(0, ap_set(&self->dut, "assign_adapter", "%d", CARD + 1));
	EXPECT_EQ(1, ap_vm_history(&self->vm, apcbs, 8));
	ap_vm_close(&self->vm);
	EXPECT_EQ(2, ap_vm_history(&self->vm, apcbs, 8));
}

TEST_F(guest, a_message_goes_round)
{
	unsigned long long psmid = 0;
	char text[64] = "";
	size_t len = sizeof(text);

	ASSERT_EQ(0, ap_assign(&self->dut, CARD, CARD, DOMAIN, DOMAIN));
	OPEN();
	EXPECT_EQ(0x10, ap_vm_receive(&self->vm, APQN(CARD, DOMAIN), &psmid, text, &len));
	EXPECT_EQ(0, ap_vm_send(&self->vm, APQN(CARD, DOMAIN), 0x123456789abcdefULL, "hello", 6));
	len = sizeof(text);
	EXPECT_EQ(0, ap_vm_receive(&self->vm, APQN(CARD, DOMAIN), &psmid, text, &len));
	EXPECT_EQ(0x123456789abcdefULL, psmid);
	EXPECT_EQ(6, len);
	EXPECT_STREQ("hello", text);
	EXPECT_EQ(0x01, ap_vm_send(&self->vm, APQN(CARD + 1, DOMAIN), 1, "hello", 6));
	/* What is left in the queue is not the next guest's. */
	EXPECT_EQ(0, ap_vm_send(&self->vm, APQN(CARD, DOMAIN), 1, "secret", 7));
	ap_vm_close(&self->vm);
	ASSERT_EQ(0, ap_vm_open(&self->vm2, &self->dut, variant->path));
	len = sizeof(text);
	EXPECT_EQ(0x10, ap_vm_receive(&self->vm2, APQN(CARD, DOMAIN), &psmid, text, &len));
}

TEST_F(guest, information)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };

	OPEN();
	ASSERT_EQ(0, vfio_ioctl(self->vm.device, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_AP | VFIO_DEVICE_FLAGS_RESET,
		  info.flags & (VFIO_DEVICE_FLAGS_AP | VFIO_DEVICE_FLAGS_RESET));
	EXPECT_EQ(0, info.num_regions);
	EXPECT_EQ(1, info.num_irqs);
	info.argsz = 8;
	EXPECT_EQ(-EINVAL, vfio_ioctl(self->vm.device, VFIO_DEVICE_GET_INFO, &info));
	ASSERT_EQ(0, vfio_ioctl(self->vm.device, VFIO_DEVICE_GET_IRQ_INFO, &irq));
	EXPECT_EQ(1, irq.count);
	EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD, irq.flags);
	irq.index = 1;
	EXPECT_EQ(-EINVAL, vfio_ioctl(self->vm.device, VFIO_DEVICE_GET_IRQ_INFO, &irq));
	EXPECT_EQ(-EOPNOTSUPP, vfio_ioctl(self->vm.device, VFIO_DEVICE_GET_REGION_INFO, &info));
}

TEST_F(guest, reset)
{
	ASSERT_EQ(0, ap_assign(&self->dut, CARD, CARD, DOMAIN, DOMAIN + 1));
	OPEN();
	/* A guest asks for it, so the queues are its own at that time. */
	ap_emu("log", "0");
	EXPECT_EQ(0, vfio_ioctl_val(self->vm.device, VFIO_DEVICE_RESET, 0));
	EXPECT_EQ(1, ap_emu_calls("zapq", APQN(CARD, DOMAIN)));
	EXPECT_EQ(1, ap_emu_calls("zapq", APQN(CARD, DOMAIN + 1)));
	EXPECT_EQ(2, ap_emu_calls("zapq", -1));
	ap_emu("reset_ms", "100");
	EXPECT_EQ(0, vfio_ioctl_val(self->vm.device, VFIO_DEVICE_RESET, 0));
	ap_emu("reset_ms", "0");
	/* Busy once is tried again; not there is an error. */
	ap_emu("inject", "zapq %02x.%04x 05 1", CARD, DOMAIN);
	EXPECT_EQ(0, vfio_ioctl_val(self->vm.device, VFIO_DEVICE_RESET, 0));
	ap_emu("inject", "zapq %02x.%04x 01 1", CARD, DOMAIN);
	EXPECT_EQ(-EIO, vfio_ioctl_val(self->vm.device, VFIO_DEVICE_RESET, 0));
	EXPECT_EQ(0, vfio_ioctl_val(self->vm.device, VFIO_DEVICE_RESET, 0));
	ap_emu("stats", "0");
}

/* A queue whose reset failed is not passed to a guest until it worked. */
TEST_F(guest, a_failed_reset_is_not_passed_on)
{
	ASSERT_EQ(0, ap_assign(&self->dut, CARD, CARD + 1, DOMAIN, DOMAIN));
	OPEN();
	ap_emu("inject", "zapq %02x.%04x 01 always", CARD, DOMAIN);
	ap_vm_close(&self->vm);
	EXPECT_EQ(0, ap_set(&self->dut, "assign_domain", "%d", DOMAIN + 1));
	EXPECT_TRUE(ap_is(&self->dut, "guest_matrix", "04.0004\n04.0005\n"));
	OPEN();
	EXPECT_FALSE(ap_vm_has(&self->vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD + 1, DOMAIN));
	ap_emu("inject", "clear");
	EXPECT_EQ(0, ap_queue_unbind(APQN(CARD, DOMAIN)));
	EXPECT_EQ(0, ap_queue_bind(APQN(CARD, DOMAIN)));
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD, DOMAIN));
}

/* With the resets of close still going on, all else stays possible. */
TEST_F(guest, close_with_slow_resets)
{
	long long start;

	ASSERT_EQ(0, ap_assign(&self->dut, CARD, CARD, DOMAIN, LAST_DOMAIN));
	OPEN();
	ap_emu("reset_ms", "500");
	start = now_ms();
	ap_vm_close(&self->vm);
	/* Together, not one after the other. */
	EXPECT_GT(1900, now_ms() - start);
	EXPECT_TRUE(ap_vm_is_empty(&self->vm));
	ASSERT_EQ(0, ap_vm_open(&self->vm2, &self->dut, variant->path));
	EXPECT_TRUE(ap_vm_has(&self->vm2, CARD, DOMAIN));
}

static void *remove_mdev(void *dut)
{
	return (void *)(long)mdev_remove(((struct vfio_dut *)dut)->name);
}

/* The device is wanted back: its user is asked, and lets go of it. */
TEST_F(guest, taken_away_while_open)
{
	struct {
		struct vfio_irq_set set;
		int fd;
	} irq = {
		.set = {
			.argsz = sizeof(irq),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			.count = 1,
		},
	};
	struct pollfd p = { .events = POLLIN };
	pthread_t thread;
	void *ret;

	ASSERT_EQ(0, ap_assign(&self->dut, CARD, CARD, DOMAIN, DOMAIN));
	OPEN();
	p.fd = eventfd(0, EFD_CLOEXEC);
	irq.fd = p.fd;
	ASSERT_EQ(0, vfio_ioctl(self->vm.device, VFIO_DEVICE_SET_IRQS, &irq));
	ASSERT_EQ(0, pthread_create(&thread, NULL, remove_mdev, &self->dut));
	EXPECT_EQ(1, poll(&p, 1, 5000));
	ap_vm_close(&self->vm);
	pthread_join(thread, &ret);
	EXPECT_EQ(NULL, ret);
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "unassigned"));
	EXPECT_TRUE(ap_vm_is_empty(&self->vm));
	close(p.fd);
}

TEST_F(guest, request_irq)
{
	struct {
		struct vfio_irq_set set;
		int fd;
	} irq = {
		.set = {
			.argsz = sizeof(irq),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			.count = 1,
		},
	};
	int event = eventfd(0, EFD_CLOEXEC), device;

	OPEN();
	device = self->vm.device;
	irq.fd = event;
	EXPECT_EQ(0, vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, &irq));
	EXPECT_EQ(0, vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, &irq));
	irq.fd = -1;
	EXPECT_EQ(0, vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, &irq));
	EXPECT_EQ(0, vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, &irq));
	irq.fd = -2;
	EXPECT_EQ(-EINVAL, vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, &irq));
	irq.fd = 999;
	EXPECT_EQ(-EBADF, vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, &irq));
	irq.fd = device;
	EXPECT_EQ(-EINVAL, vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, &irq));
	irq.fd = event;
	irq.set.index = 1;
	EXPECT_EQ(-EINVAL, vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, &irq));
	irq.set.index = 0;
	irq.set.count = 2;
	EXPECT_EQ(-EINVAL, vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, &irq));
	irq.set.count = 1;
	irq.set.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_MASK;
	EXPECT_EQ(-EINVAL, vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, &irq));
	irq.set.flags = VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER;
	EXPECT_EQ(-EINVAL, vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, &irq));
	close(event);
}

/* The guest's file goes first; the device keeps what it needs of the guest. */
TEST_F(guest, the_guest_goes_first)
{
	ASSERT_EQ(0, ap_assign(&self->dut, CARD, CARD, DOMAIN, DOMAIN));
	OPEN();
	close(self->vm.guest);
	self->vm.guest = -1;
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "in use"));
	EXPECT_EQ(0, ap_set(&self->dut, "assign_domain", "%d", DOMAIN + 1));
	EXPECT_EQ(0, ap_set(&self->dut, "unassign_domain", "%d", DOMAIN));
	ap_vm_close(&self->vm);
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN + 1), "assigned"));
}

/* All the queues lose their driver while guests have them open. */
TEST_F(guest, unbind_everything)
{
	int card, domain;

	ASSERT_EQ(0, ap_assign(&self->dut, CARD, CARD + 1, DOMAIN, LAST_DOMAIN));
	ASSERT_EQ(0, ap_assign(&self->other, CARD + 2, LAST_CARD, DOMAIN, LAST_DOMAIN));
	OPEN();
	ASSERT_EQ(0, ap_vm_open(&self->vm2, &self->other, variant->path));
	for (card = CARD; card <= LAST_CARD; card++)
		for (domain = DOMAIN; domain <= LAST_DOMAIN; domain++)
			EXPECT_EQ(0, ap_queue_unbind(APQN(card, domain)));
	EXPECT_FALSE(ap_vm_has(&self->vm, CARD, DOMAIN));
	EXPECT_FALSE(ap_vm_has(&self->vm2, LAST_CARD, DOMAIN));
	ap_vm_close(&self->vm2);
	for (card = CARD; card <= LAST_CARD; card++)
		for (domain = DOMAIN; domain <= LAST_DOMAIN; domain++)
			EXPECT_EQ(0, ap_queue_bind(APQN(card, domain)));
	EXPECT_TRUE(ap_vm_has(&self->vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_is_empty(&self->vm2));
}

TEST_HARNESS_MAIN
