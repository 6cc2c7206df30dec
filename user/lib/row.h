/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One row of a table (columns.h): a value for each column, and the row as JSON. A value that is not
 * set is null in JSON, "-" in text, and has no sample in metrics.
 */
#ifndef XV_ROW_H
#define XV_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "columns.h"
#include "xv_abi.h"

enum {
	XV_ROW_TEXT = 1536,	 /* bytes of all texts of a row; further text is cut off */
	XV_ROW_JSON = 12 * 1024, /* longest result of xv_row_json() */
};

struct xv_cell {
	bool set;
	uint64_t number; /* booleans: 0 or 1 */
	const char *text;
};

struct xv_row {
	const struct xv_table *table;
	struct xv_cell cells[XV_COLUMNS_MAX];
	size_t used;
	char pool[XV_ROW_TEXT];
};

void xv_row_start(struct xv_row *row, enum xv_table_id table);
/*
 * column: of the row's table, and of the function's type. Texts are copied; NULL and "" leave the
 * value unset.
 */
void xv_row_number(struct xv_row *row, unsigned int column, uint64_t number);
void xv_row_text(struct xv_row *row, unsigned int column, const char *text);
void xv_row_mac(struct xv_row *row, unsigned int column, const uint8_t mac[6]);
/* A zero address leaves the value unset. */
void xv_row_ip(struct xv_row *row, unsigned int column, const struct xv_ip *ip);

/*
 * Writes the row as a JSON object with all keys of the table, without a newline, into buf. Returns
 * the length. The result is always valid UTF-8, whatever the texts hold (device names can be any
 * bytes). It is byte for byte what jansson would write after reading it, so the client need not
 * parse it.
 */
size_t xv_row_json(const struct xv_row *row, char buf[XV_ROW_JSON]);

/* Length in bytes of the UTF-8 sequence at text (RFC 3629), or 0 if there is none. 1 for "". */
size_t xv_utf8_length(const char *text);

#endif
