/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who wants an object to be: a network, port, peer, member of a flood list or entry of the FDB. It
 * may have several origins, and goes when the last of them wants it no more. A network without any
 * is one that the file dropped while something in it stays.
 */
#ifndef XV_ORIGIN_H
#define XV_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

/* From the weakest to the strongest. */
enum xv_origin {
	XV_ORIGIN_LEARNED = 1 << 0,  /* its frames, as long as they come */
	XV_ORIGIN_MAP = 1 << 1,	     /* an outside program, which wrote it into a map */
	XV_ORIGIN_MIRRORED = 1 << 2, /* the kernel's bridge and vxlan device */
	XV_ORIGIN_CONFIG = 1 << 3,   /* the configuration file */
	XV_ORIGIN_HAND = 1 << 4,     /* a command */
};

enum {
	XV_ORIGIN_ADDED = XV_ORIGIN_HAND | XV_ORIGIN_MAP, /* by somebody, not by us */
};

/* The strongest of several; 0: there is none. */
static inline uint32_t xv_origin_first(uint32_t origins)
{
	return origins ? UINT32_C(1) << (31 - __builtin_clz(origins)) : 0;
}

/* Two sources want an object otherwise: whether one has its way against all that have it now. */
static inline bool xv_origin_wins(enum xv_origin origin, uint32_t origins)
{
	return origin > xv_origin_first(origins);
}

#endif
