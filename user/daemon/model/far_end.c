/* SPDX-License-Identifier: GPL-2.0-only */
/* The tenant's end of a port's veth: see far_end.h. */
#include <string.h>

#include "kernel/filters.h"
#include "model/far_end.h"

#define LOOK_AGAIN_NS 1000000000ULL

/*
 * Whether frames could bypass the device or its qdisc at all. A trunk has thousands of ports for
 * which they cannot.
 */
static bool may_go_past(const struct xv_port *port)
{
	bool xmit = port->link.xdp_features != XV_XDP_FEATURES_UNKNOWN &&
		    port->link.xdp_features & XV_XDP_ACT_NDO_XMIT;

	return xmit || (!port->key.vlan && !strcmp(port->link.kind, "veth"));
}

/*
 * Decides how frames to the port may bypass parts of the kernel.
 *
 * XDP frames bypass a device's qdisc and egress filters. So where others have some, frames go by
 * TC.
 *
 * bpf_redirect_peer() also bypasses the device. That is allowed if the device is a veth whose other
 * end is in another namespace, and nothing would miss the frames: there is no qdisc or egress
 * filter here, and no native XDP program at the other end.
 *
 * The kernel reports changes of these as changes of the device here: an XDP program at the other
 * end changes this end's features, and the other end's state changes this end's carrier. It reports
 * no change of the other end's address (see xv_far_end_learned()), of TCX programs (see
 * xv_attachment_second()), or of nf_tables chains (see firewall.h).
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

/*
 * The tenant may have changed the address of its end. The kernel does not report changes in another
 * namespace here.
 */
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
