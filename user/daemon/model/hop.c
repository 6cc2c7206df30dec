/* SPDX-License-Identifier: GPL-2.0-only */
/* Next hops: see hop.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "clock.h"
#include "log.h"
#include "model/hop.h"

enum {
	FIRST_LIMIT_S = 10, /* a host that is new may still be starting */
	LIMIT_S = 3,	    /* time for the kernel's three requests */
	PAUSE_S = 30,
	MAX_PAUSE_S = 300,
	FULL_S = 60,	   /* the table counts as full for so long after an overflow */
	CHECK_FULL_S = 10, /* the kernel's answer lists the tables of every device */
};

struct xv_hop *xv_hop_find(struct xv_model *model, uint32_t ifindex, const struct xv_ip *ip)
{
	struct xv_hop_key key = {.ip = *ip, .ifindex = ifindex};
	struct xv_hop *hop;

	HASH_FIND(hh, model->hops, &key, sizeof(key), hop);
	return hop;
}

struct xv_hop *xv_hop_get(struct xv_model *model, uint32_t ifindex, const struct xv_ip *ip)
{
	struct xv_hop *hop = xv_hop_find(model, ifindex, ip);

	if (!hop) {
		hop = calloc(1, sizeof(*hop));
		if (!hop)
			return NULL;
		hop->key = (struct xv_hop_key){.ip = *ip, .ifindex = ifindex};
		hop->since = xv_clock_boot();
		hop->limit = FIRST_LIMIT_S;
		hop->pause = PAUSE_S;
		HASH_ADD(hh, model->hops, key, sizeof(hop->key), hop);
		model->hops_wait = true;
	}
	hop->refs++;
	return hop;
}

/*
 * Takes the request to keep the neighbour back even if the hop is not noted as kept: the kernel may
 * have reported its end, and made it again since.
 */
void xv_hop_put(struct xv_model *model, struct xv_hop *hop)
{
	if (!hop || --hop->refs)
		return;
	xv_netlink_forget_neigh(model->nl, hop->key.ifindex, &hop->key.ip, NULL);
	HASH_DEL(model->hops, hop);
	free(hop);
}

static const char *sysctl_of(bool v6)
{
	return v6 ? "net.ipv6.neigh.default.gc_thresh3" : "net.ipv4.neigh.default.gc_thresh3";
}

/* The kernel's neighbour table is full. Logs the beginning of each such time. */
static void tell_full(struct xv_model *model, bool v6)
{
	uint64_t now = xv_clock_boot();

	if (!model->neigh_full[v6] || now - model->neigh_full[v6] > FULL_S) {
		xv_log(LOG_WARNING,
		       "the kernel's %s neighbour table is full: hosts that are not in it yet are "
		       "not reached; raise %s",
		       v6 ? "IPv6" : "IPv4", sysctl_of(v6));
		xv_signal_send(&model->signals.refresh); /* updates the peers' status */
	}
	model->neigh_full[v6] = now;
}

static void ask(struct xv_model *model, struct xv_hop *hop)
{
	hop->asked = xv_clock_boot();
	hop->refused = xv_netlink_keep_neigh(model->nl, hop->key.ifindex, &hop->key.ip, NULL);
	hop->kept = !hop->refused;
	if (hop->refused == -ENOBUFS)
		tell_full(model, !xv_ip_is_v4(&hop->key.ip));
	if (hop->refused)
		model->hops_wait = true;
}

/* A host that answers is kept, however the kernel came to know it. */
static void set_resolved(struct xv_hop *hop, bool resolved)
{
	if (resolved) {
		hop->quiet = false;
		hop->limit = FIRST_LIMIT_S;
		hop->pause = PAUSE_S;
	} else if (hop->resolved) {
		hop->since = xv_clock_boot();
	}
	hop->resolved = resolved;
}

void xv_hop_seen(struct xv_model *model, struct xv_hop *hop, bool resolved, bool kept, bool now)
{
	set_resolved(hop, resolved);
	hop->kept = kept;
	if (!kept && !hop->quiet && now && hop->asked != xv_clock_boot())
		ask(model, hop);
	if (!hop->resolved || !hop->kept)
		model->hops_wait = true;
}

