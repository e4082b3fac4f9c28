// SPDX-License-Identifier: GPL-2.0
/*
 * Revocation against holders that do not co-operate: stopped, or busy in every
 * call at once, with the fd where no close(2) of theirs reaches it (a socket's
 * queue, io_uring, KVM), with mappings that come and go during the zap; the
 * driver's module unloaded right after; a call that does not come back.
 * Needs root, an edu function for the PCI part and mtty.ko for the rest; KVM
 * for the test that hands the fd to it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <linux/io_uring.h>
#include <linux/kvm.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "vfio_revoke_fixture.h"
#include "vfio_stall.h"

#define STORM_THREADS	4

FIXTURE(hostile) {
	struct revoke_env env;
};

FIXTURE_VARIANT(hostile) {
	struct revoke_variant v;
};

FIXTURE_VARIANT_ADD(hostile, pci_cdev) { { VFIO_DUT_PCI, PATH_CDEV } };
FIXTURE_VARIANT_ADD(hostile, pci_type1) { { VFIO_DUT_PCI, PATH_TYPE1 } };
FIXTURE_VARIANT_ADD(hostile, mdev_cdev) { { VFIO_DUT_MDEV, PATH_CDEV } };
FIXTURE_VARIANT_ADD(hostile, mdev_type1) { { VFIO_DUT_MDEV, PATH_TYPE1 } };

FIXTURE_SETUP(hostile)
{
	revoke_env_setup(_metadata, &self->env, &variant->v);
	if (self->env.ready)
		ASSERT_EQ(0, revoke_set_seconds(&self->env.dut, REVOKE_S));
}

FIXTURE_TEARDOWN(hostile)
{
	revoke_env_teardown(&self->env);
}

static void *map_bar0(struct vfio_path *path, size_t *size)
{
	struct vfio_region_info info;

	if (device_region(path->device, VFIO_PCI_BAR0_REGION_INDEX, &info) ||
	    !(info.flags & VFIO_REGION_INFO_FLAG_MMAP))
		return MAP_FAILED;
	*size = info.size;
	return mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    path->device, info.offset);
}

/* Memory decoding on, or there is nothing behind a mapping. */
static void enable(struct vfio_path *path)
{
	struct edu edu = { .path = *path };

	edu_enable(&edu);
}

/* It does nothing at all, and holds the device by a mapping as well. */
TEST_F_TIMEOUT(hostile, stopped, 120)
{
	size_t size;
	int status;
	pid_t pid;

	if (variant->v.kind == VFIO_DUT_PCI)
		enable(&self->env.path);
	pid = fork();
	if (!pid) {
		__u32 *bar = map_bar0(&self->env.path, &size);
		struct vfio_device_info info;
		__u32 first = 0;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if ((void *)bar != MAP_FAILED)
			first = reg_read(bar);
		raise(SIGSTOP);
		if (device_info(self->env.path.device, &info) != -ENODEV)
			_exit(1);
		if ((void *)bar != MAP_FAILED &&
		    (first == 0xffffffff || reg_read(bar) != 0xffffffff))
			_exit(2);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	vfio_path_close(&self->env.path);
	taken_away(_metadata, &self->env.dut);
	kill(pid, SIGCONT);
	EXPECT_EQ(0, revoke_done(pid, 10000));
}

/* In the queue of a socket, with nobody's fd table to look it up in. */
TEST_F_TIMEOUT(hostile, in_a_socket, 120)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {
		.head = {
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		},
	};
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int sock[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	memcpy(CMSG_DATA(&control.head), &self->env.path.device, sizeof(int));
	ASSERT_EQ(1, sendmsg(sock[0], &msg, 0));
	vfio_path_close(&self->env.path);

	taken_away(_metadata, &self->env.dut);
	ASSERT_EQ(1, recvmsg(sock[1], &msg, 0));
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(int));
	EXPECT_STREQ("", revoked_badly(fd));
	close(fd);
	close(sock[0]);
	close(sock[1]);
}

