// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the VFIO core: fd states, bindings, life of a device, sets
 *
 * Linked into vfio.ko, so that they reach what is internal. Devices are fake:
 * a KUnit device as parent, operations that write down in which order they are
 * called, and a DMA context that fails where it is told to.
 */
#include <kunit/device.h>
#include <kunit/test.h>

#include "vfio.h"

/* Steps of a binding, in the order in which the first fd takes them. */
enum fake_step { USE, BIND, OPEN, ATTACH, NR_STEPS };

static const char * const fake_step_names[] = {
	[USE] = "use", [BIND] = "bind", [OPEN] = "open", [ATTACH] = "attach",
	[NR_STEPS] = "nothing",
};

struct fake {
	struct vfio_device vdev;
	char log[32];		/* a letter per call, capital for an undo */
	unsigned int used;
	int fails;		/* the step that fails, or NR_STEPS */
	bool hold;		/* a registration to be dropped on request */
	unsigned int requests;
	unsigned int *released;
};

static struct fake *to_fake(struct vfio_device *vdev)
{
	return container_of(vdev, struct fake, vdev);
}

static int fake_call(struct vfio_device *vdev, enum fake_step step)
{
	struct fake *fake = to_fake(vdev);

	fake->log[fake->used++] = fake_step_names[step][0];
	return fake->fails == step ? -EXDEV : 0;
}

static void fake_undo(struct vfio_device *vdev, enum fake_step step)
{
	struct fake *fake = to_fake(vdev);

	fake->log[fake->used++] = fake_step_names[step][0] - 'a' + 'A';
}

static int fake_use(struct vfio_device *vdev, const struct vfio_dma_ctx *ctx)
{
	return fake_call(vdev, USE);
}

static void fake_unuse(struct vfio_device *vdev, const struct vfio_dma_ctx *ctx)
{
	fake_undo(vdev, USE);
}

static int fake_bind(struct vfio_device *vdev, const struct vfio_dma_ctx *ctx,
		     u32 *devid)
{
	*devid = 42;
	return fake_call(vdev, BIND);
}

static int fake_attach(struct vfio_device *vdev, const struct vfio_dma_ctx *ctx)
{
	return fake_call(vdev, ATTACH);
}

static void fake_unbind(struct vfio_device *vdev)
{
	fake_undo(vdev, BIND);
}

static const struct vfio_dma_ctx_ops fake_ctx_ops = {
	.use = fake_use,
	.unuse = fake_unuse,
	.bind = fake_bind,
	.attach = fake_attach,
	.unbind = fake_unbind,
};

static int fake_open(struct vfio_device *vdev)
{
	/* Drivers count on it. */
	return vdev->open_count == 1 ? fake_call(vdev, OPEN) : -EPROTO;
}

static void fake_close(struct vfio_device *vdev)
{
	if (vdev->open_count == 1)
		fake_undo(vdev, OPEN);
}

static void fake_request(struct vfio_device *vdev, unsigned int count)
{
	struct fake *fake = to_fake(vdev);

	fake->requests++;
	if (fake->hold) {
		fake->hold = false;
		vfio_device_put(vdev);
	}
}

static void fake_release(struct vfio_device *vdev)
{
	struct fake *fake = to_fake(vdev);

	if (fake->released)
		++*fake->released;
}

#if IS_ENABLED(CONFIG_IOMMUFD)
static int fake_bind_iommufd(struct vfio_device *vdev, struct iommufd_ctx *ictx,
			     u32 *id)
{
	return -EOPNOTSUPP;
}

static void fake_noop(struct vfio_device *vdev)
{
}

static int fake_attach_ioas(struct vfio_device *vdev, u32 *id)
{
	return -EOPNOTSUPP;
}
#endif

static const struct vfio_device_ops fake_ops = {
	.name = "fake",
	.release = fake_release,
	.open_device = fake_open,
	.close_device = fake_close,
	.request = fake_request,
#if IS_ENABLED(CONFIG_IOMMUFD)
	.bind_iommufd = fake_bind_iommufd,
	.unbind_iommufd = fake_noop,
	.attach_ioas = fake_attach_ioas,
	.detach_ioas = fake_noop,
#endif
};

static struct fake *fake_alloc(struct kunit *test)
{
	char *name = kunit_kzalloc(test, 32, GFP_KERNEL);
	static unsigned int nr;
	struct device *parent;
	struct fake *fake;