/* Deletes the neighbour entry too: unresolved it is useless, and takes room in the table. */
static void give_up(struct xv_model *model, struct xv_hop *hop)
{
	hop->quiet = true;
	hop->kept = false;
	hop->since = xv_clock_boot();
	xv_netlink_forget_neigh(model->nl, hop->key.ifindex, &hop->key.ip, NULL);
	xv_signal_send(&model->signals.refresh); /* updates the peers' status */
}

static void try_again(struct xv_model *model, struct xv_hop *hop)
{
	hop->quiet = false;
	hop->since = xv_clock_boot();
	hop->limit = LIMIT_S;
	hop->pause = hop->pause * 2 < MAX_PAUSE_S ? hop->pause * 2 : MAX_PAUSE_S; /* next time */
	ask(model, hop);
}

/* Looks at one hop that is not resolved and kept. Returns whether it must be looked at again. */
static bool look(struct xv_model *model, struct xv_hop *hop, uint64_t now)
{
	if (hop->quiet) {
		if (now - hop->since >= hop->pause)
			try_again(model, hop);
		return true;
	}
	if (!hop->resolved && now - hop->since >= hop->limit)
		give_up(model, hop);
	else if (!hop->kept && hop->asked != now)
		ask(model, hop);
	return !hop->resolved || !hop->kept;
}

/*
 * The kernel's limit does not apply to the entries that the daemon asks for, but to those that the
 * kernel makes itself for the slow path.
 */
static void check_full(struct xv_model *model, uint64_t now)
{
	uint64_t fulls;
	int v6;

	if (model->neigh_known && now - model->neigh_asked < CHECK_FULL_S)
		return;
	for (v6 = 0; v6 < 2; v6++) {
		if (xv_netlink_neigh_fulls(model->nl, v6, &fulls, NULL))
			continue;
		if (model->neigh_known && fulls != model->neigh_fulls[v6])
			tell_full(model, v6);
		model->neigh_fulls[v6] = fulls;
	}
	model->neigh_known = true;
	model->neigh_asked = now;
}

void xv_hop_second(struct xv_model *model)
{
	struct xv_hop *hop, *tmp;
	uint64_t now = xv_clock_boot();

	if (!model->hops_wait)
		return;
	model->hops_wait = false;
	HASH_ITER (hh, model->hops, hop, tmp)
		model->hops_wait |= look(model, hop, now);
	if (model->hops_wait)
		check_full(model, now);
}

void xv_hop_status(const struct xv_model *model, const struct xv_hop *hop, const char *dev,
		   char *text, size_t size)
{
	bool v6 = !xv_ip_is_v4(&hop->key.ip);
	char ip[XV_IP_STRLEN];

	xv_ip_format(&hop->key.ip, ip);
	if (model->neigh_full[v6] && xv_clock_boot() - model->neigh_full[v6] <= FULL_S)
		snprintf(text, size,
			 "next hop %s is not resolved on %s; the neighbour table is "
			 "full: raise %s",
			 ip, dev, sysctl_of(v6));
	else if (hop->refused)
		snprintf(text, size, "next hop %s is not resolved on %s: the kernel refuses: %s",
			 ip, dev, strerror(-hop->refused));
	else if (hop->quiet)
		snprintf(text, size, "next hop %s does not answer on %s", ip, dev);
	else
		snprintf(text, size, "next hop %s is not resolved on %s", ip, dev);
}

static void sweep_one(void *arg, uint32_t ifindex, const struct xv_ip *ip)
{
	struct xv_model *model = arg;

	if (!xv_hop_find(model, ifindex, ip))
		xv_netlink_forget_neigh(model->nl, ifindex, ip, NULL);
}

void xv_hop_sweep(struct xv_model *model)
{
	xv_netlink_list_kept(model->nl, sweep_one, model, NULL);
}

void xv_hop_free_all(struct xv_model *model)
{
	struct xv_hop *hop, *tmp;

	HASH_ITER (hh, model->hops, hop, tmp) {
		HASH_DEL(model->hops, hop);
		free(hop);
	}
}
