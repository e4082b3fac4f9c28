/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A page of memory at which the kernel stops for as long as a test likes: a
 * userfaultfd holds up whoever reads it for the first time, or writes it. So
 * a system call can be frozen in its copy_from_user() or copy_to_user(), and
 * what it has locked by then can be told from what others can still do.
 */
#ifndef VFIO_SELFTEST_STALL_H
#define VFIO_SELFTEST_STALL_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define STALL_SIZE	4096UL

struct stall {
	int uffd;
	void *page;
	bool write;		/* only writes are held up */
};

/* With @write the page is filled from @data before it is protected. */
static inline int stall_setup(struct stall *s, bool write, const void *data,
			      size_t len)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = write ? UFFD_FEATURE_PAGEFAULT_FLAG_WP : 0,
	};
	struct uffdio_register reg = {
		.range.len = STALL_SIZE,
		.mode = write ? UFFDIO_REGISTER_MODE_WP :
				UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_writeprotect wp = {
		.range.len = STALL_SIZE,
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	s->write = write;
	s->page = mmap(NULL, STALL_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->page == MAP_FAILED)
		return -errno;
	if (write)
		memcpy(s->page, data, len);
	s->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (s->uffd < 0)
		return -errno;
	reg.range.start = (unsigned long)s->page;
	wp.range.start = (unsigned long)s->page;
	if (ioctl(s->uffd, UFFDIO_API, &api) ||
	    ioctl(s->uffd, UFFDIO_REGISTER, &reg) ||
	    (write && ioctl(s->uffd, UFFDIO_WRITEPROTECT, &wp)))
		return -errno;
	return 0;
}

/* Until somebody is held up. */
static inline bool stall_wait(struct stall *s, int ms)
{
	struct pollfd p = { .fd = s->uffd, .events = POLLIN };

	return poll(&p, 1, ms) == 1 && p.revents & POLLIN;
}

/* Let it go on; where it was a read, it finds @data. */
static inline int stall_release(struct stall *s, const void *data, size_t len)
{
	char page[STALL_SIZE] = { 0 };
	struct uffdio_copy copy = {
		.dst = (unsigned long)s->page,
		.src = (unsigned long)page,
		.len = STALL_SIZE,
	};
	struct uffdio_writeprotect wp = {
		.range = { (unsigned long)s->page, STALL_SIZE },
	};

	if (s->write)
		return ioctl(s->uffd, UFFDIO_WRITEPROTECT, &wp) ? -errno : 0;
	if (data)
		memcpy(page, data, len);
	return ioctl(s->uffd, UFFDIO_COPY, &copy) ? -errno : 0;
}

static inline void stall_end(struct stall *s)
{
	close(s->uffd);
	munmap(s->page, STALL_SIZE);
}

#endif
