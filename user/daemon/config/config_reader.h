/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A configuration file as a stream of YAML events, with errors that name file and line. libyaml's
 * events and not its documents: a million FDB lines would be a gigabyte of nodes. Only what
 * config_schema.c and config_value.c need of YAML: scalars, lists and mappings by table; no
 * anchors, aliases or tags.
 *
 * Every read function is called with the value's first event current, and leaves its last one
 * current. All return 0, or a negative errno with the error text set.
 */
#ifndef XV_CONFIG_READER_H
#define XV_CONFIG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

#include "config/config_source.h"

enum {
	XV_READER_MAX_KEYS = 16,
};

struct xv_reader {
	struct xv_source source;
	const char *text;
	size_t len;
	yaml_parser_t parser;
	yaml_event_t event; /* current */
	bool end_marked;    /* after xv_reader_finish(): the document ends with a line "..." */
	void *arg;	    /* the schema's */
};

struct xv_reader_key {
	const char *name;
	int (*read)(struct xv_reader *r, const struct xv_reader_key *key, void *obj);
	size_t offset;		  /* where in obj; the rest as read() needs it */
	uint32_t min, max;	  /* numbers */
	const char *const *words; /* words, NULL at the end */
};

/* Starts to read text (not copied); the current event is then the document's root node. */
int xv_reader_open(struct xv_reader *r, const struct xv_source *source, const char *text,
		   size_t len);
/*
 * After the root node: there must be nothing behind it, and the last line must have an end: half a
 * file may well be YAML, and mean less.
 */
int xv_reader_finish(struct xv_reader *r);
void xv_reader_close(struct xv_reader *r);

/* Goes on to the next event. */
int xv_reader_next(struct xv_reader *r);

/* Line of the current event, from 1. */
int xv_reader_line(const struct xv_reader *r);

/* The current event is a scalar: *text is its text, valid while it is current. */
int xv_reader_scalar(struct xv_reader *r, const char *name, const char **text);

/*
 * Reads a mapping: every key at most once, values by the table's functions. lines[i] becomes the
 * line of key i, or 0. what names the mapping in messages ("network").
 */
int xv_reader_mapping(struct xv_reader *r, const char *what, const struct xv_reader_key *keys,
		      size_t n_keys, void *obj, int *lines);

/* Reads a list, item by item. An empty value is an empty list. */
int xv_reader_list(struct xv_reader *r, const char *name,
		   int (*item)(struct xv_reader *r, void *obj), void *obj);

#endif
