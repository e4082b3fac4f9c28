/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sweeps over the fault points of one system call: the nth allocation or user
 * copy that it makes fails, for n = 1, 2, ... until the call is through before
 * its nth. Included by the fail_nth programs. The caller gives what to call,
 * how to undo a success, and how to see that a failure left nothing behind.
 */
#ifndef VFIO_SELFTEST_FAIL_NTH_H
#define VFIO_SELFTEST_FAIL_NTH_H

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>

#include "vfio_harness.h"

/* More fault points than any call here has. */
#define FAIL_NTH_MAX	3000

struct sweep {
	const char *what;
	int (*call)(void *data);	/* one system call; negative errno */
	void (*undo)(void *data, int ret);
	/* After a call that was hit: NULL, or what is wrong. */
	const char *(*after)(void *data, int ret);
	/*
	 * Errnos allowed beside ENOMEM and EFAULT, and how often each at most.
	 * A fault point is hit twice, by two calls in a row, when the second
	 * one needs a new page of objects before it: that counts once.
	 */
	struct {
		int errnum;
		unsigned int most, last;
	} also[3];
	void *data;
	/* What came of it. */
	unsigned int hits, refused;
};

/* Any allocation may be hit, in any context, without a word in the log. */
static inline bool faults_setup(void)
{
	char path[512];
	size_t i;
	glob_t g;

	if (access("/proc/thread-self/fail-nth", W_OK) ||
	    sysfs_write("/sys/kernel/debug/failslab/ignore-gfp-wait", "N"))
		return false;
	sysfs_write("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	sysfs_write("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem",
		    "N");
	if (glob("/sys/kernel/debug/fail*/verbose", 0, NULL, &g))
		return false;
	for (i = 0; i < g.gl_pathc; i++) {
		snprintf(path, sizeof(path), "%s", g.gl_pathv[i]);
		sysfs_write(path, "0");
	}
	globfree(&g);
	return true;
}

static inline bool fail_nth_arm(int fd, unsigned int n)
{
	char buf[16];
	int len = snprintf(buf, sizeof(buf), "%u", n);

	return pwrite(fd, buf, len, 0) == len;
}

/*
 * True if the fault was spent before. Looking and disarming copy from and to
 * user memory themselves: if one of them is hit, the call was not.
 */
static inline bool fail_nth_disarm(int fd)
{
	char left[16] = "";
	bool spent;

	spent = pread(fd, left, sizeof(left) - 1, 0) > 0 && left[0] == '0';
	if (!fail_nth_arm(fd, 0)) {
		fail_nth_arm(fd, 0);
		spent = false;
	}
	return spent;
}

static inline bool refusal_is_clean(struct __test_metadata *_metadata,
				    struct sweep *sweep, unsigned int n, int ret)
{
	bool again, clean;
	unsigned int i;

	if (ret == -ENOMEM || ret == -EFAULT)
		return true;
	for (i = 0; i < ARRAY_SIZE(sweep->also); i++) {
		if (ret != -sweep->also[i].errnum)
			continue;
		again = n > 1 && sweep->also[i].last == n - 1;
		clean = again || sweep->also[i].most;
		sweep->also[i].last = n;
		if (!again && clean)
			sweep->also[i].most--;
		TH_LOG("%s: fault %u gave errno %d%s", sweep->what, n, -ret,
		       again ? " again" : "");
		return clean;
	}
	return false;
}

static inline void sweep_run(struct __test_metadata *_metadata,
			     struct sweep *sweep)
{
	const char *wrong = NULL;
	bool hit = true;
	unsigned int n;
	int fd, ret;

	fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	for (n = 1; n < FAIL_NTH_MAX && hit && !wrong; n++) {
		ASSERT_TRUE(fail_nth_arm(fd, n));
		ret = sweep->call(sweep->data);
		hit = fail_nth_disarm(fd);
		if (ret >= 0 && sweep->undo)
			sweep->undo(sweep->data, ret);
		if (!hit)
			break;
		sweep->hits++;
		if (ret < 0) {
			sweep->refused++;
			EXPECT_TRUE(refusal_is_clean(_metadata, sweep, n, ret)) {
				TH_LOG("%s: fault %u gave errno %d",
				       sweep->what, n, -ret);
			}
		}
		if (sweep->after)
			wrong = sweep->after(sweep->data, ret);
		EXPECT_EQ(NULL, wrong) {
			TH_LOG("%s: fault %u, result %d: %s", sweep->what, n,
			       ret, wrong);
		}
	}
	close(fd);
	TH_LOG("%s: %u fault points, %u refused", sweep->what, sweep->hits,
	       sweep->refused);
	if (wrong)
		return;
	EXPECT_FALSE(hit);
	EXPECT_LE(0, ret) {
		TH_LOG("%s: %d with no fault", sweep->what, ret);
	}

	/* And once more, with nothing armed. */
	ret = sweep->call(sweep->data);
	EXPECT_LE(0, ret);
	if (ret >= 0 && sweep->undo)
		sweep->undo(sweep->data, ret);
}

/* How many entries a directory has, zero if it is not there. */
static inline int count_entries(const char *path)
{
	struct dirent *entry;
	int n = 0;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* What a release that is put off gives back within @ms, it gives back. */
static inline bool entries_become(const char *path, int want, int ms)
{
	long long end = now_ms() + ms;

	while (count_entries(path) != want) {
		if (now_ms() > end)
			return false;
		sleep_ms(50);
	}
	return true;
}

#endif
