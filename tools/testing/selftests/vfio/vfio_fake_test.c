// SPDX-License-Identifier: GPL-2.0
/*
 * What the core makes of drivers that refuse, that lack operations, or that
 * are slow: the devices of modules/vfio_fake.c, which fail to order and count
 * what they are called for.
 * Needs root and vfio_fake.ko; debugfs and runtime PM for the parts about them.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "vfio_fake.h"
#include "vfio_harness.h"
#include "vfio_path.h"

#define STATE		"/sys/kernel/debug/vfio/vfio_fake.0/migration/state"
#define HEAD		sizeof(struct vfio_device_feature)

FIXTURE(fake) {
	struct vfio_dut full, bare;
	struct vfio_path path;
};

FIXTURE_VARIANT(fake) {
	enum vfio_path_kind kind;
};

FIXTURE_VARIANT_ADD(fake, cdev) { .kind = PATH_CDEV };
FIXTURE_VARIANT_ADD(fake, type1) { .kind = PATH_TYPE1 };
FIXTURE_VARIANT_ADD(fake, group_iommufd) { .kind = PATH_COMPAT };

FIXTURE_SETUP(fake)
{
	static const char *const zero[] = {
		"open_error", "resume_error", "state_error", "slow_ms",
		"opens", "closes", "requests", "log_starts", "log_stops",
		"overlaps", "strays",
	};
	unsigned int i;

	vfio_path_init(&self->path);
	if (access(FAKE_PARAM "opens", F_OK))
		SKIP(return, "vfio_fake.ko is not loaded");
	for (i = 0; i < ARRAY_SIZE(zero); i++)
		fake_set(zero[i], 0);
	ASSERT_EQ(0, vfio_dut_from_sysfs(&self->full, FAKE_DEVICE "0"));
	ASSERT_EQ(0, vfio_dut_from_sysfs(&self->bare, FAKE_DEVICE "1"));
}

FIXTURE_TEARDOWN(fake)
{
	vfio_path_close(&self->path);
}

/* A driver that refuses to open gives its errno, and is not closed. */
TEST_F(fake, open_refused)
{
	int ret;

	fake_set("open_error", EDOM);
	ret = vfio_path_open(&self->path, variant->kind, &self->full, NULL);
	EXPECT_EQ(-EDOM, ret);
	EXPECT_EQ(1, fake_get("opens"));
	fake_set("open_error", 0);
	/* Nothing is left in the way. */
	EXPECT_EQ(0, vfio_path_get_device(&self->path));
	vfio_path_close(&self->path);
	EXPECT_EQ(2, fake_get("opens"));
	EXPECT_EQ(1, fake_get("closes"));
}

TEST_F(fake, opened_and_closed_once)
{
	int second;

	ASSERT_EQ(0, vfio_path_open(&self->path, variant->kind, &self->full,
				    NULL));
	if (variant->kind != PATH_CDEV) {
		second = group_get_device(self->path.group, "any");
		EXPECT_LE(0, second);
		vfio_path_close_device(&self->path);
		EXPECT_EQ(0, fake_get("closes"));
		close(second);
	}
	vfio_path_close(&self->path);
	EXPECT_EQ(1, fake_get("opens"));
	EXPECT_EQ(1, fake_get("closes"));
}

TEST_F(fake, match)
{
	int fd;

	if (variant->kind == PATH_CDEV)
		SKIP(return, "a cdev is found by its node");
	ASSERT_EQ(0, vfio_path_open(&self->path, variant->kind, &self->full,
				    NULL));
	EXPECT_EQ(-EPERM, group_get_device(self->path.group, "never"));
	EXPECT_EQ(-ENODEV, group_get_device(self->path.group, "other"));
	EXPECT_EQ(-ENODEV, group_get_device(self->path.group, ""));
	fd = group_get_device(self->path.group, "any");
	EXPECT_LE(0, fd);
	close(fd);
}

static int feature(int device, __u32 flags, void *data, size_t size)
{
	struct vfio_device_feature *f;
	char buf[128] = "";
	int ret;

	f = (void *)buf;
	f->argsz = HEAD + size;
	f->flags = flags;
	memcpy(f->data, data, size);
	ret = vfio_ioctl(device, VFIO_DEVICE_FEATURE, f);
	memcpy(data, f->data, size);
	return ret;
}

