// SPDX-License-Identifier: GPL-2.0
/*
 * Migration and DMA logging through VFIO_DEVICE_FEATURE, with the mtty sample,
 * which has all optional migration states and a device state of its own: every
 * pair of states, the data stream, what is refused, and debugfs beside it.
 * Needs root, mtty.ko, and debugfs for the part that reads it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <linux/serial_reg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "vfio_harness.h"
#include "vfio_path.h"

#define GET	VFIO_DEVICE_FEATURE_GET
#define SET	VFIO_DEVICE_FEATURE_SET
#define PROBE	VFIO_DEVICE_FEATURE_PROBE
#define F(name)	VFIO_DEVICE_FEATURE_##name
#define S(name)	VFIO_DEVICE_STATE_##name
#define HEAD	sizeof(struct vfio_device_feature)

#define MTTY_STREAM_MAX	65536

static const char *const state_name[] = {
	[S(ERROR)] = "ERROR",
	[S(STOP)] = "STOP",
	[S(RUNNING)] = "RUNNING",
	[S(STOP_COPY)] = "STOP_COPY",
	[S(RESUMING)] = "RESUMING",
	[S(RUNNING_P2P)] = "RUNNING_P2P",
	[S(PRE_COPY)] = "PRE_COPY",
	[S(PRE_COPY_P2P)] = "PRE_COPY_P2P",
};

FIXTURE(migration) {
	struct vfio_path path;
	int device;
	char *stream;
	size_t stream_size;
};

FIXTURE_VARIANT(migration) {
	enum vfio_path_kind kind;
};

FIXTURE_VARIANT_ADD(migration, cdev_iommufd) { .kind = PATH_CDEV };
FIXTURE_VARIANT_ADD(migration, group_type1) { .kind = PATH_TYPE1 };

FIXTURE_SETUP(migration)
{
	struct vfio_dut dut;

	vfio_path_init(&self->path);
	self->stream = malloc(MTTY_STREAM_MAX);
	ASSERT_NE(NULL, self->stream);
	if (access("/sys/class/mdev_bus/mtty", F_OK))
		SKIP(return, "mtty.ko is not loaded");
	ASSERT_EQ(0, mdev_new(&dut, MTTY_TYPE));
	ASSERT_EQ(0, vfio_path_open(&self->path, variant->kind, &dut, NULL));
	self->device = self->path.device;
}

FIXTURE_TEARDOWN(migration)
{
	vfio_path_close(&self->path);
	if (self->path.dut.name[0])
		EXPECT_EQ(0, mdev_remove(self->path.dut.name));
	free(self->stream);
}

/* One VFIO_DEVICE_FEATURE; @data goes in and comes back. */
static int feature(int device, __u32 flags, void *data, size_t size)
{
	__u64 buf[8] = {};
	struct vfio_device_feature *call = (void *)buf;
	int ret;

	call->argsz = HEAD + size;
	call->flags = flags;
	memcpy(call->data, data, size);
	ret = vfio_ioctl(device, VFIO_DEVICE_FEATURE, call);
	memcpy(data, call->data, size);
	return ret;
}

/* Returns what the ioctl does; *fd is the data fd told, -2 if none was. */
static int set_state(int device, __u32 state, int *fd)
{
	struct vfio_device_feature_mig_state mig = {
		.device_state = state,
		.data_fd = -2,
	};
	int ret;

	ret = feature(device, F(MIG_DEVICE_STATE) | SET, &mig, sizeof(mig));
	*fd = mig.data_fd;
	return ret;
}

static int get_state(int device)
{
	struct vfio_device_feature_mig_state mig = { .data_fd = -2 };
	int ret;

	ret = feature(device, F(MIG_DEVICE_STATE) | GET, &mig, sizeof(mig));
	if (ret)
		return ret;
	return mig.data_fd == -1 ? (int)mig.device_state : -ERANGE;
}

static int reset(int device)
{
	return vfio_ioctl(device, VFIO_DEVICE_RESET, NULL);
}

/* What debugfs says of the device, or NULL if there is no such file. */
static const char *debugfs_state(const struct vfio_dut *dut)
{
	static char value[32];
	char path[256];

	snprintf(path, sizeof(path),
		 "/sys/kernel/debug/vfio/%s/migration/state", dut->name);
	return sysfs_read(path, value, sizeof(value)) < 0 ? NULL : value;
}

