// SPDX-License-Identifier: GPL-2.0-only
/* The world's default tables, and their way into the maps; see harness_world.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

enum {
	LOOPBACK = 1,
};

static const __u8 *mac_make(__u8 kind, __u32 number)
{
	static __u8 macs[8][512][6];
	__u8 *mac = macs[kind][number % 512];

	memcpy(mac, (__u8[]){0x02, 0, 0, kind, number >> 8, number}, 6);
	return mac;
}

const __u8 *mac_of_port(__u32 port)
{
	return mac_make(1, port);
}

const __u8 *mac_of_peer(__u32 peer)
{
	return mac_make(2, peer);
}

const __u8 *mac_static_port(void)
{
	return mac_make(3, 1);
}

const __u8 *mac_static_peer(void)
{
	return mac_make(3, 2);
}

const __u8 *mac_of_other_net(void)
{
	return mac_make(3, 3);
}

const __u8 *mac_to_nothing(void)
{
	return mac_make(3, 4);
}

const __u8 *mac_unknown(__u32 number)
{
	return mac_make(4, number);
}

void ip_of_text(const char *text, struct xv_ip *ip)
{
	memset(ip, 0, sizeof(*ip));
	if (!text)
		return;
	if (strchr(text, ':')) {
		if (inet_pton(AF_INET6, text, ip->b) != 1)
			abort();
		return;
	}
	ip->b[10] = ip->b[11] = 0xff;
	if (inet_pton(AF_INET, text, ip->b + 12) != 1)
		abort();
}

struct world_fdb *world_fdb_add(struct world *w, __u32 bd, const __u8 *mac, __u8 kind, __u32 dst)
{
	struct world_fdb *e = &w->fdb[w->fdbs++];

	if (w->fdbs > WORLD_FDB)
		abort();
	*e = (struct world_fdb){.bd = bd, .kind = kind, .dst = dst};
	memcpy(e->mac, mac, 6);
	return e;
}

void world_flood_add(struct world *w, __u32 bd, __u8 kind, __u32 id, const char *ip)
{
	if (w->floods[bd] == WORLD_FLOOD)
		abort();
	w->flood[bd][w->floods[bd]++] = (struct world_flood){kind, id, ip};
}

void world_key_set(struct world *w, __u32 ifindex, __u16 vlan, __u32 port)
{
	int i;

	for (i = 0; i < w->keys; i++)
		if (w->key[i].ifindex == ifindex && w->key[i].vlan == vlan)
			break;
	if (i == WORLD_KEYS)
		abort();
	w->key[i] = (struct world_key){ifindex, vlan, port, 0};
	if (i == w->keys)
		w->keys++;
}

static void default_ports(struct world *w)
{
	const __u32 xdp = XV_PORT_UP | XV_PORT_XDP_TX;
	int i;

	w->port[PORT_XDP] = (struct world_port){BD_BLUE, LOOPBACK, xdp, 1500, 0, 1};
	w->port[PORT_STACK] = (struct world_port){BD_BLUE, LOOPBACK, XV_PORT_UP, 1500, 0, 1};
	w->port[PORT_TCP] = (struct world_port){BD_BLUE, LOOPBACK, xdp | XV_PORT_TCP_STACK,
						1500,	 0,	   1};
	w->port[PORT_DOWN] = (struct world_port){BD_BLUE, LOOPBACK, XV_PORT_XDP_TX, 1500, 0, 1};
	w->port[PORT_VLAN] = (struct world_port){BD_BLUE, LOOPBACK, xdp, 1500, 10, 1};
	w->port[PORT_JUMBO] = (struct world_port){BD_BLUE, LOOPBACK, xdp, 9000, 0, 1};
	w->port[PORT_JUMBO_SG] = (struct world_port){BD_BLUE, LOOPBACK, xdp | XV_PORT_XDP_SG,
						     9000,    0,	1};
	w->port[PORT_NO_TX] = (struct world_port){BD_BLUE, LOOPBACK, xdp, 1500, 0, 0};
	w->port[PORT_RED] = (struct world_port){BD_RED, LOOPBACK, xdp, 1500, 0, 1};
	w->port[PORT_SMALL] = (struct world_port){BD_BLUE, LOOPBACK, xdp, 100, 0, 1};
	w->port[PORT_LEARN] = (struct world_port){BD_LEARN, LOOPBACK, xdp, 1500, 0, 1};
	w->port[PORT_RATE] = (struct world_port){BD_RATE, LOOPBACK, xdp, 1500, 0, 1};
	w->port[PORT_MERGED] = (struct world_port){BD_BLUE, LOOPBACK, xdp | XV_PORT_GSO_DECAP,
						   1500,    0,	      1};
	for (i = 1; i <= PORT_MERGED; i++)
		world_fdb_add(w, w->port[i].bd, mac_of_port(i), XV_FDB_PORT, i);
}

void world_default(struct world *w)
{
	static const __u32 nets[] = {BD_BLUE, BD_RED, BD_LEARN, BD_RATE};
	__u32 i, j;

	*w = (struct world){.configured = 1, .slow_ifindex = LOOPBACK, .udp_port = XV_VXLAN_PORT};
	w->wire_ifindex = LOOPBACK;
	w->wire_mtu = 1600;
	w->wire_xdp = XV_ADJ_XDP;
	w->wire_tx = 1;
	w->local4 = "192.0.2.1";
	memcpy(w->mac, frame_mac_nic, sizeof(w->mac));
	w->local6 = "2001:db8::1";
	w->tag[0] = ETH_P_8021Q << 16 | WORLD_VLAN_Q;
	w->tag[1] = ETH_P_8021Q << 16 | WORLD_VLAN;
	w->tag[2] = (__u32)ETH_P_8021AD << 16 | WORLD_VLAN;
	w->net[BD_BLUE] = (struct world_net){100, XV_BD_VALID, 0, 0};
	w->net[BD_RED] = (struct world_net){200, XV_BD_VALID | XV_BD_INNER_VLAN | XV_BD_ANY_PEER, 0,
					    0};
	w->net[BD_LEARN] = (struct world_net){0xffffff, XV_BD_VALID | XV_BD_LEARN, 0, 0};
	w->net[BD_RATE] = (struct world_net){400, XV_BD_VALID | XV_BD_LEARN, 80, 0};
	w->net[BD_GONE] = (struct world_net){500, 0, 0, 0};
	w->peer[PEER_V4] = (struct world_peer){"192.0.2.2", 1, 0, 0, 0};
	w->peer[PEER_V6] = (struct world_peer){"2001:db8::2", 1, 0, 0, 0};
	w->peer[PEER_SLOW] = (struct world_peer){"192.0.2.3", 0, 0, 0, 0};
	w->peer[PEER_NOWHERE] = (struct world_peer){NULL, 0, 0, 0, 0};
	w->peer[PEER_SLOW6] = (struct world_peer){"2001:db8::3", 0, 0, 0, 0};
	default_ports(w);
	for (i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
		for (j = PEER_V4; j <= PEER_SLOW6; j++)
			world_fdb_add(w, nets[i], mac_of_peer(j), XV_FDB_PEER, j);
	world_fdb_add(w, BD_BLUE, mac_static_port(), XV_FDB_PORT, PORT_XDP)->flags = XV_FDB_STATIC;
	world_fdb_add(w, BD_BLUE, mac_static_peer(), XV_FDB_PEER, PEER_V4)->flags = XV_FDB_STATIC;
	world_fdb_add(w, BD_BLUE, mac_of_other_net(), XV_FDB_PORT, PORT_RED);
	world_fdb_add(w, BD_BLUE, mac_to_nothing(), XV_FDB_NONE, 0);
	world_key_set(w, LOOPBACK, 0, PORT_XDP);
}

static void put(struct bpf_map *map, const void *key, const void *value)
{
	if (bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY)) {
		fprintf(stderr, "# %s: %s\n", bpf_map__name(map), strerror(errno));
		abort();
	}
}

static void clear(struct bpf_map *map)
{
	__u8 key[32];

	while (!bpf_map_get_next_key(bpf_map__fd(map), NULL, key))
		bpf_map_delete_elem(bpf_map__fd(map), key);
}

static void clear_indexes(const struct world *last)
{
	const struct xv_vni_slot no_network = {};
	const struct xv_peer_slot no_peer = {};
	struct xv_ip ip;
	__u32 i, slot;

	for (i = 1; i < WORLD_NETS; i++) {
		slot = last->net[i].vni % XV_VNI_INDEX;
		put(hs.skel->maps.xv_vni_index, &slot, &no_network);
	}
	for (i = 1; i < WORLD_PEERS; i++) {
		ip_of_text(last->peer[i].ip, &ip);
		slot = xv_ip_slot(&ip);
		put(hs.skel->maps.xv_peer_index, &slot, &no_peer);
	}
}

/* The large tables are cleared by what was put in: to look for keys would walk a million buckets.
 */
