/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes a request of the words of a command line: see words.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "args_check.h"
#include "words.h"

struct words {
	int argc;
	char *const *argv;
	int at; /* next word */
	const struct xv_command *command;
	json_t *args;
	struct xv_err *err;
};

/* Returns 2 if word is name, 1 if word is a prefix of name, else 0. */
static int match(const char *word, const char *name)
{
	size_t len = strlen(word);

	if (!len || strncmp(word, name, len))
		return 0;
	return name[len] ? 1 : 2;
}

/* The names that a word may mean: the name that equals it, or those that begin with it. */
struct choice {
	const char *word;
	const char *exact;
	const char *first;
	unsigned int n; /* number of names that begin with the word */
	char list[256];
};

static void consider(struct choice *choice, const char *name)
{
	size_t used = strlen(choice->list);

	switch (match(choice->word, name)) {
	case 2:
		choice->exact = name;
		break;
	case 1:
		if (!choice->n++)
			choice->first = name;
		snprintf(choice->list + used, sizeof(choice->list) - used, "%s%s", used ? ", " : "",
			 name);
		break;
	}
}

/* Finds the name that a word means. 0 with *name NULL: there is none; -EINVAL: several. */
static int decide(struct words *w, const struct choice *choice, const char **name)
{
	char quote[XV_QUOTE_MAX];

	*name = choice->exact ? choice->exact : choice->first;
	if (choice->exact || choice->n < 2)
		return 0;
	return xv_err_set(w->err, -EINVAL, "%s is ambiguous: it may be %s",
			  xv_quote(choice->word, quote), choice->list);
}

static int find_object(struct words *w, const char *word, const char **object)
{
	struct choice choice = {.word = word};
	char list[256], quote[XV_QUOTE_MAX];
	const struct xv_command *c;
	int ret;

	for (c = xv_commands; c->object; c++) {
		if (c == xv_commands || strcmp(c->object, c[-1].object))
			consider(&choice, c->object);
	}
	ret = decide(w, &choice, object);
	if (ret || *object)
		return ret;
	return xv_err_set(w->err, -EINVAL, "unknown object %s: use %s", xv_quote(word, quote),
			  xv_command_objects(list, sizeof(list)));
}

/*
 * Whether "show" may be left out before the word: the word is or abbreviates the name of one of
 * show's arguments, or is the value of one that needs no name. Other words are refused, so that a
 * mistyped command is not taken for a network's name.
 */
static bool goes_with_show(const struct xv_command *show, const char *word)
{
	const struct xv_arg *arg;
	json_t *value;

	for (arg = show->args; arg->name; arg++) {
		if (match(word, arg->name))
			return true;
		if (arg->type != XV_ARG_WORD && arg->type != XV_ARG_MAC && arg->type != XV_ARG_IP)
			continue;
		if (arg->flags & XV_ARG_POSITIONAL && !xv_arg_parse(arg, word, &value, NULL)) {
			json_decref(value);
			return true;
		}
	}
	return false;
}

static int find_command(struct words *w, const char *object)
{
	const char *word = w->at < w->argc ? w->argv[w->at] : NULL;
	struct choice choice = {.word = word};
	char list[256], quote[XV_QUOTE_MAX];
	const struct xv_command *c;
	const char *name;
	int ret;

	w->command = xv_command_find(object, "");
	if (w->command)
		return 0;
	w->command = xv_command_find(object, "show");
	if (!word)
		return 0;
	for (c = xv_commands; c->object; c++) {
		if (!strcmp(c->object, object))
			consider(&choice, c->name);
	}
	ret = decide(w, &choice, &name);
	if (ret)
		return ret;
	if (name) {
		w->command = xv_command_find(object, name);
		w->at++;
		return 0;
	}
	if (goes_with_show(w->command, word))
		return 0;
	return xv_err_set(w->err, -EINVAL, "%s has no command %s: use %s", object,
			  xv_quote(word, quote), xv_command_names(object, list, sizeof(list)));
}

