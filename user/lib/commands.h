/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The grammar of requests: which commands each object has, and which arguments each command takes.
 * The client parses its command line by it, the daemon checks requests by it, and help and
 * completion print it.
 */
#ifndef XV_COMMANDS_H
#define XV_COMMANDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum xv_arg_type {
	XV_ARG_FLAG,	/* the word alone; JSON true */
	XV_ARG_UINT,	/* JSON number */
	XV_ARG_ONOFF,	/* on, off; JSON true, false */
	XV_ARG_WORD,	/* one of the argument's words */
	XV_ARG_NAME,	/* name for a network */
	XV_ARG_NETWORK, /* name or VNI of a network */
	XV_ARG_MAC,
	XV_ARG_IP,
	XV_ARG_DEV,
	XV_ARG_FILE, /* name of a file that the client reads; its content is sent as "text" */
	XV_ARG_TEXT,
	XV_ARG_LINK_LOCAL, /* see link_local.h */
};

enum xv_arg_flags {
	XV_ARG_REQUIRED = 1 << 0,
	XV_ARG_POSITIONAL = 1 << 1, /* comes first; its name may be left out */
	XV_ARG_LOCAL = 1 << 2,	    /* for the client alone, never sent */
	XV_ARG_HIDDEN = 1 << 3,	    /* not on the command line */
};

struct xv_arg {
	const char *name; /* NULL ends a list */
	enum xv_arg_type type;
	unsigned int flags;	  /* enum xv_arg_flags */
	uint32_t min, max;	  /* XV_ARG_UINT */
	const char *const *words; /* XV_ARG_WORD: NULL at the end */
};

struct xv_command {
	const char *object; /* NULL ends the list */
	const char *name;   /* "": the object alone is the command */
	const char *help;
	const struct xv_arg *args;
};

extern const struct xv_command xv_commands[];

/* Finds the command with exactly these names. NULL if there is none. */
const struct xv_command *xv_command_find(const char *object, const char *name);
const struct xv_arg *xv_command_arg(const struct xv_command *command, const char *name);
/* What help shows for the argument's value: "N", "NETWORK", "on|off". buf may hold the text. */
const char *xv_arg_placeholder(const struct xv_arg *arg, char buf[64]);
/*
 * What messages call the argument: its name, or its placeholder if it needs no name. buf may hold
 * the text.
 */
const char *xv_arg_label(const struct xv_arg *arg, char buf[64]);
/* "network add vni N [name NAME] ...", into buf. Returns buf. */
const char *xv_command_usage(const struct xv_command *command, char *buf, size_t size);

/* Lists for messages of what would be right: "a, b or c". */
const char *xv_command_objects(char *buf, size_t size);
const char *xv_command_names(const char *object, char *buf, size_t size);
const char *xv_command_args(const struct xv_command *command, char *buf, size_t size);

#endif
