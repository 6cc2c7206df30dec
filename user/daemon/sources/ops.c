/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of handlers, and helpers that several of them use: see ops.h. */
#include <errno.h>
#include <string.h>

#include "args.h"
#include "sources/ops.h"
#include "sources/ops_config.h"
#include "sources/ops_fdb.h"
#include "sources/ops_network.h"
#include "sources/ops_port.h"

struct op {
	const char *object;
	const char *command;
	int (*run)(struct xv_call *call); /* NULL: show the tables, filtered */
	enum xv_table_id tables[XV_CALL_TABLES];
	size_t n_tables;
};

static int stats_show(struct xv_call *call)
{
	static const struct {
		const char *word;
		enum xv_table_id table;
	} sections[] = {
		{"network", XV_TABLE_NET_STATS},
		{"port", XV_TABLE_PORT_STATS},
		{"peer", XV_TABLE_PEER_STATS},
		{"path", XV_TABLE_PATH_STATS},
	};
	const char *word = xv_args_text(call->args, "section");
	size_t i;

	for (i = 0; word && i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (strcmp(word, sections[i].word))
			continue;
		call->tables[0] = sections[i].table;
		call->n_tables = 1;
	}
	return 0;
}

static const struct op ops[] = {
	{"status", "show", NULL, {XV_TABLE_STATUS, XV_TABLE_UPLINK}, 2},
	{"network", "show", NULL, {XV_TABLE_NETWORK}, 1},
	{"network", "add", xv_ops_network_add, {}, 0},
	{"network", "set", xv_ops_network_set, {}, 0},
	{"network", "del", xv_ops_network_del, {}, 0},
	{"port", "show", NULL, {XV_TABLE_PORT}, 1},
	{"port", "add", xv_ops_port_add, {}, 0},
	{"port", "del", xv_ops_port_del, {}, 0},
	{"fdb", "show", NULL, {XV_TABLE_FDB}, 1},
	{"fdb", "add", xv_ops_fdb_add, {}, 0},
	{"fdb", "replace", xv_ops_fdb_replace, {}, 0},
	{"fdb", "load", xv_ops_fdb_load, {}, 0},
	{"fdb", "del", xv_ops_fdb_del, {}, 0},
	{"fdb", "flush", xv_ops_fdb_flush, {}, 0},
	{"flood", "show", NULL, {XV_TABLE_FLOOD}, 1},
	{"flood", "add", xv_ops_flood_add, {}, 0},
	{"flood", "del", xv_ops_flood_del, {}, 0},
	{"flood", "flush", xv_ops_flood_flush, {}, 0},
	{"peer", "show", NULL, {XV_TABLE_PEER}, 1},
	{"peer", "add", xv_ops_peer_add, {}, 0},
	{"peer", "del", xv_ops_peer_del, {}, 0},
	{"stats",
	 "show",
	 stats_show,
	 {XV_TABLE_NET_STATS, XV_TABLE_PORT_STATS, XV_TABLE_PEER_STATS, XV_TABLE_PATH_STATS},
	 4},
	{"drops", "show", NULL, {XV_TABLE_DROPS}, 1},
	{"apply", "", xv_ops_apply, {}, 0},
	{"check", "", xv_ops_check, {}, 0},
	{"reload", "", xv_ops_reload, {}, 0},
	{"save", "", xv_ops_save, {}, 0},
};

static const struct op *find_op(const struct xv_command *command)
{
	size_t i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (!strcmp(ops[i].object, command->object) &&
		    !strcmp(ops[i].command, command->name))
			return &ops[i];
	}
	return NULL;
}

bool xv_ops_knows(const struct xv_command *command)
{
	return find_op(command);
}

int xv_ops_run(struct xv_service *service, const struct xv_request *request, struct xv_call *call)
{
	const struct op *op = find_op(request->command);
	int ret;

	*call = (struct xv_call){
		.model = service->model,
		.service = service,
		.command = request->command,
		.args = request->args,
	};
	if (!op)
		return xv_err_set(&call->err, -ENOSYS, "%s %s: no handler",
				  request->command->object, request->command->name);
	memcpy(call->tables, op->tables, sizeof(call->tables));
	call->n_tables = op->n_tables;
	ret = op->run ? op->run(call) : xv_call_select(call);
	if (ret && !*call->err.text)
		xv_err_set(&call->err, ret, "%s", strerror(-ret));
	return ret;
}