/* The little of a ring that one submission at a time needs. */
struct ring {
	int fd;
	struct io_uring_params p;
	void *sq, *cq;
	struct io_uring_sqe *sqes;
};

static int ring_setup(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	r->fd = syscall(SYS_io_uring_setup, 4, &r->p);
	if (r->fd < 0)
		return -errno;
	r->sq = mmap(NULL, r->p.sq_off.array + r->p.sq_entries * 4,
		     PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		     IORING_OFF_SQ_RING);
	r->cq = mmap(NULL, r->p.cq_off.cqes +
		     r->p.cq_entries * sizeof(struct io_uring_cqe),
		     PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		     IORING_OFF_CQ_RING);
	r->sqes = mmap(NULL, r->p.sq_entries * sizeof(*r->sqes),
		       PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		       IORING_OFF_SQES);
	return r->sq == MAP_FAILED || r->cq == MAP_FAILED ||
	       (void *)r->sqes == MAP_FAILED ? -errno : 0;
}

static int ring_submit(struct ring *r, const struct io_uring_sqe *sqe)
{
	__u32 *tail = r->sq + r->p.sq_off.tail;
	__u32 slot = *tail & (r->p.sq_entries - 1);

	r->sqes[slot] = *sqe;
	((__u32 *)(r->sq + r->p.sq_off.array))[slot] = slot;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, r->fd, 1, 0, 0, NULL, 0) == 1 ?
		0 : -errno;
}

/* The result of the next that completes. */
static int ring_wait(struct ring *r)
{
	struct io_uring_cqe *cqes = r->cq + r->p.cq_off.cqes;
	__u32 *head = r->cq + r->p.cq_off.head;
	int res;

	syscall(SYS_io_uring_enter, r->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL,
		0);
	res = cqes[*head & (r->p.cq_entries - 1)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return res;
}

/* A registered file, with a poll under way. */
TEST_F_TIMEOUT(hostile, in_io_uring, 120)
{
	__u64 word;
	struct io_uring_sqe poll_end = {
		.opcode = IORING_OP_POLL_ADD,
		.flags = IOSQE_FIXED_FILE,
		.poll32_events = POLLPRI,
	};
	struct io_uring_sqe read_word = {
		.opcode = IORING_OP_READ,
		.flags = IOSQE_FIXED_FILE,
		.addr = (uintptr_t)&word,
		.len = sizeof(word),
	};
	struct ring r;
	int ret;

	ret = ring_setup(&r);
	if (ret)
		SKIP(return, "io_uring: %s", strerror(-ret));
	ASSERT_EQ(0, syscall(SYS_io_uring_register, r.fd, IORING_REGISTER_FILES,
			     &self->env.path.device, 1));
	vfio_path_close(&self->env.path);
	ASSERT_EQ(0, ring_submit(&r, &poll_end));

	taken_away(_metadata, &self->env.dut);
	EXPECT_EQ(POLLHUP | POLLERR, ring_wait(&r));
	ASSERT_EQ(0, ring_submit(&r, &read_word));
	EXPECT_EQ(-ENODEV, ring_wait(&r));
	close(r.fd);
}

static int kvm_file(int dev, unsigned long attr, int fd)
{
	struct kvm_device_attr set = {
		.group = KVM_DEV_VFIO_FILE,
		.attr = attr,
		.addr = (uintptr_t)&fd,
	};

	return vfio_ioctl(dev, KVM_SET_DEVICE_ATTR, &set);
}

/* KVM keeps the file and looks at it again when the VM is taken down. */
TEST_F_TIMEOUT(hostile, in_kvm, 120)
{
	struct kvm_create_device create = { .type = KVM_DEV_TYPE_VFIO };
	int kvm = node_open("/dev/kvm"), vm, again;

	if (kvm < 0)
		SKIP(return, "no /dev/kvm");
	vm = vfio_ioctl_val(kvm, KVM_CREATE_VM, 0);
	ASSERT_LE(0, vm);
	ASSERT_EQ(0, vfio_ioctl(vm, KVM_CREATE_DEVICE, &create));
	again = dup(self->env.path.device);
	ASSERT_EQ(0, kvm_file(create.fd, KVM_DEV_VFIO_FILE_ADD, again));
	vfio_path_close(&self->env.path);

	taken_away(_metadata, &self->env.dut);
	EXPECT_STREQ("", revoked_badly(again));
	EXPECT_EQ(0, kvm_file(create.fd, KVM_DEV_VFIO_FILE_DEL, again));
	/* A dead file is no reason to refuse it. */
	EXPECT_EQ(0, kvm_file(create.fd, KVM_DEV_VFIO_FILE_ADD, again));
	close(again);
	close(create.fd);
	close(vm);
	close(kvm);
}

struct storm {
	struct vfio_path *path;
	unsigned long calls;
	int odd;
	bool stop;
};

static void storm_saw(struct storm *s, int ret, bool may_fail)
{
	s->calls++;
	if (ret && ret != -ENODEV && !may_fail)
		s->odd = ret;
}

/* Every call that there is, until it is told to stop. */
static void *storm_calls(void *data)
{
	struct storm *s = data;
	struct vfio_device_info info;
	int fd = s->path->device;
	char byte;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		storm_saw(s, device_info(fd, &info), false);
		storm_saw(s, device_config_read(fd, 0, &byte, 1), false);
		storm_saw(s, vfio_ioctl_val(fd, VFIO_DEVICE_RESET, 0), true);
		if (s->path->kind == PATH_CDEV) {
			__u32 pt = s->path->ioas;

			storm_saw(s, vfio_detach(fd), false);
			storm_saw(s, vfio_attach(fd, &pt), false);
		}
	}
	return NULL;
}

