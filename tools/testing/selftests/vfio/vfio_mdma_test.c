// SPDX-License-Identifier: GPL-2.0
/*
 * The emulated iommu as a device with DMA uses it: vfio_pin_pages() and
 * vfio_dma_rw(), and the same through an iommufd access that belongs to the
 * driver. Copies of every alignment, errors of addresses and descriptors, the
 * ring, the interrupt, reset, fork, two devices in one address space.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "vfio_mdma_fixture.h"

/* What has to do with registers only is the same in all of them. */
FIXTURE(mdma_regs) {
	struct mdma_env env;
};

FIXTURE_VARIANT(mdma_regs) {
	struct mdma_variant v;
};

FIXTURE_SETUP(mdma_regs)
{
	env_setup(_metadata, &self->env, &variant->v);
}

FIXTURE_TEARDOWN(mdma_regs)
{
	env_teardown(_metadata, &self->env);
}

FIXTURE_VARIANT_ADD(mdma_regs, cdev_own_pin) {
	{ SPACE_CDEV, "mdma-own", MDMA_DESC_PIN }
};

FIXTURE_VARIANT_ADD(mdma_regs, type1_core_rw) { { SPACE_TYPE1, "mdma-core", 0 } };
FIXTURE_VARIANT_ADD(mdma_regs, compat_own_rw) { { SPACE_COMPAT, "mdma-own", 0 } };

TEST_F_TIMEOUT(mdma_regs, info, TIMEOUT_S)
{
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };
	struct vfio_region_info region;
	struct vfio_device_info info;
	bool own = !strcmp(variant->v.type, "mdma-own");

	ASSERT_EQ(0, device_info(self->env.d->fd, &info));
	EXPECT_EQ(MDMA_NUM_REGIONS, info.num_regions);
	EXPECT_EQ(MDMA_NUM_IRQS, info.num_irqs);
	EXPECT_TRUE(info.flags & VFIO_DEVICE_FLAGS_RESET);
	ASSERT_EQ(0, device_region(self->env.d->fd, MDMA_REGION_MEM, &region));
	EXPECT_EQ(MDMA_MEM_SIZE, region.size);
	EXPECT_EQ(-EINVAL, device_region(self->env.d->fd, 2, &region));
	ASSERT_EQ(0, vfio_ioctl(self->env.d->fd, VFIO_DEVICE_GET_IRQ_INFO, &irq));
	EXPECT_EQ(1, irq.count);
	irq.argsz = 4;
	EXPECT_EQ(-EINVAL,
		  vfio_ioctl(self->env.d->fd, VFIO_DEVICE_GET_IRQ_INFO, &irq));

	EXPECT_EQ(MDMA_ID, mdma_get(self->env.d, MDMA_REG_ID));
	/* with no iommufd there is no access to be driven */
	EXPECT_EQ(own && variant->v.mode != SPACE_TYPE1,
		  !!(mdma_get(self->env.d, MDMA_REG_CAPS) & MDMA_CAP_OWN_IOAS));
	EXPECT_EQ(-1, pread(self->env.d->fd, &info, 8, 0));
	EXPECT_EQ(-1, pread(self->env.d->fd, &info, 4, 2));
	EXPECT_EQ(-EINVAL, mdma_set(self->env.d, MDMA_REG_ID, 0));
}