/* Read the whole stream of a device in STOP_COPY. */
static ssize_t read_stream(int fd, char *buf, size_t size)
{
	size_t have = 0;
	ssize_t n;

	while (have < size && (n = read(fd, buf + have, size - have)) != 0) {
		if (n < 0)
			return -errno;
		have += n;
	}
	return have;
}

/* Have a stream that the device takes, and the device in RUNNING again. */
static void make_stream(struct __test_metadata *_metadata,
			FIXTURE_DATA(migration) * self)
{
	ssize_t size;
	int fd;

	ASSERT_EQ(0, set_state(self->device, S(STOP_COPY), &fd));
	ASSERT_LE(0, fd);
	size = read_stream(fd, self->stream, MTTY_STREAM_MAX);
	ASSERT_LT(0, size);
	self->stream_size = size;
	close(fd);
	ASSERT_EQ(0, reset(self->device));
	ASSERT_EQ(S(RUNNING), get_state(self->device));
}

static bool is_saving(int state)
{
	return state == S(STOP_COPY) || state == S(PRE_COPY) ||
	       state == S(PRE_COPY_P2P);
}

TEST_F(migration, features)
{
	struct vfio_device_feature_mig_data_size size = {};
	struct vfio_device_feature_migration mig = {};

	ASSERT_EQ(0, feature(self->device, F(MIGRATION) | GET, &mig,
			     sizeof(mig)));
	EXPECT_EQ(VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P |
		  VFIO_MIGRATION_PRE_COPY, mig.flags);
	ASSERT_EQ(0, feature(self->device, F(MIG_DATA_SIZE) | GET, &size,
			     sizeof(size)));
	EXPECT_LT(0, size.stop_copy_length);
	make_stream(_metadata, self);
	EXPECT_EQ(size.stop_copy_length, self->stream_size);
}

/*
 * From each state to each other: the errno, the state after it, and whether a
 * data fd came with it. A way that ends in a state with a data stream opens
 * one, unless it begins in the saving group as well.
 */
TEST_F(migration, every_pair_of_states)
{
	int from, to;

	make_stream(_metadata, self);
	for (from = S(STOP); from <= S(PRE_COPY_P2P); from++) {
		for (to = S(STOP); to <= S(PRE_COPY_P2P); to++) {
			bool allowed = from != S(STOP_COPY) ||
				       !is_saving(to) || to == from;
			bool opens = from != to &&
				     (to == S(RESUMING) ||
				      (is_saving(to) && !is_saving(from)));
			int first, fd, ret;

			ASSERT_EQ(0, reset(self->device));
			ASSERT_EQ(0, set_state(self->device, from, &first));
			ASSERT_EQ(from, get_state(self->device));
			if (from == S(RESUMING))
				ASSERT_EQ(self->stream_size,
					  write(first, self->stream,
						self->stream_size));

			ret = set_state(self->device, to, &fd);
			EXPECT_EQ(allowed ? 0 : -EINVAL, ret) {
				TH_LOG("%s -> %s", state_name[from],
				       state_name[to]);
			}
			EXPECT_EQ(allowed ? to : from, get_state(self->device));
			if (opens && allowed) {
				EXPECT_LE(0, fd) {
					TH_LOG("%s -> %s", state_name[from],
					       state_name[to]);
				}
			} else {
				EXPECT_EQ(-1, fd) {
					TH_LOG("%s -> %s", state_name[from],
					       state_name[to]);
				}
			}
			if (first >= 0)
				close(first);
			if (fd >= 0)
				close(fd);
		}
	}
	EXPECT_EQ(0, reset(self->device));
}

TEST_F(migration, states_that_are_none)
{
	static const __u32 none[] = { S(ERROR), S(PRE_COPY_P2P) + 1, 255,
				      256 + S(STOP), ~0U };
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(none); i++) {
		EXPECT_EQ(-EINVAL, set_state(self->device, none[i], &fd));
		EXPECT_EQ(-1, fd);
		EXPECT_EQ(S(RUNNING), get_state(self->device));
	}
}

