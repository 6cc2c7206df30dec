/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Prints tables as text: rows (JSON objects, as the daemon sends them) below the headings of
 * columns.h. Rows may come in several parts, so that a table of any length needs the memory of one
 * part only. A later part may widen columns and never narrows them.
 */
#ifndef XV_TEXT_H
#define XV_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "columns.h"

struct xv_text {
	const struct xv_table *table;
	FILE *out;
	bool all;		      /* print rows that XV_TABLE_HIDE_ZERO hides, too */
	bool headed;		      /* headings are printed */
	size_t width[XV_COLUMNS_MAX]; /* of each column so far */
};

void xv_text_start(struct xv_text *text, const struct xv_table *table, FILE *out, bool all);
/* Prints an array of rows. 0, -ENOMEM, or -EPROTO if it is no array of objects. */
int xv_text_rows(struct xv_text *text, const json_t *rows);
/* Prints the headings if there was no row. */
int xv_text_finish(struct xv_text *text);

#endif
