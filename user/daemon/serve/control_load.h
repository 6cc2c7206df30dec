/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries that a client of the control socket loads. The request is answered by {"ok":true,
 * "more":true}, so that no text is ever sent to a daemon that would take it for requests. Then the
 * client sends the text in blocks, each its length as a decimal number, a newline and the bytes; a
 * block of no bytes is the end, and is answered. Without it nothing is applied.
 */
#ifndef XV_CONTROL_LOAD_H
#define XV_CONTROL_LOAD_H

#include "sources/load.h"

struct evbuffer;

enum xv_control_load_limits {
	XV_CONTROL_LOADS = 4,	    /* loads at a time, each up to 16 MiB of entries */
	XV_CONTROL_BLOCK = 1 << 20, /* bytes of a block of a load */
};

/* What one client loads: its input is blocks of the text until the text is applied. */
struct xv_control_load {
	struct xv_load *load; /* NULL: nothing is loaded */
	size_t block;	      /* bytes left of one */
	bool applying;
	size_t *n_loads; /* of all clients */
	xv_load_done_fn done;
	void *arg;
};

/*
 * Waits for the text of the load, whose ownership passes. *n_loads counts the loads of all clients;
 * done is called with arg when the text was applied. -EBUSY with a text if there are too many.
 */
int xv_control_load_start(struct xv_control_load *control_load, struct xv_load *load,
			  size_t *n_loads, xv_load_done_fn done, void *arg, struct xv_err *err);
/*
 * Takes what is there of the text; eof: no more will come. 1: there may be more to take; 0: there
 * is not until input comes or done is called. Negative with a text: only xv_control_load_drop() is
 * left, and what is behind the text in the input cannot be told from it.
 */
int xv_control_load_feed(struct xv_control_load *control_load, struct evbuffer *in, bool eof,
			 struct xv_err *err);
/* The client goes, or was refused; done is not called any more. Nothing loaded is fine. */
void xv_control_load_drop(struct xv_control_load *control_load);

#endif
