/* SPDX-License-Identifier: GPL-2.0-only */
/* xvtep: the command line client. See xvtep(8). */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "client.h"
#include "complete.h"
#include "file.h"
#include "help.h"
#include "output.h"
#include "printable.h"
#include "show.h"
#include "words.h"

enum {
	EXIT_USAGE = 2,
	OPT_COMPLETE = 256,
	OPT_INSTANCES,
	INSTANCE_MAX = 31, /* longest instance name that xvtepd takes */
};

struct options {
	const char *instance;
	bool json, all, help, complete, instances;
};

static const struct option long_options[] = {
	{"json", no_argument, NULL, 'j'},
	{"instance", required_argument, NULL, 'i'},
	{"all", no_argument, NULL, 'a'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{"complete", no_argument, NULL, OPT_COMPLETE},
	{"complete-instances", no_argument, NULL, OPT_INSTANCES},
	{},
};

/*
 * Put in front of a negative number while getopt() runs, so that getopt() takes the number for a
 * word and not for an option.
 */
static const char not_option = '\x01';

static void hide_numbers(int argc, char **argv)
{
	char *word;
	int i;

	for (i = 1; i < argc; i++)
		if (argv[i][0] == '-' && argv[i][1] >= '0' && argv[i][1] <= '9' &&
		    asprintf(&word, "%c%s", not_option, argv[i]) > 0)
			argv[i] = word;
}

static void show_numbers(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (argv[i][0] == not_option && argv[i][1] == '-')
			argv[i]++;
}

/*
 * Returns -1 to go on, else the exit status. Options may stand anywhere, except that --complete
 * ends them.
 */
static int parse_options(int argc, char **argv, struct options *o)
{
	bool complete = argc > 1 && !strcmp(argv[1], "--complete");
	int c;

	o->instance = "default";
	while ((c = getopt_long(argc, argv, complete ? "+ji:aVh" : "ji:aVh", long_options, NULL)) >=
	       0) {
		switch (c) {
		case 'j':
			o->json = true;
			break;
		case 'i':
			o->instance = optarg;
			break;
		case 'a':
			o->all = true;
			break;
		case 'V':
			printf("xvtep %s\n", XV_VERSION);
			return xv_output_close("xvtep", EXIT_SUCCESS);
		case 'h':
			o->help = true;
			break;
		case OPT_COMPLETE:
			o->complete = true;
			break;
		case OPT_INSTANCES:
			o->instances = true;
			break;
		default:
			fprintf(stderr, "xvtep: see \"xvtep -h\"\n");
			return EXIT_USAGE;
		}
	}
	if (strlen(o->instance) > INSTANCE_MAX)
		fprintf(stderr,
			"xvtep: bad instance \"%.40s...\": a name has at most %d characters\n",
			o->instance, INSTANCE_MAX);
	else if (*o->instance && !strchr(o->instance, '/') && *o->instance != '.')
		return -1;
	else
		fprintf(stderr, "xvtep: bad instance \"%s\": it is a name, not a path\n",
			o->instance);
	return EXIT_USAGE;
}

/*
 * Removes the arguments that only the client uses. Reads a file that travels in the request into
 * it, and opens a file that is sent after it.
 */
static int prepare(struct xv_request *request, struct xv_show *show, int *fd, struct xv_err *err)
{
	const char *file = xv_args_text(request->args, "file");
	json_t *text;
	int ret;

	show->command = request->command;
	show->several = !strcmp(request->command->object, "status") ||
			!strcmp(request->command->object, "stats");
	if (json_object_get(request->args, "all")) {
		show->all = true;
		json_object_del(request->args, "all");
	}
	if (!file)
		return 0;
	if (xv_command_arg(request->command, "text")) {
		ret = xv_file_read(file, &text, err);
		if (ret)
			return ret;
		if (json_object_set_new(request->args, "text", text))
			return -ENOMEM;
	} else {
		*fd = xv_file_open(file, err);
		if (*fd < 0)
			return *fd;
	}
	if (!strcmp(file, "-"))
		json_object_set_new(request->args, "file", json_string("stdin"));
	show->file = xv_args_text(request->args, "file");
	return 0;
}

/* Sends a file that does not travel in the request, after the daemon has asked for it. */
static int send_file(struct xv_client *client, int fd, const struct xv_show *show,
		     struct xv_err *err)
{
	json_t *reply;
	int ret;

	ret = xv_client_read(client, &reply, err);
	if (ret)
		return ret;
	json_decref(reply);
	return xv_file_send(fd, show->file, client, !show->json, err);
}

static int run(const struct options *o, struct xv_request *request, struct xv_err *err)
{
	struct xv_show show = {.json = o->json, .all = o->all};
	struct xv_client client;
	json_t *line;
	int fd = -1, ret;

	ret = prepare(request, &show, &fd, err);
	if (ret)
		return ret;
	ret = xv_client_open(&client, o->instance, err);
	if (ret && !strcmp(request->command->object, "check"))
		return xv_err_prefix(err, ret,
				     "check asks the daemon (xvtepd -n -c FILE does not)");
	if (ret)
		return ret;
	line = json_pack("{s:s,s:s,s:O}", "object", request->command->object, "command",
			 request->command->name, "args", request->args);
	ret = line ? xv_client_send(&client, line, err) : xv_err_set(err, -ENOMEM, "out of memory");
	if (!ret && fd >= 0)
		ret = send_file(&client, fd, &show, err);
	if (!ret)
		ret = xv_show_answer(&show, &client, err);
	json_decref(line);
	xv_client_close(&client);
	return ret;
}

/* Prints an error. Its text may quote input and device names, so it is made safe for a terminal. */
static void complain(const char *text, const char *hint)
{
	char safe[sizeof(((struct xv_err *)0)->text) * 4];

	xv_printable(safe, sizeof(safe), text);
	fprintf(stderr, "xvtep: %s%s\n", safe, hint);
}

int main(int argc, char **argv)
{
	struct xv_err err = {.text = ""};
	struct xv_request request;
	struct options o = {};
	int ret;

	xv_output_open();
	hide_numbers(argc, argv);
	ret = parse_options(argc, argv, &o);
	show_numbers(argc, argv);
	if (ret >= 0)
		return ret;
	argc -= optind;
	argv += optind;
	if (o.complete) {
		xv_complete_words(o.instance, argc, argv);
		return EXIT_SUCCESS;
	}
	if (o.instances) {
		xv_complete_instances();
		return EXIT_SUCCESS;
	}
	if (o.help || (argc && !strcmp(argv[argc - 1], "help"))) {
		xv_help_print(stdout, argc && strcmp(argv[0], "help") ? argv[0] : NULL);
		return xv_output_close("xvtep", EXIT_SUCCESS);
	}
	if (xv_words_parse(argc, argv, &request, &err)) {
		complain(err.text, " (\"xvtep -h\" lists all commands)");
		return EXIT_USAGE;
	}
	if (o.json && !strcmp(request.command->object, "save")) {
		fprintf(stderr,
			"xvtep: save prints a configuration file, which is YAML: leave -j away\n");
		xv_request_free(&request);
		return EXIT_USAGE;
	}
	ret = run(&o, &request, &err);
	if (ret)
		complain(*err.text ? err.text : strerror(-ret), "");
	xv_request_free(&request);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
