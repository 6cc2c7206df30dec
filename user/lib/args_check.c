/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks a request's arguments against each other: see args_check.h. */
#include <errno.h>
#include <string.h>

#include "args_check.h"

static bool given(const json_t *args, const char *name)
{
	return json_object_get(args, name);
}

static int check_network_set(const json_t *args, struct xv_err *err)
{
	if (json_object_size(args) > 1) /* the first argument names the network */
		return 0;
	return xv_err_set(err, -EINVAL,
			  "network set: nothing to set; give name, learning, ageing, max-macs, "
			  "learn-rate, inner-vlan, link-local or loop-detect");
}

/* Checks arguments that select one VLAN of a device. */
static int check_vlan(const json_t *args, struct xv_err *err)
{
	if (!given(args, "vlan") || given(args, "dev"))
		return 0;
	if (given(args, "remote"))
		return xv_err_set(err, -EINVAL, "\"vlan\" goes with \"dev\", not \"remote\"");
	return xv_err_set(err, -EINVAL, "\"vlan\" needs a device beside it");
}

static int check_place(const json_t *args, struct xv_err *err)
{
	if (given(args, "remote") == given(args, "dev"))
		return xv_err_set(err, -EINVAL, "a static entry needs %s \"remote\" and \"dev\"",
				  given(args, "remote") ? "only one of" : "either of");
	return check_vlan(args, err);
}

static int check_filter(const json_t *args, struct xv_err *err)
{
	if (given(args, "learned") && given(args, "static"))
		return xv_err_set(
			err, -EINVAL,
			"\"learned\" and \"static\" exclude each other: give one or none");
	if (given(args, "remote") && given(args, "dev"))
		return xv_err_set(err, -EINVAL,
				  "\"remote\" and \"dev\" exclude each other: give one or none");
	return check_vlan(args, err);
}

static const struct {
	const char *object, *command;
	int (*check)(const json_t *args, struct xv_err *err);
} checks[] = {
	{"network", "set", check_network_set}, {"port", "show", check_vlan},
	{"fdb", "show", check_filter},	       {"fdb", "flush", check_filter},
	{"fdb", "add", check_place},	       {"fdb", "replace", check_place},
};

int xv_args_check(const struct xv_command *command, const json_t *args, struct xv_err *err)
{
	size_t i;

	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (!strcmp(checks[i].object, command->object) &&
		    !strcmp(checks[i].command, command->name))
			return checks[i].check(args, err);
	return 0;
}
