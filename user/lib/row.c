/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows: see row.h. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "row.h"

void xv_row_start(struct xv_row *row, enum xv_table_id table)
{
	row->table = &xv_tables[table];
	row->used = 0;
	memset(row->cells, 0, row->table->n_columns * sizeof(row->cells[0]));
}

void xv_row_number(struct xv_row *row, unsigned int column, uint64_t number)
{
	assert(column < row->table->n_columns && row->table->columns[column].type != XV_TEXT);
	row->cells[column].number = number;
	row->cells[column].set = true;
}

void xv_row_text(struct xv_row *row, unsigned int column, const char *text)
{
	size_t room = sizeof(row->pool) - row->used;
	size_t len;

	assert(column < row->table->n_columns && row->table->columns[column].type == XV_TEXT);
	if (!text || !*text || room < 2)
		return;
	len = strnlen(text, room - 1);
	row->cells[column].text = row->pool + row->used;
	row->cells[column].set = true;
	memcpy(row->pool + row->used, text, len);
	row->pool[row->used + len] = '\0';
	row->used += len + 1;
}

void xv_row_mac(struct xv_row *row, unsigned int column, const uint8_t mac[6])
{
	char text[XV_MAC_STRLEN];

	xv_row_text(row, column, xv_mac_format(mac, text));
}

void xv_row_ip(struct xv_row *row, unsigned int column, const struct xv_ip *ip)
{
	char text[XV_IP_STRLEN];

	if (!xv_ip_is_zero(ip))
		xv_row_text(row, column, xv_ip_format(ip, text));
}

size_t xv_utf8_length(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned int low = 0x80, high = 0xbf;
	size_t len, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	/* The second byte excludes overlong forms, surrogates, and values above U+10FFFF. */
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (i = 2; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

/* Escapes a character, in JSON's short form if there is one, as jansson does. */
static char *put_escaped(char *p, char c)
{
	static const char from[] = "\b\f\n\r\t\"\\", to[] = "bfnrt\"\\";
	const char *found = strchr(from, c);

	if (!found)
		return p + sprintf(p, "\\u%04X", c);
	*p++ = '\\';
	*p++ = to[found - from];
	return p;
}

static char *put_string(char *p, const char *text)
{
	size_t len;

	*p++ = '"';
	while (*text) {
		if (*text >= ' ' && *text <= '~' && *text != '"' && *text != '\\') {
			*p++ = *text++;
			continue;
		}
		len = xv_utf8_length(text);
		if (!len)
			p = mempcpy(p, "\xef\xbf\xbd", 3); /* U+FFFD */
		else if (len == 1 && *text != 0x7f)
			p = put_escaped(p, *text);
		else
			p = mempcpy(p, text, len);
		text += len ? len : 1;
	}
	*p++ = '"';
	return p;
}

static char *put_number(char *p, uint64_t number)
{
	char digits[20];
	size_t n = 0;

	do {
		digits[n++] = '0' + number % 10;
		number /= 10;
	} while (number);
	while (n)
		*p++ = digits[--n];
	return p;
}

/*
 * A byte of text becomes six bytes at most. XV_ROW_JSON has room for these, the keys and the
 * numbers.
 */
_Static_assert(XV_ROW_JSON >= 6 * XV_ROW_TEXT + XV_COLUMNS_MAX * 64, "longest row");

size_t xv_row_json(const struct xv_row *row, char buf[XV_ROW_JSON])
{
	const struct xv_column *column;
	const struct xv_cell *cell;
	char *p = buf;
	size_t i;

	for (i = 0; i < row->table->n_columns; i++) {
		column = &row->table->columns[i];
		cell = &row->cells[i];
		*p++ = i ? ',' : '{';
		p = mempcpy(p, column->json, column->json_len);
		if (!cell->set)
			p = mempcpy(p, "null", 4);
		else if (column->type == XV_TEXT)
			p = put_string(p, cell->text);
		else if (column->type == XV_UINT)
			p = put_number(p, cell->number);
		else
			p = stpcpy(p, cell->number ? "true" : "false");
	}
	*p++ = '}';
	return p - buf;
}