TEST_F_TIMEOUT(mdma, copy, TIMEOUT_S)
{
	static const struct {
		unsigned long src, dst, len;
	} t[] = {
		{ 0, 0, 1 },
		{ 0, 0, PAGE },
		{ 1, 2, 3 },
		{ PAGE - 1, 0, 2 },
		{ 0, PAGE - 1, 2 },
		{ PAGE - 3, 2 * PAGE - 5, 9 },
		{ 123, 4001, 3 * PAGE + 17 },
		{ 4000, 8, 16 * PAGE },
		{ 5, 5, 16 * PAGE - 5 },
		{ 0, 1, 33 * PAGE },
		{ 0, 0, MDMA_MAX_LEN },
		{ 4095, 1, MDMA_MAX_LEN },
	};
	struct space *s = &self->env.s;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		unsigned char *dst = s->dst + t[i].dst;

		memset(s->dst, 0xcc, AREA_SIZE);
		fill(s->src, AREA_SIZE, i);
		ASSERT_EQ(MDMA_OK, mdma_do(self->env.d, SRC_IOVA + t[i].src,
					   DST_IOVA + t[i].dst, t[i].len,
					     self->env.how)) {
			TH_LOG("row %u", i);
		}
		EXPECT_EQ(t[i].len, le32toh(self->env.d->ring[i].done));
		EXPECT_EQ(0, memcmp(dst, s->src + t[i].src, t[i].len));
		EXPECT_TRUE(all_bytes(s->dst, 0xcc, t[i].dst));
		EXPECT_TRUE(all_bytes(dst + t[i].len, 0xcc,
				      AREA_SIZE - t[i].dst - t[i].len));
	}
	EXPECT_EQ(i, mdma_get(self->env.d, MDMA_REG_DONE));
}

/* Two mappings side by side are one range for the engine. */
TEST_F_TIMEOUT(mdma, copy_across_mappings, TIMEOUT_S)
{
	struct space *s = &self->env.s;
	unsigned char *more = area_alloc(2 * PAGE);

	ASSERT_NE(NULL, more);
	memset(more, 0, 2 * PAGE);
	ASSERT_EQ(0, space_map(s, more, 2 * PAGE, DST_IOVA + AREA_SIZE, true));
	ASSERT_EQ(MDMA_OK, mdma_do(self->env.d, SRC_IOVA + 7,
				   DST_IOVA + AREA_SIZE - PAGE - 1,
				     2 * PAGE + 9, self->env.how));
	EXPECT_EQ(0, memcmp(s->dst + AREA_SIZE - PAGE - 1, s->src + 7, PAGE + 1));
	EXPECT_EQ(0, memcmp(more, s->src + 7 + PAGE + 1, PAGE + 8));
	EXPECT_TRUE(all_bytes(more + PAGE + 8, 0, PAGE - 8));
	EXPECT_EQ(0, space_unmap(s, DST_IOVA + AREA_SIZE, 2 * PAGE));
}

TEST_F_TIMEOUT(mdma, device_memory, TIMEOUT_S)
{
	struct space *s = &self->env.s;
	struct vfio_region_info region;
	unsigned char back[256];
	__u32 in = self->env.how | MDMA_DESC_DST_MEM;
	__u32 out = self->env.how | MDMA_DESC_SRC_MEM;

	ASSERT_EQ(0, device_region(self->env.d->fd, MDMA_REGION_MEM, &region));
	ASSERT_EQ(MDMA_OK, mdma_do(self->env.d, SRC_IOVA + 3, 0, MDMA_MEM_SIZE,
				   in));
	ASSERT_EQ(200, pread(self->env.d->fd, back, 200, region.offset + 0x8001));
	EXPECT_EQ(0, memcmp(back, s->src + 3 + 0x8001, 200));

	memset(back, 0x5a, sizeof(back));
	ASSERT_EQ(100, pwrite(self->env.d->fd, back, 100, region.offset + 10));
	ASSERT_EQ(MDMA_OK, mdma_do(self->env.d, 0, DST_IOVA + 4090, 300, out));
	EXPECT_EQ(0, memcmp(s->dst + 4090, s->src + 3, 10));
	EXPECT_TRUE(all_bytes(s->dst + 4100, 0x5a, 100));
	EXPECT_EQ(0, memcmp(s->dst + 4200, s->src + 113, 190));

	/* inside the device no mapping takes part */
	ASSERT_EQ(MDMA_OK, mdma_do(self->env.d, 10, 0x9000, 100, in | out));
	ASSERT_EQ(100, pread(self->env.d->fd, back, 100, region.offset + 0x9000));
	EXPECT_TRUE(all_bytes(back, 0x5a, 100));

	EXPECT_EQ(MDMA_ERR_DESC, mdma_do(self->env.d, SRC_IOVA, 1, MDMA_MEM_SIZE,
					 in));
	EXPECT_EQ(MDMA_ERR_DESC, mdma_do(self->env.d, -1ULL, DST_IOVA, 2, out));
	EXPECT_EQ(-1, pread(self->env.d->fd, back, 1, region.offset + MDMA_MEM_SIZE));
	EXPECT_EQ(2, pread(self->env.d->fd, back, 9,
			   region.offset + MDMA_MEM_SIZE - 2));
}

