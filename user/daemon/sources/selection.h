/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Selects the objects that a command is about. An object must match all fields that are set. A
 * table ignores fields that do not apply to it.
 */
#ifndef XV_SELECTION_H
#define XV_SELECTION_H

#include "model/port.h"

struct xv_selection {
	uint32_t bd;	    /* 0: any */
	uint32_t peer;	    /* peer id; 0: any */
	char dev[IFNAMSIZ]; /* "": any */
	bool has_vlan;
	uint32_t vlan;
	bool has_mac;
	uint8_t mac[6];
	bool learned, statics; /* only learned, or only static entries */
};

/* Whether the port matches dev and vlan. */
bool xv_selection_has_port(const struct xv_selection *selection, const struct xv_port *port);

#endif
