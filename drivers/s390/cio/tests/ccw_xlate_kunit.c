// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: the channel-program translator
 *
 * The translator is compiled into the test, so it runs on any architecture. Each
 * program of the table, and each random one, is translated, followed down all of
 * its paths, and executed beside its original: see ccw_model.h.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "../ccw_scan.c"
#include "../ccw_plan.c"
#include "../ccw_pin.c"
#include "../ccw_xlate.c"

#include "ccw_model.h"
#include "ccw_fuzz.h"
#include "ccw_programs.h"

struct world {
	struct model *m;
	struct ccw_prog *prog;
};

static struct world *world_of(struct kunit *test)
{
	return test->priv;
}

static int world_init(struct kunit *test)
{
	struct world *w = kzalloc(sizeof(*w), GFP_KERNEL);

	if (!w)
		return -ENOMEM;
	w->m = model_create(1);
	w->prog = w->m ? ccw_prog_create(&model_ops, w->m) : NULL;
	test->priv = w;
	return w->prog ? 0 : -ENOMEM;
}

static void world_exit(struct kunit *test)
{
	struct world *w = world_of(test);

	if (!w)
		return;
	ccw_prog_destroy(w->prog);
	if (w->m && (w->m->pins || w->m->arenas))
		KUNIT_FAIL(test, "%u pins and %u arena pages are left", w->m->pins, w->m->arenas);
	model_destroy(w->m);
	kfree(w);
	test->priv = NULL;
}

static void put_ccw(struct model *m, u32 orb, const struct test_ccw *c)
{
	u8 one[8] = { c->cmd, c->flags, c->count >> 8, c->count,
		      c->cda >> 24, c->cda >> 16, c->cda >> 8, c->cda };
	/* What format 0 calls reserved is ignored. */
	u8 zero[8] = { c->cmd, c->cda >> 16, c->cda >> 8, c->cda,
		       c->flags, 0xa5, c->count >> 8, c->count };

	model_put(m, c->at, orb & F1 ? one : zero, 8);
}

static void put_idaw(struct model *m, u32 orb, const struct test_idaw *i)
{
	__be64 wide = cpu_to_be64(i->addr);
	__be32 narrow = cpu_to_be32(i->addr);

	if (orb & IDA2)
		model_put(m, i->at, &wide, 8);
	else
		model_put(m, i->at, &narrow, 4);
}

static int translate_at(struct world *w, u32 flags, u32 cpa)
{
	__be32 orb[3] = { 0, cpu_to_be32(flags), cpu_to_be32(cpa) };

	return ccw_prog_translate(w->prog, orb);
}

/* The host's CCW that stands for the guest's at addr. */
static u64 host_ccw(struct world *w, u32 addr)
{
	u8 *p = model_arena(w->m, host_of(w->prog, addr), 8, 0);
	__be64 ccw = 0;

	if (p)
		memcpy(&ccw, p, 8);
	return be64_to_cpu(ccw);
}

static void test_programs(struct kunit *test)
{
	const struct test_program *p = test->param_value;
	__be32 orb[3] = { 0, cpu_to_be32(p->orb), cpu_to_be32(p->cpa) };
	struct world *w = world_of(test);
	enum model_end end;
	int i, seed;

	for (i = 0; i < ARRAY_SIZE(p->ccw) && p->ccw[i].at; i++)
		put_ccw(w->m, p->orb, &p->ccw[i]);
	for (i = 0; i < ARRAY_SIZE(p->idaw) && p->idaw[i].at; i++)
		put_idaw(w->m, p->orb, &p->idaw[i]);
	if (p->hole && model_page(w->m, p->hole) >= 0)
		w->m->hole[model_page(w->m, p->hole)] = true;

	/* Twice: memory is used again. */
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, ccw_prog_translate(w->prog, orb), p->want);
		KUNIT_EXPECT_EQ(test, ccw_prog_loaded(w->prog), !p->want);
		if (!ccw_prog_loaded(w->prog))
			continue;
		KUNIT_EXPECT_TRUE(test, model_safe(w->m, ccw_prog_orb(w->prog, 0, 0x80)));
		for (seed = 0; seed < 20; seed++) {
			KUNIT_EXPECT_TRUE(test, model_same(w->m, orb, w->prog, w->prog->guess,
							   &end));
			if (p->end != END_LOOP)
				KUNIT_EXPECT_EQ(test, end, p->end);
		}
		fuzz_check_pinned(w->m, w->prog);
		KUNIT_EXPECT_EQ(test, w->prog->ccws, p->ccws);
		KUNIT_EXPECT_EQ(test, w->prog->host.len, p->pages);
		KUNIT_EXPECT_EQ(test, w->m->pins, p->pins);
		ccw_prog_release(w->prog);
		KUNIT_EXPECT_EQ(test, w->m->pins, 0);
	}
	if (w->m->wrong)
		KUNIT_FAIL(test, "%s (%#llx)", w->m->wrong, (unsigned long long)w->m->where);
}

