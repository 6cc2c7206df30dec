/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes of routes: see routes.h. */
#include <string.h>

#include "addr.h"
#include "kernel/routes.h"

void xv_routes_add(struct xv_routes *routes, const struct xv_prefix *prefix)
{
	if (routes->n == XV_ROUTES_MAX)
		routes->all = true;
	else
		routes->list[routes->n++] = *prefix;
}

void xv_routes_merge(struct xv_routes *routes, const struct xv_routes *others)
{
	size_t i;

	routes->all |= others->all;
	for (i = 0; i < others->n; i++)
		xv_routes_add(routes, &others->list[i]);
}

static bool has_prefix(const struct xv_ip *ip, const struct xv_prefix *prefix)
{
	unsigned int whole = prefix->bits / 8, rest = prefix->bits % 8;

	return xv_ip_is_v4(ip) == xv_ip_is_v4(&prefix->ip) && !memcmp(ip->b, prefix->ip.b, whole) &&
	       !(rest && (ip->b[whole] ^ prefix->ip.b[whole]) >> (8 - rest));
}

bool xv_routes_concern(const struct xv_routes *routes, const struct xv_ip *ip)
{
	size_t i;

	for (i = 0; !routes->all && i < routes->n; i++)
		if (has_prefix(ip, &routes->list[i]))
			return true;
	return routes->all;
}
