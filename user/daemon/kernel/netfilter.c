/* SPDX-License-Identifier: GPL-2.0-only */
/* Netfilter's hooks: see netfilter.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_hook.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/netfilter.h"
#include "kernel/netlink_request.h"
#include "names.h"

enum {
	REQUEST_LEN = 256,
	NAME_LEN = 96,
};

struct names {
	char *text;
	size_t size, n;
};

/* ---- one hook ---- */

/*
 * Whether the hook only tracks connections, reassembles fragments, labels packets for a security
 * module, or calls the chains of IPv4 and IPv6 for a bridge (br_netfilter), which are listed
 * anyway.
 */
static bool is_passive(const char *function)
{
	static const char *const words[] = {"conntrack", "defrag", "nf_confirm",   "selinux",
					    "apparmor",	 "smack",  "nf_ct_bridge", "br_nf_"};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(function, words[i]))
			return true;
	return false;
}

/* Writes "nft TABLE/CHAIN", from the description of a base chain. */
static void chain_name(const struct nlattr *info, char name[NAME_LEN])
{
	const char *table = NULL, *chain = NULL;
	const struct nlattr *attr, *part;

	mnl_attr_for_each_nested (attr, info) {
		if (mnl_attr_get_type(attr) != NFNLA_HOOK_INFO_DESC)
			continue;
		mnl_attr_for_each_nested (part, attr) {
			if (mnl_attr_get_type(part) == NFNLA_CHAIN_TABLE)
				table = mnl_attr_get_str(part);
			else if (mnl_attr_get_type(part) == NFNLA_CHAIN_NAME)
				chain = mnl_attr_get_str(part);
		}
	}
	if (table && chain)
		snprintf(name, NAME_LEN, "nft %s/%s", table, chain);
}

static int on_hook(const struct nlmsghdr *nlh, void *arg)
{
	struct names *names = arg;
	const struct nlattr *attr;
	char name[NAME_LEN] = "a netfilter hook";

	if (NFNL_SUBSYS_ID(nlh->nlmsg_type) != NFNL_SUBSYS_HOOK)
		return MNL_CB_OK;
	mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == NFNLA_HOOK_FUNCTION_NAME)
			snprintf(name, sizeof(name), "%s", mnl_attr_get_str(attr));
	}
	if (is_passive(name))
		return MNL_CB_OK;
	mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == NFNLA_HOOK_CHAIN_INFO)
			chain_name(attr, name);
	}
	names->n += xv_names_add(names->text, names->size, name);
	return MNL_CB_OK;
}

/* ---- chains of nf_tables, where the kernel does not list hooks ---- */

struct chains {
	struct names *names;
	enum xv_netfilter_at at;
	const char *dev;
};

static bool is_host_hook(uint8_t family, uint32_t hook)
{
	return (family == NFPROTO_INET || family == NFPROTO_IPV4 || family == NFPROTO_IPV6) &&
	       (hook == NF_INET_PRE_ROUTING || hook == NF_INET_LOCAL_IN ||
		hook == NF_INET_LOCAL_OUT || hook == NF_INET_POST_ROUTING);
}

static bool is_bridge_hook(uint8_t family, uint32_t hook)
{
	return family == NFPROTO_BRIDGE &&
	       (hook == NF_INET_PRE_ROUTING || hook == NF_INET_LOCAL_IN);
}

static bool is_device_hook(enum xv_netfilter_at at, uint8_t family, uint32_t hook)
{
	if (family == NFPROTO_INET)
		return at == XV_NETFILTER_INGRESS && hook == NF_INET_INGRESS;
	return family == NFPROTO_NETDEV &&
	       hook == (at == XV_NETFILTER_INGRESS ? NF_NETDEV_INGRESS : NF_NETDEV_EGRESS);
}

static bool names_device(const struct nlattr *list, const char *dev)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested (attr, list)
		if (!strcmp(mnl_attr_get_str(attr), dev))
			return true;
	return false;
}