static void program_desc(const struct test_program *p, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", p->name);
}

KUNIT_ARRAY_PARAM(programs, programs, program_desc);

struct test_orb {
	const char *name;
	u32 guest;
	u8 lpm;
	u32 host;
};

static const struct test_orb orbs[] = {
	{ "format 1", F1 | IDA2, 0x80, F1 | IDA2 | 0x8000 },
	{ "the guest's path mask", F1 | IDA2 | 0x4000, 0x80, F1 | IDA2 | 0x4000 },
	{ "format 0 suppresses incorrect length", IDA2, 0x80, F1 | IDA2 | 0x8080 },
	{ "incorrect-length suppression", F1 | IDA2 | 0x80, 0x80, F1 | IDA2 | 0x8080 },
	{ "format-1 IDAWs become format 2", F1, 0x80, F1 | IDA2 | 0x8000 },
	{ "2K without format 2 means nothing", F1 | IDA2K, 0x80, F1 | IDA2 | 0x8000 },
	{ "key, suspend, streaming, modification, synchronize", 0xff800000u, 0xc0,
	  0xff800000u | IDA2 | 0xc000 },
	{ "prefetch, initial and suspended interruption", F1 | 0x00680000, 0x80,
	  F1 | IDA2 | 0x00688000 },
	{ "address-limit checking", F1 | 0x00100000, 0x80, F1 | IDA2 | 0x8000 },
	{ "MIDAW control", F1 | 0x40, 0x80, F1 | IDA2 | 0x8000 },
	{ "ORB extension", F1 | 0x01, 0x80, F1 | IDA2 | 0x8000 },
};

static void test_orbs(struct kunit *test)
{
	const struct test_orb *o = test->param_value;
	struct world *w = world_of(test);
	const struct ccw_orb *orb;
	int i;

	put_ccw(w->m, o->guest, &(struct test_ccw){ 0x1000, 0x03, 0, 1, 0 });
	KUNIT_EXPECT_NULL(test, ccw_prog_orb(w->prog, 1, 2));
	KUNIT_ASSERT_EQ(test, translate_at(w, o->guest, 0x1000), 0);
	orb = ccw_prog_orb(w->prog, 0xdeadbeef, o->lpm);
	KUNIT_ASSERT_NOT_NULL(test, orb);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(orb->word[0]), 0xdeadbeefu);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(orb->word[1]), o->host);
	for (i = 3; i < 8; i++)
		KUNIT_EXPECT_EQ(test, be32_to_cpu(orb->word[i]), 0);
	KUNIT_EXPECT_EQ(test, translate_at(w, o->guest, 0x1000), -EBUSY);
}

static void orb_desc(const struct test_orb *o, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", o->name);
}

KUNIT_ARRAY_PARAM(orbs, orbs, orb_desc);

/* The channel's IDAWs are 4K unless a list of the guest's needs 2K. */
static void test_block(struct kunit *test)
{
	struct world *w = world_of(test);
	u32 flags = F1 | IDA2 | IDA2K;

	put_ccw(w->m, flags, &(struct test_ccw){ 0x1000, 0x02, IDA, 0x1000, 0x2000 });
	put_idaw(w->m, flags, &(struct test_idaw){ 0x2000, 0x4000 });
	put_idaw(w->m, flags, &(struct test_idaw){ 0x2008, 0x4800 });
	KUNIT_ASSERT_EQ(test, translate_at(w, flags, 0x1000), 0);
	KUNIT_EXPECT_FALSE(test, ccw_prog_orb(w->prog, 0, 0)->word[1] & cpu_to_be32(IDA2K));
	KUNIT_EXPECT_EQ(test, ccw_prog_stats(w->prog)->idaws, 1);
	ccw_prog_release(w->prog);

	/* The same block twice is no page. */
	put_idaw(w->m, flags, &(struct test_idaw){ 0x2008, 0x4000 });
	KUNIT_ASSERT_EQ(test, translate_at(w, flags, 0x1000), 0);
	KUNIT_EXPECT_TRUE(test, ccw_prog_orb(w->prog, 0, 0)->word[1] & cpu_to_be32(IDA2K));
	KUNIT_EXPECT_EQ(test, ccw_prog_stats(w->prog)->idaws, 3);
}

