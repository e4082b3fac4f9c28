// SPDX-License-Identifier: GPL-2.0-only
/*
 * lsvfio: show what was found: as text, as JSON, as a graph for dot(1).
 */
#include <stdio.h>
#include <string.h>

#include "lsvfio.h"

static const char *or_dash(const char *text)
{
	return text[0] ? text : "-";
}

/* Text */

static void text_openers(const char *indent, const struct opener *o)
{
	for (; o; o = o->next) {
		printf("%sopen by %d (%s)", indent, o->pid, o->comm);
		if (o->state[0])
			printf(", %s", o->state);
		printf("\n");
	}
}

static void text_group(const struct group *g)
{
	const struct device *d;

	printf("group %d", g->id);
	if (g->name[0])
		printf(" \"%s\"", g->name);
	printf("  domain %s", or_dash(g->domain));
	if (g->node[0])
		printf("  %s", g->node);
	if (g->vfio)
		printf("  %s", g->viable ? "viable" : "NOT VIABLE");
	printf("\n");
	for (d = g->devices; g->vfio && d; d = d->next) {
		if (d->blocks)
			printf("    %s is bound to %s\n", d->name, d->driver);
	}
	text_openers("    ", g->openers);
	for (d = g->devices; d; d = d->next) {
		printf("  %-36s %-12s %-24s", d->name, or_dash(d->driver),
		       or_dash(d->cdev));
		if (d->type[0])
			printf(" %s", d->type);
		else if (d->iommu[0])
			printf(" %s", d->iommu);
		printf("\n");
		text_openers("      ", d->openers);
	}
}

static void text_parent(const struct parent *p)
{
	const struct device *d;
	const struct type *t;

	printf("parent %s  %s\n", p->name, p->path);
	for (t = p->types; t; t = t->next) {
		printf("  %-24s %-12s", t->id, or_dash(t->api));
		if (t->available >= 0)
			printf(" %6d left", t->available);
		if (t->name[0])
			printf("  %s", t->name);
		printf("\n");
		for (d = t->devices; d; d = d->next)
			printf("    %s\n", d->name);
	}
}

/**
 * print_text - for people
 * @view: what was found
 * @all: also groups that VFIO has nothing to do with
 */
void print_text(const struct view *view, bool all)
{
	const struct parent *p;
	const struct group *g;

	for (g = view->groups; g; g = g->next) {
		if (all || g->vfio)
			text_group(g);
	}
	for (p = view->parents; p; p = p->next)
		text_parent(p);
	if (view->unknown)
		printf("%d open device file%s of which this kernel does not say the device\n",
		       view->unknown, view->unknown == 1 ? "" : "s");
}

/* JSON */

static void json_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			printf("\\u%04x", *s);
		else
			putchar(*s);
	}
	putchar('"');
}

static void json_pair(const char *key, const char *value, const char *end)
{
	printf("\"%s\": ", key);
	if (value[0])
		json_string(value);
	else
		printf("null");
	printf("%s", end);
}

static void json_openers(const struct opener *o)
{
	printf("\"openers\": [");
	for (; o; o = o->next) {
		printf("{\"pid\": %d, ", o->pid);
		json_pair("command", o->comm, ", ");
		json_pair("state", o->state, o->next ? "}, " : "}");
	}
	printf("]");
}

static void json_device(const struct device *d)
{
	printf("\n    {");
	json_pair("name", d->name, ", ");
	json_pair("path", d->path, ", ");
	json_pair("driver", d->driver, ", ");
	json_pair("iommu", d->iommu, ", ");
	json_pair("cdev", d->cdev, ", ");
	json_pair("mdev_type", d->type, ", ");
	printf("\"vfio\": %s, \"blocks\": %s, ", d->vfio ? "true" : "false",
	       d->blocks ? "true" : "false");
	json_openers(d->openers);
	printf("}%s", d->next ? "," : "");
}

