// SPDX-License-Identifier: GPL-2.0-only
/*
 * Neighbours. The kernel keeps a managed entry (NTF_EXT_MANAGED, Linux 5.16) resolved by itself,
 * whether it is used or not. Peers' next hops need that, because no packet of the fast path ever
 * makes the kernel resolve them.
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "kernel/netlink_neigh.h"
#include "kernel/netlink_request.h"
#include "grow.h"

enum {
	/* The kernel's NUD_VALID: states in which it uses the MAC. */
	NUD_USABLE = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY,
	/* Marks our entries; `ip neigh show` shows it as "proto". The kernel does not use it. */
	PROTOCOL = 214,
};

void xv_netlink_parse_neigh(const struct nlmsghdr *nlh, struct xv_netlink_neigh *neigh)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	bool has_mac = false;

	*neigh = (struct xv_netlink_neigh){
		.ifindex = (uint32_t)ndm->ndm_ifindex,
		.state = ndm->ndm_state,
		.flags = ndm->ndm_flags,
	};
	mnl_attr_for_each (attr, nlh, sizeof(*ndm)) {
		size_t len = mnl_attr_get_payload_len(attr);

		switch (mnl_attr_get_type(attr)) {
		case NDA_DST:
			neigh->has_ip = xv_netlink_ip_set(&neigh->ip, mnl_attr_get_payload(attr),
							  len);
			break;
		case NDA_LLADDR:
			if (len != sizeof(neigh->mac))
				break;
			memcpy(neigh->mac, mnl_attr_get_payload(attr), len);
			has_mac = true;
			break;
		case NDA_PROTOCOL:
			neigh->protocol = mnl_attr_get_u8(attr);
			break;
		case NDA_FLAGS_EXT:
			neigh->flags_ext = mnl_attr_get_u32(attr);
			break;
		}
	}
	neigh->resolved = nlh->nlmsg_type != RTM_DELNEIGH && has_mac && (neigh->state & NUD_USABLE);
}

/* Whether the entry was made by another program, so that its flags must not be changed. */
static bool is_foreign(const struct xv_netlink_neigh *neigh)
{
	return neigh->protocol && neigh->protocol != PROTOCOL;
}

bool xv_netlink_is_kept(const struct xv_netlink_neigh *neigh)
{
	if (neigh->state & NUD_PERMANENT)
		return true;
	return neigh->flags_ext & NTF_EXT_MANAGED &&
	       (is_foreign(neigh) ||
		(neigh->flags & NTF_EXT_LEARNED && neigh->protocol == PROTOCOL));
}

static struct nlmsghdr *begin(struct xv_netlink_req *req, uint16_t type, uint16_t flags,
			      uint32_t ifindex, const struct xv_ip *ip, uint8_t ndm_flags)
{
	struct nlmsghdr *nlh;
	const void *bytes;
	void *ndm;
	size_t len;

	nlh = xv_netlink_begin(req, type, flags, sizeof(struct ndmsg), &ndm);
	*(struct ndmsg *)ndm = (struct ndmsg){
		.ndm_family = xv_netlink_family(ip),
		.ndm_ifindex = (int)ifindex,
		.ndm_state = NUD_NONE,
		.ndm_flags = ndm_flags,
	};
	bytes = xv_netlink_ip_bytes(ip, &len);
	mnl_attr_put(nlh, NDA_DST, len, bytes);
	return nlh;
}

static int get_cb(const struct nlmsghdr *nlh, void *data)
{
	xv_netlink_parse_neigh(nlh, data);
	return 0;
}

static int tell(int code, const struct xv_ip *ip, struct xv_err *err)
{
	char text[XV_IP_STRLEN];

	return xv_err_prefix(err, code, "neighbour %s", xv_ip_format(ip, text));
}

/* Reads the entry; all zero if there is none. */
static int get(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
	       struct xv_netlink_neigh *neigh, struct xv_err *err)
{
	struct xv_netlink_req req;
	struct xv_err why;
	struct nlmsghdr *nlh;
	int ret;

	*neigh = (struct xv_netlink_neigh){0};
	/* A get request must have neither state nor flags (strict checking). */
	nlh = begin(&req, RTM_GETNEIGH, 0, ifindex, ip, 0);
	ret = xv_netlink_request(nl, nl->request, nlh, get_cb, neigh, &why);
	if (ret == -ENOENT)
		return 0;
	if (ret && err)
		*err = why;
	return ret ? tell(ret, ip, err) : 0;
}

int xv_netlink_get_neigh(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
			 bool *resolved, bool *kept, uint8_t mac[6], struct xv_err *err)
{
	struct xv_netlink_neigh neigh;
	int ret;

	ret = get(nl, ifindex, ip, &neigh, err);
	if (ret)
		return ret;
	*resolved = neigh.resolved;
	*kept = xv_netlink_is_kept(&neigh);
	if (neigh.resolved)
		memcpy(mac, neigh.mac, sizeof(neigh.mac));
	return 0;
}

