// SPDX-License-Identifier: GPL-2.0-only
/* The reference for frames from a tenant under XDP; see harness_ref.h. */
#include <string.h>

#include "harness_ref_table.h"

/* By the peer's header: untagged IP whose header is not in fragments, to a device for XDP frames.
 */
static int peer_taken(const struct world *w, const struct frame *in, __u32 seen)
{
	__u32 type = frame_get16(in, 12);

	if (!(w->wire_xdp & XV_ADJ_XDP) || !w->wire_tx)
		return 0;
	if (seen < in->len && !(w->wire_xdp & XV_ADJ_XDP_SG))
		return 0;
	return (type == T_IP && seen >= 34) || (type == T_IPV6 && seen >= 54);
}

/* Another port: what xv_decap would redirect to it. */
static int port_taken(const struct world *w, const struct frame *in, __u32 seen, __u32 port)
{
	const struct world_port *p = &w->port[port];
	__u32 type = frame_get16(in, 12);
	int tcp = (type == T_IP && seen >= 34 && in->b[23] == P_TCP) ||
		  (type == T_IPV6 && seen >= 54 && in->b[20] == P_TCP);

	if (!(p->flags & XV_PORT_XDP_TX) || p->vlan || !p->tx)
		return 0;
	if ((type == T_IP && seen < 34) || (type == T_IPV6 && seen < 54))
		return 0; /* TCP, perhaps */
	if (tcp && p->flags & XV_PORT_TCP_STACK)
		return 0;
	return seen == in->len || p->flags & XV_PORT_XDP_SG;
}

/* The path that it takes for the one of xv_encap, or -1. */
static int path_of(const struct world *w, const struct frame *in, __u32 seen, __u32 ifindex,
		   int path)
{
	__u32 type = frame_get16(in, 12), bd = 0;
	const struct world_fdb *to;
	int i;

	if (seen < 14 || type == T_VLAN || type == T_QINQ)
		return -1;
	if (path == XV_PATH_ENCAP)
		return peer_taken(w, in, seen) ? XV_PATH_PORT_ENCAP : -1;
	if (path != XV_PATH_LOCAL)
		return -1;
	for (i = 0; i < w->keys; i++)
		if (w->key[i].ifindex == ifindex && !w->key[i].vlan)
			bd = w->port[w->key[i].port].bd;
	to = fdb_find(w, bd, in->b);
	return to && port_taken(w, in, seen, to->dst) ? XV_PATH_PORT_LOCAL : -1;
}

void ref_port_encap(const struct world *w, const struct frame *in, __u32 seen, __u32 ifindex,
		    struct ref *r)
{
	int path;

	ref_encap(w, in, ifindex, 0, r);
	path = path_of(w, in, seen, ifindex, r->path);
	if (path >= 0) {
		r->counts.path[path] = r->counts.path[r->path];
		memset(&r->counts.path[r->path], 0, sizeof(r->counts.path[0]));
		r->path = path;
		r->retval = XDP_REDIRECT;
		return;
	}
	memset(r, 0, offsetof(struct ref, out));
	memset(&r->counts, 0, sizeof(*r) - offsetof(struct ref, counts));
	frame_copy(&r->out, in);
	r->path = r->reason = -1;
	r->retval = XDP_PASS;
}
