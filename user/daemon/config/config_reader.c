/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads a configuration file as a stream of YAML events: see config_reader.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/config_reader.h"

int xv_reader_line(const struct xv_reader *r)
{
	return r->event.start_mark.line + 1;
}

/* Converts a byte offset to a line: libyaml's decoder reports errors with offsets only. */
static int line_of_byte(const struct xv_reader *r, size_t offset)
{
	size_t i;
	int line = 1;

	for (i = 0; i < offset && i < r->len; i++)
		line += r->text[i] == '\n';
	return line;
}

/* Copies a line (counted from 0) without its indent, as far as it fits. */
static void copy_line(const struct xv_reader *r, size_t line, char *buf, size_t size)
{
	const char *p = r->text, *end = r->text + r->len, *stop;

	while (line-- && p) {
		p = memchr(p, '\n', end - p);
		p = p ? p + 1 : NULL;
	}
	buf[0] = '\0';
	if (!p)
		return;
	stop = memchr(p, '\n', end - p);
	stop = stop ? stop : end;
	while (p < stop && *p == ' ')
		p++;
	snprintf(buf, size, "%.*s", (int)(stop - p), p);
}

static int syntax_error(const struct xv_reader *r)
{
	const yaml_parser_t *p = &r->parser;
	size_t line = p->problem_mark.line;
	char near[XV_QUOTE_LEN], quote[XV_QUOTE_LEN], begun[48] = "";
	const char *hint = "";

	if (p->error == YAML_MEMORY_ERROR)
		return xv_err_set(r->source.err, -ENOMEM, "%s: out of memory", r->source.file);
	if (p->error == YAML_READER_ERROR)
		return xv_source_error(&r->source, line_of_byte(r, p->problem_offset),
				       "not UTF-8 text: %s (byte 0x%02x)", p->problem,
				       p->problem_value & 0xff);
	copy_line(r, line, near, sizeof(near));
	if (strchr(near, '\t'))
		hint = "; indent with spaces, not tabs";
	if (p->context && p->context_mark.line != line)
		snprintf(begun, sizeof(begun), " (begun on line %zu)", p->context_mark.line + 1);
	return xv_source_error(&r->source, line + 1, "YAML syntax: %s%s%s%s%s%s%s", p->problem,
			       p->context ? " " : "", p->context ? p->context : "", begun,
			       near[0] ? " near " : "", near[0] ? xv_source_quote(near, quote) : "",
			       hint);
}

static int refuse(const struct xv_reader *r, const char *what, char mark, const void *word)
{
	char text[XV_QUOTE_LEN], quote[XV_QUOTE_LEN];

	snprintf(text, sizeof(text), "%c%s", mark, (const char *)word);
	return xv_source_error(&r->source, xv_reader_line(r),
			       "%s %s is not supported here; write the value itself", what,
			       xv_source_quote(text, quote));
}

static int check_node(const struct xv_reader *r, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		return refuse(r, "anchor", '&', anchor);
	if (tag)
		return refuse(r, "tag", '!', tag[0] == '!' ? tag + 1 : tag);
	return 0;
}

int xv_reader_next(struct xv_reader *r)
{
	const yaml_event_t *e = &r->event;
	char quote[XV_QUOTE_LEN];
	const char *text;

	yaml_event_delete(&r->event);
	if (!yaml_parser_parse(&r->parser, &r->event))
		return syntax_error(r);
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return refuse(r, "alias", '*', e->data.alias.anchor);
	case YAML_SEQUENCE_START_EVENT:
		return check_node(r, e->data.sequence_start.anchor, e->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return check_node(r, e->data.mapping_start.anchor, e->data.mapping_start.tag);
	case YAML_SCALAR_EVENT:
		text = (const char *)e->data.scalar.value;
		if (strlen(text) != e->data.scalar.length)
			return xv_source_error(&r->source, xv_reader_line(r),
					       "%s goes on with a NUL character; leave that out",
					       xv_source_quote(text, quote));
		return check_node(r, e->data.scalar.anchor, e->data.scalar.tag);
	default:
		return 0;
	}
}

int xv_reader_open(struct xv_reader *r, const struct xv_source *source, const char *text,
		   size_t len)
{
	static const char bom[3] = {'\xef', '\xbb', '\xbf'};
	int err;

	memset(r, 0, sizeof(*r));
	r->source = *source;
	if (len >= sizeof(bom) && !memcmp(text, bom, sizeof(bom))) {
		text += sizeof(bom); /* libyaml accepts a byte order mark only if it may guess the
					encoding */
		len -= sizeof(bom);
	}
	r->text = text;
	r->len = len;
	if (!yaml_parser_initialize(&r->parser))
		return xv_err_set(source->err, -ENOMEM, "%s: out of memory", source->file);
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, len);
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	do {
		err = xv_reader_next(r);
		if (err)
			goto err_close;
	} while (r->event.type == YAML_STREAM_START_EVENT ||
		 r->event.type == YAML_DOCUMENT_START_EVENT);
	return 0;

err_close:
	xv_reader_close(r);
	return err;
}

int xv_reader_finish(struct xv_reader *r)
{
	int err;

	do {
		err = xv_reader_next(r);
		if (err)
			return err;
		if (r->event.type == YAML_DOCUMENT_END_EVENT)
			r->end_marked = !r->event.data.document_end.implicit;
	} while (r->event.type == YAML_DOCUMENT_END_EVENT);
	if (r->event.type != YAML_STREAM_END_EVENT)
		return xv_source_error(&r->source, xv_reader_line(r),
				       "a second YAML document starts here (\"---\"); a file holds "
				       "one configuration");
	if (r->len && r->text[r->len - 1] != '\n')
		return xv_source_error(&r->source, line_of_byte(r, r->len),
				       "the last line has no line feed at its end, so the file may "
				       "have been cut off; end the line if it was not");
	return 0;
}

