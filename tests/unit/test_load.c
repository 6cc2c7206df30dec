/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries loaded from lines: what is taken, what refusals say, that pieces may end anywhere, and
 * that a load that fails leaves nothing. Without root: a table in plain memory, ports for places.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/batch.h"
#include "model/mac_table.h"
#include "sources/load.h"

enum {
	BD_BLUE = 1,
	BD_RED,
	PORT_BLUE = 1,
	PORT_TAGGED,
	PORT_RED,
	MANY = 20000,
	BUCKETS = 1 << 15,
};

static struct {
	struct xv_table_head head;
	struct xv_table_bucket bucket[BUCKETS];
} memory __attribute__((aligned(64)));

static struct xv_batch batch = {.depth = 1}; /* never settled: there is no datapath */
static struct xv_model model;
static struct xv_load *loads;
static struct xv_datapath dp;
static struct xv_mac_table fdb;
static struct xv_network nets[3] = {{}, {.vni = 100, .bd = BD_BLUE}, {.vni = 200, .bd = BD_RED}};
static struct xv_port ports[4] = {
	{},
	{.key = {.dev = "p1"}, .id = PORT_BLUE, .net = &nets[BD_BLUE]},
	{.key = {.dev = "p1", .vlan = 7}, .id = PORT_TAGGED, .net = &nets[BD_BLUE]},
	{.key = {.dev = "p3"}, .id = PORT_RED, .net = &nets[BD_RED]},
};

static int set_up(void **state)
{
	struct xv_err err;
	int i;

	(void)state;
	memset(&memory, 0, sizeof(memory));
	memory.head.mask = BUCKETS - 1; /* it need not grow */
	memory.head.seed = 1;
	memset(&model, 0, sizeof(model));
	memset(&dp.fd, 0xff, sizeof(dp.fd)); /* no maps */
	model.dp = &dp;
	model.macs = &fdb;
	fdb.waiting = true; /* for a grace period that this test does not have */
	model.base = event_base_new();
	model.by_bd = calloc(XV_MAX_NETWORKS, sizeof(*model.by_bd));
	model.port_by_id = calloc(XV_MAX_PORTS, sizeof(*model.port_by_id));
	model.peer_by_id = calloc(XV_MAX_PEERS, sizeof(*model.peer_by_id));
	model.batch = &batch;
	strcpy(nets[BD_BLUE].set.name, "blue");
	strcpy(nets[BD_RED].set.name, "red");
	for (i = 1; i < 3; i++) {
		model.by_bd[i] = &nets[i];
		HASH_ADD(hh, model.networks, vni, sizeof(nets[i].vni), &nets[i]);
	}
	for (i = 1; i < 4; i++) {
		model.port_by_id[i] = &ports[i];
		HASH_ADD(hh, model.ports, key, sizeof(ports[i].key), &ports[i]);
	}
	return xv_table_open_memory(&memory, BUCKETS, NULL, &fdb.table, &err);
}

static int tear_down(void **state)
{
	(void)state;
	xv_table_close(fdb.table);
	HASH_CLEAR(hh, model.networks);
	HASH_CLEAR(hh, model.ports);
	event_base_free(model.base);
	free(model.by_bd);
	free(model.port_by_id);
	free(model.peer_by_id);
	return 0;
}

struct outcome {
	bool called;
	int ret;
	size_t entries;
	struct xv_err err;
};

static void on_done(void *arg, int ret, size_t entries, const struct xv_err *err)
{
	struct outcome *o = arg;

	assert_false(o->called);
	*o = (struct outcome){.called = true, .ret = ret, .entries = entries};
	if (ret)
		o->err = *err;
}

/* Loads a text in pieces of so many bytes. */
static struct outcome load(const char *text, size_t len, size_t piece, bool replace)
{
	struct xv_load *l = xv_load_new(&model, &loads, "f", replace);
	struct outcome o = {.err.text = ""};
	char *copy;
	size_t n;

