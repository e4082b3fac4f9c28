// SPDX-License-Identifier: GPL-2.0
/*
 * The attributes of a matrix device without a guest: what each accepts and
 * with which errno it refuses, the formats of matrix, guest_matrix,
 * control_domains and ap_config, sharing between devices and with the host,
 * what becomes of a queue's status, and queues that come and go.
 * Run with the cards of ap.sh.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/wait.h>

#include "ap_fixture.h"

FIXTURE(matrix) {
	struct vfio_dut a, b;
	int mark;
};

FIXTURE_SETUP(matrix)
{
	if (!ap_ready(_metadata, &self->mark))
		return;
	ASSERT_EQ(0, ap_mdev_new(&self->a));
	ASSERT_EQ(0, ap_mdev_new(&self->b));
}

FIXTURE_TEARDOWN(matrix)
{
	EXPECT_EQ(0, mdev_remove(self->a.name));
	EXPECT_EQ(0, mdev_remove(self->b.name));
	ap_done(_metadata, self->mark);
}

TEST_F(matrix, the_type)
{
	static const char dir[] = "/sys/devices/vfio_ap/matrix/";
	char path[256], text[128];

	snprintf(path, sizeof(path), "%smdev_supported_types/" AP_TYPE "/device_api", dir);
	ASSERT_EQ(0, sysfs_read(path, text, sizeof(text)));
	EXPECT_STREQ("vfio-ap", text);
	snprintf(path, sizeof(path), "%smdev_supported_types/" AP_TYPE "/name", dir);
	ASSERT_EQ(0, sysfs_read(path, text, sizeof(text)));
	EXPECT_STREQ("VFIO AP Passthrough Device", text);
	snprintf(path, sizeof(path), "%smdev_supported_types/" AP_TYPE "/available_instances", dir);
	ASSERT_EQ(0, sysfs_read(path, text, sizeof(text)));
	EXPECT_STREQ("65534", text);
	snprintf(path, sizeof(path), "%sfeatures", dir);
	ASSERT_EQ(0, sysfs_read(path, text, sizeof(text)));
	EXPECT_STREQ("guest_matrix hotplug ap_config", text);
	ASSERT_EQ(0, sysfs_link_name("/sys/devices/vfio_ap/matrix/driver", text, sizeof(text)));
	EXPECT_STREQ("vfio_ap", text);
}

TEST_F(matrix, numbers)
{
	static const char *const attrs[] = {
		"assign_adapter", "unassign_adapter", "assign_domain", "unassign_domain",
		"assign_control_domain", "unassign_control_domain",
	};
	unsigned int i;
	int max;

	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		max = i < 2 ? MAX_CARD : MAX_DOMAIN;
		EXPECT_EQ(-EINVAL, ap_set(&self->a, attrs[i], "x")) {
			TH_LOG("%s", attrs[i]);
		}
		EXPECT_EQ(-EINVAL, ap_set(&self->a, attrs[i], "-1"));
		EXPECT_EQ(-EINVAL, ap_set(&self->a, attrs[i], "3 4"));
		EXPECT_EQ(-ENODEV, ap_set(&self->a, attrs[i], "%d", max + 1));
		EXPECT_EQ(-ENODEV, ap_set(&self->a, attrs[i], "256"));
		EXPECT_EQ(-ERANGE, ap_set(&self->a, attrs[i], "0x10000000000000000"));
		/* Twice is as good as once, in any base. */
		EXPECT_EQ(0, ap_set(&self->a, attrs[i], "%d", max));
		EXPECT_EQ(0, ap_set(&self->a, attrs[i], "%#x\n", max));
		EXPECT_EQ(0, ap_set(&self->a, attrs[i], "%#o", max));
	}
	EXPECT_TRUE(ap_is(&self->a, "matrix", ""));
	EXPECT_TRUE(ap_is(&self->a, "control_domains", ""));
}

