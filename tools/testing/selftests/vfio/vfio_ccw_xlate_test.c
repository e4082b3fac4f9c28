// SPDX-License-Identifier: GPL-2.0
/*
 * Channel programs through vfio-ccw as a guest may write them: what the
 * translator must carry over, and defect 9 where a device shows it. Needs root,
 * vfio_ccw.ko and a 3270 as 0.0.000a.
 */
#define _GNU_SOURCE
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "vfio_harness.h"
#include "ccw_util.h"

#define MEM_SIZE		0x100000
#define ORB_MIDAW_CONTROL	0x00000040

FIXTURE(xlate) {
	char sch[16];
	struct vfio_path path;
	int device;
	int event;
	unsigned char *mem;	/* mapped at IOVA 0 */
	struct ccw1 *prog;	/* at 0x1000 */
};

FIXTURE_VARIANT(xlate) {
	enum vfio_path_kind kind;
};

FIXTURE_VARIANT_ADD(xlate, cdev) {
	.kind = PATH_CDEV,
};

FIXTURE_VARIANT_ADD(xlate, type1) {
	.kind = PATH_TYPE1,
};

FIXTURE_SETUP(xlate)
{
	struct vfio_dut dut;

	vfio_path_init(&self->path);
	self->mem = MAP_FAILED;
	self->event = -1;
	if (ccw_find_sch("0.0.000a", self->sch, sizeof(self->sch)))
		SKIP(return, "no 3270");
	ASSERT_EQ(0, ccw_bind(self->sch));
	ASSERT_EQ(0, ccw_mdev_new(self->sch, &dut));
	ASSERT_EQ(0, vfio_path_open(&self->path, variant->kind, &dut, NULL));
	self->device = self->path.device;
	self->mem = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, vfio_path_map(&self->path, self->mem, MEM_SIZE, 0));
	self->prog = (void *)(self->mem + 0x1000);
	self->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ASSERT_LE(0, self->event);
	ASSERT_EQ(0, vfio_set_irq(self->device, VFIO_CCW_IO_IRQ_INDEX,
				  VFIO_IRQ_SET_ACTION_TRIGGER, self->event));
}

FIXTURE_TEARDOWN(xlate)
{
	vfio_path_close(&self->path);
	if (self->event >= 0)
		close(self->event);
	if (self->mem != MAP_FAILED)
		munmap(self->mem, MEM_SIZE);
	if (self->path.dut.name[0])
		EXPECT_EQ(0, mdev_remove(self->path.dut.name));
}

#define RUN(_flags, _cpa, _irb) \
	ccw_run(self->device, self->event, ORB_PFCH | (_flags), _cpa, _irb)

/* Format 1 would take it for nothing to do. */
TEST_F(xlate, defect9_count_0_in_format_0)
{
	struct ccw0 *prog = (void *)self->prog;
	struct ccw_irb irb = { };

	prog[0] = (struct ccw0){ CCW_CMD_SENSE_ID, { 0, 0x20, 0 }, CCW_FLAG_SLI, 0, 0 };
	EXPECT_EQ(0, RUN(0, 0x1000, &irb));
	EXPECT_EQ(CSTAT_PCHK, irb.cstat);
	EXPECT_EQ(0x1008, irb.cpa);

	/* In a chain it is that CCW, not the one before. */
	prog[0] = (struct ccw0){ CCW_CMD_NOOP, { 0, 0x20, 0 }, CCW_FLAG_SLI | CCW_FLAG_CC, 0, 1 };
	prog[1] = (struct ccw0){ CCW_CMD_SENSE_ID, { 0, 0x20, 0 }, CCW_FLAG_SLI, 0, 0 };
	EXPECT_EQ(0, RUN(0, 0x1000, &irb));
	EXPECT_EQ(CSTAT_PCHK, irb.cstat);
	EXPECT_EQ(0x1010, irb.cpa);

	/* And format 1 has no such rule. */
	self->prog[0] = (struct ccw1){ CCW_CMD_NOOP, CCW_FLAG_SLI, 0, 0x2000 };
	EXPECT_EQ(0, RUN(ORB_FMT1, 0x1000, &irb));
	EXPECT_EQ(0, irb.cstat);
}

TEST_F(xlate, defect9_program_at_the_end_of_memory)
{
	struct ccw1 *last = (void *)(self->mem + MEM_SIZE - sizeof(*last));
	struct ccw_irb irb = { };

	*last = (struct ccw1){ CCW_CMD_SENSE_ID, CCW_FLAG_SLI, 7, 0x2000 };
	EXPECT_EQ(0, RUN(ORB_FMT1, MEM_SIZE - sizeof(*last), &irb));
	EXPECT_EQ(0, irb.cstat);
	EXPECT_EQ(MEM_SIZE, irb.cpa);
	EXPECT_EQ(0xff, self->mem[0x2000]);
}

TEST_F(xlate, defect9_midaws)
{
	self->prog[0] = (struct ccw1){ CCW_CMD_SENSE_ID, CCW_FLAG_MIDA, 16, 0x2000 };
	EXPECT_EQ(-EOPNOTSUPP, ccw_start(self->device, ORB_FMT1 | ORB_PFCH | ORB_MIDAW_CONTROL,
					 0x1000));
}

