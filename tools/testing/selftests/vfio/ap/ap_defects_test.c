// SPDX-License-Identifier: GPL-2.0
/*
 * A test for each known defect of the base's vfio-ap, by number. On the base
 * most of them fail; where a kernel without the fix would hang or be left in
 * disorder, the test sees to it that it goes on. Run with the cards of ap.sh,
 * and one at a time where a kernel is not to be trusted afterwards.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "ap_fixture.h"

#define ISC		3
#define UVC_CONVERT	0x0200
/* Longer than DEBUG_KOBJECT_RELEASE puts off a release. */
#define RELEASE_MS	8500

FIXTURE(defect) {
	struct ap_test t;
};

FIXTURE_SETUP(defect)
{
	ap_test_setup(_metadata, &self->t);
}

FIXTURE_TEARDOWN(defect)
{
	ap_test_release(_metadata, &self->t);
	ap_done(_metadata, self->t.mark);
}

/*
 * 1: unassigning a card that was filtered left its queues with a pointer to
 * the matrix device, used when the queue lost its driver after the device was
 * gone.
 */
TEST_F(defect, 1_a_queue_forgets_its_device)
{
	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, DOMAIN + 1));
	ASSERT_EQ(0, ap_queue_unbind(APQN(CARD, DOMAIN + 1)));
	EXPECT_TRUE(ap_is(&self->t.dut, "guest_matrix", ".0004\n.0005\n"));
	EXPECT_EQ(0, ap_set(&self->t.dut, "unassign_adapter", "%d", CARD));
	EXPECT_EQ(0, mdev_remove(self->t.dut.name));
	sleep_ms(RELEASE_MS);
	EXPECT_EQ(0, ap_queue_unbind(APQN(CARD, DOMAIN)));
	EXPECT_EQ(0, ap_queue_bind(APQN(CARD, DOMAIN)));
	EXPECT_EQ(0, ap_queue_bind(APQN(CARD, DOMAIN + 1)));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "unassigned"));
}

static size_t queues_text(char *text, int first, int last, int domain, int last_domain)
{
	size_t len = 0;
	int card, d;

	for (card = first; card <= last; card++)
		for (d = domain; d <= last_domain; d++)
			len += sprintf(text + len, "%02x.%04x\n", card, d);
	return len;
}

/* 2: more than 512 queues were printed over the end of a page. */
TEST_F(defect, 2_a_large_matrix_is_shown_whole)
{
	static const char ones[] =
		"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
	size_t size = 1024 * 1024, want;
	char *text = malloc(size), *expected = malloc(size);

	ASSERT_NE(NULL, text);
	ASSERT_NE(NULL, expected);
	/* One more than fits, and then as many as there can be. */
	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD + 170, DOMAIN, DOMAIN + 2));
	want = queues_text(expected, CARD, CARD + 170, DOMAIN, DOMAIN + 2);
	ASSERT_EQ(want, ap_get(&self->t.dut, "matrix", text, size));
	EXPECT_STREQ(expected, text);

	ASSERT_EQ(0, sysfs_write(AP_BUS "apmask", "-1,-2"));
	EXPECT_EQ(0, ap_set(&self->t.dut, "ap_config", "%s,%s,%s", ones, ones, ones));
	want = queues_text(expected, 0, 255, 0, 255);
	EXPECT_EQ(65536 * 8, want);
	EXPECT_EQ(want, ap_get(&self->t.dut, "matrix", text, size));
	EXPECT_EQ(0, memcmp(expected, text, want));
	want = queues_text(expected, 1, LAST_CARD, DOMAIN, LAST_DOMAIN);
	EXPECT_EQ(want, ap_get(&self->t.dut, "guest_matrix", text, size));
	EXPECT_STREQ(expected, text);
	EXPECT_EQ(256 * 5, ap_get(&self->t.dut, "control_domains", text, size));
	/* A guest gets what there is of it. */
	ASSERT_EQ(0, ap_vm_open(&self->t.vm, &self->t.dut, AP_CDEV));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, 1, DOMAIN));
	EXPECT_FALSE(ap_vm_has(&self->t.vm, 0, DOMAIN));
	ap_vm_close(&self->t.vm);
	EXPECT_EQ(0, ap_config(&self->t.dut, 0, 0, 0));
	EXPECT_EQ(0, sysfs_write(AP_BUS "apmask", "+1,+2"));
	free(text);
	free(expected);
}

