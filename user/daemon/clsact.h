/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A filter at TC ingress before TCX (Linux 6.6): a clsact qdisc is needed, which others may have
 * made or use. One that we made is remembered by a mark, a path in bpffs where a directory is made,
 * so that whoever detaches takes it away again.
 */
#ifndef XV_CLSACT_H
#define XV_CLSACT_H

#include <stdbool.h>
#include <stdint.h>

/* Makes the qdisc if there is none, and adds our filter or replaces its program. Negative errno. */
int xv_clsact_attach(uint32_t ifindex, int prog_fd, const char *mark);
/* Whether our filter is there: others may take it away, or the qdisc. */
bool xv_clsact_is_attached(uint32_t ifindex);
/* The id of the program in the filter that is where ours would be; 0: there is none. */
uint32_t xv_clsact_program(uint32_t ifindex);
/* Removes the filter, and the qdisc if it is ours and nobody else has filters there. */
void xv_clsact_detach(uint32_t ifindex, const char *mark);
/* Whether anybody looks at what is sent out of the device: filters or, where there is TCX,
 * programs. */
bool xv_clsact_has_egress(uint32_t ifindex);

#endif