TEST_F(xlate, defect9_reserved_bits)
{
	int bit;

	self->prog[0] = (struct ccw1){ CCW_CMD_SENSE_ID, CCW_FLAG_SLI, 7, 0x2000 };
	for (bit = 0x02; bit <= 0x20; bit <<= 1)
		EXPECT_EQ(-EINVAL, ccw_start(self->device, ORB_FMT1 | ORB_PFCH | bit, 0x1000));
}

/* A status that comes without a program names no CCW of the host's. */
TEST_F(xlate, defect9_no_address_of_the_host)
{
	struct ccw_irb irb = { };
	__u32 cpa = 0;

	self->prog[0] = (struct ccw1){ CCW_CMD_SENSE_ID, CCW_FLAG_SLI, 7, 0x2000 };
	EXPECT_EQ(0, RUN(ORB_FMT1, 0x1000, &irb));
	EXPECT_EQ(0, ccw_async(self->device, VFIO_CCW_ASYNC_CMD_HSCH));
	EXPECT_LT(0, irq_count(self->event, 10000));
	EXPECT_EQ(0, ccw_read_irb(self->device, &irb));
	EXPECT_GT(MEM_SIZE, irb.cpa);
	EXPECT_EQ(4, pread(self->device, &cpa, 4, CCW_REGION(CCW_REGION_SCHIB) + 32));
	EXPECT_GT(MEM_SIZE, cpa);
}

/* As much as a CCW can name, 17 pages of it, by each kind of address. */
TEST_F(xlate, longest_data)
{
	__u32 *idal1 = (void *)(self->mem + 0x3004);
	__u64 *idal2 = (void *)(self->mem + 0x4ff8);
	unsigned char third;
	struct ccw_irb irb;
	int i, kind;

	for (kind = 0; kind < 4; kind++) {
		__u32 flags = ORB_FMT1 | (kind == 2 ? ORB_C64 : 0) |
			      (kind == 3 ? ORB_C64 | ORB_I2K : 0);
		__u32 block = kind == 2 ? 4096 : 2048;

		self->prog[0] = (struct ccw1){
			CCW_CMD_SENSE_ID, CCW_FLAG_SLI | (kind ? CCW_FLAG_IDA : 0), 65535,
			kind == 0 ? 0x10ffe : kind == 1 ? 0x3004 : 0x4ff8,
		};
		/* From the last to the first, but the first. */
		for (i = 0; i < 33; i++) {
			__u32 addr = i ? 0x40000 + (33 - i) * block : 0x10ffe;

			if (kind == 1)
				idal1[i] = addr;
			else
				idal2[i] = addr;
		}
		memset(self->mem + 0x10000, 0, 0x60000);
		ASSERT_EQ(0, RUN(flags, 0x1000, &irb));
		EXPECT_EQ(0, irb.cstat);
		EXPECT_EQ(0x1008, irb.cpa);
		EXPECT_EQ(0xff, self->mem[0x10ffe]);
		EXPECT_EQ(0x32, self->mem[0x10fff]);
		/* The second block got its byte; QEMU 7.2 takes the first one for it. */
		third = self->mem[kind ? 0x40000 + 32 * block : 0x11000];
		EXPECT_TRUE(third == 0x70 || third == 0xff);
	}
}

TEST_F(xlate, longest_program)
{
	struct ccw_irb irb;
	int i;

	for (i = 0; i < 257; i++)
		self->prog[i] = (struct ccw1){ CCW_CMD_NOOP, CCW_FLAG_SLI | CCW_FLAG_CC, 1, 0 };
	self->prog[255] = (struct ccw1){ CCW_CMD_SENSE_ID, CCW_FLAG_SLI, 7, 0x2000 };
	ASSERT_EQ(0, RUN(ORB_FMT1, 0x1000, &irb));
	EXPECT_EQ(0, irb.cstat);
	EXPECT_EQ(0x1800, irb.cpa);
	EXPECT_EQ(0xff, self->mem[0x2000]);
	self->prog[255] = self->prog[254];
	self->prog[256] = (struct ccw1){ CCW_CMD_SENSE_ID, CCW_FLAG_SLI, 7, 0x2000 };
	EXPECT_EQ(-EINVAL, ccw_start(self->device, ORB_FMT1 | ORB_PFCH, 0x1000));
}

/* A TIC to a TIC is refused by the channel, at the second. */
TEST_F(xlate, tic_to_tic)
{
	struct ccw_irb irb;

	self->prog[0] = (struct ccw1){ CCW_CMD_NOOP, CCW_FLAG_SLI | CCW_FLAG_CC, 1, 0 };
	self->prog[1] = (struct ccw1){ CCW_CMD_TIC, 0, 0, 0x1100 };
	self->prog[0x20] = (struct ccw1){ CCW_CMD_TIC, 0, 0, 0x1000 };
	ASSERT_EQ(0, RUN(ORB_FMT1, 0x1000, &irb));
	EXPECT_EQ(CSTAT_PCHK, irb.cstat);
	EXPECT_EQ(0x1108, irb.cpa);
}

/* What a no-operation names need not be there. */
TEST_F(xlate, noop_anywhere)
{
	struct ccw_irb irb;

	self->prog[0] = (struct ccw1){ CCW_CMD_NOOP, CCW_FLAG_SLI, 1, 0x40000000 };
	ASSERT_EQ(0, RUN(ORB_FMT1, 0x1000, &irb));
	EXPECT_EQ(0, irb.cstat);
	EXPECT_EQ(DSTAT_CE | DSTAT_DE, irb.dstat);
}

TEST_HARNESS_MAIN