/* A device's content goes out through one stream and in through another. */
TEST_F(migration, content_moves)
{
	struct vfio_region_info region;
	struct vfio_device_info info;
	__u8 mark = 0x5a, value = 0;
	char *again;
	off_t scratch;
	ssize_t size;
	int fd;

	ASSERT_EQ(0, device_info(self->device, &info));
	ASSERT_EQ(0, device_region(self->device, VFIO_PCI_BAR0_REGION_INDEX,
				   &region));
	scratch = region.offset + UART_SCR;
	ASSERT_EQ(1, pwrite(self->device, &mark, 1, scratch));
	make_stream(_metadata, self);
	mark = 0;
	ASSERT_EQ(1, pwrite(self->device, &mark, 1, scratch));

	ASSERT_EQ(0, set_state(self->device, S(RESUMING), &fd));
	ASSERT_EQ(self->stream_size, write(fd, self->stream, self->stream_size));
	close(fd);
	ASSERT_EQ(0, set_state(self->device, S(RUNNING), &fd));
	EXPECT_EQ(-1, fd);
	ASSERT_EQ(1, pread(self->device, &value, 1, scratch));
	EXPECT_EQ(0x5a, value);

	/* And once more, by way of PRE_COPY: the stream is the same. */
	ASSERT_EQ(0, set_state(self->device, S(STOP_COPY), &fd));
	again = malloc(MTTY_STREAM_MAX);
	ASSERT_NE(NULL, again);
	size = read_stream(fd, again, MTTY_STREAM_MAX);
	EXPECT_EQ(self->stream_size, size);
	EXPECT_EQ(0, memcmp(self->stream, again, self->stream_size));
	close(fd);
	free(again);
}

TEST_F(migration, one_stream_from_pre_copy_to_the_end)
{
	struct vfio_precopy_info info = { .argsz = sizeof(info) };
	ssize_t early, late;
	char byte;
	int fd, none;

	ASSERT_EQ(0, set_state(self->device, S(PRE_COPY), &fd));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, VFIO_MIG_GET_PRECOPY_INFO, &info));
	EXPECT_LT(0, info.initial_bytes);
	early = read_stream(fd, self->stream, MTTY_STREAM_MAX);
	EXPECT_EQ(info.initial_bytes, early);

	ASSERT_EQ(0, set_state(self->device, S(STOP_COPY), &none));
	EXPECT_EQ(-1, none);
	EXPECT_EQ(-1, ioctl(fd, VFIO_MIG_GET_PRECOPY_INFO, &info));
	EXPECT_EQ(EINVAL, errno);
	late = read_stream(fd, self->stream + early, MTTY_STREAM_MAX - early);
	EXPECT_LT(0, late);
	self->stream_size = early + late;

	/* Leaving the saving group ends the stream. */
	ASSERT_EQ(0, set_state(self->device, S(RUNNING), &none));
	EXPECT_EQ(-1, none);
	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(ENODEV, errno);
	close(fd);

	ASSERT_EQ(0, set_state(self->device, S(RESUMING), &fd));
	EXPECT_EQ(self->stream_size, write(fd, self->stream, self->stream_size));
	close(fd);
	EXPECT_EQ(0, set_state(self->device, S(RUNNING), &none));
}

/* The driver refuses: its error is returned, and no stale fd number is left. */
TEST_F(migration, incomplete_stream)
{
	int fd, none;

	make_stream(_metadata, self);
	ASSERT_EQ(0, set_state(self->device, S(RESUMING), &fd));
	ASSERT_EQ(self->stream_size - 1,
		  write(fd, self->stream, self->stream_size - 1));
	EXPECT_EQ(-EINVAL, set_state(self->device, S(RUNNING), &none));
	EXPECT_EQ(-1, none);
	EXPECT_EQ(S(RESUMING), get_state(self->device));
	ASSERT_EQ(1, write(fd, self->stream + self->stream_size - 1, 1));
	close(fd);
	EXPECT_EQ(0, set_state(self->device, S(RUNNING), &none));
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

/* A data fd whose number cannot be told to the user must not come to be. */
TEST_F(migration, data_fd_that_cannot_be_told)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct vfio_device_feature_mig_state *mig;
	struct vfio_device_feature *call;
	int before, i, fd;

	call = mmap(NULL, page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, call);
	call->argsz = HEAD + sizeof(*mig);
	call->flags = F(MIG_DEVICE_STATE) | SET;
	mig = (void *)call->data;
	mig->device_state = S(STOP_COPY);
	ASSERT_EQ(0, mprotect(call, page, PROT_READ));

	before = count_fds();
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(-EFAULT, vfio_ioctl(self->device,
					      VFIO_DEVICE_FEATURE, call));
		EXPECT_EQ(before, count_fds());
		/* The state was changed all the same, as the uapi has it. */
		EXPECT_EQ(S(STOP_COPY), get_state(self->device));
		EXPECT_EQ(0, set_state(self->device, S(RUNNING), &fd));
	}
	munmap(call, page);
}

