/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests, from words and from JSON lines: what is taken, and what refusals say. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sources/ops.h"
#include "args.h"
#include "words.h"

enum {
	WORDS_MAX = 24,
};

struct words_case {
	const char *words; /* separated by spaces; ~ is an empty word */
	const char *object, *command;
	const char *args;  /* JSON */
	const char *error; /* part of the message; NULL: it is taken */
};

static const struct words_case words_cases[] = {
	{"status", "status", "show", "{}", NULL},
	{"st", NULL, NULL, NULL, "\"st\" is ambiguous: it may be status, stats"},
	{"sta show", NULL, NULL, NULL, "ambiguous"},
	{"stats", "stats", "show", "{}", NULL},
	{"stats port", "stats", "show", "{\"section\":\"port\"}", NULL},
	{"stats show po", "stats", "show", "{\"section\":\"port\"}", NULL},
	{"stats p", NULL, NULL, NULL, "stats has no command \"p\": use show"},
	{"stats show p", NULL, NULL, NULL,
	 "bad section \"p\": expected network, port, peer or path"},
	{"net", "network", "show", "{}", NULL},
	{"network show blue", "network", "show", "{\"network\":\"blue\"}", NULL},
	{"network shwo", NULL, NULL, NULL,
	 "network has no command \"shwo\": use show, add, set or del"},
	{"network add vni 100 name blue learning off ageing 0 max-macs 1 learn-rate 9 inner-vlan "
	 "keep",
	 "network", "add",
	 "{\"vni\":100,\"name\":\"blue\",\"learning\":false,\"ageing\":0,\"max-macs\":1,"
	 "\"learn-rate\":9,\"inner-vlan\":\"keep\"}",
	 NULL},
	{"n a v 16777215", "network", "add", "{\"vni\":16777215}", NULL},
	{"network add vni 0", NULL, NULL, NULL,
	 "bad vni \"0\": expected a number from 1 to 16777215"},
	{"network add vni 16777216", NULL, NULL, NULL, "bad vni \"16777216\""},
	{"network add vni -1", NULL, NULL, NULL, "bad vni \"-1\""},
	{"network add vni 1 vni 2", NULL, NULL, NULL, "\"vni\" is given twice"},
	{"network add vni", NULL, NULL, NULL, "\"vni\" needs a value: N"},
	{"network add name blue", NULL, NULL, NULL, "network add needs \"vni\": network add vni N"},
	{"network add vni 5 name 77", NULL, NULL, NULL, "digits alone would be taken for a VNI"},
	{"network add vni 5 name a/b", NULL, NULL, NULL, "bad name \"a/b\": only letters"},
	{"network add vni 5 learning maybe", NULL, NULL, NULL,
	 "bad learning \"maybe\": expected on or off"},
	{"network add vni 5 inner-vlan x", NULL, NULL, NULL,
	 "bad inner-vlan \"x\": expected drop or keep"},
	{"network add vni 5 colour red", NULL, NULL, NULL,
	 "network add does not know \"colour\": it takes vni, name, learning, ageing, max-macs, "
	 "learn-rate, inner-vlan, link-local or loop-detect"},
	{"network set blue ageing 60", "network", "set", "{\"network\":\"blue\",\"ageing\":60}",
	 NULL},
	{"network set name name red", "network", "set", "{\"network\":\"name\",\"name\":\"red\"}",
	 NULL},
	{"network set network blue name red", "network", "set",
	 "{\"network\":\"blue\",\"name\":\"red\"}", NULL},
	{"network del", NULL, NULL, NULL, "network del needs \"NETWORK\": network del NETWORK"},
	{"network del 16777216", NULL, NULL, NULL, "a VNI is a number from 1 to 16777215"},
	{"port add veth0 vlan 10 network blue", "port", "add",
	 "{\"dev\":\"veth0\",\"vlan\":10,\"network\":\"blue\"}", NULL},
	{"port add dev network network blue", "port", "add",
	 "{\"dev\":\"network\",\"network\":\"blue\"}", NULL},
	{"port add network network blue", "port", "add",
	 "{\"dev\":\"network\",\"network\":\"blue\"}", NULL},
	{"port add veth0 network blue xdp on", NULL, NULL, NULL, "auto, native or off"},
	{"port add veth0", NULL, NULL, NULL, "port add needs \"network\""},
	{"port add veth0 vlan 4095 network b", NULL, NULL, NULL,
	 "bad vlan \"4095\": expected a number from 0 to 4094"},
	{"port add a-name-that-is-long network b", NULL, NULL, NULL, "at most 15 characters"},
	{"port del veth0", "port", "del", "{\"dev\":\"veth0\"}", NULL},
	{"port show veth0 net blue", "port", "show", "{\"dev\":\"veth0\",\"network\":\"blue\"}",
	 NULL},
	{"fdb add 02:00:00:00:00:0b network blue remote 2001:db8::2", "fdb", "add",
	 "{\"mac\":\"02:00:00:00:00:0b\",\"network\":\"blue\",\"remote\":\"2001:db8::2\"}", NULL},
	{"fdb replace 02:00:00:00:00:0b dev veth0 vlan 4 network blue", "fdb", "replace",
	 "{\"mac\":\"02:00:00:00:00:0b\",\"dev\":\"veth0\",\"vlan\":4,\"network\":\"blue\"}", NULL},
	{"fdb add 02:00:00:00:00:0b network blue dev p1 sticky", "fdb", "add",
	 "{\"mac\":\"02:00:00:00:00:0b\",\"network\":\"blue\",\"dev\":\"p1\",\"sticky\":true}",
	 NULL},
	{"fdb add 03:00:00:00:00:0b network blue remote 192.0.2.2", NULL, NULL, NULL,
	 "bad mac \"03:00:00:00:00:0b\": a multicast or zero MAC"},
	{"fdb load f replace", "fdb", "load", "{\"file\":\"f\",\"replace\":true}", NULL},
	{"fdb load -", "fdb", "load", "{\"file\":\"-\"}", NULL},
	{"fdb load", NULL, NULL, NULL, "fdb load needs \"FILE\": fdb load FILE [replace]"},
	{"fdb load f g", NULL, NULL, NULL,
	 "fdb load does not know \"g\": it takes FILE or replace"},
	{"fdb add blue", NULL, NULL, NULL, "bad mac \"blue\": expected a MAC address such as"},
	{"fdb add 02:00:00:00:00:0b network blue remote 192.0.2", NULL, NULL, NULL,
	 "bad remote \"192.0.2\": expected an address such as"},
	{"fdb 02:00:00:00:00:0b", "fdb", "show", "{\"mac\":\"02:00:00:00:00:0b\"}", NULL},
	{"fdb show network blue learned", "fdb", "show", "{\"network\":\"blue\",\"learned\":true}",
	 NULL},
	{"fdb show static static", NULL, NULL, NULL, "\"static\" is given twice"},
	{"fdb flush", "fdb", "flush", "{}", NULL},
	{"fdb fl dev veth0", "fdb", "flush", "{\"dev\":\"veth0\"}", NULL},
	{"flood add network blue remote 239.1.1.1", "flood", "add",
	 "{\"network\":\"blue\",\"remote\":\"239.1.1.1\"}", NULL},
	{"f", NULL, NULL, NULL, "\"f\" is ambiguous: it may be fdb, flood"},
	{"flood f blue", NULL, NULL, NULL, NULL},
	{"peer 192.0.2.2", "peer", "show", "{\"remote\":\"192.0.2.2\"}", NULL},
	{"peer add 192.0.2.2 now", NULL, NULL, NULL,
	 "peer add does not know \"now\": it takes ADDRESS"},
	{"peer add foo", NULL, NULL, NULL, "bad address \"foo\": expected an address such as"},
	{"port add a/b network blue", NULL, NULL, NULL, "bad device \"a/b\": a device name has"},
	{"network set blue", NULL, NULL, NULL, "network set: nothing to set; give name"},
	{"network set blue ageing -1", NULL, NULL, NULL, "bad ageing \"-1\""},
	{"port show vlan 5", NULL, NULL, NULL, "\"vlan\" needs a device beside it"},
	{"port show veth0 vlan 5", "port", "show", "{\"dev\":\"veth0\",\"vlan\":5}", NULL},
	{"fdb show learned static", NULL, NULL, NULL, "\"static\" exclude each other"},
	{"fdb flush remote 192.0.2.2 dev veth0", NULL, NULL, NULL, "\"dev\" exclude each other"},
	{"fdb show remote 192.0.2.2 vlan 5", NULL, NULL, NULL,
	 "\"vlan\" goes with \"dev\", not \"remote\""},
	{"fdb add 02:00:00:00:00:0b network blue", NULL, NULL, NULL,
	 "either of \"remote\" and \"dev\""},
	{"fdb replace 02:00:00:00:00:0b network blue remote 192.0.2.2 dev veth0", NULL, NULL, NULL,
	 "only one of \"remote\" and \"dev\""},
	{"drops all", "drops", "show", "{\"all\":true}", NULL},
	{"apply f.yaml", "apply", "", "{\"file\":\"f.yaml\"}", NULL},
	{"apply", NULL, NULL, NULL, "apply needs \"FILE\": apply FILE"},
	{"apply a b", NULL, NULL, NULL, "apply does not know \"b\": it takes FILE"},
	{"apply f.yaml text x", NULL, NULL, NULL, "apply does not know \"text\""},
	{"reload now", NULL, NULL, NULL, "reload does not know \"now\": it takes nothing more"},
	{"frob", NULL, NULL, NULL,
	 "unknown object \"frob\": use status, network, port, fdb, flood, peer, "
	 "stats, drops, apply, check, reload or save"},
	{"~", NULL, NULL, NULL, "unknown object \"\""},
	{"network ~", NULL, NULL, NULL, "network has no command \"\""},
	{"network del ~", NULL, NULL, NULL, "bad network \"\": expected a network's name or VNI"},
	{"network del a\x1b[31mb", "network", "del", NULL, NULL},
	{"status \xff\x1b", NULL, NULL, NULL, "status has no command \"??\""},
	{"network show \xff", NULL, NULL, NULL, "it is not UTF-8"},
};

