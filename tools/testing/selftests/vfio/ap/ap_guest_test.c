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
#include <sys/mman.h>
#include <sys/wait.h>

#include "ap_fixture.h"
#include "vfio_revoke.h"

FIXTURE(guest) {
	struct ap_test t;
};

FIXTURE_VARIANT(guest) {
	enum ap_path path;
};

FIXTURE_VARIANT_ADD(guest, cdev) { AP_CDEV };
FIXTURE_VARIANT_ADD(guest, group) { AP_GROUP };

FIXTURE_SETUP(guest)
{
	ap_test_setup(_metadata, &self->t);
}

FIXTURE_TEARDOWN(guest)
{
	ap_test_release(_metadata, &self->t);
	/* No queue was reset while a guest could use it. */
	EXPECT_EQ(0, ap_emu_stat("reset_plugged"));
	ap_done(_metadata, self->t.mark);
}

#define OPEN()	ASSERT_EQ(0, ap_vm_open(&self->t.vm, &self->t.dut, variant->path))

TEST_F(guest, open_and_close)
{
	struct ap_guest_state state;

	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD + 1, DOMAIN, DOMAIN + 1));
	ASSERT_EQ(0, ap_set(&self->t.dut, "assign_control_domain", "%d", LAST_DOMAIN));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "assigned"));
	OPEN();
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD + 1, DOMAIN + 1));
	EXPECT_FALSE(ap_vm_has(&self->t.vm, CARD + 2, DOMAIN));
	EXPECT_FALSE(ap_vm_has(&self->t.vm, CARD, DOMAIN + 2));
	EXPECT_TRUE(ap_vm_has_cdom(&self->t.vm, LAST_DOMAIN));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "in use"));
	ASSERT_EQ(0, ap_vm_state(&self->t.vm, &state));
	EXPECT_EQ(1, state.hook);
	EXPECT_LE(1, state.users);
	ap_emu("log", "0");
	ap_vm_close(&self->t.vm);
	EXPECT_TRUE(ap_vm_is_empty(&self->t.vm));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "assigned"));
	EXPECT_EQ(1, ap_emu_calls("zapq", APQN(CARD, DOMAIN)));
	EXPECT_EQ(1, ap_emu_calls("zapq", APQN(CARD + 1, DOMAIN + 1)));
	EXPECT_EQ(4, ap_emu_calls("zapq", -1));
	ASSERT_EQ(0, ap_vm_state(&self->t.vm, &state));
	EXPECT_EQ(0, state.hook);
	EXPECT_EQ(0, state.users);
	/* And again. */
	OPEN();
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
}

TEST_F(guest, without_a_guest)
{
	int fds[2], device, iommufd;

	if (variant->path == AP_GROUP) {
		ASSERT_EQ(0, vfio_open_group_container(&self->t.dut, fds));
		EXPECT_EQ(-EINVAL, group_get_device(fds[0], self->t.dut.name));
		close(fds[0]);
		close(fds[1]);
		return;
	}
	device = node_open(self->t.dut.cdev);
	ASSERT_LE(0, device);
	iommufd = iommufd_open();
	EXPECT_EQ(-EINVAL, vfio_bind(device, iommufd, NULL));
	close(device);
	close(iommufd);
}

/* One guest has one matrix, and one matrix has one guest. */
TEST_F(guest, one_matrix_per_guest)
{
	struct ap_vm second = self->t.vm;

	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, DOMAIN));
	ASSERT_EQ(0, ap_assign(&self->t.other, CARD + 1, CARD + 1, DOMAIN, DOMAIN));
	OPEN();
	second.device = -1;
	second.group = -1;
	EXPECT_EQ(-EPERM, ap_vm_open(&second, &self->t.other, variant->path));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_FALSE(ap_vm_has(&self->t.vm, CARD + 1, DOMAIN));
	EXPECT_NE(0, ap_vm_open(&self->t.vm2, &self->t.dut, variant->path));
	EXPECT_TRUE(ap_vm_is_empty(&self->t.vm2));
	ASSERT_EQ(0, ap_vm_open(&self->t.vm2, &self->t.other, variant->path));
	EXPECT_TRUE(ap_vm_has(&self->t.vm2, CARD + 1, DOMAIN));
}