	assert_non_null(l);
	for (; len && !o.ret; text += n, len -= n) {
		n = len < piece ? len : piece;
		copy = malloc(n);
		memcpy(copy, text, n);
		o.ret = xv_load_text(l, copy, n, &o.err);
		free(copy);
	}
	if (!o.ret)
		o.ret = xv_load_apply(l, on_done, &o, &o.err);
	if (o.ret) {
		xv_load_free(l);
		return o;
	}
	while (!o.called)
		event_base_loop(model.base, EVLOOP_ONCE);
	assert_null(loads);
	return o;
}

static struct outcome load_text(const char *text)
{
	return load(text, strlen(text), strlen(text) ? strlen(text) : 1, false);
}

static void expect(const char *mac, uint32_t bd, uint32_t port)
{
	struct xv_fdb_key key = {.bd = bd};
	struct xv_fdb_val val;

	assert_int_equal(sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &key.mac[0], &key.mac[1],
				&key.mac[2], &key.mac[3], &key.mac[4], &key.mac[5]),
			 6);
	assert_int_equal(xv_fdb_get(&model, &key, &val), 0);
	assert_int_equal(val.kind, XV_FDB_PORT);
	assert_int_equal(val.dst, port);
	assert_int_equal(val.flags, XV_FDB_STATIC);
}

static const char good[] = "# all the ways\n"
			   "\n"
			   "  \t\r\n"
			   "02:00:00:00:00:01 network blue dev p1\n"
			   "02-00-00-00-00-02 network 100 dev p1 vlan 7   # by VNI\n"
			   "\t02:00:00:00:00:01 dev p3 network red\r\n"
			   "mac 02:00:00:00:00:03 net red d p3\n"
			   "02:00:00:00:00:04 network red dev p3 #";

static void test_good(void **state)
{
	struct outcome o;
	size_t piece;

	(void)state;
	for (piece = 1; piece <= strlen(good); piece++) {
		o = load(good, strlen(good), piece, piece > 1);
		if (o.ret)
			fail_msg("pieces of %zu: %s", piece, o.err.text);
		assert_int_equal(o.entries, 5);
		assert_int_equal(xv_mac_table_count(&model), 5);
	}
	expect("02:00:00:00:00:01", BD_BLUE, PORT_BLUE);
	expect("02:00:00:00:00:02", BD_BLUE, PORT_TAGGED);
	expect("02:00:00:00:00:01", BD_RED, PORT_RED);
	expect("02:00:00:00:00:03", BD_RED, PORT_RED);
	expect("02:00:00:00:00:04", BD_RED, PORT_RED);
	o = load("", 0, 1, false);
	assert_int_equal(o.ret, 0);
	assert_int_equal(o.entries, 0);
}

