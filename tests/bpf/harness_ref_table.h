/* SPDX-License-Identifier: GPL-2.0-only */
/* The reference's look-ups in the tables of a world: linear searches, one rule each. */
#ifndef HARNESS_REF_TABLE_H
#define HARNESS_REF_TABLE_H

#include "harness_ref.h"

int source_mac_ok(const __u8 *mac);
const struct world_fdb *fdb_find(const struct world *w, __u32 bd, const __u8 *mac);
/* 0: none, or not valid. */
__u32 net_of_vni(const struct world *w, __u32 vni);
/* 0: none. */
__u32 peer_of_ip(const struct world *w, const struct xv_ip *ip);
/* enum xv_drop, or -1: the port takes an Ethernet frame of len bytes (0: any). */
int port_refuses(const struct world *w, __u32 port, __u32 bd, __u32 len);
/* The source's rules: enum xv_drop, or -1 and the event that the daemon must get, if any, noted in
 * *r. */
int source_refused(const struct world *w, __u32 bd, const __u8 *mac, __u8 kind, __u32 id,
		   const struct xv_ip *remote, struct ref *r);
void event_note(struct ref *r, __u8 type, __u32 bd, const __u8 *mac, __u8 kind, __u32 id,
		const struct xv_ip *remote);

#endif