/* Mappings that come, fault, fork, move, lose their pages, and go. */
static void *storm_maps(void *data)
{
	struct storm *s = data;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		__u32 *bar, sum = 0;
		size_t size, i;
		void *moved;

		s->calls++;
		bar = map_bar0(s->path, &size);
		if ((void *)bar == MAP_FAILED) {
			sleep_ms(1);
			continue;
		}
		for (i = 0; i < size / 4; i += size / 64)
			sum += reg_read(&bar[i]);
		madvise(bar, size, MADV_DONTNEED);
		for (i = 0; i < size / 4; i += size / 64)
			sum += reg_read(&bar[i]);
		moved = mremap(bar, size, size / 2, MREMAP_MAYMOVE);
		if (moved != MAP_FAILED) {
			sum += reg_read(moved);
			munmap(moved, size / 2);
		}
	}
	return NULL;
}

/* One mapping all the time, looked at all the time. */
static void *storm_faults(void *data)
{
	struct storm *s = data;
	__u32 *bar, sum = 0;
	size_t size;

	bar = map_bar0(s->path, &size);
	if ((void *)bar == MAP_FAILED)
		return NULL;
	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		s->calls++;
		sum += reg_read(bar) + reg_read(&bar[size / 8]);
		madvise(bar, size, MADV_DONTNEED);
	}
	/* The last word: no page of the device came back after the zap. */
	if (reg_read(bar) != 0xffffffff ||
	    reg_read(&bar[size / 8]) != 0xffffffff)
		s->odd = -EIO;
	munmap(bar, size);
	return NULL;
}

