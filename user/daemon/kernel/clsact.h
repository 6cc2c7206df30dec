/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A filter at TC ingress: before TCX (Linux 6.6), or behind the filters of others. A clsact qdisc
 * is needed, which others may have made or use. One that we made is remembered by a mark, a path in
 * bpffs where a directory is made, so that whoever detaches takes it away again.
 */
#ifndef XV_CLSACT_H
#define XV_CLSACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum xv_clsact_place { XV_CLSACT_FIRST, XV_CLSACT_LAST };

/* Makes the qdisc if there is none, and adds our filter or replaces its program. Negative errno. */
int xv_clsact_attach(uint32_t ifindex, int prog_fd, enum xv_clsact_place place, const char *mark);
/* Whether our filter is there: others may take it away, or the qdisc. */
bool xv_clsact_is_attached(uint32_t ifindex, enum xv_clsact_place place);
/* The id of the program in a filter that is where ours would be; 0: there is none. */
uint32_t xv_clsact_program(uint32_t ifindex);
uint32_t xv_clsact_program_at(uint32_t ifindex, enum xv_clsact_place place);
/* Removes our filter there alone; the qdisc stays. */
void xv_clsact_remove(uint32_t ifindex, enum xv_clsact_place place);
/* Removes our filters, and the qdisc if it is ours and nobody else has filters there. */
void xv_clsact_detach(uint32_t ifindex, const char *mark);
/*
 * Appends the names of filters that are not ours to names (names.h): "tc KIND prio N". Returns
 * whether there are any; also true if that cannot be told.
 */
bool xv_clsact_names(uint32_t ifindex, bool egress, char *names, size_t size);

#endif