TEST_F(guest, plug_by_attributes)
{
	OPEN();
	EXPECT_TRUE(ap_vm_is_empty(&self->t.vm));
	EXPECT_EQ(0, ap_set(&self->t.dut, "assign_adapter", "%d", CARD));
	EXPECT_FALSE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_EQ(0, ap_set(&self->t.dut, "assign_domain", "%d", DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_EQ(0, ap_set(&self->t.dut, "assign_adapter", "%d", CARD + 1));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD + 1, DOMAIN));
	EXPECT_EQ(0, ap_set(&self->t.dut, "assign_control_domain", "%d", DOMAIN));
	EXPECT_TRUE(ap_vm_has_cdom(&self->t.vm, DOMAIN));
	/* Not in the host's configuration. */
	EXPECT_EQ(0, ap_set(&self->t.dut, "assign_control_domain", "20"));
	EXPECT_FALSE(ap_vm_has_cdom(&self->t.vm, 20));

	ap_emu("log", "0");
	EXPECT_EQ(0, ap_set(&self->t.dut, "unassign_adapter", "%d", CARD));
	EXPECT_FALSE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD + 1, DOMAIN));
	EXPECT_EQ(1, ap_emu_calls("zapq", APQN(CARD, DOMAIN)));
	EXPECT_EQ(0, ap_emu_calls("zapq", APQN(CARD + 1, DOMAIN)));
	EXPECT_EQ(0, ap_set(&self->t.dut, "unassign_domain", "%d", DOMAIN));
	EXPECT_FALSE(ap_vm_has(&self->t.vm, CARD + 1, DOMAIN));
	EXPECT_EQ(1, ap_emu_calls("zapq", APQN(CARD + 1, DOMAIN)));
	EXPECT_EQ(0, ap_set(&self->t.dut, "unassign_control_domain", "%d", DOMAIN));
	EXPECT_FALSE(ap_vm_has_cdom(&self->t.vm, DOMAIN));
	EXPECT_EQ(0, ap_config(&self->t.dut, 0x18, 0x0c, 0x08));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD + 1, DOMAIN + 1));
	EXPECT_TRUE(ap_vm_has_cdom(&self->t.vm, DOMAIN));
}

/* What is not assigned to the guest any more has been reset before it is free. */
TEST_F(guest, plug_by_queues)
{
	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD + 1, DOMAIN, DOMAIN + 1));
	OPEN();
	ap_emu("log", "0");
	ASSERT_EQ(0, ap_queue_unbind(APQN(CARD, DOMAIN)));
	EXPECT_FALSE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_FALSE(ap_vm_has(&self->t.vm, CARD, DOMAIN + 1));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD + 1, DOMAIN + 1));
	/* Its neighbour left the guest with it, and was reset too. */
	EXPECT_LE(1, ap_emu_calls("zapq", APQN(CARD, DOMAIN)));
	EXPECT_EQ(1, ap_emu_calls("zapq", APQN(CARD, DOMAIN + 1)));
	EXPECT_EQ(0, ap_emu_calls("zapq", APQN(CARD + 1, DOMAIN)));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN + 1), "assigned"));
	ASSERT_EQ(0, ap_queue_bind(APQN(CARD, DOMAIN)));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN + 1), "in use"));
}

