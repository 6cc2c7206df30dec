/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is pinned, by whatever version of xvtepd. The kernel copies as many bytes as a map's keys
 * and values have, not as many as the reader has room for: sizes are asked before anything is read.
 */
#ifndef XV_PINNED_H
#define XV_PINNED_H

#include <stdbool.h>
#include <stdint.h>

#include "xv_abi.h"

#define XV_PIN_ROOT "/sys/fs/bpf/xvtep"

enum {
	XV_PINNED_NAME = 32,  /* bytes of an instance's name, with NUL */
	XV_LAYOUT_OLDEST = 7, /* the first layout whose maps can be taken over */
};

struct xv_pinned {
	char name[XV_PINNED_NAME];   /* of the instance; set by xv_pinned_each() */
	bool exists;		     /* there is an xv_meta or an xv_config */
	bool whole;		     /* there is an xv_config, which programs do nothing without */
	bool ours;		     /* of our layout */
	bool started;		     /* the first set-up ended: programs forward */
	bool unfinished;	     /* it did not, and was cut off before there was an xv_meta */
	bool placed;		     /* netns is known */
	uint32_t layout;	     /* its number; 0: not to be told */
	uint32_t netns;		     /* where it lives, as xv_netns_is_here() has it */
	char version[XV_META_TEXT];  /* that made it; "" where only its layout is known */
	const char *unreadable;	     /* the map that cannot be read; else NULL */
	struct xv_config_val config; /* of layouts from XV_LAYOUT_OLDEST on; else zero */
};

/*
 * Reads xv_meta of a pin directory, or xv_config where there is none yet. 0, also if there is
 * neither; -EPROTO if one is something else; another negative errno if it cannot be opened.
 */
int xv_pinned_read(const char *pin_dir, struct xv_pinned *pinned);
/* A pinned map whose keys are key_size bytes; negative errno, -EPROTO for other keys. */
int xv_pinned_open(const char *pin_dir, const char *map, uint32_t key_size);
/* Calls fn once or more for each device that keys of a map begin with (xv_port, xv_uplink). */
void xv_pinned_devices(const char *pin_dir, const char *map,
		       void (*fn)(void *arg, uint32_t ifindex), void *arg);
struct xv_pinned_ids {
	uint32_t id[64];
	uint32_t n;
};

/* The kernel's ids of the maps that are pinned by names that begin so. */
void xv_pinned_list(const char *pin_dir, const char *prefix, struct xv_pinned_ids *ids);
/* Whether a program uses one of the maps. */
bool xv_pinned_are_used_by(const struct xv_pinned_ids *ids, uint32_t prog_id);

/* Id of the program in the pinned link of a kind ("tc", "xdp") on a device; 0: none. */
uint32_t xv_pinned_program(const char *pin_dir, const char *kind, uint32_t ifindex);
/* Calls fn for each instance that is pinned, until fn returns false. but: one left out, or NULL. */
void xv_pinned_each(const char *but, bool (*fn)(void *arg, const struct xv_pinned *pinned),
		    void *arg);
/* Whether an instance says that it lives in this network namespace. */
bool xv_pinned_lives_here(const struct xv_pinned *pinned);
/*
 * Finds the instance whose pinned link of a kind ("tc", "xdp") on a device has the program. False,
 * and name untouched, if there is none.
 */
bool xv_pinned_owner(const char *kind, uint32_t ifindex, uint32_t program,
		     char name[XV_PINNED_NAME]);
/* Whether no other instance is pinned that lives, or may live, in this network namespace. */
bool xv_pinned_alone(const char *name);

#endif