/* With no fd number free there is an error, and the file is not left open. */
TEST_F(migration, no_fd_to_be_had)
{
	int filler[64], n = 0, fd;
	struct rlimit old, few;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	few = old;
	few.rlim_cur = self->device + 1;
	/* Fill the holes below the limit; fds above it stay as they are. */
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	while (n < 64 && (filler[n] = dup(self->device)) >= 0)
		n++;
	EXPECT_EQ(-EMFILE, set_state(self->device, S(STOP_COPY), &fd));
	EXPECT_EQ(-2, fd);
	EXPECT_EQ(S(STOP_COPY), get_state(self->device));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	while (n)
		close(filler[--n]);
}

static const struct {
	const char *what;
	__u32 flags;
	__u32 size;
	int want;
} calls[] = {
	{ "PROBE MIGRATION", F(MIGRATION) | PROBE, 0, 0 },
	{ "PROBE|GET MIGRATION", F(MIGRATION) | PROBE | GET, 0, 0 },
	{ "PROBE|SET MIGRATION", F(MIGRATION) | PROBE | SET, 0, -EINVAL },
	{ "SET MIGRATION", F(MIGRATION) | SET, 8, -EINVAL },
	{ "short GET MIGRATION", F(MIGRATION) | GET, 7, -EINVAL },
	{ "MIGRATION without op", F(MIGRATION), 8, -EINVAL },
	{ "PROBE STATE", F(MIG_DEVICE_STATE) | PROBE, 0, 0 },
	{ "PROBE|GET|SET STATE", F(MIG_DEVICE_STATE) | PROBE | GET | SET, 0, 0 },
	{ "GET|SET STATE", F(MIG_DEVICE_STATE) | GET | SET, 8, -EINVAL },
	{ "short SET STATE", F(MIG_DEVICE_STATE) | SET, 7, -EINVAL },
	{ "PROBE|GET SIZE", F(MIG_DATA_SIZE) | PROBE | GET, 0, 0 },
	{ "SET SIZE", F(MIG_DATA_SIZE) | SET, 8, -EINVAL },
	{ "PROBE START", F(DMA_LOGGING_START) | PROBE | SET, 0, 0 },
	{ "GET START", F(DMA_LOGGING_START) | GET, 24, -EINVAL },
	{ "short START", F(DMA_LOGGING_START) | SET, 23, -EINVAL },
	{ "no ranges", F(DMA_LOGGING_START) | SET, 24, -EINVAL },
	{ "PROBE STOP", F(DMA_LOGGING_STOP) | PROBE | SET, 0, 0 },
	{ "STOP", F(DMA_LOGGING_STOP) | SET, 0, 0 },
	{ "GET STOP", F(DMA_LOGGING_STOP) | GET, 0, -EINVAL },
	{ "PROBE REPORT", F(DMA_LOGGING_REPORT) | PROBE | GET, 0, 0 },
	{ "SET REPORT", F(DMA_LOGGING_REPORT) | SET, 32, -EINVAL },
	{ "short REPORT", F(DMA_LOGGING_REPORT) | GET, 31, -EINVAL },
	{ "no page size", F(DMA_LOGGING_REPORT) | GET, 32, -EINVAL },
	{ "the driver has none", F(PCI_VF_TOKEN) | SET, 16, -ENOTTY },
	{ "PROBE of it", F(LOW_POWER_ENTRY) | PROBE, 0, -ENOTTY },
	{ "not a feature", 0xffff | PROBE, 0, -ENOTTY },
	{ "unknown flag", F(MIGRATION) | GET | (1 << 19), 8, -EINVAL },
	{ "unknown high flag", F(MIGRATION) | PROBE | (1U << 31), 0, -EINVAL },
};