TEST_F(guest, plug_by_configuration)
{
	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD + 1, DOMAIN, DOMAIN + 1));
	ASSERT_EQ(0, ap_set(&self->t.dut, "assign_control_domain", "%d", DOMAIN));
	OPEN();
	ap_emu("stats", "0");
	ap_emu("apm", "-%d", CARD);
	ap_scan();
	EXPECT_FALSE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD + 1, DOMAIN));
	ap_emu("adm", "-%d", DOMAIN);
	ap_scan();
	EXPECT_FALSE(ap_vm_has_cdom(&self->t.vm, DOMAIN));
	ap_emu("apm", "+%d", CARD);
	ap_emu("adm", "+%d", DOMAIN);
	ap_scan();
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has_cdom(&self->t.vm, DOMAIN));
	ap_emu("aqm", "-%d", DOMAIN);
	ap_scan();
	EXPECT_FALSE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD, DOMAIN + 1));
	ap_emu("aqm", "+%d", DOMAIN);
	ap_scan();
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD + 1, DOMAIN));
}

/* Everything goes at once, the device stays open, and everything comes back. */
TEST_F(guest, all_of_it_goes_and_comes)
{
	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, LAST_CARD, DOMAIN, LAST_DOMAIN));
	OPEN();
	ap_emu("apm", "1-2");
	ap_scan();
	EXPECT_FALSE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_is(&self->t.dut, "guest_matrix", ".0004\n.0005\n.0006\n.0007\n"));
	ap_emu("apm", "1-6");
	ap_scan();
	EXPECT_TRUE(ap_vm_has(&self->t.vm, LAST_CARD, LAST_DOMAIN));
	EXPECT_TRUE(ap_queue_status_is(APQN(LAST_CARD, LAST_DOMAIN), "in use"));
}

/* An adapter that is switched off stays the guest's, which sees it off. */
TEST_F(guest, standby_while_in_use)
{
	static const char *const states[] = { "standby", "checkstop" };
	struct ap_guest_apcb apcb;
	unsigned int i;

	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD + 1, DOMAIN, DOMAIN));
	OPEN();
	ap_vm_forget(&self->t.vm);
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		EXPECT_EQ(0, ap_emu("control", "card %d state=%s", CARD, states[i]));
		ap_scan();
		EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
		EXPECT_EQ(3 + i, ap_vm_send(&self->t.vm, APQN(CARD, DOMAIN), 1, "off", 4));
		EXPECT_EQ(3 + i, ap_vm_aqic(&self->t.vm, APQN(CARD, DOMAIN), true, 3, 0x3008));
		EXPECT_EQ(0, ap_vm_send(&self->t.vm, APQN(CARD + 1, DOMAIN), 1, "on", 3));
		EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "in use"));
	}
	EXPECT_EQ(0, ap_emu("control", "card %d state=online", CARD));
	ap_scan();
	EXPECT_EQ(0, ap_vm_send(&self->t.vm, APQN(CARD, DOMAIN), 1, "on", 3));
	EXPECT_EQ(0, ap_vm_history(&self->t.vm, &apcb, 1));
}

TEST_F(guest, masks_change_only_when_they_do)
{
	struct ap_guest_apcb apcbs[8];

	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, DOMAIN));
	OPEN();
	EXPECT_EQ(1, ap_vm_history(&self->t.vm, apcbs, 8));
	ap_vm_forget(&self->t.vm);
	EXPECT_EQ(0, ap_set(&self->t.dut, "assign_adapter", "%d", CARD));
	EXPECT_EQ(0, ap_set(&self->t.dut, "assign_domain", "%d", 20));
	EXPECT_EQ(0, ap_set(&self->t.dut, "unassign_domain", "%d", 20));
	EXPECT_EQ(0, ap_set(&self->t.dut, "unassign_adapter", "%d", 50));
	EXPECT_EQ(0, ap_set(&self->t.dut, "assign_control_domain", "%d", 20));
	ap_emu("apm", "+10");
	ap_scan();
	EXPECT_EQ(0, ap_vm_history(&self->t.vm, apcbs, 8));
	EXPECT_EQ(0, ap_set(&self->t.dut, "assign_adapter", "%d", CARD + 1));
	EXPECT_EQ(1, ap_vm_history(&self->t.vm, apcbs, 8));
	ap_vm_close(&self->t.vm);
	EXPECT_EQ(2, ap_vm_history(&self->t.vm, apcbs, 8));
}

