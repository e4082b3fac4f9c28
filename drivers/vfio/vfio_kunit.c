// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: the migration state machine, capability chains, SET_IRQS headers
 *
 * Pure logic, called through the exports that drivers use. Nothing here passes
 * what the functions answer with a WARN: a splat fails a run of the test bed.
 */
#include <kunit/test.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/vfio.h>

/*
 * What the uapi's rules come to, worked out by hand. For each state that the
 * device can be in, the next step to STOP, RUNNING, STOP_COPY, RESUMING,
 * RUNNING_P2P, PRE_COPY and PRE_COPY_P2P, in this order; '-' is -EINVAL.
 */
#define FSM_STATES	"SRCLrPp"

struct fsm_param {
	const char *name;
	u32 flags;
	const char *from[sizeof(FSM_STATES) - 1];
};

static const struct fsm_param fsm_params[] = {
	{
		.name = "stop_copy",
		.flags = VFIO_MIGRATION_STOP_COPY,
		.from = { "SRCL---", "SRSS---", "SSCS---", "SSSL---" },
	}, {
		.name = "p2p",
		.flags = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P,
		.from = { "SrCLr--", "rRrrr--", "SSCSS--", "SSSLS--",
			  "SRSSr--" },
	}, {
		.name = "pre_copy",
		.flags = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_PRE_COPY,
		.from = { "SRCL-R-", "SRSS-P-", "SSCS---", "SSSL-S-",
			  NULL, "RRCR-P-" },
	}, {
		.name = "p2p_pre_copy",
		.flags = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P |
			 VFIO_MIGRATION_PRE_COPY,
		.from = { "SrCLrrr", "rRrrrPr", "SSCSS--", "SSSLSSS",
			  "SRSSrRp", "RRpRRPp", "rrCrrPp" },
	},
};

