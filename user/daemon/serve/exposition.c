/* SPDX-License-Identifier: GPL-2.0-only */
/* The Prometheus text format: see exposition.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "serve/exposition.h"

enum {
	/* all escaped label texts of a row, the labels' names, and the metric's own labels */
	LABELS_MAX = 3 * XV_ROW_TEXT + 1024,
};

void xv_exposition_start(struct xv_exposition *exposition)
{
	memset(exposition, 0, sizeof(*exposition));
}

/* Escapes a label's value: UTF-8 with backslash, double quote and line feed escaped. */
static char *put_value(char *p, const char *text)
{
	size_t len;

	for (; *text; text += len ? len : 1) {
		len = xv_utf8_length(text);
		if (!len) {
			p = stpcpy(p, "\xef\xbf\xbd"); /* U+FFFD */
		} else if (*text == '\n') {
			p = stpcpy(p, "\\n");
		} else if (*text == '"' || *text == '\\') {
			*p++ = '\\';
			*p++ = *text;
		} else {
			p = mempcpy(p, text, len);
		}
	}
	return p;
}

/* Writes name="value",... for the columns that identify the row. */
static void row_labels(const struct xv_row *row, char labels[LABELS_MAX])
{
	const struct xv_column *column;
	const struct xv_cell *cell;
	char *p = labels;
	size_t i;

	for (i = 0; i < row->table->n_columns; i++) {
		column = &row->table->columns[i];
		cell = &row->cells[i];
		if (!column->label || !cell->set)
			continue;
		p += sprintf(p, "%s%s=\"", p == labels ? "" : ",", column->label);
		if (column->type == XV_TEXT)
			p = put_value(p, cell->text);
		else
			p += sprintf(p, "%" PRIu64, cell->number);
		p = stpcpy(p, "\"");
	}
	*p = '\0';
}

static int add_sample(struct xv_exposition *exposition, const struct xv_column *column,
		      const char *labels, uint64_t number)
{
	struct evbuffer **samples = &exposition->samples[column->metric];
	const char *own = column->metric_labels;
	int len;

	if (!*samples)
		*samples = evbuffer_new();
	if (!*samples)
		return -ENOMEM;
	if (*labels || *own)
		len = evbuffer_add_printf(*samples, "%s{%s%s%s} %" PRIu64 "\n",
					  xv_metrics[column->metric].name, labels,
					  *labels && *own ? "," : "", own, number);
	else
		len = evbuffer_add_printf(*samples, "%s %" PRIu64 "\n",
					  xv_metrics[column->metric].name, number);
	return len < 0 ? -ENOMEM : 0;
}

int xv_exposition_row(struct xv_exposition *exposition, const struct xv_row *row)
{
	const struct xv_column *column;
	char labels[LABELS_MAX];
	int err = 0;
	size_t i;

	row_labels(row, labels);
	for (i = 0; i < row->table->n_columns && !err; i++) {
		column = &row->table->columns[i];
		if (column->metric == XV_METRIC_NONE || !row->cells[i].set)
			continue;
		/* Text cannot be a value: the sample is 1, and the labels have the text. */
		err = add_sample(exposition, column, labels,
				 column->type == XV_TEXT ? 1 : row->cells[i].number);
	}
	return err;
}

int xv_exposition_finish(struct xv_exposition *exposition, struct evbuffer *out)
{
	const struct xv_metric *metric;
	int err = 0;
	size_t i;

	for (i = 0; i < XV_METRIC_MAX; i++) {
		if (!exposition->samples[i])
			continue;
		metric = &xv_metrics[i];
		if (out && (evbuffer_add_printf(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name,
						metric->help, metric->name, metric->type) < 0 ||
			    evbuffer_add_buffer(out, exposition->samples[i])))
			err = -ENOMEM;
		evbuffer_free(exposition->samples[i]);
		exposition->samples[i] = NULL;
	}
	return err;
}
