/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads a configuration file as a stream of YAML events, with errors that name file and line. It
 * does not use libyaml's documents, because a million FDB lines would be a gigabyte of nodes. It
 * reads only what config_schema.c and config_value.c need: scalars, lists, and mappings by table;
 * no anchors, aliases or tags.
 *
 * Every read function is called when the first event of the value is current, and leaves its last
 * event current. All return 0, or a negative errno with the error text set.
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
	bool end_marked;    /* set by xv_reader_finish(): the document ends with a line "..." */
	void *arg;	    /* for the schema */
};

struct xv_reader_key {
	const char *name;
	int (*read)(struct xv_reader *r, const struct xv_reader_key *key, void *obj);
	size_t offset;		  /* of the member in obj; what follows is for read() */
	uint32_t min, max;	  /* numbers */
	const char *const *words; /* words, NULL at the end */
};

/* Starts to read text, which is not copied. The current event is then the document's root node. */
int xv_reader_open(struct xv_reader *r, const struct xv_source *source, const char *text,
		   size_t len);
/*
 * To be called after the root node. Nothing may follow it, and the last line must end with a
 * newline: a file that was cut off may still be valid YAML, with another meaning.
 */
int xv_reader_finish(struct xv_reader *r);
void xv_reader_close(struct xv_reader *r);

/* Makes the next event current. */
int xv_reader_next(struct xv_reader *r);

/* Line of the current event, from 1. */
int xv_reader_line(const struct xv_reader *r);

/* Reads a scalar, the current event. *text is valid while the event is current. */
int xv_reader_scalar(struct xv_reader *r, const char *name, const char **text);

/*
 * Reads a mapping: every key at most once, each value by its function in the table. lines[i]
 * becomes the line of key i; 0: the mapping lacks it. what: name of the mapping in messages
 * ("network").
 */
int xv_reader_mapping(struct xv_reader *r, const char *what, const struct xv_reader_key *keys,
		      size_t n_keys, void *obj, int *lines);

/* Reads a list, item by item. An empty value is an error. */
int xv_reader_list(struct xv_reader *r, const char *name,
		   int (*item)(struct xv_reader *r, void *obj), void *obj);

#endif