static int split(char *words, char *argv[WORDS_MAX])
{
	int argc = 0;
	char *save, *word;

	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		assert_in_range(argc, 0, WORDS_MAX - 1);
		argv[argc++] = strcmp(word, "~") ? word : word + 1;
	}
	return argc;
}

static void check_words(const struct words_case *c)
{
	char *argv[WORDS_MAX], *words = strdup(c->words);
	struct xv_request request = {};
	struct xv_err err = {.text = ""};
	int ret, argc = split(words, argv);
	json_t *want;

	ret = xv_words_parse(argc, argv, &request, &err);
	if (c->error) {
		if (ret >= 0 || !strstr(err.text, c->error))
			fail_msg("%s: got %d \"%s\", want \"%s\"", c->words, ret, err.text,
				 c->error);
		assert_null(request.command);
	} else {
		if (ret)
			fail_msg("%s: %s", c->words, err.text);
		if (c->object) {
			assert_string_equal(request.command->object, c->object);
			assert_string_equal(request.command->name, c->command);
		}
		if (c->args) {
			want = json_loads(c->args, 0, NULL);
			assert_non_null(want);
			if (!json_equal(want, request.args))
				fail_msg("%s: %s", c->words, json_dumps(request.args, 0));
			json_decref(want);
		}
		xv_request_free(&request);
	}
	free(words);
}

