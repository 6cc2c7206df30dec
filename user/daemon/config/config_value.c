/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of a configuration file: see config_value.h. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "addr.h"
#include "config/config_value.h"

/* Sets the error "bad NAME "WORD": RIGHT", where RIGHT says what would be right. */
static int bad(struct xv_reader *r, const char *name, const char *word, const char *right)
{
	char quote[XV_QUOTE_LEN];

	return xv_source_error(&r->source, xv_reader_line(r), "bad %s %s: %s", name,
			       xv_source_quote(word, quote), right);
}

int xv_value_uint(struct xv_reader *r, const char *name, uint32_t min, uint32_t max,
		  uint32_t *value)
{
	const char *text;
	char right[80];
	int err;

	err = xv_reader_scalar(r, name, &text);
	if (err)
		return err;
	if (!xv_uint_parse(text, min, max, value))
		return 0;
	snprintf(right, sizeof(right), "expected a decimal number from %u to %u", min, max);
	return bad(r, name, text, right);
}

int xv_value_bool(struct xv_reader *r, const char *name, bool *value)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
	const char *text;
	unsigned int i;
	int err;

	err = xv_reader_scalar(r, name, &text);
	if (err)
		return err;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcasecmp(text, words[i])) {
			*value = i & 1;
			return 0;
		}
	}
	return bad(r, name, text, "expected true or false (or yes, no, on, off)");
}

