/* SPDX-License-Identifier: GPL-2.0-only */
/* The place of a MAC, a port or peer by its id, and the place as text. */
#ifndef XV_PLACE_H
#define XV_PLACE_H

#include "addr.h"
#include "model/port.h"

enum {
	XV_PLACE_STRLEN = XV_PORT_STRLEN + XV_IP_STRLEN,
};

struct xv_place {
	uint8_t kind; /* enum xv_fdb_kind */
	uint16_t dst; /* port id or peer id */
};

static inline bool xv_place_equal(struct xv_place a, struct xv_place b)
{
	return a.kind == b.kind && a.dst == b.dst;
}

/* The place's port. NULL: the place is a peer, or the port is gone. */
struct xv_port *xv_place_port(const struct xv_model *model, struct xv_place place);
/* Writes "p1", "p1 vlan 5" or "192.0.2.2"; "" if the port or peer is gone. Returns text. */
const char *xv_place_text(const struct xv_model *model, struct xv_place place,
			  char text[XV_PLACE_STRLEN]);

#endif
