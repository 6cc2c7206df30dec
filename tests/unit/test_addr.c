/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses and numbers as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "addr.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void test_ip_good(void **state)
{
	static const struct {
		const char *text, *back;
		bool v4, zero, multicast, usable;
	} cases[] = {
		{"192.0.2.1", "192.0.2.1", true, false, false, true},
		{"::ffff:192.0.2.1", "192.0.2.1", true, false, false, true},
		{"0.0.0.0", "0.0.0.0", true, true, false, false},
		{"255.255.255.255", "255.255.255.255", true, false, false, false},
		{"127.0.0.1", "127.0.0.1", true, false, false, false},
		{"126.255.255.255", "126.255.255.255", true, false, false, true},
		{"128.0.0.1", "128.0.0.1", true, false, false, true},
		{"223.255.255.255", "223.255.255.255", true, false, false, true},
		{"224.0.0.0", "224.0.0.0", true, false, true, false},
		{"239.255.255.255", "239.255.255.255", true, false, true, false},
		{"240.0.0.1", "240.0.0.1", true, false, false, true},
		{"169.254.1.1", "169.254.1.1", true, false, false, true},
		{"::", "::", false, true, false, false},
		{"::1", "::1", false, false, false, false},
		{"::2", "::2", false, false, false, true},
		{"2001:DB8:0:0::1", "2001:db8::1", false, false, false, true},
		{"fe80::1", "fe80::1", false, false, false, false},
		{"febf::1", "febf::1", false, false, false, false},
		{"fec0::1", "fec0::1", false, false, false, true},
		{"fd00::1", "fd00::1", false, false, false, true},
		{"ff02::1", "ff02::1", false, false, true, false},
		{"1111:2222:3333:4444:5555:6666:7777:8888",
		 "1111:2222:3333:4444:5555:6666:7777:8888", false, false, false, true},
		{"2001:db8:1111:2222:3333:4444:255.255.255.255",
		 "2001:db8:1111:2222:3333:4444:ffff:ffff", false, false, false, true},
	};
	char text[XV_IP_STRLEN];
	struct xv_ip ip, again;
	size_t i;

	(void)state;
	for (i = 0; i < N(cases); i++) {
		assert_int_equal(xv_ip_parse(cases[i].text, &ip), 0);
		assert_ptr_equal(xv_ip_format(&ip, text), text);
		assert_string_equal(text, cases[i].back);
		assert_int_equal(xv_ip_is_v4(&ip), cases[i].v4);
		assert_int_equal(xv_ip_is_zero(&ip), cases[i].zero);
		assert_int_equal(xv_ip_is_multicast(&ip), cases[i].multicast);
		assert_int_equal(xv_ip_is_usable(&ip), cases[i].usable);
		assert_int_equal(xv_ip_parse(text, &again), 0);
		assert_true(xv_ip_equal(&ip, &again));
	}
}

static void test_ip_bytes(void **state)
{
	static const uint8_t v4[16] = {[10] = 0xff, 0xff, 192, 0, 2, 1};
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x42};
	struct xv_ip ip, other;

	(void)state;
	assert_int_equal(xv_ip_parse("192.0.2.1", &ip), 0);
	assert_memory_equal(ip.b, v4, 16);
	assert_int_equal(xv_ip_parse("2001:db8::42", &other), 0);
	assert_memory_equal(other.b, v6, 16);
	assert_false(xv_ip_equal(&ip, &other));
}

static void test_ip_bad(void **state)
{
	static const char *const cases[] = {
		"",
		" ",
		"192.0.2",
		"192.0.2.256",
		"192.0.2.1.1",
		"192.0.2.1 ",
		" 192.0.2.1",
		"192.0.2.1/24",
		"192.0.2.01",
		"0x7f.0.0.1",
		"2130706433",
		"2001:db8",
		"2001:db8::1::2",
		"fe80::1%lo",
		"[::1]",
		"12345::",
		":::",
		"2001:db8::g",
		"::1/128",
		"localhost",
		"1:2:3:4:5:6:7:8:9",
	};
	struct xv_ip ip, untouched;
	size_t i;

	(void)state;
	memset(&untouched, 0xa5, sizeof(untouched));
	for (i = 0; i < N(cases); i++) {
		ip = untouched;
		if (xv_ip_parse(cases[i], &ip) != -EINVAL)
			fail_msg("<%s> was taken", cases[i]);
		assert_memory_equal(&ip, &untouched, sizeof(ip));
	}
}

