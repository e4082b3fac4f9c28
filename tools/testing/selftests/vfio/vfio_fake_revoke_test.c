// SPDX-License-Identifier: GPL-2.0
/*
 * Revocation of what no driver of PCI functions has: mappings that mmap(2)
 * fills by itself, and such as cannot be taken away; and how often the driver
 * is asked to close. On a device of modules/vfio_fake.c.
 * Needs root and vfio_fake.ko, loaded.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "vfio_fake.h"
#include "vfio_harness.h"
#include "vfio_revoke.h"

#define NAME		"vfio_fake.0"
#define BYTE		0x5a	/* the device's memory is full of it */
#define ONES		0xff	/* what a revoked mapping shows */
#define PAGE		4096
#define KEPT		8	/* mappings that a thread has at a time */
#define THREADS		3
#define SETTLED_MS	300

FIXTURE(fake_revoke) {
	struct vfio_dut dut;
	struct vfio_path path;
};

FIXTURE_VARIANT(fake_revoke) {
	enum vfio_path_kind kind;
};

FIXTURE_VARIANT_ADD(fake_revoke, cdev) { .kind = PATH_CDEV };
FIXTURE_VARIANT_ADD(fake_revoke, type1) { .kind = PATH_TYPE1 };
FIXTURE_VARIANT_ADD(fake_revoke, group_iommufd) { .kind = PATH_COMPAT };

FIXTURE_SETUP(fake_revoke)
{
	vfio_path_init(&self->path);
	if (access(FAKE_PARAM "opens", F_OK))
		SKIP(return, "vfio_fake.ko is not loaded");
	if (access(FAKE_DEVICE "0/driver", F_OK))
		ASSERT_EQ(0, sysfs_write(FAKE_DRIVER "bind", NAME));
	fake_set("opens", 0);
	fake_set("closes", 0);
	ASSERT_EQ(0, vfio_dut_from_sysfs(&self->dut, FAKE_DEVICE "0"));
	ASSERT_EQ(0, vfio_path_open(&self->path, variant->kind, &self->dut,
				    NULL));
	ASSERT_EQ(0, revoke_set_seconds(&self->dut, REVOKE_S));
}

FIXTURE_TEARDOWN(fake_revoke)
{
	vfio_path_close(&self->path);
	revoke_done(-1, REVOKE_WAIT_MS);
	if (access(FAKE_DEVICE "0/driver", F_OK))
		EXPECT_EQ(0, sysfs_write(FAKE_DRIVER "bind", NAME));
}

/* In a process of its own, which has mappings but no files. */
static pid_t unbind_start(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	syscall(SYS_close_range, 3, ~0U, 0);
	_exit(sysfs_write(FAKE_DRIVER "unbind", NAME) ? 1 : 0);
}

/* Another fd of the device: of the cdev it is one that is not bound. */
static int another_fd(struct vfio_path *path)
{
	return path->kind == PATH_CDEV ?
		node_open(path->dut.cdev) :
		group_get_device(path->group, path->dut.name);
}

static __u8 *map_page(int device, unsigned int nr)
{
	return mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, device,
		    nr * PAGE);
}

static __u8 look(const __u8 *at)
{
	return __atomic_load_n(at, __ATOMIC_RELAXED);
}

TEST_F(fake_revoke, closed_once)
{
	int fd[3], i;

	for (i = 0; i < 3; i++) {
		fd[i] = another_fd(&self->path);
		ASSERT_LE(0, fd[i]);
	}
	EXPECT_EQ(1, fake_get("opens"));
	EXPECT_EQ(0, fake_get("closes"));
	ASSERT_EQ(0, revoke_done(unbind_start(), REVOKE_WAIT_MS));
	EXPECT_EQ(1, fake_get("closes"));

	for (i = 0; i < 3; i++) {
		EXPECT_STREQ("", revoked_badly(fd[i]));
		close(fd[i]);
	}
	vfio_path_close(&self->path);
	EXPECT_EQ(1, fake_get("opens"));
	EXPECT_EQ(1, fake_get("closes"));
}

