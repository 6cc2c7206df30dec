/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows of a network's flood list. If the new list could not be written, the rows are the members
 * that programs read and those of the new list.
 */
#ifndef XV_FLOOD_ROW_H
#define XV_FLOOD_ROW_H

#include "model/network.h"

enum xv_flood_state {
	XV_FLOOD_READ,	  /* programs read the member, and the list should have it */
	XV_FLOOD_LEAVING, /* programs read the member, but the list should not have it */
	XV_FLOOD_COMING,  /* the list should have the member, but programs do not read it yet */
};

struct xv_flood_row {
	struct xv_flood_member member;
	enum xv_flood_state state;
};

/*
 * Fills in the row at *at and moves *at on. *at must be 0 for the first row. False: there is no
 * more row.
 */
bool xv_flood_row_next(const struct xv_model *model, const struct xv_network *net, uint32_t *at,
		       struct xv_flood_row *row);

#endif
