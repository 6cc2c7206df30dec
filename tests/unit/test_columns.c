/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One table for text, JSON and metrics: the lists themselves, values that need escaping, and a
 * fixture whose numbers must come out equal all three ways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "serve/exposition.h"
#include "maps/stats.h"
#include "text.h"

enum {
	ROWS = 3,
	/* Distinct in every cell of the fixture, and larger than 32 bits. */
	BASE = 1000,
};

static uint64_t fixture_number(unsigned int table, unsigned int row, unsigned int column)
{
	return (1ULL << 33) + BASE * (table * 1000 + row * 100 + column);
}

static void fill_row(struct xv_row *row, unsigned int table, unsigned int r)
{
	const struct xv_table *t = &xv_tables[table];
	char text[32];
	size_t i;

	xv_row_start(row, table);
	for (i = 0; i < t->n_columns; i++) {
		if (t->columns[i].type == XV_TEXT) {
			snprintf(text, sizeof(text), "%s%u", t->columns[i].key, r);
			xv_row_text(row, i, text);
		} else if (t->columns[i].type == XV_UINT) {
			xv_row_number(row, i, fixture_number(table, r, i));
		} else {
			xv_row_number(row, i, r & 1);
		}
	}
}

static json_t *rows_json(unsigned int table)
{
	json_t *rows = json_array();
	char buf[XV_ROW_JSON];
	struct xv_row row;
	unsigned int r;
	size_t len;

	for (r = 0; r < ROWS; r++) {
		fill_row(&row, table, r);
		len = xv_row_json(&row, buf);
		assert_int_equal(json_array_append_new(rows, json_loadb(buf, len, 0, NULL)), 0);
	}
	return rows;
}

/* Keys are unique, numbers that are counted have a metric, and a metric's samples never collide. */
static void test_tables(void **state)
{
	const struct xv_column *a, *b;
	const struct xv_table *t;
	size_t i, j, k;
	bool counter;

	(void)state;
	for (i = 0; i < XV_TABLE_MAX; i++) {
		t = &xv_tables[i];
		assert_ptr_equal(xv_table_find(t->name), t);
		for (j = 0; j < t->n_columns; j++) {
			a = &t->columns[j];
			counter = strstr(a->key, "packets") || strstr(a->key, "bytes");
			assert_true(!counter || a->metric != XV_METRIC_NONE);
			assert_true(!a->label || a->metric == XV_METRIC_NONE || !j);
			for (k = 0; k < j; k++) {
				b = &t->columns[k];
				assert_string_not_equal(a->key, b->key);
				assert_true(a->metric == XV_METRIC_NONE || a->metric != b->metric ||
					    strcmp(a->metric_labels, b->metric_labels));
			}
		}
	}
	assert_null(xv_table_find("nosuch"));
}

/* Names follow Prometheus' rules; every metric is some column's. */
static void test_metrics(void **state)
{
	const char *name, *suffix;
	bool used[XV_METRIC_MAX] = {};
	size_t i, j;

	(void)state;
	for (i = 0; i < XV_TABLE_MAX; i++) {
		for (j = 0; j < xv_tables[i].n_columns; j++)
			used[xv_tables[i].columns[j].metric] = true;
	}
	for (i = XV_METRIC_NONE + 1; i < XV_METRIC_MAX; i++) {
		name = xv_metrics[i].name;
		assert_true(used[i]);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
		suffix = strlen(name) > 6 ? name + strlen(name) - 6 : "";
		assert_int_equal(!strcmp(suffix, "_total"), !strcmp(xv_metrics[i].type, "counter"));
		assert_true(strlen(xv_metrics[i].help) > 5);
		assert_null(strpbrk(xv_metrics[i].help, "\\\n"));
	}
}