/*
 * 3: an AQIC that failed in a way the driver did not know left the new page
 * pinned and the new ISC registered, and took away the registration before.
 */
TEST_F(defect, 3_a_failed_aqic_changes_nothing)
{
	struct ap_guest_state state;

	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, DOMAIN));
	ASSERT_EQ(0, ap_vm_open(&self->t.vm, &self->t.dut, AP_GROUP));
	ASSERT_EQ(0, ap_vm_reset(&self->t.vm));
	EXPECT_EQ(0, ap_emu("inject", "aqic %02x.%04x 06", CARD, DOMAIN));
	EXPECT_EQ(0x06, ap_vm_aqic(&self->t.vm, APQN(CARD, DOMAIN), true, ISC, 0x2000));
	ASSERT_EQ(0, ap_vm_state(&self->t.vm, &state));
	EXPECT_EQ(0, state.gisc[ISC]);
	EXPECT_EQ(0, ap_vm_aqic(&self->t.vm, APQN(CARD, DOMAIN), true, ISC, 0x2000));
	EXPECT_EQ(0, ap_emu("inject", "aqic %02x.%04x 08", CARD, DOMAIN));
	EXPECT_EQ(0x08, ap_vm_aqic(&self->t.vm, APQN(CARD, DOMAIN), true, ISC + 1, 0x3000));
	ASSERT_EQ(0, ap_vm_state(&self->t.vm, &state));
	EXPECT_EQ(1, state.gisc[ISC]);
	EXPECT_EQ(0, state.gisc[ISC + 1]);
	/* The one before still works. */
	EXPECT_EQ(0, ap_emu("control", "poke %02x.%04x", CARD, DOMAIN));
	sleep_ms(100);
	ASSERT_EQ(0, ap_vm_state(&self->t.vm, &state));
	EXPECT_EQ(1 << ISC, state.ipm);
	EXPECT_EQ(1, self->t.vm.mem[0x2000]);
	ap_vm_close(&self->t.vm);
	ASSERT_EQ(0, ap_vm_state(&self->t.vm, &state));
	EXPECT_EQ(0, state.gisc[ISC]);
	EXPECT_EQ(0, state.gisc[ISC + 1]);
}

/* 4: unmapping address 0 took the interrupts of queues that had none. */
TEST_F(defect, 4_no_interrupts_are_not_at_address_0)
{
	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, DOMAIN + 1));
	ASSERT_EQ(0, ap_vm_open(&self->t.vm, &self->t.dut, AP_GROUP));
	ASSERT_EQ(0, ap_vm_reset(&self->t.vm));
	EXPECT_EQ(0, ap_vm_aqic(&self->t.vm, APQN(CARD, DOMAIN), true, ISC, 0x2000));
	ap_emu("log", "0");
	EXPECT_EQ(0, ap_vm_unmap(&self->t.vm));
	EXPECT_EQ(1, ap_emu_calls("aqic", APQN(CARD, DOMAIN)));
	EXPECT_EQ(0, ap_emu_calls("aqic", APQN(CARD, DOMAIN + 1)));
}

/* 5: the eventfd of one opener was signalled for the next. */
TEST_F(defect, 5_the_eventfd_goes_with_its_opener)
{
	struct pollfd p = { .fd = eventfd(0, EFD_CLOEXEC), .events = POLLIN };
	pthread_t thread;

	ASSERT_EQ(0, ap_vm_open(&self->t.vm, &self->t.dut, AP_CDEV));
	ASSERT_EQ(0, ap_vm_request_event(&self->t.vm, p.fd));
	ap_vm_close(&self->t.vm);
	ASSERT_EQ(0, ap_vm_open(&self->t.vm2, &self->t.dut, AP_CDEV));
	ASSERT_EQ(0, pthread_create(&thread, NULL, ap_remove, &self->t.dut));
	EXPECT_EQ(0, poll(&p, 1, 2000));
	ap_vm_close(&self->t.vm2);
	pthread_join(thread, NULL);
	close(p.fd);
}

struct creation {
	char guid[37];
	atomic_bool done;
};