/* The memory goes from the one who mapped it, and from his children. */
TEST_F(fake_revoke, filled_by_mmap)
{
	__u8 *page = map_page(self->path.device, 0);
	int told[2];
	pid_t child;
	char byte;

	ASSERT_NE(MAP_FAILED, (void *)page);
	EXPECT_EQ(BYTE, look(page));
	ASSERT_EQ(0, pipe2(told, O_CLOEXEC));
	child = fork();
	if (!child) {
		bool had = look(page) == BYTE;

		close(told[1]);
		if (read(told[0], &byte, 1))
			_exit(1);
		_exit(had && look(page) == ONES ? 0 : 2);
	}
	close(told[0]);
	ASSERT_EQ(0, revoke_done(unbind_start(), REVOKE_WAIT_MS));
	EXPECT_EQ(ONES, look(page));
	EXPECT_EQ(ONES, look(page + PAGE - 1));
	close(told[1]);
	EXPECT_EQ(0, revoke_done(child, 10000));
	munmap(page, PAGE);
}

struct mapper {
	int device;
	bool stop, odd;
	unsigned int mapped;
	__u8 *kept[KEPT];
};

/* One mapping after the other, until there are no more to be had. */
static void *map_and_map(void *data)
{
	struct mapper *m = data;
	unsigned int i;

	for (i = 0; !__atomic_load_n(&m->stop, __ATOMIC_RELAXED); i++) {
		__u8 **slot = &m->kept[i % KEPT], *page, byte;

		page = map_page(m->device, 0);
		if ((void *)page == MAP_FAILED) {
			m->odd |= errno != ENODEV;
			break;
		}
		m->mapped++;
		byte = look(page);
		m->odd |= byte != BYTE && byte != ONES;
		if (*slot)
			munmap(*slot, PAGE);
		*slot = page;
	}
	return NULL;
}

/*
 * An mmap(2) whose driver has filled the mapping already, which is in no list
 * yet where the zap would find it.
 */
TEST_F(fake_revoke, filled_at_that_moment)
{
	struct mapper m[THREADS] = {};
	pthread_t thread[THREADS];
	unsigned int i, k;
	pid_t pid;

	for (i = 0; i < THREADS; i++) {
		m[i].device = self->path.device;
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, map_and_map,
					    &m[i]));
	}
	pid = unbind_start();
	EXPECT_EQ(0, revoke_done(pid, REVOKE_WAIT_MS));
	sleep_ms(SETTLED_MS);
	for (i = 0; i < THREADS; i++) {
		__atomic_store_n(&m[i].stop, true, __ATOMIC_RELAXED);
		pthread_join(thread[i], NULL);
		EXPECT_FALSE(m[i].odd);
		EXPECT_LT(KEPT, m[i].mapped);
		for (k = 0; k < KEPT; k++) {
			if (!m[i].kept[k])
				continue;
			EXPECT_EQ(ONES, look(m[i].kept[k]));
			munmap(m[i].kept[k], PAGE);
		}
	}
}

/*
 * On x86 a mapping of this kind keeps the device, and the log says so. When it
 * has gone with its file, the others do not keep the device any longer.
 */
TEST_F(fake_revoke, cannot_be_undone)
{
	static const char *const refused[] = { "cannot be revoked: ", NULL };
	int other = another_fd(&self->path), mark = kmsg_mark(), told[2];
	pid_t holder, unbind;
	char line[256], byte;

#ifndef __x86_64__
	SKIP(return, "elsewhere it can be undone");
#endif
	ASSERT_LE(0, other);
	ASSERT_EQ(0, pipe2(told, O_CLOEXEC));
	holder = fork();
	if (!holder) {
		__u8 *page = map_page(self->path.device, 1);

		byte = (void *)page != MAP_FAILED && look(page) == BYTE;
		if (write(told[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	vfio_path_close_device(&self->path);
	ASSERT_EQ(1, read(told[0], &byte, 1));
	ASSERT_EQ(1, byte);

	unbind = unbind_start();
	EXPECT_EQ(-1, revoke_done(unbind, 1000 * REVOKE_S + 2000));
	EXPECT_TRUE(kmsg_find(mark, refused, line, sizeof(line)));
	EXPECT_EQ(0, fake_get("closes"));

	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	EXPECT_EQ(0, revoke_done(unbind, REVOKE_CLOSE_MS));
	EXPECT_EQ(1, fake_get("closes"));
	EXPECT_STREQ("", revoked_badly(other));
	close(other);
	close(told[0]);
	close(told[1]);
	close(mark);
}

TEST_HARNESS_MAIN
