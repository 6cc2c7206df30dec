/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks and reads the values of a request's arguments: see args.h. */
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "args.h"
#include "link_local.h"
#include "xv_abi.h"
#include "xv_wire.h"

const char *xv_quote(const char *word, char buf[XV_QUOTE_MAX])
{
	enum { ROOM = XV_QUOTE_MAX - sizeof("\"\"...") };
	size_t used = 0;

	buf[used++] = '"';
	for (; *word && used <= ROOM; word++)
		buf[used++] = *word >= ' ' && *word <= '~' ? *word : '?';
	snprintf(buf + used, XV_QUOTE_MAX - used, "%s\"", *word ? "..." : "");
	return buf;
}

static int bad(const struct xv_arg *arg, const char *word, struct xv_err *err, const char *right)
{
	char quote[XV_QUOTE_MAX], label[64];
	char *p;

	snprintf(label, sizeof(label), "%s", xv_arg_label(arg, (char[64]){}));
	for (p = label; *p; p++)
		*p = tolower(*p);
	return xv_err_set(err, -EINVAL, "bad %s %s: %s", label, xv_quote(word, quote), right);
}

static int check_number(const struct xv_arg *arg, const json_t *value, struct xv_err *err)
{
	char word[24], right[80];

	if (json_is_integer(value) && json_integer_value(value) >= arg->min &&
	    json_integer_value(value) <= arg->max)
		return 0;
	snprintf(right, sizeof(right), "expected a number from %u to %u", arg->min, arg->max);
	if (!json_is_integer(value))
		return xv_err_set(err, -EINVAL, "bad %s: %s", arg->name, right);
	snprintf(word, sizeof(word), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return bad(arg, word, err, right);
}

static int check_words(const struct xv_arg *arg, const char *word, struct xv_err *err)
{
	char right[160] = "expected ";
	size_t i, used;

	for (i = 0; arg->words[i]; i++) {
		if (!strcmp(arg->words[i], word))
			return 0;
		used = strlen(right);
		snprintf(right + used, sizeof(right) - used, "%s%s",
			 !i		     ? ""
			 : arg->words[i + 1] ? ", "
					     : " or ",
			 arg->words[i]);
	}
	return bad(arg, word, err, right);
}

/* A network's name follows the configuration file's rules, which keep it distinct from a VNI. */
static int check_name(const struct xv_arg *arg, const char *word, struct xv_err *err)
{
	const char *p;

	if (!*word || strlen(word) >= XV_NAME_LEN)
		return bad(arg, word, err, "a name has 1 to 31 characters");
	for (p = word; *p; p++) {
		if (!(isascii(*p) && isalnum(*p)) && !strchr("_-.", *p))
			return bad(arg, word, err,
				   "only letters, digits, \"_\", \"-\" and \".\" may be in it");
	}
	if (word[strspn(word, "0123456789")] == '\0')
		return bad(arg, word, err, "digits alone would be taken for a VNI");
	return 0;
}

static int check_dev(const struct xv_arg *arg, const char *word, struct xv_err *err)
{
	const char *p;

	if (!*word || !strcmp(word, ".") || !strcmp(word, ".."))
		return bad(arg, word, err, "not a device name");
	if (strlen(word) >= IFNAMSIZ)
		return bad(arg, word, err, "a device name has at most 15 characters");
	for (p = word; *p; p++) {
		if (*p <= ' ' || *p > '~' || *p == '/' || *p == ':')
			return bad(arg, word, err,
				   "a device name has no spaces, \"/\", \":\" or special "
				   "characters");
	}
	return 0;
}

static int check_text(const struct xv_arg *arg, const char *word, struct xv_err *err)
{
	uint16_t mask;
	uint32_t vni;
	struct xv_ip ip;
	uint8_t mac[6];

	switch (arg->type) {
	case XV_ARG_WORD:
		return check_words(arg, word, err);
	case XV_ARG_NAME:
		return check_name(arg, word, err);
	case XV_ARG_LINK_LOCAL:
		return xv_link_local_parse(word, &mask) ? bad(arg, word, err, XV_LINK_LOCAL_RIGHT)
							: 0;
	case XV_ARG_NETWORK:
		if (*word && word[strspn(word, "0123456789")] == '\0' &&
		    xv_uint_parse(word, 1, XV_VNI_MAX, &vni))
			return bad(arg, word, err, "a VNI is a number from 1 to 16777215");
		return *word ? 0 : bad(arg, word, err, "expected a network's name or VNI");
	case XV_ARG_MAC:
		if (xv_mac_parse(word, mac))
			return bad(arg, word, err,
				   "expected a MAC address such as 02:00:00:00:00:0b");
		if (!xv_mac_is_unicast(mac))
			return bad(arg, word, err, "a multicast or zero MAC is not a station's");
		return 0;
	case XV_ARG_IP:
		if (xv_ip_parse(word, &ip))
			return bad(arg, word, err,
				   "expected an address such as 192.0.2.2 or 2001:db8::2");
		return 0;
	case XV_ARG_DEV:
		return check_dev(arg, word, err);
	default:
		return 0;
	}
}

int xv_arg_check(const struct xv_arg *arg, const json_t *value, struct xv_err *err)
{
	switch (arg->type) {
	case XV_ARG_UINT:
		return check_number(arg, value, err);
	case XV_ARG_ONOFF:
	case XV_ARG_FLAG:
		if (json_is_boolean(value))
			return 0;
		return xv_err_set(err, -EINVAL, "bad %s: expected true or false", arg->name);
	default:
		if (!json_is_string(value))
			return xv_err_set(err, -EINVAL, "bad %s: expected a string", arg->name);
		return check_text(arg, json_string_value(value), err);
	}
}

/*
 * Returns that one of arg->words which equals word, or is the only one that begins with it; else
 * word itself.
 */
static const char *expand(const struct xv_arg *arg, const char *word)
{
	const char *found = NULL;
	size_t i;

	for (i = 0; arg->words[i]; i++) {
		if (strncmp(arg->words[i], word, strlen(word)))
			continue;
		if (found)
			return word;
		found = arg->words[i];
	}
	return found ? found : word;
}

static json_t *parse_word(const struct xv_arg *arg, const char *word)
{
	uint32_t number;

	switch (arg->type) {
	case XV_ARG_UINT:
		return xv_uint_parse(word, arg->min, arg->max, &number) ? NULL
									: json_integer(number);
	case XV_ARG_ONOFF:
		if (!strcmp(word, "on") || !strcmp(word, "off"))
			return json_boolean(word[1] == 'n');
		return NULL;
	case XV_ARG_WORD:
		return json_string(expand(arg, word));
	default:
		return json_string(word);
	}
}

int xv_arg_parse(const struct xv_arg *arg, const char *word, json_t **value, struct xv_err *err)
{
	char right[80] = "expected on or off";
	json_t *parsed;
	int ret;

	parsed = parse_word(arg, word);
	if (!parsed) {
		if (arg->type == XV_ARG_UINT)
			snprintf(right, sizeof(right), "expected a number from %u to %u", arg->min,
				 arg->max);
		else if (arg->type != XV_ARG_ONOFF)
			snprintf(right, sizeof(right), "it is not UTF-8");
		return bad(arg, word, err, right);
	}
	ret = xv_arg_check(arg, parsed, err);
	if (ret) {
		json_decref(parsed);
		return ret;
	}
	*value = parsed;
	return 0;
}

const char *xv_args_text(const json_t *args, const char *name)
{
	return json_string_value(json_object_get(args, name));
}

bool xv_args_uint(const json_t *args, const char *name, uint32_t *value)
{
	const json_t *number = json_object_get(args, name);

	if (!number)
		return false;
	*value = json_integer_value(number);
	return true;
}

bool xv_args_bool(const json_t *args, const char *name, bool *value)
{
	const json_t *flag = json_object_get(args, name);

	if (!flag)
		return false;
	*value = json_is_true(flag);
	return true;
}