static void *create_mdev(void *arg)
{
	struct creation *c = arg;

	mdev_create(AP_TYPE, c->guid);
	c->done = true;
	return NULL;
}

static void *unassign(void *dut)
{
	return (void *)(long)ap_set(dut, "unassign_adapter", "%d", CARD);
}

/*
 * 6: a device could be found and opened before its driver knew of it. A slow
 * reset holds the driver up at that point.
 */
TEST_F(defect, 6_a_device_is_known_before_it_is_seen)
{
	struct creation c = {};
	char path[128], node[64];
	pthread_t slow, create;
	bool early = false;
	long long end;

	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, DOMAIN));
	ASSERT_EQ(0, ap_vm_open(&self->t.vm, &self->t.dut, AP_CDEV));
	ap_emu("reset_ms", "4000");
	ASSERT_EQ(0, pthread_create(&slow, NULL, unassign, &self->t.dut));
	sleep_ms(300);
	mdev_guid(c.guid);
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s", c.guid);
	ASSERT_EQ(0, pthread_create(&create, NULL, create_mdev, &c));
	end = now_ms() + 2500;
	while (!c.done && now_ms() < end) {
		early = !vfio_find_cdev(path, node, sizeof(node)) && !c.done;
		if (early)
			sleep_ms(1000);
		early = early && !c.done;
		if (early)
			break;
		sleep_ms(20);
	}
	EXPECT_FALSE(early) {
		TH_LOG("%s is there, and create has not come back", node);
	}
	pthread_join(slow, NULL);
	pthread_join(create, NULL);
	ap_emu("reset_ms", "0");
	EXPECT_EQ(0, mdev_remove(c.guid));
}

struct call {
	struct ap_vm *vm;
	int ret;
	atomic_bool done;	/* ret is final */
};

static void *do_reset(void *arg)
{
	struct call *c = arg;

	c->ret = vfio_ioctl_val(c->vm->device, VFIO_DEVICE_RESET, 0);
	c->done = true;
	return NULL;
}

static void *do_aqic(void *arg)
{
	struct call *c = arg;

	c->ret = ap_vm_aqic(c->vm, APQN(CARD + 1, DOMAIN), true, ISC, 0x2000);
	c->done = true;
	return NULL;
}

static bool done_within(struct call *c, int ms)
{
	long long end = now_ms() + ms;

	while (!c->done && now_ms() < end)
		sleep_ms(20);
	return c->done;
}

/* 7: one guest's slow reset held up every other guest. */
TEST_F(defect, 7_a_slow_reset_is_ones_own)
{
	struct call reset = { .vm = &self->t.vm }, aqic = { .vm = &self->t.vm2 };
	pthread_t a, b;

	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, DOMAIN));
	ASSERT_EQ(0, ap_assign(&self->t.other, CARD + 1, CARD + 1, DOMAIN, DOMAIN));
	ASSERT_EQ(0, ap_vm_open(&self->t.vm, &self->t.dut, AP_CDEV));
	ASSERT_EQ(0, ap_vm_open(&self->t.vm2, &self->t.other, AP_CDEV));
	ASSERT_EQ(0, ap_vm_reset(&self->t.vm2));
	ap_emu("reset_ms", "60000");
	ASSERT_EQ(0, pthread_create(&a, NULL, do_reset, &reset));
	sleep_ms(500);
	ASSERT_EQ(0, pthread_create(&b, NULL, do_aqic, &aqic));
	EXPECT_TRUE(done_within(&aqic, 2000));
	EXPECT_FALSE(reset.done && !reset.ret);
	ap_emu("reset_ms", "0");
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	EXPECT_EQ(0, aqic.ret);
}

/* 7: and a reset that never ends was waited for without end. */
TEST_F(defect, 7_a_reset_without_end_is_given_up)
{
	struct call reset = { .vm = &self->t.vm };
	pthread_t thread;

	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, DOMAIN));
	ASSERT_EQ(0, ap_vm_open(&self->t.vm, &self->t.dut, AP_CDEV));
	ap_emu("reset_ms", "3600000");
	ASSERT_EQ(0, pthread_create(&thread, NULL, do_reset, &reset));
	EXPECT_TRUE(done_within(&reset, 40000));
	EXPECT_EQ(-EIO, reset.ret);
	ap_emu("reset_ms", "0");
	pthread_join(thread, NULL);
}

