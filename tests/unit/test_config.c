/* SPDX-License-Identifier: GPL-2.0-only */
/* Good configurations: values, defaults, and printing back. Bad ones: test_config_bad.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "config/config.h"
#include "config/config_file.h"
#include "config/config_print.h"
#include "config/config_words.h"
#include "config/plan.h"
#include "sizes.h"

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
	assert_non_null(config);
	return config;
}

static char *print(const struct xv_config *config)
{
	char *text = NULL;
	size_t len;
	FILE *out;

	out = open_memstream(&text, &len);
	assert_non_null(out);
	xv_config_print(config, out);
	fclose(out);
	return text;
}

static void expect_ip(const struct xv_ip *ip, const char *text)
{
	char buf[XV_IP_STRLEN];

	assert_string_equal(xv_ip_format(ip, buf), text);
}

static const char full[] =
	"instance: lab-1\n"
	"underlay:\n"
	"  devices: [eth0, eth1]\n"
	"  address: 192.0.2.1\n"
	"  address6: \"2001:db8::1\"\n"
	"  port: 8472\n"
	"  xdp: off\n"
	"  delivery: stack\n"
	"  df: inherit\n"
	"  udp6-checksum: yes\n"
	"networks:\n"
	"  - vni: 100\n"
	"    name: blue\n"
	"    ports: [veth-blue, {dev: eth2, vlan: 10}, {dev: eth2, xdp: off, max-macs: 8}]\n"
	"    learning: no\n"
	"    inner-vlan: keep\n"
	"    ageing: 0\n"
	"    max-macs: 1048576\n"
	"    learn-rate: 0\n"
	"    flood: [192.0.2.2, \"2001:db8::3\"]\n"
	"    fdb:\n"
	"      - {mac: 02:00:00:00:00:0b, remote: 192.0.2.2}\n"
	"      - {mac: \"02-00-00-00-00-0C\", dev: eth2, vlan: 10, sticky: on}\n"
	"      - mac: '02:00:00:00:00:0d'\n"
	"        dev: veth-blue\n"
	"    link-local: 0x4008\n"
	"    loop-detect: off\n"
	"  - name: red\n"
	"    vni: 16777215\n"
	"    group: ff05::100\n"
	"    group-dev: eth1\n"
	"metrics: {listen: \"[::1]:9476\"}\n";

static void expect_blue(const struct xv_config_network *net)
{
	assert_int_equal(net->vni, 100);
	assert_string_equal(net->name, "blue");
	assert_int_equal(net->line, 12);
	assert_false(net->learning);
	assert_true(net->inner_vlan);
	assert_int_equal(net->ageing, 0);
	assert_int_equal(net->max_macs, 1048576);
	assert_int_equal(net->learn_rate, 0);
	assert_false(net->has_group);
	assert_int_equal(net->n_ports, 3);
	assert_string_equal(net->ports[0].dev, "veth-blue");
	assert_int_equal(net->ports[0].vlan, 0);
	assert_string_equal(net->ports[1].dev, "eth2");
	assert_int_equal(net->ports[1].vlan, 10);
	assert_string_equal(net->ports[2].dev, "eth2");
	assert_int_equal(net->ports[2].vlan, 0);
	assert_int_equal(net->ports[0].xdp, XV_PORT_XDP_AUTO);
	assert_int_equal(net->ports[2].xdp, XV_PORT_XDP_OFF);
	assert_int_equal(net->ports[2].line, 14);
	assert_int_equal(net->n_flood, 2);
	expect_ip(&net->flood[0].ip, "192.0.2.2");
	expect_ip(&net->flood[1].ip, "2001:db8::3");
	assert_int_equal(net->flood[1].line, 20);
}

static void expect_blue_fdb(const struct xv_config_network *net)
{
	assert_int_equal(net->n_fdb, 3);
	assert_memory_equal(net->fdb[0].mac, "\x02\0\0\0\0\x0b", 6);
	assert_false(net->fdb[0].is_port);
	expect_ip(&net->fdb[0].remote, "192.0.2.2");
	assert_int_equal(net->fdb[0].line, 22);
	assert_memory_equal(net->fdb[1].mac, "\x02\0\0\0\0\x0c", 6);
	assert_true(net->fdb[1].is_port);
	assert_string_equal(net->fdb[1].port.dev, "eth2");
	assert_int_equal(net->fdb[1].port.vlan, 10);
	assert_true(net->fdb[1].sticky && !net->fdb[0].sticky && !net->fdb[2].sticky);
	assert_true(net->fdb[2].is_port);
	assert_string_equal(net->fdb[2].port.dev, "veth-blue");
	assert_int_equal(net->fdb[2].port.vlan, 0);
	assert_int_equal(net->fdb[2].line, 24);
	assert_int_equal(net->fdb[2].port.line, 25);
}

static void test_full(void **state)
{
	struct xv_config *config = parse(full);
	const struct xv_config_network *red = &config->networks[1];

	(void)state;
	assert_string_equal(config->instance, "lab-1");
	assert_int_equal(config->n_devices, 2);
	assert_string_equal(config->devices[0], "eth0");
	assert_string_equal(config->devices[1], "eth1");
	expect_ip(&config->address, "192.0.2.1");
	expect_ip(&config->address6, "2001:db8::1");
	assert_int_equal(config->udp_port, 8472);
	assert_int_equal(config->xdp, XV_XDP_OFF);
	assert_int_equal(config->df, XV_DF_INHERIT);
	assert_true(config->udp6_checksum);
	assert_true(config->metrics);
	assert_string_equal(config->listen_host, "::1");
	assert_int_equal(config->listen_port, 9476);
	assert_int_equal(config->n_networks, 2);
	expect_blue(&config->networks[0]);
	expect_blue_fdb(&config->networks[0]);
	assert_int_equal(red->vni, 16777215);
	assert_string_equal(red->name, "red");
	assert_true(red->has_group);
	expect_ip(&red->group, "ff05::100");
	assert_string_equal(red->group_dev, "eth1");
	assert_int_equal(red->n_flood + red->n_ports + red->n_fdb, 0);
	xv_config_free(config);
}

static void test_defaults(void **state)
{
	struct xv_config *config = parse(UL "networks:\n  - vni: 7\n");
	const struct xv_config_network *net = config->networks;

	(void)state;
	assert_string_equal(config->instance, "default");
	assert_int_equal(config->udp_port, 4789);
	assert_int_equal(config->xdp, XV_XDP_AUTO);
	assert_int_equal(config->df, XV_DF_UNSET);
	assert_false(config->udp6_checksum);
	assert_false(config->metrics);
	assert_true(xv_ip_is_zero(&config->address6));
	assert_int_equal(config->n_networks, 1);
	assert_string_equal(net->name, "vni7");
	assert_true(net->learning);
	assert_false(net->inner_vlan);
	assert_int_equal(net->ageing, 300);
	assert_int_equal(net->max_macs, 4096);
	assert_int_equal(net->learn_rate, 100000);
	assert_false(net->has_group);
	assert_string_equal(net->group_dev, "");
	assert_int_equal(net->n_ports + net->n_flood + net->n_fdb, 0);
	xv_config_free(config);
	xv_config_free(NULL);
}

static const char full_printed[] = "instance: lab-1\n"
				   "networks:\n"
				   "  - vni: 100\n"
				   "    name: blue\n"
				   "    learning: false\n"
				   "    inner-vlan: keep\n"
				   "    ageing: 0\n"
				   "    max-macs: 1048576\n"
				   "    learn-rate: 0\n"
				   "    loop-detect: false\n"
				   "    link-local: 0x4008\n"
				   "    ports:\n"
				   "      - {dev: veth-blue, xdp: auto, filters: auto}\n"
				   "      - {dev: eth2, vlan: 10, xdp: auto, filters: auto}\n"
				   "      - {dev: eth2, xdp: off, filters: auto, "
				   "max-macs: 8}\n"
				   "    flood:\n"
				   "      - 192.0.2.2\n"
				   "      - \"2001:db8::3\"\n"
				   "    fdb:\n"
				   "      - {mac: \"02:00:00:00:00:0b\", remote: 192.0.2.2}\n"
				   "      - {mac: \"02:00:00:00:00:0c\", dev: eth2, vlan: 10, "
				   "sticky: true}\n"
				   "      - {mac: \"02:00:00:00:00:0d\", dev: veth-blue}\n"
				   "  - vni: 16777215\n"
				   "    name: red\n"
				   "    learning: true\n"
				   "    inner-vlan: drop\n"
				   "    ageing: 300\n"
				   "    max-macs: 4096\n"
				   "    learn-rate: 100000\n"
				   "    loop-detect: true\n"
				   "    link-local: 0x1\n"
				   "    group: \"ff05::100\"\n"
				   "    group-dev: eth1\n"
				   "metrics:\n"
				   "  listen: \"[::1]:9476\"\n"
				   "underlay:\n"
				   "  address: 192.0.2.1\n"
				   "  address6: \"2001:db8::1\"\n"
				   "  port: 8472\n"
				   "  xdp: off\n"
				   "  delivery: stack\n"
				   "  df: inherit\n"
				   "  udp6-checksum: true\n"
				   "  ipsec: respect\n  netfilter: bypass\n  filters: before\n"
				   "  devices: [eth0, eth1]\n";

/* Prints as expected, and what is printed reads back the same. */
static void expect_printed(const char *text, const char *expected)
{
	struct xv_config *config = parse(text), *again;
	char *printed = print(config), *reprinted;
	struct xv_plan plan = {};

	assert_string_equal(printed, expected);
	again = parse(printed);
	reprinted = print(again);
	assert_string_equal(reprinted, printed);
	assert_int_equal(xv_plan_make(config, again, &plan), 0);
	assert_int_equal(plan.n_ops, 0);
	free(printed);
	free(reprinted);
	xv_config_free(config);
	xv_config_free(again);
}