void xv_reader_close(struct xv_reader *r)
{
	yaml_event_delete(&r->event);
	yaml_parser_delete(&r->parser);
}

static bool is_null(const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;

	return e->type == YAML_SCALAR_EVENT && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (!*text || !strcmp(text, "~") || !strcasecmp(text, "null"));
}

static const char *kind_of(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SEQUENCE_START_EVENT:
		return "a list";
	case YAML_MAPPING_START_EVENT:
		return "a mapping";
	default:
		return "nothing";
	}
}

int xv_reader_scalar(struct xv_reader *r, const char *name, const char **text)
{
	const yaml_event_t *e = &r->event;

	if (e->type != YAML_SCALAR_EVENT)
		return xv_source_error(&r->source, xv_reader_line(r),
				       "\"%s\" must be a single value, got %s; close the "
				       "bracket, or quote a value that starts with one",
				       name, kind_of(e));
	if (is_null(e))
		return xv_source_error(&r->source, xv_reader_line(r), "\"%s\" has no value", name);
	*text = (const char *)e->data.scalar.value;
	return 0;
}

static int unknown_key(struct xv_reader *r, const char *what, const struct xv_reader_key *keys,
		       size_t n_keys, const char *word)
{
	const char *words[XV_READER_MAX_KEYS + 1] = {};
	char quote[XV_QUOTE_LEN], list[256];
	const char *likely;
	size_t i;

	for (i = 0; i < n_keys; i++)
		words[i] = keys[i].name;
	likely = xv_source_nearest(word, words);
	xv_source_join(words, list, sizeof(list));
	xv_source_quote(word, quote);
	if (likely)
		return xv_source_error(&r->source, xv_reader_line(r),
				       "unknown key %s in %s; did you mean \"%s\"?", quote, what,
				       likely);
	return xv_source_error(&r->source, xv_reader_line(r), "unknown key %s in %s; it has: %s",
			       quote, what, list);
}

/* Reads a key, the current event: finds it in the table and notes its line. */
static int read_key(struct xv_reader *r, const char *what, const struct xv_reader_key *keys,
		    size_t n_keys, int *lines, const struct xv_reader_key **found)
{
	const char *word;
	size_t i;

	if (r->event.type != YAML_SCALAR_EVENT)
		return xv_source_error(&r->source, xv_reader_line(r),
				       "a key in %s must be one word, got %s", what,
				       kind_of(&r->event));
	word = (const char *)r->event.data.scalar.value;
	for (i = 0; i < n_keys && strcmp(word, keys[i].name); i++)
		;
	if (i == n_keys)
		return unknown_key(r, what, keys, n_keys, word);
	if (lines[i])
		return xv_source_error(&r->source, xv_reader_line(r),
				       "key \"%s\" is twice in %s, first on line %d; leave one",
				       word, what, lines[i]);
	lines[i] = xv_reader_line(r);
	*found = &keys[i];
	return 0;
}

int xv_reader_mapping(struct xv_reader *r, const char *what, const struct xv_reader_key *keys,
		      size_t n_keys, void *obj, int *lines)
{
	const struct xv_reader_key *key = NULL;
	char quote[XV_QUOTE_LEN];
	const char *got;
	int err;

	memset(lines, 0, n_keys * sizeof(*lines));
	if (r->event.type != YAML_MAPPING_START_EVENT) {
		got = kind_of(&r->event);
		if (r->event.type == YAML_SCALAR_EVENT && !is_null(&r->event))
			got = xv_source_quote((const char *)r->event.data.scalar.value, quote);
		return xv_source_error(&r->source, xv_reader_line(r),
				       "%s must be a mapping, with \"%s\" for example; got %s",
				       what, keys[0].name, got);
	}
	while (!(err = xv_reader_next(r)) && r->event.type != YAML_MAPPING_END_EVENT) {
		err = read_key(r, what, keys, n_keys, lines, &key);
		if (!err)
			err = xv_reader_next(r);
		if (!err)
			err = key->read(r, key, obj);
		if (err)
			return err;
	}
	return err;
}

int xv_reader_list(struct xv_reader *r, const char *name,
		   int (*item)(struct xv_reader *r, void *obj), void *obj)
{
	char quote[XV_QUOTE_LEN];
	const char *word;
	int err;

	if (is_null(&r->event)) /* what a file that was cut off may end with */
		return xv_source_error(&r->source, xv_reader_line(r),
				       "\"%s\" has no value; write \"%s: []\" for none", name,
				       name);
	if (r->event.type == YAML_SCALAR_EVENT) {
		word = (const char *)r->event.data.scalar.value;
		return xv_source_error(
			&r->source, xv_reader_line(r), "\"%s\" must be a list, got %s; write [%s]",
			name, xv_source_quote(word, quote), strlen(word) < 40 ? word : "...");
	}
	if (r->event.type != YAML_SEQUENCE_START_EVENT)
		return xv_source_error(&r->source, xv_reader_line(r),
				       "\"%s\" must be a list, got %s; put \"- \" in front of each",
				       name, kind_of(&r->event));
	while (!(err = xv_reader_next(r)) && r->event.type != YAML_SEQUENCE_END_EVENT) {
		err = item(r, obj);
		if (err)
			return err;
	}
	return err;
}