/* A chain of no-operations and its end. */
static void put_chain(struct model *m, u32 flags, u32 at, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		struct test_ccw ccw = { at + i * 8, 0x03, i + 1 < count ? CC : 0, 1, 0 };

		put_ccw(m, flags, &ccw);
	}
}

static void test_limit_piece(struct kunit *test)
{
	struct world *w = world_of(test);

	put_chain(w->m, F1, 0x1100, 256);
	KUNIT_EXPECT_EQ(test, translate_at(w, F1, 0x1100), 0);
	KUNIT_EXPECT_EQ(test, w->prog->ccws, 256);
	KUNIT_EXPECT_TRUE(test, model_safe(w->m, ccw_prog_orb(w->prog, 0, 0)));
	ccw_prog_release(w->prog);
	put_chain(w->m, F1, 0x1100, 257);
	KUNIT_EXPECT_EQ(test, translate_at(w, F1, 0x1100), -EINVAL);
	/* Two pieces may touch, and have more together. */
	put_chain(w->m, F1, 0x1100, 200);
	put_chain(w->m, F1, 0x1100 + 1600, 200);
	put_ccw(w->m, F1, &(struct test_ccw){ 0x3000, 0x03, CC, 1, 0 });
	put_ccw(w->m, F1, &(struct test_ccw){ 0x3008, 0x08, 0, 0, 0x1100 + 1600 });
	put_ccw(w->m, F1, &(struct test_ccw){ 0x3010, 0x08, 0, 0, 0x1100 });
	KUNIT_EXPECT_EQ(test, translate_at(w, F1, 0x3000), 0);
	KUNIT_EXPECT_EQ(test, w->prog->ccws, 403);
}

/* Pieces that a TIC connects, so that the last one is the number-th. */
static void put_pieces(struct model *m, u32 number)
{
	u32 i;

	for (i = 0; i < number; i++) {
		u32 at = 0x1000 + i * 64;
		struct test_ccw ccw[] = {
			{ at, 0x03, i + 1 < number ? CC : 0, 1, 0 },
			{ at + 8, 0x08, 0, 0, at + 64 },
			/* Refused, and no more than this: see skips_over_tic(). */
			{ at + 16 },
		};

		put_ccw(m, F1, &ccw[0]);
		put_ccw(m, F1, &ccw[1]);
		put_ccw(m, F1, &ccw[2]);
	}
}

static void test_limit_pieces(struct kunit *test)
{
	struct world *w = world_of(test);

	put_pieces(w->m, 16);
	KUNIT_EXPECT_EQ(test, translate_at(w, F1, 0x1000), 0);
	KUNIT_EXPECT_EQ(test, w->prog->runs, 16);
	ccw_prog_release(w->prog);
	put_pieces(w->m, 17);
	KUNIT_EXPECT_EQ(test, translate_at(w, F1, 0x1000), -EINVAL);
	KUNIT_EXPECT_FALSE(test, ccw_prog_loaded(w->prog));
}

/* The largest program that there can be: it works, and leaves little behind. */
static void test_limit_most(struct kunit *test)
{
	struct world *w = world_of(test);
	u32 i, j;

	for (i = 0; i < 16; i++) {
		struct test_ccw ccw = { i * 0x1000, 0x02, CC, 0xffff, 0x7fff0001 };
		/* From piece to piece, and in the end back to the first. */
		struct test_ccw tic = { i * 0x1000 + 255 * 8, 0x08, 0, 0, (i + 1) % 16 * 0x1000 };

		for (j = 0; j < 255; j++, ccw.at += 8)
			put_ccw(w->m, F1, &ccw);
		put_ccw(w->m, F1, &tic);
	}
	KUNIT_ASSERT_EQ(test, translate_at(w, F1, 0), 0);
	/* A CCW more may stand behind each TIC, all zero: 4096 is the limit. */
	KUNIT_EXPECT_EQ(test, w->prog->ccws, 4096);
	KUNIT_EXPECT_TRUE(test, model_safe(w->m, ccw_prog_orb(w->prog, 0, 0)));
	KUNIT_EXPECT_EQ(test, w->m->pins, 1);
	ccw_prog_release(w->prog);
	KUNIT_EXPECT_LE(test, w->m->arenas, 9);
	if (w->m->wrong)
		KUNIT_FAIL(test, "%s (%#llx)", w->m->wrong, (unsigned long long)w->m->where);
}

