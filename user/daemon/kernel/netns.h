/* SPDX-License-Identifier: GPL-2.0-only */
/* The network namespace of the process, as xv_meta and xv_config identify it. */
#ifndef XV_NETNS_H
#define XV_NETNS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A number that no other namespace gets until the next boot, even after this one is gone. 0 or
 * negative errno.
 */
int xv_netns_cookie(uint64_t *cookie);
/* Its low 32 bits. 0 or negative errno. */
int xv_netns_id(uint32_t *id);
/* Whether id, from struct xv_config_val, means this namespace. */
bool xv_netns_is_here(uint32_t id);

#endif
