/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the control socket can do: one handler for each command of commands.h. A handler calls the
 * core and leaves behind what to answer: nothing, an object, or tables to be read row by row.
 */
#ifndef XV_OPS_H
#define XV_OPS_H

#include "sources/load.h"
#include "request.h"
#include "serve/view.h"

enum {
	XV_OPS_TABLES = 4, /* tables in one answer at most */
};

struct xv_call {
	struct xv_instance *inst;
	const struct xv_command *command;
	const json_t *args;   /* checked */
	json_t *data;	      /* answer: an object, or NULL; the caller frees */
	struct xv_load *load; /* entries are to follow; the caller frees */
	enum xv_table_id tables[XV_OPS_TABLES];
	size_t n_tables;
	struct xv_view_filter filter; /* of the tables */
	struct xv_err err;
};

/* Runs a request. 0, or a negative errno with call->err set; nothing is changed then. */
int xv_ops_run(struct xv_instance *inst, const struct xv_request *request, struct xv_call *call);

/* Whether a command of commands.h has its handler (a test asks, for all). */
bool xv_ops_knows(const struct xv_command *command);

/* For handlers: what an argument names. -ENOENT with a text if there is no such thing. */
int xv_ops_network(struct xv_call *call, struct xv_network **net);
int xv_ops_port(struct xv_call *call, struct xv_port **port);
int xv_ops_peer(struct xv_call *call, struct xv_peer **peer);
/* call->filter from the arguments. */
int xv_ops_filter(struct xv_call *call);
/* Answers {key: number}. */
int xv_ops_answer_number(struct xv_call *call, const char *key, long number);
/* The address that "remote" gives; with group, a multicast one too. -EINVAL if a host cannot have
 * it. */
int xv_ops_remote(struct xv_call *call, bool group, struct xv_ip *ip);

/* What the arguments of "fdb add" say. */
struct xv_ops_entry {
	uint8_t mac[6];
	struct xv_network *net;
	struct xv_port *port; /* NULL: behind remote */
	struct xv_ip remote;
	bool sticky;
};

int xv_ops_entry(struct xv_call *call, struct xv_ops_entry *entry);

int xv_ops_network_add(struct xv_call *call);
int xv_ops_network_set(struct xv_call *call);
int xv_ops_network_del(struct xv_call *call);
int xv_ops_port_add(struct xv_call *call);
int xv_ops_port_del(struct xv_call *call);
int xv_ops_fdb_add(struct xv_call *call);
int xv_ops_fdb_replace(struct xv_call *call);
int xv_ops_fdb_load(struct xv_call *call);
int xv_ops_fdb_del(struct xv_call *call);
int xv_ops_fdb_flush(struct xv_call *call);
int xv_ops_flood_add(struct xv_call *call);
int xv_ops_flood_del(struct xv_call *call);
int xv_ops_flood_flush(struct xv_call *call);
int xv_ops_peer_add(struct xv_call *call);
int xv_ops_peer_del(struct xv_call *call);
int xv_ops_stats_show(struct xv_call *call);
int xv_ops_apply(struct xv_call *call);
int xv_ops_check(struct xv_call *call);
int xv_ops_reload(struct xv_call *call);
int xv_ops_save(struct xv_call *call);

#endif