static const struct {
	const char *line, *error; /* without "f:2: " */
} bad[] = {
	{"x", "bad mac \"x\": expected a MAC address such as 02:00:00:00:00:0b"},
	{"02:00:00:00:00:1 network blue dev p1",
	 "bad mac \"02:00:00:00:00:1\": expected a MAC address such as 02:00:00:00:00:0b"},
	{"03:00:00:00:00:01 network blue dev p1",
	 "bad mac \"03:00:00:00:00:01\": a multicast or zero MAC is not a station's"},
	{"03:00:00:00:00:01 network blue remote 192.0.2.2",
	 "bad mac \"03:00:00:00:00:01\": a multicast or zero MAC is not a station's"},
	{"02:00:00:00:00:11", "fdb add needs \"network\": fdb add MAC network NETWORK "
			      "[remote ADDRESS] [dev DEVICE] [vlan N] [sticky]"},
	{"02:00:00:00:00:11 network blue", "a static entry needs either of \"remote\" and \"dev\""},
	{"02:00:00:00:00:11 network blue dev p1 remote 192.0.2.2",
	 "a static entry needs only one of \"remote\" and \"dev\""},
	{"02:00:00:00:00:11 network blue remote 192.0.2.2 vlan 7",
	 "\"vlan\" goes with \"dev\", not \"remote\""},
	{"02:00:00:00:00:11 network green remote 192.0.2.2",
	 "there is no network \"green\": see \"xvtep network show\""},
	{"02:00:00:00:00:11 network 16777216 dev p1",
	 "bad network \"16777216\": a VNI is a number from 1 to 16777215"},
	{"02:00:00:00:00:11 network blue remote 192.0.2",
	 "bad remote \"192.0.2\": expected an address such as 192.0.2.2 or 2001:db8::2"},
	{"02:00:00:00:00:11 network blue remote 239.1.1.1",
	 "bad remote 239.1.1.1: it is a multicast, not a host's address"},
	{"02:00:00:00:00:11 network blue remote ::1",
	 "bad remote ::1: it is not a remote host's address"},
	{"02:00:00:00:00:11 network blue dev p1#", "p1# is not a port: see \"xvtep port show\""},
	{"02:00:00:00:00:11 network blue dev p2", "p2 is not a port: see \"xvtep port show\""},
	{"02:00:00:00:00:11 network blue dev p1 vlan 8",
	 "p1 vlan 8 is not a port: see \"xvtep port show\""},
	{"02:00:00:00:00:11 network blue dev p1 vlan 4095",
	 "bad vlan \"4095\": expected a number from 0 to 4094"},
	{"02:00:00:00:00:11 network red dev p1", "p1 is a port of network blue, not of red"},
	{"02:00:00:00:00:11 network blue dev p1 dev p1", "\"dev\" is given twice"},
	{"02:00:00:00:00:11 network blue dev", "\"dev\" needs a value: DEVICE"},
	{"02:00:00:00:00:11 network blue dev p1 colour red",
	 "fdb add does not know \"colour\": it takes MAC, network, remote, dev, vlan or "
	 "sticky"},
	{"a a a a a a a a a a a a a a a a a", "more words than \"fdb add\" takes"},
	{"02:00:00:00:00:01 network blue dev p1",
	 "02:00:00:00:00:01 is in network \"blue\" twice: in line 1 already"},
	{"02:00:00:00:00:09 network blue dev p1",
	 "02:00:00:00:00:09 has a static entry in \"blue\" already"},
};

/* The second of three lines is wrong, in all ways: the table is as it was. */
static void test_bad(void **state)
{
	struct outcome o = load_text("02:00:00:00:00:09 network blue dev p1\n");
	char text[1024], want[512];
	size_t i;

	(void)state;
	assert_int_equal(o.ret, 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text),
			 "02:00:00:00:00:01 network blue dev p1\n%s\n"
			 "02:00:00:00:00:02 network blue dev p1\n",
			 bad[i].line);
		snprintf(want, sizeof(want), "f:2: %s", bad[i].error);
		o = load_text(text);
		assert_true(o.ret < 0);
		assert_string_equal(o.err.text, want);
		assert_int_equal(xv_mac_table_count(&model), 1);
	}
}

static void test_bytes(void **state)
{
	char line[XV_LOAD_LINE + 3] = "02:00:00:00:00:01 network blue dev p1";
	struct outcome o;

	(void)state;
	o = load("02:00:00:00:00:01 network blue dev p1\0x\n", 40, 40, false);
	assert_string_equal(o.err.text, "f:1: a NUL byte: is this a text file?");
	memset(line + strlen(line), ' ', sizeof(line) - strlen(line));
	o = load(line, XV_LOAD_LINE, 100, false);
	assert_int_equal(o.ret, 0);
	o = load(line, XV_LOAD_LINE + 1, 100, true);
	assert_string_equal(o.err.text, "f:1: a line has at most 512 bytes");
	line[XV_LOAD_LINE + 1] = '\n';
	o = load(line, XV_LOAD_LINE + 2, 100, true);
	assert_string_equal(o.err.text, "f:1: a line has at most 512 bytes");
	o = load(line, XV_LOAD_LINE + 2, 1000, true);
	assert_string_equal(o.err.text, "f:1: a line has at most 512 bytes");
}

/* The first wrong line is told of, whatever is found first. */
static void test_first(void **state)
{
	struct outcome o = load_text("02:00:00:00:00:09 network blue dev p1");

	(void)state;
	assert_int_equal(o.ret, 0);
	o = load_text("#\n02:00:00:00:00:09 network blue dev p1\nx\n");
	assert_string_equal(o.err.text, "f:2: 02:00:00:00:00:09 has a static entry in \"blue\" "
					"already");
	o = load_text("02:00:00:00:00:09 network blue dev p1\n02:00:00:00:00:01 net blue d p1\n");
	assert_string_equal(o.err.text, "f:1: 02:00:00:00:00:09 has a static entry in \"blue\" "
					"already");
}