TEST_F(matrix, what_is_shown)
{
	char text[AP_CONFIG_SIZE];

	EXPECT_TRUE(ap_is(&self->a, "matrix", ""));
	EXPECT_EQ(0, ap_set(&self->a, "assign_adapter", "3"));
	EXPECT_TRUE(ap_is(&self->a, "matrix", "03.\n"));
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "03.\n"));
	EXPECT_EQ(0, ap_set(&self->a, "assign_adapter", "5"));
	EXPECT_TRUE(ap_is(&self->a, "matrix", "03.\n05.\n"));
	EXPECT_EQ(0, ap_set(&self->b, "assign_domain", "6"));
	EXPECT_EQ(0, ap_set(&self->b, "assign_domain", "4"));
	EXPECT_TRUE(ap_is(&self->b, "matrix", ".0004\n.0006\n"));
	EXPECT_EQ(0, ap_set(&self->a, "assign_domain", "4"));
	EXPECT_EQ(0, ap_set(&self->a, "assign_domain", "7"));
	EXPECT_TRUE(ap_is(&self->a, "matrix", "03.0004\n03.0007\n05.0004\n05.0007\n"));
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "03.0004\n03.0007\n05.0004\n05.0007\n"));
	EXPECT_EQ(0, ap_set(&self->a, "assign_control_domain", "4"));
	EXPECT_EQ(0, ap_set(&self->a, "assign_control_domain", "20"));
	EXPECT_TRUE(ap_is(&self->a, "control_domains", "0004\n0014\n"));
	EXPECT_EQ(0, ap_set(&self->a, "unassign_control_domain", "20"));
	EXPECT_TRUE(ap_is(&self->a, "ap_config", ap_config_text(text, 0x14, 0x09, 0x08)));
}

/* A card of which one queue is not there for guests is kept from them whole. */
TEST_F(matrix, over_provisioning_is_filtered)
{
	EXPECT_EQ(0, ap_assign(&self->a, CARD, CARD + 1, DOMAIN, DOMAIN));
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "03.0004\n04.0004\n"));
	/* Not in the host's configuration: cut off, not a reason to filter. */
	EXPECT_EQ(0, ap_set(&self->a, "assign_adapter", "9"));
	EXPECT_EQ(0, ap_set(&self->a, "assign_domain", "30"));
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "03.0004\n04.0004\n"));
	ASSERT_EQ(0, ap_queue_unbind(APQN(CARD, DOMAIN)));
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "04.0004\n"));
	EXPECT_TRUE(ap_is(&self->a, "matrix",
			  "03.0004\n03.001e\n04.0004\n04.001e\n09.0004\n09.001e\n"));
	ASSERT_EQ(0, ap_queue_bind(APQN(CARD, DOMAIN)));
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "03.0004\n04.0004\n"));
}

TEST_F(matrix, sharing_between_devices)
{
	ASSERT_EQ(0, ap_assign(&self->a, CARD, CARD, DOMAIN, DOMAIN + 1));
	EXPECT_EQ(0, ap_set(&self->b, "assign_adapter", "%d", CARD));
	EXPECT_EQ(-EADDRINUSE, ap_set(&self->b, "assign_domain", "%d", DOMAIN));
	EXPECT_EQ(0, ap_set(&self->b, "assign_domain", "%d", DOMAIN + 2));
	EXPECT_EQ(-EADDRINUSE, ap_set(&self->b, "assign_domain", "%d", DOMAIN + 1));
	EXPECT_TRUE(ap_is(&self->b, "matrix", "03.0006\n"));
	EXPECT_EQ(-EADDRINUSE, ap_set(&self->a, "assign_domain", "%d", DOMAIN + 2));
	EXPECT_EQ(0, ap_set(&self->a, "assign_adapter", "%d", CARD + 1));
	EXPECT_EQ(0, ap_set(&self->b, "assign_control_domain", "%d", DOMAIN));
	EXPECT_EQ(0, ap_set(&self->a, "assign_control_domain", "%d", DOMAIN));
	/* Given back, it is there for the other. */
	EXPECT_EQ(0, ap_set(&self->a, "unassign_domain", "%d", DOMAIN + 1));
	EXPECT_EQ(0, ap_set(&self->b, "assign_domain", "%d", DOMAIN + 1));
	EXPECT_EQ(-EADDRINUSE, ap_set(&self->b, "assign_domain", "%d", DOMAIN));
	EXPECT_EQ(0, ap_set(&self->a, "unassign_adapter", "%d", CARD));
	EXPECT_EQ(0, ap_set(&self->b, "assign_domain", "%d", DOMAIN));
}

TEST_F(matrix, the_refusal_says_who_has_it)
{
	const char *const names[] = { self->a.name, NULL };
	char line[256];
	int mark;

	ASSERT_EQ(0, ap_assign(&self->a, CARD, CARD, DOMAIN, DOMAIN));
	mark = kmsg_mark();
	EXPECT_EQ(-EADDRINUSE, ap_assign(&self->b, CARD, CARD, DOMAIN, DOMAIN));
	EXPECT_TRUE(kmsg_find(mark, names, line, sizeof(line)));
}

