/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every place where a program of an instance is attached: pinned links, and filters of the clsact
 * qdisc. The program in each can be replaced by another in one step, in which no packet passes
 * without one.
 */
#ifndef XV_HOOK_H
#define XV_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/clsact.h"

enum {
	XV_HOOK_PROGS_MAX = 64, /* different ones; of one version there are six */
};

struct xv_hook_prog {
	uint32_t id;
	int fd; /* held */
	char name[16];
};

struct xv_hook {
	char path[192]; /* of a link's pin; or, of a filter, of the mark that the qdisc is ours */
	bool filter;
	enum xv_clsact_place place; /* of a filter */
	uint32_t ifindex;
	const struct xv_hook_prog *prog; /* that is in it */
};

struct xv_hooks {
	struct xv_hook *list;
	size_t n, room;
	struct xv_hook_prog *progs;
	size_t n_progs;
};

/*
 * All of a pin directory whose device is there. slow_ifindex: a device that no map names, or 0.
 * Negative errno; -EPERM without CAP_SYS_ADMIN.
 */
int xv_hooks_find(struct xv_hooks *hooks, const char *pin_dir, uint32_t slow_ifindex);
void xv_hooks_free(struct xv_hooks *hooks);
/* Puts a program into it. 0, also when the device went away; or negative errno. */
int xv_hook_put(const struct xv_hook *hook, int prog_fd);

#endif
