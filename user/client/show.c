/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers printed: see show.h. */
#include <errno.h>
#include <string.h>

#include "columns.h"
#include "show.h"
#include "text.h"

/* The table that is being printed. Each row is printed when it arrives. */
struct printer {
	const struct xv_show *show;
	const struct xv_table *table; /* NULL: none yet */
	struct xv_text text;
	bool any_row;
};

static int finish_table(struct printer *p)
{
	if (!p->table)
		return 0;
	if (!p->show->json)
		return xv_text_finish(&p->text);
	if (!(p->table->flags & XV_TABLE_SINGLE))
		puts(p->any_row ? "\n]" : "]");
	return 0;
}

static int start_table(struct printer *p, const struct xv_table *table)
{
	bool first = !p->table;
	int ret;

	ret = finish_table(p);
	if (ret)
		return ret;
	p->table = table;
	p->any_row = false;
	if (!p->show->json) {
		if (!first)
			putchar('\n');
		xv_text_start(&p->text, table, stdout, p->show->all);
		return 0;
	}
	if (p->show->several)
		printf("%s\"%s\":", first ? "{" : ",", table->part);
	if (!(table->flags & XV_TABLE_SINGLE))
		putchar('[');
	return 0;
}

/* Continues the table if name is its name, else starts that table. */
static int go_to_table(struct printer *p, const char *name, struct xv_err *err)
{
	const struct xv_table *table = xv_table_find(name);
	int ret = 0;

	if (!table)
		return xv_err_set(err, -EPROTO,
				  "the daemon answers with a table \"%s\" that this xvtep does not "
				  "know: are both of one version?",
				  name);
	if (table != p->table)
		ret = start_table(p, table);
	return ret ? xv_err_set(err, ret, "cannot print: %s", strerror(-ret)) : 0;
}

/*
 * Prints the rows unparsed, as the daemon wrote them, each on a line of its own: a table may have a
 * million.
 */
static int print_json_rows(struct printer *p, const struct xv_client_rows *rows, struct xv_err *err)
{
	char *end = rows->text + rows->len, *tab;
	int ret;

	ret = go_to_table(p, rows->table, err);
	if (ret || !rows->len)
		return ret;
	for (tab = rows->text; tab; tab = memchr(tab + 1, '\t', end - tab - 1))
		*tab = '\n';
	if (p->any_row)
		putchar(',');
	fwrite(rows->text, 1, rows->len, stdout);
	p->any_row = true;
	return 0;
}

static int print_text_rows(struct printer *p, const json_t *reply, const char *name,
			   struct xv_err *err)
{
	int ret = go_to_table(p, name, err);

	if (ret)
		return ret;
	ret = xv_text_rows(&p->text, json_object_get(reply, "data"));
	return ret ? xv_err_set(err, ret, "cannot print: %s", strerror(-ret)) : 0;
}

static void print_count(const struct xv_show *show, const json_t *data)
{
	json_int_t n;

	if (json_unpack((json_t *)data, "{s:I}", "changes", &n) == 0)
		printf("%" JSON_INTEGER_FORMAT " change%s\n", n, n == 1 ? "" : "s");
	else if (json_unpack((json_t *)data, "{s:I}", "loaded", &n) == 0)
		printf("%" JSON_INTEGER_FORMAT " loaded\n", n);
	else if (json_unpack((json_t *)data, "{s:I}", "flushed", &n) == 0)
		printf("%" JSON_INTEGER_FORMAT " removed\n", n);
	else if (json_unpack((json_t *)data, "{s:I}", "networks", &n) == 0)
		printf("%s: correct, %" JSON_INTEGER_FORMAT " network%s\n", show->file, n,
		       n == 1 ? "" : "s");
}

/* Prints an answer that is not a table: what a command did. Prints nothing for plain success. */
static int print_data(const struct xv_show *show, const json_t *data)
{
	const char *text = json_string_value(json_object_get(data, "text"));

	if (!data)
		return 0;
	if (show->json) {
		if (json_dumpf(data, stdout, JSON_COMPACT))
			return -EIO;
		putchar('\n');
	} else if (text) {
		fputs(text, stdout);
	} else {
		print_count(show, data);
	}
	return 0;
}

/* Reads and prints one line of the answer. */
static int print_line(struct printer *p, struct xv_client *client, bool *more, struct xv_err *err)
{
	struct xv_client_rows rows;
	const char *name;
	json_t *reply;
	int ret;

	ret = xv_client_line(client, err);
	if (ret)
		return ret;
	if (p->show->json && xv_client_rows(client, &rows)) {
		*more = rows.more;
		return print_json_rows(p, &rows, err);
	}
	ret = xv_client_reply(client, &reply, err);
	if (ret)
		return ret;
	*more = json_is_true(json_object_get(reply, "more"));
	name = json_string_value(json_object_get(reply, "table"));
	if (name && p->show->json)
		ret = xv_err_set(
			err, -EPROTO,
			"the daemon answers with rows that this xvtep does not understand: "
			"are both of one version?");
	else if (name)
		ret = print_text_rows(p, reply, name, err);
	else
		ret = print_data(p->show, json_object_get(reply, "data"));
	json_decref(reply);
	return ret;
}

int xv_show_answer(const struct xv_show *show, struct xv_client *client, struct xv_err *err)
{
	struct printer p = {.show = show};
	bool more = false;
	int ret;

	do {
		ret = print_line(&p, client, &more, err);
	} while (!ret && more && !ferror(stdout));
	if (!ret)
		ret = finish_table(&p);
	if (!ret && p.table && show->json && show->several)
		puts("}");
	if (fflush(stdout) || ferror(stdout))
		return xv_err_set(err, -EIO, "cannot write the output: %s", strerror(errno));
	return ret;
}