#define UL_PRINTED                                                                               \
	"underlay:\n  address: 192.0.2.1\n  port: 4789\n  xdp: auto\n"                           \
	"  delivery: auto\n  df: unset\n  udp6-checksum: false\n  ipsec: respect\n  netfilter: " \
	"bypass\n  filters: before\n  devices: [eth0]\n"

static void test_print(void **state)
{
	(void)state;
	expect_printed(full, full_printed);
	expect_printed(UL, "instance: default\nnetworks: []\n" UL_PRINTED);
	expect_printed("\xef\xbb\xbf" UL, "instance: default\nnetworks: []\n" UL_PRINTED);
	expect_printed("%YAML 1.1\n---\n" UL "networks: []\n...\n",
		       "instance: default\nnetworks: []\n" UL_PRINTED);
	expect_printed(UL "metrics: {listen: 0.0.0.0:1}\nnetworks: []\ninstance: _1\n",
		       "instance: \"_1\"\nnetworks: []\nmetrics:\n"
		       "  listen: \"0.0.0.0:1\"\n" UL_PRINTED);
}

/* Names that YAML, or our reader, could take for something else come back as they were. */
static void test_print_quotes(void **state)
{
	(void)state;
	expect_printed(
		"instance: \"null\"\n"
		"underlay: {devices: ['null', 'a\"b', 'a\\b', '#a', '-', '12', \"on\", "
		"'{a}', eth0.1, '*a', '&a', '!a', 'a,b', '~'], address6: '::2'}\n",
		"instance: \"null\"\n"
		"networks: []\n"
		"underlay:\n"
		"  address6: \"::2\"\n"
		"  port: 4789\n  xdp: auto\n  delivery: auto\n"
		"  df: unset\n  udp6-checksum: false\n"
		"  ipsec: respect\n  netfilter: bypass\n  filters: before\n"
		"  devices: [\"null\", \"a\\\"b\", \"a\\\\b\", \"#a\", \"-\", \"12\", \"on\", "
		"\"{a}\", eth0.1, \"*a\", \"&a\", \"!a\", \"a,b\", \"~\"]\n");
}

