// SPDX-License-Identifier: GPL-2.0
/*
 * A mediated device at work: the mtty sample's loop-back serial ports, driven
 * with pread and pwrite through each of the three ways to a device fd, with
 * its interrupts on eventfds, its config space and its instance count.
 * Needs root and mtty.ko, one and two port types both.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <linux/serial_reg.h>
#include <sys/mman.h>

#include "vfio_harness.h"
#include "vfio_path.h"

#define FIFO_ROOM	15	/* of sixteen bytes one stays free */
#define WAIT_MS		5000
#define QUIET_MS	100

#define TRIGGER		VFIO_IRQ_SET_ACTION_TRIGGER
#define INTX		VFIO_PCI_INTX_IRQ_INDEX
#define MSI		VFIO_PCI_MSI_IRQ_INDEX

static int type_count(const char *type)
{
	char path[128], value[16];

	snprintf(path, sizeof(path),
		 "/sys/class/mdev_bus/mtty/mdev_supported_types/%s/available_instances",
		 type);
	if (sysfs_read(path, value, sizeof(value)))
		return -1;
	return atoi(value);
}

/* The release of a device may come a little after its removal. */
static bool type_count_becomes(const char *type, int want)
{
	long long end = now_ms() + 10000;

	while (type_count(type) != want) {
		if (now_ms() > end)
			return false;
		sleep_ms(20);
	}
	return true;
}

FIXTURE(mtty) {
	struct vfio_path path;
	int device;
	int event;
	__u64 port[2];
	__u64 config;
	int count;
};

FIXTURE_VARIANT(mtty) {
	enum vfio_path_kind kind;
	int ports;
};

FIXTURE_VARIANT_ADD(mtty, cdev_one) { .kind = PATH_CDEV, .ports = 1 };
FIXTURE_VARIANT_ADD(mtty, cdev_two) { .kind = PATH_CDEV, .ports = 2 };
FIXTURE_VARIANT_ADD(mtty, type1_two) { .kind = PATH_TYPE1, .ports = 2 };
FIXTURE_VARIANT_ADD(mtty, group_iommufd_one) { .kind = PATH_COMPAT, .ports = 1 };

FIXTURE_SETUP(mtty)
{
	const char *type = variant->ports == 2 ? "mtty-2" : "mtty-1";
	struct vfio_region_info region;
	struct vfio_device_info info;
	struct vfio_dut dut;
	int i;

	vfio_path_init(&self->path);
	self->count = type_count(type);
	if (self->count < 0)
		SKIP(return, "mtty.ko is not loaded");
	ASSERT_EQ(0, mdev_new(&dut, type));
	ASSERT_EQ(0, vfio_path_open(&self->path, variant->kind, &dut, NULL));
	self->device = self->path.device;
	/* mtty checks SET_IRQS against what GET_INFO told. */
	ASSERT_EQ(0, device_info(self->device, &info));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, device_region(self->device, i, &region));
		EXPECT_EQ(i < variant->ports ? 8 : 0, region.size);
		self->port[i] = region.offset;
	}
	ASSERT_EQ(0, device_region(self->device, VFIO_PCI_CONFIG_REGION_INDEX,
				   &region));
	self->config = region.offset;
	self->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ASSERT_LE(0, self->event);
}

FIXTURE_TEARDOWN(mtty)
{
	const char *type = variant->ports == 2 ? "mtty-2" : "mtty-1";

	if (self->count < 0)
		return;
	close(self->event);
	vfio_path_close(&self->path);
	EXPECT_EQ(0, mdev_remove(self->path.dut.name));
	EXPECT_TRUE(type_count_becomes(type, self->count));
}

static void reg_write(struct __test_metadata *_metadata,
		      FIXTURE_DATA(mtty) * self, int port, int reg, __u8 val)
{
	ASSERT_EQ(1, pwrite(self->device, &val, 1, self->port[port] + reg));
}

static __u8 reg_read(struct __test_metadata *_metadata,
		     FIXTURE_DATA(mtty) * self, int port, int reg)
{
	__u8 val = 0;

	ASSERT_EQ(1, pread(self->device, &val, 1, self->port[port] + reg));
	return val;
}

/* Registers of the fixture's device. */
#define WR(...)		reg_write(_metadata, self, __VA_ARGS__)
#define RD(...)		reg_read(_metadata, self, __VA_ARGS__)

TEST_F(mtty, data_comes_back_in_order)
{
	int port, i;

	for (port = 0; port < variant->ports; port++)
		for (i = 0; i < FIFO_ROOM; i++)
			WR(port, UART_TX, 'A' + 20 * port + i);
	for (port = 0; port < variant->ports; port++) {
		for (i = 0; i < FIFO_ROOM; i++) {
			EXPECT_EQ(UART_LSR_DR, RD(port, UART_LSR));
			EXPECT_EQ('A' + 20 * port + i, RD(port, UART_RX));
		}
		EXPECT_EQ(UART_LSR_TEMT | UART_LSR_THRE, RD(port, UART_LSR));
	}
}