TEST_F(matrix, sharing_with_the_host)
{
	EXPECT_EQ(0, ap_set(&self->a, "assign_adapter", "%d", HOST_CARD));
	EXPECT_EQ(-EADDRNOTAVAIL, ap_set(&self->a, "assign_domain", "%d", DOMAIN));
	EXPECT_EQ(0, ap_set(&self->a, "unassign_adapter", "%d", HOST_CARD));
	EXPECT_EQ(0, ap_set(&self->a, "assign_domain", "%d", DOMAIN));
	EXPECT_EQ(-EADDRNOTAVAIL, ap_set(&self->a, "assign_adapter", "%d", HOST_CARD));
	EXPECT_EQ(0, ap_set(&self->a, "assign_adapter", "%d", CARD));
	/* The host may not take what a device has, only what none has. */
	EXPECT_EQ(-EBUSY, sysfs_write(AP_BUS "apmask", "+3"));
	EXPECT_EQ(0, sysfs_write(AP_BUS "apmask", "+4"));
	EXPECT_FALSE(ap_queue_status_is(APQN(CARD + 1, DOMAIN), "unassigned"));
	EXPECT_EQ(-EADDRNOTAVAIL, ap_set(&self->a, "assign_adapter", "4"));
	EXPECT_EQ(0, sysfs_write(AP_BUS "apmask", "-4"));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD + 1, DOMAIN), "unassigned"));
	EXPECT_EQ(0, ap_set(&self->a, "assign_adapter", "4"));
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "03.0004\n04.0004\n"));
}

TEST_F(matrix, sharing_a_domain_with_the_host)
{
	ASSERT_EQ(0, sysfs_write(AP_BUS "aqmask", "-4"));
	EXPECT_TRUE(ap_queue_status_is(APQN(HOST_CARD, DOMAIN), "unassigned"));
	EXPECT_EQ(0, ap_assign(&self->a, HOST_CARD, HOST_CARD, DOMAIN, DOMAIN));
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "01.0004\n"));
	EXPECT_EQ(-EADDRNOTAVAIL, ap_set(&self->a, "assign_domain", "%d", DOMAIN + 1));
	EXPECT_EQ(-EBUSY, sysfs_write(AP_BUS "aqmask", "+4"));
	EXPECT_TRUE(ap_queue_status_is(APQN(HOST_CARD, DOMAIN), "assigned"));
	EXPECT_EQ(0, ap_set(&self->a, "unassign_domain", "%d", DOMAIN));
	EXPECT_EQ(0, sysfs_write(AP_BUS "aqmask", "+4"));
	EXPECT_FALSE(ap_queue_status_is(APQN(HOST_CARD, DOMAIN), "unassigned"));
}

TEST_F(matrix, status_of_queues)
{
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "unassigned"));
	ASSERT_EQ(0, ap_assign(&self->a, CARD, CARD, DOMAIN, DOMAIN));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "assigned"));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN + 1), "unassigned"));
	EXPECT_EQ(0, ap_set(&self->a, "unassign_domain", "%d", DOMAIN));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "unassigned"));
}

TEST_F(matrix, ap_config_is_all_or_nothing)
{
	static const char *const bad[] = {
		"\n", "0x18", "0x18,0x0c", "0x18,0x0c,0x0g", "18;0c;08", "-1,0,0",
	};
	char good[AP_CONFIG_SIZE];
	unsigned int i;

	ap_config_text(good, 0x18, 0x0c, 0x08);
	EXPECT_EQ(0, ap_set(&self->a, "ap_config", "%s", good));
	EXPECT_TRUE(ap_is(&self->a, "ap_config", good));
	EXPECT_TRUE(ap_is(&self->a, "matrix", "03.0004\n03.0005\n04.0004\n04.0005\n"));
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "03.0004\n03.0005\n04.0004\n04.0005\n"));
	EXPECT_TRUE(ap_is(&self->a, "control_domains", "0004\n"));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, ap_set(&self->a, "ap_config", "%s", bad[i])) {
			TH_LOG("%s", bad[i]);
		}
	}
	/* One queue in it is the other device's, or the host's. */
	EXPECT_EQ(0, ap_assign(&self->b, CARD + 2, CARD + 2, DOMAIN, DOMAIN));
	EXPECT_EQ(-EADDRINUSE, ap_config(&self->a, 0x1c, 0x0c, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, ap_config(&self->a, 0x58, 0x0c, 0));
	EXPECT_TRUE(ap_is(&self->a, "ap_config", good));
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "03.0004\n03.0005\n04.0004\n04.0005\n"));
	/* Short masks begin at the left; upper case and no prefix will do. */
	EXPECT_EQ(0, ap_set(&self->a, "ap_config", "0x18,0C,0x0\n"));
	EXPECT_TRUE(ap_is(&self->a, "matrix", "03.0004\n03.0005\n04.0004\n04.0005\n"));
	EXPECT_TRUE(ap_is(&self->a, "control_domains", ""));
	EXPECT_EQ(0, ap_config(&self->a, 0, 0, 0));
	EXPECT_TRUE(ap_is(&self->a, "matrix", ""));
	EXPECT_TRUE(ap_queue_status_is(APQN(CARD, DOMAIN), "unassigned"));
}

