/* SPDX-License-Identifier: GPL-2.0-only */
/* Which parts of the daemon do work once a second, and in which order. */
#ifndef XV_LOOKS_H
#define XV_LOOKS_H

#include "model/tick.h"
#include "serve/control.h"
#include "sources/follow.h"
#include "sources/watch.h"

/* Starts the tick. The caller must stop it before these parts are freed. */
int xv_looks_start(struct xv_model *model, struct xv_follow *follow, struct xv_watch *watch,
		   struct xv_control *control, struct xv_tick **tick, struct xv_err *err);

#endif
