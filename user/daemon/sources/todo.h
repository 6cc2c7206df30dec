/* SPDX-License-Identifier: GPL-2.0-only */
/* What is to be done to turn the running networks into those of a configuration. */
#ifndef XV_TODO_H
#define XV_TODO_H

#include "config/plan.h"
#include "model/model.h"

/* What is to be done, and what was found out before. */
struct xv_todo {
	struct xv_config *have;
	struct xv_plan plan;
	/* Networks by bd: */
	bool wanted[XV_MAX_NETWORKS];  /* the configuration has it */
	bool by_hand[XV_MAX_NETWORKS]; /* it, or something in it, was added by hand, and stays */
};

/*
 * Only what came from a configuration file is compared and removed; what was added by hand stays,
 * also when the file named it for a while, and so does a network with something in it that was.
 *
 * make finds conflicts before anything is touched: with 0 the work can be done, but for what the
 * kernel refuses. want must outlive it.
 */
int xv_todo_make(struct xv_model *model, const struct xv_config *want, struct xv_todo **todo,
		 struct xv_err *err);
void xv_todo_free(struct xv_todo *todo);

#endif