/* Whether a base chain is at the wanted hook. */
static bool hook_matches(const struct chains *chains, uint8_t family, const struct nlattr *hook)
{
	bool here = !chains->dev;
	const struct nlattr *attr;
	uint32_t number = UINT32_MAX;

	mnl_attr_for_each_nested (attr, hook) {
		switch (mnl_attr_get_type(attr)) {
		case NFTA_HOOK_HOOKNUM:
			number = ntohl(mnl_attr_get_u32(attr));
			break;
		case NFTA_HOOK_DEV:
			here |= chains->dev && !strcmp(mnl_attr_get_str(attr), chains->dev);
			break;
		case NFTA_HOOK_DEVS:
			here |= chains->dev && names_device(attr, chains->dev);
			break;
		}
	}
	if (chains->at == XV_NETFILTER_HOST)
		return is_host_hook(family, number);
	if (chains->at == XV_NETFILTER_BRIDGE)
		return is_bridge_hook(family, number);
	return here && is_device_hook(chains->at, family, number);
}

static int on_chain(const struct nlmsghdr *nlh, void *arg)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	const char *table = "", *name = "";
	const struct nlattr *attr, *hook = NULL;
	struct chains *chains = arg;
	char text[NAME_LEN];

	mnl_attr_for_each (attr, nlh, sizeof(*nfg)) {
		if (mnl_attr_get_type(attr) == NFTA_CHAIN_TABLE)
			table = mnl_attr_get_str(attr);
		else if (mnl_attr_get_type(attr) == NFTA_CHAIN_NAME)
			name = mnl_attr_get_str(attr);
		else if (mnl_attr_get_type(attr) == NFTA_CHAIN_HOOK)
			hook = attr;
	}
	if (!hook || !hook_matches(chains, nfg->nfgen_family, hook))
		return MNL_CB_OK;
	snprintf(text, sizeof(text), "nft %s/%s", table, name);
	chains->names->n += xv_names_add(chains->names->text, chains->names->size, text);
	return MNL_CB_OK;
}

/* ---- requests ---- */

/* Calls cb for each message of a dump. False: the kernel does not know the request. */
static bool dump(struct mnl_socket *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *arg)
{
	char buf[XV_NETLINK_RECV_LEN];
	int ret = MNL_CB_OK;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return false;
	while (ret == MNL_CB_OK) {
		ssize_t n = mnl_socket_recvfrom(nl, buf, sizeof(buf));

		if (n < 0)
			return false;
		ret = mnl_cb_run(buf, n, 0, 0, cb, arg);
	}
	return ret != MNL_CB_ERROR || errno != EINVAL;
}

static struct nlmsghdr *begin(char *buf, uint16_t type, uint8_t family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nfg->nfgen_family = family;
	return nlh;
}

/* Lists one hook of a family. False: the kernel does not list hooks. */
static bool ask(struct mnl_socket *nl, uint8_t family, uint32_t hook, const char *dev,
		struct names *names)
{
	_Alignas(8) char buf[REQUEST_LEN] = {};
	struct nlmsghdr *nlh = begin(buf, NFNL_SUBSYS_HOOK << 8 | NFNL_MSG_HOOK_GET, family);

	mnl_attr_put_u32(nlh, NFNLA_HOOK_HOOKNUM, htonl(hook));
	if (dev)
		mnl_attr_put_strz(nlh, NFNLA_HOOK_DEV, dev);
	return dump(nl, nlh, on_hook, names);
}

/* Lists the hooks of packets to and from this host. */
static bool ask_host(struct mnl_socket *nl, struct names *names)
{
	static const uint8_t families[] = {NFPROTO_IPV4, NFPROTO_IPV6};
	static const uint8_t hooks[] = {NF_INET_PRE_ROUTING, NF_INET_LOCAL_IN, NF_INET_LOCAL_OUT,
					NF_INET_POST_ROUTING};
	bool known = true;
	size_t i, k;

	for (i = 0; i < sizeof(families); i++)
		for (k = 0; known && k < sizeof(hooks); k++)
			known = ask(nl, families[i], hooks[k], NULL, names);
	return known;
}