TEST_F_TIMEOUT(mdma_regs, bad_descriptor, TIMEOUT_S)
{
	EXPECT_EQ(MDMA_ERR_DESC, mdma_do(self->env.d, SRC_IOVA, DST_IOVA, 0,
					 self->env.how));
	EXPECT_EQ(MDMA_ERR_DESC, mdma_do(self->env.d, SRC_IOVA, DST_IOVA,
					 MDMA_MAX_LEN + 1, self->env.how));
	EXPECT_EQ(MDMA_ERR_DESC, mdma_do(self->env.d, SRC_IOVA, DST_IOVA, 1,
					 self->env.how | (MDMA_DESC_FLAGS + 1)));
	EXPECT_TRUE(all_bytes(self->env.s.dst, 0xcc, AREA_SIZE));
	EXPECT_EQ(MDMA_OK, mdma_do(self->env.d, SRC_IOVA, DST_IOVA, 8, self->env.how));
}

TEST_F_TIMEOUT(mdma, bad_address, TIMEOUT_S)
{
	struct space *s = &self->env.s;
	__u64 end = AREA_SIZE;

	EXPECT_EQ(MDMA_ERR_SRC, mdma_do(self->env.d, 0x1000, DST_IOVA, 8,
					self->env.how));
	EXPECT_EQ(MDMA_ERR_DST, mdma_do(self->env.d, SRC_IOVA, 0x1000, 8,
					self->env.how));
	EXPECT_EQ(MDMA_ERR_SRC, mdma_do(self->env.d, SRC_IOVA + end - 8, DST_IOVA,
					9, self->env.how));
	EXPECT_EQ(MDMA_ERR_DST, mdma_do(self->env.d, SRC_IOVA,
					DST_IOVA + end - 8, 9, self->env.how));
	EXPECT_EQ(MDMA_ERR_SRC, mdma_do(self->env.d, -4ULL, DST_IOVA, 8,
					self->env.how));
	EXPECT_EQ(MDMA_ERR_DST, mdma_do(self->env.d, SRC_IOVA, -8ULL, 8,
					self->env.how));

	/* a mapping that the device may only read */
	ASSERT_EQ(0, space_unmap(s, DST_IOVA, AREA_SIZE));
	ASSERT_EQ(0, space_map(s, s->dst, AREA_SIZE, DST_IOVA, false));
	memset(s->dst, 0xcc, AREA_SIZE);
	EXPECT_EQ(MDMA_ERR_DST, mdma_do(self->env.d, SRC_IOVA, DST_IOVA, 64,
					self->env.how));
	EXPECT_TRUE(all_bytes(s->dst, 0xcc, AREA_SIZE));
	EXPECT_EQ(MDMA_OK, mdma_do(self->env.d, DST_IOVA, SRC_IOVA, 64,
				   self->env.how));
	EXPECT_TRUE(all_bytes(s->src, 0xcc, 64));
}

/* All at once, around the end of the ring, in order. */
TEST_F_TIMEOUT(mdma, ring_wrap, TIMEOUT_S)
{
	unsigned int i, round;

	for (round = 0; round < 3; round++) {
		memset(self->env.s.dst, 0xcc, AREA_SIZE);
		for (i = 0; i < RING_SIZE - 1; i++)
			mdma_put(self->env.d, SRC_IOVA + i * 100, DST_IOVA + i * 100,
				 100, self->env.how);
		ASSERT_EQ(0, mdma_ring_bell(self->env.d));
		ASSERT_EQ(0, mdma_wait(self->env.d));
		EXPECT_EQ(0, memcmp(self->env.s.dst, self->env.s.src, i * 100));
		EXPECT_TRUE(all_bytes(self->env.s.dst + i * 100, 0xcc, 100));
	}
	EXPECT_EQ(round * i, mdma_get(self->env.d, MDMA_REG_DONE));
	EXPECT_EQ(self->env.d->tail, mdma_get(self->env.d, MDMA_REG_HEAD));
}