TEST_F(migration, calls)
{
	struct vfio_device_feature head = { .flags = F(MIGRATION) | PROBE };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		char data[32] = {};

		EXPECT_EQ(calls[i].want, feature(self->device, calls[i].flags,
						 data, calls[i].size)) {
			TH_LOG("%s", calls[i].what);
		}
	}
	for (head.argsz = 0; head.argsz < HEAD; head.argsz++)
		EXPECT_EQ(-EINVAL, vfio_ioctl(self->device, VFIO_DEVICE_FEATURE,
					      &head));
	EXPECT_EQ(-EFAULT, vfio_ioctl(self->device, VFIO_DEVICE_FEATURE, NULL));
	EXPECT_EQ(S(RUNNING), get_state(self->device));
}

#define KiB		1024ULL
#define MiB		(1024 * KiB)
#define TOP		(-4 * KiB)
#define TOO_MANY	(4096 / sizeof(struct vfio_device_feature_dma_logging_range) + 1)

static const struct {
	const char *what;
	int want;
	__u64 page_size;
	__u32 count;
	struct vfio_device_feature_dma_logging_range range[3];
} starts[] = {
	{ "one", 0, 4 * KiB, 1, { { MiB, MiB } } },
	{ "neighbours", 0, 4 * KiB, 2, { { MiB, MiB }, { 0, MiB } } },
	{ "iova not aligned", -EINVAL, 4 * KiB, 1, { { KiB, 4 * KiB } } },
	{ "length not aligned", -EINVAL, 4 * KiB, 1, { { 0, KiB } } },
	{ "overlap", -EINVAL, 4 * KiB, 2,
	  { { 0, 8 * KiB }, { 4 * KiB, 8 * KiB } } },
	{ "same", -EINVAL, 4 * KiB, 2, { { MiB, MiB }, { MiB, MiB } } },
	{ "wrap", -EOVERFLOW, 4 * KiB, 1, { { TOP, 8 * KiB } } },
	{ "to the top", -EOVERFLOW, 4 * KiB, 1, { { TOP, 4 * KiB } } },
	{ "too many", -E2BIG, 4 * KiB, TOO_MANY, { { 0, MiB } } },
};

static int log_start(int device, __u64 page_size, __u32 count,
		     const struct vfio_device_feature_dma_logging_range *range)
{
	struct vfio_device_feature_dma_logging_control control = {
		.page_size = page_size,
		.num_ranges = count,
		.ranges = (uintptr_t)range,
	};

	return feature(device, F(DMA_LOGGING_START) | SET, &control,
		       sizeof(control));
}

TEST_F(migration, dma_logging_start)
{
	unsigned int i;

	if (sysconf(_SC_PAGESIZE) != 4096)
		SKIP(return, "the table is for pages of 4 KiB");
	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		EXPECT_EQ(starts[i].want, log_start(self->device,
						    starts[i].page_size,
						    starts[i].count,
						    starts[i].range)) {
			TH_LOG("%s", starts[i].what);
		}
		if (!starts[i].want)
			EXPECT_EQ(0, feature(self->device,
					     F(DMA_LOGGING_STOP) | SET, NULL, 0));
	}
	EXPECT_EQ(-EFAULT, log_start(self->device, 4 * KiB, 1, NULL));
}

/* Defect 11: the driver got such a range as one that ends before it starts. */
TEST_F(migration, defect_11_range_of_length_0)
{
	struct vfio_device_feature_dma_logging_range ranges[] = {
		{ MiB, MiB }, { 4 * MiB, 0 }, { 0, 0 },
	};

	EXPECT_EQ(-EINVAL, log_start(self->device, 4 * KiB, 2, ranges));
	EXPECT_EQ(-EINVAL, log_start(self->device, 4 * KiB, 1, &ranges[1]));
	EXPECT_EQ(-EINVAL, log_start(self->device, 4 * KiB, 1, &ranges[2]));
}

