/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters of two xv_stats maps while old programs count in one and new programs in the other:
 * whichever stays has counted everything, once. What has been carried already is noted in a map of
 * its own, so that a daemon that goes on with a migration carries nothing twice.
 */
#ifndef XV_CARRY_H
#define XV_CARRY_H

#include <stddef.h>
#include <stdint.h>

struct xv_carry {
	uint8_t *from, *to; /* memory-mapped: CPU -> counters */
	uint64_t *carried;  /* sums over all CPUs that are in both */
	size_t from_stride, to_stride, from_len, to_len, carried_len;
};

/* The map that notes what was carried; a file descriptor or negative errno. */
int xv_carry_make_note(void);
/* Both maps have the same CPUs. Negative errno. */
int xv_carry_open(struct xv_carry *carry, int from, int to, int note);
void xv_carry_close(struct xv_carry *carry);
/* Before any new program counts: to becomes a copy of from. */
void xv_carry_begin(struct xv_carry *carry);
/* When no old program counts any more: what they counted since is added to to. */
void xv_carry_on(struct xv_carry *carry);
/* When no new program counts any more, the other way round. */
void xv_carry_back(struct xv_carry *carry);

#endif
