// SPDX-License-Identifier: GPL-2.0
/*
 * Creating and removing mediated devices where it is hard: with no memory,
 * before the device is ready, by two writers at once, while the parent goes,
 * and as seen by somebody who only listens to uevents.
 *
 * Works on mdpy (loaded with count=1000) and, for the parent that goes, on
 * mdma; what is not there is skipped.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <linux/netlink.h>

#include "vfio_harness.h"

#define PARENT		"/sys/class/mdev_bus/mdpy"
#define TYPE		"mdpy-vga"
#define TYPE_DIR	PARENT "/mdev_supported_types/" TYPE
#define MDMA_DRIVER	"/sys/bus/platform/drivers/mdma"
#define MDMA		"/sys/devices/platform/mdma"
#define MDMA_TYPE	MDMA "/mdev_supported_types/mdma-core"

/* Longest that a kernel which delays the release of kobjects takes for it. */
#define SETTLE_MS	6000

static int available(const char *type_dir)
{
	char path[PATH_MAX], buf[32];

	snprintf(path, sizeof(path), "%s/available_instances", type_dir);
	return sysfs_read(path, buf, sizeof(buf)) ? -1 : atoi(buf);
}

static int create_in(const char *type_dir, const char *guid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/create", type_dir);
	return sysfs_write(path, guid);
}

static int remove_below(const char *parent, const char *guid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/remove", parent, guid);
	return sysfs_write(path, "1");
}

static bool exists(const char *parent, const char *guid, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s/%s", parent, guid, name);
	return !lstat(path, &st);
}

FIXTURE(mdev_race)
{
	char guid[37];
	int before;
};

FIXTURE_SETUP(mdev_race)
{
	if (access(TYPE_DIR, F_OK))
		SKIP(return, "no mdpy: modprobe mdpy count=1000");
	mdev_guid(self->guid);
	self->before = available(TYPE_DIR);
	ASSERT_GT(self->before, 0);
}

FIXTURE_TEARDOWN(mdev_race)
{
	if (exists(PARENT, self->guid, "remove"))
		remove_below(PARENT, self->guid);
}

/*
 * Defect 8: whichever allocation fails under a create, the error leaves the
 * count of instances where it was.
 */
static int fail_nth(unsigned int n)
{
	char buf[16];

	snprintf(buf, sizeof(buf), "%u", n);
	return sysfs_write("/proc/thread-self/fail-nth", buf);
}

TEST_F_TIMEOUT(mdev_race, mdev_defect_8_no_memory, 240)
{
	unsigned int n, refused = 0, made = 0;
	char left[16] = "";
	long long end;
	int fd, ret;

	if (access("/proc/thread-self/fail-nth", W_OK) ||
	    sysfs_write("/sys/kernel/debug/failslab/ignore-gfp-wait", "N"))
		SKIP(return, "the kernel cannot fail allocations");
	sysfs_write("/sys/kernel/debug/failslab/verbose", "0");

	/* What an earlier test gave back late must not make up for a loss. */
	sleep_ms(SETTLE_MS);
	self->before = available(TYPE_DIR);

	fd = open(TYPE_DIR "/create", O_WRONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	for (n = 1; n < 2000; n++) {
		mdev_guid(self->guid);
		ASSERT_EQ(fail_nth(n), 0);
		ret = write(fd, self->guid, 36) < 0 ? -errno : 0;
		sysfs_read("/proc/thread-self/fail-nth", left, sizeof(left));
		fail_nth(0);
		if (!ret)
			ASSERT_EQ(remove_below(PARENT, self->guid), 0);
		if (strcmp(left, "0"))
			break;
		if (ret)
			refused++;
		else
			made++;
	}
	close(fd);
	EXPECT_EQ(ret, 0);
	EXPECT_GT(refused, 10);
	TH_LOG("%u allocations failed, %u of them refused the device",
	       refused + made, refused);

	end = now_ms() + SETTLE_MS;
	while (available(TYPE_DIR) != self->before && now_ms() < end)
		sleep_ms(100);
	EXPECT_EQ(available(TYPE_DIR), self->before);
}

/* Its other half: removing gives GUID and instance back, not some last put. */
TEST_F_TIMEOUT(mdev_race, mdev_defect_8_free_at_remove, 60)
{
	int i, free_after;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(create_in(TYPE_DIR, self->guid), 0) {
			TH_LOG("round %d: the GUID was removed and is in use",
			       i);
		}
		ASSERT_EQ(remove_below(PARENT, self->guid), 0);
		free_after = available(TYPE_DIR);
		EXPECT_EQ(free_after, self->before);
	}
}

