/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Migration from the maps of an earlier layout to ours, under traffic.
 *
 * xv_migration_begin() and xv_migration_fill(): maps that are the same in both layouts are shared.
 * The others are made new, filled, and pinned beside the old ones as next_NAME, xv_meta last. The
 * daemon then adopts the new set, and may still refuse its configuration.
 *
 * xv_migration_commit(): replaces the programs in all hooks, each in one step. (The slow path
 * device's may be ours by then, from when the device was set up.) After a grace period the counters
 * are carried over (carry.h). Then xv_config gets the new layout number, so that earlier versions
 * refuse it from then on. At last the new pins replace the old ones, xv_meta last.
 *
 * Until xv_config is written everything can be undone: by xv_migration_end(); or, if this process
 * was killed, by a start of the old version, which puts its own programs into all hooks. A start of
 * this version resumes: from the beginning if no hook has a program of the new set; else with the
 * new set as it is pinned; and after the change of xv_config only the pins are left to do.
 *
 * For tests: the environment variable XVTEP_MIGRATION_KILL=N kills the process at its step N;
 * XVTEP_MIGRATION_FAIL=N makes step N fail with -ENOMEM.
 */
#ifndef XV_MIGRATION_H
#define XV_MIGRATION_H

#include "kernel/pinned.h"
#include "err.h"

struct bpf_object;
struct xv_migration;

/* Ends a migration that was interrupted after the change of xv_config. 0 also if there is none. */
int xv_migration_finish(const char *pin_dir, struct xv_err *err);
/* Whether the pinned maps can be taken over. */
bool xv_migration_knows(const struct xv_pinned *pinned);
/*
 * To be called before the object is loaded: sets where its maps are pinned. Leaves the old maps
 * alone.
 */
int xv_migration_begin(const char *pin_dir, const struct xv_pinned *pinned, struct bpf_object *obj,
		       struct xv_migration **out, struct xv_err *err);
/* To be called after the load: fills the new maps. */
int xv_migration_fill(struct xv_migration *m, const char *instance, struct xv_err *err);
/* Replaces the programs. After a failure xv_migration_end() puts the old ones back. */
int xv_migration_commit(struct xv_migration *m, struct xv_err *err);
/* Describes in words what was taken over. */
void xv_migration_tell(const struct xv_migration *m, char *text, size_t size);
/* Frees m. Without a commit, everything is as before. m may be NULL. */
void xv_migration_end(struct xv_migration *m);

#endif