static void test_words(void **state)
{
	static const struct {
		const char *text;
		bool value;
	} bools[] = {
		{"true", true}, {"false", false}, {"yes", true},  {"no", false},      {"on", true},
		{"off", false}, {"True", true},	  {"OFF", false}, {"\"true\"", true},
	};
	static const char *const modes[] = {"auto", "native", "generic", "off"};
	struct xv_config *config;
	char text[128];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(bools) / sizeof(bools[0]); i++) {
		snprintf(text, sizeof(text), UL "networks:\n- {vni: 1, learning: %s}\n",
			 bools[i].text);
		config = parse(text);
		assert_int_equal(config->networks[0].learning, bools[i].value);
		xv_config_free(config);
	}
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		snprintf(text, sizeof(text),
			 "underlay: {devices: [a], address: 192.0.2.1, xdp: %s}\n", modes[i]);
		config = parse(text);
		assert_int_equal(config->xdp, i);
		assert_string_equal(xv_xdp_mode_name(config->xdp), modes[i]);
		xv_config_free(config);
	}
}

/* Settings of the host's own rules: words, and back. */
static void test_host_rules(void **state)
{
	struct xv_config *config = parse("underlay:\n"
					 "  devices: [a]\n"
					 "  address: 192.0.2.1\n"
					 "  ipsec: bypass\n"
					 "  netfilter: respect\n"
					 "  filters: ignore\n"
					 "networks:\n"
					 "  - {vni: 1, ports: [{dev: b, filters: before}]}\n");
	char *printed = print(config);

	(void)state;
	assert_true(config->ipsec_bypass);
	assert_true(config->netfilter_respect);
	assert_true(config->filters_ignore);
	assert_int_equal(config->networks[0].ports[0].filters, XV_FILTERS_BEFORE);
	assert_non_null(strstr(printed, "  netfilter: respect\n  filters: ignore\n"));
	assert_non_null(strstr(printed, "{dev: b, xdp: auto, filters: before}\n"));
	assert_non_null(strstr(printed, "  ipsec: bypass\n"));
	free(printed);
	xv_config_free(config);
}

