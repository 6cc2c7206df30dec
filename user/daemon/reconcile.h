/* SPDX-License-Identifier: GPL-2.0-only */
/* Turns the running networks into those of a configuration, touching only what differs. */
#ifndef XV_RECONCILE_H
#define XV_RECONCILE_H

#include "instance.h"

/*
 * Only what came from a configuration file is compared and removed; what was added by hand stays,
 * unless the file names it too: then it belongs to the file from now on. Conflicts are found before
 * anything is touched. changes (may be NULL): operations carried out.
 */
int xv_reconcile(struct xv_instance *inst, const struct xv_config *want, size_t *changes,
		 struct xv_err *err);

#endif
