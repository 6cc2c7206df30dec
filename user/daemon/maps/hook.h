/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All places where programs of an instance are attached: pinned links, and filters of the clsact
 * qdisc. In each, one step replaces the program, and no packet passes without one.
 */
#ifndef XV_HOOK_H
#define XV_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/clsact.h"

enum {
	XV_HOOK_PROGS_MAX = 64, /* different programs; one version has six */
};

struct xv_hook_prog {
	uint32_t id;
	int fd; /* held open */
	char name[16];
};

struct xv_hook {
	char path[192]; /* a link's pin; for a filter, the mark of the qdisc (clsact.h) */
	bool filter;
	enum xv_clsact_place place; /* for a filter */
	uint32_t ifindex;
	const struct xv_hook_prog *prog; /* the program that is in the hook */
};

struct xv_hooks {
	struct xv_hook *list;
	size_t n, room;
	struct xv_hook_prog *progs;
	size_t n_progs;
};

/*
 * Finds all hooks of a pin directory whose device exists. slow_ifindex: a device that no map names,
 * or 0. 0 or negative errno; -EPERM without CAP_SYS_ADMIN.
 */
int xv_hooks_find(struct xv_hooks *hooks, const char *pin_dir, uint32_t slow_ifindex);
void xv_hooks_free(struct xv_hooks *hooks);
/* Puts a program into the hook. 0, also if the device is gone; or negative errno. */
int xv_hook_put(const struct xv_hook *hook, int prog_fd);

#endif