/* Lists the hooks of frames that a bridge receives for this host. */
static bool ask_bridge(struct mnl_socket *nl, struct names *names)
{
	return ask(nl, NFPROTO_BRIDGE, NF_INET_PRE_ROUTING, NULL, names) &&
	       ask(nl, NFPROTO_BRIDGE, NF_INET_LOCAL_IN, NULL, names);
}

/* Lists the tables of iptables, for kernels that do not list hooks. */
static void read_tables(const char *file, const char *prefix, struct names *names)
{
	FILE *f = fopen(file, "re");
	char line[32], name[NAME_LEN];

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		snprintf(name, sizeof(name), "%s %s", prefix, line);
		names->n += xv_names_add(names->text, names->size, name);
	}
	if (f)
		fclose(f);
}

/*
 * What the kernel has refused because it has no such module. For each further request it would run
 * modprobe again, and the daemon would wait for that: so it asks again when the module is there.
 */
struct refusal {
	const char *module;
	bool refused;
};

static bool is_absent(const struct refusal *r)
{
	return r->refused && access(r->module, F_OK);
}

static struct refusal no_netfilter = {"/sys/module/nfnetlink", false};
static struct refusal no_chains = {"/sys/module/nf_tables", false};
static struct refusal no_hooks[] = {
	[XV_NETFILTER_HOST] = {"/sys/module/nfnetlink_hook", false},
	[XV_NETFILTER_INGRESS] = {"/sys/module/nfnetlink_hook", false},
	[XV_NETFILTER_EGRESS] = {"/sys/module/nfnetlink_hook", false},
	[XV_NETFILTER_BRIDGE] = {"/sys/module/nfnetlink_hook", false},
};

static void ask_tables(struct mnl_socket *nl, enum xv_netfilter_at at, const char *dev,
		       struct names *names)
{
	_Alignas(8) char buf[REQUEST_LEN] = {};
	struct chains chains = {names, at, dev};

	if (!is_absent(&no_chains))
		no_chains.refused = !dump(nl,
					  begin(buf, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN,
						NFPROTO_UNSPEC),
					  on_chain, &chains) &&
				    errno == EINVAL;
	if (at != XV_NETFILTER_HOST)
		return;
	read_tables("/proc/thread-self/net/ip_tables_names", "iptables", names);
	read_tables("/proc/thread-self/net/ip6_tables_names", "ip6tables", names);
}

/* Lists the wanted hooks. False: the kernel does not list them. */
static bool ask_hooks(struct mnl_socket *nl, enum xv_netfilter_at at, const char *dev,
		      struct names *names)
{
	uint32_t hook = at == XV_NETFILTER_INGRESS ? NF_NETDEV_INGRESS : NF_NETDEV_EGRESS;
	bool known;

	if (is_absent(&no_hooks[at]))
		return false;
	if (at == XV_NETFILTER_HOST)
		known = ask_host(nl, names);
	else if (at == XV_NETFILTER_BRIDGE)
		known = ask_bridge(nl, names);
	else
		known = ask(nl, NFPROTO_NETDEV, hook, dev, names);
	no_hooks[at].refused = !known && errno == EINVAL;
	return known;
}

size_t xv_netfilter_names(enum xv_netfilter_at at, const char *dev, char *text, size_t size)
{
	struct names names = {.text = text, .size = size};
	struct mnl_socket *nl;

	if (is_absent(&no_netfilter))
		return 0;
	nl = xv_netlink_request_socket(NETLINK_NETFILTER);
	no_netfilter.refused = !nl && errno == EPROTONOSUPPORT;
	if (!nl)
		return 0;
	if (!ask_hooks(nl, at, dev, &names))
		ask_tables(nl, at, dev, &names);
	mnl_socket_close(nl);
	return names.n;
}
