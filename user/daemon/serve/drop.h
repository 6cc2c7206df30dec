/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose packet was dropped last, for a reason: read out of what the programs note of it. */
#ifndef XV_DROP_H
#define XV_DROP_H

#include <stdbool.h>
#include <stdint.h>

#include "xv_abi.h"

struct xv_drop_packet {
	struct xv_ip remote; /* the VTEP it came from; zero: not from the wire, or stripped */
	bool has_vni, has_macs, has_vlan;
	uint32_t vni;
	uint8_t dst[6], src[6]; /* of the inner frame, or of the frame, if it is not in a tunnel */
	uint16_t vlan;		/* id of that frame's tag */
};

/* Takes from anything what is there; head_len is at most XV_DROP_HEAD. */
void xv_drop_decode(const struct xv_drop_last_val *last, __be16 udp_port,
		    struct xv_drop_packet *packet);

#endif