static void test_words(void **state)
{
	struct xv_request request;
	struct xv_err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(words_cases) / sizeof(words_cases[0]); i++)
		check_words(&words_cases[i]);
	assert_int_equal(xv_words_parse(0, NULL, &request, &err), -EINVAL);
	assert_non_null(strstr(err.text, "an object is missing: use status"));
}

static const struct {
	const char *line;
	const char *error; /* part of the message; NULL: it is taken */
} line_cases[] = {
	{"{\"object\":\"status\"}", NULL},
	{"{\"object\":\"status\",\"command\":\"show\",\"args\":{}}", NULL},
	{" {\"args\":{\"file\":\"a\",\"text\":\"b\"},\"object\":\"apply\"} ", NULL},
	{"{\"object\":\"network\",\"command\":\"add\",\"args\":{\"vni\":16777215}}", NULL},
	{"", "the request is not JSON"},
	{"{", "the request is not JSON"},
	{"{}{}", "the request is not JSON"},
	{"[]", "the request is not a JSON object"},
	{"\xff{}", "the request is not JSON"},
	{"{\"object\":\"\xc3\x28\"}", "the request is not JSON"},
	{"{\"object\":\"a\",\"object\":\"b\"}", "the request is not JSON"},
	{"{}", "the request has no \"object\"; it is one of status"},
	{"{\"object\":7}", "the request has no \"object\""},
	{"{\"object\":\"status\",\"id\":1}",
	 "unknown key \"id\": a request has object, command and args"},
	{"{\"object\":\"frob\"}", "unknown object \"frob\": use status"},
	{"{\"object\":\"net\"}", "unknown object \"net\""},
	{"{\"object\":\"status\",\"command\":\"del\"}", "status has no command \"del\": use show"},
	{"{\"object\":\"status\",\"command\":[]}", "bad command: expected a string"},
	{"{\"object\":\"reload\",\"command\":\"x\"}", "reload has no command \"x\": it takes none"},
	{"{\"object\":\"status\",\"args\":[]}", "bad args: expected an object"},
	{"{\"object\":\"status\",\"args\":{\"x\":1}}",
	 "status show does not know \"x\": it takes no arguments"},
	{"{\"object\":\"drops\",\"args\":{\"all\":true}}", "drops show does not know \"all\""},
	{"{\"object\":\"network\",\"command\":\"add\",\"args\":{\"vni\":\"100\"}}",
	 "bad vni: expected a number from 1 to 16777215"},
	{"{\"object\":\"network\",\"command\":\"add\",\"args\":{\"vni\":-1}}", "bad vni \"-1\""},
	{"{\"object\":\"network\",\"command\":\"add\",\"args\":{\"vni\":1.5}}",
	 "bad vni: expected"},
	{"{\"object\":\"network\",\"command\":\"add\",\"args\":{\"vni\":9223372036854775807}}",
	 "bad vni"},
	{"{\"object\":\"network\",\"command\":\"add\",\"args\":{}}", "network add needs \"vni\""},
	{"{\"object\":\"network\",\"command\":\"add\",\"args\":{\"vni\":1,\"learning\":\"on\"}}",
	 "bad learning: expected true or false"},
	{"{\"object\":\"network\",\"command\":\"del\",\"args\":{\"network\":null}}",
	 "bad network: expected a string"},
	{"{\"object\":\"network\",\"command\":\"add\",\"args\":{\"vni\":1,\"name\":\"a\\u0000b\"}}",
	 "the request is not JSON"},
	{"{\"object\":\"apply\",\"args\":{\"file\":\"f\"}}", "apply needs \"text\""},
};

