/* SPDX-License-Identifier: GPL-2.0-only */
/* Path MTUs: see pmtu.h. */
#include "addr.h"
#include "clock.h"
#include "kernel/icmp.h"
#include "log.h"
#include "model/pmtu.h"

enum {
	ASK_DELAY_US = 20000, /* the BPF program sees the ICMP error before the kernel handles it */
	ASKS = 2,	      /* the second a second later, in case the first was too soon */
	ASKS_A_SECOND = 64,   /* of peers, after an ICMP error that may be about any of them */
	AGAIN_S = 10,	      /* for peers whose MTU may change without any sign */
	AGAINS_A_SECOND = 32, /* of such peers: takes some hundreds of microseconds */
};

static void on_ask(evutil_socket_t fd, short what, void *arg)
{
	const struct xv_model *model = arg;

	(void)fd;
	(void)what;
	xv_signal_send(&model->signals.ask);
}

void xv_pmtu_event(struct xv_model *model, uint32_t id)
{
	static const struct timeval delay = {.tv_usec = ASK_DELAY_US};
	struct xv_peer *peer = id < XV_MAX_PEERS ? model->peer_by_id[id] : NULL;

	if (!peer)
		return;
	if (!model->pmtu_ask)
		model->pmtu_ask = evtimer_new(model->base, on_ask, model);
	if (!model->pmtu_ask)
		return;
	peer->asks = ASKS;
	if (!evtimer_pending(model->pmtu_ask, NULL))
		evtimer_add(model->pmtu_ask, &delay);
}

void xv_pmtu_route(struct xv_peer *peer, const struct xv_route *route)
{
	uint32_t mtu = route->expires ? route->mtu : 0;
	char text[XV_IP_STRLEN];

	if (peer->path_mtu != mtu && mtu)
		xv_log(LOG_INFO, "peer %s: path MTU is %u, for %u s", xv_ip_format(&peer->ip, text),
		       mtu, route->expires);
	if (peer->path_mtu && !mtu)
		xv_log(LOG_INFO, "peer %s: the learned path MTU has ended",
		       xv_ip_format(&peer->ip, text));
	peer->path_mtu = mtu;
	peer->path_mtu_end = mtu ? xv_clock_run() + route->expires : 0;
}

/*
 * Only the kernel's counters show an ICMP error that came in by a device without our programs. It
 * may be about any peer, so all routes are asked for then, some each second. Returns whether any is
 * to be asked for now.
 */
static bool ask_some(struct xv_model *model)
{
	uint64_t errors = xv_icmp_errors();
	struct xv_peer *peer;
	unsigned int n = 0;

	if (errors != model->pmtu_errors)
		model->pmtu_left = XV_MAX_PEERS; /* all peers, beginning with the next */
	model->pmtu_errors = errors;
	for (; model->pmtu_left && n < ASKS_A_SECOND; model->pmtu_left--) {
		model->pmtu_at = (model->pmtu_at + 1) % XV_MAX_PEERS;
		peer = model->peer_by_id[model->pmtu_at];
		if (!peer || peer->asks)
			continue;
		peer->asks = 1;
		n++;
	}
	return n;
}

/*
 * Whether the kernel may change the peer's MTU and tell nobody: it may drop what it learned; and
 * where only the kernel sends, IPsec may get other states.
 */
static bool may_change(const struct xv_peer *peer)
{
	return peer->path_mtu || (peer->mtu && !peer->hop);
}

/*
 * Looks at a part of the ids each second, so that it is a peer's turn every AGAIN_S, or later where
 * there are very many such peers.
 */
static bool ask_again(struct xv_model *model)
{
	unsigned int i, n = 0;
	struct xv_peer *peer;

	for (i = 0; i < XV_MAX_PEERS / AGAIN_S + 1 && n < AGAINS_A_SECOND; i++) {
		model->pmtu_again = (model->pmtu_again + 1) % XV_MAX_PEERS;
		peer = model->peer_by_id[model->pmtu_again];
		if (!peer || peer->asks || !may_change(peer))
			continue;
		peer->asks = 1;
		n++;
	}
	return n;
}

void xv_pmtu_second(struct xv_model *model)
{
	time_t now = xv_clock_run();
	struct xv_peer *peer, *tmp;
	bool any = ask_some(model) | ask_again(model);

	HASH_ITER (hh, model->peers, peer, tmp) {
		if (peer->path_mtu && !peer->asks && now > peer->path_mtu_end)
			peer->asks = 1;
		any |= peer->asks;
	}
	if (any)
		xv_signal_send(&model->signals.ask);
}

void xv_pmtu_stop(struct xv_model *model)
{
	if (model->pmtu_ask)
		event_free(model->pmtu_ask);
	model->pmtu_ask = NULL;
}
