/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MACs that moved lately: one that moves to and fro is held where it is for a while. Times are in
 * ns.
 */
#ifndef XV_FLAP_H
#define XV_FLAP_H

#include "network.h"

/* Moves of one MAC that are admitted in a row; then one each XV_LEARN_HOLD_SECONDS. */
enum {
	XV_LEARN_MOVES = 8,
	XV_LEARN_HOLD_SECONDS = 10,
};

struct xv_flap;

/* Until when the MAC is not to move; 0: it may. */
uint64_t xv_flap_held_until(const struct xv_flap *flaps, const struct xv_fdb_key *key);
/* Counts an admitted move; the one after XV_LEARN_MOVES in a row waits. */
void xv_flap_note(struct xv_flap **flaps, const struct xv_network *net,
		  const struct xv_fdb_key *key, uint64_t now);
/* Of those that have been quiet, nothing is kept. */
void xv_flap_forget(struct xv_flap **flaps, uint64_t now);
void xv_flap_free(struct xv_flap **flaps);

#endif
