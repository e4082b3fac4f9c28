// SPDX-License-Identifier: GPL-2.0
/*
 * The emulated adapters as the AP bus of the kernel sees them: what appears
 * and goes, states, types, resets that take time or fail, the log, the
 * counters, and the lines that the emulator refuses. Run with the cards of
 * ap.sh; vfio_ap has no part in it but to hold queues.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/wait.h>

#include "ap_fixture.h"

#define WAIT_MS		3000

static bool exists(const char *fmt, int a, int b)
{
	char path[128], name[64];

	snprintf(name, sizeof(name), fmt, a, b);
	snprintf(path, sizeof(path), AP_BUS "devices/%s", name);
	return !access(path, F_OK);
}

static int number(const char *device, const char *attr)
{
	char path[128], text[64];

	snprintf(path, sizeof(path), AP_BUS "devices/%s/%s", device, attr);
	return sysfs_read(path, text, sizeof(text)) ? -1 : (int)strtol(text, NULL, 0);
}

static bool becomes(const char *device, const char *attr, int want)
{
	long long end = now_ms() + WAIT_MS;

	while (number(device, attr) != want) {
		if (now_ms() > end)
			return false;
		sleep_ms(20);
	}
	return true;
}

FIXTURE(emu) {
	int mark;
};

FIXTURE_SETUP(emu)
{
	if (!ap_ready(_metadata, &self->mark))
		return;
}

FIXTURE_TEARDOWN(emu)
{
	ap_done(_metadata, self->mark);
}

TEST_F(emu, cards_and_domains_come_and_go)
{
	EXPECT_TRUE(exists("card%02x", CARD, 0));
	EXPECT_TRUE(exists("%02x.%04x", CARD, DOMAIN));
	EXPECT_FALSE(exists("card%02x", 9, 0));

	EXPECT_EQ(0, ap_emu("apm", "+9"));
	EXPECT_FALSE(exists("card%02x", 9, 0));
	ap_scan();
	EXPECT_TRUE(exists("card%02x", 9, 0));
	EXPECT_TRUE(exists("%02x.%04x", 9, LAST_DOMAIN));

	EXPECT_EQ(0, ap_emu("apm", "-9,%d", CARD));
	EXPECT_EQ(0, ap_emu("aqm", "-%d", DOMAIN));
	ap_scan();
	EXPECT_FALSE(exists("card%02x", 9, 0));
	EXPECT_FALSE(exists("%02x.%04x", CARD, LAST_DOMAIN));
	EXPECT_FALSE(exists("%02x.%04x", LAST_CARD, DOMAIN));
	EXPECT_TRUE(exists("%02x.%04x", LAST_CARD, LAST_DOMAIN));
}

TEST_F(emu, the_bus_sees_the_masks)
{
	char text[128];

	ASSERT_EQ(0, sysfs_read(AP_BUS "ap_adapter_mask", text, sizeof(text)));
	EXPECT_STREQ("0x7e00000000000000000000000000000000000000000000000000000000000000", text);
	ASSERT_EQ(0, sysfs_read(AP_BUS "ap_usage_domain_mask", text, sizeof(text)));
	EXPECT_STREQ("0x0f00000000000000000000000000000000000000000000000000000000000000", text);
	ASSERT_EQ(0, sysfs_read(AP_BUS "ap_control_domain_mask", text, sizeof(text)));
	EXPECT_STREQ("0x0f00000000000000000000000000000000000000000000000000000000000000", text);
	ASSERT_EQ(0, sysfs_read(AP_BUS "ap_max_adapter_id", text, sizeof(text)));
	EXPECT_STREQ("63", text);
}

TEST_F(emu, types)
{
	EXPECT_EQ(14, number("card03", "hwtype"));
	EXPECT_EQ(0, ap_emu("control", "card 3 type=10"));
	ap_scan();
	EXPECT_EQ(10, number("card03", "hwtype"));
	/* Older than a CEX4: of no use to this kernel. */
	EXPECT_EQ(0, ap_emu("control", "card 3 type=9"));
	ap_scan();
	EXPECT_FALSE(exists("card%02x", 3, 0));
}

TEST_F(emu, standby_and_checkstop)
{
	EXPECT_EQ(1, number("card03", "config"));
	EXPECT_EQ(0, ap_emu("control", "card 3 state=standby"));
	ap_scan();
	EXPECT_EQ(0, number("card03", "config"));
	EXPECT_EQ(0, number("03.0004", "config"));
	EXPECT_EQ(0, ap_emu("control", "card 3 state=checkstop"));
	ap_scan();
	EXPECT_EQ(1, number("card03", "config"));
	EXPECT_EQ(1, number("card03", "chkstop"));
	EXPECT_EQ(0, ap_emu("control", "card 3 state=online\nqueue 03.0005 state=standby"));
	ap_scan();
	/* The bus looks at one change of a queue at a time. */
	ap_scan();
	EXPECT_EQ(0, number("card03", "chkstop"));
	EXPECT_EQ(1, number("03.0004", "config"));
	EXPECT_EQ(0, number("03.0005", "config"));
}

