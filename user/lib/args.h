/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments of requests: their values checked and read. */
#ifndef XV_ARGS_H
#define XV_ARGS_H

#include "commands.h"

/* Checks one argument's word or JSON value. -EINVAL with a text that quotes it and says what is
 * right. */
int xv_arg_check(const struct xv_arg *arg, const json_t *value, struct xv_err *err);
/* Makes the JSON value of a word, checked. */
int xv_arg_parse(const struct xv_arg *arg, const char *word, json_t **value, struct xv_err *err);

/* Of checked arguments. NULL and false if it is not given. */
const char *xv_args_text(const json_t *args, const char *name);
bool xv_args_uint(const json_t *args, const char *name, uint32_t *value);
bool xv_args_bool(const json_t *args, const char *name, bool *value);

enum {
	XV_QUOTE_MAX = 68, /* a quoted word in a message, with NUL */
};
/* The word in quotes, shortened if it is long, bytes that are not printable ASCII as "?". */
const char *xv_quote(const char *word, char buf[XV_QUOTE_MAX]);

#endif