/* Each byte of a CCW is fetched once, however often the program comes by. */
static void test_single_fetch(struct kunit *test)
{
	struct world *w = world_of(test);

	w->m->fetched = kvzalloc(MODEL_PAGES * MODEL_PAGE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w->m->fetched);
	put_chain(w->m, F1, 0x1ff0, 100);
	put_ccw(w->m, F1, &(struct test_ccw){ 0x2100, 0x03, CC, 1, 0 });
	put_ccw(w->m, F1, &(struct test_ccw){ 0x2108, 0x08, 0, 0, 0x1f80 });
	put_ccw(w->m, F1, &(struct test_ccw){ 0x1f80, 0x03, CC, 1, 0 });
	put_ccw(w->m, F1, &(struct test_ccw){ 0x1f88, 0x08, 0, 0, 0x2108 });
	KUNIT_EXPECT_EQ(test, translate_at(w, F1, 0x1ff0), 0);
	KUNIT_EXPECT_FALSE(test, w->m->fetched_twice);
	KUNIT_EXPECT_LE(test, ccw_prog_stats(w->prog)->reads, 5);
}

/* A device that does the same again costs no allocation. */
static void test_reuse(struct kunit *test)
{
	struct world *w = world_of(test);
	u64 allocs;
	int i;

	put_ccw(w->m, F1, &(struct test_ccw){ 0x1000, 0x02, CC, 0xf000, 0x3000 });
	put_ccw(w->m, F1, &(struct test_ccw){ 0x1008, 0x01, 0, 0xf000, 0x7fff0800 });
	KUNIT_ASSERT_EQ(test, translate_at(w, F1, 0x1000), -EFAULT);
	put_ccw(w->m, F1, &(struct test_ccw){ 0x1000, 0x02, CC, 0xd000, 0x3000 });
	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_EQ(test, translate_at(w, F1, 0x1000), 0);
		ccw_prog_release(w->prog);
		if (!i)
			allocs = ccw_prog_stats(w->prog)->allocs;
	}
	KUNIT_EXPECT_EQ(test, ccw_prog_stats(w->prog)->allocs, allocs);
	KUNIT_EXPECT_EQ(test, ccw_prog_stats(w->prog)->programs, 10);
	KUNIT_EXPECT_EQ(test, ccw_prog_stats(w->prog)->pins,
			ccw_prog_stats(w->prog)->unpins);
}

/* Whatever fails, and when: nothing stays, and the next program works. */
static void test_failures(struct kunit *test)
{
	struct world *w = world_of(test);
	u32 n, kind, failed = 0;
	int ret;

	put_ccw(w->m, F1 | IDA2, &(struct test_ccw){ 0x1ff8, 0x02, CC, 0x3000, 0x3000 });
	put_ccw(w->m, F1 | IDA2, &(struct test_ccw){ 0x2000, 0x01, CC | IDA, 0x2000, 0x2ff8 });
	put_ccw(w->m, F1 | IDA2, &(struct test_ccw){ 0x2008, 0x02, 0, 0x3000, 0x9000 });
	put_idaw(w->m, F1 | IDA2, &(struct test_idaw){ 0x2ff8, 0x7000 });
	put_idaw(w->m, F1 | IDA2, &(struct test_idaw){ 0x3000, 0x100000000 });
	for (kind = 0; kind < 3; kind++) {
		for (n = 1; n < 20; n++) {
			w->m->fail_read = kind == 0 ? n : 0;
			w->m->fail_pin = kind == 1 ? n : 0;
			w->m->fail_alloc = kind == 2 ? n : 0;
			/* A new translator: the old one needs nothing any more. */
			ccw_prog_destroy(w->prog);
			w->prog = ccw_prog_create(&model_ops, w->m);
			if (!w->prog) {
				KUNIT_EXPECT_EQ(test, w->m->arenas, 0);
				w->m->fail_alloc = 0;
				w->prog = ccw_prog_create(&model_ops, w->m);
				failed++;
				continue;
			}
			ret = translate_at(w, F1 | IDA2, 0x1ff8);
			failed += !!ret;
			if (ret) {
				KUNIT_EXPECT_EQ(test, w->m->pins, 0);
				KUNIT_EXPECT_FALSE(test, ccw_prog_loaded(w->prog));
				KUNIT_EXPECT_EQ(test, translate_at(w, F1 | IDA2, 0x1ff8), 0);
			}
			KUNIT_EXPECT_TRUE(test, model_safe(w->m, ccw_prog_orb(w->prog, 0, 0)));
		}
	}
	/* Four reads, four pins, scratch and arena. */
	KUNIT_EXPECT_EQ(test, failed, 10);
	w->m->fail_read = 0;
	w->m->fail_pin = 0;
	w->m->fail_alloc = 0;
}

