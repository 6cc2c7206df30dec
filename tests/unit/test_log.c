// SPDX-License-Identifier: GPL-2.0-only
/* The log: nobody reads it, one cause writes it full, names from outside are in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "printable.h"

enum {
	LIMIT_S = 10, /* a write that waits ends the test */
	LINES = 20000,
};

struct sink {
	int stderr_was, in; /* what was written to standard error is read from in */
};

static void sink_open(struct sink *sink, int ends[2])
{
	sink->stderr_was = dup(STDERR_FILENO);
	sink->in = ends[0];
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	xv_log_open("test", false);
	alarm(LIMIT_S);
}

static void sink_close(struct sink *sink)
{
	alarm(0);
	dup2(sink->stderr_was, STDERR_FILENO);
	xv_log_open("test", false);
	close(sink->stderr_was);
	close(sink->in);
}

/* Reads all that waits; what is kept of it is its beginning. */
static size_t drain(struct sink *sink, char *text, size_t size)
{
	char buf[4096];
	size_t lines = 0, used = 0;
	ssize_t n, i;

	while ((n = read(sink->in, buf, sizeof(buf))) > 0)
		for (i = 0; i < n; i++) {
			lines += buf[i] == '\n';
			if (used < size - 1)
				text[used++] = buf[i];
		}
	text[used] = '\0';
	return lines;
}

/* Lines that found no room are counted, and told when there is some: none is without a trace. */
static void check_nobody_reads(int ends[2])
{
	struct sink sink;
	char text[256];
	unsigned int lost;
	size_t got, i;

	sink_open(&sink, ends);
	for (i = 0; i < LINES; i++)
		xv_log(LOG_NOTICE, "line %zu", i);
	xv_log_second();
	got = drain(&sink, text, sizeof(text));
	assert_in_range(got, 1, LINES - 1);
	xv_log_second();
	assert_int_equal(drain(&sink, text, sizeof(text)), 1);
	assert_int_equal(sscanf(text, "<4>xvtepd[test]: %u lines of this log were lost", &lost), 1);
	assert_int_equal(got + lost, LINES);
	xv_log_second();
	assert_int_equal(drain(&sink, text, sizeof(text)), 0);
	xv_log(LOG_NOTICE, "again");
	assert_int_equal(drain(&sink, text, sizeof(text)), 1);
	assert_string_equal(text, "<5>xvtepd[test]: again\n");
	assert_false(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK);
	sink_close(&sink);
}

static void test_pipe(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	check_nobody_reads(ends);
}

static void test_socket(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	check_nobody_reads(ends);
}

static void log_moves(uint32_t bd, int n)
{
	int i;

	for (i = 1; i <= n; i++)
		xv_log_limited(LOG_WARNING, bd, "network %u: move %d", bd, i);
}

/* One cause is two lines a second; networks do not hide each other. */
static void test_limited(void **state)
{
	struct sink sink;
	char text[8192];
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	sink_open(&sink, ends);
	log_moves(1, 1000);
	log_moves(2, 1);
	log_moves(3, 2);
	xv_log_second();
	drain(&sink, text, sizeof(text));
	assert_string_equal(
		text, "<4>xvtepd[test]: network 1: move 1\n"
		      "<4>xvtepd[test]: network 2: move 1\n"
		      "<4>xvtepd[test]: network 3: move 1\n"
		      "<4>xvtepd[test]: network 1: move 1000 (the last of 999 more in a second)\n"
		      "<4>xvtepd[test]: network 3: move 2 (the last of 1 more in a second)\n");
	log_moves(1, 1);
	xv_log_second();
	assert_int_equal(drain(&sink, text, sizeof(text)), 1);
	sink_close(&sink);
}

/* However many networks: 64 are named in a second. */
static void test_limited_networks(void **state)
{
	struct sink sink;
	char text[256];
	uint32_t bd;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	sink_open(&sink, ends);
	for (bd = 1; bd <= 1000; bd++)
		log_moves(bd, 2);
	assert_int_equal(drain(&sink, text, sizeof(text)), 64);
	xv_log_second();
	assert_int_equal(drain(&sink, text, sizeof(text)), 65);
	sink_close(&sink);
}

/* A name cannot end the line, colour the terminal, or pass for another line. */
static void test_escaped(void **state)
{
	struct sink sink;
	char text[256];
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	sink_open(&sink, ends);
	xv_log(LOG_NOTICE, "port %s: up", "a\033[2J\n<0>xvtepd[test]: all is well\x7f");
	drain(&sink, text, sizeof(text));
	assert_string_equal(text, "<5>xvtepd[test]: port a\\x1b[2J\\x0a<0>xvtepd[test]: all is "
				  "well\\x7f: up\n");
	sink_close(&sink);
}

static void test_printable(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{"", ""},
		{"plain \"text\" \\x", "plain \"text\" \\x"},
		{"\001\t\r\n\x1f\x7f", "\\x01\\x09\\x0d\\x0a\\x1f\\x7f"},
		{"gr\303\274n \342\202\254", "gr\303\274n \342\202\254"}, /* UTF-8 */
		{"\xc2\x9b"
		 "1m",
		 "\\xc2\\x9b1m"},		       /* U+009B, CSI */
		{"\x9b\xff\xc3(", "\\x9b\\xff\\xc3("}, /* not UTF-8 */
		{"\xc0\xaf", "\\xc0\\xaf"},	       /* overlong */
	};
	char to[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(xv_printable(to, sizeof(to), cases[i].from), strlen(cases[i].to));
		assert_string_equal(to, cases[i].to);
	}
	/* Cut between characters. */
	assert_int_equal(xv_printable(to, 6, "abc\n"), 3);
	assert_string_equal(to, "abc");
	assert_int_equal(xv_printable(to, 4, "ab\303\274"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipe),	cmocka_unit_test(test_socket),
		cmocka_unit_test(test_limited), cmocka_unit_test(test_limited_networks),
		cmocka_unit_test(test_escaped), cmocka_unit_test(test_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
