/* SPDX-License-Identifier: GPL-2.0-only */
/* Learning: see learn.h. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "addr.h"
#include "learn.h"
#include "log.h"
#include "port_end.h"

enum {
	EVENTS_A_TURN = 4096, /* then the loop serves others first */
	MAX_FLAPS = 65536,
	PARKED = 4096,
	SWEEP_SECONDS = 1,
};

#define SECOND 1000000000ULL

/* A MAC that moved lately. */
struct flap {
	struct xv_fdb_key key;
	uint32_t moves;
	uint64_t last;	     /* ns */
	uint64_t held_until; /* ns */
	UT_hash_handle hh;
};

struct xv_learn {
	struct xv_instance *inst;
	struct ring_buffer *ring;
	struct event *readable;
	struct event *again;
	struct event *sweep;
	struct flap *flaps;
	unsigned int turn;
	time_t next_sweep;
	size_t n_parked;
	struct xv_event parked[PARKED]; /* until the FDB has made room */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

enum xv_learn_verdict xv_learn_decide(const struct xv_network *net, const struct xv_fdb_val *old,
				      const struct xv_event *event, uint64_t held_until,
				      uint64_t now)
{
	if (!net || !net->set.learning ||
	    (event->kind != XV_FDB_PORT && event->kind != XV_FDB_PEER))
		return XV_LEARN_OFF;
	if (old && old->flags & XV_FDB_STATIC)
		return XV_LEARN_STATIC;
	if (old && old->kind == event->kind && old->dst == event->dst)
		return XV_LEARN_REFRESH;
	if (old)
		return now < held_until ? XV_LEARN_FLAP : XV_LEARN_ADMIT;
	return net->learned >= net->set.max_macs ? XV_LEARN_QUOTA : XV_LEARN_ADMIT;
}

static struct flap *find_flap(struct xv_learn *learn, const struct xv_fdb_key *key)
{
	struct flap *flap;

	HASH_FIND(hh, learn->flaps, key, sizeof(*key), flap);
	return flap;
}

/* Counts an admitted move; the one after XV_LEARN_MOVES in a row waits. */
static void note_move(struct xv_learn *learn, const struct xv_network *net,
		      const struct xv_fdb_key *key, uint64_t now)
{
	struct flap *flap = find_flap(learn, key);
	char mac[XV_MAC_STRLEN];

	if (!flap) {
		if (HASH_COUNT(learn->flaps) >= MAX_FLAPS)
			return;
		flap = calloc(1, sizeof(*flap));
		if (!flap)
			return;
		flap->key = *key;
		HASH_ADD(hh, learn->flaps, key, sizeof(flap->key), flap);
	}
	if (now - flap->last > XV_LEARN_HOLD_SECONDS * SECOND)
		flap->moves = 0;
	flap->moves++;
	flap->last = now;
	if (flap->moves < XV_LEARN_MOVES)
		return;
	flap->held_until = now + XV_LEARN_HOLD_SECONDS * SECOND;
	xv_log(LOG_WARNING, "network %s: %s moved %u times in a row; held for %d seconds",
	       net->set.name, xv_mac_format(key->mac, mac), flap->moves, XV_LEARN_HOLD_SECONDS);
}

static void forget_flaps(struct xv_learn *learn, uint64_t now)
{
	struct flap *flap, *tmp;

	HASH_ITER (hh, learn->flaps, flap, tmp) {
		if (now - flap->last <= 2 * XV_LEARN_HOLD_SECONDS * SECOND)
			continue;
		HASH_DEL(learn->flaps, flap);
		free(flap);
	}
}

/* The source is still what the event says; a VTEP that was no peer becomes one here. */
static bool source_valid(struct xv_instance *inst, const struct xv_network *net,
			 struct xv_event *event)
{
	struct xv_peer *peer;
	struct xv_port *port;

