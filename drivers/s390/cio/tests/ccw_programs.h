/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Channel programs for the tests of the translator, and what becomes of each
 *
 * Included by one C file, after ccw_model.h.
 */
#ifndef _CCW_PROGRAMS_H_
#define _CCW_PROGRAMS_H_

/* A CCW to be put at an address; .at = 0 ends a list of them. */
struct test_ccw {
	u32 at;
	u8 cmd, flags;
	u16 count;
	u32 cda;
};

/* One IDAW, of the size that the ORB says. */
struct test_idaw {
	u32 at;
	u64 addr;
};

struct test_program {
	const char *name;
	u32 orb;
	u32 cpa;
	struct test_ccw ccw[8];
	struct test_idaw idaw[6];
	u64 hole;		/* this page is not there; 0: all are */
	int want;		/* what ccw_prog_translate() returns */
	enum model_end end;	/* how it always ends, or END_LOOP: any way */
	u32 ccws, pages, pins;	/* of the copy, if it is made */
};

#define F1		0x00800000u
#define F0		0
#define IDA2		0x00020000u
#define IDA2K		0x00010000u
#define SUSP		0x08000000u
#define PF		0x00400000u

#define DC		0x80
#define CC		0x40
#define SLI		0x20
#define SKP		0x10
#define PCI		0x08
#define IDA		0x04
#define SUS		0x02
#define MID		0x01