TEST_F(mtty, registers)
{
	int port;

	for (port = 0; port < variant->ports; port++) {
		WR(port, UART_SCR, 0x5a + port);
		WR(port, UART_LCR, UART_LCR_WLEN8 | UART_LCR_DLAB);
		WR(port, UART_DLL, 0x34);
		WR(port, UART_DLM, 0x12 + port);
	}
	for (port = 0; port < variant->ports; port++) {
		EXPECT_EQ(0x34, RD(port, UART_DLL));
		EXPECT_EQ(0x12 + port, RD(port, UART_DLM));
		WR(port, UART_LCR, UART_LCR_WLEN8);
		EXPECT_EQ(UART_LCR_WLEN8, RD(port, UART_LCR));
		EXPECT_EQ(0x5a + port, RD(port, UART_SCR));
	}
}

TEST_F(mtty, overrun_without_fifo)
{
	WR(0, UART_FCR, 0);
	WR(0, UART_TX, 1);
	EXPECT_EQ(0, RD(0, UART_LSR) & UART_LSR_OE);
	WR(0, UART_TX, 2);
	EXPECT_NE(0, RD(0, UART_LSR) & UART_LSR_OE);
	EXPECT_EQ(1, RD(0, UART_RX));
}

TEST_F(mtty, msi_on_received_data)
{
	ASSERT_EQ(0, vfio_set_irq(self->device, MSI, TRIGGER, self->event));
	WR(0, UART_FCR, UART_FCR_ENABLE_FIFO);
	WR(0, UART_IER, UART_IER_RDI);
	WR(0, UART_TX, 'x');
	EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
	EXPECT_EQ(UART_IIR_RDI, RD(0, UART_IIR) & 0xf);
	EXPECT_EQ('x', RD(0, UART_RX));
	EXPECT_EQ(UART_IIR_NO_INT, RD(0, UART_IIR) & 0xf);

	ASSERT_EQ(0, vfio_irq_action(self->device, MSI, TRIGGER, 0));
	WR(0, UART_TX, 'y');
	EXPECT_EQ(0, irq_count(self->event, QUIET_MS));
}

TEST_F(mtty, intx_is_masked_by_itself)
{
	const unsigned int unmask = VFIO_IRQ_SET_ACTION_UNMASK;

	ASSERT_EQ(0, vfio_set_irq(self->device, INTX, TRIGGER, self->event));
	EXPECT_EQ(0, vfio_irq_action(self->device, INTX, TRIGGER, 1));
	EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
	EXPECT_EQ(0, vfio_irq_action(self->device, INTX, TRIGGER, 1));
	EXPECT_EQ(0, irq_count(self->event, QUIET_MS));
	EXPECT_EQ(0, vfio_irq_action(self->device, INTX, unmask, 1));
	EXPECT_EQ(0, vfio_irq_action(self->device, INTX, TRIGGER, 1));
	EXPECT_EQ(1, irq_count(self->event, WAIT_MS));
}

TEST_F(mtty, irq_refusals)
{
	EXPECT_EQ(-EINVAL, vfio_irq_action(self->device, VFIO_PCI_NUM_IRQS,
					   TRIGGER, 0));
	EXPECT_EQ(-EINVAL, vfio_irq_action(self->device, MSI, TRIGGER, 1000));
	EXPECT_EQ(-ENOTTY, vfio_set_irq(self->device, VFIO_PCI_MSIX_IRQ_INDEX,
					TRIGGER, self->event));
	EXPECT_EQ(-EBADF, vfio_set_irq(self->device, MSI, TRIGGER, 1000));
}

TEST_F(mtty, config_space)
{
	__u32 id = 0, bar = ~0U;
	__u8 line = 11;

	ASSERT_EQ(4, pread(self->device, &id, 4, self->config));
	EXPECT_EQ(0x32534348U, id);
	ASSERT_EQ(1, pwrite(self->device, &line, 1, self->config + 0x3c));
	line = 0;
	ASSERT_EQ(1, pread(self->device, &line, 1, self->config + 0x3c));
	EXPECT_EQ(11, line);

	/* The size of the first port's registers, found as a BIOS does. */
	ASSERT_EQ(4, pwrite(self->device, &bar, 4, self->config + 0x10));
	ASSERT_EQ(4, pread(self->device, &bar, 4, self->config + 0x10));
	EXPECT_EQ(0xfffffff9U, bar);
}

TEST_F(mtty, info)
{
	struct vfio_device_info info;
	struct vfio_region_info region;

	ASSERT_EQ(0, device_info(self->device, &info));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_PCI, info.flags & VFIO_DEVICE_FLAGS_PCI);
	EXPECT_EQ(VFIO_PCI_NUM_REGIONS, info.num_regions);
	EXPECT_EQ(-EINVAL, device_region(self->device, VFIO_PCI_NUM_REGIONS,
					 &region));
	EXPECT_EQ(0, vfio_ioctl(self->device, VFIO_DEVICE_RESET, NULL));
	EXPECT_EQ(-ENOTTY, vfio_ioctl(self->device,
				      VFIO_DEVICE_PCI_HOT_RESET, NULL));
	/* mtty has nothing to map, and nothing behind its last region. */
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED,
				   self->device, self->port[0]));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pread(self->device, &info, 1, self->config << 1));
}

/* One port here is one instance less of the type with one, whoever took it. */
TEST_F(mtty, instances_are_counted_in_ports)
{
	int before = type_count("mtty-1");
	struct vfio_dut dut;

	ASSERT_EQ(0, mdev_new(&dut, "mtty-2"));
	EXPECT_EQ(before - 2, type_count("mtty-1"));
	EXPECT_EQ(0, mdev_remove(dut.name));
	EXPECT_TRUE(type_count_becomes("mtty-1", before));
}

TEST_HARNESS_MAIN
