/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Batches of changes that end together. What is deleted in a batch becomes invisible to programs at
 * once. Its id, FDB entries and flood list are freed when the batch ends, after one grace period
 * for all. A peer without references is deleted then too, or when the last hold ends. If it gets a
 * reference before that, it stays.
 */
#ifndef XV_BATCH_H
#define XV_BATCH_H

#include "model/model.h"

struct xv_batch {
	unsigned int depth; /* batches begun and not committed */
	unsigned int holds; /* while there are any, peers without references stay */
	bool entries;	    /* a network or port was deleted, and FDB entries may name it */
	struct xv_network *networks; /* deleted ones, linked by next_gone */
	struct xv_peer *peers;	     /* deleted ones, linked by next_gone */
	bool peers_unused;	     /* some peers without references still exist */
	struct xv_group *groups;     /* deleted ones, linked by next_gone */
	bool groups_unused;	     /* some groups that no list names still exist */
	/* ids that were deleted and are not free yet: */
	bool bd[XV_MAX_NETWORKS];
	uint16_t port[XV_MAX_PORTS]; /* the network (bd) of the deleted port; 0: not deleted */
	bool peer[XV_MAX_PEERS];
};

/*
 * Begin and end a batch. Batches nest: the outermost commit does the work, and returns an error if
 * flood lists could not be written.
 */
void xv_batch_begin(struct xv_model *model);
int xv_batch_commit(struct xv_model *model, struct xv_err *err);
/*
 * Until the release, peers without references stay, whatever batches end. For loads, which take
 * many batches.
 */
void xv_batch_hold(struct xv_model *model);
void xv_batch_release(struct xv_model *model);
/* Whether peers without references may be deleted now. */
bool xv_batch_may_drop_peers(const struct xv_model *model);
/* Within a batch: frees the ids of what was deleted so far. Returns whether there was any. */
bool xv_batch_make_room(struct xv_model *model);

#endif
