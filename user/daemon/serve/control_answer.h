/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An answer of tables on the control socket: lines of at most XV_CONTROL_BATCH rows, made as the
 * client takes them:
 *   {"ok":true,"table":"fdb","data":[...],"more":true}
 *   {"ok":true,"table":"fdb","data":[...]}
 * A tab stands before each row, and nowhere else: a client that prints JSON need not parse it.
 */
#ifndef XV_CONTROL_ANSWER_H
#define XV_CONTROL_ANSWER_H

#include "serve/view.h"
#include "sources/call.h"

struct evbuffer;

enum xv_control_answer_limits {
	XV_CONTROL_OUTPUT = 256 << 10, /* bytes waiting for a client before more rows are made */
	XV_CONTROL_BATCH = 512,	       /* rows a line */
	XV_CONTROL_COPIES = 4,	       /* answers at a time that hold a copy of the FDB */
};

struct xv_control_answer {
	const struct xv_about *about;
	size_t *n_copies; /* of all clients */
	bool open;	  /* tables are still to be written */
	struct xv_call call;
	size_t table;	     /* of the call's: the one that is being written */
	struct xv_view view; /* the table's rows */
};

/* Begins to answer answer->call, which names tables. -EBUSY with a text if too many read the FDB.
 */
int xv_control_answer_start(struct xv_control_answer *answer, const struct xv_about *about,
			    size_t *n_copies, struct xv_err *err);
/* Writes rows until enough waits in out or the answer is complete. Not open is fine. */
void xv_control_answer_write(struct xv_control_answer *answer, struct evbuffer *out);
/* What is not written yet will not be. Not open is fine. */
void xv_control_answer_drop(struct xv_control_answer *answer);

#endif
