/* SPDX-License-Identifier: GPL-2.0-only */
/* The pace of a client: see control_pace.h. */
#include "serve/control_pace.h"

bool xv_control_pace_is_slow(struct xv_control_pace *pace, bool waited_for, time_t now)
{
	if (!waited_for) {
		pace->began = 0;
		return false;
	}
	if (!pace->began) {
		pace->began = now;
		pace->moved = 0;
	}
	return (uint64_t)(now - pace->began) > XV_CONTROL_IDLE + pace->moved / XV_CONTROL_RATE;
}
