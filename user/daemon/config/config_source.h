/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages about a text file: where in it, the word quoted, and the word that was perhaps meant. */
#ifndef XV_CONFIG_SOURCE_H
#define XV_CONFIG_SOURCE_H

#include <stddef.h>

#include "err.h"

/* Where error messages point to and go. */
struct xv_source {
	const char *file;
	struct xv_err *err;
};

enum {
	XV_QUOTE_LEN = 80,
};

/* Sets "FILE:LINE: ..." and returns -EINVAL. */
int xv_source_error(const struct xv_source *source, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A word as it is quoted: "word", control characters escaped, a long one cut. Returns buf. */
const char *xv_source_quote(const char *word, char buf[XV_QUOTE_LEN]);

/* The one of words (NULL at the end) that word is likely a slip of the pen for, or NULL. */
const char *xv_source_nearest(const char *word, const char *const *words);

/* Writes "a, b, c" of words (NULL at the end), cut to size. */
void xv_source_join(const char *const *words, char *buf, size_t size);

#endif
