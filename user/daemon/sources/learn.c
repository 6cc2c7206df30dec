/* SPDX-License-Identifier: GPL-2.0-only */
/* Learning: see learn.h. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "addr.h"
#include "log.h"
#include "model/ageing.h"
#include "model/far_end.h"
#include "model/flap.h"
#include "model/ids.h"
#include "model/loop.h"
#include "model/mac_table.h"
#include "model/pmtu.h"
#include "model/quota.h"
#include "sources/learn.h"

enum {
	EVENTS_A_TURN = 4096, /* after so many events the event loop serves others */
	GATHER = 32, /* events whose FDB buckets are prefetched before the first event is handled */
	PARKED = 4096,
	ROOM_AHEAD = 8, /* entries to make room for, per parked event */
	SWEEP_SECONDS = 1,
	/*
	 * Each event that is put into an empty ring wakes the daemon, and the CPU that forwards
	 * pays more for that than for the frame. So in a storm of events the daemon does not wait
	 * for the ring for a while, and empties it afterwards.
	 */
	STORM_WINDOW_NS = 1000000,
	STORM_EVENTS = 64, /* this many events in one window are a storm: 64,000 a second */
	PAUSE_NS = 500000, /* length of a pause in a storm; the ring has room for 70,000 events */
	CALM_EVENTS = 16,  /* fewer events in a pause: the storm is over */
};

/*
 * A timer of zero length runs after file descriptors that are ready. An event that is made active
 * would run before them.
 */
static const struct timeval at_once = {};

struct xv_learn {
	struct xv_model *model;
	struct ring_buffer *ring;
	struct event *readable; /* the ring; not watched in a pause, or while parked[] is full */
	struct event *again;	/* timer: continue after the event loop has served others */
	struct event *rested;	/* a pause has ended */
	struct event *sweep;
	int timer; /* timerfd of pauses */
	unsigned int turn;
	unsigned int lately; /* events since window_start */
	uint64_t window_start;
	bool paused;
	time_t next_sweep;
	size_t n_gathered;
	struct xv_event gathered[GATHER];
	size_t n_parked;
	struct xv_event parked[PARKED]; /* events that wait until the FDB has room */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

enum xv_learn_verdict xv_learn_decide(const struct xv_network *net, const struct xv_fdb_val *old,
				      const struct xv_event *event)
{
	if (!net || !net->set.learning ||
	    (event->kind != XV_FDB_PORT && event->kind != XV_FDB_PEER))
		return XV_LEARN_OFF;
	if (old && xv_origin_wins(xv_origin_first(xv_fdb_origins(old)), XV_ORIGIN_LEARNED))
		return XV_LEARN_STATIC;
	if (old && old->kind == event->kind && old->dst == event->dst)
		return XV_LEARN_REFRESH;
	if (old && old->last_seen > xv_fdb_tick(event->time))
		return XV_LEARN_LATE;
	if (old)
		return XV_LEARN_ADMIT;
	return net->learned >= net->set.max_macs ? XV_LEARN_QUOTA : XV_LEARN_ADMIT;
}

/*
 * Whether the event's source still exists. Fills in event->dst if the VTEP has become a peer
 * meanwhile; it stays 0 if it has not.
 */
static bool source_valid(struct xv_model *model, const struct xv_network *net,
			 struct xv_event *event)
{
	const struct xv_peer *peer;
	const struct xv_port *port;

