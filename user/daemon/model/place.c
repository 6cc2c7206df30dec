/* SPDX-License-Identifier: GPL-2.0-only */
/* Places of MACs: see place.h. */
#include "model/ids.h"
#include "model/peer.h"
#include "model/place.h"

struct xv_port *xv_place_port(const struct xv_model *model, struct xv_place place)
{
	return place.kind == XV_FDB_PORT ? xv_port_of(model, place.dst) : NULL;
}

const char *xv_place_text(const struct xv_model *model, struct xv_place place,
			  char text[XV_PLACE_STRLEN])
{
	const struct xv_port *port = xv_place_port(model, place);
	const struct xv_peer *peer = NULL;

	if (place.kind == XV_FDB_PEER)
		peer = xv_peer_of(model, place.dst);
	text[0] = '\0';
	if (port)
		xv_port_text(port, text);
	else if (peer)
		xv_ip_format(&peer->ip, text);
	return text;
}
