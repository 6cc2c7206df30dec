/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests as JSON lines: see request.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "args_check.h"
#include "request.h"

static int find_command(const json_t *root, const struct xv_command **command, struct xv_err *err)
{
	const char *object = json_string_value(json_object_get(root, "object"));
	const json_t *name_value = json_object_get(root, "command");
	const char *name = json_string_value(name_value);
	char list[256], quote[XV_QUOTE_MAX];

	if (!object)
		return xv_err_set(err, -EINVAL, "the request has no \"object\"; it is one of %s",
				  xv_command_objects(list, sizeof(list)));
	if (name_value && !name)
		return xv_err_set(err, -EINVAL, "bad command: expected a string");
	if (!name)
		name = xv_command_find(object, "") ? "" : "show";
	*command = xv_command_find(object, name);
	if (*command)
		return 0;
	if (xv_command_find(object, ""))
		return xv_err_set(err, -EINVAL, "%s has no command %s: it takes none", object,
				  xv_quote(name, quote));
	xv_command_names(object, list, sizeof(list));
	if (*list)
		return xv_err_set(err, -EINVAL, "%s has no command %s: use %s", object,
				  xv_quote(name, quote), list);
	return xv_err_set(err, -EINVAL, "unknown object %s: use %s", xv_quote(object, quote),
			  xv_command_objects(list, sizeof(list)));
}

static int check_args(const struct xv_command *command, json_t *args, struct xv_err *err)
{
	const char *gap = *command->name ? " " : "";
	char list[256], quote[XV_QUOTE_MAX];
	const struct xv_arg *arg;
	const char *name;
	json_t *value;
	int ret;

	json_object_foreach(args, name, value)
	{
		arg = xv_command_arg(command, name);
		if (!arg || arg->flags & XV_ARG_LOCAL) {
			xv_command_args(command, list, sizeof(list));
			return xv_err_set(err, -EINVAL, "%s%s%s does not know %s: %s%s",
					  command->object, gap, command->name,
					  xv_quote(name, quote), *list ? "it takes " : "",
					  *list ? list : "it takes no arguments");
		}
		ret = xv_arg_check(arg, value, err);
		if (ret)
			return ret;
	}
	for (arg = command->args; arg->name; arg++) {
		if (arg->flags & XV_ARG_REQUIRED && !json_object_get(args, arg->name))
			return xv_err_set(err, -EINVAL, "%s%s%s needs \"%s\"", command->object, gap,
					  command->name, arg->name);
	}
	return xv_args_check(command, args, err);
}

static int read_root(json_t *root, struct xv_request *request, struct xv_err *err)
{
	const struct xv_command *command;
	char quote[XV_QUOTE_MAX];
	const char *key;
	json_t *value, *args;
	int ret;

	if (!json_is_object(root))
		return xv_err_set(err, -EINVAL, "the request is not a JSON object");
	json_object_foreach(root, key, value)
	{
		if (strcmp(key, "object") && strcmp(key, "command") && strcmp(key, "args"))
			return xv_err_set(err, -EINVAL,
					  "unknown key %s: a request has object, command and args",
					  xv_quote(key, quote));
	}
	ret = find_command(root, &command, err);
	if (ret)
		return ret;
	args = json_object_get(root, "args");
	if (args && !json_is_object(args))
		return xv_err_set(err, -EINVAL, "bad args: expected an object");
	args = args ? json_incref(args) : json_object();
	if (!args)
		return xv_err_set(err, -ENOMEM, "out of memory");
	ret = check_args(command, args, err);
	if (ret) {
		json_decref(args);
		return ret;
	}
	request->command = command;
	request->args = args;
	return 0;
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

int xv_request_parse(const char *line, size_t len, struct xv_request *request, struct xv_err *err)
{
	json_error_t error;
	json_t *root;
	int ret;

	root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return xv_err_set(err, -EINVAL, "the request is not JSON, at byte %d: %s",
				  error.position, error.text);
	ret = read_root(root, request, err);
	json_decref(root);
	return ret;
}

const char *xv_request_format(const struct xv_request *request, char *buf, size_t size)
{
	char quote[XV_QUOTE_MAX];
	const char *key, *text;
	size_t used;
	json_t *value;

	used = snprintf(buf, size, "%s%s%s", request->command->object,
			*request->command->name ? " " : "", request->command->name);
	json_object_foreach(request->args, key, value)
	{
		if (used >= size || !strcmp(key, "text"))
			continue;
		text = json_string_value(value);
		if (text)
			text = strpbrk(text, " \"") || !is_printable(text) ? xv_quote(text, quote)
									   : text;
		else if (json_is_integer(value))
			snprintf(quote, sizeof(quote), "%" JSON_INTEGER_FORMAT,
				 json_integer_value(value));
		else
			snprintf(quote, sizeof(quote), "%s", json_is_true(value) ? "on" : "off");
		used += snprintf(buf + used, size - used, " %s %s", key, text ? text : quote);
	}
	return buf;
}

void xv_request_free(struct xv_request *request)
{
	json_decref(request->args);
	request->args = NULL;
}
