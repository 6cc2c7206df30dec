/* SPDX-License-Identifier: GPL-2.0-only */
/* The difference of two configurations: exactly these operations, in this order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "config/config.h"
#include "config/config_file.h"
#include "config/plan.h"

#define UL "underlay: {devices: [eth0], address: 192.0.2.1}\n"

/* A text that names no networks has none. */
static struct xv_config *parse(const char *text)
{
	const char *none = strstr(text, "networks") ? "" : "networks: []\n";
	struct xv_config *config = NULL;
	struct xv_err err = {};
	char *whole;

	assert_true(asprintf(&whole, "%s%s", text, none) > 0);
	if (xv_config_parse("t.yaml", whole, strlen(whole), &config, &err))
		fail_msg("%s", err.text);
	free(whole);
	return config;
}

static const char *const op_names[] = {
	[XV_OP_FDB_DEL] = "-fdb",	  [XV_OP_FLOOD_DEL] = "-flood",
	[XV_OP_PORT_DEL] = "-port",	  [XV_OP_NETWORK_DEL] = "-network",
	[XV_OP_NETWORK_ADD] = "+network", [XV_OP_NETWORK_SET] = "=network",
	[XV_OP_PORT_ADD] = "+port",	  [XV_OP_FLOOD_ADD] = "+flood",
	[XV_OP_FDB_ADD] = "+fdb",
};

/* "+port 100 a.10": an operation as a line of text. */
static void print_op(const struct xv_op *op, FILE *out)
{
	char text[64];

	fprintf(out, "%s %u", op_names[op->type], op->vni);
	if (op->type == XV_OP_NETWORK_ADD || op->type == XV_OP_NETWORK_SET)
		fprintf(out, " %s", op->network->name);
	if (op->port)
		fprintf(out, " %s.%u", op->port->dev, op->port->vlan);
	if (op->remote)
		fprintf(out, " %s", xv_ip_format(&op->remote->ip, text));
	if (op->fdb) {
		fprintf(out, " %s", xv_mac_format(op->fdb->mac, text));
		if (op->fdb->is_port)
			fprintf(out, " %s.%u", op->fdb->port.dev, op->fdb->port.vlan);
		else
			fprintf(out, " %s", xv_ip_format(&op->fdb->remote, text));
	}
	putc('\n', out);
}

struct plan_case {
	const char *name, *have, *want, *ops;
};

static void test_case(void **state)
{
	const struct plan_case *c = *state;
	struct xv_config *have = parse(c->have), *want = parse(c->want);
	struct xv_plan plan = {};
	char *text = NULL;
	size_t len, i;
	FILE *out;

	assert_int_equal(xv_plan_make(have, want, &plan), 0);
	out = open_memstream(&text, &len);
	assert_non_null(out);
	for (i = 0; i < plan.n_ops; i++)
		print_op(&plan.ops[i], out);
	fclose(out);
	assert_string_equal(text, c->ops);
	free(text);
	xv_plan_free(&plan);
	assert_int_equal(plan.n_ops, 0);
	xv_config_free(have);
	xv_config_free(want);
}

#define TWO                                                    \
	UL "networks:\n"                                       \
	   "- vni: 100\n"                                      \
	   "  name: blue\n"                                    \
	   "  ports: [a, {dev: t, vlan: 10}]\n"                \
	   "  flood: [192.0.2.2, 192.0.2.3]\n"                 \
	   "  fdb:\n"                                          \
	   "  - {mac: 02:00:00:00:00:01, remote: 192.0.2.2}\n" \
	   "  - {mac: 02:00:00:00:00:02, dev: a}\n"            \
	   "- vni: 7\n"                                        \
	   "  ports: [{dev: t, vlan: 11}]\n"                   \
	   "  group: 239.1.1.1\n"

