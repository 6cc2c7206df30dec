/* SPDX-License-Identifier: GPL-2.0-only */
/* Bad configurations: each is refused with its line, its word and what would be right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/config_file.h"
#include "config_bad.h"
#include "sizes.h"

#define N_BAD (sizeof(bad_configs) / sizeof(bad_configs[0]))

/* Contents that must be in the message. Shows the message if not. */
static void expect_in(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no <%s> in <%s>", part, text);
}

static void refused(const char *text, size_t len, int line, const char *word, const char *right)
{
	struct xv_config untouched, *config = &untouched;
	struct xv_err err = {};
	char part[512];
	int code;

	code = xv_config_parse("t.yaml", text, len, &config, &err);
	if (code != -EINVAL)
		fail_msg("code %d <%s>", code, err.text);
	assert_ptr_equal(config, &untouched);
	snprintf(part, sizeof(part), "t.yaml:%d: ", line);
	if (strncmp(err.text, part, strlen(part)))
		fail_msg("<%s> does not begin with <%s>", err.text, part);
	if (word) {
		snprintf(part, sizeof(part), "\"%s\"", word);
		expect_in(err.text + 7, part);
	}
	expect_in(err.text, right);
}

static void test_bad(void **state)
{
	const struct bad_config *bad = *state;

	refused(bad->text, strlen(bad->text), bad->line, bad->word, bad->right);
}

/* A text that grows. */
struct text {
	char *buf;
	size_t len;
	FILE *out;
};

static FILE *text_open(struct text *text)
{
	text->out = open_memstream(&text->buf, &text->len);
	assert_non_null(text->out);
	return text->out;
}

static void text_refused(struct text *text, int line, const char *word, const char *right)
{
	fclose(text->out);
	refused(text->buf, text->len, line, word, right);
	free(text->buf);
}

static void test_limit_devices(void **state)
{
	struct text text;
	FILE *out = text_open(&text);
	int i;

	(void)state;
	fputs("underlay:\n  devices:\n", out);
	for (i = 0; i <= XV_MAX_UPLINKS; i++)
		fprintf(out, "  - eth%d\n", i);
	text_refused(&text, 3 + XV_MAX_UPLINKS, NULL, "more than 64 underlay devices");
}

static void test_limit_networks(void **state)
{
	struct text text;
	FILE *out = text_open(&text);
	int i;

	(void)state;
	fputs(NETS, out);
	for (i = 1; i <= XV_MAX_NETWORKS; i++)
		fprintf(out, "  - vni: %d\n", i);
	text_refused(&text, 2 + XV_MAX_NETWORKS, NULL, "more than 16383 networks");
}

/* Ports: 4 networks have as many as their flood lists hold, but for one. */
static void test_limit_ports(void **state)
{
	struct text text;
	FILE *out = text_open(&text);
	int i, j;

	(void)state;
	fputs(NETS, out);
	for (i = 1; i <= 4; i++) {
		fprintf(out, "  - vni: %d\n    ports:\n", i);
		for (j = 0; j < XV_MAX_FLOOD_LIST; j++)
			fprintf(out, "    - tap%d.%d\n", i, j);
	}
	text_refused(&text, 2 + 4 * 2 + XV_MAX_PORTS, NULL, "more than 16383 ports");
}

static void test_limit_flood_list(void **state)
{
	struct text text;
	FILE *out = text_open(&text);
	int i;

	(void)state;
	fputs(NET "    ports: [a, b]\n    flood:\n", out);
	for (i = 0; i < XV_MAX_FLOOD_LIST - 1; i++)
		fprintf(out, "    - 10.1.%d.%d\n", i >> 8, i & 255);
	text_refused(&text, 5 + XV_MAX_FLOOD_LIST - 1, NULL, "more than 4096 ports and flood");
}

static void test_limit_flood_lists(void **state)
{
	const int lists = XV_MAX_FLOOD / (XV_MAX_FLOOD_LIST - 1) + 1;
	const int rest = XV_MAX_FLOOD - (lists - 1) * (XV_MAX_FLOOD_LIST - 1);
	struct text text;
	FILE *out = text_open(&text);
	int i, j;

	(void)state;
	fputs(NETS, out);
	for (i = 1; i <= lists; i++) {
		fprintf(out, "  - vni: %d\n    flood:\n", i);
		for (j = 0; j < XV_MAX_FLOOD_LIST - 1; j++)
			fprintf(out, "    - 10.1.%d.%d\n", j >> 8, j & 255);
	}
	text_refused(&text, 2 + 2 * lists + (lists - 1) * (XV_MAX_FLOOD_LIST - 1) + rest + 1, NULL,
		     "more than 131072 ports and flood list entries in all");
}

