/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lsvfio: what collect.c finds in sysfs and procfs, and print.c shows.
 *
 * Everything is a list in the order of its names. Strings are never NULL: what
 * is not there is empty. Nothing is freed: the program looks once and ends.
 */
#ifndef LSVFIO_H
#define LSVFIO_H

#include <stdbool.h>
#include <sys/types.h>

struct opener {
	struct opener *next;
	pid_t pid;
	char *comm;
	char *state;		/* of a device fd, where the kernel tells */
};

/* A member of a group. */
struct device {
	struct device *next;
	char *name;		/* on its bus */
	char *path;		/* below /sys, links resolved */
	char *driver;
	char *iommu;		/* that translates for it */
	char *cdev;		/* /dev/vfio/devices/vfioN */
	char *type;		/* of a mediated device */
	bool vfio;		/* its driver is one of VFIO's */
	bool blocks;		/* its driver keeps the group from user space */
	struct opener *openers;
};

struct group {
	struct group *next;
	int id;
	char *name;
	char *domain;		/* DMA, DMA-FQ, identity, ... */
	char *node;		/* /dev/vfio/N */
	bool vfio;		/* has a device that VFIO's drivers have */
	bool viable;		/* nobody blocks it */
	struct device *devices;
	struct opener *openers;
};

/* What mediated devices a device offers. */
struct type {
	struct type *next;
	char *id, *name, *api;
	int available;		/* -1: it does not tell */
	struct device *devices;	/* name and path alone */
};

struct parent {
	struct parent *next;
	char *name, *path, *driver;
	struct type *types;
};

struct view {
	struct group *groups;
	struct parent *parents;
	int unknown;		/* device fds whose device the kernel hides */
};

/* collect.c */
void collect(struct view *view, const char *root);

/* print.c */
void print_text(const struct view *view, bool all);
void print_json(const struct view *view);
void print_dot(const struct view *view, bool all);

#endif
