/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds other instances in this network namespace that use a device of ours. Only one of the two
 * gets the device's frames, and the kernel reports no conflict.
 */
#ifndef XV_OTHER_H
#define XV_OTHER_H

#include "model/model.h"

struct xv_other {
	uint32_t at; /* the port that was looked at last */
	bool any;    /* some ports may still be marked as another instance's too */
};

/*
 * To be called once a second. Logs the conflicts that appear and end, and puts them into the ports'
 * status.
 */
void xv_other_second(struct xv_model *model, struct xv_other *seen);

#endif
