/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of a load (load.h) read, checked and staged. */
#ifndef XV_LOAD_LINES_H
#define XV_LOAD_LINES_H

#include "model/bulk.h"
#include "model/peer.h"

enum {
	XV_LOAD_LINE = 512, /* bytes of a line, without its newline */
};

struct xv_load;

/* Called once, from the event loop, when all entries are in or none is; ret is 0, or negative with
 * err set. The load is freed then. */
typedef void (*xv_load_done_fn)(void *arg, int ret, size_t entries, const struct xv_err *err);

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

/* list: loads that are being applied. file names it in messages. NULL: no memory. */
struct xv_load *xv_load_new(struct xv_model *model, struct xv_load **list, const char *file,
			    bool replace);
/*
 * Reads more of the text, which is written to; pieces may end anywhere. Negative with a text
 * "FILE:LINE: ..." if a line is wrong or could not be added now; then only xv_load_free() is left.
 */
int xv_load_text(struct xv_load *load, char *text, size_t len, struct xv_err *err);
/* Before it is applied. NULL is fine. */
void xv_load_free(struct xv_load *load);
/* The text is complete; the last line may lack its newline. */
int xv_load_end(struct xv_load *load, struct xv_err *err);

#endif
