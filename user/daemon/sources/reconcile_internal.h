/* SPDX-License-Identifier: GPL-2.0-only */
/* What preparing hands to running; see reconcile.h. */
#ifndef XV_RECONCILE_INTERNAL_H
#define XV_RECONCILE_INTERNAL_H

#include "config/plan.h"
#include "sources/reconcile.h"

/* What is to be done, and what was found out before. */
struct xv_todo {
	struct xv_config *have;
	struct xv_plan plan;
	/* Networks by bd: */
	bool wanted[XV_MAX_NETWORKS];  /* the configuration has it */
	bool by_hand[XV_MAX_NETWORKS]; /* it, or something in it, was added by hand, and stays */
};

#endif
