/* SPDX-License-Identifier: GPL-2.0-only */
/* Ages out learned entries: see ageing.h. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "maps/table.h"
#include "model/ageing.h"
#include "model/fdb.h"
#include "model/mac_table.h"

enum {
	SWEEP_DELETES = 1 << 16, /* in one sweep: about 20 ms */
};

struct sweep {
	struct xv_model *model;
	uint32_t now;
	long aged;
	uint32_t *limit;     /* [XV_MAX_NETWORKS] ageing times, in units of last_seen; 0: never */
	uint32_t *peer_uses; /* [XV_MAX_PEERS] numbers of learned entries */
};

static int sweep_one(void *arg, uint64_t key, struct xv_fdb_word word)
{
	struct xv_fdb_entry entry = xv_fdb_entry_of(key, word.val);
	struct sweep *s = arg;
	uint32_t limit;

	if (entry.val.flags & XV_FDB_STATIC)
		return 0;
	limit = entry.key.bd < XV_MAX_NETWORKS ? s->limit[entry.key.bd] : 0;
	if (limit && (int32_t)(s->now - entry.val.last_seen) > (int32_t)limit) {
		xv_fdb_remove(s->model, &entry);
		return ++s->aged >= SWEEP_DELETES;
	}
	if (entry.val.kind == XV_FDB_PEER && entry.val.dst < XV_MAX_PEERS)
		s->peer_uses[entry.val.dst]++;
	return 0;
}

/*
 * Converts an ageing time to ticks, rounded up, so that no entry goes too early. Ticks wrap around
 * and are compared by their signed difference, so an age above INT32_MAX (36 years) is not
 * recognized.
 */
static uint32_t limit_of(uint32_t seconds)
{
	uint64_t ticks = (seconds * 1000000000ULL >> XV_SEEN_SHIFT) + 1;

	if (!seconds)
		return 0;
	return ticks < INT32_MAX ? ticks : INT32_MAX;
}

static long sweep(struct xv_model *model, bool *more)
{
	struct sweep s = {.model = model, .now = xv_fdb_now()};
	struct xv_network *net;

	s.limit = calloc(XV_MAX_NETWORKS, sizeof(*s.limit));
	s.peer_uses = calloc(XV_MAX_PEERS, sizeof(*s.peer_uses));
	if (!s.limit || !s.peer_uses) {
		free(s.limit);
		free(s.peer_uses);
		return -ENOMEM;
	}
	for (net = model->networks; net; net = net->hh.next)
		s.limit[net->bd] = limit_of(net->set.ageing);
	*more = xv_table_walk(model->macs->table, sweep_one, &s);
	if (!*more)
		xv_peer_drop_unused(model, s.peer_uses);
	xv_mac_table_settle_soon(model);
	free(s.limit);
	free(s.peer_uses);
	return s.aged;
}

long xv_ageing_sweep(struct xv_model *model, bool *more)
{
	struct timespec from, to;
	long aged;

	clock_gettime(CLOCK_MONOTONIC, &from);
	aged = sweep(model, more);
	clock_gettime(CLOCK_MONOTONIC, &to);
	model->macs->sweep_us = 1 + (to.tv_sec - from.tv_sec) * 1000000 +
				(to.tv_nsec - from.tv_nsec) / 1000;
	return aged;
}

uint32_t xv_ageing_us(const struct xv_model *model)
{
	return model->macs->sweep_us;
}
