/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random channel programs: mostly well formed, so that they get far, with every
 * kind of mistake mixed in
 *
 * For KUnit and for tools/testing/ccw. Included by one C file, after
 * ccw_model.h.
 */
#ifndef _CCW_FUZZ_H_
#define _CCW_FUZZ_H_

/* What became of the programs. */
struct fuzz_count {
	u32 good, fault, limit, unsupported, ended[4], ccws, pages;
};

/* Some place in guest memory that a CCW of this format can name. */
static u32 fuzz_addr(struct model *m, bool fmt1)
{
	u32 region = model_below(m, fmt1 ? 3 : 2);

	return model_region[region] + model_below(m, MODEL_REGION_SIZE);
}

static u16 fuzz_length(struct model *m)
{
	static const u16 edges[] = { 0, 1, 8, 80, 2047, 2048, 2049, 4095, 4096, 4097, 8192 };

	switch (model_below(m, 16)) {
	case 0 ... 8:
		return edges[model_below(m, ARRAY_SIZE(edges))];
	case 9:
		return 65535 - model_below(m, 3);
	default:
		return 1 + model_below(m, 9000);
	}
}

static u8 fuzz_command(struct model *m)
{
	static const u8 usual[] = {
		0x01, 0x02, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0c, 0x0c, 0x31, 0x86, 0xe4,
	};

	return model_below(m, 24) ? usual[model_below(m, ARRAY_SIZE(usual))] : model_random(m);
}

/* A list of addresses for a CCW, usually one that is well formed. */
static u32 fuzz_list(struct model *m, const __be32 *orb, u16 count, bool back)
{
	struct model_channel ch;
	u32 at, i;
	u64 addr;

	model_channel_guest(&ch, orb);
	at = fuzz_addr(m, ch.fmt1) & (model_below(m, 60) ? ~7u : ~0u);
	addr = model_region[model_below(m, ch.idaw2 ? 4 : 3)] + model_below(m, MODEL_REGION_SIZE);
	for (i = 0; i < 34 && i * ch.block < count + 2 * ch.block; i++) {
		__be64 wide = cpu_to_be64(addr);
		__be32 narrow = cpu_to_be32(addr);

		if (ch.idaw2)
			model_put(m, at + i * 8, &wide, 8);
		else
			model_put(m, at + i * 4, &narrow, 4);
		if (model_below(m, 6))
			addr = back ? (addr | (ch.block - 1)) - ch.block :
			       (addr & ~(u64)(ch.block - 1)) + ch.block;
		else
			addr = model_region[model_below(m, ch.idaw2 ? 4 : 3)] +
			       model_below(m, MODEL_REGION_SIZE / ch.block) * ch.block +
			       (back ? ch.block - 1 : 0);
		if (!model_below(m, 100))
			addr += 1 + model_below(m, 3000);
	}
	return at;
}

static void fuzz_ccw(struct model *m, const __be32 *orb, u32 at, const u32 *starts, u32 nstarts)
{
	bool fmt1 = orb[1] & cpu_to_be32(BIT(23));
	u8 cmd = fuzz_command(m), flags = 0, b[8];
	u16 count = fuzz_length(m);
	u32 cda;

	if (!model_below(m, 8)) {
		cmd = fmt1 ? 0x08 : (model_random(m) & 0xf0) | 0x08;
		cda = starts[model_below(m, nstarts)] + model_below(m, 20) * 8;
		if (!model_below(m, 4))
			cda = at - model_below(m, 8) * 8;
		if (!model_below(m, 200))
			cda += 4;
		count = 0;
	} else {
		switch (model_below(m, 20)) {
		case 0 ... 9:
			flags |= 0x40;
			break;
		case 10 ... 15:
			flags |= 0x80;
			break;
		case 16:
			flags |= 0xc0;
			break;
		}
		flags |= (model_below(m, 3) ? 0 : 0x20) | (model_below(m, 6) ? 0 : 0x10) |
			 (model_below(m, 6) ? 0 : 0x08) | (model_below(m, 100) ? 0 : 0x02) |
			 (model_below(m, 300) ? 0 : 0x01);
		if (model_below(m, 2)) {
			flags |= 0x04;
			cda = fuzz_list(m, orb, count, cmd == 0x0c);
		} else {
			cda = fuzz_addr(m, fmt1);
		}
		if (fmt1 && !model_below(m, 300))
			cda |= BIT(31);
	}
	if (fmt1) {
		u8 one[8] = { cmd, flags, count >> 8, count,
			      cda >> 24, cda >> 16, cda >> 8, cda };
		memcpy(b, one, 8);
	} else {
		u8 zero[8] = { cmd, cda >> 16, cda >> 8, cda,
			       flags, model_random(m), count >> 8, count };
		memcpy(b, zero, 8);
	}
	model_put(m, at, b, 8);
}

