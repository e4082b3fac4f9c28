// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts of QEMU's "edu" PCI function through vfio-pci and eventfds: MSI
 * raised by a register, by a finished transfer and by hand, INTx with masking
 * and with an eventfd that unmasks (a virqfd), and what SET_IRQS must refuse.
 * Needs root, an iommu with interrupt remapping, and one edu function.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "vfio_harness.h"
#include "edu.h"

#define TRIGGER		VFIO_IRQ_SET_ACTION_TRIGGER
#define MASK		VFIO_IRQ_SET_ACTION_MASK
#define UNMASK		VFIO_IRQ_SET_ACTION_UNMASK
#define INTX		VFIO_PCI_INTX_IRQ_INDEX
#define MSI		VFIO_PCI_MSI_IRQ_INDEX

#define WAIT_MS		5000	/* for an interrupt that must come */
#define QUIET_MS	200	/* long enough for one that must not */

FIXTURE(irq) {
	struct edu edu;
	int device;
	int event, other;
	__u8 *page;
};

FIXTURE_VARIANT(irq) {
	enum vfio_path_kind kind;
};

FIXTURE_VARIANT_ADD(irq, cdev_iommufd) { .kind = PATH_CDEV };
FIXTURE_VARIANT_ADD(irq, group_type1) { .kind = PATH_TYPE1 };

FIXTURE_SETUP(irq)
{
	struct vfio_dut dut;

	edu_init(&self->edu);
	self->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	self->other = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ASSERT_LE(0, self->other);
	self->page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->page);
	if (!dut_ready(_metadata, &dut, VFIO_DUT_PCI))
		return;
	ASSERT_EQ(0, edu_open(&self->edu, variant->kind, 0, NULL));
	self->device = self->edu.path.device;
	/* A test that ended early may have left one pending. */
	edu_write32(&self->edu, EDU_IRQ_ACK, ~0U);
}

FIXTURE_TEARDOWN(irq)
{
	edu_close(&self->edu);
	munmap(self->page, 4096);
	close(self->event);
	close(self->other);
}

static void get_info(struct __test_metadata *_metadata, int device,
		     unsigned int index, struct vfio_irq_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	info->index = index;
	ASSERT_EQ(0, vfio_ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, info));
}

TEST_F(irq, info)
{
	struct vfio_irq_info info;

	get_info(_metadata, self->device, INTX, &info);
	EXPECT_EQ(1, info.count);
	EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE |
		  VFIO_IRQ_INFO_AUTOMASKED, info.flags);
	get_info(_metadata, self->device, MSI, &info);
	EXPECT_EQ(1, info.count);
	EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE, info.flags);
	get_info(_metadata, self->device, VFIO_PCI_MSIX_IRQ_INDEX, &info);
	EXPECT_EQ(0, info.count);
	get_info(_metadata, self->device, VFIO_PCI_REQ_IRQ_INDEX, &info);
	EXPECT_EQ(1, info.count);

	info.index = VFIO_PCI_NUM_IRQS;
	EXPECT_EQ(-EINVAL, vfio_ioctl(self->device, VFIO_DEVICE_GET_IRQ_INFO,
				      &info));
}

TEST_F(irq, msi_by_register)
{
	struct edu *edu = &self->edu;
	int i;

	ASSERT_EQ(0, vfio_set_irq(self->device, MSI, TRIGGER, self->event));
	for (i = 1; i <= 3; i++) {
		edu_write32(edu, EDU_IRQ_RAISE, i);
		EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
		EXPECT_EQ(i, edu_read32(edu, EDU_IRQ_STATUS));
		edu_write32(edu, EDU_IRQ_ACK, i);
		EXPECT_EQ(0, edu_read32(edu, EDU_IRQ_STATUS));
	}
	EXPECT_EQ(0, irq_count(self->event, QUIET_MS));
}

TEST_F(irq, msi_by_transfer)
{
	struct edu *edu = &self->edu;

	ASSERT_EQ(0, vfio_set_irq(self->device, MSI, TRIGGER, self->event));
	ASSERT_EQ(0, vfio_path_map(&edu->path, self->page, 4096, EDU_IOVA));
	edu_dma_start(edu, EDU_DMA_IRQ, EDU_IOVA, 0, 64);
	EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
	EXPECT_EQ(EDU_IRQ_DMA, edu_read32(edu, EDU_IRQ_STATUS));
	edu_write32(edu, EDU_IRQ_ACK, EDU_IRQ_DMA);

	/* What the interrupt announces is there. */
	memset(self->page, 0xee, 4096);
	edu_dma_start(edu, EDU_DMA_IRQ | EDU_DMA_TO_RAM, EDU_IOVA, 0, 64);
	EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
	EXPECT_EQ(0, self->page[0]);
	EXPECT_EQ(0xee, self->page[64]);
	edu_write32(edu, EDU_IRQ_ACK, EDU_IRQ_DMA);
}

