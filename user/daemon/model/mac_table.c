/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of MACs: see mac_table.h. */
#include <errno.h>
#include <stdlib.h>

#include "kernel/rcu.h"
#include "model/fdb_entry.h"
#include "model/mac_table.h"
#include "model/network.h"

void xv_mac_table_settle_soon(struct xv_model *model)
{
	struct xv_mac_table *fdb = model->macs;

	if (fdb->waiting || !xv_table_grace_begin(fdb->table))
		return;
	fdb->waiting = true;
	xv_grace_ask(fdb->grace);
}

static void on_grace(void *arg)
{
	struct xv_model *model = arg;

	model->macs->waiting = false;
	xv_table_grace_end(model->macs->table);
	xv_signal_send(&model->signals.room);
	xv_mac_table_settle_soon(model);
}

int xv_mac_table_open(struct xv_model *model, struct xv_err *err)
{
	struct xv_mac_table *fdb = calloc(1, sizeof(*fdb));
	int ret;

	if (!fdb)
		return xv_err_set(err, -ENOMEM, "out of memory");
	model->macs = fdb;
	ret = xv_table_open(model->dp->fd.fdb_table, xv_rcu_synchronize, &fdb->table, err);
	return ret ?: xv_grace_start(model->base, on_grace, model, &fdb->grace, err);
}

int xv_mac_table_run(struct xv_model *model, struct xv_err *err)
{
	return xv_grace_run(model->macs->grace, err);
}

void xv_mac_table_close(struct xv_model *model)
{
	if (!model->macs)
		return;
	xv_grace_stop(model->macs->grace);
	xv_table_close(model->macs->table);
	free(model->macs);
	model->macs = NULL;
}

size_t xv_mac_table_count(const struct xv_model *model)
{
	struct xv_table_counts counts;

	xv_table_counts(model->macs->table, &counts);
	return counts.entries;
}

size_t xv_mac_table_count_static(const struct xv_model *model)
{
	size_t n = xv_mac_table_count(model);
	const struct xv_network *net;

	for (net = model->networks; net; net = net->hh.next)
		n -= net->learned < n ? net->learned : n;
	return n;
}

void xv_mac_table_reserve(struct xv_model *model, size_t n)
{
	xv_table_reserve(model->macs->table, n < XV_MAX_FDB ? n : XV_MAX_FDB);
	xv_mac_table_settle_soon(model);
}

int xv_mac_table_get(const struct xv_model *model, const struct xv_fdb_key *key,
		     struct xv_fdb_val *val)
{
	struct xv_fdb_word word;
	int ret = xv_table_lookup(model->macs->table, xv_fdb_entry_word(key), &word);

	if (!ret)
		*val = word.val;
	return ret;
}

void xv_mac_table_prefetch(const struct xv_model *model, const struct xv_fdb_key *key)
{
	xv_table_prefetch(model->macs->table, xv_fdb_entry_word(key));
}
