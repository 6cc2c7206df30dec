/* SPDX-License-Identifier: GPL-2.0-only */
/* Which addresses a change of routes can concern. */
#ifndef XV_ROUTES_H
#define XV_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "xv_abi.h"

enum {
	XV_ROUTES_MAX = 64, /* prefixes; more count as all */
};

struct xv_prefix {
	struct xv_ip ip;
	unsigned int bits; /* of 128: an IPv4 address has the prefix ::ffff:0:0/96 */
};

struct xv_routes {
	bool all;
	size_t n;
	struct xv_prefix list[XV_ROUTES_MAX];
};

/* A route to the prefix has changed. */
void xv_routes_add(struct xv_routes *routes, const struct xv_prefix *prefix);
/* All that others have. */
void xv_routes_merge(struct xv_routes *routes, const struct xv_routes *others);
bool xv_routes_concern(const struct xv_routes *routes, const struct xv_ip *ip);

#endif