	KUNIT_ASSERT_NOT_NULL(test, name);
	snprintf(name, 32, "vfio-fake%u", nr++);
	parent = kunit_device_register(test, name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, parent);
	fake = vfio_alloc_device(fake, vdev, parent, &fake_ops);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake);
	fake->fails = NR_STEPS;
	return fake;
}

static void fd_arcs(struct kunit *test)
{
	static const char * const allowed[VFIO_FD_NR_STATES] = {
		/* to:		   UBLD */
		[VFIO_FD_UNBOUND] = ".xxx",
		[VFIO_FD_BINDING] = "x.x.",
		[VFIO_FD_LIVE]    = "...x",
		[VFIO_FD_DEAD]    = "....",
	};
	int from, to;

	for (from = 0; from < VFIO_FD_NR_STATES; from++)
		for (to = 0; to < VFIO_FD_NR_STATES; to++)
			KUNIT_EXPECT_EQ_MSG(test, vfio_fd_may_enter(from, to),
					    allowed[from][to] == 'x',
					    "%d to %d", from, to);
}

static void fd_refuses(struct kunit *test)
{
	static const struct {
		enum vfio_fd_state state;
		int err;
	} cases[] = {
		{ VFIO_FD_UNBOUND, -EINVAL },
		{ VFIO_FD_BINDING, -EINVAL },
		{ VFIO_FD_DEAD, -ENODEV },
	};
	static const unsigned int cmds[] = {
		VFIO_DEVICE_GET_INFO, VFIO_DEVICE_RESET, VFIO_DEVICE_FEATURE,
		VFIO_DEVICE_ATTACH_IOMMUFD_PT, VFIO_DEVICE_DETACH_IOMMUFD_PT, 0,
	};
	const struct vfio_fd_ops *ops;
	loff_t pos = 0;
	int i, k;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ops = vfio_fd_ops_of[cases[i].state];
		/* None of them looks at the fd. */
		for (k = 0; k < ARRAY_SIZE(cmds); k++)
			KUNIT_EXPECT_EQ(test, ops->ioctl(NULL, cmds[k], 0),
					cases[i].err);
		KUNIT_EXPECT_EQ(test, ops->read(NULL, NULL, 1, &pos),
				cases[i].err);
		KUNIT_EXPECT_EQ(test, ops->write(NULL, NULL, 1, &pos),
				cases[i].err);
		KUNIT_EXPECT_EQ(test, ops->mmap(NULL, NULL), cases[i].err);
	}
	KUNIT_EXPECT_EQ(test, pos, 0);
}

/* What the calls look like when a step fails, and after all fds are closed. */
static const struct bind_case {
	enum fake_step fails;
	const char *log;
} bind_cases[] = {
	{ USE, "u" },
	{ BIND, "ubU" },
	{ OPEN, "uboBU" },
	{ ATTACH, "uboaOBU" },
	{ NR_STEPS, "uboaOBU" },
};

static void bind_case_desc(const struct bind_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s fails",
		 fake_step_names[c->fails]);
}

KUNIT_ARRAY_PARAM(bind_case, bind_cases, bind_case_desc);

/* With as many inside as @inside when it is closed, and one who comes later. */
static void gate_drains(struct kunit *test)
{
	struct fake *fake = fake_alloc(test);
	int inside, left;

	for (inside = 0; inside < 3; inside++) {
		struct vfio_fd *fd = vfio_fd_alloc(&fake->vdev);

		KUNIT_ASSERT_NOT_NULL(test, fd);
		for (left = 0; left < inside; left++)
			KUNIT_EXPECT_TRUE(test, vfio_gate_enter(fd));
		KUNIT_EXPECT_FALSE(test, vfio_gate_is_closed(fd));
		KUNIT_EXPECT_FALSE(test, vfio_gate_is_drained(fd));

		vfio_gate_close(fd);
		for (left = inside; left; left--) {
			KUNIT_EXPECT_FALSE(test, vfio_gate_enter(fd));
			KUNIT_EXPECT_TRUE(test, vfio_gate_is_closed(fd));
			KUNIT_EXPECT_FALSE(test, vfio_gate_is_drained(fd));
			vfio_gate_leave(fd);
		}
		KUNIT_EXPECT_TRUE(test, vfio_gate_is_drained(fd));
		/* Was about to enter when it was closed. */
		atomic_inc(&fd->gate);
		vfio_gate_leave(fd);
		KUNIT_EXPECT_TRUE(test, vfio_gate_is_drained(fd));
		KUNIT_EXPECT_FALSE(test, vfio_gate_enter(fd));
		vfio_fd_put(fd);
	}
	vfio_put_device(&fake->vdev);
}