TEST_F(guest, a_message_goes_round)
{
	unsigned long long psmid = 0;
	char text[64] = "";
	size_t len = sizeof(text);

	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, DOMAIN));
	OPEN();
	EXPECT_EQ(0x10, ap_vm_receive(&self->t.vm, APQN(CARD, DOMAIN), &psmid, text, &len));
	EXPECT_EQ(0, ap_vm_send(&self->t.vm, APQN(CARD, DOMAIN), 0x123456789abcdefULL, "hello", 6));
	len = sizeof(text);
	EXPECT_EQ(0, ap_vm_receive(&self->t.vm, APQN(CARD, DOMAIN), &psmid, text, &len));
	EXPECT_EQ(0x123456789abcdefULL, psmid);
	EXPECT_EQ(6, len);
	EXPECT_STREQ("hello", text);
	EXPECT_EQ(0x01, ap_vm_send(&self->t.vm, APQN(CARD + 1, DOMAIN), 1, "hello", 6));
	/* What is left in the queue is not the next guest's. */
	EXPECT_EQ(0, ap_vm_send(&self->t.vm, APQN(CARD, DOMAIN), 1, "secret", 7));
	ap_vm_close(&self->t.vm);
	ASSERT_EQ(0, ap_vm_open(&self->t.vm2, &self->t.dut, variant->path));
	len = sizeof(text);
	EXPECT_EQ(0x10, ap_vm_receive(&self->t.vm2, APQN(CARD, DOMAIN), &psmid, text, &len));
}

TEST_F(guest, information)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };

	OPEN();
	ASSERT_EQ(0, vfio_ioctl(self->t.vm.device, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_AP | VFIO_DEVICE_FLAGS_RESET,
		  info.flags & (VFIO_DEVICE_FLAGS_AP | VFIO_DEVICE_FLAGS_RESET));
	EXPECT_EQ(0, info.num_regions);
	EXPECT_EQ(1, info.num_irqs);
	info.argsz = 8;
	EXPECT_EQ(-EINVAL, vfio_ioctl(self->t.vm.device, VFIO_DEVICE_GET_INFO, &info));
	ASSERT_EQ(0, vfio_ioctl(self->t.vm.device, VFIO_DEVICE_GET_IRQ_INFO, &irq));
	EXPECT_EQ(1, irq.count);
	EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD, irq.flags);
	irq.index = 1;
	EXPECT_EQ(-EINVAL, vfio_ioctl(self->t.vm.device, VFIO_DEVICE_GET_IRQ_INFO, &irq));
	EXPECT_EQ(-EOPNOTSUPP, vfio_ioctl(self->t.vm.device, VFIO_DEVICE_GET_REGION_INFO, &info));
}

TEST_F(guest, reset)
{
	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, DOMAIN + 1));
	OPEN();
	/* A guest asks for it, so the queues are its own at that time. */
	ap_emu("log", "0");
	EXPECT_EQ(0, vfio_ioctl_val(self->t.vm.device, VFIO_DEVICE_RESET, 0));
	EXPECT_EQ(1, ap_emu_calls("zapq", APQN(CARD, DOMAIN)));
	EXPECT_EQ(1, ap_emu_calls("zapq", APQN(CARD, DOMAIN + 1)));
	EXPECT_EQ(2, ap_emu_calls("zapq", -1));
	ap_emu("reset_ms", "100");
	EXPECT_EQ(0, vfio_ioctl_val(self->t.vm.device, VFIO_DEVICE_RESET, 0));
	ap_emu("reset_ms", "0");
	/* Busy once is tried again; not there is an error. */
	ap_emu("inject", "zapq %02x.%04x 05 1", CARD, DOMAIN);
	EXPECT_EQ(0, vfio_ioctl_val(self->t.vm.device, VFIO_DEVICE_RESET, 0));
	ap_emu("inject", "zapq %02x.%04x 01 1", CARD, DOMAIN);
	EXPECT_EQ(-EIO, vfio_ioctl_val(self->t.vm.device, VFIO_DEVICE_RESET, 0));
	EXPECT_EQ(0, vfio_ioctl_val(self->t.vm.device, VFIO_DEVICE_RESET, 0));
	ap_emu("stats", "0");
}

