/* SPDX-License-Identifier: GPL-2.0-only */
/* What looks at frames from a port's device: see ingress.h. */
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

/* Of a device whose VLANs are ports one tells it. */
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
 * What kinds of device hand XDP frames that may go on a wire as they are. An XDP frame cannot say
 * what an skb says: "the checksum is not written yet", "cut me into segments", "I carry a tag".
 *
 * - veth: the tenant's stack leaves its checksums open. Never.
 * - A tap without a virtio_net header: what was written to it is all there is.
 * - A tap with one (vnet_hdr, as QEMU makes them): the guest's driver says in each frame's header
 *   whether the checksum is open. tun_build_skb() (drivers/net/tun.c) keeps only GSO frames from
 *   the driver's XDP, not those with VIRTIO_NET_HDR_F_NEEDS_CSUM, and a redirect forgets the
 *   header. The features of the device (tx-checksumming, TUNSETOFFLOAD's TUN_F_CSUM) tell what the
 *   guest receives, not what it sends; nothing here tells that. So only the user can know that the
 *   guest does without (QEMU: csum=off), and says it by `xdp: native`.
 * - Hardware, virtio_net included, which turns its receive offloads off for XDP. But a NIC that
 *   takes VLAN tags off makes frames of other VLANs look like the port's own.
 * - Others (bond, macvlan, ...) run the program in another device's name, or not at all.
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

/* The reason in a few words, for the table; see xvtep(8). NULL: nothing against it. */
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
	/* The same that tells where the frames may be sent to. */
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

/* A driver that has refused is asked again only when something it may have minded is changed. */
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
			 "xdp is \"native\", but cannot be attached: %s", why);
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
	if (!port->key.vlan) /* of a VLAN's device it may be another port's, or an underlay's */
		xv_detach_xdp(model->dp->pin_dir, port->ifindex);
}
