/* SPDX-License-Identifier: GPL-2.0-only */
/* The network namespace that the process is in, as xv_meta and xv_config name it. */
#ifndef XV_NETNS_H
#define XV_NETNS_H

#include <stdbool.h>
#include <stdint.h>

/* No other namespace has it until the next boot, also after this one is gone. Negative errno. */
int xv_netns_cookie(uint64_t *cookie);
/* Its low 32 bits. */
int xv_netns_id(uint32_t *id);
/* Whether what says so (struct xv_config_val) was made in this namespace. */
bool xv_netns_is_here(uint32_t id);

#endif
