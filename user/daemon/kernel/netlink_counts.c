/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads what devices and their queueing disciplines lost: see netlink_counts.h. */
#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/netlink_counts.h"
#include "kernel/netlink_request.h"
#include "grow.h"

struct list {
	struct xv_netlink_counts *counts;
	size_t n;
	size_t size;
	size_t n_qdiscs; /* devices whose qdisc was found */
};

static int compare(const void *key, const void *item)
{
	uint32_t x = ((const struct xv_netlink_counts *)key)->ifindex;
	uint32_t y = ((const struct xv_netlink_counts *)item)->ifindex;

	return (x > y) - (x < y);
}

static int device_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct if_stats_msg *msg = mnl_nlmsg_get_payload(nlh);
	struct rtnl_link_stats64 stats = {};
	struct list *list = data;
	const struct nlattr *attr;
	size_t len;

	if (xv_grow(&list->counts, list->n, &list->size, sizeof(*list->counts)))
		return -ENOMEM;
	mnl_attr_for_each (attr, nlh, sizeof(*msg)) {
		if (mnl_attr_get_type(attr) != IFLA_STATS_LINK_64)
			continue;
		len = mnl_attr_get_payload_len(attr);
		memcpy(&stats, mnl_attr_get_payload(attr),
		       len < sizeof(stats) ? len : sizeof(stats));
	}
	list->counts[list->n++] = (struct xv_netlink_counts){
		.ifindex = msg->ifindex,
		.rx_dropped = stats.rx_dropped + stats.rx_missed_errors,
		.tx_dropped = stats.tx_dropped,
		.rx_errors = stats.rx_errors,
		.tx_errors = stats.tx_errors,
	};
	return 0;
}

static uint64_t drops_of(const struct nlattr *nest)
{
	struct gnet_stats_queue queue = {};
	const struct nlattr *attr;
	size_t len;

	mnl_attr_for_each_nested (attr, nest) {
		if (mnl_attr_get_type(attr) != TCA_STATS_QUEUE)
			continue;
		len = mnl_attr_get_payload_len(attr);
		memcpy(&queue, mnl_attr_get_payload(attr),
		       len < sizeof(queue) ? len : sizeof(queue));
	}
	return queue.drops;
}

/* Uses the root qdisc, which also counts what its children drop. */
static int qdisc_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	struct xv_netlink_counts *counts;
	struct list *list = data;
	const struct nlattr *attr;

	counts = xv_netlink_counts_find(list->counts, list->n, tcm->tcm_ifindex);
	if (!counts || tcm->tcm_parent != TC_H_ROOT)
		return 0;
	mnl_attr_for_each (attr, nlh, sizeof(*tcm)) {
		if (mnl_attr_get_type(attr) == TCA_STATS2)
			counts->qdisc_dropped = drops_of(attr);
	}
	list->n_qdiscs++;
	return 0;
}

static int qdisc_of_few_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct list *list = data;

	qdisc_cb(nlh, data);
	return list->n_qdiscs < list->n ? MNL_CB_OK : MNL_CB_STOP;
}

static struct nlmsghdr *begin_stats(struct xv_netlink_req *req, uint16_t flags, uint32_t ifindex)
{
	struct if_stats_msg *msg;
	struct nlmsghdr *nlh;
	void *extra;

	nlh = xv_netlink_begin(req, RTM_GETSTATS, flags, sizeof(*msg), &extra);
	msg = extra;
	msg->ifindex = ifindex;
	msg->filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
	return nlh;
}

static struct nlmsghdr *begin_qdiscs(struct xv_netlink_req *req)
{
	void *extra;

	return xv_netlink_begin(req, RTM_GETQDISC, NLM_F_DUMP, sizeof(struct tcmsg), &extra);
}

/* One dump, started again if changes interrupt it. */
static int dump(struct xv_netlink *nl, bool stats, struct list *list, struct xv_err *err)
{
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	int i, ret = 0;

	for (i = 0; i < XV_NETLINK_DUMP_TRIES; i++) {
		if (stats)
			list->n = 0;
		nlh = stats ? begin_stats(&req, NLM_F_DUMP, 0) : begin_qdiscs(&req);
		ret = xv_netlink_request(nl, nl->request, nlh, stats ? device_cb : qdisc_cb, list,
					 err);
		if (ret != -EINTR)
			break;
	}
	return ret;
}

/*
 * The kernel lists qdiscs only in a dump of all devices. The dump is ended by closing its socket
 * when the wanted devices were found.
 */
static void dump_few(struct list *list)
{
	struct mnl_socket *socket = xv_netlink_request_socket(NETLINK_ROUTE);
	struct xv_netlink_req req;

	if (!socket)
		return;
	xv_netlink_dump(socket, begin_qdiscs(&req), qdisc_of_few_cb, list);
	mnl_socket_close(socket);
}

int xv_netlink_list_counts(struct xv_netlink *nl, struct xv_netlink_counts **counts, size_t *n,
			   struct xv_err *err)
{
	struct list list = {0};
	int ret;

	ret = dump(nl, true, &list, err);
	if (!ret && list.n)
		qsort(list.counts, list.n, sizeof(*list.counts), compare);
	ret = ret ?: dump(nl, false, &list, err);
	if (ret) {
		free(list.counts);
		return xv_err_prefix(err, ret, "counters of devices");
	}
	*counts = list.counts;
	*n = list.n;
	return 0;
}

void xv_netlink_few_counts(struct xv_netlink *nl, const uint32_t *ifindex, size_t n, bool qdiscs,
			   struct xv_netlink_counts **counts, size_t *n_counts)
{
	struct xv_netlink_req req;
	struct list list = {0};
	struct xv_err err;
	size_t i;

	for (i = 0; i < n; i++)
		xv_netlink_request(nl, nl->request, begin_stats(&req, 0, ifindex[i]), device_cb,
				   &list, &err);
	if (list.n)
		qsort(list.counts, list.n, sizeof(*list.counts), compare);
	if (list.n && qdiscs)
		dump_few(&list);
	*counts = list.counts;
	*n_counts = list.n;
}

struct xv_netlink_counts *xv_netlink_counts_find(struct xv_netlink_counts *counts, size_t n,
						 uint32_t ifindex)
{
	struct xv_netlink_counts key = {.ifindex = ifindex};

	return n ? bsearch(&key, counts, n, sizeof(*counts), compare) : NULL;
}