static void clear_last(const struct world *last)
{
	__u32 bd;
	int i;

	clear_indexes(last);

	for (i = 0; i < last->fdbs; i++) {
		struct xv_fdb_key key = {.bd = last->fdb[i].bd};

		memcpy(key.mac, last->fdb[i].mac, 6);
		bpf_map_delete_elem(bpf_map__fd(hs.skel->maps.xv_fdb), &key);
		xv_table_delete(hs.fdb, (union xv_table_key){.key = key}.word);
	}
	xv_table_settle(hs.fdb);
	for (bd = 0; bd < WORLD_NETS; bd++)
		for (i = 0; i < last->floods[bd]; i++) {
			struct xv_flood_key key = {.bd = bd, .gen = 7, .index = i};

			bpf_map_delete_elem(bpf_map__fd(hs.skel->maps.xv_flood), &key);
		}
}

/* Outer header as sent, with zeroes where the datapath fills in (xv_abi.h, struct xv_adj_val). */
static void install_adj(const struct world *w, __u32 id)
{
	const struct world_peer *p = &w->peer[id];
	struct xv_adj_val val = {.ifindex = w->wire_ifindex, .mtu = w->wire_mtu};
	static struct frame f;

	val.tx_slot = XV_MAX_PORTS;
	ip_of_text(p->ip, &val.ip);
	if (p->valid) {
		struct outer_spec s = adj_outer(w, id);

		f.len = 0;
		frame_outer(&f, &s, 0);
		frame_set16(&f, s.v6 ? 18 : 16, 0);
		frame_set16(&f, s.v6 ? 58 : 38, 0);
		if (!s.v6) {
			frame_set16(&f, 20, 0);
			frame_fix_ip4(&f, 14);
		}
		memcpy(val.hdr, f.b, f.len);
		val.flags = XV_ADJ_VALID | (s.v6 ? XV_ADJ_V6 : w->df) | w->wire_xdp;
	}
	if (p->kernel)
		val.flags = XV_ADJ_KERNEL;
	if (p->sized)
		val.flags |= XV_ADJ_MTU | (strchr(p->ip, ':') ? XV_ADJ_V6 : w->df);
	if (p->route)
		val.flags |= XV_ADJ_GROUP_ROUTE;
	put(hs.skel->maps.xv_adj, &id, &val);
}

