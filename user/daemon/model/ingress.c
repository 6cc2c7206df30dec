/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs at a port's ingress: see ingress.h. */
#include <errno.h>
#include <string.h>

#include "kernel/attach.h"
#include "kernel/nic.h"
#include "log.h"
#include "model/ingress.h"

/* ---- filters of others ---- */

bool xv_ingress_is_behind(const struct xv_model *model, uint32_t ifindex)
{
	const struct xv_port *port;

	for (port = xv_port_at(model, ifindex); port; port = port->next_at)
		if (port->set_filters == XV_FILTERS_BEFORE)
			return true;
	return false;
}

void xv_ingress_place(struct xv_model *model, struct xv_port *port)
{
	bool behind = xv_ingress_is_behind(model, port->ifindex);
	struct xv_err err = {.text = ""};

	if (xv_attach_is_behind(model->dp->pin_dir, port->ifindex) != behind &&
	    xv_datapath_attach_tc(model->dp, &port->link, XV_PROG_ENCAP, behind, &err))
		xv_log(LOG_ERR, "port %s: %s", port->key.dev, err.text);
}

/* Of all ports (VLANs) of a device, the first one logs. */
static bool is_first_of_device(const struct xv_model *model, const struct xv_port *port)
{
	return xv_port_at(model, port->ifindex) == port;
}

void xv_ingress_filters_update(struct xv_model *model, struct xv_port *port)
{
	bool behind = xv_attach_is_behind(model->dp->pin_dir, port->ifindex);
	char before[XV_FILTERS_LEN];

	memcpy(before, port->filters.skipped, sizeof(before));
	xv_filters_look(model->dp->pin_dir, &port->link, behind, &port->filters);
	if (port->set_filters == XV_FILTERS_IGNORE || !port->filters.skipped[0])
		return;
	if (!port->status[0])
		snprintf(port->status, sizeof(port->status), "do not see its frames: %s",
			 port->filters.skipped);
	if (strcmp(before, port->filters.skipped) && is_first_of_device(model, port))
		xv_log(LOG_WARNING,
		       "port %s: filters of others do not see its frames: %s (\"filters\" in "
		       "xvtep.yaml(5) says what can be done)",
		       port->key.dev, port->filters.skipped);
}

/* ---- XDP ---- */

/*
 * Why frames of this kind of device may not be taken in XDP. XDP may take only frames that are
 * complete as on a wire. An skb can say "the checksum is not written yet", "cut me into segments"
 * or "my VLAN tag is beside me"; an XDP frame cannot.
 *
 * - veth: never. The tenant's stack leaves the checksums open. - A tap without a virtio_net header:
 * yes. A frame is exactly what was written to the tap. - A tap with that header (vnet_hdr, as QEMU
 * makes them): in each frame's header the guest's
 *   driver says whether the checksum is open. tun_build_skb() (drivers/net/tun.c) keeps only GSO
 *   frames from XDP, not those with VIRTIO_NET_HDR_F_NEEDS_CSUM, and a redirect forgets the
 *   header. The device's features (tx-checksumming, TUN_F_CSUM of TUNSETOFFLOAD) say what the
 *   guest can receive, not what it sends. So only the user can know that the guest leaves no
 *   checksum open (QEMU: csum=off), and says so with `xdp: native`.
 * - Hardware: yes, and virtio_net, which turns its receive offloads off for XDP. But a NIC that
 *   strips VLAN tags makes frames of other VLANs look like the port's own.
 * - Other kinds (bond, macvlan, ...): no. They run the program for another device, or not at all.
 */
static const char *device_refuses(const struct xv_port *port)
{
	const struct xv_link *link = &port->link;

	if (!strcmp(link->kind, "tun"))
		return link->tun_vnet_hdr && port->xdp != XV_PORT_XDP_NATIVE ? "vnet_hdr" : NULL;
	if (link->kind[0])
		return link->kind;
	return xv_nic_hides_vlan(link->name) ? "rxvlan on" : NULL;
}

/*
 * The reason why the port has no XDP, in a few words for the table (see xvtep(8)). NULL: it can
 * have XDP.
 */
static const char *why_not(const struct xv_model *model, const struct xv_port *port)
{
	const uint64_t need = XV_XDP_ACT_BASIC | XV_XDP_ACT_REDIRECT;
	const struct xv_link *link = &port->link;
	const char *why;

	if (port->key.vlan)
		return "vlan";
	if (port->xdp == XV_PORT_XDP_OFF)
		return "off";
	if (port->set_filters == XV_FILTERS_BEFORE)
		return "filters before";
	why = device_refuses(port);
	if (why)
		return why;
	/* The features that say whether frames may be sent to the device also say this. */
	if (link->xdp_features == XV_XDP_FEATURES_UNKNOWN)
		return "kernel before 6.3";
	if ((link->xdp_features & need) != need)
		return "no native XDP";
	if (xv_attach_has_foreign_xdp(model->dp->pin_dir, port->ifindex))
		return "other program";
	if (port->set_filters == XV_FILTERS_AUTO && port->xdp != XV_PORT_XDP_NATIVE &&
	    (port->filters.seen[0] || port->filters.skipped[0]))
		return "filters";
	return port->refused.set ? "refused" : NULL;
}

/* A driver that has refused XDP is asked again only when a possible cause has changed. */
static void forget_refusal(struct xv_port *port)
{
	if (port->refused.mtu != port->link.mtu ||
	    port->refused.features != port->link.xdp_features)
		port->refused.set = false;
}

static void attach(struct xv_model *model, struct xv_port *port)
{
	struct xv_err err = {.text = ""};

	if (!xv_datapath_attach_xdp(model->dp, model->nl, &port->link, XV_PROG_PORT_ENCAP, &err)) {
		port->xdp_on = true;
		return;
	}
	port->refused.set = true;
	port->refused.mtu = port->link.mtu;
	port->refused.features = port->link.xdp_features;
	xv_log(LOG_NOTICE, "port %s: no XDP: %s", port->key.dev, err.text);
}

void xv_ingress_xdp_update(struct xv_model *model, struct xv_port *port)
{
	const char *why;

	forget_refusal(port);
	why = why_not(model, port);
	if (!why && !port->xdp_on) {
		attach(model, port);
		why = port->xdp_on ? NULL : "refused";
	}
	if (why)
		xv_ingress_xdp_detach(model, port);
	snprintf(port->no_xdp, sizeof(port->no_xdp), "%s", why ?: "");
	if (why && port->xdp == XV_PORT_XDP_NATIVE && !port->status[0])
		snprintf(port->status, sizeof(port->status),
			 "xdp is \"native\", but the program cannot be attached: %s", why);
}

bool xv_ingress_xdp_mend(struct xv_model *model, struct xv_port *port)
{
	if (!port->xdp_on || xv_attach_has_xdp(model->dp->pin_dir, port->ifindex))
		return false;
	port->xdp_on = false;
	xv_ingress_xdp_update(model, port);
	xv_log(LOG_WARNING, "%s: its XDP program was taken away; attached again (%s)",
	       port->key.dev, port->xdp_on ? "xdp" : "tc");
	return true;
}

void xv_ingress_xdp_detach(struct xv_model *model, struct xv_port *port)
{
	port->xdp_on = false;
	port->no_xdp[0] = '\0';
	if (!port->key.vlan) /* the XDP program of a VLAN's device may be another port's, or an
				underlay's */
		xv_detach_xdp(model->dp->pin_dir, port->ifindex);
}
