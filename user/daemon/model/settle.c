/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of a batch: see settle.h. */
#include "kernel/rcu.h"
#include "maps/stats.h"
#include "model/adjacency.h"
#include "model/batch.h"
#include "model/fdb.h"
#include "model/flood.h"
#include "model/group.h"
#include "model/settle.h"

/*
 * Adds the counters of deleted ports to their networks', now that no program counts for these
 * ports.
 */
static void keep_counters(struct xv_model *model)
{
	uint32_t id;

	for (id = 1; id < XV_MAX_PORTS; id++)
		if (model->batch->port[id])
			xv_stats_keep_port(model->dp, id, model->batch->port[id]);
}

/* Publishes flood lists in rounds: deleting replaced lists makes room for others. */
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
 * The order matters. New flood lists are published before the objects are freed that old lists
 * name. If a list could not be written, ids of ports and peers stay until it can. FDB entries are
 * deleted before the grace period, as a program that has read an entry may use its id until then.
 */
int xv_settle(struct xv_model *model, struct xv_err *err)
{
	struct xv_batch *b = model->batch;
	struct xv_network *net;
	struct xv_peer *peer;
	bool wait = b->networks, published;
	int ret = publish(model, &published, err);

	if (b->entries)
		xv_fdb_flush_gone(model); /* may leave peers without references */
	if (!model->flood_behind && xv_batch_may_drop_peers(model) &&
	    xv_peer_unlink_unused(model)) {
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
	for (net = b->networks; net; net = net->next_gone)
		xv_flood_forget(model, net);
	xv_network_free_gone(model);
	b->networks = NULL;
	if (model->flood_behind)
		return ret;
	for (peer = b->peers; peer; peer = peer->next_gone)
		xv_adjacency_drop(model, peer);
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