/* Defect 9: who hears of the device can follow the link to its type. */
static int uevent_socket(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	struct timeval wait = { .tv_sec = 5 };
	int fd, size = 1 << 20;

	fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
		    NETLINK_KOBJECT_UEVENT);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -errno;
	}
	return fd;
}

struct listener {
	int fd;
	const char *guid;
	bool linked, in_devices, bound;
	bool heard;
};

static void *listen_for_add(void *data)
{
	struct listener *l = data;
	char buf[8192], path[sizeof(buf) + 32];
	struct stat st;
	ssize_t len;

	while ((len = recv(l->fd, buf, sizeof(buf) - 1, 0)) > 0) {
		buf[len] = '\0';
		if (strncmp(buf, "add@", 4) || strlen(buf) < 36 ||
		    strcmp(buf + strlen(buf) - 36, l->guid))
			continue;
		snprintf(path, sizeof(path), "/sys%s/mdev_type", buf + 4);
		l->linked = !lstat(path, &st);
		snprintf(path, sizeof(path), TYPE_DIR "/devices/%s", l->guid);
		l->in_devices = !lstat(path, &st);
		l->heard = true;
		break;
	}
	return NULL;
}

TEST_F_TIMEOUT(mdev_race, mdev_defect_9_link_before_uevent, 120)
{
	unsigned int i, missed = 0, unlisted = 0;

	for (i = 0; i < 20; i++) {
		struct listener l = { .guid = self->guid };
		pthread_t thread;

		mdev_guid(self->guid);
		l.fd = uevent_socket();
		ASSERT_GE(l.fd, 0);
		ASSERT_EQ(pthread_create(&thread, NULL, listen_for_add, &l), 0);
		EXPECT_EQ(create_in(TYPE_DIR, self->guid), 0);
		pthread_join(thread, NULL);
		close(l.fd);
		ASSERT_TRUE(l.heard);
		missed += !l.linked;
		unlisted += !l.in_devices;
		EXPECT_EQ(remove_below(PARENT, self->guid), 0);
	}
	EXPECT_EQ(missed, 0)
		TH_LOG("%u of %u times there was no mdev_type link yet",
		       missed, i);
	EXPECT_EQ(unlisted, 0);
}

/*
 * Defect 10: a remove that comes while the device is being created is refused,
 * and may be repeated: the attribute is still there.
 */
struct remover {
	const char *guid;
	atomic_bool created, stop;
	unsigned int again;
	bool lost;
};

static void *remove_eagerly(void *data)
{
	struct remover *r = data;
	long long end = 0;
	char path[PATH_MAX];
	int ret;

	snprintf(path, sizeof(path), PARENT "/%s/remove", r->guid);
	while (!r->stop) {
		ret = sysfs_write(path, "1");
		if (!ret)
			return NULL;
		if (ret == -EAGAIN)
			r->again++;
		if (!r->created)
			continue;
		/* It stands now: this must end, and soon. */
		if (!end)
			end = now_ms() + 3000;
		if (now_ms() > end) {
			r->lost = exists(PARENT, r->guid, "") &&
				  !exists(PARENT, r->guid, "remove");
			return NULL;
		}
	}
	return NULL;
}

static int create_and_remove_early(struct remover *r)
{
	pthread_t thread;
	int ret;

	ret = pthread_create(&thread, NULL, remove_eagerly, r);
	if (ret)
		return -ret;
	ret = create_in(TYPE_DIR, r->guid);
	if (ret)
		r->stop = true;
	r->created = true;
	pthread_join(thread, NULL);
	return ret;
}

struct early_removes {
	unsigned int rounds, again, failed, left;
	bool lost;
};

static void try_early_removes(struct early_removes *e)
{
	char guid[37];

	while (e->rounds < 100 && e->again < 5 && !e->lost) {
		struct remover r = { .guid = guid };

		mdev_guid(guid);
		e->failed += !!create_and_remove_early(&r);
		e->rounds++;
		e->again += !!r.again;
		e->left += exists(PARENT, guid, "");
		e->lost = r.lost;
	}
}

TEST_F_TIMEOUT(mdev_race, mdev_defect_10_remove_comes_back, 200)
{
	struct early_removes e = {};

	try_early_removes(&e);
	EXPECT_EQ(e.failed, 0);
	EXPECT_FALSE(e.lost)
		TH_LOG("EAGAIN, and then no file to write to any more");
	EXPECT_EQ(e.left, 0);
	if (!e.again && !e.lost)
		SKIP(return, "no remove came early enough");
	TH_LOG("%u of %u creates saw a remove that came too early", e.again,
	       e.rounds);
}

/* Two writers: one takes the device down, the other hears that it is gone. */
struct contender {
	pthread_barrier_t *start;
	const char *guid;
	int ret;
};