static void test_lines(void **state)
{
	struct xv_request request;
	struct xv_err err;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < sizeof(line_cases) / sizeof(line_cases[0]); i++) {
		err.text[0] = '\0';
		ret = xv_request_parse(line_cases[i].line, strlen(line_cases[i].line), &request,
				       &err);
		if (!line_cases[i].error) {
			if (ret)
				fail_msg("%s: %s", line_cases[i].line, err.text);
			xv_request_free(&request);
		} else if (ret >= 0 || !strstr(err.text, line_cases[i].error)) {
			fail_msg("%s: got %d \"%s\", want \"%s\"", line_cases[i].line, ret,
				 err.text, line_cases[i].error);
		}
	}
}

/* A line nested deeper than any parser should follow is refused, not overflowed. */
static void test_deep(void **state)
{
	enum { DEPTH = 1 << 20 };
	char *line = malloc(DEPTH);
	struct xv_request request;
	struct xv_err err;

	(void)state;
	memset(line, '[', DEPTH);
	assert_int_equal(xv_request_parse(line, DEPTH, &request, &err), -EINVAL);
	free(line);
}

/* The grammar itself: commands of an object stand together, have help and a handler. */
static void test_grammar(void **state)
{
	const struct xv_command *c, *d;
	const struct xv_arg *arg;
	char usage[512], list[256];

	(void)state;
	for (c = xv_commands; c->object; c++) {
		assert_true(xv_ops_knows(c));
		assert_true(strlen(c->help) > 5);
		assert_ptr_equal(xv_command_find(c->object, c->name), c);
		assert_in_range(strlen(xv_command_usage(c, usage, sizeof(usage))), 3, 200);
		assert_in_range(strlen(xv_command_args(c, list, sizeof(list))), 0, 120);
		for (d = c + 1; d->object; d++)
			assert_true(strcmp(c->object, d->object) || d == c + 1 ||
				    !strcmp(d[-1].object, d->object));
		for (arg = c->args; arg->name; arg++) {
			assert_ptr_equal(xv_command_arg(c, arg->name), arg);
			assert_int_equal(arg->type == XV_ARG_WORD, arg->words != NULL);
			assert_int_equal(arg->type == XV_ARG_UINT, arg->max != 0);
		}
	}
}

static void test_quote(void **state)
{
	char buf[XV_QUOTE_MAX], word[500];

	(void)state;
	assert_string_equal(xv_quote("a b", buf), "\"a b\"");
	assert_string_equal(xv_quote("", buf), "\"\"");
	assert_string_equal(xv_quote("\n\xff", buf), "\"\?\?\"");
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	xv_quote(word, buf);
	assert_int_equal(strlen(buf), XV_QUOTE_MAX - 1);
	assert_string_equal(buf + XV_QUOTE_MAX - 6, "x...\"");
}

static void test_format(void **state)
{
	static const char *const cases[][2] = {
		{"status", "status show"},
		{"network add vni 5 name red learning off",
		 "network add vni 5 name red learning off"},
		{"fdb flush network red static", "fdb flush network red static on"},
		{"network del a\x1b[31mb", "network del network \"a?[31mb\""},
		{"apply f.yaml", "apply file f.yaml"},
	};
	char *argv[WORDS_MAX], *words, text[512];
	struct xv_request request;
	struct xv_err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		words = strdup(cases[i][0]);
		assert_int_equal(xv_words_parse(split(words, argv), argv, &request, &err), 0);
		json_object_set_new(request.args, "text", json_string("a\nb"));
		assert_string_equal(xv_request_format(&request, text, sizeof(text)), cases[i][1]);
		assert_string_equal(xv_request_format(&request, text, 8), strndup(cases[i][1], 7));
		xv_request_free(&request);
		free(words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words), cmocka_unit_test(test_lines),
		cmocka_unit_test(test_deep),  cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_quote), cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