static const struct {
	const char *what;
	int want;
	__u64 iova, length, page_size;
} reports[] = {
	{ "4 KiB", 0, MiB, MiB, 4 * KiB },
	{ "2 MiB", 0, 0, 4 * MiB, 2 * MiB },
	{ "2 KiB", -EINVAL, MiB, MiB, 2 * KiB },
	{ "12 KiB", -EINVAL, 0, 12 * KiB, 12 * KiB },
	{ "wrap", -EOVERFLOW, TOP, 8 * KiB, 4 * KiB },
	{ "to the top", -EOVERFLOW, TOP, 4 * KiB, 4 * KiB },
};

static int log_report(int device, __u64 iova, __u64 length, __u64 page_size,
		      __u64 *bitmap)
{
	struct vfio_device_feature_dma_logging_report report = {
		.iova = iova,
		.length = length,
		.page_size = page_size,
		.bitmap = (uintptr_t)bitmap,
	};

	return feature(device, F(DMA_LOGGING_REPORT) | GET, &report,
		       sizeof(report));
}

TEST_F(migration, dma_logging_report)
{
	__u64 bitmap[16] = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reports); i++) {
		EXPECT_EQ(reports[i].want, log_report(self->device,
						      reports[i].iova,
						      reports[i].length,
						      reports[i].page_size,
						      bitmap)) {
			TH_LOG("%s", reports[i].what);
		}
	}
	for (i = 0; i < ARRAY_SIZE(bitmap); i++)
		EXPECT_EQ(0, bitmap[i]);
}

/* Defect 11: the bitmap of no pages was taken for one of all. */
TEST_F(migration, defect_11_report_of_length_0)
{
	__u64 bitmap = 0;

	EXPECT_EQ(-EINVAL, log_report(self->device, MiB, 0, 4 * KiB, &bitmap));
}

TEST_F(migration, debugfs_says_the_same)
{
	const char *name = debugfs_state(&self->path.dut);
	int state, fd;

	if (!name)
		SKIP(return, "no debugfs, or no VFIO_DEBUGFS");
	EXPECT_STREQ("RUNNING", name);
	for (state = S(STOP); state <= S(PRE_COPY_P2P); state++) {
		ASSERT_EQ(0, reset(self->device));
		ASSERT_EQ(0, set_state(self->device, state, &fd));
		EXPECT_STREQ(state_name[state], debugfs_state(&self->path.dut));
		if (fd >= 0)
			close(fd);
	}
	ASSERT_EQ(0, reset(self->device));
}

/*
 * Defect 11: a read of the state called the driver of a device that nobody had
 * open. mtty keeps its last state over a close, which shows whether it was
 * asked; what a user finds after the next open is another matter.
 */
TEST_F(migration, defect_11_debugfs_of_a_closed_device)
{
	int fd;

	if (!debugfs_state(&self->path.dut))
		SKIP(return, "no debugfs, or no VFIO_DEBUGFS");
	ASSERT_EQ(0, set_state(self->device, S(STOP), &fd));
	EXPECT_STREQ("STOP", debugfs_state(&self->path.dut));
	vfio_path_close_device(&self->path);
	EXPECT_STREQ("RUNNING", debugfs_state(&self->path.dut));
}

TEST_F(migration, debugfs_goes_with_the_device)
{
	struct vfio_dut dut;
	char path[256];
	int fd;

	if (!debugfs_state(&self->path.dut))
		SKIP(return, "no debugfs, or no VFIO_DEBUGFS");
	ASSERT_EQ(0, mdev_new(&dut, MTTY_TYPE));
	EXPECT_STREQ("RUNNING", debugfs_state(&dut));
	snprintf(path, sizeof(path),
		 "/sys/kernel/debug/vfio/%s/migration/state", dut.name);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	/* A file that is open does not hold the device. */
	ASSERT_EQ(0, mdev_remove(dut.name));
	EXPECT_EQ(-1, read(fd, path, 1));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(NULL, debugfs_state(&dut));
	close(fd);
}

TEST_HARNESS_MAIN
