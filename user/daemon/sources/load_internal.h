/* SPDX-License-Identifier: GPL-2.0-only */
/* Between load.c (lines read) and load_apply.c (entries added); see load.h. */
#ifndef XV_LOAD_INTERNAL_H
#define XV_LOAD_INTERNAL_H

#include "sources/load.h"

struct load_name { /* a word that was found to name a network */
	char word[XV_NAME_LEN];
	uint32_t bd;
	UT_hash_handle hh;
};

struct load_remote { /* a peer to be; until it is applied entries have its index */
	struct xv_ip ip;
	uint32_t line; /* that names it first */
	struct xv_peer *peer;
	UT_hash_handle hh;
};

struct xv_load {
	struct xv_model *model;
	char *file;
	bool replace, extra; /* extra: outside programs have entries */
	uint32_t line;	     /* last one read */
	char rest[XV_LOAD_LINE + 2];
	size_t n_rest; /* bytes of a line that has not ended */
	struct load_name *names, *last;
	struct load_remote *remotes, *by_ip; /* [XV_MAX_PEERS], uthash */
	size_t n_remotes;
	struct xv_bulk_put *puts;
	size_t n, room;
	size_t checked, n_new; /* of them, and how many of those are not in the FDB yet */

	/* While it is applied */
	struct xv_bulk *bulk;
	struct event *next_step;
	struct xv_load **list, *prev, *next; /* those under way */
	xv_load_done_fn done;		     /* NULL: nobody waits */
	void *arg;
	int failed; /* 0, or what is told when all is taken away again */
	struct xv_err err;
};

/* The last line may lack its newline. */
int load_end(struct xv_load *load, struct xv_err *err);

#endif