static void install_flood(const struct world *w, __u32 bd, struct xv_bd_val *val)
{
	int i;

	val->flood.gen = 7;
	for (i = 0; i < w->floods[bd]; i++) {
		const struct world_flood *to = &w->flood[bd][i];
		struct xv_flood_key key = {.bd = bd, .gen = 7, .index = i};
		struct xv_flood_val v = {.id = to->id, .kind = to->kind};

		ip_of_text(to->ip, &v.remote);
		put(hs.skel->maps.xv_flood, &key, &v);
		val->flood.ports += to->kind == XV_FDB_PORT;
		val->flood.total++;
	}
}

/*
 * The shortcuts: where the slot is taken by another that has it too (not right), programs must find
 * out, and take the other way.
 */
static void index_network(__u32 bd, const struct xv_bd_val *val, int right)
{
	struct xv_vni_slot slot = {.vni = val->vni, .bd = bd, .flags = val->flags};
	__u32 i = val->vni % XV_VNI_INDEX;

	if (!right) {
		slot.vni += XV_VNI_MAX + 1; /* no packet's */
		slot.bd++;
	}
	put(hs.skel->maps.xv_vni_index, &i, &slot);
}

static void index_peer(__u32 id, const struct xv_ip *ip, int kernel, int right)
{
	struct xv_peer_slot slot = {.low = ip->w[3],
				    .peer = id,
				    .flags = (ip->q[0] ? XV_PEER_V6 : 0) |
					     (kernel ? XV_PEER_KERNEL : 0)};
	__u32 i = xv_ip_slot(ip);

	slot.peer += !right;
	if (!right && !slot.flags)
		slot.low++;
	put(hs.skel->maps.xv_peer_index, &i, &slot);
}

