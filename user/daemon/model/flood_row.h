/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flood list of a network as it is told: what programs read, and what is wanted besides, while
 * a new list could not be written.
 */
#ifndef XV_FLOOD_ROW_H
#define XV_FLOOD_ROW_H

#include "model/network.h"

enum xv_flood_state {
	XV_FLOOD_READ,	  /* programs read it, and it is wanted */
	XV_FLOOD_LEAVING, /* programs read it still */
	XV_FLOOD_COMING,  /* wanted, and not read yet */
};

struct xv_flood_row {
	struct xv_flood_member member;
	enum xv_flood_state state;
};

/* The row at *at, which begins with 0 and moves on. False: there is none any more. */
bool xv_flood_row_next(const struct xv_model *model, const struct xv_network *net, uint32_t *at,
		       struct xv_flood_row *row);

#endif