/* Finds the argument that the word names. 0 with *found NULL: there is none. */
static int find_argument(struct words *w, const char *word, const struct xv_arg **found)
{
	struct choice choice = {.word = word};
	const struct xv_arg *arg;
	const char *name;
	int ret;

	for (arg = w->command->args; arg->name; arg++) {
		if (!(arg->flags & XV_ARG_HIDDEN))
			consider(&choice, arg->name);
	}
	ret = decide(w, &choice, &name);
	if (!ret)
		*found = name ? xv_command_arg(w->command, name) : NULL;
	return ret;
}

/* Returns the next argument that may be given without its name. */
static const struct xv_arg *positional(const struct words *w)
{
	const struct xv_arg *arg;

	for (arg = w->command->args; arg->name; arg++) {
		if (arg->flags & XV_ARG_POSITIONAL && !json_object_get(w->args, arg->name))
			return arg;
	}
	return NULL;
}

static int unknown_word(struct words *w, const char *word)
{
	const char *gap = *w->command->name ? " " : "";
	char list[256], quote[XV_QUOTE_MAX];

	xv_command_args(w->command, list, sizeof(list));
	return xv_err_set(w->err, -EINVAL, "%s%s%s does not know %s: %s%s", w->command->object, gap,
			  w->command->name, xv_quote(word, quote), *list ? "it takes " : "",
			  *list ? list : "it takes nothing more");
}

static int read_argument(struct words *w)
{
	const char *word = w->argv[w->at];
	const struct xv_arg *arg, *first = positional(w);
	json_t *value;
	int ret;

	/*
	 * The word is a required first argument's value, even if it equals an argument's name. Only
	 * that argument's own name, followed by a value, is taken for a name.
	 */
	if (first && first->flags & XV_ARG_REQUIRED &&
	    (strcmp(word, first->name) || w->at + 1 >= w->argc)) {
		arg = first;
	} else {
		ret = find_argument(w, word, &arg);
		if (ret)
			return ret;
		if (arg)
			w->at++;
		else
			arg = first;
		if (!arg)
			return unknown_word(w, word);
	}
	if (json_object_get(w->args, arg->name))
		return xv_err_set(w->err, -EINVAL, "\"%s\" is given twice",
				  xv_arg_label(arg, (char[64]){}));
	if (arg->type == XV_ARG_FLAG) {
		value = json_true();
	} else {
		if (w->at >= w->argc)
			return xv_err_set(w->err, -EINVAL, "\"%s\" needs a value: %s", arg->name,
					  xv_arg_placeholder(arg, (char[64]){}));
		ret = xv_arg_parse(arg, w->argv[w->at++], &value, w->err);
		if (ret)
			return ret;
	}
	return json_object_set_new(w->args, arg->name, value) ? -ENOMEM : 0;
}

static int check_complete(const struct words *w)
{
	const struct xv_arg *arg;
	char usage[512];

	for (arg = w->command->args; arg->name; arg++) {
		if (!(arg->flags & XV_ARG_REQUIRED) || arg->flags & XV_ARG_HIDDEN)
			continue;
		if (json_object_get(w->args, arg->name))
			continue;
		return xv_err_set(w->err, -EINVAL, "%s%s%s needs \"%s\": %s", w->command->object,
				  *w->command->name ? " " : "", w->command->name,
				  xv_arg_label(arg, (char[64]){}),
				  xv_command_usage(w->command, usage, sizeof(usage)));
	}
	return 0;
}

int xv_words_parse(int argc, char *const argv[], struct xv_request *request, struct xv_err *err)
{
	struct words w = {.argc = argc, .argv = argv, .err = err};
	char list[256];
	const char *object;
	int ret;

	if (!argc)
		return xv_err_set(err, -EINVAL, "an object is missing: use %s",
				  xv_command_objects(list, sizeof(list)));
	ret = find_object(&w, argv[w.at++], &object);
	if (!ret)
		ret = find_command(&w, object);
	if (ret)
		return ret;
	w.args = json_object();
	if (!w.args)
		return xv_err_set(err, -ENOMEM, "out of memory");
	while (w.at < w.argc && !ret)
		ret = read_argument(&w);
	if (!ret)
		ret = check_complete(&w);
	if (!ret)
		ret = xv_args_check(w.command, w.args, err);
	if (ret) {
		json_decref(w.args);
		return ret;
	}
	request->command = w.command;
	request->args = w.args;
	return 0;
}
