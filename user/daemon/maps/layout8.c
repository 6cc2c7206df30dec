/* SPDX-License-Identifier: GPL-2.0-only */
/* Map layout 8: the same as ours, without xv_meta. */
#include "maps/layout.h"

static const struct xv_layout_map maps[] = {
	{.name = "xv_recent", .types = 0x8e7227e917d732a1},
	{.name = "xv_events", .types = 0x3fc9c0433ec78cfe},
	{.name = "xv_port", .types = 0xff1a3c94a1beb5f3},
	{.name = "xv_answer", .types = 0x54604899ec1ec817},
	{.name = "xv_adj", .types = 0xadc99811d5f4169d},
	{.name = "xv_flood", .types = 0x826da710983c1c82},
	{.name = "xv_config", .types = 0x1d84c5136cac0f9a},
	{.name = "xv_vni", .types = 0xd0599fbbd4e4a344},
	{.name = "xv_vni_index", .types = 0x67226575bb2c56b9},
	{.name = "xv_bd", .types = 0xa88f1f0c115ef98a},
	{.name = "xv_bd_info", .types = 0x2f079bac6ede33b3},
	{.name = "xv_port_index", .types = 0x61af06e9d6b6849e},
	{.name = "xv_port_dev", .types = 0x275682b470e50577},
	{.name = "xv_peer", .types = 0x56431831e58dfbbd},
	{.name = "xv_peer_index", .types = 0xe83bdeb7d7c5cdc4},
	{.name = "xv_fdb_table", .types = 0x3f6440ba9cf5b53c},
	{.name = "xv_fdb", .types = 0x3e4d033e512e28e0},
	{.name = "xv_tx", .types = 0x922dd2b04b8ae12b},
	{.name = "xv_uplink", .types = 0xb906a64d96fb0951},
	{.name = "xv_stats", .types = 0x4b1ff9cc82d883f3},
	{.name = "xv_drop_last", .types = 0xa95ab6458c0e7288},
	{.name = "xv_gate", .types = 0x194fb11cf4ba2796},
	{.name = "xv_move_gate", .types = 0xb29964e37c866446},
	{.name = "xv_answer_gate", .types = 0x194fb11cf4ba2796},
};

const struct xv_layout xv_layout_8 = {8, maps, sizeof(maps) / sizeof(maps[0])};
