/* SPDX-License-Identifier: GPL-2.0-only */
/* Decodes the last dropped packet of a drop reason from what the BPF programs noted of it. */
#ifndef XV_DROP_H
#define XV_DROP_H

#include <stdbool.h>
#include <stdint.h>

#include "xv_abi.h"

struct xv_drop_packet {
	struct xv_ip remote; /* sending VTEP; zero: not from the wire, or stripped */
	bool has_vni, has_macs, has_vlan;
	uint32_t vni;
	uint8_t dst[6], src[6]; /* of the inner frame; of the frame if there is no tunnel */
	uint16_t vlan;		/* VLAN id of the tag in that frame */
};

/* Decodes what is there; last may hold any bytes but head_len, which is at most XV_DROP_HEAD. */
void xv_drop_decode(const struct xv_drop_last_val *last, __be16 udp_port,
		    struct xv_drop_packet *packet);

#endif
