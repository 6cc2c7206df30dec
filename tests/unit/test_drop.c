/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose packet it was, read from the heads of all kinds of packets, whole and cut short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "serve/drop.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

#define MACS           \
	"02aabbccdd01" \
	"02aabbccdd02"
#define TAG(t) "8100" t
#define IP4(ihl)                 \
	"0800"                   \
	"4" ihl "00003c00004000" \
	"4011"                   \
	"0000"                   \
	"c0000209"               \
	"c0000201"
#define IP6                                \
	"86dd"                             \
	"60000000003c1140"                 \
	"20010db8000000000000000000000009" \
	"20010db8000000000000000000000001"
#define UDP    \
	"c000" \
	"12b5" \
	"00280000"
#define VXLAN "0800000000126700"
#define INNER          \
	"0200000000aa" \
	"0200000000bb"

/* head: hex digits; want: "remote vni vlan src dst", "-" for what is not known. */
static const struct {
	const char *name;
	uint8_t from;
	const char *head;
	uint16_t vlan;
	const char *want;
} cases[] = {
	{"IPv4", XV_DROP_FROM_WIRE, MACS IP4("5") UDP VXLAN INNER "0800", 0,
	 "192.0.2.9 4711 - 02:00:00:00:00:bb 02:00:00:00:00:aa"},
	{"IPv6", XV_DROP_FROM_WIRE, MACS IP6 UDP VXLAN INNER "0800", 0,
	 "2001:db8::9 4711 - 02:00:00:00:00:bb 02:00:00:00:00:aa"},
	{"tag on the underlay", XV_DROP_FROM_WIRE, MACS TAG("0064") IP4("5") UDP VXLAN INNER "0800",
	 0, "192.0.2.9 4711 - 02:00:00:00:00:bb 02:00:00:00:00:aa"},
	{"tag beside it", XV_DROP_FROM_WIRE, MACS IP4("5") UDP VXLAN INNER "0800",
	 XV_DROP_TAGGED | 100, "192.0.2.9 4711 - 02:00:00:00:00:bb 02:00:00:00:00:aa"},
	{"inner tag", XV_DROP_FROM_WIRE, MACS IP4("5") UDP VXLAN INNER TAG("a007") "0800", 0,
	 "192.0.2.9 4711 7 02:00:00:00:00:bb 02:00:00:00:00:aa"},
	{"IP options", XV_DROP_FROM_WIRE, MACS IP4("6") "01010101" UDP VXLAN INNER "0800", 0,
	 "192.0.2.9 4711 - 02:00:00:00:00:bb 02:00:00:00:00:aa"},
	{"flags that VXLAN has not", XV_DROP_FROM_WIRE,
	 MACS IP4("5") UDP "0c00b04000126700" INNER "0800", 0,
	 "192.0.2.9 4711 - 02:00:00:00:00:bb 02:00:00:00:00:aa"},
	{"ends in the inner MACs", XV_DROP_FROM_WIRE, MACS IP4("5") UDP VXLAN "0200000000aa", 0,
	 "192.0.2.9 4711 - - -"},
	{"ends in VXLAN", XV_DROP_FROM_WIRE, MACS IP4("5") UDP "08000000", 0, "192.0.2.9 - - - -"},
	{"ends in UDP", XV_DROP_FROM_WIRE, MACS IP4("5") "c00012b5", 0,
	 "- - - 02:aa:bb:cc:dd:02 02:aa:bb:cc:dd:01"},
	{"ends in IP", XV_DROP_FROM_WIRE, MACS "08004500", 0,
	 "- - - 02:aa:bb:cc:dd:02 02:aa:bb:cc:dd:01"},
	{"IP header of no length", XV_DROP_FROM_WIRE, MACS IP4("4") UDP VXLAN INNER "0800", 0,
	 "- - - 02:aa:bb:cc:dd:02 02:aa:bb:cc:dd:01"},
	{"another UDP port", XV_DROP_FROM_WIRE,
	 MACS IP4("5") "c0002118"
		       "00280000" VXLAN INNER,
	 0, "- - - 02:aa:bb:cc:dd:02 02:aa:bb:cc:dd:01"},
	{"nothing", XV_DROP_FROM_WIRE, "", 0, "- - - - -"},
	{"slow path", XV_DROP_FROM_SLOW, MACS "0800", 0,
	 "198.51.100.7 99 - 02:aa:bb:cc:dd:02 02:aa:bb:cc:dd:01"},
	{"slow path, tag", XV_DROP_FROM_SLOW, MACS "0800", XV_DROP_TAGGED,
	 "198.51.100.7 99 0 02:aa:bb:cc:dd:02 02:aa:bb:cc:dd:01"},
	{"port", XV_DROP_FROM_PORT, MACS "0800", 0, "- - - 02:aa:bb:cc:dd:02 02:aa:bb:cc:dd:01"},
	{"port, tag", XV_DROP_FROM_PORT, MACS TAG("0005") "0800", 0,
	 "- - 5 02:aa:bb:cc:dd:02 02:aa:bb:cc:dd:01"},
	{"port, two tags", XV_DROP_FROM_PORT, MACS TAG("0005") "0800", XV_DROP_TAGGED | 9,
	 "- - 9 02:aa:bb:cc:dd:02 02:aa:bb:cc:dd:01"},
	{"port, half a tag", XV_DROP_FROM_PORT, MACS "810000", 0,
	 "- - - 02:aa:bb:cc:dd:02 02:aa:bb:cc:dd:01"},
	/* What a tenant has in its own frames is the tenant's. */
	{"port, VXLAN", XV_DROP_FROM_PORT, MACS IP4("5") UDP VXLAN INNER "0800", 0,
	 "- - - 02:aa:bb:cc:dd:02 02:aa:bb:cc:dd:01"},
};