	if (event->kind == XV_FDB_PORT) {
		port = xv_port_of(model, event->dst);
		return port && port->net == net && port->ifindex;
	}
	if (!event->dst) {
		peer = xv_peer_find(model, &event->remote);
		event->dst = peer ? peer->id : 0;
	}
	return !event->dst || xv_peer_of(model, event->dst);
}

/* Makes the sending VTEP a peer if it is none. Called only when its MAC will be learned. */
static bool source_admit(struct xv_model *model, struct xv_event *event)
{
	struct xv_peer *peer;

	if (event->kind == XV_FDB_PEER && !event->dst) {
		if (xv_peer_admit(model, &event->remote, &peer, NULL))
			return false;
		event->dst = peer->id;
	}
	return true;
}

static void admit(struct xv_learn *learn, struct xv_network *net, const struct xv_event *event,
		  const struct xv_fdb_val *old)
{
	uint16_t moves = !old ? 0 : old->moves + (old->moves < XV_FDB_MOVES_MAX);
	int ret = xv_fdb_learn(learn->model, net, &event->key, event->kind, event->dst, moves,
			       xv_fdb_tick(event->time));

	/* If parked[] is full the event is lost; the MAC's next frame causes another. */
	if (ret == -EAGAIN && learn->n_parked < PARKED)
		learn->parked[learn->n_parked++] = *event;
	if (ret == -ENOSPC)
		xv_quota_deny_network(learn->model, net);
	if (ret)
		return;
	if (event->kind == XV_FDB_PORT)
		xv_far_end_learned(learn->model, learn->model->port_by_id[event->dst],
				   event->key.mac, event->time);
	if (old) {
		net->moves++;
		xv_flap_note(learn->model, net, &event->key,
			     (struct xv_place){.kind = old->kind, .dst = old->dst},
			     (struct xv_place){.kind = event->kind, .dst = event->dst}, now_ns());
	}
}

/*
 * Finds the MAC's entry. For XV_EVENT_LEARN only the daemon's table is asked: the program has just
 * found nothing in xv_fdb either, and a lookup there costs more than all the rest. If an outside
 * program has written an entry since, xv_fdb_yield() removes the learned one.
 */
static int find_known(struct xv_model *model, const struct xv_event *event,
		      struct xv_fdb_val *known)
{
	if (event->type == XV_EVENT_LEARN)
		return xv_mac_table_get(model, &event->key, known);
	return xv_fdb_get(model, &event->key, known);
}

/*
 * Refuses a MAC because the port has its max-macs. If the MAC was learned elsewhere, that entry is
 * deleted and frames to it are flooded, because its station may have moved to this port.
 */
static void refuse_at_port(struct xv_model *model, struct xv_network *net,
			   const struct xv_event *event, const struct xv_fdb_val *old)
{
	if (old)
		xv_fdb_del(model, net, event->key.mac, NULL);
	xv_quota_deny_port(model, model->port_by_id[event->dst]);
}

static void handle(struct xv_learn *learn, struct xv_event *event)
{
	struct xv_place place = {.kind = event->kind, .dst = event->dst};
	struct xv_model *model = learn->model;
	struct xv_network *net = xv_network_of(model, event->key.bd);
	struct xv_fdb_val old, *known = NULL;

	if (event->type == XV_EVENT_PMTU) {
		xv_pmtu_event(model, event->dst);
		return;
	}
	if (!net || !xv_mac_is_unicast(event->key.mac) || !source_valid(model, net, event))
		return;
	if (!find_known(model, event, &old))
		known = &old;
	switch (xv_learn_decide(net, known, event)) {
	case XV_LEARN_ADMIT:
		if (!xv_quota_place_has_room(model, place))
			refuse_at_port(model, net, event, known);
		else if (source_admit(model, event))
			admit(learn, net, event, known);
		break;
	case XV_LEARN_QUOTA:
		xv_quota_deny_network(model, net);
		break;
	case XV_LEARN_REFRESH:
		xv_fdb_stays(model, &event->key, known);
		break;
	case XV_LEARN_LATE: /* as after a restart: the ring has what came meanwhile */
	case XV_LEARN_OFF:
	case XV_LEARN_STATIC:
		break;
	}
}

/*
 * Handles the parked events. An event that still finds no room is parked again, in a place of
 * parked[] that was read already.
 */
void xv_learn_again(struct xv_learn *learn)
{
	size_t i, n = learn->n_parked;
	struct xv_event event;

	if (n)
		xv_mac_table_reserve(learn->model,
				     xv_mac_table_count(learn->model) + n * ROOM_AHEAD);
	for (i = 0; i < n; i++) {
		event = learn->parked[i];
		if (!i)
			learn->n_parked = 0;
		handle(learn, &event);
	}
	if (n)
		evtimer_add(learn->again, &at_once);
}

/* Whether parked[] might not have room for all gathered events. */
static bool is_full(const struct xv_learn *learn)
{
	return learn->n_parked + GATHER > PARKED;
}

static void handle_gathered(struct xv_learn *learn)
{
	size_t i;

	for (i = 0; i < learn->n_gathered; i++)
		handle(learn, &learn->gathered[i]);
	learn->n_gathered = 0;
}

static int on_event(void *ctx, void *data, size_t len)
{
	struct xv_learn *learn = ctx;
	struct xv_event *event = &learn->gathered[learn->n_gathered];

	if (len < sizeof(*event))
		return 0;
	memcpy(event, data, sizeof(*event));
	xv_mac_table_prefetch(learn->model, &event->key);
	if (++learn->n_gathered == GATHER)
		handle_gathered(learn);
	return ++learn->turn >= EVENTS_A_TURN || is_full(learn) ? -EAGAIN : 0;
}

/* Whether events come so fast that waiting for the ring should pause. */
static bool is_storm(struct xv_learn *learn)
{
	uint64_t now = now_ns();

	if (learn->paused)
		return learn->turn >= CALM_EVENTS;
	if (now - learn->window_start > STORM_WINDOW_NS) {
		learn->window_start = now;
		learn->lately = 0;
	}
	learn->lately += learn->turn;
	return learn->lately >= STORM_EVENTS;
}

/* Waits for the next event, or, in a storm, for the end of a pause. */
static void wait_for_events(struct xv_learn *learn)
{
	const struct itimerspec pause = {.it_value = {.tv_nsec = PAUSE_NS}};

	learn->paused = is_storm(learn) && !timerfd_settime(learn->timer, 0, &pause, NULL);
	if (learn->paused)
		event_del(learn->readable);
	else
		event_add(learn->readable, NULL);
}

/*
 * Handles the events in the ring, EVENTS_A_TURN at most. While parked[] is full, the events stay in
 * the ring until xv_learn_again().
 */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct xv_learn *learn = arg;
	bool more;