static void *remove_at_once(void *data)
{
	struct contender *c = data;

	pthread_barrier_wait(c->start);
	c->ret = remove_below(PARENT, c->guid);
	return NULL;
}

TEST_F_TIMEOUT(mdev_race, one_remover_wins, 120)
{
	unsigned int i, j, both = 0;

	for (i = 0; i < 30; i++) {
		struct contender c[2];
		pthread_barrier_t start;
		pthread_t threads[2];

		mdev_guid(self->guid);
		ASSERT_EQ(create_in(TYPE_DIR, self->guid), 0);
		pthread_barrier_init(&start, NULL, 2);
		for (j = 0; j < 2; j++) {
			c[j].start = &start;
			c[j].guid = self->guid;
			pthread_create(&threads[j], NULL, remove_at_once,
				       &c[j]);
		}
		for (j = 0; j < 2; j++)
			pthread_join(threads[j], NULL);

		EXPECT_TRUE(!c[0].ret || !c[1].ret);
		both += !c[0].ret && !c[1].ret;
		for (j = 0; j < 2; j++)
			EXPECT_TRUE(!c[j].ret || c[j].ret == -ENODEV ||
				    c[j].ret == -ENOENT);
		EXPECT_FALSE(exists(PARENT, self->guid, ""));
	}
	EXPECT_EQ(both, 0) TH_LOG("%u times both were told that they did it",
				  both);
}

/* Two writers create and remove while the parent comes and goes. */
struct worker {
	atomic_bool *stop;
	unsigned int made, refused, odd;
	int error;
};

static void *create_and_remove(void *data)
{
	struct worker *w = data;
	char guid[37];
	int ret;

	while (!*w->stop) {
		mdev_guid(guid);
		ret = create_in(MDMA_TYPE, guid);
		switch (ret) {
		case 0:
			w->made++;
			ret = remove_below(MDMA, guid);
			if (!ret || ret == -ENODEV || ret == -ENOENT)
				break;
			w->odd++;
			w->error = ret;
			break;
		case -ENODEV:
		case -ENOENT:
			w->refused++;
			break;
		default:
			w->odd++;
			w->error = ret;
		}
	}
	return NULL;
}

TEST_F_TIMEOUT(mdev_race, parent_comes_and_goes, 200)
{
	struct worker w[2] = {};
	atomic_bool stop = false;
	pthread_t threads[2];
	int i, before, ret;

	before = available(MDMA_TYPE);
	if (before < 0)
		SKIP(return, "no mdma");

	for (i = 0; i < 2; i++) {
		w[i].stop = &stop;
		ASSERT_EQ(pthread_create(&threads[i], NULL, create_and_remove,
					 &w[i]), 0);
	}
	for (i = 0; i < 15; i++) {
		sleep_ms(300);
		ret = sysfs_write(MDMA_DRIVER "/unbind", "mdma");
		EXPECT_EQ(ret, 0);
		EXPECT_NE(access(MDMA "/mdev_supported_types", F_OK), 0);
		sleep_ms(20);
		ret = sysfs_write(MDMA_DRIVER "/bind", "mdma");
		EXPECT_EQ(ret, 0);
	}
	stop = true;
	for (i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(w[i].odd, 0) TH_LOG("last error: %d", w[i].error);
		TH_LOG("writer %d: %u made, %u refused", i, w[i].made,
		       w[i].refused);
	}
	EXPECT_EQ(available(MDMA_TYPE), before);
}

/* An unbound parent takes its devices along, and comes back empty. */
TEST_F_TIMEOUT(mdev_race, parent_takes_its_devices, 60)
{
	char guids[8][37];
	unsigned int i;
	int before;

	before = available(MDMA_TYPE);
	if (before < 0)
		SKIP(return, "no mdma");
	for (i = 0; i < 8; i++) {
		mdev_guid(guids[i]);
		ASSERT_EQ(create_in(MDMA_TYPE, guids[i]), 0);
	}
	EXPECT_EQ(available(MDMA_TYPE), before - 8);
	EXPECT_EQ(sysfs_write(MDMA_DRIVER "/unbind", "mdma"), 0);
	for (i = 0; i < 8; i++)
		EXPECT_FALSE(exists(MDMA, guids[i], ""));
	EXPECT_EQ(sysfs_write(MDMA_DRIVER "/bind", "mdma"), 0);
	EXPECT_EQ(available(MDMA_TYPE), before);
	EXPECT_EQ(create_in(MDMA_TYPE, guids[0]), 0);
	EXPECT_EQ(remove_below(MDMA, guids[0]), 0);
}

TEST_HARNESS_MAIN
