/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads what any version of xvtepd has pinned. The kernel copies as many bytes as the map's keys
 * and values have, whatever room the reader has, so sizes are asked for before anything is read.
 */
#ifndef XV_PINNED_H
#define XV_PINNED_H

#include <stdbool.h>
#include <stdint.h>

#include "xv_abi.h"

#define XV_PIN_ROOT "/sys/fs/bpf/xvtep"

enum {
	XV_PINNED_NAME = 32,  /* instance name with NUL, bytes */
	XV_LAYOUT_OLDEST = 7, /* the first layout whose maps can be taken over */
};

struct xv_pinned {
	char name[XV_PINNED_NAME];   /* of the instance; set by xv_pinned_each() */
	bool exists;		     /* there is an xv_meta or an xv_config */
	bool whole;		     /* there is an xv_config, without which programs do nothing */
	bool ours;		     /* of our layout */
	bool started;		     /* the first set-up was completed: programs forward */
	bool unfinished;	     /* the first set-up was interrupted before it wrote xv_meta */
	bool placed;		     /* netns is known */
	uint32_t layout;	     /* 0: unknown */
	uint32_t netns;		     /* namespace, as for xv_netns_is_here() */
	char version[XV_META_TEXT];  /* version that made it; "": only the layout is known */
	const char *unreadable;	     /* a map that could not be read; else NULL */
	struct xv_config_val config; /* of layouts from XV_LAYOUT_OLDEST on; else zero */
};

/*
 * Reads a pin directory's xv_meta, or xv_config if there is no xv_meta. 0 also if there is neither;
 * -EPROTO: one of them is something else; another negative errno: it cannot be opened.
 */
int xv_pinned_read(const char *pin_dir, struct xv_pinned *pinned);
/* Opens a pinned map whose keys have key_size bytes. Negative errno; -EPROTO: other keys. */
int xv_pinned_open(const char *pin_dir, const char *map, uint32_t key_size);
/*
 * Calls fn, perhaps several times, for each device whose index is at the beginning of a key of the
 * map (xv_port, xv_uplink).
 */
void xv_pinned_devices(const char *pin_dir, const char *map,
		       void (*fn)(void *arg, uint32_t ifindex), void *arg);
struct xv_pinned_ids {
	uint32_t id[64];
	uint32_t n;
};

/* Lists the kernel's ids of the maps whose pins' names begin with prefix. */
void xv_pinned_list(const char *pin_dir, const char *prefix, struct xv_pinned_ids *ids);
/* Whether a program uses one of the maps. */
bool xv_pinned_are_used_by(const struct xv_pinned_ids *ids, uint32_t prog_id);

/* Id of the program in the pinned link of a kind ("tc", "xdp") on a device; 0: there is none. */
uint32_t xv_pinned_program(const char *pin_dir, const char *kind, uint32_t ifindex);
/* Calls fn for each pinned instance, except `but` (may be NULL), until fn returns false. */
void xv_pinned_each(const char *but, bool (*fn)(void *arg, const struct xv_pinned *pinned),
		    void *arg);
/* Whether an instance says that it lives in this network namespace. */
bool xv_pinned_lives_here(const struct xv_pinned *pinned);
/*
 * Finds the instance whose pinned link of a kind ("tc", "xdp") on a device has the program. False:
 * there is none, and name is untouched.
 */
bool xv_pinned_owner(const char *kind, uint32_t ifindex, uint32_t program,
		     char name[XV_PINNED_NAME]);
/* Whether no other instance is pinned that lives, or may live, in this network namespace. */
bool xv_pinned_alone(const char *name);

#endif