/*
 * 8: ap_config was read without a lock, and so could show what a write had put
 * there to see whether it would do.
 */
TEST_F(defect, 8_ap_config_shows_what_was_accepted)
{
	static const char none[] =
		"0x0000000000000000000000000000000000000000000000000000000000000000";
	static const char cards[] = "0x0000000000000000000000000fffffff";
	static const char domains[] = "0xff";
	long long end = now_ms() + 20000;
	char text[512];
	int pid, odd = 0, n = 0;

	ASSERT_EQ(0, ap_assign(&self->t.other, 100, 131, 0, 7));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		/* A conflict in many queues takes long to find and report. */
		while (now_ms() < end)
			ap_set(&self->t.dut, "ap_config", "%s,%s,%s", cards, domains, none);
		_exit(0);
	}
	while (!odd && now_ms() < end) {
		ap_get(&self->t.dut, "ap_config", text, sizeof(text));
		odd = strncmp(text, none, strlen(none));
		n++;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	EXPECT_EQ(0, odd) {
		TH_LOG("read %d: %s", n, text);
	}
	EXPECT_LT(10, n);
}

/* 9: one write of ap_config changed the guest's masks up to three times. */
TEST_F(defect, 9_ap_config_is_one_change)
{
	struct ap_guest_apcb apcbs[16];
	int n;

	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, DOMAIN));
	ASSERT_EQ(0, ap_vm_open(&self->t.vm, &self->t.dut, AP_CDEV));
	ap_vm_forget(&self->t.vm);
	/* The card and the domain are replaced. */
	EXPECT_EQ(0, ap_config(&self->t.dut, 0x08, 0x04, 0x08));
	n = ap_vm_history(&self->t.vm, apcbs, 16);
	EXPECT_EQ(1, n);
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD + 1, DOMAIN + 1));
	EXPECT_TRUE(ap_vm_has_cdom(&self->t.vm, DOMAIN));
}

/*
 * 10: where the notification byte of a protected guest was in a page that is
 * not shared, the host's address of it was converted as if it were the guest's.
 */
TEST_F(defect, 10_only_the_guests_own_page_is_converted)
{
	unsigned long long address, nib = 0x7000;
	int nth = 0;

	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD, DOMAIN, DOMAIN));
	ASSERT_EQ(0, ap_vm_open(&self->t.vm, &self->t.dut, AP_GROUP));
	ASSERT_EQ(0, vfio_ioctl_val(self->t.vm.guest, AP_GUEST_PROTECT,
				    (unsigned long)self->t.vm.mem));
	ap_emu("log", "0");
	EXPECT_EQ(0x06, ap_vm_aqic(&self->t.vm, APQN(CARD, DOMAIN), true, ISC, nib));
	EXPECT_LE(1, ap_emu_calls("uvc", -1));
	while (ap_emu_uvc(UVC_CONVERT, &nth, &address))
		EXPECT_EQ(nib, address);
}

/*
 * 11: cards that are too old were not told from others when only cards were
 * added. They have no queues, so this showed nowhere but in what was pending
 * while the bus was scanned; what counts is that a guest never gets them.
 */
TEST_F(defect, 11_old_cards_are_not_plugged)
{
	ap_emu("apm", "-%d", CARD + 1);
	ap_scan();
	ASSERT_EQ(0, ap_assign(&self->t.dut, CARD, CARD + 2, DOMAIN, DOMAIN));
	ASSERT_EQ(0, ap_vm_open(&self->t.vm, &self->t.dut, AP_CDEV));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	ap_emu("control", "card %d type=9", CARD + 1);
	ap_emu("apm", "+%d", CARD + 1);
	ap_vm_forget(&self->t.vm);
	ap_scan();
	EXPECT_FALSE(ap_vm_has(&self->t.vm, CARD + 1, DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD, DOMAIN));
	EXPECT_TRUE(ap_vm_has(&self->t.vm, CARD + 2, DOMAIN));
	EXPECT_TRUE(ap_is(&self->t.dut, "guest_matrix", "03.0004\n05.0004\n"));
}

TEST_HARNESS_MAIN
