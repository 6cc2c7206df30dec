/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes the running networks to those of a configuration, and leaves alone what is equal. */
#ifndef XV_RECONCILE_H
#define XV_RECONCILE_H

#include "sources/todo.h"

/*
 * Carries out the operations. Skips those that fail and returns the first error. Adds the number of
 * completed operations to *changes.
 */
int xv_reconcile_run(struct xv_model *model, const struct xv_todo *todo, size_t *changes,
		     struct xv_err *err);

#endif
