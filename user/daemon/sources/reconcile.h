/* SPDX-License-Identifier: GPL-2.0-only */
/* Turns the running networks into those of a configuration, touching only what differs. */
#ifndef XV_RECONCILE_H
#define XV_RECONCILE_H

#include "model/model.h"

struct xv_todo;

/*
 * Only what came from a configuration file is compared and removed; what was added by hand stays,
 * also when the file named it for a while, and so does a network with something in it that was.
 *
 * prepare finds conflicts before anything is touched: with 0 the work can be done, but for what the
 * kernel refuses. want must outlive it.
 */
int xv_reconcile_prepare(struct xv_model *model, const struct xv_config *want,
			 struct xv_todo **todo, struct xv_err *err);
/*
 * What fails is left out and the rest done; returns what failed first. Adds to *changes the
 * operations carried out.
 */
int xv_reconcile_run(struct xv_model *model, const struct xv_todo *todo, size_t *changes,
		     struct xv_err *err);
void xv_reconcile_free(struct xv_todo *todo);

#endif
