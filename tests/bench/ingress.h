/* SPDX-License-Identifier: GPL-2.0-only */
/* A program at TC ingress, by TCX where the kernel has it (Linux 6.6), as xvtep's are. */
#ifndef BENCH_INGRESS_H
#define BENCH_INGRESS_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

enum {
	BENCH_TCX_INGRESS = 46, /* BPF_TCX_INGRESS, which Debian 12's headers do not have */
};

/*
 * 0 or negative errno. A TCX link stays for as long as the process lives; a filter, as long as the
 * device.
 */
static inline int ingress_attach(const struct bpf_program *prog, int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = bpf_program__fd(prog));
	int err;

	if (bpf_link_create(opts.prog_fd, ifindex, (enum bpf_attach_type)BENCH_TCX_INGRESS, NULL) >=
	    0)
		return 0;
	err = bpf_tc_hook_create(&hook);
	return err ?: bpf_tc_attach(&hook, &opts);
}

#endif
