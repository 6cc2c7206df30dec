/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks and reads the values of a request's arguments. */
#ifndef XV_ARGS_H
#define XV_ARGS_H

#include "commands.h"

/* Checks one argument's JSON value. -EINVAL: err quotes it and says what would be right. */
int xv_arg_check(const struct xv_arg *arg, const json_t *value, struct xv_err *err);
/* Makes the JSON value of a word, and checks it. */
int xv_arg_parse(const struct xv_arg *arg, const char *word, json_t **value, struct xv_err *err);

/* Read one of the checked arguments. NULL and false if it is not given. */
const char *xv_args_text(const json_t *args, const char *name);
bool xv_args_uint(const json_t *args, const char *name, uint32_t *value);
bool xv_args_bool(const json_t *args, const char *name, bool *value);

enum {
	XV_QUOTE_MAX = 68, /* a quoted word in a message, with NUL */
};
/*
 * Puts the word in quotes into buf, shortened if it is long, with "?" for each byte that is not
 * printable ASCII.
 */
const char *xv_quote(const char *word, char buf[XV_QUOTE_MAX]);

#endif
