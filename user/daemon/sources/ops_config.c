/* SPDX-License-Identifier: GPL-2.0-only */
/* Handlers that apply, check and write configuration files. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "config/config_print.h"
#include "kernel/worker.h"
#include "sources/file.h"
#include "sources/ops_config.h"
#include "sources/running.h"
#include "sources/service.h"
#include "turn.h"

static int parse(struct xv_call *call, struct xv_config **config)
{
	return xv_file_parse(xv_args_text(call->args, "file"), xv_args_text(call->args, "text"),
			     config, &call->err);
}

int xv_ops_apply(struct xv_call *call)
{
	struct xv_config *config;
	size_t changes = 0;
	int ret;

	ret = parse(call, &config);
	if (ret)
		return ret;
	/* A file without `instance` is for the instance that received it. */
	if (!strcmp(config->instance, "default"))
		memcpy(config->instance, call->model->name, sizeof(config->instance));
	ret = call->service->apply(call->service->arg, config, &changes, &call->err);
	return ret ? ret : xv_call_answer_number(call, "changes", changes);
}

int xv_ops_check(struct xv_call *call)
{
	struct xv_config *config;
	int ret;

	ret = parse(call, &config);
	if (ret)
		return ret;
	ret = xv_call_answer_number(call, "networks", config->n_networks);
	xv_file_free(config);
	return ret;
}

int xv_ops_reload(struct xv_call *call)
{
	size_t changes = 0;
	int ret;

	ret = call->service->reload(call->service->arg, &changes, &call->err);
	return ret ? ret : xv_call_answer_number(call, "changes", changes);
}

struct saving {
	struct xv_config *config; /* freed in the worker */
	char *json;		  /* the answer; NULL: out of memory */
};

/* Prints a million entries, which takes seconds. */
static void print_it(void *arg)
{
	struct saving *saving = arg;
	char *text = NULL;
	json_t *data = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out) {
		xv_config_print(saving->config, out);
		if (!fclose(out))
			data = json_pack("{s:s}", "text", text);
	}
	xv_config_free(saving->config);
	free(text);
	if (data)
		saving->json = json_dumps(data, JSON_COMPACT);
	json_decref(data);
}

int xv_ops_save(struct xv_call *call)
{
	struct saving saving = {};
	int ret;

	ret = xv_running_config(call->model, false, &saving.config, &call->err);
	if (ret)
		return ret;
	xv_turn_tell("printing the configuration", 0, 0);
	xv_worker_run(print_it, &saving);
	call->json = saving.json;
	return call->json ? 0 : -ENOMEM;
}
