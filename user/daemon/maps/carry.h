/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Carries counters between two xv_stats maps while old programs count in one and new programs in
 * the other, so that the map that stays has every packet exactly once. What was carried is noted in
 * a map of its own, so that a daemon that resumes a migration carries nothing twice.
 */
#ifndef XV_CARRY_H
#define XV_CARRY_H

#include <stddef.h>
#include <stdint.h>

struct xv_carry {
	uint8_t *from, *to; /* memory-mapped: CPU -> counters */
	uint64_t *carried;  /* what was carried, summed over all CPUs */
	size_t from_stride, to_stride, from_len, to_len, carried_len;
};

/* Makes the map that notes what was carried. A file descriptor or negative errno. */
int xv_carry_make_note(void);
/* Maps the three. from and to must be of the same machine. 0 or negative errno. */
int xv_carry_open(struct xv_carry *carry, int from, int to, int note);
void xv_carry_close(struct xv_carry *carry);
/* Copies `from` to `to`. To be called before any new program counts. */
void xv_carry_begin(struct xv_carry *carry);
/* Adds what old programs counted since to `to`. For when no old program counts any more. */
void xv_carry_on(struct xv_carry *carry);
/* The other way round, when no new program counts any more. */
void xv_carry_back(struct xv_carry *carry);

#endif
