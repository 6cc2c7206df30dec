/* SPDX-License-Identifier: GPL-2.0-only */
/* The addresses that changes of routes may concern. */
#ifndef XV_ROUTES_H
#define XV_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "xv_abi.h"

enum {
	XV_ROUTES_MAX = 64, /* prefixes; more than these count as all addresses */
};

struct xv_prefix {
	struct xv_ip ip;
	unsigned int bits; /* of 128; an IPv4 prefix is below ::ffff:0:0/96 */
};

struct xv_routes {
	bool all;
	size_t n;
	struct xv_prefix list[XV_ROUTES_MAX];
};

/* Adds a prefix whose route has changed. */
void xv_routes_add(struct xv_routes *routes, const struct xv_prefix *prefix);
/* Adds everything in others. */
void xv_routes_merge(struct xv_routes *routes, const struct xv_routes *others);
bool xv_routes_concern(const struct xv_routes *routes, const struct xv_ip *ip);

#endif
