/* SPDX-License-Identifier: GPL-2.0-only */
/* Filters before TCX: see clsact.h. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clsact.h"

enum {
	FILTER_HANDLE = 0x7876,
	FILTER_PRIORITY = 1,
	RECV_LEN = 32768, /* of a dump, at most */
	TCX_EGRESS = 47,  /* BPF_TCX_EGRESS: UAPI of Linux 6.6 */
};

/* Cleared whole: libbpf refuses set bits in the padding behind the last member. */
static void set_hook(struct bpf_tc_hook *hook, uint32_t ifindex, enum bpf_tc_attach_point point)
{
	memset(hook, 0, sizeof(*hook));
	hook->sz = sizeof(*hook);
	hook->ifindex = (int)ifindex;
	hook->attach_point = point;
}

static int seen(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	*(bool *)data = true;
	return MNL_CB_OK;
}

/* Whether the qdisc has filters in one direction; also when that cannot be told. */
static bool has_filters(struct mnl_socket *nl, uint32_t ifindex, uint32_t direction)
{
	_Alignas(8) char buf[RECV_LEN];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));
	bool any = false;
	int ret = MNL_CB_OK;

	nlh->nlmsg_type = RTM_GETTFILTER;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	tcm->tcm_family = AF_UNSPEC;
	tcm->tcm_ifindex = (int)ifindex;
	tcm->tcm_parent = TC_H_MAKE(TC_H_CLSACT, direction);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return true;
	while (ret == MNL_CB_OK) {
		ssize_t n = mnl_socket_recvfrom(nl, buf, sizeof(buf));

		ret = n < 0 ? MNL_CB_ERROR : mnl_cb_run(buf, n, 0, 0, seen, &any);
	}
	return any || ret == MNL_CB_ERROR;
}

static bool in_use(uint32_t ifindex, bool ingress, bool egress)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	bool used = !nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) ||
		    (ingress && has_filters(nl, ifindex, TC_H_MIN_INGRESS)) ||
		    (egress && has_filters(nl, ifindex, TC_H_MIN_EGRESS));

	if (nl)
		mnl_socket_close(nl);
	return used;
}

bool xv_clsact_has_egress(uint32_t ifindex)
{
	__u32 count = 0;

	/* Fails before Linux 6.6, where there are only filters. */
	if (!bpf_prog_query((int)ifindex, (enum bpf_attach_type)TCX_EGRESS, 0, NULL, NULL,
			    &count) &&
	    count)
		return true;
	return in_use(ifindex, false, true);
}

int xv_clsact_attach(uint32_t ifindex, int prog_fd, const char *mark)
{
	struct bpf_tc_hook hook;
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY,
		    .prog_fd = prog_fd, .flags = BPF_TC_F_REPLACE);
	int ret;

	set_hook(&hook, ifindex, BPF_TC_INGRESS);
	ret = bpf_tc_hook_create(&hook);
	if (!ret)
		mkdir(mark, 0700); /* without it the qdisc stays: no harm */
	else if (ret != -EEXIST)
		return ret;
	return bpf_tc_attach(&hook, &opts);
}

/* That there is no filter, or no qdisc, is nothing to write to standard error about. */
uint32_t xv_clsact_program(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	libbpf_print_fn_t print = libbpf_set_print(NULL);
	struct bpf_tc_hook hook;
	int ret;

	set_hook(&hook, ifindex, BPF_TC_INGRESS);
	ret = bpf_tc_query(&hook, &opts);
	libbpf_set_print(print);
	return ret ? 0 : opts.prog_id;
}

bool xv_clsact_is_attached(uint32_t ifindex)
{
	return xv_clsact_program(ifindex);
}

void xv_clsact_detach(uint32_t ifindex, const char *mark)
{
	struct bpf_tc_hook hook;
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	libbpf_print_fn_t print = libbpf_set_print(NULL); /* as above */

	set_hook(&hook, ifindex, BPF_TC_INGRESS);
	bpf_tc_detach(&hook, &opts);
	libbpf_set_print(print);
	if (rmdir(mark) || in_use(ifindex, true, true))
		return;
	set_hook(&hook, ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS); /* both: the qdisc itself */
	bpf_tc_hook_destroy(&hook);
}
