// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once, for a while: matrices change by single attributes and by
 * ap_config, adapters and domains leave and enter the host's configuration,
 * queues lose and get their driver, resets are slow or fail, guests open and
 * close and enable interrupts, and somebody reads it all. What counts is that
 * the kernel has nothing to complain about, that what is left in the end is
 * right, and that no interrupt went into memory that was given back.
 * Run with the cards of ap.sh. $AP_STORM_MS says how long each lasts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "ap_fixture.h"

#define THREADS		8

struct storm {
	struct vfio_dut dut[2];
	long long end;
	bool resets;		/* guests may reset queues that they have */
	unsigned long rounds[THREADS];
};

struct actor {
	struct storm *storm;
	int id;
	unsigned int seed;
	pthread_t thread;
};

static int pick(struct actor *a, int n)
{
	a->seed = a->seed * 1103515245 + 12345;
	return (a->seed >> 16) % n;
}

/* Until time is up, and three rounds have begun however slow the machine is. */
static bool goes_on(struct actor *a)
{
	return a->storm->rounds[a->id]++ < 3 || now_ms() < a->storm->end;
}

/* Adapters 3 to 6 and domains 4 to 7 to and from one of the two devices. */
static void *attributes(void *arg)
{
	static const char *const attrs[] = {
		"assign_adapter", "assign_domain", "assign_control_domain",
		"unassign_adapter", "unassign_domain", "unassign_control_domain",
	};
	struct actor *a = arg;
	int attr;

	while (goes_on(a)) {
		attr = pick(a, ARRAY_SIZE(attrs));
		ap_set(&a->storm->dut[pick(a, 2)], attrs[attr], "%d",
		       (attr % 3 ? DOMAIN : CARD) + pick(a, 4));
	}
	return NULL;
}

static void *configurations(void *arg)
{
	struct actor *a = arg;

	while (goes_on(a))
		ap_config(&a->storm->dut[pick(a, 2)], pick(a, 16) << 1, pick(a, 16), pick(a, 16));
	return NULL;
}

static void *host(void *arg)
{
	struct actor *a = arg;

	while (goes_on(a)) {
		ap_emu("apm", "%c%d", "+-"[pick(a, 2)], CARD + pick(a, 4));
		ap_emu("aqm", "%c%d", "+-"[pick(a, 2)], DOMAIN + pick(a, 4));
		ap_emu("adm", "%c%d", "+-"[pick(a, 2)], DOMAIN + pick(a, 4));
		ap_emu("control", "card %d state=%s", CARD + pick(a, 4),
		       pick(a, 4) ? "online" : "standby");
		ap_scan();
	}
	return NULL;
}

static void *drivers(void *arg)
{
	struct actor *a = arg;
	int apqn;

	while (goes_on(a)) {
		apqn = APQN(CARD + pick(a, 4), DOMAIN + pick(a, 4));
		ap_queue_unbind(apqn);
		sleep_ms(pick(a, 5));
		ap_queue_bind(apqn);
	}
	return NULL;
}

static void *weather(void *arg)
{
	struct actor *a = arg;

	while (goes_on(a)) {
		ap_emu("reset_ms", "%d", pick(a, 3) ? 0 : pick(a, 60));
		ap_emu("inject", "%s %02x.* %02x %d", pick(a, 2) ? "zapq" : "aqic",
		       CARD + pick(a, 4), 1 + pick(a, 5), 1 + pick(a, 3));
		sleep_ms(pick(a, 100));
		ap_emu("inject", "clear");
	}
	return NULL;
}

static void *guest(void *arg)
{
	struct actor *a = arg;
	struct ap_vm vm;
	int i, apqn;

	while (goes_on(a)) {
		if (ap_vm_new(&vm))
			continue;
		if (!ap_vm_open(&vm, &a->storm->dut[pick(a, 2)], pick(a, 2))) {
			for (i = pick(a, 10); i; i--) {
				apqn = APQN(CARD + pick(a, 4), DOMAIN + pick(a, 4));
				ap_vm_aqic(&vm, apqn, pick(a, 2), pick(a, 8),
					   0x1000 + 8 * pick(a, 1000));
				ap_vm_send(&vm, apqn, i, "storm", 6);
				ap_emu("control", "poke %02x.%04x", apqn >> 8, apqn & 0xff);
				if (a->storm->resets && !pick(a, 4))
					vfio_ioctl_val(vm.device, VFIO_DEVICE_RESET, 0);
				if (!pick(a, 8))
					ap_vm_unmap(&vm);
			}
		}
		ap_vm_free(&vm);
		munmap(vm.mem, VM_SIZE);
	}
	return NULL;
}

