/* SPDX-License-Identifier: GPL-2.0-only */
/* Detection of loops between two ports: see loop.h. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/probe.h"
#include "log.h"
#include "model/attachment.h"
#include "model/ids.h"
#include "model/loop.h"

#define SECOND 1000000000ULL
#define AGAIN  (60 * SECOND) /* a loop found within this time after the last is the same one */
#define PAUSE  SECOND	     /* between two tests of a network */

enum {
	ROUNDS = 10, /* of probes: in a loop queues are full, and most probes are lost */
	ROUND_US = 20000,
	PORTS_A_ROUND = 256,
};

uint32_t xv_loop_hold(uint32_t before, uint64_t until, uint64_t now)
{
	if (!before || now - until >= AGAIN)
		return XV_LOOP_HOLD_SECONDS;
	return before < XV_LOOP_HOLD_MAX_SECONDS / 2 ? 2 * before : XV_LOOP_HOLD_MAX_SECONDS;
}

struct xv_loop {
	struct xv_model *model;
	struct xv_probe *probe;
	struct event *again;
	uint32_t bd;	   /* network whose ports are tested; 0: none */
	uint32_t ear[2];   /* ids of the ports where probes are awaited */
	unsigned int left; /* rounds of probes to go */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

/* Contains `port`: a probe that was sent out of `from` came in by it. */
static void contain(struct xv_model *model, struct xv_port *port, const struct xv_port *from,
		    uint64_t now)
{
	const struct xv_port *last = port->loop.until < from->loop.until ? from : port;
	struct xv_network *net = port->net;
	char name[XV_PORT_STRLEN];

	/* The loop is the same one, whichever of its ports was contained last time. */
	port->loop.seconds = xv_loop_hold(last->loop.seconds, last->loop.until, now);
	port->loop.on = true;
	port->loop.until = now + port->loop.seconds * SECOND;
	snprintf(port->loop.other, sizeof(port->loop.other), "%s", xv_port_text(from, name));
	net->loops++;
	xv_attachment_look_again(model, port);
	xv_log_limited(LOG_WARNING, net->bd,
		       "network %s: ports %s and %s are in a loop: frames to groups and unknown "
		       "MACs from and to %s are dropped for %u seconds",
		       net->set.name, port->loop.other, xv_port_text(port, name), name,
		       port->loop.seconds);
}

static void stop(struct xv_loop *loop)
{
	xv_probe_silence(loop->probe);
	event_del(loop->again);
	loop->bd = 0;
}

/*
 * Whether probes may be sent and awaited at the port. Nothing that is flooded is sent to a
 * contained port, so what comes back from it proves nothing.
 */
static bool is_tried(const struct xv_port *port, const struct xv_network *net)
{
	return port->net == net && port->ifindex && !port->loop.on;
}

static void on_heard(void *arg, uint32_t ifindex, uint16_t vlan, uint32_t id)
{
	struct xv_loop *loop = arg;
	struct xv_network *net = xv_network_of(loop->model, loop->bd);
	const struct xv_port *from = xv_port_of(loop->model, id);
	struct xv_port *port;
	int i;

	for (i = 0; i < 2 && net && from && from->net == net; i++) {
		port = xv_port_of(loop->model, loop->ear[i]);
		if (!port || !is_tried(port, net) || port->ifindex != ifindex ||
		    port->key.vlan != vlan)
			continue;
		stop(loop);
		contain(loop->model, port, from, now_ns());
		return;
	}
}

static bool try_port(struct xv_loop *loop, const struct xv_network *net, const struct xv_port *port)
{
	if (!port || !is_tried(port, net))
		return false;
	xv_probe_send(loop->probe, port->ifindex, port->key.vlan, port->link.mac, port->id);
	return true;
}

/* Sends one probe out of each port of the network, of the two that are suspected first. */
static void try_ports(struct xv_loop *loop, const struct xv_network *net)
{
	static const struct timeval wait = {.tv_usec = ROUND_US};
	struct xv_port *port;
	unsigned int n;

	for (n = 0; n < 2; n++)
		try_port(loop, net, xv_port_of(loop->model, loop->ear[n]));
	for (port = loop->model->ports; port && n < PORTS_A_ROUND; port = port->hh.next)
		if (port->id != loop->ear[0] && port->id != loop->ear[1])
			n += try_port(loop, net, port);
	loop->left--;
	event_add(loop->again, &wait);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct xv_loop *loop = arg;
	const struct xv_network *net = xv_network_of(loop->model, loop->bd);

	(void)fd;
	(void)what;
	if (net && loop->left)
		try_ports(loop, net);
	else
		stop(loop);
}

void xv_loop_suspect(struct xv_model *model, struct xv_network *net, struct xv_place first,
		     struct xv_place second, uint64_t now)
{
	struct xv_port *one = xv_place_port(model, first), *two = xv_place_port(model, second);
	struct xv_loop *loop = model->loop;
	uint32_t devs[XV_PROBE_DEVS];

	if (!loop || loop->bd || now < net->loop_next || !net->set.loop_detect || !one || !two ||
	    !is_tried(one, net) || !is_tried(two, net))
		return;
	net->loop_next = now + PAUSE;
	devs[0] = two->ifindex;
	devs[1] = one->ifindex == two->ifindex ? 0 : one->ifindex;
	if (xv_probe_listen(loop->probe, devs))
		return;
	loop->bd = net->bd;
	loop->ear[0] = two->id;
	loop->ear[1] = one->id;
	loop->left = ROUNDS;
	try_ports(loop, net);
}

void xv_loop_start(struct xv_model *model)
{
	struct xv_loop *loop = calloc(1, sizeof(*loop));
	struct xv_err err = {.text = "out of memory"};

	if (loop && !xv_probe_open(model->base, on_heard, loop, &loop->probe, &err))
		loop->again = evtimer_new(model->base, on_again, loop);
	if (!loop || !loop->again) {
		xv_log(LOG_WARNING, "loops between ports cannot be detected: %s", err.text);
		if (loop)
			xv_probe_close(loop->probe);
		free(loop);
		return;
	}
	loop->model = model;
	model->loop = loop;
}

void xv_loop_stop(struct xv_model *model)
{
	if (!model->loop)
		return;
	event_free(model->loop->again);
	xv_probe_close(model->loop->probe);
	free(model->loop);
	model->loop = NULL;
}

static void release(struct xv_model *model, struct xv_port *port)
{
	port->loop.on = false;
	xv_attachment_look_again(model, port);
}

void xv_loop_release(struct xv_model *model, const struct xv_network *net)
{
	struct xv_port *port;

	for (port = model->ports; port; port = port->hh.next)
		if (port->loop.on && port->net == net)
			release(model, port);
}

void xv_loop_tick(struct xv_model *model, uint64_t now)
{
	struct xv_port *port;

	for (port = model->ports; port; port = port->hh.next)
		if (port->loop.on && now >= port->loop.until)
			release(model, port);
}