/* What a driver has not got: EINVAL for its ops, ENOTTY for its features. */
TEST_F(fake, missing_operations)
{
	char data[64] = "";
	unsigned int i;
	int fd;

	ASSERT_EQ(0, vfio_path_open(&self->path, variant->kind, &self->bare,
				    NULL));
	fd = self->path.device;
	EXPECT_EQ(-EINVAL, vfio_ioctl(fd, VFIO_DEVICE_RESET, NULL));
	EXPECT_EQ(-EINVAL, vfio_ioctl(fd, VFIO_DEVICE_GET_INFO, data));
	EXPECT_EQ(-1, pread(fd, data, 1, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(fd, data, 1, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_EQ(EINVAL, errno);
	for (i = 0; i < 16; i++) {
		EXPECT_EQ(-ENOTTY, feature(fd, VFIO_DEVICE_FEATURE_GET | i,
					   data, sizeof(data))) {
			TH_LOG("feature %u", i);
		}
	}
	EXPECT_EQ(-EINVAL, feature(fd, VFIO_DEVICE_FEATURE_GET |
				   VFIO_DEVICE_FEATURE_SET, data, 1));
}

/* Started, but the user cannot be told: it is stopped again. */
TEST_F(fake, logging_that_cannot_be_told)
{
	struct vfio_device_feature_dma_logging_range range = {
		.iova = 0x10000, .length = 0x10000,
	};
	struct vfio_device_feature_dma_logging_control *control;
	size_t size = HEAD + sizeof(*control);
	struct vfio_device_feature *f;
	char *page;

	ASSERT_EQ(0, vfio_path_open(&self->path, variant->kind, &self->full,
				    NULL));
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	f = (void *)page;
	f->argsz = size;
	f->flags = VFIO_DEVICE_FEATURE_SET |
		   VFIO_DEVICE_FEATURE_DMA_LOGGING_START;
	control = (void *)f->data;
	control->page_size = 4096;
	control->num_ranges = 1;
	control->ranges = (uintptr_t)&range;
	EXPECT_EQ(0, vfio_ioctl(self->path.device, VFIO_DEVICE_FEATURE, f));
	EXPECT_EQ(1, fake_get("log_starts"));
	EXPECT_EQ(0, fake_get("log_stops"));

	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, vfio_ioctl(self->path.device, VFIO_DEVICE_FEATURE,
				      f));
	EXPECT_EQ(2, fake_get("log_starts"));
	EXPECT_EQ(1, fake_get("log_stops"));
	munmap(page, 4096);
}

/* The error of a change of state comes with data_fd = -1. */
TEST_F(fake, refused_state)
{
	struct vfio_device_feature_mig_state state = {
		.device_state = VFIO_DEVICE_STATE_STOP, .data_fd = 77,
	};
	const __u32 set = VFIO_DEVICE_FEATURE_SET |
			  VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE;

	ASSERT_EQ(0, vfio_path_open(&self->path, variant->kind, &self->full,
				    NULL));
	fake_set("state_error", EDOM);
	EXPECT_EQ(-EDOM, feature(self->path.device, set, &state,
				 sizeof(state)));
	EXPECT_EQ(-1, state.data_fd);
	fake_set("state_error", 0);
	EXPECT_EQ(0, feature(self->path.device, set, &state, sizeof(state)));
	EXPECT_LE(0, state.data_fd);
	EXPECT_EQ(1, fake_get("data_files"));
	close(state.data_fd);
	EXPECT_EQ(0, fake_get("data_files"));
}

TEST_F(fake, pm_resume_failure_is_eio)
{
	if (access(FAKE_DEVICE "0/power/runtime_status", F_OK))
		SKIP(return, "a kernel without runtime power management");
	ASSERT_EQ(0, vfio_path_open(&self->path, variant->kind, &self->full,
				    NULL));
	EXPECT_EQ(0, vfio_ioctl(self->path.device, VFIO_DEVICE_RESET, NULL));
	/* Asleep again, or no resume is needed. */
	sleep_ms(500);
	fake_set("resume_error", EBUSY);
	EXPECT_EQ(-EIO, vfio_ioctl(self->path.device, VFIO_DEVICE_RESET,
				   NULL));
	fake_set("resume_error", 0);
	EXPECT_EQ(0, vfio_ioctl(self->path.device, VFIO_DEVICE_RESET, NULL));
}

/* The driver is asked to get its device back: at once, and then again. */
TEST_F_TIMEOUT(fake, request_ladder, 90)
{
	long long end;
	int status;
	pid_t pid;

	if (variant->kind != PATH_CDEV)
		SKIP(return, "the same for all, and it takes its time");
	ASSERT_EQ(0, vfio_path_open(&self->path, variant->kind, &self->full,
				    NULL));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		syscall(SYS_close_range, 3, ~0U, 0);
		_exit(sysfs_write(FAKE_DRIVER "unbind", "vfio_fake.0") ? 1 : 0);
	}
	end = now_ms() + 10000;
	while (!fake_get("requests") && now_ms() < end)
		sleep_ms(10);
	EXPECT_EQ(1, fake_get("requests"));
	sleep_ms(12000);
	EXPECT_LE(2, fake_get("requests"));
	EXPECT_EQ(0, vfio_ioctl(self->path.device, VFIO_DEVICE_RESET, NULL));
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	vfio_path_close_device(&self->path);
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	vfio_path_close(&self->path);
	EXPECT_EQ(0, sysfs_write(FAKE_DRIVER "bind", "vfio_fake.0"));
}

/*
 * Defect 11: debugfs asks the driver for its state while the device is being
 * opened or closed, or is not open at all.
 */
static void *read_state(void *data)
{
	int *stop = data;
	char buf[32];

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED))
		sysfs_read(STATE, buf, sizeof(buf));
	return NULL;
}

TEST_F_TIMEOUT(fake, defect_11_debugfs_reads_a_settled_device, 60)
{
	pthread_t thread;
	int i, stop = 0;

	if (access(STATE, F_OK))
		SKIP(return, "no debugfs");
	fake_set("slow_ms", 20);
	ASSERT_EQ(0, vfio_path_open(&self->path, variant->kind, &self->full,
				    NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_state, &stop));
	for (i = 0; i < 10; i++) {
		vfio_path_close_device(&self->path);
		EXPECT_EQ(0, vfio_path_get_device(&self->path));
		sleep_ms(50);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	fake_set("slow_ms", 0);
	EXPECT_EQ(0, fake_get("overlaps"));
	EXPECT_EQ(0, fake_get("strays"));
}

TEST_HARNESS_MAIN
