/* SPDX-License-Identifier: GPL-2.0-only */
/* The tenant's end of a port's veth: see far_end.h. */
#include <string.h>

#include "kernel/filters.h"
#include "model/far_end.h"

#define LOOK_AGAIN_NS 1000000000ULL

/* Whether frames could go past the device at all; a trunk has thousands of ports that cannot. */
static bool may_go_past(const struct xv_port *port)
{
	bool xmit = port->link.xdp_features != XV_XDP_FEATURES_UNKNOWN &&
		    port->link.xdp_features & XV_XDP_ACT_NDO_XMIT;

	return xmit || (!port->key.vlan && !strcmp(port->link.kind, "veth"));
}

/*
 * Frames of XDP skip a device's qdisc and its filters at egress: where others have some, frames go
 * by TC. Frames may skip the device (bpf_redirect_peer()) if it is a veth whose other end is in
 * another namespace, and nothing on the way wants to see them: no qdisc and no filter at egress
 * here, and there no XDP program in the driver, which would not run. Every change of these comes to
 * us as one of the device here: the program there changes its features, the state there its
 * carrier. The address does not: see xv_far_end_learned(). Nor do TCX programs and chains of
 * nf_tables: see xv_port_filters_second() and firewall.h.
 */
void xv_far_end_update(struct xv_model *model, struct xv_port *port)
{
	const struct xv_link *link = &port->link;
	bool veth = !strcmp(link->kind, "veth");
	char names[XV_FILTERS_LEN];
	struct xv_link end;

	port->watched = (veth && link->has_qdisc) ||
			(may_go_past(port) && xv_filters_look_egress(link, false, names));
	port->direct = veth && !port->watched && !port->key.vlan &&
		       !xv_netlink_get_end(model->nl, link, &end, NULL) && !end.xdp_prog;
	if (port->direct)
		memcpy(port->end_mac, end.mac, sizeof(port->end_mac));
}

/* The tenant may have changed its address: of the other namespace netlink tells nothing here. */
void xv_far_end_learned(struct xv_model *model, struct xv_port *port, const uint8_t *mac,
			uint64_t now)
{
	if (!port->direct || !memcmp(mac, port->end_mac, sizeof(port->end_mac)) ||
	    now - port->end_asked < LOOK_AGAIN_NS)
		return;
	port->end_asked = now;
	xv_far_end_update(model, port);
	xv_port_write(model, port);
}
