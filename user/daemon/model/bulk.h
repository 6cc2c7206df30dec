/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Adds many static FDB entries at once, in steps that do not block the event loop for long, and
 * with few grace periods in all.
 */
#ifndef XV_BULK_H
#define XV_BULK_H

#include "model/fdb.h"

/* 16 bytes, so that a million entries take 16 MB */
struct xv_bulk_put {
	struct xv_fdb_key key;
	uint16_t dst;  /* port or peer id; the caller holds a reference to the peer meanwhile */
	uint8_t kind;  /* enum xv_fdb_kind; XV_FDB_NONE: not added, or removed again */
	uint8_t flags; /* XV_FDB_STICKY or 0 */
	uint32_t line; /* line in its file, for messages */
};

struct xv_bulk;

/* puts: owned by the caller, and modified. NULL: no memory. */
struct xv_bulk *xv_bulk_new(struct xv_model *model, struct xv_bulk_put *puts, size_t n,
			    bool replace, enum xv_origin origin);
/*
 * Adds entries for some milliseconds. 0: all were added. -EAGAIN: call again. -EINPROGRESS: call
 * again after a grace period. Other errors have a text in err; *bad is the first entry that could
 * not be added, and others after it may be missing too. Errors are those of xv_fdb_add_static().
 */
int xv_bulk_step(struct xv_bulk *bulk, size_t *bad, struct xv_err *err);
/*
 * After a failure without replace: removes the entries that were added. 0: all are removed.
 * -EAGAIN: call again.
 */
int xv_bulk_undo(struct xv_bulk *bulk);
/*
 * Calls xv_bulk_step() to the end, and waits for grace periods. As work in turns (turn.h), gives
 * way meanwhile.
 */
int xv_bulk_run(struct xv_bulk *bulk, size_t *bad, struct xv_err *err);
/* How many entries were added. */
size_t xv_bulk_done(const struct xv_bulk *bulk);
void xv_bulk_free(struct xv_bulk *bulk);

#endif
