/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What others have hooked to a device to see packets there: TCX programs, filters of a clsact or
 * ingress qdisc, chains of netfilter's ingress and egress hooks, a queueing discipline.
 */
#ifndef XV_FILTERS_H
#define XV_FILTERS_H

#include "kernel/netlink.h"

enum {
	XV_FILTERS_LEN = 160,
};

/* Of a device's ingress, as names for people; "" where there are none. */
struct xv_filters {
	bool tc;		      /* there are some at TC, whether they see frames or not */
	char instances[64];	      /* other instances with a TCX program there: no filters */
	char seen[XV_FILTERS_LEN];    /* see a frame before our TC program does */
	char skipped[XV_FILTERS_LEN]; /* do not see a frame that our program takes */
};

/*
 * Looks now. behind: our TC program is, or will be, attached behind the filters of others
 * (xv_attach_tc()).
 */
void xv_filters_look(const char *pin_dir, const struct xv_link *link, bool behind,
		     struct xv_filters *filters);
/* Changes with the TCX programs at the device, of which netlink tells nothing. Two system calls. */
uint32_t xv_filters_mark(uint32_t ifindex);
/*
 * Whether anybody looks at, or delays, what is sent out of the device, and who: names for people.
 * exact: also a queueing discipline of the kind that the kernel makes by itself, if it was made by
 * hand. (That takes a look at those of all devices.)
 */
bool xv_filters_look_egress(const struct xv_link *link, bool exact, char names[XV_FILTERS_LEN]);

#endif
