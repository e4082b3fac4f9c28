// SPDX-License-Identifier: GPL-2.0
/*
 * Adapter interrupts of a guest's queues: AQIC through the hook of vfio-ap,
 * what it pins and registers and gives back, its response codes, interrupts
 * that arrive, and registrations that end by a reset, by the memory going, by
 * the queue going and by close. Run with the cards of ap.sh.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>

#include "ap_fixture.h"

#define NIB	0x3008
#define NIB2	0x5010
#define ISC	3
#define WAIT_MS	2000

FIXTURE(irq) {
	struct vfio_dut dut;
	struct ap_vm vm;
	int mark;
};

FIXTURE_VARIANT(irq) {
	enum ap_path path;
};

FIXTURE_VARIANT_ADD(irq, cdev) { AP_CDEV };
FIXTURE_VARIANT_ADD(irq, group) { AP_GROUP };

FIXTURE_SETUP(irq)
{
	if (!ap_ready(_metadata, &self->mark))
		return;
	ASSERT_EQ(0, ap_mdev_new(&self->dut));
	ASSERT_EQ(0, ap_assign(&self->dut, CARD, CARD, DOMAIN, DOMAIN + 1));
	ASSERT_EQ(0, ap_vm_new(&self->vm));
	ASSERT_EQ(0, ap_vm_open(&self->vm, &self->dut, variant->path));
	ASSERT_EQ(0, ap_vm_reset(&self->vm));
	ap_emu("log", "0");
}

FIXTURE_TEARDOWN(irq)
{
	struct ap_guest_state state;

	ap_vm_close(&self->vm);
	EXPECT_EQ(0, ap_vm_state(&self->vm, &state));
	EXPECT_EQ(0, state.users);
	EXPECT_EQ(0, state.gisc[ISC]);
	EXPECT_EQ(0, state.gisc[ISC + 1]);
	ap_vm_free(&self->vm);
	EXPECT_EQ(0, mdev_remove(self->dut.name));
	EXPECT_EQ(0, ap_emu_stat("bad_nib"));
	ap_done(_metadata, self->mark);
}

static int registrations(const struct ap_vm *vm, int isc)
{
	struct ap_guest_state state;

	return ap_vm_state(vm, &state) ? -1 : (int)state.gisc[isc];
}

/* An interrupt of this ISC; looking takes all that are pending. */
static bool interrupted(const struct ap_vm *vm, int isc)
{
	long long end = now_ms() + WAIT_MS;
	struct ap_guest_state state;

	while (now_ms() < end) {
		if (!ap_vm_state(vm, &state) && state.ipm & 1 << isc)
			return true;
		sleep_ms(10);
	}
	return false;
}

TEST_F(irq, a_reply_interrupts)
{
	unsigned long long psmid;
	char text[16];
	size_t len;

	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, NIB));
	EXPECT_EQ(1, registrations(&self->vm, ISC));
	EXPECT_EQ(0, self->vm.mem[NIB]);
	EXPECT_EQ(0, ap_vm_send(&self->vm, APQN(CARD, DOMAIN), 1, "hello", 6));
	EXPECT_TRUE(interrupted(&self->vm, ISC));
	EXPECT_EQ(1, self->vm.mem[NIB]);
	self->vm.mem[NIB] = 0;
	/* A second one only when the first reply has been taken. */
	EXPECT_EQ(0, ap_vm_send(&self->vm, APQN(CARD, DOMAIN), 2, "again", 6));
	len = sizeof(text);
	EXPECT_EQ(0, ap_vm_receive(&self->vm, APQN(CARD, DOMAIN), &psmid, text, &len));
	EXPECT_TRUE(interrupted(&self->vm, ISC));
	EXPECT_EQ(1, self->vm.mem[NIB]);
	EXPECT_EQ(2, ap_emu_stat("interrupts"));
	/* The other queue has none. */
	EXPECT_EQ(0, ap_vm_send(&self->vm, APQN(CARD, DOMAIN + 1), 3, "quiet", 6));
	sleep_ms(50);
	EXPECT_EQ(2, ap_emu_stat("interrupts"));
	/* Off, and on elsewhere. */
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), false, 0, 0));
	EXPECT_EQ(0, registrations(&self->vm, ISC));
	EXPECT_EQ(-ENXIO, ap_emu("control", "poke %02x.%04x", CARD, DOMAIN));
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC + 1, NIB2));
	EXPECT_EQ(1, registrations(&self->vm, ISC + 1));
	EXPECT_EQ(0, ap_emu("control", "poke %02x.%04x", CARD, DOMAIN));
	EXPECT_TRUE(interrupted(&self->vm, ISC + 1));
	EXPECT_EQ(1, self->vm.mem[NIB2]);
}

TEST_F(irq, response_codes)
{
	struct ap_guest_aqic aqic = {
		.apqn = APQN(CARD, DOMAIN), .gr1 = 1ULL << 47 | ISC, .nib = NIB, .no_aiv = 1,
	};

	/* No such queue in the matrix, or not here at all. */
	EXPECT_EQ(0x01, ap_vm_aqic(&self->vm, APQN(CARD + 1, DOMAIN), true, ISC, NIB));
	EXPECT_EQ(0x01, ap_vm_aqic(&self->vm, APQN(99, DOMAIN), true, ISC, NIB));
	/* Without the facility it is user space's business. */
	EXPECT_EQ(0, vfio_ioctl(self->vm.guest, AP_GUEST_AQIC, &aqic));
	EXPECT_EQ(-EOPNOTSUPP, aqic.ret);
	/* Addresses: none, no memory. */
	EXPECT_EQ(0x06, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, 0));
	EXPECT_EQ(0x06, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, 0x10000000));
	EXPECT_EQ(0, registrations(&self->vm, ISC));
	EXPECT_EQ(0, ap_emu_calls("aqic", -1));
	/* Off while off, on while on. */
	EXPECT_EQ(0x07, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), false, 0, 0));
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, NIB));
	EXPECT_EQ(0x07, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC + 1, NIB2));
	EXPECT_EQ(1, registrations(&self->vm, ISC));
	EXPECT_EQ(0, registrations(&self->vm, ISC + 1));
	EXPECT_EQ(0, ap_emu("control", "poke %02x.%04x", CARD, DOMAIN));
	EXPECT_TRUE(interrupted(&self->vm, ISC));
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), false, 0, 0));
}

