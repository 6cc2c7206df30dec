// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packet that was dropped last: what of it is kept, how often it is, and what leaves no note.
 * That every reason is noted in every program is test_reason.c's.
 */
#include <sched.h>
#include <string.h>
#include <time.h>

#include "harness_lab.h"
#include "harness_last.h"

enum {
	TICK_NS = 10000000, /* of the coarse clock, at most */
	OUTER_IP = 14,
};

static struct world world;
static struct frame frame;
static struct run run;

static int set_up(void **state)
{
	(void)state;
	lab_world(&world);
	world_key_set(&world, 1, 0, PORT_XDP); /* BPF_PROG_TEST_RUN's frames come from lo */
	world_install(&world);
	last_clear(hs.skel);
	return 0;
}

static void from_wire(__u32 payload)
{
	struct outer_spec outer = outer_from(&world, PEER_V4, BD_BLUE);
	struct inner_spec inner = inner_udp(mac_of_port(PORT_XDP), mac_of_peer(PEER_V4));

	inner.payload = payload;
	frame_tunnel(&frame, &outer, &inner);
}

/* From an address that is no peer's. */
static void from_stranger(__u8 last_byte)
{
	from_wire(600);
	frame.b[OUTER_IP + 15] = last_byte;
	frame_fix_ip4(&frame, OUTER_IP);
}

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Frames whose head is linear, as always, but the rest is not. */
static void test_frags(void **state)
{
	struct xv_drop_last_val last;

	(void)state;
	from_wire(20000);
	frame.b[OUTER_IP + 15] = 77;
	frame_fix_ip4(&frame, OUTER_IP);
	assert_int_equal(hs_run_xdp(&frame, 100, &run), 0);
	assert_int_equal(run.retval, XDP_DROP);
	last = last_of(hs.skel, XV_DROP_UNKNOWN_PEER);
	assert_int_equal(last_check(&last, XV_DROP_FROM_WIRE, &frame, 0, "fragments"), 0);
}

/* The one before came by TC, with what only that knows. */
static void test_after_tc(void **state)
{
	const struct xv_drop_last_val old = {
		.vlan = XV_DROP_TAGGED | 7,
		.vni = 7,
		.remote = {.q = {1}},
		.to = 7,
		.to_kind = XV_FDB_PORT,
	};
	const struct xv_ip none = {};
	struct xv_drop_last_val last;

	(void)state;
	last_put(hs.skel, XV_DROP_UNKNOWN_PEER, &old);
	from_stranger(77);
	assert_int_equal(hs_run_xdp(&frame, 0, &run), 0);
	assert_int_equal(run.retval, XDP_DROP);
	last = last_of(hs.skel, XV_DROP_UNKNOWN_PEER);
	assert_int_equal(last_check(&last, XV_DROP_FROM_WIRE, &frame, 0, "after TC"), 0);
	assert_int_equal(last.vlan, 0);
	assert_int_equal(last.vni, 0);
	assert_int_equal(last.to | last.to_kind, 0);
	assert_memory_equal(&last.remote, &none, sizeof(none));
}

static void test_generic(void **state)
{
	struct xv_drop_last_val last;

	(void)state;
	from_stranger(77);
	assert_int_equal(hs_run_xdp_of(hs.skel->progs.xv_decap_skb, &frame, 0, &run), 0);
	assert_int_equal(run.retval, XDP_DROP);
	last = last_of(hs.skel, XV_DROP_UNKNOWN_PEER);
	assert_int_equal(last_check(&last, XV_DROP_FROM_WIRE, &frame, 0, "generic"), 0);
}

/* The tag that the kernel keeps beside the frame. */
static void test_tag(void **state)
{
	struct inner_spec inner = inner_udp(mac_of_peer(PEER_V4), mac_of_port(PORT_XDP));
	static struct counts before, counts;
	struct xv_drop_last_val last;
	static struct frame bare;

	(void)state;
	bare.len = 0;
	frame_inner(&bare, &inner);
	frame_tagged(&frame, &bare, T_VLAN, 5);
	memset(&counts, 0, sizeof(counts));
	counts_read(&before);
	lab_send(LAB_T1, &frame);
	count_add(&counts.drop[XV_DROP_INNER_VLAN], 1, frame.len);
	assert_int_equal(lab_counts(&before, &counts, "tagged"), 0);
	last = last_of(hs.skel, XV_DROP_INNER_VLAN);
	assert_int_equal(last_check(&last, XV_DROP_FROM_PORT, &bare, 0, "tagged"), 0);
	assert_int_equal(last.vlan, XV_DROP_TAGGED | 5);
	assert_int_equal(last.ifindex, lab.ifindex[LAB_T1]);
}

