/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses as text: see addr.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "addr.h"

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

int xv_ip_parse(const char *text, struct xv_ip *ip)
{
	struct xv_ip parsed = {};

	if (inet_pton(AF_INET, text, &parsed.b[12]) == 1)
		memcpy(parsed.b, mapped_prefix, sizeof(mapped_prefix));
	else if (inet_pton(AF_INET6, text, parsed.b) != 1)
		return -EINVAL;
	*ip = parsed;
	return 0;
}

static char *put_byte(char *p, uint8_t value)
{
	if (value >= 100)
		*p++ = '0' + value / 100;
	if (value >= 10)
		*p++ = '0' + value / 10 % 10;
	*p++ = '0' + value % 10;
	return p;
}

/* Not inet_ntop(), which uses the slow printf(): a table may have a million addresses. */
static const char *format4(const uint8_t ip[4], char buf[XV_IP_STRLEN])
{
	char *p = buf;
	int i;

	for (i = 0; i < 4; i++) {
		p = put_byte(p, ip[i]);
		*p++ = i < 3 ? '.' : '\0';
	}
	return buf;
}

const char *xv_ip_format(const struct xv_ip *ip, char buf[XV_IP_STRLEN])
{
	if (xv_ip_is_v4(ip))
		return format4(&ip->b[12], buf);
	/* Cannot fail: the family is known and the buffer is INET6_ADDRSTRLEN. */
	return inet_ntop(AF_INET6, ip->b, buf, XV_IP_STRLEN);
}

bool xv_ip_is_v4(const struct xv_ip *ip)
{
	return !memcmp(ip->b, mapped_prefix, sizeof(mapped_prefix));
}

/* Unset is all zero bytes. 0.0.0.0 counts as unset too, though its mapped form is not all zero. */
bool xv_ip_is_zero(const struct xv_ip *ip)
{
	static const struct xv_ip zero;

	if (xv_ip_is_v4(ip))
		return !ip->w[3];
	return xv_ip_equal(ip, &zero);
}

bool xv_ip_is_multicast(const struct xv_ip *ip)
{
	if (xv_ip_is_v4(ip))
		return (ip->b[12] & 0xf0) == 224;
	return ip->b[0] == 0xff;
}

bool xv_ip_equal(const struct xv_ip *a, const struct xv_ip *b)
{
	return !memcmp(a->b, b->b, sizeof(a->b));
}

bool xv_ip_is_usable(const struct xv_ip *ip)
{
	static const struct xv_ip loopback6 = {.b = {[15] = 1}};

	if (xv_ip_is_zero(ip) || xv_ip_is_multicast(ip))
		return false;
	if (xv_ip_is_v4(ip))
		return ip->b[12] != 127 && ip->w[3] != htonl(INADDR_BROADCAST);
	if (ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80)
		return false;
	return !xv_ip_equal(ip, &loopback6);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int xv_mac_parse(const char *text, uint8_t mac[6])
{
	uint8_t parsed[6];
	char separator;
	int i, high, low;

	if (strlen(text) != XV_MAC_STRLEN - 1)
		return -EINVAL;
	separator = text[2];
	if (separator != ':' && separator != '-')
		return -EINVAL;
	for (i = 0; i < 6; i++, text += 3) {
		high = hex_digit(text[0]);
		low = hex_digit(text[1]);
		if (high < 0 || low < 0 || text[2] != (i < 5 ? separator : '\0'))
			return -EINVAL;
		parsed[i] = high << 4 | low;
	}
	memcpy(mac, parsed, sizeof(parsed));
	return 0;
}

const char *xv_mac_format(const uint8_t mac[6], char buf[XV_MAC_STRLEN])
{
	static const char digits[] = "0123456789abcdef";
	char *p = buf;
	int i;

	for (i = 0; i < 6; i++) {
		*p++ = digits[mac[i] >> 4];
		*p++ = digits[mac[i] & 15];
		*p++ = i < 5 ? ':' : '\0';
	}
	return buf;
}

bool xv_mac_is_unicast(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return !(mac[0] & 1) && memcmp(mac, zero, sizeof(zero));
}

/* Refuses leading zeros: YAML 1.1 and C read 010 as eight, people read it as ten. */
int xv_uint_parse(const char *text, uint32_t min, uint32_t max, uint32_t *value)
{
	uint64_t parsed = 0;
	const char *p;

	if (!*text || (text[0] == '0' && text[1]))
		return -EINVAL;
	for (p = text; *p; p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
		parsed = parsed * 10 + (*p - '0');
		if (parsed > UINT32_MAX)
			return -EINVAL;
	}
	if (parsed < min || parsed > max)
		return -EINVAL;
	*value = parsed;
	return 0;
}
