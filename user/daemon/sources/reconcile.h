/* SPDX-License-Identifier: GPL-2.0-only */
/* Turns the running networks into those of a configuration, touching only what differs. */
#ifndef XV_RECONCILE_H
#define XV_RECONCILE_H

#include "sources/todo.h"

/*
 * What fails is left out and the rest done; returns what failed first. Adds to *changes the
 * operations carried out.
 */
int xv_reconcile_run(struct xv_model *model, const struct xv_todo *todo, size_t *changes,
		     struct xv_err *err);

#endif