TEST_F(irq, msi_by_hand)
{
	ASSERT_EQ(0, vfio_set_irq(self->device, MSI, TRIGGER, self->event));
	EXPECT_EQ(0, vfio_irq_action(self->device, MSI, TRIGGER, 1));
	EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
}

TEST_F(irq, msi_goes_to_the_new_eventfd)
{
	struct edu *edu = &self->edu;

	ASSERT_EQ(0, vfio_set_irq(self->device, MSI, TRIGGER, self->event));
	ASSERT_EQ(0, vfio_set_irq(self->device, MSI, TRIGGER, self->other));
	edu_write32(edu, EDU_IRQ_RAISE, 1);
	EXPECT_EQ(1, irq_count(self->other, WAIT_MS));
	EXPECT_EQ(0, irq_count(self->event, 0));
	edu_write32(edu, EDU_IRQ_ACK, 1);

	/* -1 takes the eventfd off, no vectors disables the index. */
	ASSERT_EQ(0, vfio_set_irq(self->device, MSI, TRIGGER, -1));
	edu_write32(edu, EDU_IRQ_RAISE, 1);
	EXPECT_EQ(0, irq_count(self->other, QUIET_MS));
	edu_write32(edu, EDU_IRQ_ACK, 1);
	ASSERT_EQ(0, vfio_set_irq(self->device, MSI, TRIGGER, self->other));
	ASSERT_EQ(0, vfio_irq_action(self->device, MSI, TRIGGER, 0));
	edu_write32(edu, EDU_IRQ_RAISE, 1);
	EXPECT_EQ(0, irq_count(self->other, QUIET_MS));
	edu_write32(edu, EDU_IRQ_ACK, 1);
}

/* The line stays up until it is acknowledged; the kernel masks it meanwhile. */
TEST_F(irq, intx_is_masked_by_itself)
{
	struct edu *edu = &self->edu;

	ASSERT_EQ(0, vfio_set_irq(self->device, INTX, TRIGGER, self->event));
	edu_write32(edu, EDU_IRQ_RAISE, 1);
	EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
	EXPECT_EQ(0, irq_count(self->event, QUIET_MS));

	/* Unmasked with the line up: again at once. */
	ASSERT_EQ(0, vfio_irq_action(self->device, INTX, UNMASK, 1));
	EXPECT_EQ(1, irq_count(self->event, WAIT_MS));

	edu_write32(edu, EDU_IRQ_ACK, 1);
	ASSERT_EQ(0, vfio_irq_action(self->device, INTX, UNMASK, 1));
	EXPECT_EQ(0, irq_count(self->event, QUIET_MS));
	edu_write32(edu, EDU_IRQ_RAISE, 2);
	EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
	edu_write32(edu, EDU_IRQ_ACK, 2);
}

TEST_F(irq, intx_mask)
{
	struct edu *edu = &self->edu;

	ASSERT_EQ(0, vfio_set_irq(self->device, INTX, TRIGGER, self->event));
	ASSERT_EQ(0, vfio_irq_action(self->device, INTX, MASK, 1));
	edu_write32(edu, EDU_IRQ_RAISE, 1);
	EXPECT_EQ(0, irq_count(self->event, QUIET_MS));
	ASSERT_EQ(0, vfio_irq_action(self->device, INTX, UNMASK, 1));
	EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
	edu_write32(edu, EDU_IRQ_ACK, 1);
}

static void signal_fd(struct __test_metadata *_metadata, int fd)
{
	__u64 one = 1;

	ASSERT_EQ(8, write(fd, &one, 8));
}

TEST_F(irq, intx_unmask_by_eventfd)
{
	struct edu *edu = &self->edu;
	int i;

	/* There must be an interrupt to unmask. */
	EXPECT_EQ(-EINVAL, vfio_set_irq(self->device, INTX, UNMASK, self->other));
	ASSERT_EQ(0, vfio_set_irq(self->device, INTX, TRIGGER, self->event));
	ASSERT_EQ(0, vfio_set_irq(self->device, INTX, UNMASK, self->other));
	/* One virqfd per interrupt. */
	EXPECT_EQ(-EBUSY, vfio_set_irq(self->device, INTX, UNMASK, self->other));

	edu_write32(edu, EDU_IRQ_RAISE, 1);
	EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
	for (i = 0; i < 5; i++) {
		/* The line is up still: each unmask brings another one. */
		signal_fd(_metadata, self->other);
		EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
	}
	edu_write32(edu, EDU_IRQ_ACK, 1);
	signal_fd(_metadata, self->other);
	EXPECT_EQ(0, irq_count(self->event, QUIET_MS));

	/* Taken off, the eventfd unmasks nothing. */
	edu_write32(edu, EDU_IRQ_RAISE, 1);
	EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
	ASSERT_EQ(0, vfio_set_irq(self->device, INTX, UNMASK, -1));
	signal_fd(_metadata, self->other);
	EXPECT_EQ(0, irq_count(self->event, QUIET_MS));
	ASSERT_EQ(0, vfio_set_irq(self->device, INTX, UNMASK, self->other));
	edu_write32(edu, EDU_IRQ_ACK, 1);
}