static void test_reasons(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < XV_DROP_MAX; i++) {
		assert_non_null(xv_drop_names[i]);
		assert_true(strlen(xv_drop_help[i]) > 5);
		for (j = 0; j < i; j++)
			assert_string_not_equal(xv_drop_names[i], xv_drop_names[j]);
	}
	for (i = 0; i < XV_PATH_MAX; i++) {
		assert_non_null(xv_path_names[i]);
		assert_true(strlen(xv_path_help[i]) > 5);
		for (j = 0; j < i; j++)
			assert_string_not_equal(xv_path_names[i], xv_path_names[j]);
	}
}

static void test_json(void **state)
{
	static const struct {
		const char *text, *json;
	} cases[] = {
		{"plain", "\"plain\""},
		{"a\"b\\c", "\"a\\\"b\\\\c\""},
		{"tab\there\n", "\"tab\\there\\n\""},
		{"gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""},
		{"\x01\x1f\x7f", "\"\\u0001\\u001F\x7f\""},
		{"bad\xff\xc3", "\"bad\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* surrogate */
		{"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""},		      /* overlong */
		{"", "null"},
	};
	char buf[XV_ROW_JSON], want[256], *again;
	struct xv_row row;
	size_t i, len;
	json_t *root;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		xv_row_start(&row, XV_TABLE_PATH_STATS);
		xv_row_text(&row, XV_COL_PATH_STATS_PATH, cases[i].text);
		xv_row_number(&row, XV_COL_PATH_STATS_PACKETS, UINT64_MAX);
		len = xv_row_json(&row, buf);
		snprintf(want, sizeof(want),
			 "{\"path\":%s,\"packets\":18446744073709551615,\"bytes\":null,"
			 "\"help\":null}",
			 cases[i].json);
		buf[len] = '\0';
		assert_string_equal(buf, want);
		xv_row_number(&row, XV_COL_PATH_STATS_PACKETS, 0);
		len = xv_row_json(&row, buf);
		root = json_loadb(buf, len, 0, NULL);
		assert_non_null(root);
		again = json_dumps(root, JSON_COMPACT);
		assert_int_equal(strlen(again), len);
		assert_memory_equal(again, buf, len);
		free(again);
		json_decref(root);
	}
}

/* The longest row there can be: all texts, every byte escaped to six. */
static void test_json_longest(void **state)
{
	char text[4 * XV_ROW_TEXT], buf[XV_ROW_JSON];
	struct xv_row row;
	json_t *root;
	size_t i, len;

	(void)state;
	memset(text, 1, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (i = 0; i < XV_TABLE_MAX; i++) {
		fill_row(&row, i, 0);
		xv_row_start(&row, i);
		for (size_t c = 0; c < xv_tables[i].n_columns; c++) {
			if (xv_tables[i].columns[c].type == XV_TEXT)
				xv_row_text(&row, c, text);
			else
				xv_row_number(&row, c, UINT64_MAX / 2);
		}
		len = xv_row_json(&row, buf);
		assert_in_range(len, XV_ROW_TEXT, XV_ROW_JSON);
		root = json_loadb(buf, len, 0, NULL);
		assert_non_null(root);
		assert_int_equal(json_object_size(root), xv_tables[i].n_columns);
		json_decref(root);
	}
}

/* Text of a table as xvtep prints it, its rows in parts of `part`. */
static char *render(unsigned int table, json_t *rows, size_t part, bool all)
{
	struct xv_text text;
	char *out = NULL;
	size_t size, i, j;
	FILE *stream = open_memstream(&out, &size);
	json_t *some;

	xv_text_start(&text, &xv_tables[table], stream, all);
	for (i = 0; i < json_array_size(rows); i += part) {
		some = json_array();
		for (j = i; j < i + part && j < json_array_size(rows); j++)
			json_array_append(some, json_array_get(rows, j));
		assert_int_equal(xv_text_rows(&text, some), 0);
		json_decref(some);
	}
	assert_int_equal(xv_text_finish(&text), 0);
	fclose(stream);
	return out;
}

static void cell_word(const struct xv_column *column, const json_t *value, char word[64])
{
	if (json_is_string(value))
		snprintf(word, 64, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(word, 64, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (column->type == XV_ONOFF)
		snprintf(word, 64, "%s", json_is_true(value) ? "on" : "off");
	else
		snprintf(word, 64, "%s", json_is_true(value) ? "yes" : "no");
}

/* Word by word, every cell of the JSON rows stands in the text, below its heading, in order. */
static void test_text_is_json(void **state)
{
	char want[64], *out, *save, *word;
	const struct xv_table *t;
	const struct xv_column *c;
	json_t *rows;
	size_t i, r, j;

	(void)state;
	for (i = 0; i < XV_TABLE_MAX; i++) {
		t = &xv_tables[i];
		if (t->flags & XV_TABLE_SINGLE)
			continue;
		rows = rows_json(i);
		out = render(i, rows, 2, true);
		word = strtok_r(out, " \n", &save);
		for (r = 0; r <= ROWS; r++) {
			for (j = 0; j < t->n_columns; j++) {
				c = &t->columns[j];
				if (!c->header)
					continue;
				assert_non_null(word);
				if (r)
					cell_word(c,
						  json_object_get(json_array_get(rows, r - 1),
								  c->key),
						  want);
				assert_string_equal(word, r ? want : c->header);
				word = strtok_r(NULL, " \n", &save);
			}
		}
		assert_null(word);
		json_decref(rows);
		free(out);
	}
}

static json_int_t json_total(json_t *rows, enum xv_table_id table, enum xv_metric_id metric)
{
	const struct xv_table *t = &xv_tables[table];
	json_int_t sum = 0;
	size_t r, j;
	json_t *row, *value;

	json_array_foreach(rows, r, row)
	{
		for (j = 0; j < t->n_columns; j++) {
			if (t->columns[j].metric != metric)
				continue;
			value = json_object_get(row, t->columns[j].key);
			sum += json_is_boolean(value)  ? json_is_true(value)
			       : json_is_string(value) ? 1
						       : json_integer_value(value);
		}
	}
	return sum;
}

/* Sum and number of a metric's samples in the exposition; its HELP and TYPE stand once, before. */
static json_int_t text_total(const char *out, enum xv_metric_id metric, size_t *samples)
{
	const char *name = xv_metrics[metric].name, *line, *end;
	size_t len = strlen(name);
	char type[128];
	json_int_t sum = 0;

	snprintf(type, sizeof(type), "# TYPE %s %s\n", name, xv_metrics[metric].type);
	line = strstr(out, type);
	assert_non_null(line);
	assert_null(strstr(line + 1, type));
	*samples = 0;
	for (line += strlen(type); *line && *line != '#'; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		assert_memory_equal(line, name, len);
		assert_true(line[len] == '{' || line[len] == ' ');
		while (end[-1] >= '0' && end[-1] <= '9')
			end--;
		sum += strtoll(end, NULL, 10);
		end = strchr(line, '\n');
		++*samples;
	}
	return sum;
}

/* Every table's samples add up to what its JSON says. */
static void test_metrics_are_json(void **state)
{
	struct xv_exposition exposition;
	struct evbuffer *buffer;
	const struct xv_table *t;
	struct xv_row row;
	size_t i, j, samples;
	json_t *rows;
	char *out;

	(void)state;
	for (i = 0; i < XV_TABLE_MAX; i++) {
		t = &xv_tables[i];
		rows = rows_json(i);
		buffer = evbuffer_new();
		xv_exposition_start(&exposition);
		for (j = 0; j < ROWS; j++) {
			fill_row(&row, i, j);
			assert_int_equal(xv_exposition_row(&exposition, &row), 0);
		}
		assert_int_equal(xv_exposition_finish(&exposition, buffer), 0);
		evbuffer_add(buffer, "", 1);
		out = (char *)evbuffer_pullup(buffer, -1);
		for (j = 0; j < t->n_columns; j++) {
			if (t->columns[j].metric == XV_METRIC_NONE)
				continue;
			assert_int_equal(text_total(out, t->columns[j].metric, &samples),
					 json_total(rows, i, t->columns[j].metric));
			assert_true(samples >= ROWS);
		}
		evbuffer_free(buffer);
		json_decref(rows);
	}
}

static void test_labels(void **state)
{
	static const char want[] =
		"# HELP xvtep_port_packets_total Frames of a port; rx: from the port, tx: to the "
		"port.\n"
		"# TYPE xvtep_port_packets_total counter\n"
		"xvtep_port_packets_total{dev=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\",vlan=\"7\","
		"direction=\"rx\"} 5\n";
	struct evbuffer *buffer = evbuffer_new();
	struct xv_exposition exposition;
	struct xv_row row;

	(void)state;
	xv_row_start(&row, XV_TABLE_PORT_STATS);
	xv_row_text(&row, XV_COL_PORT_STATS_DEV, "a\"b\\c\nd\xff");
	xv_row_number(&row, XV_COL_PORT_STATS_VLAN, 7);
	xv_row_number(&row, XV_COL_PORT_STATS_RX_PACKETS, 5);
	xv_exposition_start(&exposition);
	assert_int_equal(xv_exposition_row(&exposition, &row), 0);
	assert_int_equal(xv_exposition_finish(&exposition, buffer), 0);
	assert_int_equal(evbuffer_get_length(buffer), strlen(want));
	assert_memory_equal(evbuffer_pullup(buffer, -1), want, strlen(want));
	evbuffer_free(buffer);
}

/* Rows without a packet are left out of text only, and only where the table says so. */
static void test_hidden_rows(void **state)
{
	json_t *rows = json_pack("[{s:s,s:i,s:i,s:s},{s:s,s:i,s:i,s:i,s:s,s:s,s:s}]", "reason",
				 "nomem", "packets", 0, "bytes", 0, "help", "a", "reason",
				 "ip_csum", "packets", 3, "bytes", 90, "age", 7, "dev", "eth0",
				 "remote", "192.0.2.9", "help", "b");
	char *some = render(XV_TABLE_DROPS, rows, 1, false);
	char *all = render(XV_TABLE_DROPS, rows, 1, true);
	char *none;

	(void)state;
	assert_string_equal(
		some, "REASON  PACKETS BYTES AGE DEV  TO TO-VLAN REMOTE    VNI SRC DST VLAN WHY\n"
		      "ip_csum       3    90   7 eth0 -        - 192.0.2.9   - -   -      - b\n");
	assert_non_null(strstr(all, "nomem"));
	json_array_remove(rows, 1);
	none = render(XV_TABLE_DROPS, rows, 1, false);
	assert_string_equal(
		none, "REASON PACKETS BYTES AGE DEV TO TO-VLAN REMOTE VNI SRC DST VLAN WHY\n");
	json_decref(rows);
	free(some);
	free(all);
	free(none);
}

/* A terminal's control sequences in a name do not reach the terminal. */
static void test_text_is_safe(void **state)
{
	json_t *rows = json_pack("[{s:s}]", "dev", "a\x1b[2J");
	json_t *status = json_pack("[{s:s}]", "instance", "b\x1b[2J");
	char *out = render(XV_TABLE_PORT, rows, 1, true);
	char *single = render(XV_TABLE_STATUS, status, 1, true);

	(void)state;
	assert_null(strchr(out, 0x1b));
	assert_null(strchr(single, 0x1b));
	json_decref(rows);
	json_decref(status);
	free(out);
	free(single);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),	     cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_reasons),	     cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_longest), cmocka_unit_test(test_text_is_json),
		cmocka_unit_test(test_labels),	     cmocka_unit_test(test_metrics_are_json),
		cmocka_unit_test(test_hidden_rows),  cmocka_unit_test(test_text_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