/* A copy that a flood list's member does not get is noted, though others do. */
static void test_copy(void **state)
{
	struct inner_spec inner = inner_udp((const __u8[]){255, 255, 255, 255, 255, 255},
					    mac_of_port(PORT_XDP));
	struct xv_drop_last_val last;

	(void)state;
	world_flood_add(&world, BD_BLUE, XV_FDB_PORT, PORT_DOWN, NULL);
	world_install(&world);
	frame.len = 0;
	frame_inner(&frame, &inner);
	assert_int_equal(hs_run_tc(hs.skel->progs.xv_encap, &frame, NULL, &run), 0);
	last = last_of(hs.skel, XV_DROP_PORT_DOWN);
	assert_int_equal(last_check(&last, XV_DROP_FROM_PORT, &frame, 0, "copy"), 0);
	assert_int_equal(last.to_kind, XV_FDB_PORT);
	assert_int_equal(last.to, PORT_DOWN);
}

/* Makes the note of a CPU ns old. */
static void set_age(__u32 reason, __u64 ns)
{
	static struct xv_drop_last_val all[256];
	int fd = bpf_map__fd(hs.skel->maps.xv_drop_last), cpu;

	assert_int_equal(bpf_map_lookup_elem(fd, &reason, all), 0);
	for (cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++) {
		if (all[cpu].from == XV_DROP_FROM_NONE)
			continue;
		all[cpu].time = now() - ns;
		all[cpu].tick = 0;
	}
	assert_int_equal(bpf_map_update_elem(fd, &reason, all, 0), 0);
}

/* The last byte of the address that is noted, after one drop more, when the note was ns old. */
static int noted_at(__u64 ns)
{
	from_stranger(78);
	set_age(XV_DROP_UNKNOWN_PEER, ns);
	assert_int_equal(hs_run_xdp(&frame, 0, &run), 0);
	return last_of(hs.skel, XV_DROP_UNKNOWN_PEER).head[OUTER_IP + 15];
}

static void test_rate(void **state)
{
	cpu_set_t one;
	__u64 before;
	int noted;

	(void)state;
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	from_stranger(77);
	assert_int_equal(hs_run_xdp(&frame, 0, &run), 0);
	do { /* until the test itself was quick enough to judge it */
		before = now();
		noted = noted_at(0);
	} while (now() - before >= XV_DROP_LAST_NS - TICK_NS && noted == 78);
	assert_int_equal(noted, 77);
	assert_int_equal(noted_at(XV_DROP_LAST_NS), 78);
	assert_in_range(last_of(hs.skel, XV_DROP_UNKNOWN_PEER).time, before, now());
}

static void test_forwarded(void **state)
{
	__u32 reason;

	(void)state;
	from_wire(100);
	assert_int_equal(hs_run_xdp(&frame, 0, &run), 0);
	assert_int_equal(run.retval, XDP_REDIRECT);
	for (reason = 0; reason < XV_DROP_MAX; reason++)
		assert_int_equal(last_of(hs.skel, reason).from, XV_DROP_FROM_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_frags, set_up),
		cmocka_unit_test_setup(test_after_tc, set_up),
		cmocka_unit_test_setup(test_generic, set_up),
		cmocka_unit_test_setup(test_tag, set_up),
		cmocka_unit_test_setup(test_copy, set_up),
		cmocka_unit_test_setup(test_rate, set_up),
		cmocka_unit_test_setup(test_forwarded, set_up),
	};
	int ret;

	if (hs_open())
		return 0;
	lab_open();
	lab_world(&world);
	lab_attach(REF_XDP);
	ret = _cmocka_run_group_tests("last", tests, ARRAY_SIZE(tests), NULL, NULL);
	hs_close();
	return ret ? 1 : 0;
}
