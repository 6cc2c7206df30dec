/* SPDX-License-Identifier: GPL-2.0-only */
/* Adds the staged entries in steps, between which the event loop serves others: see load.h. */
#include <errno.h>
#include <stdlib.h>

#include "model/batch.h"
#include "model/mac_table.h"
#include "model/peer.h"
#include "sources/load.h"

enum {
	GRACE_US = 5000, /* between two looks whether a grace period has ended, which takes about 15
			    ms */
};

/* Drops the references to the first n peers. Peers that no entry uses are deleted together. */
static void put_peers(struct xv_load *load, size_t n)
{
	xv_batch_begin(load->model);
	while (n--)
		xv_peer_put(load->model, load->remotes[n].peer);
	xv_batch_commit(load->model, NULL);
}

static int get_peers(struct xv_load *load, struct xv_err *err)
{
	struct load_remote *r;
	size_t i;
	int ret;

	for (i = 0; i < load->n_remotes; i++) {
		r = &load->remotes[i];
		ret = xv_peer_get(load->model, &r->ip, &r->peer, err);
		if (!ret)
			continue;
		put_peers(load, i);
		return xv_err_prefix(err, ret, "%s:%u", load->file, r->line);
	}
	for (i = 0; i < load->n; i++) {
		if (load->puts[i].kind == XV_FDB_PEER)
			load->puts[i].dst = load->remotes[load->puts[i].dst].peer->id;
	}
	return 0;
}

static void leave(struct xv_load *load)
{
	if (load->prev)
		load->prev->next = load->next;
	else
		*load->list = load->next;
	if (load->next)
		load->next->prev = load->prev;
	xv_batch_release(load->model);
}

static void finish(struct xv_load *load)
{
	xv_load_done_fn done = load->done;
	struct xv_err err = load->err;
	size_t entries = load->n;
	void *arg = load->arg;
	int failed = load->failed;

	leave(load);
	put_peers(load, load->n_remotes);
	xv_load_free(load);
	if (done)
		done(arg, failed, entries, &err);
}

/*
 * Notes the failure. Without replace the added entries are removed again. With replace they stay,
 * as replaced entries cannot be restored, and the error says how many were loaded.
 */
static void fail(struct xv_load *load, int code, size_t bad)
{
	load->failed = xv_err_prefix(&load->err, code, "%s:%u", load->file, load->puts[bad].line);
	if (load->replace)
		xv_err_prefix(&load->err, code, "%zu of %zu entries were loaded before this failed",
			      xv_bulk_done(load->bulk), load->n);
}

static void on_step(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval now = {}, grace = {.tv_usec = GRACE_US};
	struct xv_load *load = arg;
	size_t bad = 0;
	int ret;

	(void)fd;
	(void)what;
	if (load->failed)
		ret = xv_bulk_undo(load->bulk);
	else
		ret = xv_bulk_step(load->bulk, &bad, &load->err);
	if (ret && ret != -EAGAIN && ret != -EINPROGRESS) {
		fail(load, ret, bad);
		ret = load->replace ? 0 : -EAGAIN;
	}
	if (ret)
		evtimer_add(load->next_step, ret == -EAGAIN ? &now : &grace);
	else
		finish(load);
}

int xv_load_apply(struct xv_load *load, xv_load_done_fn done, void *arg, struct xv_err *err)
{
	static const struct timeval now = {};
	struct xv_model *model = load->model;
	size_t have = xv_mac_table_count_static(model);
	int ret = xv_load_end(load, err);

	if (ret)
		return ret;
	if (load->n_new && have + load->n_new > XV_MAX_FDB)
		return xv_err_set(err, -ENOSPC,
				  "%s: the FDB would have %zu static entries; it has room for %u",
				  load->file, have + load->n_new, XV_MAX_FDB);
	load->bulk = xv_bulk_new(model, load->puts, load->n, load->replace, XV_ORIGIN_HAND);
	load->next_step = evtimer_new(model->base, on_step, load);
	if (!load->bulk || !load->next_step)
		return xv_err_set(err, -ENOMEM, "out of memory");
	ret = get_peers(load, err);
	if (ret)
		return ret;
	xv_mac_table_reserve(model, xv_mac_table_count(model) + load->n_new);
	load->done = done;
	load->arg = arg;
	load->next = *load->list;
	if (load->next)
		load->next->prev = load;
	*load->list = load;
	xv_batch_hold(model);
	evtimer_add(load->next_step, &now);
	return 0;
}

void xv_load_abandon(struct xv_load *load)
{
	load->done = NULL;
}

void xv_load_stop(struct xv_load **list)
{
	struct xv_load *load;

	while (*list) {
		load = *list;
		leave(load);
		xv_load_free(load);
	}
}
