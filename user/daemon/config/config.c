/* SPDX-License-Identifier: GPL-2.0-only */
/* Frees and compares configurations: see config.h. */
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "config/config.h"

void xv_config_drop_networks(struct xv_config *config)
{
	size_t i;

	for (i = 0; i < config->n_networks; i++) {
		free(config->networks[i].ports);
		free(config->networks[i].flood);
		free(config->networks[i].fdb);
	}
	free(config->networks);
	config->networks = NULL;
	config->n_networks = 0;
}

void xv_config_free(struct xv_config *config)
{
	if (!config)
		return;
	xv_config_drop_networks(config);
	free(config->devices);
	free(config);
}

static size_t devices_missing(const struct xv_config *from, const struct xv_config *in)
{
	size_t i, k, n = 0;

	for (i = 0; i < from->n_devices; i++) {
		for (k = 0; k < in->n_devices; k++)
			if (!strcmp(from->devices[i], in->devices[k]))
				break;
		n += k == in->n_devices;
	}
	return n;
}

size_t xv_config_head_changes(const struct xv_config *a, const struct xv_config *b)
{
	bool listen = a->metrics != b->metrics ||
		      (a->metrics && (a->listen_port != b->listen_port ||
				      strcmp(a->listen_host, b->listen_host)));

	return devices_missing(a, b) + devices_missing(b, a) +
	       !xv_ip_equal(&a->address, &b->address) + !xv_ip_equal(&a->address6, &b->address6) +
	       (a->udp_port != b->udp_port) + (a->xdp != b->xdp) + (a->delivery != b->delivery) +
	       (a->df != b->df) + (a->udp6_checksum != b->udp6_checksum) +
	       (a->ipsec_bypass != b->ipsec_bypass) +
	       (a->netfilter_respect != b->netfilter_respect) +
	       (a->filters_ignore != b->filters_ignore) + listen;
}