TEST_F_TIMEOUT(mdma_regs, ring_errors, TIMEOUT_S)
{
	struct mdma_dev *d = self->env.d;

	EXPECT_EQ(-EBUSY, mdma_set(d, MDMA_REG_RING_SIZE, 4));
	EXPECT_EQ(-EINVAL, mdma_set(d, MDMA_REG_TAIL, RING_SIZE));
	EXPECT_EQ(-EINVAL, mdma_set(d, MDMA_REG_CTRL, 0x100));
	EXPECT_EQ(-EINVAL, mdma_set(d, MDMA_REG_PACE, MDMA_MAX_PACE + 1));

	ASSERT_EQ(0, mdma_set(d, MDMA_REG_CTRL, 0));
	EXPECT_EQ(0, mdma_set_ring(d, RING_IOVA, 3));
	EXPECT_EQ(-EINVAL, mdma_set(d, MDMA_REG_CTRL, MDMA_CTRL_RUN));
	EXPECT_EQ(0, mdma_set_ring(d, RING_IOVA, 2 * MDMA_MAX_RING));
	EXPECT_EQ(-EINVAL, mdma_set(d, MDMA_REG_CTRL, MDMA_CTRL_RUN));
	EXPECT_EQ(0, mdma_set_ring(d, RING_IOVA + 8, RING_SIZE));
	EXPECT_EQ(-EINVAL, mdma_set(d, MDMA_REG_CTRL, MDMA_CTRL_RUN));
	EXPECT_EQ(0, mdma_set_ring(d, -32ULL, RING_SIZE));
	EXPECT_EQ(-EINVAL, mdma_set(d, MDMA_REG_CTRL, MDMA_CTRL_RUN));

	/* a ring that is not there halts the engine, a new start mends it */
	EXPECT_EQ(0, mdma_set_ring(d, 0x7000000, RING_SIZE));
	EXPECT_EQ(0, mdma_set(d, MDMA_REG_CTRL, MDMA_CTRL_RUN));
	EXPECT_EQ(0, mdma_set(d, MDMA_REG_TAIL, 1));
	EXPECT_EQ(1, mdma_wait(d));
	EXPECT_EQ(MDMA_ST_HALTED | MDMA_ST_RING_ERR | MDMA_ST_BUSY,
		  mdma_get(d, MDMA_REG_STATUS));
	ASSERT_EQ(0, mdma_set(d, MDMA_REG_CTRL, 0));
	ASSERT_EQ(0, mdma_start(d));
	EXPECT_EQ(MDMA_OK, mdma_do(d, SRC_IOVA, DST_IOVA, 8, self->env.how));
}

TEST_F_TIMEOUT(mdma_regs, halt_on_error, TIMEOUT_S)
{
	struct mdma_dev *d = self->env.d;
	struct mdma_desc *bad, *good;

	ASSERT_EQ(0, mdma_set(d, MDMA_REG_CTRL,
			      MDMA_CTRL_RUN | MDMA_CTRL_HALT_ON_ERR));
	bad = mdma_put(d, 0x1000, DST_IOVA, 8, self->env.how);
	good = mdma_put(d, SRC_IOVA, DST_IOVA, 8, self->env.how);
	ASSERT_EQ(0, mdma_ring_bell(d));
	ASSERT_EQ(1, mdma_wait(d));
	EXPECT_EQ(MDMA_ERR_SRC, mdma_status(bad));
	EXPECT_EQ(MDMA_PENDING, mdma_status(good));
	EXPECT_EQ(1, mdma_get(d, MDMA_REG_HEAD));
	/* the doorbell is no way out */
	ASSERT_EQ(0, mdma_ring_bell(d));
	EXPECT_EQ(1, mdma_wait(d));
	ASSERT_EQ(0, mdma_set(d, MDMA_REG_CTRL,
			      MDMA_CTRL_RUN | MDMA_CTRL_HALT_ON_ERR));
	EXPECT_EQ(0, mdma_wait(d));
	EXPECT_EQ(MDMA_OK, mdma_status(good));
}

