/* SPDX-License-Identifier: GPL-2.0-only */
/* The tenant's end of a port's veth: see port_end.h. */
#include <string.h>

#include "port_device.h"
#include "port_end.h"

#define LOOK_AGAIN_NS 1000000000ULL

/*
 * Frames may skip the device (bpf_redirect_peer()) if it is a veth whose other end is in another
 * namespace, and nothing on the way wants to see them: no qdisc here, and there no XDP program in
 * the driver, which would not run. Every change of these comes to us as one of the device here: the
 * program there changes its features, the state there its carrier. Only the address does not: see
 * xv_port_end_learned().
 */
void xv_port_end_update(struct xv_instance *inst, struct xv_port *port)
{
	const struct xv_link *link = &port->link;
	struct xv_link end;

	port->direct = !strcmp(link->kind, "veth") && !link->has_qdisc && !port->key.vlan &&
		       !xv_netlink_get_end(inst->nl, link, &end, NULL) && !end.xdp_prog;
	if (port->direct)
		memcpy(port->end_mac, end.mac, sizeof(port->end_mac));
}

/* The tenant may have changed its address: of the other namespace netlink tells nothing here. */
void xv_port_end_learned(struct xv_instance *inst, struct xv_port *port, const uint8_t *mac,
			 uint64_t now)
{
	if (!port->direct || !memcmp(mac, port->end_mac, sizeof(port->end_mac)) ||
	    now - port->end_asked < LOOK_AGAIN_NS)
		return;
	port->end_asked = now;
	xv_port_end_update(inst, port);
	port_write_dev(inst, port);
}
