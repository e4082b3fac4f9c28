// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation fails once while a mock device is made, which gives it an
 * IOMMU, a group and a domain; while its domain is replaced; and while a domain
 * with a handle takes its place. A failure leaves the device as it was, or no
 * device and no group. Needs root, CONFIG_IOMMUFD_TEST and fault injection.
 */
#include "../vfio/fail_nth.h"
#include "iommufd_mock.h"

#define GROUPS	"/sys/kernel/iommu_groups"
#define IOVA	MOCK_APERTURE_START
/* A kernel that puts off the release of kobjects does so for seconds. */
#define SETTLE_MS	15000

struct target {
	int fd, fault_fd;
	__u32 ioas[2], hwpt[2], queue;
	struct mock_ids ids, fixed;
	bool flip;
};

FIXTURE(mock_fail) {
	struct target t;
	int groups, mark;
};

FIXTURE_SETUP(mock_fail)
{
	struct target *t = &self->t;

	self->mark = -1;
	if (!faults_setup())
		SKIP(return, "the kernel injects no faults");
	t->fd = mock_open();
	if (t->fd < 0)
		SKIP(return, "no /dev/iommu");
	/* What a test before this one gave back may still be on its way. */
	sleep_ms(4000);
	self->groups = count_entries(GROUPS);
	ASSERT_EQ(0, mock_ioas_alloc(t->fd, &t->ioas[0]));
	ASSERT_EQ(0, mock_ioas_alloc(t->fd, &t->ioas[1]));
	if (mock_attach(t->fd, t->ioas[0], &t->fixed))
		SKIP(return, "the kernel has no mock devices");
	self->mark = kmsg_mark();
	ASSERT_LE(0, self->mark);
}

FIXTURE_TEARDOWN(mock_fail)
{
	char line[256];

	if (self->mark < 0)
		return;
	close(self->t.fd);
	EXPECT_TRUE(entries_become(GROUPS, self->groups, SETTLE_MS)) {
		TH_LOG("%d iommu groups before, %d after", self->groups,
		       count_entries(GROUPS));
	}
	EXPECT_FALSE(kmsg_splat(self->mark, line, sizeof(line))) {
		TH_LOG("%s", line);
	}
	close(self->mark);
}

static int call_attach(void *data)
{
	struct target *t = data;

	return mock_attach(t->fd, t->ioas[0], &t->ids);
}

static void undo_attach(void *data, int ret)
{
	struct target *t = data;

	mock_destroy(t->fd, t->ids.device);
}

TEST_F_TIMEOUT(mock_fail, attach, 500)
{
	struct sweep sweep = {
		.what = "attach", .call = call_attach, .undo = undo_attach,
		.data = &self->t,
		/*
		 * A device that got no IOMMU is found out late, and iommufd's
		 * own fault points say that they found nothing.
		 */
		.also = { { ENODEV, 30 }, { EINVAL, 30 }, { ENOENT, 4 } },
	};

	sweep_run(_metadata, &sweep);
}

static int call_replace(void *data)
{
	struct target *t = data;

	return mock_replace(t->fd, t->fixed.device, t->hwpt[t->flip]);
}

static void undo_replace(void *data, int ret)
{
	struct target *t = data;

	t->flip = !t->flip;
}

/* Whatever came of it, what the device is attached to is in use, and only that. */
static const char *still_attached(void *data, int ret)
{
	struct target *t = data;
	int now = t->flip ? 0 : 1;

	/* It was replaced, and only the answer could not be copied: go back. */
	if (ret == -EFAULT &&
	    mock_replace(t->fd, t->fixed.device, t->hwpt[now]))
		return "it cannot go back to the domain that it had";
	if (mock_destroy(t->fd, t->hwpt[now]) != -EBUSY)
		return "the domain that it had is free";
	return NULL;
}

TEST_F_TIMEOUT(mock_fail, replace, 500)
{
	struct target *t = &self->t;
	struct sweep sweep = {
		.what = "replace", .call = call_replace, .undo = undo_replace,
		.after = still_attached, .data = t,
		/* iommufd's own fault points say that they found nothing. */
		.also = { { ENOENT, 4 }, { EINVAL, 4 } },
	};
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, mock_hwpt_alloc(t->fd, t->fixed.idev, t->ioas[i], false,
					     0, &t->hwpt[i]));
	ASSERT_EQ(0, mock_replace(t->fd, t->fixed.device, t->hwpt[1]));
	sweep_run(_metadata, &sweep);
}

/* The same with handles: both page tables have a queue for their faults. */
TEST_F_TIMEOUT(mock_fail, replace_handle, 500)
{
	struct target *t = &self->t;
	struct sweep sweep = {
		.what = "replace with handle", .call = call_replace,
		.undo = undo_replace, .after = still_attached, .data = t,
		.also = { { ENOENT, 4 }, { EINVAL, 4 } },
	};
	__u32 parent;
	int i;

	ASSERT_EQ(0, mock_hwpt_alloc(t->fd, t->fixed.idev, t->ioas[0], false, 0,
				     &parent));
	ASSERT_EQ(0, mock_fault_alloc(t->fd, &t->queue, &t->fault_fd));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, mock_hwpt_alloc(t->fd, t->fixed.idev, parent, true,
					     t->queue, &t->hwpt[i]));
	ASSERT_EQ(0, mock_replace(t->fd, t->fixed.device, t->hwpt[1]));
	sweep_run(_metadata, &sweep);
	close(t->fault_fd);
}

TEST_HARNESS_MAIN
