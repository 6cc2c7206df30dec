/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Many static FDB entries at once, in steps that are short enough for the event loop and with few
 * grace periods together.
 */
#ifndef XV_BULK_H
#define XV_BULK_H

#include "model/fdb.h"

/* 16 bytes: a million wait in 16 MiB. */
struct xv_bulk_put {
	struct xv_fdb_key key;
	uint16_t dst;  /* port or peer id; the caller holds a reference to the peer throughout */
	uint8_t kind;  /* enum xv_fdb_kind; XV_FDB_NONE: is not in the table (any more) */
	uint8_t flags; /* XV_FDB_STICKY or 0 */
	uint32_t line; /* of its file, for messages */
};

struct xv_bulk;

/* puts stays the caller's, and is written to. NULL: no memory. */
struct xv_bulk *xv_bulk_new(struct xv_model *model, struct xv_bulk_put *puts, size_t n,
			    bool replace, enum xv_origin origin);
/*
 * Goes on for some milliseconds. 0: all are in. -EAGAIN: call again. -EINPROGRESS: call again
 * after a grace period. Else a text in err; *bad is the first entry that could not be added, as by
 * xv_fdb_add_static(), and others after it may be missing too.
 */
int xv_bulk_step(struct xv_bulk *bulk, size_t *bad, struct xv_err *err);
/* After a failure without replace: takes away what was added. 0: all of it. -EAGAIN: call again. */
int xv_bulk_undo(struct xv_bulk *bulk);
/* Steps to the end, waiting for grace periods; work in turns (turn.h) gives way meanwhile. */
int xv_bulk_run(struct xv_bulk *bulk, size_t *bad, struct xv_err *err);
/* How many are in. */
size_t xv_bulk_done(const struct xv_bulk *bulk);
void xv_bulk_free(struct xv_bulk *bulk);

#endif
