/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables as text: see text.h. */
#include <errno.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <string.h>

#include "printable.h"
#include "text.h"

enum {
	CELL_NUMBER = 24,  /* room for a number as text */
	SINGLE_LEN = 8192, /* a path, escaped */
};

void xv_text_start(struct xv_text *text, const struct xv_table *table, FILE *out, bool all)
{
	size_t i;

	*text = (struct xv_text){.table = table, .out = out, .all = all};
	for (i = 0; i < table->n_columns; i++) {
		if (table->columns[i].header)
			text->width[i] = strlen(table->columns[i].header);
	}
}

/* A value as text; buf is used for numbers. */
static const char *cell_text(const struct xv_column *column, const json_t *value,
			     char buf[CELL_NUMBER])
{
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_integer(value)) {
		snprintf(buf, CELL_NUMBER, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return buf;
	}
	if (json_is_boolean(value)) {
		if (column->type == XV_ONOFF)
			return json_is_true(value) ? "on" : "off";
		return json_is_true(value) ? "yes" : "no";
	}
	return "-";
}

static bool row_hidden(const struct xv_text *text, const json_t *row)
{
	if (text->all || !(text->table->flags & XV_TABLE_HIDE_ZERO))
		return false;
	return !json_integer_value(json_object_get(row, "packets"));
}

/* "key: value" lines, for a table of one row. */
static void print_single(const struct xv_text *text, const json_t *row)
{
	const struct xv_column *column;
	char buf[CELL_NUMBER], safe[SINGLE_LEN];
	const char *value;
	size_t i;

	for (i = 0; i < text->table->n_columns; i++) {
		column = &text->table->columns[i];
		if (!column->header)
			continue;
		fprintf(text->out, "%-14s", column->header);
		value = cell_text(column, json_object_get(row, column->key), buf);
		xv_printable(safe, sizeof(safe), value);
		fprintf(text->out, "%s\n", safe);
	}
}

static int fill_line(struct xv_text *text, struct libscols_line *line, const json_t *row)
{
	const struct xv_column *column;
	char buf[CELL_NUMBER];
	const char *value;
	size_t i, cell = 0, len;

	for (i = 0; i < text->table->n_columns; i++) {
		column = &text->table->columns[i];
		if (!column->header)
			continue;
		value = cell_text(column, json_object_get(row, column->key), buf);
		if (scols_line_set_data(line, cell++, value))
			return -ENOMEM;
		len = strlen(value);
		if (len > text->width[i])
			text->width[i] = len;
	}
	return 0;
}

/* Adds all columns to the table, or, with widths, sets only their widths. */
static int set_columns(struct xv_text *text, struct libscols_table *tb, bool widths)
{
	const struct xv_column *column;
	struct libscols_column *cl;
	size_t i, n = 0, last = 0;

	for (i = 0; i < text->table->n_columns; i++) {
		if (text->table->columns[i].header)
			last = i;
	}
	for (i = 0; i < text->table->n_columns; i++) {
		column = &text->table->columns[i];
		if (!column->header)
			continue;
		if (!widths) {
			cl = scols_table_new_column(tb, column->header, 0,
						    column->type == XV_UINT ? SCOLS_FL_RIGHT : 0);
			if (!cl)
				return -ENOMEM;
			continue;
		}
		/* The last text column needs no padding behind it. */
		cl = scols_table_get_column(tb, n++);
		if (i != last || column->type == XV_UINT)
			scols_column_set_whint(cl, text->width[i]);
	}
	return 0;
}

static int fill_table(struct xv_text *text, struct libscols_table *tb, const json_t *rows)
{
	struct libscols_line *line;
	json_t *row;
	size_t i;
	int err;

	err = set_columns(text, tb, false);
	if (err)
		return err;
	json_array_foreach((json_t *)rows, i, row)
	{
		if (!json_is_object(row))
			return -EPROTO;
		if (row_hidden(text, row))
			continue;
		line = scols_table_new_line(tb, NULL);
		if (!line)
			return -ENOMEM;
		err = fill_line(text, line, row);
		if (err)
			return err;
	}
	return set_columns(text, tb, true);
}

int xv_text_rows(struct xv_text *text, const json_t *rows)
{
	struct libscols_table *tb;
	int err;

	if (!json_is_array(rows))
		return -EPROTO;
	if (text->table->flags & XV_TABLE_SINGLE) {
		print_single(text, json_array_get(rows, 0));
		text->headed = true;
		return 0;
	}
	tb = scols_new_table();
	if (!tb)
		return -ENOMEM;
	err = fill_table(text, tb, rows);
	if (err || !scols_table_get_nlines(tb))
		goto out;
	/* A line is a record for grep and awk: never cut or wrapped to the terminal's width. */
	scols_table_set_termforce(tb, SCOLS_TERMFORCE_NEVER);
	scols_table_enable_noheadings(tb, text->headed);
	scols_table_set_stream(tb, text->out);
	err = scols_print_table(tb) ? -ENOMEM : 0;
	text->headed = true;
out:
	scols_unref_table(tb);
	return err;
}

int xv_text_finish(struct xv_text *text)
{
	const struct xv_column *column;
	const char *gap = "";
	size_t i;

	if (text->headed)
		return 0;
	for (i = 0; i < text->table->n_columns; i++) {
		column = &text->table->columns[i];
		if (!column->header)
			continue;
		fprintf(text->out, "%s%s", gap, column->header);
		gap = " ";
	}
	fputc('\n', text->out);
	return 0;
}
