/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of networks. */
#ifndef XV_CONFIG_NETWORK_H
#define XV_CONFIG_NETWORK_H

#include "config/config_schema.h"

/* Reads the value of the key `networks`. */
int xv_schema_networks(struct xv_reader *r, const struct xv_reader_key *key, void *obj);

#endif
