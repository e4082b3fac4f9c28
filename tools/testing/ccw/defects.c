// SPDX-License-Identifier: GPL-2.0-only
/*
 * Known defects of the base's translator (number 9 of the list), each with a
 * test that the base fails and ours passes
 *
 * Prints TAP. What hardware would do with the host's program is not guessed:
 * each test looks at a word that must or must not be in it.
 */
#define TOUCHING	1
#include "both.h"

#define F1		0x00c00000u
#define F0		0x00400000u
#define IDA2		0x00020000u

static u32 rest[5];
static u32 number, failed;

static void result(const char *name, bool ok)
{
	printf("%sok %u defect 9: %s\n", ok ? "" : "not ", ++number, name);
	failed += !ok;
}

struct seen {
	u8 cmd, flags;
	u16 count;
	u32 cda;
};

/* The host's CCW with this number, counted from the first. */
static struct seen seen(u32 n)
{
	u32 flags, cpa = 0;
	struct seen s;

	host_orb(&flags, &cpa, rest);
	host_ccw(cpa + n * 8, &s.cmd, &s.flags, &s.count, &s.cda);
	return s;
}

/* Is this where the host has guest memory that is pinned? */
static bool pinned(u64 addr)
{
	return addr >= BIT(32) && addr < BIT(32) + GUEST_SIZE;
}

static void chained_noop(void)
{
	put_ccw(0x1000, 0x02, 0x80, 100, 0x2000);
	put_ccw(0x1008, 0x03, 0, 100, 0x3000);
	xlate(F1, 0x1000);
	result("a no-operation in a data chain moves data, and needs its page",
	       host_word(seen(1).cda, 0) == BIT(32) + 0x3000);
	release();
}

static void chained_skip(void)
{
	put_ccw(0x1000, 0x01, 0x80, 100, 0x2000);
	put_ccw(0x1008, 0x02, 0x10, 100, 0x3000);
	xlate(F1, 0x1000);
	result("the skip flag of a CCW in a written data chain does not skip",
	       pinned(host_word(seen(1).cda, 0)));
	release();
}

static void unpinned_word(void)
{
	put_ccw(0x1000, 0x03, 0x20, 1, 0x3000);
	xlate(F1, 0x1000);
	result("no guest address in the list of a no-operation",
	       host_word(seen(0).cda, 0) >> 12 != 0x3);
	release();
}

static void read_backward(void)
{
	put_ccw(0x1000, 0x0c, 0, 0x1000, 0x3800);
	xlate(F1 | IDA2, 0x1000);
	result("reading backward goes down", host_word(seen(0).cda, 0) == BIT(32) + 0x3800 &&
	       host_word(seen(0).cda, 1) == BIT(32) + 0x2fff);
	release();
}

static void end_of_memory(void)
{
	bool ok;

	put_ccw(GUEST_SIZE - 8, 0x02, 0, 1, 0x3000);
	ok = !xlate(F1, GUEST_SIZE - 8);
	result("a program may stand at the end of memory", ok);
	release();
}

static void count_0(void)
{
	/* Format 0: command, address, flags, count. */
	static const u8 ccw[8] = { 0x04, 0, 0x20, 0, 0x20, 0, 0, 0 };
	struct seen s;

	memcpy(guest + 0x1000, ccw, 8);
#ifdef BASE
	/* Bit fields of this machine, not of s390. */
	*(struct ccw0 *)(guest + 0x1000) = (struct ccw0){ 0x04, 0x2000, 0x20, 0, 0 };
#endif
	xlate(F0, 0x1000);
	s = seen(0);
	result("format 0 with count 0 is refused in format 1", !(s.cmd & 0x0f));
	release();
}

static void orb_bits(void)
{
	u32 flags = 0, cpa = 0;

	put_ccw(0x1000, 0x02, 0, 1, 0x3000);
	xlate(F1 | BIT(20) | 0x40, 0x1000);
	host_orb(&flags, &cpa, rest);
	result("no MIDAW control for the host", !(flags & 0x40));
	result("no address-limit checking for the host", !(flags & BIT(20)));
	result("no status of the guest in the ORB's extension",
	       !rest[0] && !rest[1] && !rest[2] && !rest[3] && !rest[4]);
	release();
}

static void midaws(void)
{
	int ret;

	put_ccw(0x1000, 0x02, 0x01, 16, 0x3000);
	ret = xlate(F1 | 0x40, 0x1000);
	result("MIDAWs are refused", ret == -EOPNOTSUPP);
	release();
}

static void addresses(void)
{
	u32 flags, cpa = 0;

	put_ccw(0x1000, 0x02, 0, 1, 0x3000);
	xlate(F1, 0x1000);
	host_orb(&flags, &cpa, rest);
	result("no address of the host for a CCW that is not the program's",
	       guest_cpa(0x7ffffff8) == 0);
	release();
	result("nor when there is no program any more", guest_cpa(cpa + 8) == 0);
}

/*
 * Two pieces of the program may touch in the host. The status that names the
 * end of the one must not name the beginning of the other.
 */
static void neighbours(void)
{
	u32 flags, cpa = 0, other;
	struct seen tic;

	put_ccw(0x1000, 0x02, 0x40, 1, 0x3000);
	put_ccw(0x1008, 0x08, 0, 0, 0x5000);
	put_ccw(0x5000, 0x02, 0, 1, 0x3000);
#ifdef BASE
	descending.on = true;
#endif
	xlate(F1, 0x1000);
#ifdef BASE
	descending.on = false;
#endif
	host_orb(&flags, &cpa, rest);
	tic = seen(1);
	other = tic.cda;
	result("the end of a piece is not the beginning of its neighbour",
	       guest_cpa(other + 8) == 0x5008 && guest_cpa(cpa + 8) == 0x1008);
	release();
}

static void status_modifier(void)
{
	struct seen s;

	/* After search and TIC to elsewhere, the device may go on behind the TIC. */
	put_ccw(0x1000, 0x31, 0x40, 5, 0x3000);
	put_ccw(0x1008, 0x08, 0, 0, 0x5000);
	put_ccw(0x1010, 0x02, 0, 1, 0x3000);
	put_ccw(0x5000, 0x02, 0, 1, 0x3000);
	xlate(F1, 0x1000);
	s = seen(2);
	result("what stands behind a TIC is there for a status modifier",
	       s.cmd == 0x02 && pinned(host_word(s.cda, 0)));
	release();
}

int main(void)
{
	if (!memory())
		return 2;
	prepare();
	chained_noop();
	chained_skip();
	unpinned_word();
	read_backward();
	end_of_memory();
	count_0();
	orb_bits();
	midaws();
	addresses();
	neighbours();
	status_modifier();
	printf("1..%u\n", number);
	return failed != 0;
}
