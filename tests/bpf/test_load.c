// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way the object is loaded: all programs together, each alone, xv_decap with and without
 * fragments. What the verifier had to walk and made of it is held against budget.txt, and what
 * bpftool and perf need must be there: type, name, BTF of functions, lines, map keys and values.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness.h"
#include "harness_budget.h"

enum {
	OTHER_KERNELS = 8, /* times the budget; they refuse at a million */
};

struct program {
	const char *name;
	enum bpf_prog_type type;
};

static const struct program programs[] = {
	{"xv_decap", BPF_PROG_TYPE_XDP},	  {"xv_decap_skb", BPF_PROG_TYPE_XDP},
	{"xv_decap_tc", BPF_PROG_TYPE_SCHED_CLS}, {"xv_slow_rx", BPF_PROG_TYPE_SCHED_CLS},
	{"xv_encap", BPF_PROG_TYPE_SCHED_CLS},	  {"xv_port_encap", BPF_PROG_TYPE_XDP},
};

/* How often a verifier walks through the same is its own affair: the budget is of one kernel's. */
static unsigned int insns_allowed(const struct hs_budget *budget)
{
	struct utsname name;

	assert_int_equal(uname(&name), 0);
	return budget->insns * (strncmp(name.release, "6.18.", 5) ? OTHER_KERNELS : 1);
}

/* What the verifier walked and what became of it; the text on failure. */
static int budget_ok(const char *name, const struct bpf_prog_info *info)
{
	struct hs_budget most = hs_budget_of(name);
	unsigned int insns = insns_allowed(&most);

	hs_note("%-14s %5u instructions verified, budget %5u; %5u bytes translated, budget %5u",
		name, info->verified_insns, insns, info->xlated_prog_len, most.bytes);
	return info->verified_insns > 0 && info->verified_insns <= insns &&
	       info->xlated_prog_len <= most.bytes;
}

/* Loads the object with only the named program. */
static struct xvtep_bpf *load(const char *only)
{
	struct xvtep_bpf *skel = xvtep_bpf__open();
	struct bpf_program *prog;
	struct bpf_map *map;

	assert_non_null(skel);
	bpf_object__for_each_map(map, skel->obj)
		assert_int_equal(bpf_map__set_pin_path(map, NULL), 0);
	bpf_object__for_each_program(prog, skel->obj)
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog), only));
	if (xvtep_bpf__load(skel))
		fail_msg("%s alone is not loaded", only);
	return skel;
}

static struct bpf_prog_info info_of(struct xvtep_bpf *skel, const char *name)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(skel->obj, name);
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	assert_non_null(prog);
	assert_int_equal(bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len), 0);
	return info;
}

static void test_all(void **state)
{
	struct bpf_program *prog;
	size_t i, n = 0;

	(void)state;
	bpf_object__for_each_program(prog, hs.skel->obj) n++;
	assert_int_equal(n, ARRAY_SIZE(programs)); /* a new program needs a line above */
	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		struct bpf_prog_info info = info_of(hs.skel, programs[i].name);

		assert_int_equal(info.type, programs[i].type);
		assert_string_equal(info.name, programs[i].name);
		assert_true(info.btf_id && info.nr_func_info && info.nr_line_info);
		assert_true(budget_ok(programs[i].name, &info));
	}
}

static void test_each_alone(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(programs); i++)
		xvtep_bpf__destroy(load(programs[i].name));
}

/*
 * libbpf sets BPF_F_XDP_HAS_FRAGS for the section's name; a handler of our own for it leaves it
 * away. It is another object, as a devmap belongs to one kind: with the maps of the first one,
 * -EINVAL.
 */
static void test_without_frags(void **state)
{
	int handler = libbpf_register_prog_handler("xdp.frags", BPF_PROG_TYPE_XDP, BPF_XDP, NULL);
	struct xvtep_bpf *skel;
	struct bpf_program *prog = hs.skel->progs.xv_decap;
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_flags = 0);
	struct bpf_prog_info info;

	(void)state;
	assert_string_equal(bpf_program__section_name(prog), "xdp.frags");
	assert_true(handler > 0);
	skel = hs_load();
	libbpf_unregister_prog_handler(handler);
	assert_non_null(skel);
	info = info_of(skel, "xv_decap");
	assert_true(budget_ok("xv_decap", &info));
	/* That it is another kind shows in the devmap, which only takes its own. */
	prog = skel->progs.xv_decap;
	assert_true(bpf_prog_load(BPF_PROG_TYPE_XDP, "same_kind", "GPL", bpf_program__insns(prog),
				  bpf_program__insn_cnt(prog), &opts) >= 0);
	opts.prog_flags = BPF_F_XDP_HAS_FRAGS;
	assert_int_equal(bpf_prog_load(BPF_PROG_TYPE_XDP, "other_kind", "GPL",
				       bpf_program__insns(prog), bpf_program__insn_cnt(prog),
				       &opts),
			 -EINVAL);
	xvtep_bpf__destroy(skel);
}

static void test_map_btf(void **state)
{
	struct bpf_map *map;
	int n = 0;

	(void)state;
	bpf_object__for_each_map(map, hs.skel->obj)
	{
		struct bpf_map_info info = {};
		__u32 len = sizeof(info);

		if (bpf_map__is_internal(map))
			continue; /* not pinned, for nobody else to read */
		assert_int_equal(bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &len), 0);
		assert_string_equal(info.name, bpf_map__name(map)); /* not cut at 15 characters */
		n++;
		if (info.type == BPF_MAP_TYPE_RINGBUF || info.type == BPF_MAP_TYPE_DEVMAP)
			continue; /* the kernel keeps no BTF of these */
		if (!info.btf_id || !info.btf_key_type_id || !info.btf_value_type_id)
			fail_msg("%s: no BTF", info.name);
	}
	assert_true(n >= 17);
}

/* A budget that is passed, or a program without one, is told. */
static void test_budget_control(void **state)
{
	struct bpf_prog_info info = info_of(hs.skel, "xv_decap_skb");
	struct hs_budget most = hs_budget_of("xv_decap_skb");

	(void)state;
	harness_quiet = 1;
	assert_true(budget_ok("xv_decap_skb", &info));
	assert_false(budget_ok("no_such_program", &info));
	info.xlated_prog_len = most.bytes + 1;
	assert_false(budget_ok("xv_decap_skb", &info));
	info = info_of(hs.skel, "xv_decap_skb");
	info.verified_insns = insns_allowed(&most) + 1;
	assert_false(budget_ok("xv_decap_skb", &info));
	harness_quiet = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_each_alone),
		cmocka_unit_test(test_without_frags),
		cmocka_unit_test(test_map_btf),
		cmocka_unit_test(test_budget_control),
	};

	return hs_main("load", tests, ARRAY_SIZE(tests));
}
