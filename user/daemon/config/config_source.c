/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages about a text file: see config_source.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/config_source.h"

int xv_source_error(const struct xv_source *source, int line, const char *fmt, ...)
{
	char text[sizeof(((struct xv_err *)0)->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return xv_err_set(source->err, -EINVAL, "%s:%d: %s", source->file, line, text);
}

const char *xv_source_quote(const char *word, char buf[XV_QUOTE_LEN])
{
	enum { ROOM = XV_QUOTE_LEN - sizeof("\\x00...\"") };
	const unsigned char *p = (const unsigned char *)word;
	size_t used = 1;

	buf[0] = '"';
	for (; *p && used < ROOM; p++) {
		if (*p < 0x20 || *p == 0x7f)
			used += sprintf(buf + used, "\\x%02x", *p);
		else
			buf[used++] = *p;
	}
	if (*p) {
		if ((*p & 0xc0) == 0x80) { /* do not cut a UTF-8 character */
			while ((buf[used - 1] & 0xc0) == 0x80)
				used--;
			used--;
		}
		used += sprintf(buf + used, "...");
	}
	strcpy(buf + used, "\"");
	return buf;
}

/* Levenshtein distance. Long words are far from every word. */
static size_t distance(const char *a, const char *b)
{
	enum { MAX = 24 };
	size_t row[MAX + 1], diagonal, above, best, i, j;
	size_t len_a = strlen(a), len_b = strlen(b);

	if (len_a > MAX || len_b > MAX)
		return MAX;
	for (j = 0; j <= len_b; j++)
		row[j] = j;
	for (i = 1; i <= len_a; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= len_b; j++) {
			above = row[j];
			best = diagonal + (a[i - 1] != b[j - 1]);
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = above;
			row[j] = best;
		}
	}
	return row[len_b];
}

const char *xv_source_nearest(const char *word, const char *const *words)
{
	size_t len = strlen(word), best = (len + 5) / 3, d; /* up to a third may be wrong */
	const char *nearest = NULL;

	if (best > len)
		best = len;
	for (; *words; words++) {
		d = distance(word, *words);
		if (d < best) {
			best = d;
			nearest = *words;
		}
	}
	return nearest;
}

void xv_source_join(const char *const *words, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (; *words && used < size; words++)
		used += snprintf(buf + used, size - used, "%s%s", used ? ", " : "", *words);
}
