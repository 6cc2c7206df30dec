/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One row of a table (columns.h): values by column, and the row as JSON. A value that is not set is
 * null in JSON, "-" in text, and no sample in metrics.
 */
#ifndef XV_ROW_H
#define XV_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "columns.h"
#include "xv_abi.h"

enum {
	XV_ROW_TEXT = 1536,	 /* bytes of all texts of a row; what is beyond is cut off */
	XV_ROW_JSON = 12 * 1024, /* what xv_row_json() writes at most */
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
/* column is of the row's table, and of the right type; texts are copied, NULL and "" leave it
 * unset. */
void xv_row_number(struct xv_row *row, unsigned int column, uint64_t number);
void xv_row_text(struct xv_row *row, unsigned int column, const char *text);
void xv_row_mac(struct xv_row *row, unsigned int column, const uint8_t mac[6]);
/* A zero address leaves it unset. */
void xv_row_ip(struct xv_row *row, unsigned int column, const struct xv_ip *ip);

/*
 * The row as a JSON object with all keys of the table, without a newline, into buf; returns its
 * length. Always valid UTF-8, whatever the texts hold (device names can be any bytes), and byte by
 * byte what jansson makes of it when it reads and writes it: the client need do neither.
 */
size_t xv_row_json(const struct xv_row *row, char buf[XV_ROW_JSON]);

/* Bytes of the UTF-8 sequence text starts with (RFC 3629), or 0 if it is not one. "" is 1. */
size_t xv_utf8_length(const char *text);

#endif