static void test_mac_good(void **state)
{
	static const struct {
		const char *text, *back;
		uint8_t mac[6];
		bool unicast;
	} cases[] = {
		{"02:00:00:00:00:0b", "02:00:00:00:00:0b", {2, 0, 0, 0, 0, 11}, true},
		{"AA-bb-Cc-0D-ee-FF",
		 "aa:bb:cc:0d:ee:ff",
		 {0xaa, 0xbb, 0xcc, 0x0d, 0xee, 0xff},
		 true},
		{"00:00:00:00:00:00", "00:00:00:00:00:00", {}, false},
		{"01:00:5e:00:00:01", "01:00:5e:00:00:01", {1, 0, 0x5e, 0, 0, 1}, false},
		{"ff:ff:ff:ff:ff:ff",
		 "ff:ff:ff:ff:ff:ff",
		 {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		 false},
		{"00:00:00:00:00:01", "00:00:00:00:00:01", {0, 0, 0, 0, 0, 1}, true},
	};
	char text[XV_MAC_STRLEN];
	uint8_t mac[6];
	size_t i;

	(void)state;
	for (i = 0; i < N(cases); i++) {
		assert_int_equal(xv_mac_parse(cases[i].text, mac), 0);
		assert_memory_equal(mac, cases[i].mac, 6);
		assert_string_equal(xv_mac_format(mac, text), cases[i].back);
		assert_int_equal(xv_mac_is_unicast(mac), cases[i].unicast);
	}
}

static void test_mac_bad(void **state)
{
	static const char *const cases[] = {
		"",
		"02",
		"02:00:00:00:00",
		"02:00:00:00:00:0",
		"02:00:00:00:00:0b:",
		"02:00:00:00:00:0b:01",
		"02:00:00:00:00:0g",
		"02:00-00:00-00:0b",
		"02-00:00:00:00:0b",
		"0200.0000.000b",
		"02 00 00 00 00 0b",
		"020000000000b0000",
		"2:0:0:0:0:b",
		"+2:00:00:00:00:0b",
		" 2:00:00:00:00:0b",
	};
	static const uint8_t untouched[6] = {1, 2, 3, 4, 5, 6};
	uint8_t mac[6];
	size_t i;

	(void)state;
	for (i = 0; i < N(cases); i++) {
		memcpy(mac, untouched, 6);
		if (xv_mac_parse(cases[i], mac) != -EINVAL)
			fail_msg("<%s> was taken", cases[i]);
		assert_memory_equal(mac, untouched, 6);
	}
}

static void test_uint(void **state)
{
	static const struct {
		const char *text;
		uint32_t min, max;
		int code;
		uint32_t value;
	} cases[] = {
		{"0", 0, 0, 0, 0},
		{"1", 1, 1, 0, 1},
		{"4095", 0, 4095, 0, 4095},
		{"4294967295", 0, UINT32_MAX, 0, UINT32_MAX},
		{"0", 1, 10, -EINVAL, 0},
		{"11", 1, 10, -EINVAL, 0},
		{"4294967296", 0, UINT32_MAX, -EINVAL, 0},
		{"18446744073709551616", 0, UINT32_MAX, -EINVAL, 0},
		{"18446744073709551617", 0, UINT32_MAX, -EINVAL, 0},
		{"99999999999999999999999999999999", 0, UINT32_MAX, -EINVAL, 0},
		{"", 0, UINT32_MAX, -EINVAL, 0},
		{" 1", 0, UINT32_MAX, -EINVAL, 0},
		{"1 ", 0, UINT32_MAX, -EINVAL, 0},
		{"+1", 0, UINT32_MAX, -EINVAL, 0},
		{"-1", 0, UINT32_MAX, -EINVAL, 0},
		{"-0", 0, UINT32_MAX, -EINVAL, 0},
		{"01", 0, UINT32_MAX, -EINVAL, 0},
		{"00", 0, UINT32_MAX, -EINVAL, 0},
		{"0x1", 0, UINT32_MAX, -EINVAL, 0},
		{"1e3", 0, UINT32_MAX, -EINVAL, 0},
		{"1.0", 0, UINT32_MAX, -EINVAL, 0},
		{"1_000", 0, UINT32_MAX, -EINVAL, 0},
	};
	uint32_t value;
	size_t i;

	(void)state;
	for (i = 0; i < N(cases); i++) {
		value = 12345;
		if (xv_uint_parse(cases[i].text, cases[i].min, cases[i].max, &value) !=
		    cases[i].code)
			fail_msg("<%s> in [%u, %u]", cases[i].text, cases[i].min, cases[i].max);
		assert_int_equal(value, cases[i].code ? 12345 : cases[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip_good), cmocka_unit_test(test_ip_bytes),
		cmocka_unit_test(test_ip_bad),	cmocka_unit_test(test_mac_good),
		cmocka_unit_test(test_mac_bad), cmocka_unit_test(test_uint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