static void test_pinned(struct kunit *test)
{
	struct world *w = world_of(test);

	KUNIT_EXPECT_FALSE(test, ccw_prog_iova_pinned(w->prog, 0, U64_MAX));
	put_ccw(w->m, F1, &(struct test_ccw){ 0x1000, 0x02, CC, 0x2000, 0x3000 });
	put_ccw(w->m, F1, &(struct test_ccw){ 0x1008, 0x02, 0, 1, 0x7000 });
	KUNIT_ASSERT_EQ(test, translate_at(w, F1, 0x1000), 0);
	KUNIT_EXPECT_TRUE(test, ccw_prog_iova_pinned(w->prog, 0, U64_MAX));
	KUNIT_EXPECT_TRUE(test, ccw_prog_iova_pinned(w->prog, 0x4fff, 1));
	KUNIT_EXPECT_TRUE(test, ccw_prog_iova_pinned(w->prog, 0x5000, 0x2001));
	KUNIT_EXPECT_TRUE(test, ccw_prog_iova_pinned(w->prog, 0x6000, U64_MAX));
	KUNIT_EXPECT_FALSE(test, ccw_prog_iova_pinned(w->prog, 0x5000, 0x2000));
	KUNIT_EXPECT_FALSE(test, ccw_prog_iova_pinned(w->prog, 0, 0x3000));
	KUNIT_EXPECT_FALSE(test, ccw_prog_iova_pinned(w->prog, 0x8000, U64_MAX));
	KUNIT_EXPECT_FALSE(test, ccw_prog_iova_pinned(w->prog, 0x3000, 0));
	ccw_prog_release(w->prog);
	KUNIT_EXPECT_FALSE(test, ccw_prog_iova_pinned(w->prog, 0x3000, 1));
}

/* What the guest sees as CCW address when the status says addr. */
static u32 seen_cpa(struct world *w, u32 addr)
{
	__be32 scsw[3] = { cpu_to_be32(BIT(14)), cpu_to_be32(addr), 0 };

	ccw_prog_scsw_to_guest(w->prog, scsw);
	return be32_to_cpu(scsw[1]);
}

static void test_cpa(struct kunit *test)
{
	struct world *w = world_of(test);
	u32 first, second, i;

	put_ccw(w->m, F1, &(struct test_ccw){ 0x1000, 0x03, CC, 1, 0 });
	put_ccw(w->m, F1, &(struct test_ccw){ 0x1008, 0x03, CC, 1, 0 });
	put_ccw(w->m, F1, &(struct test_ccw){ 0x1010, 0x08, 0, 0, 0x3000 });
	put_ccw(w->m, F1, &(struct test_ccw){ 0x3000, 0x03, 0, 1, 0 });
	KUNIT_ASSERT_EQ(test, translate_at(w, F1, 0x1000), 0);
	first = host_of(w->prog, 0x1000);
	second = host_of(w->prog, 0x3000);
	/* All CCWs, behind the last, and behind the invalid one that follows. */
	for (i = 0; i <= 4; i++)
		KUNIT_EXPECT_EQ(test, seen_cpa(w, first + i * 8), 0x1000 + i * 8);
	for (i = 0; i <= 2; i++)
		KUNIT_EXPECT_EQ(test, seen_cpa(w, second + i * 8), 0x3000 + i * 8);
	/* The pieces of the host are neighbours, the guest's are not. */
	KUNIT_EXPECT_LE(test, second - first, 7 * 8);
	KUNIT_EXPECT_EQ(test, seen_cpa(w, 0), 0);
	KUNIT_EXPECT_EQ(test, seen_cpa(w, first - 8), 0);
	KUNIT_EXPECT_EQ(test, seen_cpa(w, second + 4 * 8), 0);
	KUNIT_EXPECT_EQ(test, seen_cpa(w, 0x7ffffff8), 0);
	ccw_prog_release(w->prog);
	KUNIT_EXPECT_EQ(test, seen_cpa(w, first), 0);
}