static void fsm_param_name(const struct fsm_param *param, char *name)
{
	strscpy(name, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(fsm, fsm_params, fsm_param_name);

static enum vfio_device_mig_state fsm_state(char letter)
{
	static const enum vfio_device_mig_state states[] = {
		VFIO_DEVICE_STATE_STOP, VFIO_DEVICE_STATE_RUNNING,
		VFIO_DEVICE_STATE_STOP_COPY, VFIO_DEVICE_STATE_RESUMING,
		VFIO_DEVICE_STATE_RUNNING_P2P, VFIO_DEVICE_STATE_PRE_COPY,
		VFIO_DEVICE_STATE_PRE_COPY_P2P,
	};

	return states[strchr(FSM_STATES, letter) - FSM_STATES];
}

static struct vfio_device *fsm_device(struct kunit *test, u32 flags)
{
	struct vfio_device *device;

	device = kunit_kzalloc(test, sizeof(*device), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, device);
	device->migration_flags = flags;
	return device;
}

static void fsm_cells_test(struct kunit *test)
{
	const struct fsm_param *param = test->param_value;
	struct vfio_device *device = fsm_device(test, param->flags);
	enum vfio_device_mig_state next;
	unsigned int from, to;
	int ret;

	for (from = 0; from < strlen(FSM_STATES); from++) {
		if (!param->from[from])
			continue;
		for (to = 0; to < strlen(FSM_STATES); to++) {
			char want = param->from[from][to];

			ret = vfio_mig_get_next_state(device,
						      fsm_state(FSM_STATES[from]),
						      fsm_state(FSM_STATES[to]),
						      &next);
			KUNIT_EXPECT_EQ_MSG(test, ret, want == '-' ? -EINVAL : 0,
					    "%c -> %c", FSM_STATES[from],
					    FSM_STATES[to]);
			if (ret || want == '-')
				continue;
			KUNIT_EXPECT_EQ_MSG(test, next, fsm_state(want),
					    "%c -> %c", FSM_STATES[from],
					    FSM_STATES[to]);
		}
	}
}

/* ERROR absorbs, and can be asked for no more than what does not exist. */
static void fsm_outside_test(struct kunit *test)
{
	static const unsigned int nowhere[] = {
		VFIO_DEVICE_STATE_ERROR, VFIO_DEVICE_STATE_NR, 31, 32, 255,
		256 + VFIO_DEVICE_STATE_STOP, UINT_MAX,
	};
	const struct fsm_param *param = test->param_value;
	struct vfio_device *device = fsm_device(test, param->flags);
	enum vfio_device_mig_state next = VFIO_DEVICE_STATE_NR;
	unsigned int from, i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		for (from = 0; from < strlen(FSM_STATES); from++) {
			if (!param->from[from])
				continue;
			KUNIT_EXPECT_EQ(test, -EINVAL,
					vfio_mig_get_next_state(device,
								fsm_state(FSM_STATES[from]),
								nowhere[i], &next));
		}
	}
	for (i = 0; i < VFIO_DEVICE_STATE_NR; i++)
		KUNIT_EXPECT_EQ(test, -EINVAL,
				vfio_mig_get_next_state(device,
							VFIO_DEVICE_STATE_ERROR,
							i, &next));
}

/* The arcs that the uapi describes, and those that drivers without P2P have. */
static const char * const fsm_arcs[] = {
	"rS", "CS", "LS", "PR", "rR", "pr", "Rr", "Sr", "RP", "rp", "SC",
	"Pp", "pP", "pC", "SL",
};

static const char * const fsm_arcs_no_p2p[] = {
	"RS", "SR", "CS", "LS", "PR", "RP", "SC", "PC", "SL",
};

static bool fsm_is_arc(u32 flags, char from, char to)
{
	unsigned int i;

	if (flags & VFIO_MIGRATION_P2P) {
		for (i = 0; i < ARRAY_SIZE(fsm_arcs); i++)
			if (fsm_arcs[i][0] == from && fsm_arcs[i][1] == to)
				return true;
	} else {
		for (i = 0; i < ARRAY_SIZE(fsm_arcs_no_p2p); i++)
			if (fsm_arcs_no_p2p[i][0] == from &&
			    fsm_arcs_no_p2p[i][1] == to)
				return true;
	}
	return false;
}

static char fsm_letter(enum vfio_device_mig_state state)
{
	unsigned int i;

	for (i = 0; i < strlen(FSM_STATES); i++)
		if (fsm_state(FSM_STATES[i]) == state)
			return FSM_STATES[i];
	return '?';
}

/*
 * Walk every way that does not fail, as a driver does: each step is an arc,
 * the walk ends, and it passes through a saving state only between two.
 */
static void fsm_walks_test(struct kunit *test)
{
	const struct fsm_param *param = test->param_value;
	struct vfio_device *device = fsm_device(test, param->flags);
	const char *saving = "CPp";
	unsigned int i, j, steps;

	for (i = 0; i < strlen(FSM_STATES); i++) {
		for (j = 0; j < strlen(FSM_STATES); j++) {
			char from = FSM_STATES[i], to = FSM_STATES[j];
			bool inside = strchr(saving, from) && strchr(saving, to);
			char at = from;

			if (!param->from[i] || param->from[i][j] == '-')
				continue;
			for (steps = 0; at != to && steps < 8; steps++) {
				enum vfio_device_mig_state next;
				char then;

				KUNIT_ASSERT_EQ(test, 0,
						vfio_mig_get_next_state(device,
									fsm_state(at),
									fsm_state(to),
									&next));
				then = fsm_letter(next);
				KUNIT_ASSERT_TRUE_MSG(test,
						      fsm_is_arc(param->flags,
								 at, then),
						      "%c -> %c takes %c -> %c",
						      from, to, at, then);
				at = then;
				if (at == to)
					break;
				KUNIT_EXPECT_EQ_MSG(test, inside,
						    !!strchr(saving, at),
						    "%c -> %c passes %c",
						    from, to, at);
			}
			KUNIT_EXPECT_EQ(test, at, to);
		}
	}
}

static struct kunit_case vfio_migfsm_cases[] = {
	KUNIT_CASE_PARAM(fsm_cells_test, fsm_gen_params),
	KUNIT_CASE_PARAM(fsm_outside_test, fsm_gen_params),
	KUNIT_CASE_PARAM(fsm_walks_test, fsm_gen_params),
	{}
};

static struct kunit_suite vfio_migfsm_suite = {
	.name = "vfio_migfsm",
	.test_cases = vfio_migfsm_cases,
};

/* Sizes of the capabilities of one chain, each at least a header. */
struct chain_param {
	const char *name;
	unsigned int count;
	size_t size[8];
};

static const struct chain_param chain_params[] = {
	{ "bare header", 1, { 8 } },
	{ "one odd size", 1, { 13 } },
	{ "aligned sizes", 3, { 16, 24, 8 } },
	{ "every remainder", 8, { 8, 9, 10, 11, 12, 13, 14, 15 } },
	{ "over a page", 3, { 4099, 8, 9001 } },
};

static void chain_param_name(const struct chain_param *param, char *name)
{
	strscpy(name, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(chain, chain_params, chain_param_name);

/* Walk a chain the way user space does, from @base, and compare. */
static void chain_check(struct kunit *test, const struct chain_param *param,
			const struct vfio_info_cap *caps, size_t shift)
{
	const u8 *base = (const u8 *)caps->buf - shift;
	const struct vfio_info_cap_header *cap;
	size_t pos = shift, want = shift;
	unsigned int i;
	size_t byte;

	for (i = 0; i < param->count; i++) {
		KUNIT_ASSERT_EQ(test, pos, want);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(pos, 8));
		cap = (const void *)(base + pos);
		KUNIT_EXPECT_EQ(test, cap->id, 100 + i);
		KUNIT_EXPECT_EQ(test, cap->version, 7 * i);
		for (byte = sizeof(*cap); byte < ALIGN(param->size[i], 8); byte++)
			KUNIT_ASSERT_EQ(test, ((const u8 *)cap)[byte],
					byte < param->size[i] ? 0x50 + i : 0);
		want = pos + ALIGN(param->size[i], 8);
		pos = cap->next;
	}
	KUNIT_EXPECT_EQ(test, pos, 0);
	KUNIT_EXPECT_EQ(test, caps->size + shift, want);
}

/* Build @param's chain, every second capability with the one-call form. */
static void chain_build(struct kunit *test, const struct chain_param *param,
			struct vfio_info_cap *caps)
{
	struct vfio_info_cap_header *cap, *src;
	unsigned int i;
	size_t byte;

	for (i = 0; i < param->count; i++) {
		if (i % 2) {
			src = kunit_kmalloc(test, param->size[i], GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, src);
			memset(src, 0x50 + i, param->size[i]);
			src->id = 100 + i;
			src->version = 7 * i;
			KUNIT_ASSERT_EQ(test, 0,
					vfio_info_add_capability(caps, src,
								 param->size[i]));
			continue;
		}
		cap = vfio_info_cap_add(caps, param->size[i], 100 + i, 7 * i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(cap));
		for (byte = sizeof(*cap); byte < ALIGN(param->size[i], 8); byte++)
			KUNIT_ASSERT_EQ(test, ((u8 *)cap)[byte], 0);
		memset((u8 *)cap + sizeof(*cap), 0x50 + i,
		       param->size[i] - sizeof(*cap));
	}
}

static void chain_test(struct kunit *test)
{
	const struct chain_param *param = test->param_value;
	struct vfio_info_cap caps = {};

	chain_build(test, param, &caps);
	chain_check(test, param, &caps, 0);
	vfio_info_cap_shift(&caps, 48);
	chain_check(test, param, &caps, 48);
	kfree(caps.buf);
}

static void chain_empty_shift_test(struct kunit *test)
{
	struct vfio_info_cap caps = {};

	vfio_info_cap_shift(&caps, 32);
	KUNIT_EXPECT_NULL(test, caps.buf);
	KUNIT_EXPECT_EQ(test, caps.size, 0);
}

/* What cannot be had empties the chain, and it can be begun anew. */
static void chain_failure_test(struct kunit *test)
{
	static const size_t too_much[] = { SIZE_MAX, SIZE_MAX - 6, SIZE_MAX - 7 };
	const struct chain_param *param = &chain_params[2];
	struct vfio_info_cap_header src = { .id = 1 };
	struct vfio_info_cap caps = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(too_much); i++) {
		chain_build(test, param, &caps);
		KUNIT_EXPECT_EQ(test, -ENOMEM,
				PTR_ERR(vfio_info_cap_add(&caps, too_much[i],
							  1, 1)));
		KUNIT_EXPECT_NULL(test, caps.buf);
		KUNIT_EXPECT_EQ(test, caps.size, 0);

		chain_build(test, param, &caps);
		KUNIT_EXPECT_EQ(test, -ENOMEM,
				vfio_info_add_capability(&caps, &src,
							 too_much[i]));
		KUNIT_EXPECT_NULL(test, caps.buf);
		KUNIT_EXPECT_EQ(test, caps.size, 0);
	}
	chain_build(test, param, &caps);
	chain_check(test, param, &caps, 0);
	kfree(caps.buf);
}

static struct kunit_case vfio_info_cases[] = {
	KUNIT_CASE_PARAM(chain_test, chain_gen_params),
	KUNIT_CASE(chain_empty_shift_test),
	KUNIT_CASE(chain_failure_test),
	{}
};

static struct kunit_suite vfio_info_suite = {
	.name = "vfio_info",
	.test_cases = vfio_info_cases,
};

#define IRQ_HEAD	((u32)offsetofend(struct vfio_irq_set, count))
#define IRQ_NONE_MASK	(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK)
#define IRQ_BOOL	(VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_UNMASK)
#define IRQ_FD		(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)

/* Headers for a device with three indices, the one in question of eight. */
struct irqs_param {
	const char *name;
	struct {
		u32 argsz, flags, index, start, count;
	} hdr;
	int want;
	size_t data;
	bool no_data_pointer;
};

static const struct irqs_param irqs_params[] = {
	{ "none", { IRQ_HEAD, IRQ_NONE_MASK, 0, 0, 8 } },
	{ "none, last index", { IRQ_HEAD, IRQ_NONE_MASK, 2, 7, 1 } },
	{ "none, count 0", { IRQ_HEAD, IRQ_NONE_MASK, 0, 0, 0 } },
	{ "none, no data pointer", { IRQ_HEAD, IRQ_NONE_MASK, 0, 0, 8 },
	  .no_data_pointer = true },
	{ "bool", { IRQ_HEAD + 3, IRQ_BOOL, 1, 5, 3 }, .data = 3 },
	{ "bool, more than needed", { 4096, IRQ_BOOL, 1, 0, 2 }, .data = 2 },
	{ "bool, count 0", { IRQ_HEAD, IRQ_BOOL, 1, 0, 0 } },
	{ "eventfd", { IRQ_HEAD + 32, IRQ_FD, 0, 0, 8 }, .data = 32 },
	{ "eventfd, count 0", { IRQ_HEAD, IRQ_FD, 0, 7, 0 } },
	{ "two actions are the driver's",
	  { IRQ_HEAD, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TYPE_MASK } },
	{ "no action is the driver's",
	  { IRQ_HEAD, VFIO_IRQ_SET_DATA_NONE, 0, 0, 1 } },

	{ "argsz 0", { 0, IRQ_NONE_MASK, 0, 0, 1 }, -EINVAL },
	{ "argsz short", { IRQ_HEAD - 1, IRQ_NONE_MASK, 0, 0, 1 }, -EINVAL },
	{ "bool, data short", { IRQ_HEAD + 2, IRQ_BOOL, 0, 0, 3 }, -EINVAL },
	{ "eventfd, data short", { IRQ_HEAD + 31, IRQ_FD, 0, 0, 8 }, -EINVAL },
	{ "eventfd, no data", { IRQ_HEAD, IRQ_FD, 0, 0, 1 }, -EINVAL },
	{ "index", { IRQ_HEAD, IRQ_NONE_MASK, 3, 0, 1 }, -EINVAL },
	{ "index, huge", { IRQ_HEAD, IRQ_NONE_MASK, U32_MAX, 0, 1 }, -EINVAL },
	{ "start", { IRQ_HEAD, IRQ_NONE_MASK, 0, 8, 0 }, -EINVAL },
	{ "start, huge", { IRQ_HEAD, IRQ_NONE_MASK, 0, U32_MAX, 1 }, -EINVAL },
	{ "count", { IRQ_HEAD, IRQ_NONE_MASK, 0, 0, 9 }, -EINVAL },
	{ "start and count", { IRQ_HEAD, IRQ_NONE_MASK, 0, 1, 8 }, -EINVAL },
	{ "sum wraps", { IRQ_HEAD, IRQ_NONE_MASK, 0, 2, U32_MAX - 1 }, -EINVAL },
	{ "sum wraps, eventfd", { U32_MAX, IRQ_FD, 0, 1, U32_MAX }, -EINVAL },
	{ "no type", { IRQ_HEAD, VFIO_IRQ_SET_ACTION_MASK, 0, 0, 1 }, -EINVAL },
	{ "two types", { 4096, IRQ_BOOL | IRQ_FD, 0, 0, 1 }, -EINVAL },
	{ "all types", { 4096, VFIO_IRQ_SET_DATA_TYPE_MASK, 0, 0, 1 }, -EINVAL },
	{ "unknown flag", { IRQ_HEAD, IRQ_NONE_MASK | BIT(6), 0, 0, 1 }, -EINVAL },
	{ "unknown high flag", { IRQ_HEAD, IRQ_NONE_MASK | BIT(31), 0, 0, 1 },
	  -EINVAL },
	{ "bool, no data pointer", { 4096, IRQ_BOOL, 0, 0, 1 }, -EINVAL,
	  .no_data_pointer = true },
};

static void irqs_param_name(const struct irqs_param *param, char *name)
{
	strscpy(name, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(irqs, irqs_params, irqs_param_name);

static void irqs_test(struct kunit *test)
{
	const struct irqs_param *param = test->param_value;
	struct vfio_irq_set hdr = {
		.argsz = param->hdr.argsz,
		.flags = param->hdr.flags,
		.index = param->hdr.index,
		.start = param->hdr.start,
		.count = param->hdr.count,
	};
	size_t data = 12345;
	int ret;

	ret = vfio_set_irqs_validate_and_prepare(&hdr, 8, 3,
						 param->no_data_pointer ? NULL :
									  &data);
	KUNIT_EXPECT_EQ(test, ret, param->want);
	if (!param->want && !param->no_data_pointer)
		KUNIT_EXPECT_EQ(test, data, param->data);
	KUNIT_EXPECT_MEMEQ(test, &hdr, &param->hdr, sizeof(hdr));
}

/* A device may have an index without interrupts, or none at all. */
static void irqs_none_test(struct kunit *test)
{
	struct vfio_irq_set hdr = { IRQ_HEAD, IRQ_NONE_MASK };
	size_t data;

	KUNIT_EXPECT_EQ(test, -EINVAL,
			vfio_set_irqs_validate_and_prepare(&hdr, 0, 3, &data));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			vfio_set_irqs_validate_and_prepare(&hdr, 8, 0, &data));
}

static struct kunit_case vfio_irqs_cases[] = {
	KUNIT_CASE_PARAM(irqs_test, irqs_gen_params),
	KUNIT_CASE(irqs_none_test),
	{}
};

static struct kunit_suite vfio_irqs_suite = {
	.name = "vfio_irqs",
	.test_cases = vfio_irqs_cases,
};

kunit_test_suites(&vfio_migfsm_suite, &vfio_info_suite, &vfio_irqs_suite);
