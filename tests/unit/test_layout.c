/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The types of the pinned maps are those that the list of our layout has: who changes one raises
 * XV_ABI_VERSION, writes a reader of the layout before, and makes a new list.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernel/pinned.h"
#include "maps/layout.h"
#include "xv_abi.h"
#include "xvtep.skel.h"

static void open_object(struct xvtep_bpf **skel)
{
	*skel = xvtep_bpf__open();
	assert_non_null(*skel);
}

static void own_types(void **state)
{
	struct xvtep_bpf *skel;
	struct bpf_map *map;
	size_t n = 0, wrong = 0;

	(void)state;
	open_object(&skel);
	bpf_object__for_each_map(map, skel->obj)
	{
		const struct xv_layout_map *listed;
		uint64_t types = xv_layout_types(map, bpf_object__btf(skel->obj));

		if (!bpf_map__pin_path(map))
			continue;
		listed = xv_layout_map(&xv_layout_9, bpf_map__name(map));
		n++;
		if (listed && listed->types == types)
			continue;
		print_error("%s: 0x%016" PRIx64 ", and the list has 0x%016" PRIx64 "\n",
			    bpf_map__name(map), types, listed ? listed->types : 0);
		wrong++;
	}
	xvtep_bpf__destroy(skel);
	assert_int_equal(wrong, 0);
	assert_int_equal(n, xv_layout_9.n);
	assert_int_equal(xv_layout_9.number, XV_ABI_VERSION);
}

/* Each size, kind and number of entries is in it: another one is another number. */
static void tells_apart(void **state)
{
	struct xvtep_bpf *skel;
	const struct btf *btf;
	uint64_t types;

	(void)state;
	open_object(&skel);
	btf = bpf_object__btf(skel->obj);
	types = xv_layout_types(skel->maps.xv_flood, btf);
	bpf_map__set_max_entries(skel->maps.xv_flood, XV_MAX_FLOOD);
	assert_int_not_equal(xv_layout_types(skel->maps.xv_flood, btf), types);
	types = xv_layout_types(skel->maps.xv_vni, btf);
	bpf_map__set_type(skel->maps.xv_vni, BPF_MAP_TYPE_LRU_HASH);
	assert_int_not_equal(xv_layout_types(skel->maps.xv_vni, btf), types);
	/* The machine's CPUs are no part of a layout. */
	types = xv_layout_types(skel->maps.xv_stats, btf);
	bpf_map__set_max_entries(skel->maps.xv_stats, 7);
	assert_int_equal(xv_layout_types(skel->maps.xv_stats, btf), types);
	xvtep_bpf__destroy(skel);
}

/* The last three layouts have a reader each; ours and what is older have none. */
static void readers(void **state)
{
	uint32_t number;

	(void)state;
	for (number = 0; number < XV_LAYOUT_OLDEST; number++)
		assert_null(xv_layout_find(number));
	for (; number < XV_ABI_VERSION; number++)
		assert_int_equal(xv_layout_find(number)->number, number);
	assert_null(xv_layout_find(XV_ABI_VERSION));
	assert_null(xv_layout_find(XV_ABI_VERSION + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_types),
		cmocka_unit_test(tells_apart),
		cmocka_unit_test(readers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
