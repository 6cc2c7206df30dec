/* SPDX-License-Identifier: GPL-2.0-only */
/* Lets the worker read configurations: see file.h. */
#include <stdlib.h>
#include <string.h>

#include "config/config_file.h"
#include "kernel/worker.h"
#include "sources/file.h"
#include "turn.h"

struct reading {
	const char *file;
	const char *text; /* NULL: read the file */
	struct xv_config **config;
	struct xv_err *err;
	int ret;
};

static void read_it(void *arg)
{
	struct reading *r = arg;

	if (r->text)
		r->ret = xv_config_parse(r->file, r->text, strlen(r->text), r->config, r->err);
	else
		r->ret = xv_config_load_regular(r->file, r->config, r->err);
}

static void free_it(void *config)
{
	xv_config_free(config);
}

int xv_file_load(const char *file, struct xv_config **config, struct xv_err *err)
{
	return xv_file_parse(file, NULL, config, err);
}

int xv_file_parse(const char *file, const char *text, struct xv_config **config, struct xv_err *err)
{
	struct reading r = {.file = file, .text = text, .config = config, .err = err};

	xv_turn_tell("reading the file", 0, 0);
	xv_worker_run(read_it, &r);
	return r.ret;
}

void xv_file_free(struct xv_config *config)
{
	xv_worker_run(free_it, config);
}

/*
 * Moves the networks to a new configuration, which the worker frees: the caller may free `config`
 * before the worker has finished.
 */
void xv_file_drop_networks(struct xv_config *config)
{
	struct xv_config *gone = calloc(1, sizeof(*gone));

	if (!gone) {
		xv_config_drop_networks(config);
		return;
	}
	gone->networks = config->networks;
	gone->n_networks = config->n_networks;
	config->networks = NULL;
	config->n_networks = 0;
	xv_file_free(gone);
}
