/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Other instances in this network namespace that have a device of ours: only one of the two gets
 * its frames, and nothing else tells.
 */
#ifndef XV_OTHER_H
#define XV_OTHER_H

#include "model/model.h"

struct xv_other {
	uint32_t at; /* port that was looked at last */
	bool any;    /* ports may be said to be another instance's too */
};

/* Once a second: what is found, or is no more, is told, and is in the ports' status. */
void xv_other_second(struct xv_model *model, struct xv_other *seen);

#endif
