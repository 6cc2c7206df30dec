/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MACs that moved recently, and MACs that flap between two places: two stations have the same
 * address, or one forges the other's. Every move is followed, as in the kernel's bridge: if the MAC
 * were held in one place, that could be the forger's. Each MAC that flaps is logged once a minute.
 * Times are in ns.
 */
#ifndef XV_FLAP_H
#define XV_FLAP_H

#include "model/network.h"
#include "model/place.h"

enum {
	XV_FLAP_RETURNS = 5,	    /* in a row to the place before, which make a duplicate */
	XV_FLAP_QUIET_SECONDS = 10, /* without a move, which end a duplicate */
};

struct xv_flap;

/* Notes a move, and logs a duplicate. */
void xv_flap_note(struct xv_model *model, struct xv_network *net, const struct xv_fdb_key *key,
		  struct xv_place from, struct xv_place to, uint64_t now);
/* Finds the other place of a MAC that flaps between two. False: it does not flap. */
bool xv_flap_other(const struct xv_model *model, const struct xv_fdb_key *key, struct xv_place here,
		   struct xv_place *other);
/* Forgets MACs that have been quiet. */
void xv_flap_forget(struct xv_model *model, uint64_t now);
void xv_flap_free(struct xv_model *model);

#endif