/* A queue whose reset failed is not passed to a guest until it worked. */
TEST_F(guest, a_failed_reset_is_not_passed_on)
{
	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD + 1, DOMAIN, DOMAIN));
	OPEN();
	ap_emu("inject", "zapq %02x.%04x 01 always", CARD, DOMAIN);
	ap_vm_close(&self->t.vm);
	EXPECT_EQ(0, ap_set(&self->t.dut, "assign_domain", "%d", DOMAIN + 1));
	EXPECT_TRUE(ap_is(&self->t.dut, "guest_matrix", "04.0004\n04.0005\n"));
	OPEN();
	EXPECT_FALSE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD + 1, DOMAIN));
	ap_emu("inject", "clear");
	EXPECT_EQ(0, ap_queue_unbind(APQN(CARD, DOMAIN)));
	EXPECT_EQ(0, ap_queue_bind(APQN(CARD, DOMAIN)));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
}

/* With the resets of close still going on, all else stays possible. */
TEST_F(guest, close_with_slow_resets)
{
	long long start;

	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, LAST_DOMAIN));
	OPEN();
	ap_emu("reset_ms", "500");
	start = now_ms();
	ap_vm_close(&self->t.vm);
	/* Together, not one after the other. */
	EXPECT_GT(1900, now_ms() - start);
	EXPECT_TRUE(ap_vm_is_empty(&self->t.vm));
	ASSERT_EQ(0, ap_vm_open(&self->t.vm2, &self->t.dut, variant->path));
	EXPECT_TRUE(ap_vm_has(&self->t.vm2, CARD, DOMAIN));
}

/* The device is wanted back: its user is asked, and lets go of it. */
TEST_F(guest, taken_away_while_open)
{
	struct pollfd p = { .events = POLLIN };
	pthread_t thread;
	void *ret;

	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, DOMAIN));
	OPEN();
	p.fd = eventfd(0, EFD_CLOEXEC);
	ASSERT_EQ(0, ap_vm_request_event(&self->t.vm, p.fd));
	ASSERT_EQ(0, pthread_create(&thread, NULL, ap_remove, &self->t.dut));
	EXPECT_EQ(1, poll(&p, 1, 5000));
	ap_vm_close(&self->t.vm);
	pthread_join(thread, &ret);
	EXPECT_EQ(NULL, ret);
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "unassigned"));
	EXPECT_TRUE(ap_vm_is_empty(&self->t.vm));
	close(p.fd);
}

/*
 * A queue whose reset does not end is held back, with the page that it may
 * still write to, and comes into use by itself when it is over.
 */