static void *reader(void *arg)
{
	static const char *const attrs[] = {
		"matrix", "guest_matrix", "control_domains", "ap_config",
	};
	struct actor *a = arg;
	char text[8192];

	while (goes_on(a)) {
		ap_get(&a->storm->dut[pick(a, 2)], attrs[pick(a, 4)], text, sizeof(text));
		ap_queue_status(APQN(CARD + pick(a, 4), DOMAIN + pick(a, 4)), text, sizeof(text));
	}
	return NULL;
}

FIXTURE(storm) {
	struct storm storm;
	int mark;
};

FIXTURE_SETUP(storm)
{
	const char *ms = getenv("AP_STORM_MS");

	if (!ap_ready(_metadata, &self->mark))
		return;
	memset(&self->storm, 0, sizeof(self->storm));
	ASSERT_EQ(0, ap_mdev_new(&self->storm.dut[0]));
	ASSERT_EQ(0, ap_mdev_new(&self->storm.dut[1]));
	self->storm.end = now_ms() + (ms ? atoi(ms) : 15000);
}

FIXTURE_TEARDOWN(storm)
{
	EXPECT_EQ(0, mdev_remove(self->storm.dut[0].name));
	EXPECT_EQ(0, mdev_remove(self->storm.dut[1].name));
	EXPECT_EQ(0, ap_emu_stat("bad_nib"));
	ap_done(_metadata, self->mark);
}

static void run(struct __test_metadata *_metadata, struct storm *storm,
		void *(*const parts[])(void *), int n)
{
	struct actor actors[THREADS];
	int i;

	for (i = 0; i < n; i++) {
		actors[i] = (struct actor){ .storm = storm, .id = i, .seed = 1 + i * 7919 };
		ASSERT_EQ(0, pthread_create(&actors[i].thread, NULL, parts[i], &actors[i]));
	}
	for (i = 0; i < n; i++)
		pthread_join(actors[i].thread, NULL);
	for (i = 0; i < n; i++)
		TH_LOG("part %d did %lu rounds", i, storm->rounds[i]);
}

/* With everything back in place, what each device says has to be right. */
static void settle(struct __test_metadata *_metadata, struct storm *storm)
{
	struct vfio_dut *dut = storm->dut;
	int card, domain;

	ap_emu_reset();
	for (card = CARD; card <= LAST_CARD; card++)
		for (domain = DOMAIN; domain <= LAST_DOMAIN; domain++)
			ap_queue_bind(APQN(card, domain));
	EXPECT_EQ(0, ap_config(&dut[0], 0, 0, 0));
	EXPECT_EQ(0, ap_config(&dut[1], 0, 0, 0));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "unassigned"));
	/* Queues whose last reset went wrong have to be bound once more. */
	for (card = CARD; card <= LAST_CARD; card++) {
		for (domain = DOMAIN; domain <= LAST_DOMAIN; domain++) {
			EXPECT_EQ(0, ap_queue_unbind(APQN(card, domain)));
			EXPECT_EQ(0, ap_queue_bind(APQN(card, domain)));
		}
	}
	EXPECT_EQ(0, ap_assign(&dut[0], CARD, CARD + 1, DOMAIN, LAST_DOMAIN));
	EXPECT_EQ(0, ap_assign(&dut[1], CARD + 2, CARD + 3, DOMAIN, DOMAIN + 1));
	EXPECT_TRUE(ap_is(&dut[0], "guest_matrix",
			  "03.0004\n03.0005\n03.0006\n03.0007\n"
			  "04.0004\n04.0005\n04.0006\n04.0007\n"));
	EXPECT_TRUE(ap_is(&dut[1], "guest_matrix", "05.0004\n05.0005\n06.0004\n06.0005\n"));
}

/* No queue is ever reset while a guest still has it: none asks for that here. */
TEST_F_TIMEOUT(storm, plugging, 600)
{
	static void *(*const parts[])(void *) = { attributes, configurations, drivers, guest };

	run(_metadata, &self->storm, parts, ARRAY_SIZE(parts));
	EXPECT_EQ(0, ap_emu_stat("reset_plugged"));
	settle(_metadata, &self->storm);
}

TEST_F_TIMEOUT(storm, the_host_changes, 600)
{
	static void *(*const parts[])(void *) = { host, attributes, guest, reader };

	run(_metadata, &self->storm, parts, ARRAY_SIZE(parts));
	settle(_metadata, &self->storm);
}

TEST_F_TIMEOUT(storm, two_guests_and_bad_weather, 600)
{
	static void *(*const parts[])(void *) = { guest, guest, weather, configurations };

	self->storm.resets = true;
	run(_metadata, &self->storm, parts, ARRAY_SIZE(parts));
	settle(_metadata, &self->storm);
}

TEST_F_TIMEOUT(storm, everything, 600)
{
	static void *(*const parts[])(void *) = {
		attributes, configurations, host, drivers, weather, guest, guest, reader,
	};

	self->storm.resets = true;
	run(_metadata, &self->storm, parts, ARRAY_SIZE(parts));
	settle(_metadata, &self->storm);
}

TEST_HARNESS_MAIN