	(void)fd;
	(void)what;
	if (is_full(learn)) {
		event_del(learn->readable);
		return;
	}
	learn->turn = 0;
	more = ring_buffer__consume(learn->ring) == -EAGAIN;
	handle_gathered(learn);
	if (more)
		evtimer_add(learn->again, &at_once);
	else
		wait_for_events(learn);
}

static void on_rested(evutil_socket_t fd, short what, void *arg)
{
	uint64_t times;

	if (read(fd, &times, sizeof(times)) == sizeof(times))
		on_readable(fd, what, arg);
}

/* Ages out entries. Runs again after an eighth of the shortest ageing time, at least a second. */
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
	xv_fdb_yield(learn->model);
	xv_flap_forget(learn->model, now_ns());
	xv_quota_room(learn->model);
	xv_loop_tick(learn->model, now_ns());
	if (ts.tv_sec < learn->next_sweep)
		return;
	HASH_ITER (hh, learn->model->networks, net, tmp)
		if (net->set.ageing && (!shortest || net->set.ageing < shortest))
			shortest = net->set.ageing;
	wait = shortest / 8;
	learn->next_sweep = ts.tv_sec + (wait < 1 ? 1 : wait > 30 ? 30 : wait);
	if (shortest)
		xv_ageing_sweep(learn->model, &more);
	if (more)
		learn->next_sweep = ts.tv_sec;
}

void xv_learn_sweep_soon(struct xv_learn *learn)
{
	learn->next_sweep = 0;
}

int xv_learn_start(struct xv_model *model, struct xv_learn **out, struct xv_err *err)
{
	struct timeval second = {.tv_sec = SWEEP_SECONDS};
	struct xv_learn *learn = calloc(1, sizeof(*learn));

	if (!learn)
		return xv_err_set(err, -ENOMEM, "out of memory");
	*out = learn;
	learn->model = model;
	learn->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (learn->timer < 0)
		return xv_err_set(err, -errno, "cannot open a timer: %s", strerror(errno));
	learn->ring = ring_buffer__new(model->dp->fd.events, on_event, learn, NULL);
	if (!learn->ring)
		return xv_err_set(err, -errno, "cannot open the event ring: %s", strerror(errno));
	learn->readable = event_new(model->base, ring_buffer__epoll_fd(learn->ring),
				    EV_READ | EV_PERSIST, on_readable, learn);
	learn->again = evtimer_new(model->base, on_readable, learn);
	learn->rested = event_new(model->base, learn->timer, EV_READ | EV_PERSIST, on_rested,
				  learn);
	learn->sweep = event_new(model->base, -1, EV_PERSIST, on_sweep, learn);
	if (!learn->readable || !learn->again || !learn->rested || !learn->sweep)
		return xv_err_set(err, -ENOMEM, "out of memory");
	event_add(learn->readable, NULL);
	event_add(learn->rested, NULL);
	event_add(learn->sweep, &second);
	evtimer_add(learn->again, &at_once); /* events that came while no daemon ran */
	return 0;
}

void xv_learn_stop(struct xv_learn *learn)
{
	if (!learn)
		return;
	if (learn->readable)
		event_free(learn->readable);
	if (learn->again)
		event_free(learn->again);
	if (learn->rested)
		event_free(learn->rested);
	if (learn->sweep)
		event_free(learn->sweep);
	if (learn->timer >= 0)
		close(learn->timer);
	xv_flap_free(learn->model);
	ring_buffer__free(learn->ring);
	free(learn);
}
