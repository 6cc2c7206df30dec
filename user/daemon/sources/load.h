/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Static FDB entries from a file: lines that are each the arguments of `xvtep fdb add`, with blank
 * lines and "# comments" between them. All lines are read and checked before anything is changed.
 */
#ifndef XV_LOAD_H
#define XV_LOAD_H

#include "model/bulk.h"

enum {
	XV_LOAD_LINE = 512, /* bytes of a line, without its newline */
};

struct xv_load;

/* Called once, from the event loop, when all entries are in or none is; ret is 0, or negative with
 * err set. The load is freed then. */
typedef void (*xv_load_done_fn)(void *arg, int ret, size_t entries, const struct xv_err *err);

/* list: loads that are being applied. file names it in messages. NULL: no memory. */
struct xv_load *xv_load_new(struct xv_model *model, struct xv_load **list, const char *file,
			    bool replace);
/*
 * Reads more of the text, which is written to; pieces may end anywhere. Negative with a text
 * "FILE:LINE: ..." if a line is wrong or could not be added now; then only xv_load_free() is left.
 */
int xv_load_text(struct xv_load *load, char *text, size_t len, struct xv_err *err);
/* The text is complete. As xv_load_text(); on success done() will be called, with arg. */
int xv_load_apply(struct xv_load *load, xv_load_done_fn done, void *arg, struct xv_err *err);
/* Nobody waits for a load that is being applied any more: it goes on, and frees itself. */
void xv_load_abandon(struct xv_load *load);
/* Before it is applied. NULL is fine. */
void xv_load_free(struct xv_load *load);
/* The instance stops: what is being applied stays where it is. */
void xv_load_stop(struct xv_load **list);

#endif