static char *many_lines(size_t n, const char *place, const char *last)
{
	char *text, *p;
	size_t i;

	text = p = malloc(n * 64 + 256);
	for (i = 1; i <= n; i++)
		p += sprintf(p, "02:00:00:00:%02zx:%02zx network red %s\n", i >> 8, i & 255, place);
	strcpy(p, last);
	return text;
}

/* A MAC twice, far apart, is found while entries are added already: they are taken away. */
static void test_undo(void **state)
{
	char *text = many_lines(MANY, "dev p3", "02:00:00:00:00:05 network red dev p3\n");
	struct xv_network *net = &nets[BD_RED];
	struct outcome o;

	(void)state;
	net->learned = 0;
	assert_int_equal(xv_fdb_learn(&model, net,
				      &(struct xv_fdb_key){.bd = BD_RED, .mac = {2, 0, 0, 0, 0, 1}},
				      XV_FDB_PORT, PORT_RED, 0, xv_fdb_now()),
			 0);
	o = load_text(text);
	assert_int_equal(o.ret, -EEXIST);
	assert_string_equal(o.err.text,
			    "f:20001: 02:00:00:00:00:05 is in network \"red\" twice: in line 5 "
			    "already");
	/* But for a learned one that had to give way. */
	assert_int_equal(xv_mac_table_count(&model), 0);
	assert_int_equal(net->learned, 0);
	free(text);
}

/* Applies many lines; after the first step *gone is taken away, until the end. */
static struct outcome load_losing(void **gone, bool replace)
{
	char *text = many_lines(MANY, "dev p3", "");
	struct xv_load *l = xv_load_new(&model, &loads, "f", replace);
	struct outcome o = {.err.text = ""};
	void *was = *gone;

	assert_int_equal(xv_load_text(l, text, strlen(text), &o.err), 0);
	assert_int_equal(xv_load_apply(l, on_done, &o, &o.err), 0);
	event_base_loop(model.base, EVLOOP_ONCE);
	assert_in_range(xv_mac_table_count(&model), 1, MANY - 1);
	*gone = NULL;
	while (!o.called)
		event_base_loop(model.base, EVLOOP_ONCE);
	*gone = was;
	free(text);
	return o;
}

static void test_port_gone(void **state)
{
	struct outcome o = load_losing((void **)&model.port_by_id[PORT_RED], false);

	(void)state;
	assert_int_equal(o.ret, -ENOENT);
	assert_string_equal(o.err.text,
			    "f:8193: the port of 02:00:00:00:20:01 was deleted meanwhile");
	assert_int_equal(xv_mac_table_count(&model), 0);
}

static void test_network_gone(void **state)
{
	struct outcome o = load_losing((void **)&model.by_bd[BD_RED], true);

	(void)state;
	assert_int_equal(o.ret, -ENOENT);
	assert_string_equal(o.err.text,
			    "8192 of 20000 entries were loaded before this failed: f:8193: the "
			    "network of 02:00:00:00:20:01 was deleted meanwhile");
	assert_int_equal(xv_mac_table_count(&model), 8192);
}

/* Nobody waits for it any more: it is finished all the same. The instance stops: it is not. */
static void test_abandoned(void **state)
{
	struct outcome o = {.err.text = ""};
	int stop;

	(void)state;
	for (stop = 0; stop < 2; stop++) {
		char *text = many_lines(MANY, "dev p3", "");
		struct xv_load *l = xv_load_new(&model, &loads, "f", true);

		assert_int_equal(xv_load_text(l, text, strlen(text), &o.err), 0);
		assert_int_equal(xv_load_apply(l, on_done, &o, &o.err), 0);
		xv_load_abandon(l);
		free(text);
		if (stop)
			xv_load_stop(&loads);
		while (loads)
			event_base_loop(model.base, EVLOOP_ONCE);
		assert_int_equal(xv_mac_table_count(&model), MANY);
	}
	assert_false(o.called);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_undo, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_port_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_network_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_abandoned, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