/* Alike, but not the same: one device on several VLANs, one MAC and one peer in two networks. */
static void test_not_twice(void **state)
{
	struct xv_config *config = parse(
		UL "networks:\n"
		   "- vni: 1\n"
		   "  ports: [a, {dev: a, vlan: 1}, {dev: a, vlan: 4094}, b, ab, a123456789b1234]\n"
		   "  flood: [192.0.2.2, 192.0.2.3]\n"
		   "  fdb: [{mac: 02:00:00:00:00:01, remote: 192.0.2.2}]\n"
		   "- vni: 2\n"
		   "  ports: [{dev: a, vlan: 2}]\n"
		   "  flood: [192.0.2.2, 192.0.2.3]\n"
		   "  fdb: [{mac: 02:00:00:00:00:01, dev: a, vlan: 2}]\n"
		   "- {vni: 3, group: 239.1.1.1}\n"
		   "- {vni: 256, group: 239.1.1.1}\n");

	(void)state;
	assert_int_equal(config->n_networks, 4);
	assert_string_equal(config->networks[0].ports[5].dev, "a123456789b1234");
	xv_config_free(config);
}

static void test_load(void **state)
{
	char file[] = "/tmp/xv-test-config-XXXXXX";
	struct xv_config *config = NULL;
	struct xv_err err = {};
	char *printed;
	int fd;

	(void)state;
	fd = mkstemp(file);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, full, strlen(full)), strlen(full));
	close(fd);
	assert_int_equal(xv_config_load(file, &config, &err), 0);
	unlink(file);
	printed = print(config);
	assert_string_equal(printed, full_printed);
	free(printed);
	xv_config_free(config);
}

/* Errors are optional: NULL is no place to write to. */
static void test_no_err(void **state)
{
	struct xv_config *config;

	(void)state;
	assert_true(xv_config_parse("t.yaml", "a", 1, &config, NULL) < 0);
	assert_true(xv_config_load("/nonexistent", &config, NULL) < 0);
}

/* VLAN 0 is no VLAN, at a port and at the entry that names it. */
static void test_vlan_zero(void **state)
{
	struct xv_config *config = parse(UL "networks:\n"
					    "- vni: 1\n"
					    "  ports: [{dev: a, vlan: 0, xdp: native}]\n"
					    "  fdb: [{mac: '02:00:00:00:00:01', dev: a}, "
					    "{mac: '02:00:00:00:00:02', dev: a, vlan: 0}]\n");
	char *printed = print(config);

	(void)state;
	assert_int_equal(config->networks[0].n_fdb, 2);
	assert_null(strstr(printed, "vlan: 0"));
	free(printed);
	xv_config_free(config);
}

/*
 * A file that was cut off is refused, or means the same; but for a cut behind a whole line, which
 * in block style is a file as well. In brackets, in what is printed, and where an end marker is
 * promised, every cut is seen.
 */
