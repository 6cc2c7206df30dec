/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Origins: who wants a network, port, peer, flood list member or FDB entry to exist. An object may
 * have several origins, and is deleted when the last is gone. A network without any origin is one
 * that the file dropped while something in it stays.
 */
#ifndef XV_ORIGIN_H
#define XV_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

/* From the weakest to the strongest. */
enum xv_origin {
	XV_ORIGIN_LEARNED = 1 << 0,  /* learned from frames, and kept while they come */
	XV_ORIGIN_MAP = 1 << 1,	     /* an outside program wrote it into a map */
	XV_ORIGIN_MIRRORED = 1 << 2, /* the kernel's bridge and vxlan device have it */
	XV_ORIGIN_CONFIG = 1 << 3,   /* the configuration file has it */
	XV_ORIGIN_HAND = 1 << 4,     /* a command added it */
};

enum {
	XV_ORIGIN_ADDED = XV_ORIGIN_HAND | XV_ORIGIN_MAP, /* by somebody, not the daemon */
};

/* The strongest of several origins; 0 if there is none. */
static inline uint32_t xv_origin_first(uint32_t origins)
{
	return origins ? UINT32_C(1) << (31 - __builtin_clz(origins)) : 0;
}

/*
 * When two sources want an object differently: whether `origin` is stronger than all that want it
 * as it is.
 */
static inline bool xv_origin_wins(enum xv_origin origin, uint32_t origins)
{
	return origin > xv_origin_first(origins);
}

#endif
