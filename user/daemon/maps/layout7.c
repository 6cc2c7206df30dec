/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Map layout 7. Its xv_config is the same as ours. Peers have no IPv4 identifications and always
 * DF. Groups have no id: the slow path sends to them.
 */
#include <linux/ip.h>
#include <stddef.h>
#include <string.h>

#include "maps/layout.h"
#include "xv_abi.h"
#include "xv_wire.h"

struct port_dev {
	uint32_t ifindex, flags;
	uint16_t bd, vlan;
	uint32_t mtu;
	uint8_t end_mac[6];
	uint16_t pad0;
};

struct drop_last {
	uint64_t tick, time;
	uint32_t ifindex, len, vni;
	uint16_t vlan;
	uint8_t from, head_len;
	struct xv_ip remote;
	uint8_t head[XV_DROP_HEAD];
};

_Static_assert(sizeof(struct port_dev) == 24, "layout 7");
_Static_assert(sizeof(struct drop_last) == 176, "layout 7");

static int fill_same(const struct xv_layout_pair *pair)
{
	return xv_layout_copy(pair, NULL);
}

enum {
	LINK_LOCAL = 1 << 0, /* STP only: the default of a setting that layout 7 did not have */
};

static void convert_bd_info(const void *from, void *to)
{
	struct xv_bd_info_val *info = to;

	memcpy(info, from, sizeof(*info));
	info->link_local = LINK_LOCAL;
}

static int fill_bd_info(const struct xv_layout_pair *pair)
{
	return xv_layout_copy(pair, convert_bd_info);
}

static void convert_port_dev(const void *from, void *to)
{
	const struct port_dev *old = from;
	struct xv_port_dev_val *new = to;

	new->ifindex = old->ifindex;
	new->flags = old->flags;
	new->bd = old->bd;
	new->vlan = old->vlan;
	new->mtu = old->mtu;
	memcpy(new->end_mac, old->end_mac, sizeof(new->end_mac));
}

static int fill_port_dev(const struct xv_layout_pair *pair)
{
	return xv_layout_copy(pair, convert_port_dev);
}

/*
 * Takes the flags out of the IPv4 checksum: programs now put DF or an identification into the
 * header.
 */
static void convert_adj(const void *from, void *to)
{
	struct xv_adj_val *adj = to;
	uint8_t *pos = adj->hdr + sizeof(struct xv_ethhdr);
	struct iphdr ip; /* a copy: it is not aligned there */
	uint32_t sum;

	memcpy(adj, from, offsetof(struct xv_adj_val, ip_id));
	if (!(adj->flags & XV_ADJ_VALID) || adj->flags & XV_ADJ_V6)
		return;
	memcpy(&ip, pos, sizeof(ip));
	sum = ip.check + ip.id + ip.frag_off;
	sum = (sum & 0xffff) + (sum >> 16);
	ip.check = (sum & 0xffff) + (sum >> 16);
	ip.id = 0;
	ip.frag_off = 0;
	memcpy(pos, &ip, sizeof(ip));
}

static int fill_adj(const struct xv_layout_pair *pair)
{
	return xv_layout_copy(pair, convert_adj);
}

/* A group now has an id and an adjacency. The daemon gives it both before programs read this. */
static void convert_flood(const void *from, void *to)
{
	struct xv_flood_val *val = to;

	memcpy(val, from, sizeof(*val));
	if (val->kind == XV_FDB_PEER && !val->id)
		val->kind = XV_FDB_GROUP;
}

static int fill_flood(const struct xv_layout_pair *pair)
{
	return xv_layout_copy(pair, convert_flood);
}

static void convert_drop_last(const void *from, void *to)
{
	const struct drop_last *old = from;
	struct xv_drop_last_val *new = to;

	memcpy(new, old, offsetof(struct drop_last, head));
	memcpy(new->head, old->head, sizeof(new->head));
}

static int fill_drop_last(const struct xv_layout_pair *pair)
{
	return xv_layout_copy_cpus(pair, convert_drop_last);
}

/* xv_bd is made new because it has the generations of xv_flood, which is made new. */
static const struct xv_layout_map maps[] = {
	{.name = "xv_config", .types = 0x1d84c5136cac0f9a},
	{.name = "xv_vni", .types = 0xd0599fbbd4e4a344},
	{.name = "xv_vni_index", .types = 0x67226575bb2c56b9},
	{.name = "xv_bd", .types = 0xa88f1f0c115ef98a, .fill = fill_same},
	{.name = "xv_bd_info", .types = 0xcbcbf3d4de1d4c86, .fill = fill_bd_info},
	{.name = "xv_port", .types = 0x6e0270bfc81c3041, .fill = fill_same},
	{.name = "xv_port_index", .types = 0x61af06e9d6b6849e},
	{.name = "xv_port_dev", .types = 0xb762d77534c3090a, .fill = fill_port_dev},
	{.name = "xv_peer", .types = 0x56431831e58dfbbd},
	{.name = "xv_peer_index", .types = 0x1885033961338fc9},
	{.name = "xv_adj", .types = 0xbdcb863e9f8f0987, .fill = fill_adj},
	{.name = "xv_fdb_table", .types = 0x3f6440ba9cf5b53c},
	{.name = "xv_fdb", .types = 0x3e4d033e512e28e0},
	{.name = "xv_flood", .types = 0x831b18e399989004, .fill = fill_flood},
	{.name = "xv_tx", .types = 0x922dd2b04b8ae12b},
	{.name = "xv_uplink", .types = 0xb906a64d96fb0951},
	{.name = "xv_stats", .types = 0x7489417f0fed1797, .counters = true},
	{.name = "xv_drop_last", .types = 0xf404196feafcee17, .fill = fill_drop_last},
	{.name = "xv_events", .types = 0x3fc9c0433ec78cfe},
	{.name = "xv_recent", .types = 0x8e7227e917d732a1},
	{.name = "xv_gate", .types = 0x194fb11cf4ba2796},
};

const struct xv_layout xv_layout_7 = {7, maps, sizeof(maps) / sizeof(maps[0])};