/* Status that is not of the program there is: what is an address goes, no more. */
static void test_foreign_status(struct kunit *test)
{
	struct world *w = world_of(test);
	__be32 irb[8] = { cpu_to_be32(0x04804017), 0, cpu_to_be32(0x0e000001), 0,
			  cpu_to_be32(0x03a00000) };
	u32 cpa;

	put_ccw(w->m, F1, &(struct test_ccw){ 0x1000, 0x02, 0, 32, 0x2000 });
	KUNIT_ASSERT_EQ(test, translate_at(w, F1, 0x1000), 0);
	cpa = be32_to_cpu(ccw_prog_orb(w->prog, 0, 0)->word[2]);
	irb[1] = cpu_to_be32(cpa + 8);
	irb[5] = cpu_to_be32(model_frame(2));
	irb[7] = cpu_to_be32(cpa);
	ccw_prog_irb_to_guest(NULL, irb);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(irb[0]), 0x04804017);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(irb[1]), 0);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(irb[2]), 0x0e000001);
	/* Concurrent sense and its count stay. */
	KUNIT_EXPECT_EQ(test, be32_to_cpu(irb[4]), 0x01200000);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(irb[5]), 0);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(irb[7]), 0);
}

/* The bits of the status that repeat the ORB. */
static void test_scsw_bits(struct kunit *test)
{
	struct world *w = world_of(test);
	__be32 scsw[3] = { cpu_to_be32(0x04e04017), 0, cpu_to_be32(0x0c400001) };

	put_ccw(w->m, F0, &(struct test_ccw){ 0x1000, 0x03, 0, 1, 0 });
	KUNIT_ASSERT_EQ(test, translate_at(w, 0x00500000, 0x1000), 0);
	ccw_prog_scsw_to_guest(w->prog, scsw);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(scsw[0]), 0x04704017);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(scsw[2]), 0x0c400001);
	ccw_prog_release(w->prog);
	scsw[0] = cpu_to_be32(0x00804017);
	ccw_prog_scsw_to_guest(w->prog, scsw);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(scsw[0]), 0x00804017);
}

struct test_esw {
	const char *name;
	u32 scsw, erw;
	u64 failing;		/* ESW_PAGE(n): where the host has the guest's page n */
	u32 secondary;		/* 1: a host address for the guest's 0x1008 */
	u32 erw_out;
	u64 failing_out;
	u32 secondary_out;
};

#define ESW_PAGE(n)	(BIT_ULL(63) | (n))
#define ESW_L		0x04000000u
#define ESW_FSAV	0x02000000u
#define ESW_SCAV	0x00800000u
#define ESW_FSAF	0x00400000u

static const struct test_esw esws[] = {
	{ "no format-0 ESW", 0, ESW_FSAV | ESW_SCAV, 0x123, 0x456,
	  ESW_FSAV | ESW_SCAV, 0x123, 0x456 },
	{ "nothing valid", ESW_L, 0x10000000, 0x123, 0x456, 0x10000000, 0, 0 },
	{ "data, 31 bits", ESW_L, ESW_FSAV, ESW_PAGE(2), 0, ESW_FSAV, 0x2010, 0 },
	{ "data, 64 bits", ESW_L, ESW_FSAV | ESW_FSAF, ESW_PAGE(3), 0,
	  ESW_FSAV | ESW_FSAF, 0x3010, 0 },
	{ "somebody else's data", ESW_L, ESW_FSAV | ESW_FSAF, 0x12345678, 0, ESW_FSAF, 0, 0 },
	{ "secondary CCW", ESW_L, ESW_SCAV, 0, 1, ESW_SCAV, 0, 0x1008 },
	{ "secondary CCW of somebody else", ESW_L, ESW_SCAV | 0x003f0000, 0, 0x12345678,
	  0x003f0000, 0, 0 },
};