static void install_tables(const struct world *w)
{
	__u32 i = XV_MAX_PORTS;

	bpf_map_delete_elem(bpf_map__fd(hs.skel->maps.xv_tx), &i);
	if (w->wire_tx)
		put(hs.skel->maps.xv_tx, &i, &w->wire_ifindex);
	for (i = 1; i < WORLD_NETS; i++) {
		struct xv_bd_val val = {.vni = w->net[i].vni, .flags = w->net[i].flags};

		struct xv_bd_info_val info = {.learn_rate = w->net[i].rate,
					      .link_local = w->net[i].link_local};

		install_flood(w, i, &val);
		put(hs.skel->maps.xv_bd, &i, &val);
		put(hs.skel->maps.xv_bd_info, &i, &info);
		if (val.vni)
			put(hs.skel->maps.xv_vni, &val.vni, &i);
		index_network(i, &val, i != BD_RED);
	}
	for (i = 1; i < WORLD_PEERS; i++) {
		struct xv_ip ip;

		ip_of_text(w->peer[i].ip, &ip);
		install_adj(w, i);
		if (!w->peer[i].ip)
			continue;
		put(hs.skel->maps.xv_peer, &ip, &i);
		index_peer(i, &ip, w->peer[i].kernel, i != PEER_V6 && i != PEER_SLOW);
	}
	for (i = 1; i < WORLD_PORTS; i++) {
		const struct world_port *p = &w->port[i];
		struct xv_port_dev_val dev = {.ifindex = p->ifindex, .flags = p->flags};

		dev.bd = p->bd;
		dev.vlan = p->vlan;
		dev.mtu = p->mtu;
		put(hs.skel->maps.xv_port_dev, &i, &dev);
		bpf_map_delete_elem(bpf_map__fd(hs.skel->maps.xv_tx), &i);
		if (p->tx)
			put(hs.skel->maps.xv_tx, &i, &p->ifindex);
	}
}

void world_install(const struct world *w)
{
	struct xv_config_val cfg = {.abi = w->configured ? XV_ABI_VERSION : 0};
	struct xv_uplink_val uplink = {.tx_slot = XV_MAX_PORTS};
	static struct world last;
	__u32 zero = 0;
	int i;

	clear(hs.skel->maps.xv_vni);
	clear(hs.skel->maps.xv_port);
	clear(hs.skel->maps.xv_peer);
	clear(hs.skel->maps.xv_uplink);
	clear_last(&last);
	last = *w;
	put(hs.skel->maps.xv_uplink, &w->wire_ifindex, &uplink);
	cfg.flags = w->config_flags;
	cfg.udp_port = htons(w->udp_port);
	cfg.slow_ifindex = w->slow_ifindex;
	for (i = 0; i < XV_MAX_MACS; i++)
		memcpy(cfg.mac[i].b, w->mac, sizeof(w->mac));
	memcpy(cfg.tag, w->tag, sizeof(w->tag));
	cfg.seed = WORLD_SEED;
	ip_of_text(w->local4, &cfg.local4);
	ip_of_text(w->local6, &cfg.local6);
	install_tables(w);
	for (i = 0; i < w->fdbs; i++) {
		const struct world_fdb *e = &w->fdb[i];
		struct xv_fdb_val val = {.dst = e->dst, .kind = e->kind, .flags = e->flags};

		/* The daemon has no entries to nowhere. */
		hs_fdb_put(e->bd, e->mac, val, w->by_map || !e->kind);
	}
	for (i = 0; i < w->keys; i++) {
		const struct world_key *k = &w->key[i];
		struct xv_port_key key = {
			.ifindex = k->ifindex, .vlan = k->vlan, .proto = k->proto};
		struct xv_port_val val = {.port = k->port, .bd = w->port[k->port].bd};

		put(hs.skel->maps.xv_port, &key, &val);
	}
	put(hs.skel->maps.xv_config, &zero, &cfg);
}