/* Each order in which the queues of a card can go and come back. */
TEST_F(matrix, queues_in_every_order)
{
	static const int order[][4] = {
		{ 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 1, 3, 0, 2 }, { 2, 0, 3, 1 },
	};
	unsigned int i, j, k;

	ASSERT_EQ(0, ap_assign(&self->a, CARD, CARD, DOMAIN, LAST_DOMAIN));
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		for (j = 0; j < ARRAY_SIZE(order); j++) {
			for (k = 0; k < 4; k++) {
				EXPECT_EQ(0, ap_queue_unbind(APQN(CARD, DOMAIN + order[i][k])));
				EXPECT_TRUE(ap_is(&self->a, "guest_matrix",
						  ".0004\n.0005\n.0006\n.0007\n"));
			}
			for (k = 0; k < 4; k++) {
				EXPECT_EQ(0, ap_queue_bind(APQN(CARD, DOMAIN + order[j][k])));
				EXPECT_TRUE(ap_is(&self->a, "guest_matrix", k < 3 ?
						  ".0004\n.0005\n.0006\n.0007\n" :
						  "03.0004\n03.0005\n03.0006\n03.0007\n"));
			}
		}
	}
}

/* The host's configuration changes under an assigned matrix. */
TEST_F(matrix, the_host_loses_and_gets)
{
	ASSERT_EQ(0, ap_assign(&self->a, CARD, CARD + 1, DOMAIN, DOMAIN + 1));
	ASSERT_EQ(0, ap_set(&self->a, "assign_control_domain", "%d", DOMAIN));
	ap_emu("apm", "-%d", CARD);
	ap_scan();
	EXPECT_TRUE(ap_is(&self->a, "matrix", "03.0004\n03.0005\n04.0004\n04.0005\n"));
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "04.0004\n04.0005\n"));
	ap_emu("aqm", "-%d", DOMAIN + 1);
	ap_scan();
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "04.0004\n"));
	ap_emu("apm", "+%d", CARD);
	ap_scan();
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "03.0004\n04.0004\n"));
	ap_emu("aqm", "+%d", DOMAIN + 1);
	ap_emu("apm", "-%d", CARD + 1);
	ap_scan();
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "03.0004\n03.0005\n"));
	ap_emu("apm", "+%d", CARD + 1);
	ap_scan();
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "03.0004\n03.0005\n04.0004\n04.0005\n"));
	/* The bus resets each queue that goes, once; nobody else does. */
	EXPECT_EQ(12, ap_emu_stat("reset_gone"));
}

/* Standby and checkstop do not make a queue unfit for a guest. */
TEST_F(matrix, standby_stays_passable)
{
	ASSERT_EQ(0, ap_assign(&self->a, CARD, CARD, DOMAIN, DOMAIN));
	EXPECT_EQ(0, ap_emu("control", "card %d state=standby", CARD));
	ap_scan();
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "03.0004\n"));
	EXPECT_EQ(0, ap_queue_unbind(APQN(CARD, DOMAIN)));
	EXPECT_EQ(0, ap_queue_bind(APQN(CARD, DOMAIN)));
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "03.0004\n"));
	EXPECT_EQ(0, ap_emu("control", "card %d state=checkstop", CARD));
	ap_scan();
	EXPECT_TRUE(ap_is(&self->a, "guest_matrix", "03.0004\n"));
}

TEST_HARNESS_MAIN
