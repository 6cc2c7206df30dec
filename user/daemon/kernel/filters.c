/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds programs and filters of others at a device: see filters.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/attach.h"
#include "kernel/clsact.h"
#include "kernel/filters.h"
#include "kernel/netfilter.h"
#include "kernel/netlink_request.h"
#include "kernel/pinned.h"
#include "names.h"

enum {
	TCX_INGRESS = 46, /* BPF_TCX_INGRESS, BPF_TCX_EGRESS: UAPI of Linux 6.6 */
	TCX_EGRESS = 47,
	MAX_PROGS = 64, /* at a hook of a device, by the kernel (BPF_MPROG_MAX) */
	NAME_LEN = 80,	/* of a program, for people */
};

/* ---- TCX ---- */

/* Lists the ids of a hook's programs in the order in which they run. None before Linux 6.6. */
static uint32_t list_programs(uint32_t ifindex, int hook, uint32_t ids[MAX_PROGS])
{
	LIBBPF_OPTS(bpf_prog_query_opts, opts, .prog_ids = ids, .prog_cnt = MAX_PROGS);

	return bpf_prog_query_opts((int)ifindex, (enum bpf_attach_type)hook, &opts) ? 0
										    : opts.prog_cnt;
}

uint32_t xv_filters_mark(uint32_t ifindex)
{
	static const int hooks[] = {TCX_INGRESS, TCX_EGRESS};
	uint32_t ids[MAX_PROGS], mark = 1, n, i, k;

	for (k = 0; k < sizeof(hooks) / sizeof(hooks[0]); k++) {
		n = list_programs(ifindex, hooks[k], ids);
		for (i = 0; i < n && i < MAX_PROGS; i++)
			mark = mark * 31 + ids[i];
		mark = mark * 31 + n;
	}
	return mark;
}

/*
 * Makes a name for a program. Reading the program's own name needs CAP_SYS_ADMIN. Another
 * instance's program was found by its pinned link.
 */
static void program_name(uint32_t id, const char *owner, char name[NAME_LEN])
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	int fd;

	if (owner[0]) {
		snprintf(name, NAME_LEN, "tcx id %u of instance \"%s\"", id, owner);
		return;
	}
	fd = bpf_prog_get_fd_by_id(id);
	if (fd >= 0) {
		bpf_obj_get_info_by_fd(fd, &info, &len);
		close(fd);
	}
	snprintf(name, NAME_LEN, "tcx %s%sid %u", info.name, info.name[0] ? " " : "", id);
}

static void look_tcx(uint32_t ifindex, uint32_t ours, bool behind, struct xv_filters *filters)
{
	uint32_t ids[MAX_PROGS], n = list_programs(ifindex, TCX_INGRESS, ids), i;
	bool passed = false;
	char name[NAME_LEN];

	for (i = 0; i < n; i++) {
		char owner[XV_PINNED_NAME] = "";

		if (ids[i] == ours) {
			passed = !behind;
			continue;
		}
		if (xv_pinned_owner("tc", ifindex, ids[i], owner))
			xv_names_add(filters->instances, sizeof(filters->instances), owner);
		else
			filters->tc = true;
		program_name(ids[i], owner, name);
		xv_names_add(passed ? filters->skipped : filters->seen, XV_FILTERS_LEN, name);
	}
}

void xv_filters_look(const char *pin_dir, const struct xv_link *link, bool behind,
		     struct xv_filters *filters)
{
	*filters = (struct xv_filters){};
	look_tcx(link->ifindex, xv_attach_tcx_program(pin_dir, link->ifindex), behind, filters);
	if (xv_clsact_names(link->ifindex, false, behind ? filters->seen : filters->skipped,
			    XV_FILTERS_LEN))
		filters->tc = true;
	xv_netfilter_names(XV_NETFILTER_INGRESS, link->name, filters->skipped, XV_FILTERS_LEN);
}

/* ---- egress ---- */

/* Whether the kernel itself may have given a device this qdisc. "noqueue" means no qdisc. */
static bool may_be_default(const char *qdisc)
{
	static const char *const names[] = {"",	  "noqueue", "noop",	 "pfifo_fast",
					    "mq", "fq",	     "fq_codel", "cake"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(qdisc, names[i]))
			return true;
	return false;
}

struct by_hand {
	int ifindex;
	bool found;
};

/* A qdisc that the kernel made by itself has the handle 0. */
static int on_qdisc(const struct nlmsghdr *nlh, void *arg)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	struct by_hand *by_hand = arg;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(*tcm) &&
	    tcm->tcm_ifindex == by_hand->ifindex && tcm->tcm_parent == TC_H_ROOT &&
	    TC_H_MAJ(tcm->tcm_handle))
		by_hand->found = true;
	return MNL_CB_OK;
}

static bool is_by_hand(uint32_t ifindex)
{
	struct mnl_socket *nl = xv_netlink_request_socket(NETLINK_ROUTE);
	struct by_hand by_hand = {.ifindex = (int)ifindex};
	struct xv_netlink_req req;
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(req.buf);
	struct tcmsg *tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));

	nlh->nlmsg_type = RTM_GETQDISC;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	tcm->tcm_ifindex = (int)ifindex;
	if (!nl)
		return false;
	xv_netlink_dump(nl, nlh, on_qdisc, &by_hand);
	mnl_socket_close(nl);
	return by_hand.found;
}

bool xv_filters_look_egress(const struct xv_link *link, bool exact, char names[XV_FILTERS_LEN])
{
	uint32_t ids[MAX_PROGS], n = list_programs(link->ifindex, TCX_EGRESS, ids), i;
	char name[NAME_LEN];

	names[0] = '\0';
	for (i = 0; i < n; i++) {
		program_name(ids[i], "", name);
		xv_names_add(names, XV_FILTERS_LEN, name);
	}
	xv_clsact_names(link->ifindex, true, names, XV_FILTERS_LEN);
	xv_netfilter_names(XV_NETFILTER_EGRESS, link->name, names, XV_FILTERS_LEN);
	if (!may_be_default(link->qdisc) ||
	    (exact && link->has_qdisc && is_by_hand(link->ifindex))) {
		snprintf(name, sizeof(name), "qdisc %s", link->qdisc);
		xv_names_add(names, XV_FILTERS_LEN, name);
	}
	return names[0];
}