static const struct test_program programs[] = {
	{ "one CCW, format 1", F1, 0x1000, { { 0x1000, 0x02, SLI, 80, 0x2010 } },
	  .end = END_NORMAL, .ccws = 1, .pages = 1, .pins = 1 },
	{ "one CCW, format 0", F0, 0x1000, { { 0x1000, 0x02, SLI, 80, 0x2010 } },
	  .end = END_NORMAL, .ccws = 1, .pages = 1, .pins = 1 },
	{ "flags are kept", F1, 0x1000, { { 0x1000, 0x02, CC | SLI | PCI, 80, 0x2010 },
					  { 0x1008, 0x01, PCI, 80, 0x2010 } },
	  .end = END_NORMAL, .ccws = 2, .pages = 1, .pins = 1 },
	{ "command chaining", F1, 0x1000, { { 0x1000, 0x07, CC, 6, 0x2000 },
					    { 0x1008, 0x31, CC, 5, 0x3000 },
					    { 0x1010, 0x06, 0, 4096, 0x5000 } },
	  .ccws = 3, .pages = 3, .pins = 2, .end = END_LOOP },
	{ "neighbouring pages by one call", F1, 0x1000, { { 0x1000, 0x01, CC, 0x3000, 0x2000 },
							  { 0x1008, 0x02, 0, 0x3000, 0x5000 } },
	  .end = END_NORMAL, .ccws = 2, .pages = 6, .pins = 1 },
	{ "out of order pages", F1, 0x1000, { { 0x1000, 0x01, CC, 0x1000, 0x5000 },
					      { 0x1008, 0x02, CC, 0x1000, 0x3000 },
					      { 0x1010, 0x02, CC, 0x1000, 0x4000 },
					      { 0x1018, 0x02, 0, 0x1000, 0x5000 } },
	  .ccws = 4, .pages = 3, .pins = 1, .end = END_LOOP },
	{ "data chaining", F1, 0x1000, { { 0x1000, 0x02, DC, 100, 0x2000 },
					 { 0x1008, 0x02, DC, 100, 0x4000 },
					 { 0x1010, 0x02, 0, 100, 0x6000 } },
	  .end = END_NORMAL, .ccws = 3, .pages = 3, .pins = 3 },
	{ "a chained command code does not count", F1, 0x1000,
	  { { 0x1000, 0x01, DC, 100, 0x2000 }, { 0x1008, 0x00, DC, 100, 0x4000 },
	    { 0x1010, 0x03, SKP, 100, 0x6000 } },
	  .end = END_NORMAL, .ccws = 3, .pages = 3, .pins = 3 },
	{ "a chained no-operation is none", F1, 0x1000,
	  { { 0x1000, 0x02, DC, 100, 0x2000 }, { 0x1008, 0x03, 0, 100, 0x4000 } },
	  .end = END_NORMAL, .ccws = 2, .pages = 2, .pins = 2 },
	{ "a chained x8 is no TIC", F1, 0x1000,
	  { { 0x1000, 0x02, DC, 100, 0x2000 }, { 0x1008, 0x18, 0, 100, 0x4000 } },
	  .end = END_NORMAL, .ccws = 2, .pages = 2, .pins = 2 },
	{ "TIC in a data chain", F1, 0x1000,
	  { { 0x1000, 0x01, DC, 100, 0x2000 }, { 0x1008, 0x08, 0, 0, 0x1100 },
	    { 0x1100, 0x03, 0, 100, 0x4000 } },
	  .end = END_NORMAL, .ccws = 3, .pages = 2, .pins = 2 },
	{ "TIC forward", F1, 0x1000,
	  { { 0x1000, 0x01, CC, 100, 0x2000 }, { 0x1008, 0x08, 0, 0, 0x7fff1100 },
	    { 0x7fff1100, 0x02, 0, 100, 0x4000 } },
	  .ccws = 4, .pages = 2, .pins = 2, .end = END_LOOP },
	{ "search loop", F1, 0x1000,
	  { { 0x1000, 0x07, CC, 6, 0x2000 }, { 0x1008, 0x31, CC, 5, 0x2008 },
	    { 0x1010, 0x08, 0, 0, 0x1008 }, { 0x1018, 0x06, 0, 4096, 0x4000 } },
	  .ccws = 4, .pages = 2, .pins = 2, .end = END_LOOP },
	{ "search loop at the end of memory", F1, 0x1fe8,
	  { { 0x1fe8, 0x31, CC, 5, 0x3008 }, { 0x1ff0, 0x08, 0, 0, 0x1fe8 },
	    { 0x1ff8, 0x06, 0, 4096, 0x4000 } }, .hole = 0x2000,
	  .ccws = 3, .pages = 2, .pins = 1, .end = END_LOOP },
	{ "TIC into the middle", F1, 0x1010,
	  { { 0x1000, 0x01, CC, 100, 0x2000 }, { 0x1008, 0x01, CC, 100, 0x2000 },
	    { 0x1010, 0x01, CC, 100, 0x2000 }, { 0x1018, 0x08, 0, 0, 0x1008 } },
	  .hole = 0x5000, .ccws = 4, .pages = 1, .pins = 1, .end = END_LOOP },
	{ "TIC to an earlier piece", F1, 0x4000,
	  { { 0x4000, 0x01, CC, 100, 0x2000 }, { 0x4008, 0x08, 0, 0, 0x1000 },
	    { 0x1000, 0x01, 0, 100, 0x2000 } },
	  .ccws = 4, .pages = 1, .pins = 1, .end = END_LOOP },
	{ "TIC to itself", F1, 0x1000,
	  { { 0x1000, 0x01, CC, 100, 0x2000 }, { 0x1008, 0x08, 0, 0, 0x1008 } },
	  .ccws = 3, .pages = 1, .pins = 1, .end = END_LOOP },
	{ "TIC to a TIC", F1, 0x1000,
	  { { 0x1000, 0x01, CC, 100, 0x2000 }, { 0x1008, 0x08, 0, 0, 0x1100 },
	    { 0x1100, 0x08, 0, 0, 0x1000 } },
	  .ccws = 4, .pages = 1, .pins = 1, .end = END_LOOP },
	{ "TIC at first", F1, 0x1000, { { 0x1000, 0x08, 0, 0, 0x1010 },
					{ 0x1010, 0x01, 0, 100, 0x2000 } },
	  .end = END_REFUSED, .ccws = 2, .pages = 1, .pins = 1 },
	{ "TIC, format 0, whatever stands in it", F0, 0x1000,
	  { { 0x1000, 0x03, CC, 1, 0 }, { 0x1008, 0xf8, 0xff, 0x1234, 0x1100 },
	    { 0x1100, 0x02, 0, 100, 0x4000 } }, .hole = 0x1000000,
	  .ccws = 4, .pages = 1, .pins = 1, .end = END_LOOP },
	{ "TIC with a count, format 1", F1, 0x1000,
	  { { 0x1000, 0x03, CC, 1, 0 }, { 0x1008, 0x08, 0, 1, 0x1100 } },
	  .end = END_REFUSED, .ccws = 2 },
	{ "TIC to no doubleword", F1, 0x1000,
	  { { 0x1000, 0x03, CC, 1, 0 }, { 0x1008, 0x08, 0, 0, 0x1104 } },
	  .end = END_REFUSED, .ccws = 2 },
	{ "TIC to nothing", F1, 0x1000,
	  { { 0x1000, 0x03, CC, 1, 0 }, { 0x1008, 0x08, 0, 0, 0x20000 } }, .want = -EFAULT },
	{ "no-operation with any address", F1, 0x1000, { { 0x1000, 0x03, SLI, 1, 0x20000 } },
	  .end = END_NORMAL, .ccws = 1 },
	{ "skipped read with any address", F1, 0x1000,
	  { { 0x1000, 0x02, SKP | DC, 4096, 0x20000 }, { 0x1008, 0x02, 0, 4096, 0x3000 } },
	  .end = END_NORMAL, .ccws = 2, .pages = 1, .pins = 1 },
	{ "skipped sense and read backward", F1, 0x1000,
	  { { 0x1000, 0x04, SKP | CC, 4096, 0x20000 }, { 0x1008, 0x0c, SKP, 4096, 0x20000 } },
	  .end = END_NORMAL, .ccws = 2 },
	{ "a write is not skipped", F1, 0x1000, { { 0x1000, 0x01, SKP, 4096, 0x3000 } },
	  .end = END_NORMAL, .ccws = 1, .pages = 1, .pins = 1 },
	{ "a write is not skipped, to nothing", F1, 0x1000, { { 0x1000, 0x01, SKP, 1, 0x20000 } },
	  .want = -EFAULT },
	{ "count 0, format 0", F0, 0x1000, { { 0x1000, 0x02, SLI, 0, 0x2000 } },
	  .end = END_REFUSED, .ccws = 1 },
	{ "count 0 in a data chain, format 0", F0, 0x1000,
	  { { 0x1000, 0x02, DC | SKP, 1, 0x2000 }, { 0x1008, 0x02, CC, 0, 0x2000 } },
	  .end = END_LOOP, .ccws = 2 },
	{ "count 0, format 1", F1, 0x1000, { { 0x1000, 0x02, SLI, 0, 0x20000 } },
	  .end = END_NORMAL, .ccws = 1 },
	{ "count 0 with data chaining, format 1", F1, 0x1000, { { 0x1000, 0x02, DC, 0, 0x2000 } },
	  .end = END_REFUSED, .ccws = 1 },
	{ "count 0 in a data chain, format 1", F1, 0x1000,
	  { { 0x1000, 0x02, DC | SKP, 1, 0x2000 }, { 0x1008, 0x02, 0, 0, 0x2000 } },
	  .end = END_LOOP, .ccws = 2 },
	{ "invalid command", F1, 0x1000, { { 0x1000, 0x10, CC, 1, 0x20000 } },
	  .end = END_REFUSED, .ccws = 1 },
	{ "x8 is no command, format 1", F1, 0x1000, { { 0x1000, 0x28, CC, 1, 0x2000 } },
	  .end = END_REFUSED, .ccws = 1 },
	{ "address above 2G", F1, 0x1000, { { 0x1000, 0x02, CC, 1, 0x80002000 } },
	  .end = END_REFUSED, .ccws = 1 },
	{ "data runs beyond 2G", F1, 0x1000, { { 0x1000, 0x02, 0, 0x3000, 0x7ffff000 } },
	  .end = END_REFUSED, .ccws = 1, .pages = 1, .pins = 1 },
	{ "data runs beyond 16M, format 0", F0, 0x1000, { { 0x1000, 0x02, 0, 0x3000, 0xfff800 } },
	  .end = END_REFUSED, .ccws = 1, .pages = 1, .pins = 1 },
	{ "program runs beyond 16M, format 0", F0, 0xfffff8, { { 0xfffff8, 0x03, CC, 1, 0 } },
	  .end = END_REFUSED, .ccws = 1 },
	{ "data to the last byte of 16M", F0, 0x1000, { { 0x1000, 0x02, 0, 0x800, 0xfff800 } },
	  .end = END_NORMAL, .ccws = 1, .pages = 1, .pins = 1 },
	{ "read backward", F1, 0x1000, { { 0x1000, 0x0c, 0, 0x1801, 0x4400 } },
	  .end = END_NORMAL, .ccws = 1, .pages = 3, .pins = 1 },
	{ "read backward to below 0", F1, 0x1000, { { 0x1000, 0x0c, 0, 0x1801, 0x400 } },
	  .end = END_REFUSED, .ccws = 1, .pages = 1, .pins = 1 },
	{ "read backward, data chained", F1, 0x1000, { { 0x1000, 0x0c, DC, 0x401, 0x4400 },
						       { 0x1008, 0x02, 0, 0x1000, 0x3fff } },
	  .end = END_NORMAL, .ccws = 2, .pages = 2, .pins = 1 },
	{ "forward and backward", F1, 0x1000, { { 0x1000, 0x0c, DC, 1, 0x4400 },
						{ 0x1008, 0x02, CC, 0x1000, 0x3fff },
						{ 0x1010, 0x08, 0, 0, 0x1008 } },
	  .want = -EOPNOTSUPP },
	{ "format-1 IDAWs", F1, 0x1000, { { 0x1000, 0x02, IDA, 0x1200, 0x2004 } },
	  { { 0x2004, 0x3700 }, { 0x2008, 0x7fff1000 }, { 0x200c, 0x5800 }, { 0x2010, 0x9000 } },
	  .end = END_NORMAL, .ccws = 1, .pages = 4, .pins = 4 },
	{ "format-1 IDAWs that make pages", F1, 0x1000, { { 0x1000, 0x02, IDA, 0x1900, 0x2004 } },
	  { { 0x2004, 0x3700 }, { 0x2008, 0x3800 }, { 0x200c, 0x5000 }, { 0x2010, 0x5800 } },
	  .end = END_NORMAL, .ccws = 1, .pages = 2, .pins = 2 },
	{ "format-2 IDAWs of 4K", F1 | IDA2, 0x1000, { { 0x1000, 0x01, IDA, 0x1900, 0x2008 } },
	  { { 0x2008, 0x100003a00 }, { 0x2010, 0x100009000 }, { 0x2018, 0x3000 } },
	  .end = END_NORMAL, .ccws = 1, .pages = 3, .pins = 3 },
	{ "format-2 IDAWs of 2K", F1 | IDA2 | IDA2K, 0x1000,
	  { { 0x1000, 0x01, IDA, 0xe01, 0x2008 } },
	  { { 0x2008, 0x100003a00 }, { 0x2010, 0x100009800 }, { 0x2018, 0x3000 } },
	  .end = END_NORMAL, .ccws = 1, .pages = 3, .pins = 3 },
	{ "format-2 IDAWs, format-0 CCW", F0 | IDA2, 0x1000,
	  { { 0x1000, 0x01, IDA, 0x1900, 0x2008 } },
	  { { 0x2008, 0x100003a00 }, { 0x2010, 0x100009000 }, { 0x2018, 0x3000 } },
	  .end = END_NORMAL, .ccws = 1, .pages = 3, .pins = 3 },
	{ "direct data beside words of 2K", F1 | IDA2 | IDA2K, 0x1000,
	  { { 0x1000, 0x01, IDA | CC, 0x900, 0x2008 }, { 0x1008, 0x01, 0, 0x2000, 0x6a00 } },
	  { { 0x2008, 0x3000 }, { 0x2010, 0x5000 } },
	  .end = END_NORMAL, .ccws = 2, .pages = 5, .pins = 2 },
	{ "IDAWs for reading backward", F1 | IDA2, 0x1000,
	  { { 0x1000, 0x0c, IDA, 0x1900, 0x2008 } },
	  { { 0x2008, 0x100003a00 }, { 0x2010, 0x100009fff } },
	  .end = END_NORMAL, .ccws = 1, .pages = 2, .pins = 2 },
	{ "IDAWs of 2K for reading backward", F1 | IDA2 | IDA2K, 0x1000,
	  { { 0x1000, 0x0c, IDA, 0x1100, 0x2008 } },
	  { { 0x2008, 0x3fff }, { 0x2010, 0x37ff }, { 0x2018, 0x5fff } },
	  .end = END_NORMAL, .ccws = 1, .pages = 2, .pins = 2 },
	{ "second IDAW inside a block", F1 | IDA2, 0x1000,
	  { { 0x1000, 0x01, IDA, 0x2000, 0x2008 } },
	  { { 0x2008, 0x3000 }, { 0x2010, 0x5800 } },
	  .end = END_REFUSED, .ccws = 1, .pages = 1, .pins = 1 },
	{ "second IDAW for reading backward forward", F1 | IDA2, 0x1000,
	  { { 0x1000, 0x0c, IDA, 0x1001, 0x2008 } },
	  { { 0x2008, 0x3fff }, { 0x2010, 0x5000 } },
	  .end = END_REFUSED, .ccws = 1, .pages = 1, .pins = 1 },
	{ "format-1 IDAW above 2G", F1, 0x1000, { { 0x1000, 0x01, IDA, 0x2000, 0x2008 } },
	  { { 0x2008, 0x80003000 } }, .end = END_REFUSED, .ccws = 1 },
	{ "second format-1 IDAW above 2G", F1, 0x1000, { { 0x1000, 0x01, IDA, 0x1000, 0x2008 } },
	  { { 0x2008, 0x3000 }, { 0x200c, 0x80003800 } },
	  .end = END_REFUSED, .ccws = 1, .pages = 1, .pins = 1 },
	{ "list of format 2 at no doubleword", F1 | IDA2, 0x1000,
	  { { 0x1000, 0x01, IDA, 0x2000, 0x2004 } }, .end = END_REFUSED, .ccws = 1 },
	{ "list of format 1 at no word", F1, 0x1000, { { 0x1000, 0x01, IDA, 0x2000, 0x2002 } },
	  .end = END_REFUSED, .ccws = 1 },
	{ "list at the end of memory", F1 | IDA2, 0x1000,
	  { { 0x1000, 0x01, IDA, 0x1001, 0x2ff0 } },
	  { { 0x2ff0, 0x4000 }, { 0x2ff8, 0x5000 } }, .hole = 0x3000,
	  .end = END_NORMAL, .ccws = 1, .pages = 2, .pins = 1 },
	{ "list across a page", F1 | IDA2, 0x1000, { { 0x1000, 0x01, IDA, 0x1002, 0x2ff0 } },
	  { { 0x2ff0, 0x4fff }, { 0x2ff8, 0x5000 }, { 0x3000, 0x6000 } },
	  .end = END_NORMAL, .ccws = 1, .pages = 3, .pins = 1 },
	{ "list runs into nothing", F1 | IDA2, 0x1000, { { 0x1000, 0x01, IDA, 0x1002, 0x2ff0 } },
	  { { 0x2ff0, 0x4fff }, { 0x2ff8, 0x5000 } }, .hole = 0x3000, .want = -EFAULT },
	{ "program at the end of memory", F1, 0x1ff0, { { 0x1ff0, 0x03, CC, 1, 0 },
							{ 0x1ff8, 0x02, 0, 1, 0x4000 } },
	  .hole = 0x2000, .end = END_NORMAL, .ccws = 2, .pages = 1, .pins = 1 },
	{ "program runs into nothing", F1, 0x1ff8, { { 0x1ff8, 0x03, CC, 1, 0 } },
	  .hole = 0x2000, .want = -EFAULT },
	{ "program across a page", F1, 0x1ff8, { { 0x1ff8, 0x03, CC, 1, 0 },
						 { 0x2000, 0x02, 0, 1, 0x4000 } },
	  .end = END_NORMAL, .ccws = 2, .pages = 1, .pins = 1 },
	{ "nothing behind a TIC at the end of memory", F1, 0x1ff0,
	  { { 0x1ff0, 0x01, CC, 1, 0x4000 }, { 0x1ff8, 0x08, 0, 0, 0x1000 },
	    { 0x1000, 0x03, 0, 1, 0 } }, .hole = 0x2000,
	  .end = END_NORMAL, .ccws = 3, .pages = 1, .pins = 1 },
	{ "garbage behind a TIC", F1 | 0x40, 0x1000,
	  { { 0x1000, 0x01, CC, 1, 0x4000 }, { 0x1008, 0x08, 0, 0, 0x1100 },
	    { 0x1010, 0x02, MID, 1, 0x20000 }, { 0x1100, 0x03, 0, 1, 0 } },
	  .end = END_NORMAL, .ccws = 3, .pages = 1, .pins = 1 },
	{ "suspend", F1 | SUSP, 0x1000, { { 0x1000, 0x03, CC, 1, 0 },
					  { 0x1008, 0x02, SUS, 1, 0x4000 } },
	  .end = END_SUSPENDED, .ccws = 2, .pages = 1, .pins = 1 },
	{ "suspend without control", F1, 0x1000, { { 0x1000, 0x03, CC, 1, 0 },
						   { 0x1008, 0x02, SUS, 1, 0x4000 } },
	  .end = END_REFUSED, .ccws = 2, .pages = 1, .pins = 1 },
	{ "MIDAWs", F1 | 0x40, 0x1000, { { 0x1000, 0x02, MID, 16, 0x4000 } },
	  .want = -EOPNOTSUPP },
	{ "MIDAWs, format 0", F0 | 0x40, 0x1000, { { 0x1000, 0x02, MID, 16, 0x4000 } },
	  .want = -EOPNOTSUPP },
	{ "MIDAW control alone", F1 | 0x40, 0x1000, { { 0x1000, 0x02, 0, 16, 0x4000 } },
	  .end = END_NORMAL, .ccws = 1, .pages = 1, .pins = 1 },
	{ "MIDAW flag without control", F1, 0x1000, { { 0x1000, 0x02, MID, 16, 0x4000 } },
	  .end = END_REFUSED, .ccws = 1 },
	{ "transport mode", F1 | 0x00040000, 0x1000, .want = -EOPNOTSUPP },
	{ "reserved bit in the ORB", F1 | 0x10, 0x1000, .want = -EINVAL },
	{ "program address at no doubleword", F1, 0x1004, .want = -EINVAL },
	{ "program address above 2G", F1, 0x80001000, .want = -EINVAL },
	{ "program address above 16M, format 0", F0, 0x1001000, .want = -EINVAL },
	{ "program address of nothing", F1, 0x20000, .want = -EFAULT },
	{ "data of nothing", F1, 0x1000, { { 0x1000, 0x02, 0, 1, 0x20000 } }, .want = -EFAULT },
	{ "data runs into nothing", F1, 0x1000, { { 0x1000, 0x02, 0, 0x1001, 0x3000 } },
	  .hole = 0x4000, .want = -EFAULT },
};

#endif
