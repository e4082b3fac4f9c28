// SPDX-License-Identifier: GPL-2.0-only
/*
 * lsvfio: which devices can be handed to user space, which are, and to whom.
 * See lsvfio(8). Reads sysfs and procfs, changes nothing.
 */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lsvfio.h"

static const char usage[] =
	"usage: lsvfio [-a] [--json | --dot] [NAME...]\n"
	"\n"
	"Lists the iommu groups with a device that VFIO has, their devices, and who\n"
	"has them open; and the types of mediated device that can be created.\n"
	"\n"
	"  NAME        only the groups and parents that are, or hold, that device;\n"
	"              a number means the group of that number\n"
	"  -a, --all   all iommu groups\n"
	"  -j, --json  for programs\n"
	"  -d, --dot   a graph, for dot(1)\n"
	"      --root DIR  look below DIR instead of /\n"
	"  -h, --help  this text\n"
	"\n"
	"Other users' processes are seen by root alone.\n";

static bool named(const char *name, char **names)
{
	for (; *names; names++) {
		if (!strcmp(name, *names))
			return true;
	}
	return false;
}

static bool group_is_named(const struct group *g, char **names)
{
	const struct device *d;
	char number[16];

	snprintf(number, sizeof(number), "%d", g->id);
	for (d = g->devices; d; d = d->next) {
		if (named(d->name, names))
			return true;
	}
	return named(number, names);
}

static bool parent_is_named(const struct parent *p, char **names)
{
	const struct device *d;
	const struct type *t;

	for (t = p->types; t; t = t->next) {
		for (d = t->devices; d; d = d->next) {
			if (named(d->name, names))
				return true;
		}
	}
	return named(p->name, names);
}

/* Leave only what is named. False if that is nothing. */
static bool keep_named(struct view *view, char **names)
{
	struct parent **p = &view->parents;
	struct group **g = &view->groups;

	while (*g) {
		if (group_is_named(*g, names))
			g = &(*g)->next;
		else
			*g = (*g)->next;
	}
	while (*p) {
		if (parent_is_named(*p, names))
			p = &(*p)->next;
		else
			*p = (*p)->next;
	}
	return view->groups || view->parents;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ "dot", no_argument, NULL, 'd' },
		{ "root", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	bool all = false, json = false, dot = false;
	char real[PATH_MAX] = "";
	struct view view = { };
	int c;

	while ((c = getopt_long(argc, argv, "ajdh", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			all = true;
			break;
		case 'j':
			json = true;
			break;
		case 'd':
			dot = true;
			break;
		case 'r':
			if (!realpath(optarg, real)) {
				perror(optarg);
				return 2;
			}
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (json && dot) {
		fputs(usage, stderr);
		return 2;
	}

	collect(&view, real);
	if (argv[optind]) {
		if (!keep_named(&view, argv + optind)) {
			fprintf(stderr, "lsvfio: there is no such group or device\n");
			return 1;
		}
		/* What is asked for by name is shown. */
		all = true;
	}
	if (json)
		print_json(&view);
	else if (dot)
		print_dot(&view, all);
	else
		print_text(&view, all);
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
