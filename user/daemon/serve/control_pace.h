/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How slow a client of the control socket may be. A timer that each byte sets back is no limit: a
 * byte now and then would hold a place for ever. Who has an answer to take, or a load to send,
 * moves at least XV_CONTROL_RATE bytes a second of it, all in all, with XV_CONTROL_IDLE seconds in
 * hand; who was refused and still sends has these seconds alone.
 */
#ifndef XV_CONTROL_PACE_H
#define XV_CONTROL_PACE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum xv_control_pace_limits {
	XV_CONTROL_RATE = 4096, /* bytes a second that a client must move, after IDLE */
	XV_CONTROL_IDLE = 60,	/* seconds without progress, either way */
};

struct xv_control_pace {
	time_t began;	/* CLOCK_MONOTONIC: the client is waited for since then; 0: it is not */
	uint64_t moved; /* bytes that came or were taken since then */
};

/*
 * Whether the client is too slow at the time now (CLOCK_MONOTONIC). waited_for: it is the client's
 * turn, and not ours; only then time counts.
 */
bool xv_control_pace_is_slow(struct xv_control_pace *pace, bool waited_for, time_t now);

#endif