/* 4,095 peers in flood lists, and one more that only a static entry names. */
static void test_limit_peers(void **state)
{
	struct text text;
	FILE *out = text_open(&text);
	int i;

	(void)state;
	fputs(NETS "  - vni: 1\n    flood:\n", out);
	for (i = 0; i < XV_MAX_PEERS - 1; i++)
		fprintf(out, "    - 10.1.%d.%d\n", i >> 8, i & 255);
	fprintf(out, "  - vni: 2\n    flood: [10.1.0.1]\n    fdb:\n");
	fprintf(out, "    - {mac: \"02:00:00:00:00:01\", remote: 10.1.0.1}\n");
	fprintf(out, "    - {mac: \"02:00:00:00:00:02\", remote: 10.2.0.1}\n");
	text_refused(&text, 4 + XV_MAX_PEERS - 1 + 5, "10.2.0.1", "at most 4095 different peers");
}

static void test_limit_fdb(void **state)
{
	struct text text;
	FILE *out = text_open(&text);
	int i;

	(void)state;
	fputs(NETS "  - vni: 1\n    fdb:\n", out);
	for (i = 0; i <= XV_MAX_FDB; i++)
		fprintf(out, "    - {mac: 02:00:00:%02x:%02x:%02x, remote: 10.1.0.1}\n", i >> 16,
			i >> 8 & 255, i & 255);
	text_refused(&text, 5 + XV_MAX_FDB, NULL, "more than 1048576 fdb entries");
}

/* A long word is cut where a character ends, and its message still fits. */
static void test_long_word(void **state)
{
	struct text text;
	FILE *out = text_open(&text);
	int i;

	(void)state;
	fputs(UL "instance: ", out);
	for (i = 0; i < 1000; i++)
		fputs("\xc3\xa9", out);
	putc('\n', out);
	text_refused(&text, 2, NULL, "\xc3\xa9...\": only letters");
}

static void test_deep_nesting(void **state)
{
	struct text text;
	FILE *out = text_open(&text);
	int i;

	(void)state;
	fputs(UL "networks: ", out);
	for (i = 0; i < 1000000; i++)
		putc('[', out);
	text_refused(&text, 2, NULL, "network must be a mapping");
}

static void load_refused(const char *file, int code, const char *right)
{
	struct xv_config *config = NULL;
	struct xv_err err = {};

	assert_int_equal(xv_config_load(file, &config, &err), code);
	assert_null(config);
	assert_int_equal(strncmp(err.text, file, strlen(file)), 0);
	expect_in(err.text, right);
}

static void test_load(void **state)
{
	char dir[] = "/tmp/xv-test-config-XXXXXX";
	struct xv_config *config = NULL;
	struct xv_err err;
	char file[64];
	FILE *out;

	(void)state;
	assert_non_null(mkdtemp(dir));
	load_refused(dir, -EISDIR, "is a directory");
	snprintf(file, sizeof(file), "%s/x.yaml", dir);
	load_refused(file, -ENOENT, "No such file");
	out = fopen(file, "w");
	assert_non_null(out);
	fputs("underlay: {}\n", out);
	fflush(out);
	load_refused(file, -EINVAL, ":1: underlay has no \"devices\"");
	assert_int_equal(ftruncate(fileno(out), (XV_FILE_MIB << 20) + 1), 0);
	load_refused(file, -EFBIG, "larger than 128 MiB");
	fclose(out);
	unlink(file);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_int_equal(xv_config_load_regular(file, &config, &err), -EINVAL);
	expect_in(err.text, "is a pipe; a reload reads regular files alone");
	unlink(file);
	assert_int_equal(xv_config_load_regular("/dev/null", &config, &err), -EINVAL);
	expect_in(err.text, "is a device or socket; a reload");
	rmdir(dir);
}

static const struct CMUnitTest others[] = {
	cmocka_unit_test(test_limit_devices),	  cmocka_unit_test(test_limit_networks),
	cmocka_unit_test(test_limit_ports),	  cmocka_unit_test(test_limit_flood_list),
	cmocka_unit_test(test_limit_flood_lists), cmocka_unit_test(test_limit_peers),
	cmocka_unit_test(test_limit_fdb),	  cmocka_unit_test(test_long_word),
	cmocka_unit_test(test_deep_nesting),	  cmocka_unit_test(test_load),
};

#define N_OTHERS (sizeof(others) / sizeof(others[0]))

int main(void)
{
	struct CMUnitTest tests[N_BAD + N_OTHERS];
	size_t i;

	memcpy(tests, others, sizeof(others));
	for (i = 0; i < N_BAD; i++)
		tests[N_OTHERS + i] = (struct CMUnitTest){
			.name = bad_configs[i].name,
			.test_func = test_bad,
			.initial_state = (void *)&bad_configs[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
