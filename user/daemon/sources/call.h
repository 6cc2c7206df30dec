/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One command while it runs: its arguments, the objects that they name, and the answer, which is
 * empty, an object, or tables that are read row by row.
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
	struct xv_service *service; /* service.h */
	const struct xv_command *command;
	const json_t *args;   /* checked against the grammar */
	json_t *data;	      /* answer: an object, or NULL; the caller frees */
	char *json;	      /* or a large one as the text of its JSON, malloc()ed; NULL: none */
	struct xv_load *load; /* set if FDB entries follow the request; the caller frees */
	enum xv_table_id tables[XV_CALL_TABLES];
	size_t n_tables;
	struct xv_selection selection; /* which rows of the tables are shown */
	struct xv_err err;
};

/* Find the object that the arguments name. -ENOENT with a text if there is none. */
int xv_call_network(struct xv_call *call, struct xv_network **net);
int xv_call_port(struct xv_call *call, struct xv_port **port);
int xv_call_peer(struct xv_call *call, struct xv_peer **peer);
/* Sets call->selection from the arguments. */
int xv_call_select(struct xv_call *call);
/* Sets the answer to {key: number}. */
int xv_call_answer_number(struct xv_call *call, const char *key, long number);
/*
 * The address in the argument "remote". group: a multicast address is valid too. -EINVAL with a
 * text if the address is not valid.
 */
int xv_call_remote(struct xv_call *call, bool group, struct xv_ip *ip);

/* The arguments of "fdb add". */
struct xv_entry_args {
	uint8_t mac[6];
	struct xv_network *net;
	struct xv_port *port; /* the MAC's port; NULL: it is behind remote */
	struct xv_ip remote;
	bool sticky;
};

int xv_call_entry(struct xv_call *call, struct xv_entry_args *entry);

#endif