static void test_esw(struct kunit *test)
{
	const struct test_esw *e = test->param_value;
	struct world *w = world_of(test);
	bool wide = e->erw & ESW_FSAF;
	__be32 irb[24] = { };
	u64 failing = e->failing;
	int i;

	/* The host has page 2 below 2G, and page 3 above. */
	put_ccw(w->m, F1, &(struct test_ccw){ 0x1000, 0x02, CC, 32, 0x2000 });
	put_ccw(w->m, F1, &(struct test_ccw){ 0x1008, 0x02, 0, 32, 0x3000 });
	KUNIT_ASSERT_EQ(test, translate_at(w, F1, 0x1000), 0);
	if (failing & BIT_ULL(63))
		failing = model_frame(failing & 63) + 0x10;
	irb[0] = cpu_to_be32(e->scsw);
	irb[4] = cpu_to_be32(e->erw);
	irb[5] = cpu_to_be32(wide ? failing >> 32 : failing);
	irb[6] = cpu_to_be32(wide ? failing : 0);
	irb[7] = cpu_to_be32(e->secondary == 1 ? host_of(w->prog, 0x1008) : e->secondary);
	for (i = 8; i < 24; i++)
		irb[i] = cpu_to_be32(i);
	ccw_prog_irb_to_guest(w->prog, irb);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(irb[4]), e->erw_out);
	failing = wide ? (u64)be32_to_cpu(irb[5]) << 32 | be32_to_cpu(irb[6]) :
		  be32_to_cpu(irb[5]);
	KUNIT_EXPECT_EQ(test, failing, e->failing_out);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(irb[7]), e->secondary_out);
	for (i = 8; i < 24; i++)
		KUNIT_EXPECT_EQ(test, be32_to_cpu(irb[i]), i);
}

static void esw_desc(const struct test_esw *e, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", e->name);
}

KUNIT_ARRAY_PARAM(esws, esws, esw_desc);

/* What is no command is none in the copy, however the host reads it. */
static void test_invalid(struct kunit *test)
{
	struct world *w = world_of(test);

	put_ccw(w->m, F0, &(struct test_ccw){ 0x1000, 0x04, SLI, 0, 0x2000 });
	KUNIT_ASSERT_EQ(test, translate_at(w, F0, 0x1000), 0);
	KUNIT_EXPECT_EQ(test, host_ccw(w, 0x1000), 0);
	ccw_prog_release(w->prog);
	put_ccw(w->m, F1, &(struct test_ccw){ 0x1000, 0x04, SLI, 0, 0x2000 });
	KUNIT_ASSERT_EQ(test, translate_at(w, F1, 0x1000), 0);
	KUNIT_EXPECT_EQ(test, host_ccw(w, 0x1000) >> 32, 0x04240000);
	ccw_prog_release(w->prog);
	put_ccw(w->m, F1, &(struct test_ccw){ 0x1000, 0x18, CC, 1, 0x2000 });
	KUNIT_ASSERT_EQ(test, translate_at(w, F1, 0x1000), 0);
	KUNIT_EXPECT_EQ(test, host_ccw(w, 0x1000), 0);
	ccw_prog_release(w->prog);
	/* Data chained it is a CCW like others, but it must not be a TIC. */
	put_ccw(w->m, F1, &(struct test_ccw){ 0x1000, 0x02, DC, 1, 0x2000 });
	put_ccw(w->m, F1, &(struct test_ccw){ 0x1008, 0x18, SLI, 1, 0x2000 });
	KUNIT_ASSERT_EQ(test, translate_at(w, F1, 0x1000), 0);
	KUNIT_EXPECT_EQ(test, host_ccw(w, 0x1008) >> 32, 0x00240001);
}

/* Memory without an end, to see what is asked for. */
struct endless {
	struct model *m;
	u32 calls, longest, pages;
};

static int endless_read(void *ctx, u64 iova, void *buf, size_t len)
{
	struct endless *e = ctx;

	return model_read(e->m, iova, buf, len);
}

static int endless_pin(void *ctx, u64 iova, unsigned int npages, u64 *host)
{
	struct endless *e = ctx;
	u32 i;

	e->calls++;
	e->pages += npages;
	e->longest = max(e->longest, npages);
	for (i = 0; i < npages; i++)
		host[i] = iova + i * MODEL_PAGE + BIT_ULL(40);
	return 0;
}

static void endless_unpin(void *ctx, u64 iova, unsigned int npages)
{
	struct endless *e = ctx;

	e->calls--;
	e->pages -= npages;
}

static void *endless_alloc(void *ctx, unsigned int order, u32 *addr)
{
	struct endless *e = ctx;

	return model_alloc(e->m, order, addr);
}

static void endless_free(void *ctx, void *pages, unsigned int order)
{
	struct endless *e = ctx;

	model_free(e->m, pages, order);
}

static const struct ccw_mem_ops endless_ops = {
	.read = endless_read,
	.pin = endless_pin,
	.unpin = endless_unpin,
	.alloc = endless_alloc,
	.free = endless_free,
};

