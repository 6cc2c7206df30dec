/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the maps of an earlier layout to ours, under traffic. Maps that are the same in both are
 * shared; the others are made anew, filled and pinned beside the old ones as next_NAME, xv_meta
 * last (begin, fill). The daemon then adopts the new set, and refuses its configuration if it has
 * to. Only then the programs in all hooks are replaced, each in one step; after a grace period the
 * counters follow (carry.h); xv_config says the new layout, which earlier versions refuse from then
 * on; and the new pins take the place of the old ones, xv_meta last (commit).
 *
 * Until xv_config says so, everything can be put back: by xv_migration_end(), or, if this process
 * was killed, by a start of the old version, which puts its own programs into all hooks. A start of
 * this version goes on where it was: from the beginning if no hook has a program of the new set
 * yet, else with the new set as it is pinned; behind the change of xv_config with the pins alone.
 *
 * Tests end or fail it between any two steps: in the environment XVTEP_MIGRATION_KILL=N kills the
 * process at its step N, XVTEP_MIGRATION_FAIL=N makes step N fail for want of memory.
 */
#ifndef XV_MIGRATION_H
#define XV_MIGRATION_H

#include "kernel/pinned.h"
#include "err.h"

struct bpf_object;
struct xv_migration;

/* Ends one that was cut off behind the change of xv_config. 0, also if there is none. */
int xv_migration_finish(const char *pin_dir, struct xv_err *err);
/* What a start must know: whether the maps can be taken over. */
bool xv_migration_knows(const struct xv_pinned *pinned);
/* Before the object is loaded: says where its maps are pinned. Changes nothing of the old ones. */
int xv_migration_begin(const char *pin_dir, const struct xv_pinned *pinned, struct bpf_object *obj,
		       struct xv_migration **out, struct xv_err *err);
/* After it: fills the new maps. */
int xv_migration_fill(struct xv_migration *m, const char *instance, struct xv_err *err);
/* Replaces the programs. After a failure xv_migration_end() puts back what was. */
int xv_migration_commit(struct xv_migration *m, struct xv_err *err);
/* What was taken over, in words. */
void xv_migration_tell(const struct xv_migration *m, char *text, size_t size);
/* Frees it; unless it was committed, everything is as it was before. NULL is fine. */
void xv_migration_end(struct xv_migration *m);

#endif