static const char *text_of(const struct xv_drop_packet *p)
{
	char ip[XV_IP_STRLEN] = "-", vni[12] = "-", vlan[12] = "-";
	char src[XV_MAC_STRLEN] = "-", dst[XV_MAC_STRLEN] = "-";
	static char text[160];

	if (!xv_ip_is_zero(&p->remote))
		xv_ip_format(&p->remote, ip);
	if (p->has_vni)
		snprintf(vni, sizeof(vni), "%u", p->vni);
	if (p->has_vlan)
		snprintf(vlan, sizeof(vlan), "%u", p->vlan);
	if (p->has_macs) {
		xv_mac_format(p->src, src);
		xv_mac_format(p->dst, dst);
	}
	snprintf(text, sizeof(text), "%s %s %s %s %s", ip, vni, vlan, src, dst);
	return text;
}

static void test_heads(void **state)
{
	struct xv_drop_packet packet;
	unsigned int byte;
	const char *hex;
	size_t i;

	(void)state;
	for (i = 0; i < N(cases); i++) {
		struct xv_drop_last_val last = {.from = cases[i].from, .vlan = cases[i].vlan};

		if (last.from == XV_DROP_FROM_SLOW) {
			last.vni = 99;
			assert_int_equal(xv_ip_parse("198.51.100.7", &last.remote), 0);
		}
		for (hex = cases[i].head; *hex; hex += 2) {
			assert_int_equal(sscanf(hex, "%2x", &byte), 1);
			last.head[last.head_len++] = byte;
		}
		xv_drop_decode(&last, htons(4789), &packet);
		if (strcmp(text_of(&packet), cases[i].want))
			fail_msg("%s: %s, want %s", cases[i].name, text_of(&packet), cases[i].want);
	}
}

/* A packet that was cut anywhere tells no more than it holds. */
static void test_cut(void **state)
{
	struct xv_drop_last_val last = {.from = XV_DROP_FROM_WIRE};
	struct xv_drop_packet packet;
	unsigned int byte;
	const char *hex;
	size_t len = 0;

	(void)state;
	for (hex = MACS IP4("5") UDP VXLAN INNER "0800"; *hex; hex += 2) {
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		last.head[len++] = byte; /* behind head_len, so that a read too far finds it */
	}
	for (last.head_len = 0; last.head_len <= len; last.head_len++) {
		xv_drop_decode(&last, htons(4789), &packet);
		assert_int_equal(!xv_ip_is_zero(&packet.remote), last.head_len >= 42);
		assert_int_equal(packet.has_vni, last.head_len >= 50);
		assert_int_equal(packet.has_macs, last.head_len >= 64 || (last.head_len >= 14 &&
									  last.head_len < 42));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests_name("drop", tests, NULL, NULL);
}