/* Enabled and disabled take their time to show; the driver waits for the latter. */
TEST_F(irq, slow_enable_and_disable)
{
	ap_emu("irq_ms", "30");
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, NIB));
	sleep_ms(60);
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), false, 0, 0));
	EXPECT_EQ(0, registrations(&self->vm, ISC));
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, NIB));
}

TEST_F(irq, two_queues_one_byte)
{
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, NIB));
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN + 1), true, ISC, NIB));
	EXPECT_EQ(2, registrations(&self->vm, ISC));
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), false, 0, 0));
	EXPECT_EQ(1, registrations(&self->vm, ISC));
	EXPECT_EQ(0, ap_emu("control", "poke %02x.%04x", CARD, DOMAIN + 1));
	EXPECT_TRUE(interrupted(&self->vm, ISC));
}

/* A reset ends the registration, and then the page is given back. */
TEST_F(irq, a_reset_ends_it)
{
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, NIB));
	EXPECT_EQ(0, vfio_ioctl_val(self->vm.device, VFIO_DEVICE_RESET, 0));
	EXPECT_EQ(0, registrations(&self->vm, ISC));
	EXPECT_EQ(-ENXIO, ap_emu("control", "poke %02x.%04x", CARD, DOMAIN));
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, NIB));
	ap_emu("stats", "0");
}

TEST_F(irq, losing_the_memory_ends_it)
{
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, NIB));
	EXPECT_EQ(0, ap_vm_unmap(&self->vm));
	EXPECT_EQ(0, registrations(&self->vm, ISC));
	EXPECT_EQ(-ENXIO, ap_emu("control", "poke %02x.%04x", CARD, DOMAIN));
	EXPECT_EQ(0x06, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, NIB));
}

struct hammer {
	struct ap_vm *vm;
	bool stop;
	int enabled, refused, odd;
};

/* The guest enables and disables, without a pause, what an unmap takes from it. */
static void *hammer(void *arg)
{
	struct hammer *h = arg;
	int rc;

	while (!__atomic_load_n(&h->stop, __ATOMIC_RELAXED)) {
		rc = ap_vm_aqic(h->vm, APQN(CARD, DOMAIN), true, ISC, NIB);
		if (!rc)
			h->enabled++;
		else if (rc == 0x06)
			h->refused++;
		/* An unmap may have disabled it in between. */
		else if (rc != 0x07)
			h->odd = rc;
		rc = ap_vm_aqic(h->vm, APQN(CARD, DOMAIN), false, 0, 0);
		if (rc && rc != 0x07)
			h->odd = rc;
	}
	return NULL;
}

/* type1 counts how often it finds the page pinned again, and does not count far. */
TEST_F(irq, unmap_under_fire)
{
	struct hammer h = { .vm = &self->vm };
	pthread_t threads[2];
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, hammer, &h));
	for (i = 0; i < 10; i++) {
		sleep_ms(20);
		EXPECT_EQ(0, ap_vm_unmap(&self->vm));
		sleep_ms(150);
		EXPECT_EQ(0, ap_vm_map(&self->vm));
	}
	sleep_ms(100);
	h.stop = true;
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, h.odd);
	EXPECT_LE(1, h.enabled);
	EXPECT_LE(1, h.refused);
	EXPECT_EQ(0, registrations(&self->vm, ISC));
}

TEST_F(irq, unassigning_ends_it)
{
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, NIB));
	EXPECT_EQ(0, ap_set(&self->dut, "unassign_domain", "%d", DOMAIN));
	EXPECT_EQ(0, registrations(&self->vm, ISC));
	EXPECT_EQ(0x01, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, NIB));
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN + 1), true, ISC, NIB));
	/* By way of a neighbour that loses its driver. */
	EXPECT_EQ(0, ap_set(&self->dut, "assign_domain", "%d", DOMAIN));
	EXPECT_EQ(0, ap_queue_unbind(APQN(CARD, DOMAIN)));
	EXPECT_EQ(0, registrations(&self->vm, ISC));
	EXPECT_EQ(0, ap_queue_bind(APQN(CARD, DOMAIN)));
}

TEST_F(irq, the_queue_goes_from_the_host)
{
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, NIB));
	ap_emu("apm", "-%d", CARD);
	ap_scan();
	EXPECT_EQ(0, registrations(&self->vm, ISC));
	EXPECT_EQ(0x01, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, NIB));
}

TEST_F(irq, close_ends_it)
{
	struct ap_guest_state state;

	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN), true, ISC, NIB));
	EXPECT_EQ(0, ap_vm_aqic(&self->vm, APQN(CARD, DOMAIN + 1), true, ISC, NIB2));
	ap_emu("reset_ms", "100");
	ap_vm_close(&self->vm);
	ASSERT_EQ(0, ap_vm_state(&self->vm, &state));
	EXPECT_EQ(0, state.gisc[ISC]);
	EXPECT_EQ(0, state.users);
	ap_emu("reset_ms", "0");
	EXPECT_EQ(-ENXIO, ap_emu("control", "poke %02x.%04x", CARD, DOMAIN));
}

TEST_HARNESS_MAIN
