/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds what others have attached to a device to see packets there: TCX programs, filters of a
 * clsact or ingress qdisc, chains at netfilter's ingress and egress hooks, a queueing discipline.
 */
#ifndef XV_FILTERS_H
#define XV_FILTERS_H

#include "kernel/netlink.h"

enum {
	XV_FILTERS_LEN = 160,
};

/* Programs and filters of others at a device's ingress, as names for people; "": none. */
struct xv_filters {
	bool tc;	    /* some are at TC, whether they see frames or not */
	char instances[64]; /* other instances with a TCX program there, which is no filter */
	char seen[XV_FILTERS_LEN];    /* those that see a frame before our TC program */
	char skipped[XV_FILTERS_LEN]; /* those that do not see a frame that our program takes */
};

/*
 * Fills in *filters. behind: our TC program is, or will be, attached behind the filters of others
 * (xv_attach_tc()).
 */
void xv_filters_look(const char *pin_dir, const struct xv_link *link, bool behind,
		     struct xv_filters *filters);
/*
 * A number that changes with the TCX programs at the device, which netlink does not report. Takes
 * two system calls.
 */
uint32_t xv_filters_mark(uint32_t ifindex);
/*
 * Whether a program, filter or queueing discipline of others sees or delays what is sent out of the
 * device; names gets their names for people. exact: also a queueing discipline of a kind that the
 * kernel makes by itself, if somebody made it. (That needs a dump of all devices' qdiscs.)
 */
bool xv_filters_look_egress(const struct xv_link *link, bool exact, char names[XV_FILTERS_LEN]);

#endif
