/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of a frame, as one number that all checks, decisions and acts return:
 *   0 or more   a path (enum xv_path) that the frame has taken; from a check or a decision 0 says
 *               that nothing speaks against the frame
 *   XV_SLOW     this program leaves the frame, untouched, to whoever is behind it: the kernel, and
 *               through the kernel xv_slow_rx; behind xv_port_encap that is xv_encap
 *   negative    a drop: its reason, and the destination that the frame was for, where it is known
 */
#ifndef XV_BPF_VERDICT_H
#define XV_BPF_VERDICT_H

#include "compat.h"
#include "xv_abi.h"
#include "xv_reasons.h"

enum {
	XV_SLOW = XV_PATH_MAX,
	XV_VERDICT_REASON_BITS = 8,
};

#define XV_DROP(reason) (-1 - (int)XV_DROP_##reason)

/* A destination as one number: enum xv_fdb_kind and the id of a port or peer. 0: not known. */
#define XV_TO(kind, id) ((kind) << 16 | (id))

_Static_assert((int)XV_DROP_MAX <= 1 << XV_VERDICT_REASON_BITS &&
		       XV_FDB_GROUP < 1 << (31 - XV_VERDICT_REASON_BITS - 16),
	       "a drop holds its reason and its destination");

/* The same verdict; to a drop it adds the destination, an XV_TO(). Called once for a verdict. */
static __always_inline int xv_verdict_to(int verdict, __u32 to)
{
	return unlikely(verdict < 0) ? verdict - (int)(to << XV_VERDICT_REASON_BITS) : verdict;
}

/* The reason of a drop: enum xv_drop. */
static __always_inline __u32 xv_verdict_reason(int verdict)
{
	return (__u32)(-1 - verdict) & ((1 << XV_VERDICT_REASON_BITS) - 1);
}

/* The destination in a drop: XV_TO(), or 0. */
static __always_inline __u32 xv_verdict_dest(int verdict)
{
	return (__u32)(-1 - verdict) >> XV_VERDICT_REASON_BITS;
}

#endif
