/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages about a text file: the place, the word in quotes, the word that may be meant. */
#ifndef XV_CONFIG_SOURCE_H
#define XV_CONFIG_SOURCE_H

#include <stddef.h>

#include "err.h"

/* The file that error messages name, and where they go. */
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

/* Puts the word in quotes, escapes control characters, and cuts a long word. Returns buf. */
const char *xv_source_quote(const char *word, char buf[XV_QUOTE_LEN]);

/* The one of words (NULL at the end) that word is probably a misspelling of, or NULL. */
const char *xv_source_nearest(const char *word, const char *const *words);

/* Writes words (NULL at the end) as "a, b, c", cut to size. */
void xv_source_join(const char *const *words, char *buf, size_t size);

#endif
