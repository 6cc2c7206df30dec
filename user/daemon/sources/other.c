/* SPDX-License-Identifier: GPL-2.0-only */
/* Other instances: see other.h. */
#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/pinned.h"
#include "log.h"
#include "model/attachment.h"
#include "sources/other.h"

enum {
	PORTS_A_SECOND = 1024, /* two system calls each; only beside another instance */
	OTHERS_MAX = 64,
};

struct other {
	char name[XV_PINNED_NAME];
	int port, uplink; /* file descriptors of its xv_port and xv_uplink; negative: none */
};

struct others {
	struct other list[OTHERS_MAX];
	size_t n;
};

/*
 * Opens the maps of an instance in this network namespace. Device indices are valid in one
 * namespace only.
 */
static bool add(void *arg, const struct xv_pinned *pinned)
{
	struct others *others = arg;
	struct other *other = &others->list[others->n];
	char dir[160];

	if (!xv_pinned_lives_here(pinned))
		return true;
	snprintf(dir, sizeof(dir), XV_PIN_ROOT "/%s", pinned->name);
	memcpy(other->name, pinned->name, sizeof(other->name));
	other->port = xv_pinned_open(dir, "xv_port", sizeof(struct xv_port_key));
	other->uplink = xv_pinned_open(dir, "xv_uplink", sizeof(uint32_t));
	return ++others->n < OTHERS_MAX;
}

static void close_all(struct others *others)
{
	size_t i;

	for (i = 0; i < others->n; i++) {
		if (others->list[i].port >= 0)
			close(others->list[i].port);
		if (others->list[i].uplink >= 0)
			close(others->list[i].uplink);
	}
}

static void look(const struct others *others, const struct xv_port *port,
		 char text[XV_PORT_OTHER_LEN])
{
	const struct xv_port_key key = {.ifindex = port->ifindex, .vlan = port->key.vlan};
	struct xv_uplink_val uplink;
	struct xv_port_val val;
	size_t i;

	text[0] = '\0';
	for (i = 0; i < others->n && !text[0]; i++) {
		const struct other *other = &others->list[i];

		if (other->port >= 0 && !bpf_map_lookup_elem(other->port, &key, &val))
			snprintf(text, XV_PORT_OTHER_LEN, "a port of instance \"%s\"", other->name);
		else if (other->uplink >= 0 &&
			 !bpf_map_lookup_elem(other->uplink, &key.ifindex, &uplink))
			snprintf(text, XV_PORT_OTHER_LEN, "an underlay device of instance \"%s\"",
				 other->name);
	}
}

static void look_at_port(struct xv_model *model, const struct others *others, struct xv_port *port)
{
	char text[XV_PORT_OTHER_LEN] = "", name[XV_PORT_STRLEN];

	if (port->ifindex)
		look(others, port, text);
	if (!strcmp(text, port->other))
		return;
	xv_port_text(port, name);
	if (text[0])
		xv_log(LOG_WARNING,
		       "port %s: it is %s too, and only one of the two gets its frames", name,
		       text);
	else
		xv_log(LOG_NOTICE, "port %s: it is not %s any more", name, port->other);
	memcpy(port->other, text, sizeof(port->other));
	xv_attachment_look_again(model, port);
}

void xv_other_second(struct xv_model *model, struct xv_other *seen)
{
	uint32_t left = PORTS_A_SECOND, n;
	struct others others;
	struct xv_port *port;

	others.n = 0;
	xv_pinned_each(model->name, add, &others);
	for (n = 0; n < XV_MAX_PORTS && left && (others.n || seen->any); n++) {
		seen->at = (seen->at + 1) % XV_MAX_PORTS;
		port = model->port_by_id[seen->at];
		if (!port)
			continue;
		look_at_port(model, &others, port);
		left--;
	}
	/* Ports are looked at until a full round has found no other instance. */
	seen->any = others.n || (seen->any && !left);
	close_all(&others);
}
