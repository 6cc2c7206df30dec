/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes that end together: see batch.h. */
#include <string.h>

#include "model/batch.h"
#include "model/fdb.h"
#include "model/flood.h"
#include "model/group.h"
#include "maps/stats.h"
#include "kernel/rcu.h"

void xv_batch_begin(struct xv_model *model)
{
	model->batch->depth++;
}

/* What a hold leaves without use goes when it ends. */
static bool may_drop_peers(const struct xv_model *model)
{
	return model->batch->peers_unused && !model->batch->holds;
}

void xv_batch_hold(struct xv_model *model)
{
	model->batch->holds++;
}

void xv_batch_release(struct xv_model *model)
{
	model->batch->holds--;
}

/* Nothing counts for them any more. */
static void keep_counters(struct xv_model *model)
{
	uint32_t id;

	for (id = 1; id < XV_MAX_PORTS; id++)
		if (model->batch->port[id])
			xv_stats_keep_port(model->dp, id, model->batch->port[id]);
}

/* In rounds: what a list leaves when it is replaced is room for others. */
static int publish(struct xv_model *model, bool *published, struct xv_err *err)
{
	struct xv_flood_round round;
	bool any = false;
	int ret;

	for (;;) {
		ret = xv_flood_publish(model, &round, err);
		any |= round.any;
		if (!round.behind || !round.any)
			break;
		xv_rcu_synchronize();
		xv_flood_erase_old(model);
	}
	*published = any;
	model->flood_behind = round.behind;
	return ret;
}

/*
 * New flood lists are out before what the old ones named goes. Where one could not be written, ids
 * of ports and peers stay until it can. Entries go before the grace period: a program that found
 * one may use its id until then.
 */
static int settle(struct xv_model *model, struct xv_err *err)
{
	struct xv_batch *b = model->batch;
	bool wait = b->networks, published;
	int ret = publish(model, &published, err);

	if (b->entries)
		xv_fdb_flush_gone(model); /* static entries among them may leave a peer unused */
	if (!model->flood_behind && may_drop_peers(model) && xv_peer_unlink_unused(model)) {
		xv_fdb_flush_gone(model);
		wait = true;
	}
	if (!model->flood_behind && b->groups_unused)
		wait |= xv_group_unlink_unused(model);
	if (wait || published)
		xv_rcu_synchronize();
	if (b->entries && !model->flood_behind)
		keep_counters(model);
	xv_flood_erase_old(model);
	xv_network_free_gone(model);
	b->networks = NULL;
	if (model->flood_behind)
		return ret;
	xv_peer_free_gone(model);
	xv_group_free_gone(model);
	if (b->entries || b->peers)
		*b = (struct xv_batch){
			.depth = b->depth,
			.holds = b->holds,
			.peers_unused = b->peers_unused,
			.groups_unused = b->groups_unused,
		};
	return ret;
}

int xv_batch_commit(struct xv_model *model, struct xv_err *err)
{
	int ret = model->batch->depth == 1 ? settle(model, err) : 0;

	model->batch->depth--;
	return ret;
}

bool xv_batch_make_room(struct xv_model *model)
{
	if (!model->batch->entries && !model->batch->groups_unused && !may_drop_peers(model))
		return false;
	settle(model, NULL);
	return !model->flood_behind;
}