static void json_group(const struct group *g)
{
	const struct device *d;

	printf("\n  {\"id\": %d, ", g->id);
	json_pair("name", g->name, ", ");
	json_pair("domain", g->domain, ", ");
	json_pair("node", g->node, ", ");
	printf("\"vfio\": %s, \"viable\": %s, ", g->vfio ? "true" : "false",
	       g->viable ? "true" : "false");
	json_openers(g->openers);
	printf(",\n   \"devices\": [");
	for (d = g->devices; d; d = d->next)
		json_device(d);
	printf("]}%s", g->next ? "," : "");
}

static void json_parent(const struct parent *p)
{
	const struct device *d;
	const struct type *t;

	printf("\n  {");
	json_pair("name", p->name, ", ");
	json_pair("path", p->path, ", ");
	json_pair("driver", p->driver, ",\n   ");
	printf("\"types\": [");
	for (t = p->types; t; t = t->next) {
		printf("\n    {");
		json_pair("id", t->id, ", ");
		json_pair("name", t->name, ", ");
		json_pair("device_api", t->api, ", ");
		if (t->available >= 0)
			printf("\"available\": %d, ", t->available);
		else
			printf("\"available\": null, ");
		printf("\"devices\": [");
		for (d = t->devices; d; d = d->next) {
			json_string(d->name);
			printf("%s", d->next ? ", " : "");
		}
		printf("]}%s", t->next ? "," : "");
	}
	printf("]}%s", p->next ? "," : "");
}

/**
 * print_json - for programs; everything, whatever VFIO has to do with it
 * @view: what was found
 */
void print_json(const struct view *view)
{
	const struct parent *p;
	const struct group *g;

	printf("{\"groups\": [");
	for (g = view->groups; g; g = g->next)
		json_group(g);
	printf("],\n \"parents\": [");
	for (p = view->parents; p; p = p->next)
		json_parent(p);
	printf("],\n \"unknown_device_files\": %d}\n", view->unknown);
}

/* A graph. Names of devices, drivers and types hold neither " nor \. */

static void dot_group(const struct group *g)
{
	const struct opener *o;
	const struct device *d;

	printf("  subgraph cluster_group_%d {\n    label=\"group %d\\n%s%s\";\n",
	       g->id, g->id, g->domain,
	       g->vfio && !g->viable ? "\\nnot viable" : "");
	for (d = g->devices; d; d = d->next)
		printf("    \"%s\" [label=\"%s\\n%s\"%s];\n", d->name, d->name,
		       or_dash(d->driver), d->blocks && g->vfio ?
		       ", color=red" : "");
	printf("  }\n");
	for (d = g->devices; d; d = d->next) {
		if (d->iommu[0])
			printf("  \"%s\" [shape=hexagon];\n  \"%s\" -> \"%s\";\n",
			       d->iommu, d->iommu, d->name);
		for (o = d->openers; o; o = o->next) {
			printf("  \"%d\" [label=\"%s\\n%d\", shape=ellipse];\n",
			       o->pid, o->comm, o->pid);
			printf("  \"%s\" -> \"%d\";\n", d->name, o->pid);
		}
	}
}

/**
 * print_dot - a picture of the topology
 * @view: what was found
 * @all: also groups that VFIO has nothing to do with
 */
void print_dot(const struct view *view, bool all)
{
	const struct parent *p;
	const struct device *d;
	const struct group *g;
	const struct type *t;

	printf("digraph vfio {\n  rankdir=LR;\n  node [shape=box];\n");
	for (g = view->groups; g; g = g->next) {
		if (all || g->vfio)
			dot_group(g);
	}
	for (p = view->parents; p; p = p->next) {
		for (t = p->types; t; t = t->next) {
			for (d = t->devices; d; d = d->next)
				printf("  \"%s\" -> \"%s\" [label=\"%s\"];\n",
				       p->name, d->name, t->id);
		}
	}
	printf("}\n");
}
