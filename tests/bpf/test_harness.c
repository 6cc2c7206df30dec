// SPDX-License-Identifier: GPL-2.0-only
/*
 * Negative controls: each check of the harness is given something wrong, and must fail; and the
 * code that it compares with is held against values from elsewhere.
 */
#include <string.h>

#include "harness_ref.h"

static struct world world;
static struct frame a, b;
static struct ref ref;
static struct run run;
static struct counts counts;

static int quiet(void **state)
{
	(void)state;
	harness_quiet = 1;
	return 0;
}

static int loud(void **state)
{
	(void)state;
	harness_quiet = 0;
	return 0;
}

/* RFC 1071, section 3: the example's sum; and an IPv4 header seen in the wild. */
static void test_sum(void **state)
{
	static const __u8 rfc[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	static const __u8 header[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
				      0x00, 0x00, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};

	(void)state;
	assert_int_equal(sum16(rfc, sizeof(rfc), 0), 0xddf2);
	assert_int_equal(sum16(rfc, 7, 0), 0xdcfb); /* odd: as if a zero followed */
	a.len = 0;
	frame_put(&a, header, sizeof(header));
	frame_fix_ip4(&a, 0);
	assert_int_equal(frame_get16(&a, 10), 0xb861);
	assert_int_equal(sum16(a.b, 20, 0), 0xffff);
}

static void test_frame_check(void **state)
{
	struct inner_spec inner = inner_udp(mac_of_port(1), mac_of_peer(1));
	__u32 i;

	(void)state;
	a.len = 0;
	frame_inner(&a, &inner);
	frame_copy(&b, &a);
	assert_int_equal(frame_check(&a, &b, "equal"), 0);
	for (i = 0; i < a.len; i++) {
		b.b[i] ^= 1;
		assert_int_equal(frame_check(&a, &b, "a bit"), -1);
		assert_int_equal(frame_diff(&a, &b), i);
		b.b[i] ^= 1;
	}
	b.len--;
	assert_int_equal(frame_check(&a, &b, "shorter"), -1);
	b.len += 2;
	assert_int_equal(frame_check(&a, &b, "longer"), -1);
}

static void test_counts_check(void **state)
{
	static struct counts want;
	__u64 *words = (__u64 *)&counts;
	size_t i;

	(void)state;
	memset(&counts, 0, sizeof(counts));
	assert_int_equal(counts_check(&counts, &want, "equal"), 0);
	for (i = 0; i < sizeof(counts) / 8; i++) {
		words[i]++;
		assert_int_equal(counts_check(&counts, &want, "one more"), -1);
		words[i]--;
	}
}

/* A good run to spoil: stripped. */
static void good_run(__u32 port)
{
	struct outer_spec outer = outer_from(&world, PEER_V4, BD_BLUE);
	struct inner_spec inner = inner_udp(mac_of_port(port), mac_of_peer(PEER_V4));

	frame_tunnel(&a, &outer, &inner);
	ref_decap(&world, &a, a.len, REF_XDP, &ref);
	counts_read(&counts);
	assert_int_equal(hs_run_xdp(&a, 0, &run), 0);
	counts_since(&counts);
	assert_int_equal(ref_check(&ref, &run, &counts, "good"), 0);
}

#define MUST_FAIL(spoil, mend)                                                \
	do {                                                                  \
		spoil;                                                        \
		assert_int_equal(ref_check(&ref, &run, &counts, #spoil), -1); \
		mend;                                                         \
		assert_int_equal(ref_check(&ref, &run, &counts, #mend), 0);   \
	} while (0)

static void test_ref_check(void **state)
{
	(void)state;
	good_run(PORT_XDP);
	assert_int_equal(ref.path, XV_PATH_XDP_REDIRECT);
	MUST_FAIL(run.retval++, run.retval--);
	MUST_FAIL(run.out.b[run.out.len - 1]++, run.out.b[run.out.len - 1]--);
	MUST_FAIL(run.out.len--, run.out.len++);
	MUST_FAIL(counts.drop[0].bytes++, counts.drop[0].bytes--);
	counts.path[XV_PATH_EVENT].packets++;
	assert_int_equal(ref_check(&ref, &run, &counts, "an event too many"), -1);
	good_run(PORT_XDP);
	MUST_FAIL(run.meta_len = 12, run.meta_len = 0);
}

static void test_source_port_check(void **state)
{
	struct inner_spec inner = inner_udp(mac_of_peer(PEER_V4), mac_of_port(PORT_XDP));

	(void)state;
	a.len = 0;
	frame_inner(&a, &inner);
	ref_encap(&world, &a, 1, 0, &ref);
	counts_read(&counts);
	assert_int_equal(hs_run_tc(hs.skel->progs.xv_encap, &a, NULL, &run), 0);
	counts_since(&counts);
	assert_int_equal(ref_check(&ref, &run, &counts, "good"), 0);
	assert_int_equal(ref.masked_at, 34);
	frame_set16(&run.out, 34, 49151);
	assert_int_equal(ref_check(&ref, &run, &counts, "below the range"), -1);
	frame_set16(&run.out, 34, 49152);
	assert_int_equal(ref_check(&ref, &run, &counts, "in the range"), 0);
	frame_set16(&run.out, 36, 4790);
	assert_int_equal(ref_check(&ref, &run, &counts, "another destination port"), -1);
}

static void test_tally(void **state)
{
	(void)state;
	good_run(PORT_XDP);
	ref_tally_begin();
	assert_int_equal(ref_run_decap(&world, &a, 0, REF_XDP, &ref, "tallied"), 0);
	assert_int_equal(ref_tally_end("right"), 0);
	ref_tally_begin();
	assert_int_equal(ref_run_decap(&world, &a, 0, REF_XDP, &ref, "tallied"), 0);
	assert_int_equal(hs_run_xdp(&a, 0, &run), 0); /* one that nobody expects */
	assert_int_equal(ref_tally_end("one too many"), -1);
}

/* The maps really say what the world says: a change of the world alone must be noticed. */
static void test_world_matters(void **state)
{
	static struct world other;
	int i;

	(void)state;
	good_run(PORT_XDP);
	for (i = 0; i < 6; i++) {
		other = world;
		switch (i) {
		case 0:
			other.local4 = "192.0.2.9";
			break;
		case 1:
			other.udp_port = 4790;
			break;
		case 2:
			other.net[BD_BLUE].vni = 101;
			break;
		case 3:
			other.peer[PEER_V4].ip = "192.0.2.9";
			break;
		case 4:
			other.port[PORT_XDP].flags = 0;
			break;
		default:
			other.fdb[PORT_XDP - 1].dst = PORT_STACK;
		}
		assert_int_equal(ref_run_decap(&other, &a, 0, REF_XDP, &ref, "another world"), -1);
		world_install(&other);
		assert_int_equal(ref_run_decap(&other, &a, 0, REF_XDP, &ref, "installed"), 0);
		world_install(&world);
	}
}

static void test_run_errors(void **state)
{
	(void)state;
	a.len = 13;
	assert_true(hs_run_xdp(&a, 0, &run) < 0);
	assert_true(hs_run_tc(hs.skel->progs.xv_encap, &a, NULL, &run) < 0);
	a.len = 60;
	assert_false(ref_refused(&a, -22));
	a.len = 14;
	assert_true(ref_refused(&a, -22));
	assert_false(ref_refused(&a, -1));
}

static void test_rng(void **state)
{
	struct rng one = {.state = 1}, two = {.state = 1}, three = {.state = 2};
	int i, same = 0;

	(void)state;
	for (i = 0; i < 100; i++) {
		__u32 x = rng_next(&one);

		assert_int_equal(x, rng_next(&two));
		same += x == rng_next(&three);
		assert_in_range(rng_below(&one, 7), 0, 6);
		rng_below(&two, 7);
		rng_below(&three, 7);
	}
	assert_int_equal(same, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, quiet, loud)
	const struct CMUnitTest tests[] = {
		TEST(test_sum),		  TEST(test_frame_check),	TEST(test_counts_check),
		TEST(test_ref_check),	  TEST(test_source_port_check), TEST(test_tally),
		TEST(test_world_matters), TEST(test_run_errors),	TEST(test_rng),
	};
	int failed;

	if (hs_open())
		return 0;
	world_default(&world);
	world_install(&world);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	hs_close();
	return failed ? 1 : 0;
}