/* Fill in an ORB and put a program where it points. */
static void fuzz_program(struct model *m, __be32 *orb)
{
	u32 flags = model_random(m) & 0xfbf0ff80, starts[6], nstarts, i, j;

	flags &= ~(u32)(BIT(18) | BIT(6));
	if (model_below(m, 4))
		flags |= BIT(23);
	else
		flags &= ~(u32)BIT(23);
	flags |= (model_below(m, 3) ? BIT(17) : 0) | (model_below(m, 3) ? 0 : BIT(16));
	flags |= model_below(m, 40) ? 0 : BIT(6);
	orb[0] = cpu_to_be32(model_random(m));
	orb[1] = cpu_to_be32(flags);
	nstarts = 1 + model_below(m, ARRAY_SIZE(starts));
	for (i = 0; i < nstarts; i++)
		starts[i] = fuzz_addr(m, flags & BIT(23)) & ~7u;
	/* Some pieces shall touch, or end where their page ends. */
	if (nstarts > 1 && !model_below(m, 3))
		starts[1] = starts[0] + 8 * model_below(m, 12);
	if (!model_below(m, 3))
		starts[0] |= MODEL_PAGE - 8 * (1 + model_below(m, 6));
	orb[2] = cpu_to_be32(starts[0]);
	/* Now and then, one that is about too long. */
	if (!model_below(m, 50)) {
		static const u8 zero[8] = { 0x03, 0, 0, 0, 0x40, 0, 0, 1 };
		static const u8 one[8] = { 0x03, 0x40, 0, 1 };
		u32 more = 235 + model_below(m, 20);

		for (j = 0; j < more; j++, starts[0] += 8)
			model_put(m, starts[0], flags & BIT(23) ? one : zero, 8);
	}
	for (i = 0; i < nstarts; i++)
		for (j = 0; j < 4 + model_below(m, 10); j++)
			fuzz_ccw(m, orb, starts[i] + j * 8, starts, nstarts);
}

/* Every page of the guest is said to be pinned just if it is. */
static void fuzz_check_pinned(struct model *m, struct ccw_prog *prog)
{
	int i;

	for (i = 0; i < MODEL_PAGES; i++) {
		u64 addr = model_page_addr(i);

		if (ccw_prog_iova_pinned(prog, addr, MODEL_PAGE) != !!m->pinned[i] ||
		    ccw_prog_iova_pinned(prog, addr + 4095, 1) != !!m->pinned[i])
			model_complain(m, "iova_pinned", addr);
	}
}

/**
 * fuzz_one() - translate a random program and look at everything
 * @m: the world
 * @prog: without a program; it is without one again afterwards
 * @count: what became of it
 *
 * Return: true if nothing was wrong; else &model.wrong says what was.
 */
static bool fuzz_one(struct model *m, struct ccw_prog *prog, struct fuzz_count *count)
{
	enum model_end ended;
	__be32 orb[3];
	u32 i;
	int ret;

	fuzz_program(m, orb);
	for (i = 0; i < MODEL_PAGES; i++)
		m->hole[i] = !model_below(m, 60);
	m->hostile = !model_below(m, 5);
	m->fail_read = model_below(m, 40) ? 0 : 1 + model_below(m, 10);
	m->fail_pin = model_below(m, 40) ? 0 : 1 + model_below(m, 10);
	m->fail_alloc = model_below(m, 40) ? 0 : 1 + model_below(m, 3);
	ret = ccw_prog_translate(prog, orb);
	m->fail_read = 0;
	m->fail_pin = 0;
	m->fail_alloc = 0;
	switch (ret) {
	case 0:
		count->good++;
		for (i = 0; i < MODEL_PAGES; i++)
			count->pages += m->pinned[i];
		fuzz_check_pinned(m, prog);
		if (!model_safe(m, ccw_prog_orb(prog, 0, 0x80)))
			break;
		for (i = 0; !m->hostile && i < 3; i++) {
			if (!model_same(m, orb, prog, prog->guess, &ended))
				break;
			count->ended[ended]++;
		}
		break;
	case -EFAULT:
	case -EIO:
	case -ENOMEM:
		count->fault++;
		break;
	case -EINVAL:
		count->limit++;
		break;
	case -EOPNOTSUPP:
		count->unsupported++;
		break;
	default:
		model_complain(m, "strange error", -ret);
	}
	ccw_prog_release(prog);
	if (m->pins)
		model_complain(m, "pages stay pinned", m->pins);
	return !m->wrong;
}

#endif
