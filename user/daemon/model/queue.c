/* SPDX-License-Identifier: GPL-2.0-only */
/* Ports that wait to be attached: see queue.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "model/attachment.h"
#include "model/ingress.h"
#include "model/queue.h"
#include "turn.h"

enum {
	TURN_US = 5000,	  /* length of a turn, after which the event loop serves others */
	PAUSE_US = 10000, /* between two links; at least as long as the last one took */
	TELL_S = 5,	  /* between two progress lines in the log */
};

struct xv_queue {
	struct event *turn;
	uint32_t at;	      /* the port that was looked at last */
	size_t total;	      /* ports of this run, attached and waiting */
	size_t links;	      /* links that replaced filters */
	uint64_t began, told; /* us; began 0: no port waits */
};

static void on_turn(evutil_socket_t fd, short what, void *arg);

int xv_queue_start(struct xv_model *model, struct xv_err *err)
{
	struct xv_queue *queue = calloc(1, sizeof(*queue));

	if (queue)
		queue->turn = evtimer_new(model->base, on_turn, model);
	if (!queue || !queue->turn) {
		free(queue);
		return xv_err_set(err, -ENOMEM, "out of memory");
	}
	model->queue = queue;
	return 0;
}

void xv_queue_stop(struct xv_model *model)
{
	if (!model->queue)
		return;
	event_free(model->queue->turn);
	free(model->queue);
	model->queue = NULL;
}

static void come_again(struct xv_queue *queue, uint64_t us)
{
	struct timeval delay = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};

	evtimer_add(queue->turn, &delay);
}

void xv_queue_add(struct xv_model *model, struct xv_port *port)
{
	struct xv_queue *queue = model->queue;

	if (!queue->began)
		*queue = (struct xv_queue){
			.turn = queue->turn,
			.began = xv_clock_us(),
			.told = xv_clock_us(),
		};
	queue->total++;
	xv_port_wait(model, port, true);
	snprintf(port->status, sizeof(port->status), "attaching%s",
		 port->ifindex ? "; until then by the program of the daemon before" : "");
	come_again(queue, 0);
}

/*
 * The next waiting port, or (false) the next port by_filter, after the last one. NULL: there is
 * none.
 */
static struct xv_port *find_next(struct xv_model *model, bool waiting)
{
	struct xv_queue *queue = model->queue;
	struct xv_port *port;
	uint32_t n;

	for (n = 0; n < XV_MAX_PORTS; n++) {
		queue->at = (queue->at + 1) % XV_MAX_PORTS;
		port = model->port_by_id[queue->at];
		if (port && (waiting ? port->waiting : port->by_filter))
			return port;
	}
	return NULL;
}

/* A device that an earlier daemon attached is found by its index, others by name. */
static void attach(struct xv_model *model, struct xv_port *port)
{
	struct xv_err err = {.text = ""};
	struct xv_link link;
	int ret = xv_netlink_get_link(model->nl, port->ifindex ? NULL : port->key.dev,
				      port->ifindex, &link, &err);

	if (!ret) {
		xv_attachment_make(model, port, &link, &err);
		return;
	}
	xv_port_wait(model, port, false);
	port->retry = ret != -ENODEV; /* a notification will tell when the device comes back */
	if (port->retry)
		xv_signal_send(&model->signals.again);
	snprintf(port->status, sizeof(port->status), "%.250s",
		 port->retry ? err.text : "no such device");
}

static void tell(struct xv_model *model)
{
	struct xv_queue *queue = model->queue;
	uint64_t now = xv_clock_us();

	if (!model->n_waiting) {
		xv_log(LOG_NOTICE, "%zu ports were attached in %.1f s", queue->total,
		       (now - queue->began) / 1e6);
		queue->began = 0;
		xv_signal_send(&model->signals.attached);
	} else if (now - queue->told >= TELL_S * 1000000ULL) {
		xv_log(LOG_NOTICE, "attaching ports: %zu of %zu", queue->total - model->n_waiting,
		       queue->total);
		queue->told = now;
		xv_signal_send(&model->signals.attached);
	}
}

static void attach_some(struct xv_model *model)
{
	uint64_t end = xv_clock_us() + TURN_US;
	struct xv_port *port;

	do {
		port = find_next(model, true);
		if (port)
			attach(model, port);
	} while (port && model->n_waiting && xv_clock_us() < end);
	tell(model);
	come_again(model->queue, model->n_waiting ? 0 : PAUSE_US);
}

/* Replaces one filter by a link. Ports that are VLANs of one device share its link. */
static void link_one(struct xv_model *model)
{
	struct xv_port *port = find_next(model, false);
	struct xv_queue *queue = model->queue;
	uint64_t began = xv_clock_us(), took;
	struct xv_err err = {.text = ""};

	if (!port) {
		if (queue->links)
			xv_log(LOG_INFO, "%zu ports have TCX links in place of filters",
			       queue->links);
		return;
	}
	port->by_filter = false;
	if (!xv_ingress_is_behind(model, port->ifindex)) {
		if (xv_datapath_attach_tc(model->dp, &port->link, XV_PROG_ENCAP, false, &err))
			xv_log(LOG_NOTICE,
			       "port %s keeps its filter, as a TCX link cannot be attached: %s",
			       port->key.dev, err.text);
		else
			queue->links++;
	}
	took = xv_clock_us() - began;
	come_again(queue, took > PAUSE_US ? took : PAUSE_US);
}

void xv_queue_wait(struct xv_model *model)
{
	while (model->n_waiting) {
		xv_turn_tell("attaching ports", model->queue->total - model->n_waiting,
			     model->queue->total);
		if (!xv_turn_pause(TURN_US))
			return;
	}
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct xv_model *model = arg;

	(void)fd;
	(void)what;
	if (model->queue->began)
		attach_some(model);
	else
		link_one(model);
}