static int set_irq(int fd, __u32 flags, __u32 count, __s32 data)
{
	union {
		struct vfio_irq_set set;
		char room[sizeof(struct vfio_irq_set) + sizeof(data)];
	} u = { .set = {
		.argsz = sizeof(u),
		.flags = flags,
		.count = count,
	} };

	memcpy(u.set.data, &data, sizeof(data));
	return vfio_ioctl(fd, VFIO_DEVICE_SET_IRQS, &u);
}

/* How often it was signalled, after giving it @ms to come. */
static int signalled(int efd, int ms)
{
	struct pollfd p = { .fd = efd, .events = POLLIN };
	eventfd_t n;

	if (poll(&p, 1, ms) != 1 || eventfd_read(efd, &n))
		return 0;
	return n;
}

TEST_F_TIMEOUT(mdma_regs, eventfd, TIMEOUT_S)
{
	const __u32 trigger = VFIO_IRQ_SET_ACTION_TRIGGER;
	int fd = self->env.d->fd, efd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	__u32 irq = self->env.how | MDMA_DESC_IRQ;

	ASSERT_LE(0, efd);
	EXPECT_EQ(-EINVAL, set_irq(fd, trigger | VFIO_IRQ_SET_DATA_EVENTFD, 2,
				   efd));
	EXPECT_EQ(-EINVAL, set_irq(fd, VFIO_IRQ_SET_ACTION_MASK |
				   VFIO_IRQ_SET_DATA_NONE, 1, 0));
	EXPECT_EQ(-EBADF, set_irq(fd, trigger | VFIO_IRQ_SET_DATA_EVENTFD, 1,
				  9999));
	EXPECT_EQ(-EINVAL, set_irq(fd, trigger | VFIO_IRQ_SET_DATA_EVENTFD, 1,
				   fd));
	ASSERT_EQ(0, set_irq(fd, trigger | VFIO_IRQ_SET_DATA_EVENTFD, 1, efd));

	/* by hand */
	EXPECT_EQ(0, set_irq(fd, trigger | VFIO_IRQ_SET_DATA_NONE, 1, 0));
	EXPECT_EQ(1, signalled(efd, 1000));
	EXPECT_EQ(0, set_irq(fd, trigger | VFIO_IRQ_SET_DATA_BOOL, 1, 0));
	EXPECT_EQ(0, signalled(efd, 0));
	EXPECT_EQ(0, set_irq(fd, trigger | VFIO_IRQ_SET_DATA_BOOL, 1, 1));
	EXPECT_EQ(1, signalled(efd, 1000));

	/* by the engine: only when enabled and asked for, or on an error */
	EXPECT_EQ(MDMA_OK, mdma_do(self->env.d, SRC_IOVA, DST_IOVA, 8, irq));
	EXPECT_EQ(0, signalled(efd, 0));
	ASSERT_EQ(0, mdma_set(self->env.d, MDMA_REG_CTRL,
			      MDMA_CTRL_RUN | MDMA_CTRL_IRQ));
	EXPECT_EQ(MDMA_OK, mdma_do(self->env.d, SRC_IOVA, DST_IOVA, 8, self->env.how));
	EXPECT_EQ(0, signalled(efd, 0));
	mdma_put(self->env.d, SRC_IOVA, DST_IOVA, 8, irq);
	ASSERT_EQ(0, mdma_ring_bell(self->env.d));
	EXPECT_EQ(1, signalled(efd, MDMA_WAIT_MS));
	EXPECT_EQ(MDMA_OK, mdma_status(&self->env.d->ring[self->env.d->tail - 1]));
	EXPECT_EQ(MDMA_ERR_SRC, mdma_do(self->env.d, 0, DST_IOVA, 8, self->env.how));
	EXPECT_EQ(1, signalled(efd, 1000));

	/* and no more once it is taken away, by either way */
	EXPECT_EQ(0, set_irq(fd, trigger | VFIO_IRQ_SET_DATA_EVENTFD, 1, -1));
	EXPECT_EQ(MDMA_OK, mdma_do(self->env.d, SRC_IOVA, DST_IOVA, 8, irq));
	EXPECT_EQ(0, set_irq(fd, trigger | VFIO_IRQ_SET_DATA_EVENTFD, 1, efd));
	EXPECT_EQ(0, set_irq(fd, trigger | VFIO_IRQ_SET_DATA_NONE, 0, 0));
	EXPECT_EQ(MDMA_OK, mdma_do(self->env.d, SRC_IOVA, DST_IOVA, 8, irq));
	EXPECT_EQ(0, signalled(efd, 0));
	close(efd);
}