TEST_F(guest, close_with_a_reset_without_end)
{
	struct ap_guest_state state;
	long long start, end;

	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD + 1, DOMAIN, DOMAIN));
	OPEN();
	ASSERT_EQ(0, ap_vm_reset(&self->t.vm));
	ap_emu("stats", "0");
	ASSERT_EQ(0, ap_vm_aqic(&self->t.vm, APQN(CARD, DOMAIN), true, 3, 0x3008));
	ASSERT_EQ(0, ap_emu("control", "queue %02x.%04x reset_ms=3600000", CARD, DOMAIN));
	start = now_ms();
	ap_vm_close(&self->t.vm);
	EXPECT_LE(4500, now_ms() - start);
	EXPECT_GT(20000, now_ms() - start);
	EXPECT_TRUE(ap_vm_is_empty(&self->t.vm));
	EXPECT_TRUE(ap_is(&self->t.dut, "guest_matrix", "04.0004\n"));

	/* Of the guest's memory, this one page is still there for it. */
	ASSERT_EQ(0, ap_vm_state(&self->t.vm, &state));
	EXPECT_EQ(0, state.gisc[3]);
	EXPECT_EQ(1, state.users);
	munmap(self->t.vm.mem, VM_SIZE);
	EXPECT_EQ(0, ap_emu("control", "poke %02x.%04x", CARD, DOMAIN));
	sleep_ms(100);
	EXPECT_EQ(1, ap_emu_stat("interrupts"));
	EXPECT_EQ(0, ap_emu_stat("bad_nib"));

	ASSERT_EQ(0, ap_vm_open(&self->t.vm2, &self->t.dut, variant->path));
	EXPECT_FALSE(ap_vm_has(&self->t.vm2, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->t.vm2, CARD + 1, DOMAIN));
	ASSERT_EQ(0, ap_emu("control", "queue %02x.%04x reset_ms=-1", CARD, DOMAIN));
	end = now_ms() + 10000;
	do {
		sleep_ms(50);
		ASSERT_EQ(0, ap_vm_state(&self->t.vm, &state));
	} while (state.users && now_ms() < end);
	EXPECT_EQ(0, state.users);
	EXPECT_TRUE(ap_vm_has(&self->t.vm2, CARD, DOMAIN));
	EXPECT_EQ(-ENXIO, ap_emu("control", "poke %02x.%04x", CARD, DOMAIN));
}

/*
 * The device is wanted back, and its user does not care: after the time that
 * was set it is as if it had closed the device, with its interrupts, its
 * messages and its guest.
 */
TEST_F(guest, taken_away_by_force)
{
	unsigned long long psmid;
	struct ap_guest_state state;
	struct pollfd p = { .events = POLLIN };
	char text[16];
	size_t len = sizeof(text);
	long long ms;

	if (revoke_get(&self->t.dut, text, sizeof(text)))
		SKIP(return, "this kernel takes nothing away");
	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, DOMAIN + 1));
	OPEN();
	ASSERT_EQ(0, ap_vm_reset(&self->t.vm));
	ap_emu("stats", "0");
	p.fd = eventfd(0, EFD_CLOEXEC);
	ASSERT_EQ(0, ap_vm_request_event(&self->t.vm, p.fd));
	ASSERT_EQ(0, ap_vm_aqic(&self->t.vm, APQN(CARD, DOMAIN), true, 3, 0x3008));
	ASSERT_EQ(0, ap_vm_send(&self->t.vm, APQN(CARD, DOMAIN + 1), 1, "secret", 7));
	/* The resets at its end take their time. */
	ap_emu("reset_ms", "200");
	ASSERT_EQ(0, revoke_set_seconds(&self->t.dut, REVOKE_S));
	ASSERT_EQ(0, revoke_now(&self->t.dut, &ms));
	TH_LOG("gone %lld ms after the time set", ms - 1000 * REVOKE_S);
	EXPECT_LE(1000 * REVOKE_S - 50, ms);
	EXPECT_GT(1000 * REVOKE_S + REVOKE_CLOSE_MS, ms);
	EXPECT_EQ(1, poll(&p, 1, 0));
	ap_emu("reset_ms", "0");

	/* The guest has nothing left, and nothing has the guest. */
	EXPECT_TRUE(ap_vm_is_empty(&self->t.vm));
	ASSERT_EQ(0, ap_vm_state(&self->t.vm, &state));
	EXPECT_EQ(0, state.hook);
	EXPECT_EQ(0, state.gisc[3]);
	EXPECT_EQ(0, state.users);
	EXPECT_EQ(0x01, ap_vm_aqic(&self->t.vm, APQN(CARD, DOMAIN), true, 3, 0x3008));
	EXPECT_EQ(-ENXIO, ap_emu("control", "poke %02x.%04x", CARD, DOMAIN));
	EXPECT_STREQ("", revoked_badly(self->t.vm.device));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "unassigned"));

	/* The next one has the queues at once, and finds nothing in them. */
	ASSERT_EQ(0, ap_assign(&self->t.other, CARD, CARD, DOMAIN, DOMAIN + 1));
	ASSERT_EQ(0, ap_vm_open(&self->t.vm2, &self->t.other, variant->path));
	EXPECT_TRUE(ap_vm_has(&self->t.vm2, CARD, DOMAIN));
	EXPECT_EQ(0x10, ap_vm_receive(&self->t.vm2, APQN(CARD, DOMAIN + 1), &psmid, text, &len));
	/* The dead file does nothing to it. */
	ap_vm_close(&self->t.vm);
	EXPECT_TRUE(ap_vm_has(&self->t.vm2, CARD, DOMAIN));
	close(p.fd);
}

