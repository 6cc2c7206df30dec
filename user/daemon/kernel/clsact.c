/* SPDX-License-Identifier: GPL-2.0-only */
/* Filters of the clsact qdisc: see clsact.h. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/clsact.h"
#include "kernel/netlink_request.h"
#include "names.h"

enum {
	FILTER_HANDLE = 0x7876,
};

/* The kernel applies filters with low numbers first. */
static const uint16_t priorities[] = {
	[XV_CLSACT_FIRST] = 1,
	[XV_CLSACT_LAST] = 0xffff,
};

/* The whole struct is zeroed: libbpf refuses set bits in the padding behind the last member. */
static void set_hook(struct bpf_tc_hook *hook, uint32_t ifindex, enum bpf_tc_attach_point point)
{
	memset(hook, 0, sizeof(*hook));
	hook->sz = sizeof(*hook);
	hook->ifindex = (int)ifindex;
	hook->attach_point = point;
}

struct listing {
	bool ours_too;
	bool any;
	char *names; /* NULL: the names are not wanted */
	size_t size;
};

static bool is_ours(const struct tcmsg *tcm, const char *kind)
{
	uint16_t priority = TC_H_MAJ(tcm->tcm_info) >> 16;

	return tcm->tcm_handle == FILTER_HANDLE && !strcmp(kind, "bpf") &&
	       (priority == priorities[XV_CLSACT_FIRST] || priority == priorities[XV_CLSACT_LAST]);
}

/*
 * Called for each filter. Before the filters of each priority the kernel lists an entry with handle
 * 0, which is not one.
 */
static int on_filter(const struct nlmsghdr *nlh, void *data)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	struct listing *listing = data;
	const struct nlattr *attr;
	const char *kind = "";
	char name[64];

	mnl_attr_for_each (attr, nlh, sizeof(*tcm))
		if (mnl_attr_get_type(attr) == TCA_KIND)
			kind = mnl_attr_get_str(attr);
	if (!listing->ours_too && (!tcm->tcm_handle || is_ours(tcm, kind)))
		return MNL_CB_OK;
	listing->any = true;
	snprintf(name, sizeof(name), "tc %s prio %u", kind, TC_H_MAJ(tcm->tcm_info) >> 16);
	if (listing->names)
		xv_names_add(listing->names, listing->size, name);
	return MNL_CB_OK;
}

/* Lists the filters in one direction. False: they cannot be listed. */
static bool list_filters(struct mnl_socket *nl, uint32_t ifindex, uint32_t direction,
			 struct listing *listing)
{
	struct xv_netlink_req req;
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(req.buf);
	struct tcmsg *tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));

	nlh->nlmsg_type = RTM_GETTFILTER;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	tcm->tcm_family = AF_UNSPEC;
	tcm->tcm_ifindex = (int)ifindex;
	tcm->tcm_parent = TC_H_MAKE(TC_H_CLSACT, direction);
	return xv_netlink_dump(nl, nlh, on_filter, listing) != MNL_CB_ERROR;
}

/*
 * Whether the filters are those of an `ingress` qdisc, which has none at egress, but lists the ones
 * at ingress for whatever minor number it is asked; clsact knows two (ingress_find() and
 * clsact_find() in net/sched/sch_ingress.c). To ask for one qdisc is no way: the kernel answers
 * with a notification to all.
 */
static bool is_ingress_alone(struct mnl_socket *nl, uint32_t ifindex)
{
	struct listing all = {.ours_too = true};

	return list_filters(nl, ifindex, TC_H_MIN(TC_H_INGRESS), &all) && all.any;
}

static bool has_filters(uint32_t ifindex, bool ingress, bool egress, struct listing *listing)
{
	struct mnl_socket *nl = xv_netlink_request_socket(NETLINK_ROUTE);
	bool told = nl && (!ingress || list_filters(nl, ifindex, TC_H_MIN_INGRESS, listing)) &&
		    (!egress || is_ingress_alone(nl, ifindex) ||
		     list_filters(nl, ifindex, TC_H_MIN_EGRESS, listing));

	if (nl)
		mnl_socket_close(nl);
	return !told || listing->any;
}

bool xv_clsact_names(uint32_t ifindex, bool egress, char *names, size_t size)
{
	struct listing listing = {.names = names, .size = size};

	return has_filters(ifindex, !egress, egress, &listing);
}

int xv_clsact_attach(uint32_t ifindex, int prog_fd, enum xv_clsact_place place, const char *mark)
{
	struct bpf_tc_hook hook;
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = priorities[place],
		    .prog_fd = prog_fd, .flags = BPF_TC_F_REPLACE);
	int ret;

	set_hook(&hook, ifindex, BPF_TC_INGRESS);
	ret = bpf_tc_hook_create(&hook);
	if (!ret)
		mkdir(mark, 0700); /* if this fails, the qdisc stays after detaching, which does no
				      harm */
	else if (ret != -EEXIST)
		return ret;
	return bpf_tc_attach(&hook, &opts);
}

/* libbpf must not print to standard error that there is no filter or qdisc. */
uint32_t xv_clsact_program_at(uint32_t ifindex, enum xv_clsact_place place)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = priorities[place]);
	libbpf_print_fn_t print = libbpf_set_print(NULL);
	struct bpf_tc_hook hook;
	int ret;

	set_hook(&hook, ifindex, BPF_TC_INGRESS);
	ret = bpf_tc_query(&hook, &opts);
	libbpf_set_print(print);
	return ret ? 0 : opts.prog_id;
}

uint32_t xv_clsact_program(uint32_t ifindex)
{
	return xv_clsact_program_at(ifindex, XV_CLSACT_FIRST)
		       ?: xv_clsact_program_at(ifindex, XV_CLSACT_LAST);
}

bool xv_clsact_is_attached(uint32_t ifindex, enum xv_clsact_place place)
{
	return xv_clsact_program_at(ifindex, place);
}

void xv_clsact_remove(uint32_t ifindex, enum xv_clsact_place place)
{
	struct bpf_tc_hook hook;
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = priorities[place]);
	libbpf_print_fn_t print = libbpf_set_print(NULL); /* see xv_clsact_program_at() */

	set_hook(&hook, ifindex, BPF_TC_INGRESS);
	bpf_tc_detach(&hook, &opts);
	libbpf_set_print(print);
}

void xv_clsact_detach(uint32_t ifindex, const char *mark)
{
	struct listing all = {.ours_too = true};
	struct bpf_tc_hook hook;

	xv_clsact_remove(ifindex, XV_CLSACT_FIRST);
	xv_clsact_remove(ifindex, XV_CLSACT_LAST);
	if (rmdir(mark) || has_filters(ifindex, true, true, &all))
		return;
	set_hook(&hook, ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS); /* both: the qdisc itself */
	bpf_tc_hook_destroy(&hook);
}