/*
 * Without NLM_F_REPLACE the kernel keeps MAC and router flag of an existing entry. State NONE, as
 * "ip neigh add managed" sends it, starts resolution. It would turn a permanent entry into a
 * dynamic one, so a permanent entry, which stays resolved anyway, is left alone. NTF_EXT_LEARNED
 * exempts the entry from the table's limits (gc_thresh1 to 3).
 */
int xv_netlink_keep_neigh(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
			  struct xv_err *err)
{
	struct xv_netlink_neigh neigh;
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	uint8_t flags;
	int ret;

	ret = get(nl, ifindex, ip, &neigh, err);
	if (ret || neigh.state & NUD_PERMANENT)
		return ret;
	flags = is_foreign(&neigh) ? neigh.flags & NTF_EXT_LEARNED : NTF_EXT_LEARNED;
	nlh = begin(&req, RTM_NEWNEIGH, NLM_F_CREATE, ifindex, ip, flags);
	mnl_attr_put_u32(nlh, NDA_FLAGS_EXT, NTF_EXT_MANAGED);
	if (!is_foreign(&neigh))
		mnl_attr_put_u8(nlh, NDA_PROTOCOL, PROTOCOL);
	ret = xv_netlink_request(nl, nl->request, nlh, NULL, NULL, err);
	return ret ? tell(ret, ip, err) : 0;
}

/*
 * NTF_USE keeps the entry's state and MAC, and clears the flags that are not given. For an entry
 * that is not resolved it would start resolution again, so such an entry is deleted.
 */
int xv_netlink_forget_neigh(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
			    struct xv_err *err)
{
	struct xv_netlink_neigh neigh;
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	int ret;

	ret = get(nl, ifindex, ip, &neigh, err);
	if (ret == -ENODEV)
		return 0;
	if (ret || !(neigh.flags_ext & NTF_EXT_MANAGED) || neigh.state & NUD_PERMANENT ||
	    is_foreign(&neigh))
		return ret;
	if (neigh.resolved)
		nlh = begin(&req, RTM_NEWNEIGH, 0, ifindex, ip, NTF_USE);
	else
		nlh = begin(&req, RTM_DELNEIGH, 0, ifindex, ip, 0);
	ret = xv_netlink_request(nl, nl->request, nlh, NULL, NULL, err);
	return ret && ret != -ENOENT && ret != -ENODEV ? tell(ret, ip, err) : 0;
}

struct kept_list {
	struct xv_netlink_neigh *list;
	size_t n, size;
};

static int kept_cb(const struct nlmsghdr *nlh, void *data)
{
	struct kept_list *kept = data;
	struct xv_netlink_neigh neigh;

	xv_netlink_parse_neigh(nlh, &neigh);
	if (!neigh.has_ip || neigh.protocol != PROTOCOL || !(neigh.flags_ext & NTF_EXT_MANAGED))
		return 0;
	if (xv_grow(&kept->list, kept->n, &kept->size, sizeof(*kept->list)))
		return -ENOMEM;
	kept->list[kept->n++] = neigh;
	return 0;
}

int xv_netlink_list_kept(struct xv_netlink *nl,
			 void (*fn)(void *arg, uint32_t ifindex, const struct xv_ip *ip), void *arg,
			 struct xv_err *err)
{
	struct kept_list kept = {0};
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	void *ndm;
	size_t i;
	int ret;

	nlh = xv_netlink_begin(&req, RTM_GETNEIGH, NLM_F_DUMP, sizeof(struct ndmsg), &ndm);
	ret = xv_netlink_request(nl, nl->request, nlh, kept_cb, &kept, err);
	for (i = 0; (!ret || ret == -EINTR) && i < kept.n; i++)
		fn(arg, kept.list[i].ifindex, &kept.list[i].ip);
	free(kept.list);
	return ret;
}

static int table_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	struct ndt_stats stats;

	mnl_attr_for_each (attr, nlh, sizeof(struct ndtmsg)) {
		if (mnl_attr_get_type(attr) != NDTA_STATS ||
		    mnl_attr_get_payload_len(attr) < sizeof(stats))
			continue;
		memcpy(&stats, mnl_attr_get_payload(attr), sizeof(stats));
		*(uint64_t *)data += stats.ndts_table_fulls;
	}
	return 0;
}

int xv_netlink_neigh_fulls(struct xv_netlink *nl, bool v6, uint64_t *fulls, struct xv_err *err)
{
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	uint64_t sum = 0;
	void *ndt;
	int ret;

	nlh = xv_netlink_begin(&req, RTM_GETNEIGHTBL, NLM_F_DUMP, sizeof(struct ndtmsg), &ndt);
	((struct ndtmsg *)ndt)->ndtm_family = v6 ? AF_INET6 : AF_INET;
	ret = xv_netlink_request(nl, nl->request, nlh, table_cb, &sum, err);
	if (!ret)
		*fulls = sum;
	return ret;
}
