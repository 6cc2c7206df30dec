/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes that end together: see batch.h. */
#include <string.h>

#include "model/batch.h"
#include "model/fdb.h"
#include "model/flood.h"
#include "model/group.h"
#include "maps/stats.h"

void xv_batch_begin(struct xv_instance *inst)
{
	inst->batch->depth++;
}

/* What a load (load.h) leaves without use goes when it ends: its steps are many. */
static bool may_drop_peers(const struct xv_instance *inst)
{
	return inst->batch->peers_unused && !inst->loads;
}

/* Nothing counts for them any more. */
static void keep_counters(struct xv_instance *inst)
{
	uint32_t id;

	for (id = 1; id < XV_MAX_PORTS; id++)
		if (inst->batch->port[id])
			xv_stats_keep_port(inst, id, inst->batch->port[id]);
}

/* In rounds: what a list leaves when it is replaced is room for others. */
static int publish(struct xv_instance *inst, bool *published, struct xv_err *err)
{
	struct xv_flood_round round;
	bool any = false;
	int ret;

	for (;;) {
		ret = xv_flood_publish(inst, &round, err);
		any |= round.any;
		if (!round.behind || !round.any)
			break;
		xv_datapath_synchronize();
		xv_flood_erase_old(inst);
	}
	*published = any;
	inst->flood_behind = round.behind;
	return ret;
}

/*
 * New flood lists are out before what the old ones named goes. Where one could not be written, ids
 * of ports and peers stay until it can. Entries go before the grace period: a program that found
 * one may use its id until then.
 */
static int settle(struct xv_instance *inst, struct xv_err *err)
{
	struct xv_batch *b = inst->batch;
	bool wait = b->networks, published;
	int ret = publish(inst, &published, err);

	if (b->entries)
		xv_fdb_flush_gone(inst); /* static entries among them may leave a peer unused */
	if (!inst->flood_behind && may_drop_peers(inst) && xv_peer_unlink_unused(inst)) {
		xv_fdb_flush_gone(inst);
		wait = true;
	}
	if (!inst->flood_behind && b->groups_unused)
		wait |= xv_group_unlink_unused(inst);
	if (wait || published)
		xv_datapath_synchronize();
	if (b->entries && !inst->flood_behind)
		keep_counters(inst);
	xv_flood_erase_old(inst);
	xv_network_free_gone(inst);
	b->networks = NULL;
	if (inst->flood_behind)
		return ret;
	xv_peer_free_gone(inst);
	xv_group_free_gone(inst);
	if (b->entries || b->peers)
		*b = (struct xv_batch){
			.depth = b->depth,
			.peers_unused = b->peers_unused,
			.groups_unused = b->groups_unused,
		};
	return ret;
}

int xv_batch_commit(struct xv_instance *inst, struct xv_err *err)
{
	int ret = inst->batch->depth == 1 ? settle(inst, err) : 0;

	inst->batch->depth--;
	return ret;
}

bool xv_batch_make_room(struct xv_instance *inst)
{
	if (!inst->batch->entries && !inst->batch->groups_unused && !may_drop_peers(inst))
		return false;
	settle(inst, NULL);
	return !inst->flood_behind;
}