/* The last reference of an unmasking eventfd goes while the device is open. */
TEST_F(irq, closed_unmask_eventfd_can_be_replaced)
{
	int unmask, i;

	ASSERT_EQ(0, vfio_set_irq(self->device, INTX, TRIGGER, self->event));
	for (i = 0; i < 10; i++) {
		long long end = now_ms() + WAIT_MS;
		int ret;

		unmask = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		ASSERT_LE(0, unmask);
		do {
			ret = vfio_set_irq(self->device, INTX, UNMASK, unmask);
		} while (ret == -EBUSY && now_ms() < end);
		ASSERT_EQ(0, ret);
		signal_fd(_metadata, unmask);
		close(unmask);
	}
}

TEST_F(irq, close_with_everything_armed)
{
	int i;

	for (i = 0; i < 3; i++) {
		self->device = self->edu.path.device;
		ASSERT_EQ(0, vfio_set_irq(self->device, INTX, TRIGGER,
					  self->event));
		ASSERT_EQ(0, vfio_set_irq(self->device, INTX, UNMASK, self->other));
		ASSERT_EQ(0, vfio_set_irq(self->device, VFIO_PCI_REQ_IRQ_INDEX,
					  TRIGGER, self->event));
		edu_write32(&self->edu, EDU_IRQ_RAISE, 1);
		EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
		edu_close_device(&self->edu);
		ASSERT_EQ(0, edu_reopen(&self->edu));
		edu_write32(&self->edu, EDU_IRQ_ACK, 1);
		/* Nothing of it is left: one can arm anew. */
	}
	EXPECT_EQ(0, irq_count(self->event, QUIET_MS));
}

/* The request interrupt can be rung by hand, so that users can test theirs. */
TEST_F(irq, request_by_hand)
{
	ASSERT_EQ(0, vfio_set_irq(self->device, VFIO_PCI_REQ_IRQ_INDEX, TRIGGER,
				  self->event));
	EXPECT_EQ(0, vfio_irq_action(self->device, VFIO_PCI_REQ_IRQ_INDEX,
				     TRIGGER, 1));
	EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
}

#define NONE	VFIO_IRQ_SET_DATA_NONE
#define BOOL	VFIO_IRQ_SET_DATA_BOOL
#define FD	VFIO_IRQ_SET_DATA_EVENTFD
#define ARGSZ	sizeof(struct vfio_irq_set)

static const struct {
	const char *what;
	__u32 argsz, flags, index, start, count;
} refused[] = {
	{ "short argsz", ARGSZ - 1, NONE | TRIGGER, MSI, 0, 0 },
	{ "no such index", ARGSZ, NONE | TRIGGER, VFIO_PCI_NUM_IRQS, 0, 0 },
	{ "unknown flag", ARGSZ, NONE | TRIGGER | 0x40, MSI, 0, 0 },
	{ "no data type", ARGSZ + 4, TRIGGER, MSI, 0, 1 },
	{ "two data types", ARGSZ + 4, BOOL | FD | TRIGGER, MSI, 0, 1 },
	{ "start past the end", ARGSZ, NONE | TRIGGER, MSI, 1, 0 },
	{ "count past the end", ARGSZ + 8, FD | TRIGGER, MSI, 0, 2 },
	{ "start + count wrap", ARGSZ, NONE | TRIGGER, MSI, 2, ~0U - 1 },
	{ "count wraps", ARGSZ, NONE | TRIGGER, MSI, 0, ~0U },
	{ "no room for data", ARGSZ, FD | TRIGGER, MSI, 0, 1 },
	{ "no room for bool", ARGSZ, BOOL | TRIGGER, INTX, 0, 1 },
	{ "an index without vectors", ARGSZ + 4, FD | TRIGGER,
	  VFIO_PCI_MSIX_IRQ_INDEX, 0, 1 },
};

TEST_F(irq, refused_sets)
{
	__u32 buf[(ARGSZ + 64) / 4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		struct vfio_irq_set *set = (void *)buf;
		int ret;

		memset(buf, 0, sizeof(buf));
		set->argsz = refused[i].argsz;
		set->flags = refused[i].flags;
		set->index = refused[i].index;
		set->start = refused[i].start;
		set->count = refused[i].count;
		ret = vfio_ioctl(self->device, VFIO_DEVICE_SET_IRQS, set);
		EXPECT_EQ(-EINVAL, ret) {
			TH_LOG("%s: %d", refused[i].what, ret);
		}
	}
	EXPECT_EQ(-EBADF, vfio_set_irq(self->device, MSI, TRIGGER, 1000));
	/* Not while the other one is on. */
	ASSERT_EQ(0, vfio_set_irq(self->device, INTX, TRIGGER, self->event));
	EXPECT_EQ(-EINVAL, vfio_set_irq(self->device, MSI, TRIGGER,
					self->event));
}

TEST_HARNESS_MAIN
