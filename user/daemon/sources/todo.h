/* SPDX-License-Identifier: GPL-2.0-only */
/* The changes that turn the running networks into those of a configuration. */
#ifndef XV_TODO_H
#define XV_TODO_H

#include "config/plan.h"
#include "model/model.h"

/* The changes, and what the checks found. */
struct xv_todo {
	struct xv_config *have;
	struct xv_plan plan;
	/* by bd: */
	bool wanted[XV_MAX_NETWORKS];  /* the configuration has the network */
	bool by_hand[XV_MAX_NETWORKS]; /* the network, or something in it, was added by hand and
					  stays */
};

/*
 * Compares and removes only what came from a configuration file. What was added by hand stays, even
 * if a file named it for a while, and so does a network that has something in it that was added by
 * hand.
 *
 * xv_todo_make() finds conflicts before anything is changed. After 0 only the kernel can still
 * refuse a change. want must outlive *todo.
 */
int xv_todo_make(struct xv_model *model, const struct xv_config *want, struct xv_todo **todo,
		 struct xv_err *err);
void xv_todo_free(struct xv_todo *todo);

#endif
