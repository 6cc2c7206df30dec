/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A filter at TC ingress: used before TCX (Linux 6.6), or behind the filters of others. It needs a
 * clsact qdisc, which others may have made or may use too. If we made it, a mark, which is a
 * directory in bpffs, says so, and detaching deletes the qdisc again.
 */
#ifndef XV_CLSACT_H
#define XV_CLSACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum xv_clsact_place { XV_CLSACT_FIRST, XV_CLSACT_LAST };

/*
 * Makes the qdisc if there is none, and adds our filter or replaces its program. 0 or negative
 * errno.
 */
int xv_clsact_attach(uint32_t ifindex, int prog_fd, enum xv_clsact_place place, const char *mark);
/* Whether our filter is attached. Others may delete it, or its qdisc. */
bool xv_clsact_is_attached(uint32_t ifindex, enum xv_clsact_place place);
/* Id of the program in the filter that has our handle and priority; 0: there is none. */
uint32_t xv_clsact_program(uint32_t ifindex);
uint32_t xv_clsact_program_at(uint32_t ifindex, enum xv_clsact_place place);
/* Removes our filter in this place; the qdisc stays. */
void xv_clsact_remove(uint32_t ifindex, enum xv_clsact_place place);
/* Removes our filters, and the qdisc if we made it and nobody else has filters there. */
void xv_clsact_detach(uint32_t ifindex, const char *mark);
/*
 * Appends the names of filters that are not ours to names (names.h): "tc KIND prio N". Returns
 * whether there are any; true also if they cannot be listed.
 */
bool xv_clsact_names(uint32_t ifindex, bool egress, char *names, size_t size);

#endif
