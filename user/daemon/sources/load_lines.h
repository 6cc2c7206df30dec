/* SPDX-License-Identifier: GPL-2.0-only */
/* Parses, checks and stages the lines of a load (load.h). */
#ifndef XV_LOAD_LINES_H
#define XV_LOAD_LINES_H

#include "model/bulk.h"
#include "model/peer.h"

enum {
	XV_LOAD_LINE = 512, /* longest line, without its newline */
};

struct xv_load;

/*
 * Called once from the event loop, when all entries were added (ret 0), or when the load failed
 * (ret negative, err set). The load is freed afterwards.
 */
typedef void (*xv_load_done_fn)(void *arg, int ret, size_t entries, const struct xv_err *err);

struct load_name { /* a word that names a network */
	char word[XV_NAME_LEN];
	uint32_t bd;
	UT_hash_handle hh;
};

struct load_remote { /* a future peer; until the peer exists, entries refer to its index */
	struct xv_ip ip;
	uint32_t line; /* the first line that names it */
	struct xv_peer *peer;
	UT_hash_handle hh;
};

struct xv_load {
	struct xv_model *model;
	char *file;
	bool replace, extra; /* extra: outside programs have entries in xv_fdb */
	uint32_t line;	     /* the last line that was parsed */
	char rest[XV_LOAD_LINE + 2];
	size_t n_rest; /* bytes of the unfinished line in rest */
	struct load_name *names, *last;
	struct load_remote *remotes, *by_ip; /* [XV_MAX_PEERS], uthash */
	size_t n_remotes;
	struct xv_bulk_put *puts;
	size_t n, room;
	size_t checked, n_new; /* entries that were checked, and those of them that are not in the
				  FDB yet */

	/* while the entries are added: */
	struct xv_bulk *bulk;
	struct event *next_step;
	struct xv_load **list, *prev, *next; /* the list of running loads */
	xv_load_done_fn done;		     /* NULL: nobody waits for the result */
	void *arg;
	int failed; /* negative: the error that is reported when all entries are removed again */
	struct xv_err err;
};

/* Makes a load. list: the running loads. file: its name in messages. NULL: no memory. */
struct xv_load *xv_load_new(struct xv_model *model, struct xv_load **list, const char *file,
			    bool replace);
/*
 * Parses a piece of the text, which may end anywhere and is modified. Negative with a text
 * "FILE:LINE: ..." if a line is wrong or cannot be added now; the caller may then only call
 * xv_load_free().
 */
int xv_load_text(struct xv_load *load, char *text, size_t len, struct xv_err *err);
/* Frees a load that has not been started. load may be NULL. */
void xv_load_free(struct xv_load *load);
/* Parses and checks the rest; the last line may lack its newline. For xv_load_apply(). */
int xv_load_end(struct xv_load *load, struct xv_err *err);

#endif
