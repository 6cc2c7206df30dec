/* SPDX-License-Identifier: GPL-2.0-only */
/* Completion: see complete.h. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "commands.h"
#include "complete.h"
#include "request.h"
#include "rundir.h"

static void offer(const char *word, const char *candidate)
{
	if (!strncmp(word, candidate, strlen(word)))
		puts(candidate);
}

static void offer_objects(const char *word)
{
	const struct xv_command *c;

	for (c = xv_commands; c->object; c++) {
		if (c == xv_commands || strcmp(c->object, c[-1].object))
			offer(word, c->object);
	}
}

/*
 * Prints the values of a column of an object's table, which the daemon is asked for. Prints nothing
 * if no daemon answers.
 */
static void offer_rows(const char *instance, const char *word, const char *object, const char *key)
{
	struct xv_client client;
	json_t *request, *reply, *row;
	struct xv_err err;
	const char *value;
	bool more = true;
	size_t i;

	if (xv_client_open(&client, instance, &err))
		return;
	request = json_pack("{s:s}", "object", object);
	if (request && !xv_client_send(&client, request, &err)) {
		while (more && !xv_client_read(&client, &reply, &err)) {
			json_array_foreach(json_object_get(reply, "data"), i, row)
			{
				value = json_string_value(json_object_get(row, key));
				if (value)
					offer(word, value);
			}
			more = json_is_true(json_object_get(reply, "more"));
			json_decref(reply);
		}
	}
	json_decref(request);
	xv_client_close(&client);
}

static void offer_values(const char *instance, const char *word, const struct xv_command *command,
			 const struct xv_arg *arg)
{
	size_t i;

	switch (arg->type) {
	case XV_ARG_ONOFF:
		offer(word, "on");
		offer(word, "off");
		break;
	case XV_ARG_WORD:
		for (i = 0; arg->words[i]; i++)
			offer(word, arg->words[i]);
		break;
	case XV_ARG_NETWORK:
		offer_rows(instance, word, "network", "name");
		break;
	case XV_ARG_DEV:
		/* Any device may become a port: the shell itself completes device names. */
		if (strcmp(command->object, "port") || strcmp(command->name, "add"))
			offer_rows(instance, word, "port", "dev");
		else
			puts("@device");
		break;
	case XV_ARG_IP:
		offer_rows(instance, word, "peer", "remote");
		break;
	case XV_ARG_FILE:
		puts("@file");
		break;
	default:
		break;
	}
}

/* Prints the names of the command's arguments that are not on the command line yet. */
static void offer_arguments(const char *word, const struct xv_command *command, int argc,
			    char *const argv[])
{
	const struct xv_arg *arg;
	int i;

	for (arg = command->args; arg->name; arg++) {
		if (arg->flags & (XV_ARG_HIDDEN | XV_ARG_POSITIONAL))
			continue;
		for (i = 0; i < argc && strcmp(argv[i], arg->name); i++)
			;
		if (i == argc)
			offer(word, arg->name);
	}
}

static void complete_arguments(const char *instance, const struct xv_command *command, int argc,
			       char *const argv[])
{
	const char *word = argv[argc - 1];
	const struct xv_arg *arg;

	arg = argc > 1 ? xv_command_arg(command, argv[argc - 2]) : NULL;
	if (arg && arg->type != XV_ARG_FLAG && !(arg->flags & XV_ARG_HIDDEN)) {
		offer_values(instance, word, command, arg);
		return;
	}
	for (arg = command->args; argc == 1 && arg->name; arg++) {
		if (!(arg->flags & XV_ARG_POSITIONAL))
			continue;
		offer_values(instance, word, command, arg);
		if (arg->flags & XV_ARG_REQUIRED)
			return;
	}
	offer_arguments(word, command, argc - 1, argv);
}

void xv_complete_instances(void)
{
	struct xv_client client;
	struct dirent *entry;
	struct xv_err err;
	DIR *d = opendir(xv_rundir_base());

	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] == '.' || xv_client_open(&client, entry->d_name, &err))
			continue;
		xv_client_close(&client);
		puts(entry->d_name);
	}
	if (d)
		closedir(d);
}

void xv_complete_words(const char *instance, int argc, char *const argv[])
{
	const struct xv_command *c;

	if (argc < 2) {
		offer_objects(argc ? argv[0] : "");
		return;
	}
	c = xv_command_find(argv[0], "");
	if (c) {
		complete_arguments(instance, c, argc - 1, argv + 1);
		return;
	}
	if (argc == 2) {
		for (c = xv_commands; c->object; c++) {
			if (!strcmp(c->object, argv[0]))
				offer(argv[1], c->name);
		}
		return;
	}
	c = xv_command_find(argv[0], argv[1]);
	if (c)
		complete_arguments(instance, c, argc - 2, argv + 2);
}
