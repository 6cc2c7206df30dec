/* SPDX-License-Identifier: GPL-2.0-only */
/* Describes this host to the BPF programs: see local.h. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "addr.h"
#include "kernel/netns.h"
#include "log.h"
#include "model/local.h"
#include "model/receiver.h"
#include "model/uplink.h"
#include "model/vlan.h"

struct macs {
	struct xv_mac mac[XV_MAX_MACS];
	size_t n; /* number of different ones, even those beyond XV_MAX_MACS */
};

static void add_mac(struct macs *macs, const uint8_t mac[6])
{
	size_t i;

	for (i = 0; i < macs->n && i < XV_MAX_MACS; i++)
		if (!memcmp(macs->mac[i].b, mac, sizeof(macs->mac[i].b)))
			return;
	if (macs->n < XV_MAX_MACS)
		memcpy(macs->mac[macs->n].b, mac, sizeof(macs->mac[0].b));
	macs->n++;
}

/*
 * Finds the device that has a VTEP address, and adds its MAC: a bridge or a VLAN device over the
 * underlay may have a MAC of its own.
 */
static uint32_t add_address(struct xv_model *model, const struct xv_ip *ip, struct macs *macs)
{
	uint32_t ifindex = 0;
	struct xv_link link;

	if (xv_ip_is_zero(ip) || xv_netlink_has_address(model->nl, ip, &ifindex, NULL) != 1 ||
	    xv_netlink_get_link(model->nl, NULL, ifindex, &link, NULL))
		return 0;
	if (!(link.flags & IFF_LOOPBACK))
		add_mac(macs, link.mac);
	return ifindex;
}

/*
 * Finds the VTEP address. If it is gone, peers of its family are not ready, but frames to it may
 * still come.
 */
static void find_address(struct xv_model *model, const struct xv_ip *ip, uint32_t *dev,
			 struct macs *macs)
{
	uint32_t before = *dev;
	char text[XV_IP_STRLEN];

	*dev = add_address(model, ip, macs);
	if (before && !*dev && !xv_ip_is_zero(ip))
		xv_log(LOG_WARNING, "%s is no address of this host any more",
		       xv_ip_format(ip, text));
}

static void set_macs(struct xv_model *model, struct xv_config_val *val)
{
	struct macs macs = {};
	size_t i;

	for (i = 0; i < model->n_uplinks; i++)
		if (model->uplinks[i].ifindex)
			add_mac(&macs, model->uplinks[i].link.mac);
	find_address(model, &model->config->address, &model->local_dev[0], &macs);
	find_address(model, &model->config->address6, &model->local_dev[1], &macs);
	for (i = macs.n; i < XV_MAX_MACS; i++)
		macs.mac[i] = macs.mac[0];
	memcpy(val->mac, macs.mac, sizeof(val->mac));
	if (macs.n > XV_MAX_MACS)
		val->flags |= XV_CONFIG_ANY_MAC;
}

/*
 * Whether the kernel must receive outer frames because filters of others at a receiver would not
 * see those that a program takes. The underlay devices' status says so.
 */
static bool look_at_receivers(struct xv_model *model)
{
	bool ignore = model->config->filters_ignore, any;
	char text[sizeof(((struct xv_uplink *)0)->above)] = "";
	size_t i;

	xv_receiver_look(model);
	any = model->receiver_filters[0];
	if (any)
		snprintf(text, sizeof(text), "%s%s",
			 ignore ? "filters: ignore, not seeing frames: "
				: "the kernel receives all outer frames, past ",
			 model->receiver_filters);
	for (i = 0; i < model->n_uplinks; i++) {
		if (!strcmp(model->uplinks[i].above, text))
			continue;
		memcpy(model->uplinks[i].above, text, sizeof(text));
		model->uplinks[i].untold = true;
	}
	return any && !ignore;
}

int xv_local_write(struct xv_model *model)
{
	const struct xv_config *config = model->config;
	struct xv_config_val val = {}, old;
	__u32 zero = 0;
	int ret = bpf_map_lookup_elem(model->dp->fd.config, &zero, &old);

	if (ret)
		return ret;
	val.seed = old.seed;
	while (!val.seed)
		if (getrandom(&val.seed, sizeof(val.seed), 0) < 0)
			return -errno;
	val.abi = XV_ABI_VERSION;
	val.flags = config->udp6_checksum ? XV_CONFIG_UDP6_CHECKSUM : 0;
	val.flags |= config->df == XV_DF_SET	   ? XV_CONFIG_DF_SET
		     : config->df == XV_DF_INHERIT ? XV_CONFIG_DF_INHERIT
						   : 0;
	val.udp_port = htons(config->udp_port);
	val.slow_ifindex = model->slow_ifindex;
	val.local4 = config->address;
	val.local6 = config->address6;
	model->local_written = true;
	set_macs(model, &val);
	if (look_at_receivers(model) || config->netfilter_respect)
		val.flags |= XV_CONFIG_KERNEL;
	xv_vlan_write(model, &val);
	ret = xv_netns_id(&val.netns);
	if (ret || !memcmp(&val, &old, sizeof(val)))
		return ret;
	if (val.flags & ~old.flags & XV_CONFIG_ANY_MAC)
		xv_log(LOG_NOTICE,
		       "the underlay has more than %d MAC addresses: outer frames to any are taken",
		       XV_MAX_MACS);
	if (val.flags & ~old.flags & XV_CONFIG_ANY_TAG)
		xv_log(LOG_NOTICE,
		       "the underlay has more than %d VLAN devices: outer frames of any VLAN are "
		       "taken",
		       XV_MAX_TAGS);
	return bpf_map_update_elem(model->dp->fd.config, &zero, &val, BPF_ANY);
}

void xv_local_link(struct xv_model *model, const struct xv_link *link)
{
	bool vlan = xv_vlan_link(model, link);

	if (vlan || link->ifindex == model->local_dev[0] || link->ifindex == model->local_dev[1] ||
	    xv_receiver_is(model, link->ifindex))
		xv_local_write(model);
}

void xv_local_second(struct xv_model *model)
{
	if (model->local_written && xv_receiver_has_changed(model))
		xv_local_write(model);
}

void xv_local_link_gone(struct xv_model *model, uint32_t ifindex)
{
	if (xv_vlan_link_gone(model, ifindex))
		xv_local_write(model);
}

/*
 * While an instance is adopted nothing is written here: xv_local_write() comes when the
 * configuration is accepted.
 */
void xv_local_port(struct xv_model *model, uint32_t ifindex, uint32_t id)
{
	if (model->local_written && xv_vlan_port(model, ifindex, id))
		xv_local_write(model);
}

static int check_address(struct xv_model *model, const struct xv_config *config, bool v6,
			 struct xv_err *err)
{
	const struct xv_ip *ip = v6 ? &config->address6 : &config->address;
	char text[XV_IP_STRLEN];
	int ret;

	if (xv_ip_is_zero(ip))
		return 0;
	ret = xv_netlink_has_address(model->nl, ip, NULL, err);
	if (ret)
		return ret < 0 ? ret : 0;
	xv_ip_format(ip, text);
	return xv_err_set(err, -EADDRNOTAVAIL,
			  "%s:%d: underlay.%s \"%s\" is not an address of this host: assign it "
			  "first (ip address add %s/%s dev ...)",
			  config->file, v6 ? config->address6_line : config->address_line,
			  v6 ? "address6" : "address", text, text, v6 ? "128" : "32");
}

int xv_local_check(struct xv_model *model, const struct xv_config *config, struct xv_err *err)
{
	int ret = check_address(model, config, false, err);

	return ret ?: check_address(model, config, true, err);
}