TEST_F(guest, request_irq)
{
	struct {
		struct vfio_irq_set set;
		int fd[2];
	} two = {
		.set = {
			.argsz = sizeof(two),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			.count = 2,
		},
	};
	const unsigned int trigger = VFIO_IRQ_SET_ACTION_TRIGGER;
	int event = eventfd(0, EFD_CLOEXEC), device;

	OPEN();
	device = self->t.vm.device;
	EXPECT_EQ(0, vfio_set_irq(device, 0, trigger, event));
	EXPECT_EQ(0, vfio_set_irq(device, 0, trigger, event));
	EXPECT_EQ(0, vfio_set_irq(device, 0, trigger, -1));
	EXPECT_EQ(0, vfio_set_irq(device, 0, trigger, -1));
	EXPECT_EQ(-EINVAL, vfio_set_irq(device, 0, trigger, -2));
	EXPECT_EQ(-EBADF, vfio_set_irq(device, 0, trigger, 999));
	EXPECT_EQ(-EINVAL, vfio_set_irq(device, 0, trigger, device));
	EXPECT_EQ(-EINVAL, vfio_set_irq(device, 1, trigger, event));
	EXPECT_EQ(-EINVAL, vfio_set_irq(device, 0, VFIO_IRQ_SET_ACTION_MASK, event));

	two.fd[0] = event;
	two.fd[1] = event;
	EXPECT_EQ(-EINVAL, vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, &two));
	two.set.count = 1;
	two.set.flags = VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER;
	EXPECT_EQ(-EINVAL, vfio_ioctl(device, VFIO_DEVICE_SET_IRQS, &two));
	close(event);
}

/* The guest's file goes first; the device keeps what it needs of the guest. */
TEST_F(guest, the_guest_goes_first)
{
	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, DOMAIN));
	OPEN();
	close(self->t.vm.guest);
	self->t.vm.guest = -1;
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "in use"));
	EXPECT_EQ(0, ap_set(&self->t.dut, "assign_domain", "%d", DOMAIN + 1));
	EXPECT_EQ(0, ap_set(&self->t.dut, "unassign_domain", "%d", DOMAIN));
	ap_vm_close(&self->t.vm);
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN + 1), "assigned"));
}

/* All the queues lose their driver while guests have them open. */
TEST_F(guest, unbind_everything)
{
	int card, domain;

	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD + 1, DOMAIN, LAST_DOMAIN));
	ASSERT_EQ(0, ap_assign(&self->t.other, CARD + 2, LAST_CARD, DOMAIN, LAST_DOMAIN));
	OPEN();
	ASSERT_EQ(0, ap_vm_open(&self->t.vm2, &self->t.other, variant->path));
	for (card = CARD; card <= LAST_CARD; card++)
		for (domain = DOMAIN; domain <= LAST_DOMAIN; domain++)
			EXPECT_EQ(0, ap_queue_unbind(APQN(card, domain)));
	EXPECT_FALSE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_FALSE(ap_vm_has(&self->t.vm2, LAST_CARD, DOMAIN));
	ap_vm_close(&self->t.vm2);
	for (card = CARD; card <= LAST_CARD; card++)
		for (domain = DOMAIN; domain <= LAST_DOMAIN; domain++)
			EXPECT_EQ(0, ap_queue_bind(APQN(card, domain)));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_is_empty(&self->t.vm2));
}

TEST_HARNESS_MAIN
