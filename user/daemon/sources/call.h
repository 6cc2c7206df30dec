/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A command on its way: its arguments, what they name, and what is to be answered: nothing, an
 * object, or tables to be read row by row.
 */
#ifndef XV_CALL_H
#define XV_CALL_H

#include "model/network.h"
#include "model/peer.h"
#include "request.h"
#include "row.h"
#include "sources/selection.h"

struct xv_load;
struct xv_service;

enum {
	XV_CALL_TABLES = 4, /* tables in one answer at most */
};

struct xv_call {
	struct xv_model *model;
	struct xv_service *service; /* see ops.h */
	const struct xv_command *command;
	const json_t *args;   /* checked */
	json_t *data;	      /* answer: an object, or NULL; the caller frees */
	struct xv_load *load; /* entries are to follow; the caller frees */
	enum xv_table_id tables[XV_CALL_TABLES];
	size_t n_tables;
	struct xv_selection selection; /* of the tables' rows */
	struct xv_err err;
};

/* What an argument names. -ENOENT with a text if there is no such thing. */
int xv_call_network(struct xv_call *call, struct xv_network **net);
int xv_call_port(struct xv_call *call, struct xv_port **port);
int xv_call_peer(struct xv_call *call, struct xv_peer **peer);
/* Sets call->selection from the arguments. */
int xv_call_select(struct xv_call *call);
/* Answers {key: number}. */
int xv_call_answer_number(struct xv_call *call, const char *key, long number);
/* The address that "remote" gives; with group, a multicast one too. -EINVAL if a host cannot have
 * it. */
int xv_call_remote(struct xv_call *call, bool group, struct xv_ip *ip);

/* What the arguments of "fdb add" say. */
struct xv_entry_args {
	uint8_t mac[6];
	struct xv_network *net;
	struct xv_port *port; /* NULL: behind remote */
	struct xv_ip remote;
	bool sticky;
};

int xv_call_entry(struct xv_call *call, struct xv_entry_args *entry);

#endif
