/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mutates requests, always in the same way, and reads them: as a line of the control socket, and as
 * the words of a command line. Never a crash (built with the sanitizers); a refusal always has a
 * text; what is accepted is accepted again when it is written out. LLVMFuzzerTestOneInput() is
 * libFuzzer's entry too (XV_LIBFUZZER).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "row.h"
#include "words.h"

enum {
	RUNS = 50000,
	MAX_LEN = 1024,
	WORDS_MAX = 32,
};

static const char *const seeds[] = {
	"{\"object\":\"status\"}",
	"{\"object\":\"network\",\"command\":\"add\",\"args\":{\"vni\":100,\"name\":\"blue\","
	"\"learning\":true,\"ageing\":0,\"max-macs\":1,\"learn-rate\":4294967295,"
	"\"inner-vlan\":\"keep\"}}",
	"{\"object\":\"fdb\",\"command\":\"replace\",\"args\":{\"mac\":\"02:00:00:00:00:0b\","
	"\"network\":\"blue\",\"remote\":\"2001:db8::2\"}}",
	"{\"object\":\"fdb\",\"command\":\"show\",\"args\":{\"dev\":\"veth0\",\"vlan\":10,"
	"\"static\":true}}",
	"{\"object\":\"apply\",\"args\":{\"file\":\"f.yaml\",\"text\":\"instance: x\\n\"}}",
	"network add vni 100 name blue learning on ageing 60 inner-vlan drop",
	"fdb add 02:00:00:00:00:0b network blue dev veth0 vlan 4",
	"fdb load entries replace",
	"fdb flush network 100 static remote 192.0.2.2",
	"stats show port",
	"port add dev veth0 network blue",
};

static const char *const pieces[] = {
	"{",
	"}",
	"[",
	"]",
	":",
	",",
	"\"",
	"\\",
	"\\u0000",
	"\\ud800",
	"\\u00e9",
	"null",
	"true",
	"-1",
	"1e9",
	"1.5",
	"4294967296",
	"\xff",
	"\xc3\xa9",
	"\n",
	" ",
	"\"args\":",
	"\"vni\":",
	"\"mac\":",
	"object",
	"show",
	"network",
	"vlan ",
	"remote ",
	"::",
	"static",
	"dev ",
	"9223372036854775808",
	"aaaaaaaaaaaaaaaa",
};

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* xorshift64*: the same everywhere. */
static uint64_t state = 0x78767465702d7271;

static uint32_t below(uint32_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1d >> 32) % n;
}

static unsigned int lines_taken, words_taken;

static void die(const char *what, const char *text, size_t len)
{
	printf("not ok 1 - %s\n", what);
	fwrite(text, 1, len, stderr);
	exit(1);
}

/* Writes the request out and reads that: it must come out equal. */
static void check_again(const struct xv_request *request, const char *text, size_t len)
{
	struct xv_request again;
	struct xv_err err;
	json_t *root;
	char *line;

	root = json_pack("{s:s,s:s,s:O}", "object", request->command->object, "command",
			 request->command->name, "args", request->args);
	line = json_dumps(root, JSON_COMPACT);
	if (!line)
		die("accepted what is no JSON", text, len);
	if (xv_request_parse(line, strlen(line), &again, &err))
		die(err.text, text, len);
	if (again.command != request->command || !json_equal(again.args, request->args))
		die("reads differently the second time", text, len);
	xv_request_free(&again);
	json_decref(root);
	free(line);
}

static void try_line(const char *text, size_t len)
{
	struct xv_request request;
	struct xv_err err = {.text = ""};

	if (xv_request_parse(text, len, &request, &err)) {
		if (!*err.text)
			die("refused without a text", text, len);
		return;
	}
	lines_taken++;
	check_again(&request, text, len);
	xv_request_free(&request);
}

/* The same bytes as words; arguments that only the client knows are not for the daemon. */
static void try_words(char *text, size_t len)
{
	char *argv[WORDS_MAX], *word, *save;
	struct xv_request request;
	struct xv_err err = {.text = ""};
	int argc = 0;

	for (word = strtok_r(text, " ", &save); word && argc < WORDS_MAX;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	if (xv_words_parse(argc, argv, &request, &err)) {
		if (!*err.text)
			die("words refused without a text", text, len);
		return;
	}
	words_taken++;
	json_object_del(request.args, "all");
	if (xv_command_arg(request.command, "text")) /* of the file, which the client reads */
		json_object_set_new(request.args, "text", json_string("x"));
	check_again(&request, text, len);
	xv_request_free(&request);
}

/* Any bytes as a row's text: always JSON. */
static void try_row(const char *text)
{
	char json[XV_ROW_JSON];
	struct xv_row row;
	json_t *root;
	size_t len;

	xv_row_start(&row, XV_TABLE_PORT);
	xv_row_text(&row, XV_COL_PORT_STATUS, text);
	xv_row_text(&row, XV_COL_PORT_DEV, text);
	len = xv_row_json(&row, json);
	root = json_loadb(json, len, 0, NULL);
	if (!root)
		die("a row is no JSON", text, strlen(text));
	json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text;

	/* Blocks of just this size, so that a byte read behind them is seen. */
	text = malloc(len ? len : 1);
	if (!text)
		abort();
	memcpy(text, data, len);
	try_line(text, len);
	free(text);
	text = strndup((const char *)data, len);
	if (!text)
		abort();
	try_row(text);
	try_words(text, len);
	free(text);
	return 0;
}

#ifndef XV_LIBFUZZER
static size_t insert(char *buf, size_t len, const char *what, size_t n)
{
	size_t at = below(len + 1);

	if (len + n > MAX_LEN)
		return len;
	memmove(buf + at + n, buf + at, len - at);
	memcpy(buf + at, what, n);
	return len + n;
}

static size_t mutate(char *buf, size_t len)
{
	const char *piece = pieces[below(N(pieces))];
	char copy[MAX_LEN];
	size_t at, n;

	switch (below(4)) {
	case 0:
		return insert(buf, len, piece, strlen(piece));
	case 1:
		if (len)
			buf[below(len)] ^= 1 << below(8);
		return len;
	case 2:
		at = below(len + 1);
		n = below(len - at + 1) / (1 + below(8));
		memmove(buf + at, buf + at + n, len - at - n);
		return len - n;
	default:
		at = below(len + 1);
		n = below(len - at + 1);
		memcpy(copy, buf + at, n);
		return insert(buf, len, copy, n);
	}
}

int main(void)
{
	char buf[MAX_LEN];
	const char *seed;
	size_t len;
	int run, n;

	printf("1..1\n");
	for (run = 0; run < RUNS; run++) {
		seed = seeds[run % N(seeds)];
		len = strlen(seed);
		memcpy(buf, seed, len);
		for (n = below(4); n; n--)
			len = mutate(buf, len);
		LLVMFuzzerTestOneInput((const uint8_t *)buf, len);
	}
	/* Mutations that never leave a request whole would test the refusals alone. */
	if (lines_taken < RUNS / 50 || words_taken < RUNS / 50)
		die("too few requests were accepted", "", 0);
	printf("ok 1 - %d requests: %u lines and %u command lines taken\n", RUNS, lines_taken,
	       words_taken);
	return 0;
}
#endif