/* The same in another order, with defaults written out. */
#define TWO_TURNED                                                                                \
	UL "networks:\n"                                                                          \
	   "- {group: 239.1.1.1, name: vni7, ports: [{vlan: 11, dev: t}], vni: 7, ageing: 300}\n" \
	   "- vni: 100\n"                                                                         \
	   "  name: blue\n"                                                                       \
	   "  learning: true\n"                                                                   \
	   "  fdb:\n"                                                                             \
	   "  - {mac: 02-00-00-00-00-02, dev: a}\n"                                               \
	   "  - {mac: 02:00:00:00:00:01, remote: 192.0.2.2}\n"                                    \
	   "  flood: [192.0.2.3, 192.0.2.2]\n"                                                    \
	   "  ports: [{dev: t, vlan: 10}, a]\n"

#define ONE(keys) UL "networks:\n- {vni: 1, " keys "}\n"
#define MAC1	  "mac: 02:00:00:00:00:01"

static const struct plan_case cases[] = {
	{"nothing to nothing", UL, UL, ""},
	{"same", TWO, TWO, ""},
	{"same in another order", TWO, TWO_TURNED, ""},
	{"from nothing", UL, TWO,
	 "+network 100 blue\n"
	 "+network 7 vni7\n"
	 "+port 100 a.0\n"
	 "+port 100 t.10\n"
	 "+port 7 t.11\n"
	 "+flood 100 192.0.2.2\n"
	 "+flood 100 192.0.2.3\n"
	 "+fdb 100 02:00:00:00:00:01 192.0.2.2\n"
	 "+fdb 100 02:00:00:00:00:02 a.0\n"},
	{"to nothing", TWO, UL,
	 "-fdb 100 02:00:00:00:00:01 192.0.2.2\n"
	 "-fdb 100 02:00:00:00:00:02 a.0\n"
	 "-flood 100 192.0.2.2\n"
	 "-flood 100 192.0.2.3\n"
	 "-port 100 a.0\n"
	 "-port 100 t.10\n"
	 "-port 7 t.11\n"
	 "-network 100\n"
	 "-network 7\n"},
	{"another VNI", ONE("ports: [a]"), UL "networks:\n- {vni: 256, ports: [a]}\n",
	 "-port 1 a.0\n-network 1\n+network 256 vni256\n+port 256 a.0\n"},
	{"name", ONE("name: a"), ONE("name: b"), "=network 1 b\n"},
	{"learning", ONE("learning: on"), ONE("learning: off"), "=network 1 vni1\n"},
	{"inner-vlan", ONE("inner-vlan: keep"), ONE("name: vni1"), "=network 1 vni1\n"},
	{"ageing", ONE("ageing: 0"), ONE("ageing: 1"), "=network 1 vni1\n"},
	{"max-macs", ONE("max-macs: 2"), ONE("max-macs: 3"), "=network 1 vni1\n"},
	{"learn-rate", ONE("learn-rate: 0"), ONE("learn-rate: 5"), "=network 1 vni1\n"},
	{"group", ONE("group: 239.0.0.1"), ONE("group: 239.0.0.2"), "=network 1 vni1\n"},
	{"group-dev", ONE("group: 239.0.0.1, group-dev: eth0"), ONE("group: 239.0.0.1"),
	 "=network 1 vni1\n"},
	{"group goes", ONE("group: 239.0.0.1"), ONE("flood: []"), "=network 1 vni1\n"},
	{"flood to group", ONE("flood: [192.0.2.2]"), ONE("group: 239.0.0.1"),
	 "-flood 1 192.0.2.2\n=network 1 vni1\n"},
	{"group to flood", ONE("group: 239.0.0.1"), ONE("flood: [192.0.2.2]"),
	 "=network 1 vni1\n+flood 1 192.0.2.2\n"},
	{"flood", ONE("flood: [192.0.2.2, 192.0.2.3, 192.0.2.4]"),
	 ONE("flood: [192.0.2.5, 192.0.2.3, 192.0.2.6]"),
	 "-flood 1 192.0.2.2\n-flood 1 192.0.2.4\n+flood 1 192.0.2.5\n+flood 1 192.0.2.6\n"},
	{"VLAN of a port", ONE("ports: [{dev: a, vlan: 1}]"), ONE("ports: [{dev: a, vlan: 2}, a]"),
	 "-port 1 a.1\n+port 1 a.2\n+port 1 a.0\n"},
	{"names swap", UL "networks: [{vni: 1, name: a}, {vni: 2, name: b}]\n",
	 UL "networks: [{vni: 1, name: b}, {vni: 2, name: a}]\n", "=network 1 b\n=network 2 a\n"},
	{"a name goes to another VNI", ONE("name: a"),
	 UL "networks: [{vni: 1, name: b}, {vni: 2, name: a}]\n", "+network 2 a\n=network 1 b\n"},
	{"link-local", ONE("link-local: drop"), ONE("link-local: forward"), "=network 1 vni1\n"},
	{"loop-detect", ONE("loop-detect: off"), ONE("loop-detect: on"), "=network 1 vni1\n"},
	{"port quota", ONE("ports: [a]"), ONE("ports: [{dev: a, max-macs: 3}]"), "+port 1 a.0\n"},
	{"port moves", UL "networks: [{vni: 1, ports: [a, b]}, {vni: 2}]\n",
	 UL "networks: [{vni: 1, ports: [b]}, {vni: 2, ports: [a]}]\n",
	 "-port 1 a.0\n+port 2 a.0\n"},
	{"ports swap", UL "networks: [{vni: 1, ports: [a]}, {vni: 2, ports: [b]}]\n",
	 UL "networks: [{vni: 1, ports: [b]}, {vni: 2, ports: [a]}]\n",
	 "-port 1 a.0\n-port 2 b.0\n+port 1 b.0\n+port 2 a.0\n"},
	{"fdb to another peer", ONE("fdb: [{" MAC1 ", remote: 192.0.2.2}]"),
	 ONE("fdb: [{" MAC1 ", remote: 192.0.2.3}]"), "+fdb 1 02:00:00:00:00:01 192.0.2.3\n"},
	{"fdb sticky", ONE("fdb: [{" MAC1 ", remote: 192.0.2.2}]"),
	 ONE("fdb: [{" MAC1 ", remote: 192.0.2.2, sticky: true}]"),
	 "+fdb 1 02:00:00:00:00:01 192.0.2.2\n"},
	{"fdb from peer to port", ONE("ports: [a], fdb: [{" MAC1 ", remote: 192.0.2.2}]"),
	 ONE("ports: [a], fdb: [{" MAC1 ", dev: a}]"), "+fdb 1 02:00:00:00:00:01 a.0\n"},
	{"fdb from port to peer", ONE("ports: [a], fdb: [{" MAC1 ", dev: a}]"),
	 ONE("ports: [a], fdb: [{" MAC1 ", remote: 192.0.2.2}]"),
	 "+fdb 1 02:00:00:00:00:01 192.0.2.2\n"},
	{"fdb to another port", ONE("ports: [a, b], fdb: [{" MAC1 ", dev: a}]"),
	 ONE("ports: [a, b], fdb: [{" MAC1 ", dev: b}]"), "+fdb 1 02:00:00:00:00:01 b.0\n"},
	{"fdb to another VLAN", ONE("ports: [a, {dev: a, vlan: 2}], fdb: [{" MAC1 ", dev: a}]"),
	 ONE("ports: [a, {dev: a, vlan: 2}], fdb: [{" MAC1 ", dev: a, vlan: 2}]"),
	 "+fdb 1 02:00:00:00:00:01 a.2\n"},
	{"fdb goes and comes",
	 ONE("fdb: [{" MAC1 ", remote: 192.0.2.2}, {mac: 02:00:00:00:00:02, remote: 192.0.2.2}]"),
	 ONE("fdb: [{mac: 02:00:00:00:00:03, remote: 192.0.2.2}, {" MAC1 ", remote: 192.0.2.2}]"),
	 "-fdb 1 02:00:00:00:00:02 192.0.2.2\n+fdb 1 02:00:00:00:00:03 192.0.2.2\n"},
	{"another setting of a port", ONE("ports: [a, b]"), ONE("ports: [{dev: a, xdp: off}, b]"),
	 "+port 1 a.0\n"},
	{"underlay is not the plan's", UL, "underlay: {devices: [a], address: 192.0.2.9}\n", ""},
};

