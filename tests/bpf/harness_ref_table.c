// SPDX-License-Identifier: GPL-2.0-only
/* Look-ups of the reference; see harness_ref_table.h. */
#include <string.h>

#include "harness_ref_table.h"

int source_mac_ok(const __u8 *mac)
{
	static const __u8 zero[6];

	return !(mac[0] & 1) && memcmp(mac, zero, 6);
}

const struct world_fdb *fdb_find(const struct world *w, __u32 bd, const __u8 *mac)
{
	int i;

	for (i = 0; i < w->fdbs; i++)
		if (w->fdb[i].bd == bd && !memcmp(w->fdb[i].mac, mac, 6))
			return &w->fdb[i];
	return NULL;
}

__u32 net_of_vni(const struct world *w, __u32 vni)
{
	__u32 i;

	for (i = 1; i < WORLD_NETS; i++)
		if (w->net[i].vni && w->net[i].vni == vni)
			return w->net[i].flags & XV_BD_VALID ? i : 0;
	return 0;
}

__u32 peer_of_ip(const struct world *w, const struct xv_ip *ip)
{
	struct xv_ip have;
	__u32 i;

	for (i = 1; i < WORLD_PEERS; i++) {
		ip_of_text(w->peer[i].ip, &have);
		if (w->peer[i].ip && !memcmp(&have, ip, sizeof(have)))
			return i;
	}
	return 0;
}

int port_refuses(const struct world *w, __u32 port, __u32 bd, __u32 len)
{
	if (port >= WORLD_PORTS || w->port[port].bd != bd || !(w->port[port].flags & XV_PORT_UP))
		return XV_DROP_PORT_DOWN;
	/* The MTU is of what the Ethernet header carries, but for a tag, as in the kernel. */
	if (len > w->port[port].mtu + 14 + 4)
		return XV_DROP_PKT_TOO_BIG;
	return -1;
}

void event_note(struct ref *r, __u8 type, __u32 bd, const __u8 *mac, __u8 kind, __u32 id,
		const struct xv_ip *remote)
{
	struct ref_event *e = &r->event[r->events++];

	*e = (struct ref_event){.type = type, .kind = kind, .dst = id, .bd = bd};
	memcpy(e->mac, mac, 6);
	if (remote)
		e->remote = *remote;
}

int source_refused(const struct world *w, __u32 bd, const __u8 *mac, __u8 kind, __u32 id,
		   const struct xv_ip *remote, struct ref *r)
{
	const struct world_fdb *e = fdb_find(w, bd, mac);
	int here = e && e->kind == kind && e->dst == id;

	if (e && e->flags & XV_FDB_STATIC)
		return here || e->flags & XV_FDB_STICKY ? -1 : XV_DROP_VXLAN_ENTRY_EXISTS;
	if (here && !w->moved && !(e->flags & XV_FDB_MOVING))
		return -1;
	if (w->net[bd].flags & XV_BD_LEARN)
		event_note(r, e ? XV_EVENT_MOVE : XV_EVENT_LEARN, bd, mac, kind, id, remote);
	return -1;
}