/* The address space is the parent's, whoever rings the bell. */
TEST_F_TIMEOUT(mdma, fork, TIMEOUT_S)
{
	struct space *s = &self->env.s;
	int status;
	pid_t pid;

	mdma_put(self->env.d, SRC_IOVA, DST_IOVA, 3 * PAGE, self->env.how);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		memset(s->src, 0, AREA_SIZE);
		memset(s->dst, 0x11, AREA_SIZE);
		if (mdma_ring_bell(self->env.d) || mdma_wait(self->env.d))
			_exit(1);
		_exit(all_bytes(s->dst, 0x11, AREA_SIZE) ? 0 : 2);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(MDMA_OK, mdma_status(&self->env.d->ring[0]));
	EXPECT_EQ(0, memcmp(s->dst, s->src, 3 * PAGE));
	EXPECT_TRUE(all_bytes(s->dst + 3 * PAGE, 0xcc, PAGE));
}

/* One writes what the other reads. */
TEST_F_TIMEOUT(mdma, two_devices, TIMEOUT_S)
{
	struct space *s = &self->env.s;
	struct mdma_dev *other = &s->dev[1];
	unsigned char *third = area_alloc(AREA_SIZE);
	unsigned int i;

	ASSERT_NE(NULL, third);
	memset(third, 0, AREA_SIZE);
	ASSERT_EQ(0, dev_new(s, 1, variant->v.type));
	ASSERT_EQ(0, space_map(s, third, AREA_SIZE, 2 * DST_IOVA, true));

	ASSERT_EQ(MDMA_OK, mdma_do(self->env.d, SRC_IOVA, DST_IOVA, MDMA_MAX_LEN,
				   self->env.how));
	ASSERT_EQ(MDMA_OK, mdma_do(other, DST_IOVA, 2 * DST_IOVA,
				   MDMA_MAX_LEN, self->env.how));
	EXPECT_EQ(0, memcmp(third, s->src, MDMA_MAX_LEN));

	/* side by side; the pages are pinned by both */
	for (i = 0; i < 20; i++) {
		mdma_put(self->env.d, SRC_IOVA, DST_IOVA + i * PAGE, PAGE, self->env.how);
		mdma_put(other, SRC_IOVA + PAGE / 2, 2 * DST_IOVA + i * PAGE,
			 PAGE, self->env.how);
	}
	ASSERT_EQ(0, mdma_ring_bell(self->env.d));
	ASSERT_EQ(0, mdma_ring_bell(other));
	ASSERT_EQ(0, mdma_wait(self->env.d));
	ASSERT_EQ(0, mdma_wait(other));
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(0, memcmp(s->dst + i * PAGE, s->src, PAGE));
		EXPECT_EQ(0, memcmp(third + i * PAGE, s->src + PAGE / 2, PAGE));
	}

	/* the end of one does not touch the other */
	ASSERT_EQ(0, dev_close(self->env.d));
	EXPECT_EQ(MDMA_OK, mdma_do(other, SRC_IOVA, 2 * DST_IOVA, PAGE,
				   self->env.how));
	EXPECT_EQ(0, space_unmap(s, 2 * DST_IOVA, AREA_SIZE));
	EXPECT_EQ(MDMA_ERR_DST, mdma_do(other, SRC_IOVA, 2 * DST_IOVA, PAGE,
					self->env.how));
}

TEST_HARNESS_MAIN