static void bind_and_unwind(struct kunit *test)
{
	const struct bind_case *c = test->param_value;
	struct vfio_dma_ctx ctx = { .ops = &fake_ctx_ops };
	struct fake *fake = fake_alloc(test);
	struct vfio_device *vdev = &fake->vdev;
	struct vfio_fd *fd = vfio_fd_alloc(vdev);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, fd);
	KUNIT_ASSERT_EQ(test, vfio_assign_device_set(vdev, vdev), 0);
	/* Any pointer will do: an fd that came from a group. */
	fd->group_file = (struct file *)fake;
	fake->fails = c->fails;

	mutex_lock(&vdev->lock);
	ret = vfio_bind(fd, &ctx, &fd->kvm);
	if (c->fails == NR_STEPS) {
		KUNIT_EXPECT_EQ(test, ret, 0);
		KUNIT_EXPECT_EQ(test, vdev->binding.devid, 42);
		KUNIT_EXPECT_TRUE(test, vfio_device_is_bound(vdev));
		KUNIT_EXPECT_EQ(test, vdev->open_count, 1);
		vfio_unbind(fd);
	} else {
		KUNIT_EXPECT_EQ(test, ret, -EXDEV);
	}
	mutex_unlock(&vdev->lock);

	KUNIT_EXPECT_STREQ(test, fake->log, c->log);
	KUNIT_EXPECT_FALSE(test, vfio_device_is_bound(vdev));
	KUNIT_EXPECT_EQ(test, vdev->open_count, 0);

	vfio_fd_put(fd);
	vfio_put_device(vdev);
}

static void bind_excludes(struct kunit *test)
{
	struct vfio_dma_ctx ctx = { .ops = &fake_ctx_ops };
	struct vfio_dma_ctx other = ctx;
	struct fake *fake = fake_alloc(test);
	struct vfio_device *vdev = &fake->vdev;
	struct vfio_fd *a = vfio_fd_alloc(vdev);
	struct vfio_fd *b = vfio_fd_alloc(vdev);

	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_ASSERT_EQ(test, vfio_assign_device_set(vdev, vdev), 0);
	other.container = (struct vfio_container *)fake;

	mutex_lock(&vdev->lock);
	/* A group's fd lets in another one with the same context, no one else. */
	a->group_file = (struct file *)fake;
	KUNIT_EXPECT_EQ(test, vfio_bind(a, &ctx, &a->kvm), 0);
	KUNIT_EXPECT_FALSE(test, vfio_device_cdev_opened(vdev));
	KUNIT_EXPECT_EQ(test, vfio_bind(b, &ctx, &b->kvm), -EINVAL);
	b->group_file = a->group_file;
	KUNIT_EXPECT_EQ(test, vfio_bind(b, &other, &b->kvm), -EBUSY);
	KUNIT_EXPECT_EQ(test, vfio_bind(b, &ctx, &b->kvm), 0);
	KUNIT_EXPECT_EQ(test, vdev->open_count, 2);
	vfio_unbind(a);
	KUNIT_EXPECT_EQ(test, vdev->open_count, 1);
	KUNIT_EXPECT_STREQ(test, fake->log, "uboa");
	vfio_unbind(b);
	KUNIT_EXPECT_STREQ(test, fake->log, "uboaOBU");

	/* An fd of the device's own node lets in nobody; it is not attached. */
	a->group_file = NULL;
	fake->used = 0;
	memset(fake->log, 0, sizeof(fake->log));
	KUNIT_EXPECT_EQ(test, vfio_bind(a, &ctx, &a->kvm), 0);
	KUNIT_EXPECT_TRUE(test, vfio_device_cdev_opened(vdev));
	KUNIT_EXPECT_EQ(test, vfio_bind(b, &ctx, &b->kvm), -EBUSY);
	b->group_file = NULL;
	KUNIT_EXPECT_EQ(test, vfio_bind(b, &ctx, &b->kvm), -EINVAL);
	vfio_unbind(a);
	KUNIT_EXPECT_STREQ(test, fake->log, "uboOBU");
	mutex_unlock(&vdev->lock);

	vfio_fd_put(a);
	vfio_fd_put(b);
	vfio_put_device(vdev);
}