static void expect_cuts(const char *text, bool brackets)
{
	struct xv_config *whole = parse(text), *config;
	char *want = print(whole), *got;
	size_t len;

	for (len = 0; len < strlen(text); len++) {
		struct xv_err err = {};

		if (xv_config_parse("t.yaml", text, len, &config, &err)) {
			assert_non_null(strstr(err.text, "t.yaml:"));
			continue;
		}
		got = print(config);
		if (strcmp(got, want) && (brackets || text[len - 1] != '\n'))
			fail_msg("cut to %zu bytes, it is taken:\n%s", len, got);
		free(got);
		xv_config_free(config);
	}
	free(want);
	xv_config_free(whole);
}

static void test_cut_off(void **state)
{
	(void)state;
	expect_cuts(full, false);
	expect_cuts(full_printed, true);
	expect_cuts("networks:\n  - vni: 100\n    name: blue\n    ports: [a, {dev: b, vlan: 10}]\n"
		    "    ageing: 3000\n    flood:\n      - 192.0.2.22\n    fdb: []\n" UL,
		    true); /* with what is required at its end */
	expect_cuts("{\"underlay\": {\"devices\": [\"eth0\"], \"address\": \"192.0.2.1\"},\n"
		    " \"networks\": [{\"vni\": 100, \"ports\": [\"a\", \"b\"]},\n"
		    "  {\"vni\": 200, \"flood\": [\"192.0.2.2\"]}]}\n",
		    true);
	expect_cuts("# ours\nend-marker: true\n" UL
		    "networks:\n  - vni: 100\n    ports:\n      - a\n"
		    "      - b\n  - vni: 200\nmetrics: {listen: 127.0.0.1:9476}\n...\n# the end\n",
		    true);
}

/* Bytes of a file, and of a request with it, in which JSON escapes some. */
struct size {
	size_t file, request;
};

static struct size size_of(const char *text)
{
	struct xv_config *config = parse(text);
	char *printed = print(config), *p;
	struct size size = {};

	for (p = printed; *p; p++) {
		size.file++;
		size.request += strchr("\"\\\n", *p) ? 2 : 1;
	}
	free(printed);
	xv_config_free(config);
	return size;
}

/* Adds n times what is printed of `with` and not of `without`. */
static void add(struct size *sum, size_t n, const char *without, const char *with)
{
	struct size less = size_of(without), more = size_of(with);

	assert_true(more.file > less.file);
	sum->file += n * (more.file - less.file);
	sum->request += n * (more.request - less.request);
}

#define ONE    "underlay: {devices: [eth0], address6: '2001:db8::9'}\nnetworks:\n- vni: 1\n"
#define REMOTE "2001:db8:1111:2222:3333:4444:5555:6666"
#define ENTRY  "  fdb:\n  - {mac: '02:00:00:00:00:01', remote: '" REMOTE "', sticky: true}\n"
#define PORT   "dev: '\"2345678901234\"', vlan: 4094"

/* What `save` prints of a full instance, with the longest words, can be read again. */
static void test_full_size(void **state)
{
	struct size sum = {};

	(void)state;
	add(&sum, XV_MAX_FDB + XV_MAX_FDB_EXTRA, ONE ENTRY,
	    ONE ENTRY "  - {mac: '02:00:00:00:00:02', remote: '" REMOTE "', sticky: true}\n");
	add(&sum, XV_MAX_FLOOD, ONE "  flood: ['2001:db8::1']\n",
	    ONE "  flood: ['2001:db8::1', '" REMOTE "']\n");
	add(&sum, XV_MAX_PORTS, ONE "  ports: [a]\n",
	    ONE "  ports: [a, {" PORT ", filters: before, max-macs: 1000000}]\n");
	add(&sum, XV_MAX_NETWORKS, ONE,
	    ONE "- {vni: 16777214, name: 'n-23456789012345678901234567890', ports: [b], "
		"fdb: [{mac: '02:00:00:00:00:01', dev: b}], group: 'ff0e::1111:2222:3333', "
		"link-local: forward, max-macs: 1000000, learn-rate: 1000000, ageing: 1000000}\n");
	assert_in_range(sum.file, 64 << 20, XV_FILE_MIB << 20);
	assert_in_range(sum.request, 64 << 20, 192 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_off),	  cmocka_unit_test(test_vlan_zero),
		cmocka_unit_test(test_full),	  cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_print),	  cmocka_unit_test(test_print_quotes),
		cmocka_unit_test(test_words),	  cmocka_unit_test(test_host_rules),
		cmocka_unit_test(test_not_twice), cmocka_unit_test(test_load),
		cmocka_unit_test(test_no_err),	  cmocka_unit_test(test_full_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