/* The host's queue is reset by the bus, which then polls it. */
TEST_F(emu, a_reset_takes_its_time)
{
	char text[64];

	EXPECT_EQ(0, ap_emu("control", "queue 01.0004 reset_ms=400"));
	EXPECT_EQ(0, sysfs_write(AP_BUS "devices/01.0004/reset", "1"));
	sleep_ms(100);
	EXPECT_EQ(0, sysfs_read(AP_BUS "devices/01.0004/reset", text, sizeof(text)));
	EXPECT_STREQ("Reset in progress.", text);
	sleep_ms(1000);
	EXPECT_EQ(0, sysfs_read(AP_BUS "devices/01.0004/reset", text, sizeof(text)));
	EXPECT_STREQ("No Reset Timer set.", text);
	EXPECT_EQ(1, ap_emu_calls("rapq", APQN(1, 4)));
	EXPECT_LT(3, ap_emu_calls("tapq", APQN(1, 4)));
}

TEST_F(emu, answers_can_be_dictated)
{
	EXPECT_EQ(0, ap_emu("inject", "rapq 01.0005 05 1"));
	EXPECT_EQ(0, sysfs_write(AP_BUS "devices/01.0005/reset", "1"));
	EXPECT_TRUE(becomes("01.0005", "config", 1));
	EXPECT_EQ(1, ap_emu_calls("rapq", APQN(1, 5)));
	EXPECT_EQ(1, ap_emu_stat("rapq"));
	/* Used up: the next one works, and puts the queue right. */
	EXPECT_EQ(0, sysfs_write(AP_BUS "devices/01.0005/reset", "1"));
	EXPECT_EQ(2, ap_emu_stat("rapq"));
	EXPECT_EQ(0, ap_emu_stat("reset_gone"));
}

TEST_F(emu, what_is_refused)
{
	static const struct {
		const char *file, *line;
		int ret;
	} refused[] = {
		{ "apm", "64", -ERANGE },
		{ "apm", "x", -EINVAL },
		{ "apm", "+3-1", -EINVAL },
		{ "control", "card", -EINVAL },
		{ "control", "card 256 type=1", -EINVAL },
		{ "control", "card 3 colour=red", -EINVAL },
		{ "control", "card 3 state=tired", -EINVAL },
		{ "control", "card 3 depth=0", -ERANGE },
		{ "control", "queue 3 state=online", -EINVAL },
		{ "control", "queue 100.0004 state=online", -EINVAL },
		{ "control", "queue 03.0004 reset_ms=-2", -EINVAL },
		/* The bus turns on the interrupts of queues that are there. */
		{ "control", "poke 09.0004", -ENXIO },
		{ "control", "dance 03.0004", -EINVAL },
		{ "inject", "zapq 03.0004", -EINVAL },
		{ "inject", "zapq 03.0004 100", -ERANGE },
		{ "inject", "zapq 03.0004 05 0", -EINVAL },
		{ "inject", "zapq 03.0004 trap", -EINVAL },
		{ "inject", "qci *.* 05", -EINVAL },
		{ "inject", "zap 03.0004 05", -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		int ret = ap_emu(refused[i].file, "%s", refused[i].line);

		EXPECT_EQ(refused[i].ret, ret) {
			TH_LOG("line %u", i);
		}
	}
	for (i = 0; i < 32; i++)
		EXPECT_EQ(0, ap_emu("inject", "zapq 09.%04x 05", i));
	EXPECT_EQ(-ENOSPC, ap_emu("inject", "zapq 09.0020 05"));
	EXPECT_EQ(0, ap_emu("inject", "clear"));
	EXPECT_EQ(0, ap_emu("inject", "zapq *.* 05 always"));
}

/* Masks, configuration and scans, at once, for a while. */
TEST_F(emu, a_storm_of_changes)
{
	long long end = now_ms() + 4000;
	int n = 0, pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		while (now_ms() < end)
			ap_scan();
		_exit(0);
	}
	while (now_ms() < end) {
		ap_emu("apm", "%s", n & 1 ? "1-6" : "1-2,5,9-11");
		ap_emu("aqm", "%s", n & 2 ? "4-7" : "4,6");
		ap_emu("control", "card %d state=%s", 1 + n % 6,
		       n % 3 ? "online" : n % 2 ? "standby" : "checkstop");
		n++;
	}
	waitpid(pid, NULL, 0);
	EXPECT_LT(10, n);
	ap_emu_reset();
	EXPECT_TRUE(exists("%02x.%04x", LAST_CARD, LAST_DOMAIN));
	EXPECT_FALSE(exists("card%02x", 9, 0));
}

TEST_HARNESS_MAIN
