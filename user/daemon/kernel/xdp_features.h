/* SPDX-License-Identifier: GPL-2.0-only */
/* XDP features that a device announces. */
#ifndef XV_XDP_FEATURES_H
#define XV_XDP_FEATURES_H

#define XV_XDP_FEATURES_UNKNOWN (~0ULL)
/* UAPI linux/netdev.h, NETDEV_XDP_ACT_* */
enum xv_xdp_act {
	XV_XDP_ACT_BASIC = 1,
	XV_XDP_ACT_REDIRECT = 2,
	XV_XDP_ACT_NDO_XMIT = 4,
	XV_XDP_ACT_RX_SG = 32,
	XV_XDP_ACT_NDO_XMIT_SG = 64,
};

#endif