TEST_F_TIMEOUT(hostile, storm, 180)
{
	static void *(*const run[STORM_THREADS])(void *) = {
		storm_calls, storm_maps, storm_faults, storm_calls,
	};
	struct storm storm[STORM_THREADS] = {};
	pthread_t thread[STORM_THREADS];
	pid_t pid;
	int i;

	if (variant->v.kind == VFIO_DUT_PCI)
		enable(&self->env.path);
	for (i = 0; i < STORM_THREADS; i++) {
		storm[i].path = &self->env.path;
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, run[i],
					    &storm[i]));
	}
	pid = revoke_start(&self->env.dut);
	EXPECT_EQ(0, revoke_done(pid, REVOKE_WAIT_MS));
	sleep_ms(300);
	for (i = 0; i < STORM_THREADS; i++) {
		__atomic_store_n(&storm[i].stop, true, __ATOMIC_RELAXED);
		pthread_join(thread[i], NULL);
		TH_LOG("%lu calls", storm[i].calls);
		EXPECT_EQ(0, storm[i].odd);
	}
	EXPECT_STREQ("", revoked_badly(self->env.path.device));
}

/* Closing and revoking at the same moment: one of them does it. */
TEST_F_TIMEOUT(hostile, closed_at_that_moment, 120)
{
	pid_t pid = revoke_start(&self->env.dut);
	long long end = now_ms() + 1000 * REVOKE_S + 20;

	while (now_ms() < end)
		;
	vfio_path_close_device(&self->env.path);
	EXPECT_EQ(0, revoke_done(pid, REVOKE_WAIT_MS));
}

/* The driver's code goes while its fds are still open. */
TEST_F_TIMEOUT(hostile, module_unloaded, 120)
{
	if (variant->v.kind != VFIO_DUT_MDEV)
		SKIP(return, "vfio-pci may be built in");
	EXPECT_EQ(-1, syscall(SYS_delete_module, "mtty", O_NONBLOCK));
	taken_away(_metadata, &self->env.dut);
	ASSERT_EQ(0, syscall(SYS_delete_module, "mtty", O_NONBLOCK)) {
		TH_LOG("%s", strerror(errno));
	}
	EXPECT_STREQ("", revoked_badly(self->env.path.device));
	vfio_path_close(&self->env.path);
	EXPECT_EQ(0, system("modprobe mtty"));
}

struct hung {
	int fd, ret;
	void *arg;
};

static void *call_and_hang(void *data)
{
	struct hung *h = data;

	h->ret = vfio_ioctl(h->fd, VFIO_DEVICE_GET_INFO, h->arg);
	return NULL;
}

/*
 * A call that hangs on memory which nobody provides has the driver on its
 * stack: the device is not closed under it, and the log says who is to blame.
 */
TEST_F_TIMEOUT(hostile, call_that_hangs, 180)
{
	char blame[64], line[256];
	const char *const stuck[] = { blame, NULL };
	struct hung h = { .fd = self->env.path.device, .ret = 1 };
	long long end = now_ms() + REVOKE_WAIT_MS;
	int mark = kmsg_mark();
	pthread_t thread;
	bool said = false;
	struct stall s;
	pid_t pid;

	if (stall_setup(&s, false, NULL, 0))
		SKIP(return, "no userfaultfd");
	snprintf(blame, sizeof(blame), "\" (%d) opened does not return",
		 getpid());
	h.arg = s.page;
	ASSERT_EQ(0, pthread_create(&thread, NULL, call_and_hang, &h));
	ASSERT_TRUE(stall_wait(&s, 10000));

	pid = revoke_start(&self->env.dut);
	while (!said && now_ms() < end) {
		said = kmsg_find(mark, stuck, line, sizeof(line));
		sleep_ms(50);
	}
	EXPECT_TRUE(said);
	EXPECT_EQ(-1, revoke_done(pid, 0));
	/* For everybody else the fd is dead already. */
	EXPECT_STREQ("", revoked_badly(self->env.path.device));

	EXPECT_EQ(0, stall_release(&s, NULL, 0));
	pthread_join(thread, NULL);
	/* The driver has read a size of zero. */
	EXPECT_EQ(-EINVAL, h.ret);
	EXPECT_EQ(0, revoke_done(pid, REVOKE_CLOSE_MS));
	stall_end(&s);
	close(mark);
}

TEST_HARNESS_MAIN
