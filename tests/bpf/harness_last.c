// SPDX-License-Identifier: GPL-2.0-only
/* Packets dropped last, read and compared: see harness_last.h. */
#include <string.h>

#include "harness_last.h"

enum {
	CPUS = 256,
};

void last_clear(struct xvtep_bpf *skel)
{
	const struct xv_drop_last_val none = {};
	__u32 reason;

	for (reason = 0; reason < XV_DROP_MAX; reason++)
		last_put(skel, reason, &none);
}

void last_put(struct xvtep_bpf *skel, __u32 reason, const struct xv_drop_last_val *last)
{
	static struct xv_drop_last_val all[CPUS];
	int cpu;

	assert_in_range(libbpf_num_possible_cpus(), 1, CPUS);
	for (cpu = 0; cpu < CPUS; cpu++)
		all[cpu] = *last;
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(skel->maps.xv_drop_last), &reason, all, 0),
			 0);
}

struct xv_drop_last_val last_of(struct xvtep_bpf *skel, __u32 reason)
{
	static struct xv_drop_last_val all[CPUS];
	int cpu, latest = 0;

	assert_in_range(libbpf_num_possible_cpus(), 1, CPUS);
	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(skel->maps.xv_drop_last), &reason, all),
			 0);
	for (cpu = 1; cpu < libbpf_num_possible_cpus(); cpu++)
		if (all[cpu].time > all[latest].time)
			latest = cpu;
	return all[latest];
}

int last_check(const struct xv_drop_last_val *last, enum xv_drop_from from, const struct frame *f,
	       __u32 at, const char *what)
{
	__u32 len = f->len - at, head = len < XV_DROP_HEAD ? len : XV_DROP_HEAD;

	if (last->from == from && last->len == len && last->head_len == head &&
	    !memcmp(last->head, f->b + at, head))
		return 0;
	hs_note("%s: noted from %u, %u bytes, %u of them kept, want from %u, %u and %u%s", what,
		last->from, last->len, last->head_len, from, len, head,
		memcmp(last->head, f->b + at, head) ? "; they differ" : "");
	return -1;
}