	if (event->kind == XV_FDB_PORT) {
		port = event->dst < XV_MAX_PORTS ? inst->port_by_id[event->dst] : NULL;
		return port && port->net == net && port->ifindex;
	}
	if (!event->dst) {
		if (xv_peer_admit(inst, &event->remote, &peer, NULL))
			return false;
		event->dst = peer->id;
	}
	return event->dst < XV_MAX_PEERS && inst->peer_by_id[event->dst];
}

static void admit(struct xv_learn *learn, struct xv_network *net, const struct xv_event *event,
		  const struct xv_fdb_val *old)
{
	uint16_t moves = !old ? 0 : old->moves + (old->moves < XV_FDB_MOVES_MAX);
	int ret = xv_fdb_learn(learn->inst, net, &event->key, event->kind, event->dst, moves);

	/* Where there is no place to wait the MAC's next frame asks again. */
	if (ret == -EAGAIN && learn->n_parked < PARKED)
		learn->parked[learn->n_parked++] = *event;
	if (ret)
		return;
	if (event->kind == XV_FDB_PORT)
		xv_port_end_learned(learn->inst, learn->inst->port_by_id[event->dst],
				    event->key.mac, event->time);
	if (old) {
		net->moves++;
		note_move(learn, net, &event->key, now_ns());
	}
}

static void handle(struct xv_learn *learn, struct xv_event *event)
{
	struct xv_instance *inst = learn->inst;
	struct xv_network *net = event->key.bd < XV_MAX_NETWORKS ? inst->by_bd[event->key.bd]
								 : NULL;
	struct xv_fdb_val old, *known = NULL;
	struct flap *flap = NULL;

	if (event->type == XV_EVENT_MISS || !net || !xv_mac_is_unicast(event->key.mac) ||
	    !source_valid(inst, net, event))
		return;
	if (!xv_fdb_get(inst, &event->key, &old)) {
		known = &old;
		flap = find_flap(learn, &event->key);
	}
	switch (xv_learn_decide(net, known, event, flap ? flap->held_until : 0,
				flap ? now_ns() : 0)) {
	case XV_LEARN_ADMIT:
		admit(learn, net, event, known);
		break;
	case XV_LEARN_QUOTA:
		if (!net->quota_denied++)
			xv_log(LOG_WARNING, "network %s: %u MACs learned, max-macs reached",
			       net->set.name, net->learned);
		break;
	case XV_LEARN_FLAP:
		net->moves_denied++;
		break;
	case XV_LEARN_REFRESH:
	case XV_LEARN_OFF:
	case XV_LEARN_STATIC:
		break;
	}
}

/* One by one: those that still find no room are parked again, behind the place that we read. */
void xv_learn_again(struct xv_instance *inst)
{
	struct xv_learn *learn = inst->learn;
	size_t i, n = learn ? learn->n_parked : 0;
	struct xv_event event;

	for (i = 0; i < n; i++) {
		event = learn->parked[i];
		if (!i)
			learn->n_parked = 0;
		handle(learn, &event);
	}
}

static int on_event(void *ctx, void *data, size_t len)
{
	struct xv_learn *learn = ctx;
	struct xv_event event;

	if (len < sizeof(event))
		return 0;
	memcpy(&event, data, sizeof(event));
	handle(learn, &event);
	return ++learn->turn >= EVENTS_A_TURN ? -EAGAIN : 0;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct xv_learn *learn = arg;

	(void)fd;
	(void)what;
	learn->turn = 0;
	if (ring_buffer__consume(learn->ring) == -EAGAIN)
		event_active(learn->again, EV_TIMEOUT, 0);
}

/* As often as the shortest ageing time asks for: an eighth of it, at least a second. */
static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct xv_learn *learn = arg;
	struct xv_network *net, *tmp;
	uint32_t shortest = 0, wait;
	struct timespec ts;
	bool more = false;

	(void)fd;
	(void)what;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	xv_fdb_yield(learn->inst);
	if (ts.tv_sec < learn->next_sweep)
		return;
	HASH_ITER (hh, learn->inst->networks, net, tmp)
		if (net->set.ageing && (!shortest || net->set.ageing < shortest))
			shortest = net->set.ageing;
	wait = shortest / 8;
	learn->next_sweep = ts.tv_sec + (wait < 1 ? 1 : wait > 30 ? 30 : wait);
	if (shortest)
		xv_fdb_age(learn->inst, &more);
	if (more)
		learn->next_sweep = ts.tv_sec;
	forget_flaps(learn, now_ns());
}

int xv_learn_start(struct xv_instance *inst, struct xv_err *err)
{
	struct timeval second = {.tv_sec = SWEEP_SECONDS};
	struct xv_learn *learn = calloc(1, sizeof(*learn));

	if (!learn)
		return xv_err_set(err, -ENOMEM, "out of memory");
	inst->learn = learn;
	learn->inst = inst;
	learn->ring = ring_buffer__new(inst->dp->fd.events, on_event, learn, NULL);
	if (!learn->ring)
		return xv_err_set(err, -errno, "cannot open the event ring: %s", strerror(errno));
	learn->readable = event_new(inst->base, ring_buffer__epoll_fd(learn->ring),
				    EV_READ | EV_PERSIST, on_readable, learn);
	learn->again = event_new(inst->base, -1, 0, on_readable, learn);
	learn->sweep = event_new(inst->base, -1, EV_PERSIST, on_sweep, learn);
	if (!learn->readable || !learn->again || !learn->sweep)
		return xv_err_set(err, -ENOMEM, "out of memory");
	event_add(learn->readable, NULL);
	event_add(learn->sweep, &second);
	event_active(learn->again, EV_TIMEOUT, 0); /* what came while no daemon ran */
	return 0;
}

void xv_learn_stop(struct xv_instance *inst)
{
	struct xv_learn *learn = inst->learn;
	struct flap *flap, *tmp;

	if (!learn)
		return;
	if (learn->readable)
		event_free(learn->readable);
	if (learn->again)
		event_free(learn->again);
	if (learn->sweep)
		event_free(learn->sweep);
	HASH_ITER (hh, learn->flaps, flap, tmp) {
		HASH_DEL(learn->flaps, flap);
		free(flap);
	}
	ring_buffer__free(learn->ring);
	free(learn);
	inst->learn = NULL;
}
