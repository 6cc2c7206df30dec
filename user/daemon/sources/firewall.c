/* SPDX-License-Identifier: GPL-2.0-only */
/* Netfilter chains at the underlay: see firewall.h. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/netfilter.h"
#include "kernel/netlink_request.h"
#include "log.h"
#include "model/attachment.h"
#include "model/port.h"
#include "model/underlay.h"
#include "model/uplink.h"
#include "sources/firewall.h"

enum {
	NAMES_LEN = 256,
	EVENTS_A_TURN = 256,
	LOOK_DELAY_US = 100000, /* gathers the changes of a rule set that is loaded */
};

struct xv_firewall {
	struct xv_model *model;
	struct mnl_socket *events;
	struct event *readable;
	struct event *later;
	bool told_respect; /* the setting at the time of the last log line */
	char names[NAMES_LEN];
	char told[NAMES_LEN]; /* the names at the time of the last log line */
	char text[NAMES_LEN + 32];
};

static void look_at_device(const char *dev, char names[NAMES_LEN])
{
	xv_netfilter_names(XV_NETFILTER_INGRESS, dev, names, NAMES_LEN);
	xv_netfilter_names(XV_NETFILTER_EGRESS, dev, names, NAMES_LEN);
}

static void look(const struct xv_model *model, char names[NAMES_LEN])
{
	size_t i;

	names[0] = '\0';
	xv_netfilter_names(XV_NETFILTER_HOST, NULL, names, NAMES_LEN);
	for (i = 0; i < model->n_uplinks; i++)
		if (model->uplinks[i].ifindex)
			look_at_device(model->uplinks[i].dev, names);
	for (i = 0; i < model->n_receivers; i++)
		look_at_device(model->receivers[i].dev, names);
	if (model->bridged)
		xv_netfilter_names(XV_NETFILTER_BRIDGE, NULL, names, NAMES_LEN);
}

void xv_firewall_look(struct xv_firewall *firewall)
{
	bool respect = firewall->model->config->netfilter_respect;

	look(firewall->model, firewall->names);
	if (!strcmp(firewall->names, firewall->told) && respect == firewall->told_respect)
		return;
	memcpy(firewall->told, firewall->names, sizeof(firewall->told));
	firewall->told_respect = respect;
	if (firewall->names[0] && !respect)
		xv_log(LOG_NOTICE,
		       "known unicast does not pass netfilter (%s): `netfilter: respect` makes it, "
		       "see xvtep.yaml(5)",
		       firewall->names);
}

const char *xv_firewall_text(struct xv_firewall *firewall)
{
	bool respect;

	if (!firewall)
		return "";
	respect = firewall->model->config->netfilter_respect;
	xv_firewall_look(firewall);
	snprintf(firewall->text, sizeof(firewall->text), "%s%s%s",
		 respect ? "respected" : "bypassed", firewall->names[0] ? ": " : "",
		 firewall->names);
	return firewall->names[0] || respect ? firewall->text : "none";
}

/* Chains may also be filters at devices (filters.h). */
static void on_later(evutil_socket_t fd, short what, void *arg)
{
	struct xv_firewall *firewall = arg;

	(void)fd;
	(void)what;
	xv_firewall_look(firewall);
	xv_underlay_look_all(firewall->model);
	xv_attachment_look_all(firewall->model);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct timeval delay = {.tv_usec = LOOK_DELAY_US};
	struct xv_firewall *firewall = arg;
	char buf[XV_NETLINK_RECV_LEN];
	int i;

	(void)fd;
	(void)what;
	for (i = 0; i < EVENTS_A_TURN; i++)
		if (mnl_socket_recvfrom(firewall->events, buf, sizeof(buf)) < 0 && errno != ENOBUFS)
			break;
	if (!evtimer_pending(firewall->later, NULL))
		evtimer_add(firewall->later, &delay);
}

/* Without notifications there are no changes to follow. */
static void open_events(struct xv_firewall *firewall)
{
	int group = NFNLGRP_NFTABLES;

	firewall->events = xv_netlink_event_socket(NETLINK_NETFILTER);
	if (firewall->events && mnl_socket_setsockopt(firewall->events, NETLINK_ADD_MEMBERSHIP,
						      &group, sizeof(group)) < 0) {
		mnl_socket_close(firewall->events);
		firewall->events = NULL;
	}
}

int xv_firewall_start(struct xv_model *model, struct xv_firewall **out, struct xv_err *err)
{
	struct xv_firewall *firewall = calloc(1, sizeof(*firewall));

	if (!firewall)
		return xv_err_set(err, -ENOMEM, "out of memory");
	*out = firewall;
	firewall->model = model;
	open_events(firewall);
	firewall->later = evtimer_new(model->base, on_later, firewall);
	if (firewall->events)
		firewall->readable = event_new(model->base, mnl_socket_get_fd(firewall->events),
					       EV_READ | EV_PERSIST, on_readable, firewall);
	if (!firewall->later || (firewall->events && !firewall->readable))
		return xv_err_set(err, -ENOMEM, "out of memory");
	if (firewall->readable)
		event_add(firewall->readable, NULL);
	return 0;
}

void xv_firewall_stop(struct xv_firewall *firewall)
{
	if (!firewall)
		return;
	if (firewall->readable)
		event_free(firewall->readable);
	if (firewall->later)
		event_free(firewall->later);
	if (firewall->events)
		mnl_socket_close(firewall->events);
	free(firewall);
}