int xv_value_word(struct xv_reader *r, const char *name, const char *const *words, uint32_t *value)
{
	char list[128], right[256];
	const char *text, *near;
	uint32_t i;
	int err;

	err = xv_reader_scalar(r, name, &text);
	if (err)
		return err;
	for (i = 0; words[i]; i++) {
		if (!strcmp(text, words[i])) {
			*value = i;
			return 0;
		}
	}
	xv_source_join(words, list, sizeof(list));
	near = xv_source_nearest(text, words);
	snprintf(right, sizeof(right), "expected one of: %s%s%s%s", list,
		 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return bad(r, name, text, right);
}

int xv_value_name(struct xv_reader *r, const char *name, const char *more, char *value, size_t size)
{
	const char *text, *p;
	char right[128];
	int err;

	err = xv_reader_scalar(r, name, &text);
	if (err)
		return err;
	for (p = text; *p; p++) {
		if (isascii(*p) && isalnum(*p))
			continue;
		if (strchr("_-", *p) || strchr(more, *p))
			continue;
		snprintf(right, sizeof(right), "only letters, digits%s may be in it",
			 *more ? ", \"_\", \"-\" and \".\"" : ", \"_\" and \"-\"");
		return bad(r, name, text, right);
	}
	if (p == text)
		return bad(r, name, text, "it must not be empty");
	if ((size_t)(p - text) >= size) {
		snprintf(right, sizeof(right), "at most %zu characters", size - 1);
		return bad(r, name, text, right);
	}
	strcpy(value, text);
	return 0;
}

/* Checks the kernel's rules (dev_valid_name()), and that all is printable ASCII. */
int xv_value_dev(struct xv_reader *r, const char *name, char value[IFNAMSIZ])
{
	const char *text, *p;
	int err;

	err = xv_reader_scalar(r, name, &text);
	if (err)
		return err;
	if (!*text || !strcmp(text, ".") || !strcmp(text, ".."))
		return bad(r, name, text, "not a device name");
	for (p = text; *p; p++)
		if (*p <= ' ' || *p > '~' || *p == '/' || *p == ':')
			return bad(r, name, text,
				   "a device name has no spaces, \"/\", \":\" or special "
				   "characters");
	if (p - text >= IFNAMSIZ)
		return bad(r, name, text, "a device name has at most 15 characters");
	strcpy(value, text);
	return 0;
}

int xv_value_mac(struct xv_reader *r, const char *name, uint8_t mac[6])
{
	uint8_t parsed[6];
	const char *text;
	int err;

	err = xv_reader_scalar(r, name, &text);
	if (err)
		return err;
	if (xv_mac_parse(text, parsed))
		return bad(r, name, text,
			   "expected a MAC address such as \"02:00:00:00:00:0b\", in quotes");
	if (!xv_mac_is_unicast(parsed))
		return bad(r, name, text,
			   parsed[0] & 1 ? "it is a multicast address, not a station's"
					 : "the zero address is not a station's");
	memcpy(mac, parsed, sizeof(parsed));
	return 0;
}

/* Reads an address, and gives its text too. */
static int ip_and_text(struct xv_reader *r, const char *name, struct xv_ip *ip, const char **text)
{
	int err;

	err = xv_reader_scalar(r, name, text);
	if (err)
		return err;
	if (!xv_ip_parse(*text, ip))
		return 0;
	if (strchr(*text, '/'))
		return bad(r, name, *text, "expected an address without prefix length");
	return bad(r, name, *text,
		   "expected an IPv4 or IPv6 address such as 192.0.2.1 or \"2001:db8::1\"");
}

int xv_value_ip(struct xv_reader *r, const char *name, struct xv_ip *ip)
{
	const char *text;

	return ip_and_text(r, name, ip, &text);
}

int xv_value_host(struct xv_reader *r, const char *name, struct xv_ip *ip)
{
	struct xv_ip parsed;
	const char *text;
	int err;

	err = ip_and_text(r, name, &parsed, &text);
	if (err)
		return err;
	if (xv_ip_is_multicast(&parsed))
		return bad(r, name, text,
			   "it is a multicast address; a host's is expected (a network's "
			   "multicast group goes under \"group\")");
	if (!xv_ip_is_usable(&parsed))
		return bad(r, name, text,
			   "a host's own address is expected, not a zero, broadcast, loopback or "
			   "link-local one");
	*ip = parsed;
	return 0;
}

int xv_value_group(struct xv_reader *r, const char *name, struct xv_ip *ip)
{
	struct xv_ip parsed;
	const char *text;
	int err;

	err = ip_and_text(r, name, &parsed, &text);
	if (err)
		return err;
	if (!xv_ip_is_multicast(&parsed))
		return bad(r, name, text,
			   "expected a multicast address such as 239.1.1.1 (hosts go under "
			   "\"flood\")");
	*ip = parsed;
	return 0;
}

int xv_value_listen(struct xv_reader *r, const char *name, char *host, size_t size, uint16_t *port)
{
	char address[XV_IP_STRLEN];
	const char *text, *colon;
	struct xv_ip ip;
	uint32_t number;
	bool brackets;
	size_t len;
	int err;

	err = xv_reader_scalar(r, name, &text);
	if (err)
		return err;
	brackets = text[0] == '[';
	colon = strrchr(text, ':');
	if (!colon || (brackets && (colon == text || colon[-1] != ']')))
		goto err_form;
	len = colon - text - 2 * brackets;
	if (len >= sizeof(address) || len >= size)
		goto err_form;
	memcpy(address, text + brackets, len);
	address[len] = '\0';
	if (xv_ip_parse(address, &ip) || brackets != !!strchr(address, ':'))
		goto err_form;
	if (xv_ip_is_multicast(&ip))
		return bad(r, name, text, "it is a multicast address");
	if (xv_uint_parse(colon + 1, 1, UINT16_MAX, &number))
		return bad(r, name, text, "the port behind the last \":\" is 1 to 65535");
	strcpy(host, address);
	*port = number;
	return 0;

err_form:
	return bad(r, name, text,
		   "expected ADDRESS:PORT such as \"127.0.0.1:9476\" or \"[::1]:9476\", in quotes");
}

int xv_value_key_u16(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	uint32_t value;
	int err;

	err = xv_value_uint(r, key->name, key->min, key->max, &value);
	if (!err)
		*(uint16_t *)((char *)obj + key->offset) = value;
	return err;
}

int xv_value_key_u32(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return xv_value_uint(r, key->name, key->min, key->max,
			     (uint32_t *)((char *)obj + key->offset));
}

int xv_value_key_bool(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return xv_value_bool(r, key->name, (bool *)((char *)obj + key->offset));
}

int xv_value_key_dev(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return xv_value_dev(r, key->name, (char *)obj + key->offset);
}

int xv_value_key_mac(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return xv_value_mac(r, key->name, (uint8_t *)obj + key->offset);
}

int xv_value_key_host(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return xv_value_host(r, key->name, (struct xv_ip *)((char *)obj + key->offset));
}
