/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes that end together. What is removed is out of programs' sight at once; its id, its FDB
 * entries and its flood list go when the batch ends, after one grace period for all of it. A peer
 * that nothing names any more goes then too, or after the last hold; one that is named
 * again meanwhile stays as it was.
 */
#ifndef XV_BATCH_H
#define XV_BATCH_H

#include "model/model.h"

struct xv_batch {
	unsigned int depth;	     /* begun and not committed */
	unsigned int holds;	     /* peers without use stay until these end */
	bool entries;		     /* a network or port is gone, and FDB entries may name it */
	struct xv_network *networks; /* gone, by their next_gone */
	struct xv_peer *peers;	     /* gone, by their next_gone */
	bool peers_unused;	     /* some that nothing names are there still */
	struct xv_group *groups;     /* gone, by their next_gone */
	bool groups_unused;	     /* some that no list names are there still */
	/* Ids that are gone and not free yet. */
	bool bd[XV_MAX_NETWORKS];
	uint16_t port[XV_MAX_PORTS]; /* the bd that it was in; 0: not gone */
	bool peer[XV_MAX_PEERS];
};

/* Calls nest; the outermost commit does the work, and returns what went wrong with flood lists. */
void xv_batch_begin(struct xv_model *model);
int xv_batch_commit(struct xv_model *model, struct xv_err *err);
/* Until the release peers that nothing names stay, whatever batches end: a load's steps are many.
 */
void xv_batch_hold(struct xv_model *model);
void xv_batch_release(struct xv_model *model);
/* Whether peers that nothing names may go now. */
bool xv_batch_may_drop_peers(const struct xv_model *model);
/* Within a batch: frees the ids of what is gone so far. Whether there was any. */
bool xv_batch_make_room(struct xv_model *model);

#endif