static void device_registers(struct kunit *test)
{
	unsigned int released = 0;
	struct fake *fake = fake_alloc(test);
	struct vfio_device *vdev = &fake->vdev;

	fake->released = &released;
	KUNIT_EXPECT_FALSE(test, vfio_device_try_get(vdev));

	KUNIT_ASSERT_EQ(test, vfio_register_emulated_iommu_dev(vdev), 0);
	KUNIT_EXPECT_TRUE(test, vfio_device_try_get(vdev));
	fake->hold = true;

	/* Waits for the one that is held, until the driver is asked. */
	vfio_unregister_group_dev(vdev);
	KUNIT_EXPECT_EQ(test, fake->requests, 1);
	KUNIT_EXPECT_FALSE(test, vfio_device_try_get(vdev));
	KUNIT_EXPECT_EQ(test, released, 0);

	/* The driver's part goes at once, the memory with the last reference. */
	get_device(&vdev->device);
	vfio_put_device(vdev);
	KUNIT_EXPECT_EQ(test, released, 1);
	put_device(&vdev->device);
}

static int fake_init_fails(struct vfio_device *vdev)
{
	return -EXDEV;
}

static void fake_release_never(struct vfio_device *vdev)
{
	WARN(1, "released, though it was never initialised\n");
}

static void device_init_fails(struct kunit *test)
{
	static const struct vfio_device_ops ops = {
		.init = fake_init_fails,
		.release = fake_release_never,
	};
	struct device *parent = kunit_device_register(test, "vfio-fake");
	struct vfio_device *vdev;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, parent);
	vdev = _vfio_alloc_device(sizeof(*vdev), parent, &ops);
	KUNIT_EXPECT_PTR_EQ(test, vdev, ERR_PTR(-EXDEV));
}

#if IS_ENABLED(CONFIG_VFIO_GROUP)
static void group_claims(struct kunit *test)
{
	struct vfio_group *group = kunit_kzalloc(test, sizeof(*group),
						 GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, group);
	mutex_init(&group->lock);

	KUNIT_EXPECT_EQ(test, vfio_group_claim_device(group), 0);
	KUNIT_EXPECT_EQ(test, vfio_group_claim_device(group), 0);
	KUNIT_EXPECT_EQ(test, group->claim, 2);
	vfio_group_unclaim_device(group);
	vfio_group_unclaim_device(group);
	KUNIT_EXPECT_EQ(test, group->claim, 0);

	group->claim = -1;
	KUNIT_EXPECT_EQ(test, vfio_group_claim_device(group), -EBUSY);
	KUNIT_EXPECT_EQ(test, group->claim, -1);
}
#endif

static void device_sets(struct kunit *test)
{
	struct fake *a = fake_alloc(test), *b = fake_alloc(test);
	struct vfio_device_set *set;
	int id;

	KUNIT_ASSERT_EQ(test, vfio_assign_device_set(&a->vdev, &id), 0);
	KUNIT_ASSERT_EQ(test, vfio_assign_device_set(&b->vdev, &id), 0);
	set = a->vdev.dev_set;
	KUNIT_EXPECT_PTR_EQ(test, set, b->vdev.dev_set);
	KUNIT_EXPECT_EQ(test, set->device_count, 2);

	mutex_lock(&set->lock);
	a->vdev.open_count = 1;
	b->vdev.open_count = 2;
	KUNIT_EXPECT_EQ(test, vfio_device_set_open_count(set), 3);
	a->vdev.open_count = 0;
	b->vdev.open_count = 0;
	KUNIT_EXPECT_PTR_EQ(test, vfio_find_device_in_devset(set, b->vdev.dev),
			    &b->vdev);
	KUNIT_EXPECT_NULL(test, vfio_find_device_in_devset(set, NULL));
	mutex_unlock(&set->lock);

	vfio_put_device(&a->vdev);
	vfio_put_device(&b->vdev);
}

static struct kunit_case vfio_core_cases[] = {
	KUNIT_CASE(fd_arcs),
	KUNIT_CASE(fd_refuses),
	KUNIT_CASE(gate_drains),
	KUNIT_CASE_PARAM(bind_and_unwind, bind_case_gen_params),
	KUNIT_CASE(bind_excludes),
	KUNIT_CASE(device_registers),
	KUNIT_CASE(device_init_fails),
#if IS_ENABLED(CONFIG_VFIO_GROUP)
	KUNIT_CASE(group_claims),
#endif
	KUNIT_CASE(device_sets),
	{}
};

static struct kunit_suite vfio_core_suite = {
	.name = "vfio_core",
	.test_cases = vfio_core_cases,
};

kunit_test_suite(vfio_core_suite);