/* 1200 pages in a row take three calls, and every word is right. */
static void test_pin_runs(struct kunit *test)
{
	struct world *w = world_of(test);
	struct endless e = { .m = w->m };
	__be32 orb[3] = { 0, cpu_to_be32(F1), cpu_to_be32(0x1000) };
	struct ccw_prog *prog = ccw_prog_create(&endless_ops, &e);
	const struct ccw_run *run;
	u32 i, j;

	KUNIT_ASSERT_NOT_NULL(test, prog);
	for (i = 0; i < 80; i++) {
		/* From the last to the first, so that they must be sorted. */
		struct test_ccw ccw = { 0x1000 + i * 8, 0x02, i < 79 ? CC : 0, 0xf000,
					0x1000000 + (79 - i) * 0xf000 };

		put_ccw(w->m, F1, &ccw);
	}
	KUNIT_EXPECT_EQ(test, ccw_prog_translate(prog, orb), 0);
	KUNIT_EXPECT_EQ(test, e.calls, 3);
	KUNIT_EXPECT_EQ(test, e.longest, 512);
	KUNIT_EXPECT_EQ(test, e.pages, 1200);
	run = prog->run;
	for (i = 0; i < run->count; i++) {
		u32 list = be64_to_cpu(run->ccw[i]);

		for (j = 0; j < 15; j++) {
			__be64 *word = (__be64 *)model_arena(w->m, list + j * 8, 8, 0);

			KUNIT_ASSERT_NOT_NULL(test, word);
			KUNIT_EXPECT_EQ(test, be64_to_cpu(*word), BIT_ULL(40) + 0x1000000 +
					(79 - i) * 0xf000 + j * 0x1000);
		}
	}
	ccw_prog_release(prog);
	KUNIT_EXPECT_EQ(test, e.calls, 0);
	KUNIT_EXPECT_EQ(test, e.pages, 0);
	ccw_prog_destroy(prog);
}

static void test_fuzz(struct kunit *test)
{
	const u32 programs = IS_ENABLED(CONFIG_KASAN) ? 20000 : 50000;
	struct world *w = world_of(test);
	struct fuzz_count count = { };
	u32 i;

	for (i = 0; i < programs && !w->m->wrong; i++) {
		if (!fuzz_one(w->m, w->prog, &count))
			KUNIT_FAIL(test, "program %u: %s (%#llx)", i, w->m->wrong,
				   (unsigned long long)w->m->where);
		cond_resched();
	}
	kunit_info(test, "%u programs: %u translated, %u faults, %u beyond limits, %u unsupported\n",
		   i, count.good, count.fault, count.limit, count.unsupported);
	kunit_info(test, "executed: %u to the end, %u refused, %u suspended, %u loops\n",
		   count.ended[END_NORMAL], count.ended[END_REFUSED],
		   count.ended[END_SUSPENDED], count.ended[END_LOOP]);
	KUNIT_EXPECT_LE(test, programs / 3, count.good);
	KUNIT_EXPECT_LE(test, 10, count.limit);
}

static struct kunit_case ccw_xlate_cases[] = {
	KUNIT_CASE_PARAM(test_programs, programs_gen_params),
	KUNIT_CASE_PARAM(test_orbs, orbs_gen_params),
	KUNIT_CASE_PARAM(test_esw, esws_gen_params),
	KUNIT_CASE(test_block),
	KUNIT_CASE(test_limit_piece),
	KUNIT_CASE(test_limit_pieces),
	KUNIT_CASE(test_limit_most),
	KUNIT_CASE(test_single_fetch),
	KUNIT_CASE(test_reuse),
	KUNIT_CASE(test_failures),
	KUNIT_CASE(test_pinned),
	KUNIT_CASE(test_cpa),
	KUNIT_CASE(test_foreign_status),
	KUNIT_CASE(test_scsw_bits),
	KUNIT_CASE(test_invalid),
	KUNIT_CASE(test_pin_runs),
	KUNIT_CASE_SLOW(test_fuzz),
	{ }
};

static struct kunit_suite ccw_xlate_suite = {
	.name = "ccw_xlate",
	.init = world_init,
	.exit = world_exit,
	.test_cases = ccw_xlate_cases,
};

kunit_test_suite(ccw_xlate_suite);

MODULE_DESCRIPTION("KUnit tests for the channel-program translator");
MODULE_LICENSE("GPL");