/* Operations point into the configuration that has their object. */
static void test_pointers(void **state)
{
	struct xv_config *have = parse(ONE("ports: [a]")), *want = parse(ONE("name: x"));
	struct xv_plan plan = {};

	(void)state;
	assert_int_equal(xv_plan_make(have, want, &plan), 0);
	assert_int_equal(plan.n_ops, 2);
	assert_int_equal(plan.ops[0].type, XV_OP_PORT_DEL);
	assert_ptr_equal(plan.ops[0].port, &have->networks[0].ports[0]);
	assert_int_equal(plan.ops[1].type, XV_OP_NETWORK_SET);
	assert_ptr_equal(plan.ops[1].network, &want->networks[0]);
	assert_null(plan.ops[1].port);
	xv_plan_free(&plan);
	xv_plan_free(NULL);
	xv_config_free(have);
	xv_config_free(want);
}

/* Settings outside the networks, counted: `changes` of apply beside the operations. */
static void test_head(void **state)
{
	static const struct {
		const char *keys;
		size_t changes;
	} heads[] = {
		{"underlay: {devices: [eth0], address: 192.0.2.1}\n", 0},
		{"underlay: {devices: [eth0], address: 192.0.2.1, port: 4789}\n"
		 "networks: [{vni: 1}]\n",
		 0},
		{"underlay: {devices: [eth0], address: 192.0.2.2}\n", 1},
		{"underlay: {devices: [eth0], address: 192.0.2.1, address6: '2001:db8::1'}\n", 1},
		{"underlay: {devices: [eth0], address: 192.0.2.1, port: 4790}\n", 1},
		{"underlay: {devices: [eth0], address: 192.0.2.1, xdp: off}\n", 1},
		{"underlay: {devices: [eth0], address: 192.0.2.1, delivery: stack}\n", 1},
		{"underlay: {devices: [eth0], address: 192.0.2.1, df: unset}\n", 0},
		{"underlay: {devices: [eth0], address: 192.0.2.1, df: set}\n", 1},
		{"underlay: {devices: [eth0], address: 192.0.2.1, udp6-checksum: true}\n", 1},
		{"underlay: {devices: [eth0], address: 192.0.2.1, ipsec: bypass}\n", 1},
		{"underlay: {devices: [eth0], address: 192.0.2.1, netfilter: respect}\n", 1},
		{"underlay: {devices: [eth0], address: 192.0.2.1, filters: ignore}\n", 1},
		{"underlay: {devices: [eth0, eth1], address: 192.0.2.1}\n", 1},
		{"underlay: {devices: [eth1], address: 192.0.2.1}\n", 2},
		{"underlay: {devices: [eth0], address: 192.0.2.1}\n"
		 "metrics: {listen: '127.0.0.1:9476'}\n",
		 1},
		{"underlay: {devices: [eth1], address: 192.0.2.2, xdp: off}\n", 4},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct xv_config *a = parse(UL), *b = parse(heads[i].keys);

		assert_int_equal(xv_config_head_changes(a, b), heads[i].changes);
		assert_int_equal(xv_config_head_changes(b, a), heads[i].changes);
		xv_config_free(a);
		xv_config_free(b);
	}
}

#define N_CASES (sizeof(cases) / sizeof(cases[0]))

int main(void)
{
	struct CMUnitTest tests[N_CASES + 2];
	size_t i;

	for (i = 0; i < N_CASES; i++)
		tests[i] = (struct CMUnitTest){
			.name = cases[i].name,
			.test_func = test_case,
			.initial_state = (void *)&cases[i],
		};
	tests[N_CASES] = (struct CMUnitTest)cmocka_unit_test(test_pointers);
	tests[N_CASES + 1] = (struct CMUnitTest)cmocka_unit_test(test_head);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
