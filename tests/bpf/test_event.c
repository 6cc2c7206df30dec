// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the datapath tells the daemon: learning, moves and misses through the ring buffer, with
 * every field; not twice in a burst; not more than the network's rate; counted when the ring is
 * full. And last_seen, which ageing lives on.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "harness_ref.h"

enum {
	REPEAT_SHIFT = 25, /* an event is not repeated within one period of 2^25 ns ... */
	MOVE_SHIFT = 20,   /* ... but one that tells of a move */
	RATE_SHIFT = 27,   /* rates are counted in periods of 2^27 ns, a seventh to an eighth of a
			      second */
	BURST = 60,
	RATE = 80,     /* of BD_RATE */
	A_PERIOD = 10, /* events in a period at that rate: an eighth */
	MOVES = 16,    /* in a period, to one place, at that rate and below */
	STORM = 90000, /* more than the ring holds: 4 MiB of 48 bytes */
};

static struct world world;
static struct ref ref;
static struct frame frame;

static __u64 now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static __u32 tick_now(void)
{
	return now_ns(CLOCK_MONOTONIC_COARSE) >> XV_SEEN_SHIFT;
}

/* Waits for a period of 2^shift ns to begin, so that what follows fits in. */
static __u64 period_start(int shift)
{
	__u64 was = now_ns(CLOCK_MONOTONIC) >> shift, is;

	do
		is = now_ns(CLOCK_MONOTONIC) >> shift;
	while (is == was);
	return is;
}

static int same_period(int shift, __u64 period)
{
	return now_ns(CLOCK_MONOTONIC) >> shift == period;
}

static void wire_frame(__u32 bd, const __u8 *dst, const __u8 *src, __u32 peer)
{
	struct outer_spec outer = outer_from(&world, peer, bd);
	struct inner_spec inner = inner_udp(dst, src);

	frame_tunnel(&frame, &outer, &inner);
}

static void tenant_frame(__u32 port, const __u8 *dst, const __u8 *src)
{
	struct inner_spec inner = inner_udp(dst, src);

	world_key_set(&world, 1, 0, port);
	world_install(&world);
	frame.len = 0;
	frame_inner(&frame, &inner);
}

/* The events that came are those that the reference noted, in every field. */
static void assert_events(__u64 since)
{
	static const __u8 zero[2];
	int i;

	assert_int_equal(hs_events_poll(), ref.events);
	for (i = 0; i < ref.events; i++) {
		const struct xv_event *got = &hs.event[i];
		const struct ref_event *want = &ref.event[i];

		assert_int_equal(got->type, want->type);
		assert_int_equal(got->kind, want->kind);
		assert_memory_equal(&got->pad0, zero, sizeof(zero));
		assert_int_equal(got->dst, want->dst);
		assert_int_equal(got->key.bd, want->bd);
		assert_memory_equal(got->key.mac, want->mac, 6);
		assert_memory_equal(&got->remote, &want->remote, 16);
		assert_in_range(got->time, since, now_ns(CLOCK_MONOTONIC));
	}
}

static void expect_wire(int events, const char *what)
{
	__u64 since = now_ns(CLOCK_MONOTONIC);

	hs_events_reset();
	assert_int_equal(ref_run_decap(&world, &frame, 0, REF_XDP, &ref, what), 0);
	assert_int_equal(ref.events, events);
	assert_events(since);
}

static void expect_tenant(int events, const char *what)
{
	__u64 since = now_ns(CLOCK_MONOTONIC);

	hs_events_reset();
	assert_int_equal(ref_run_encap(&world, &frame, 0, &ref, what), 0);
	assert_int_equal(ref.events, events);
	assert_events(since);
}

static void test_learn_from_wire(void **state)
{
	(void)state;
	wire_frame(BD_LEARN, mac_of_port(PORT_LEARN), mac_unknown(1), PEER_V4);
	expect_wire(1, "learn, v4");
	assert_int_equal(ref.event[0].type, XV_EVENT_LEARN);
	wire_frame(BD_LEARN, mac_of_port(PORT_LEARN), mac_unknown(2), PEER_V6);
	expect_wire(1, "learn, v6");
	wire_frame(BD_LEARN, mac_of_port(PORT_LEARN), mac_of_peer(PEER_V4), PEER_V4);
	expect_wire(0, "known");
	wire_frame(BD_BLUE, mac_of_port(PORT_XDP), mac_unknown(3), PEER_V4);
	expect_wire(0, "network that does not learn");
}

static void test_move(void **state)
{
	(void)state;
	wire_frame(BD_LEARN, mac_of_port(PORT_LEARN), mac_of_peer(PEER_V4), PEER_V6);
	expect_wire(1, "from one peer to another");
	assert_int_equal(ref.event[0].type, XV_EVENT_MOVE);
	assert_int_equal(ref.event[0].dst, PEER_V6);
	tenant_frame(PORT_LEARN, mac_of_peer(PEER_V4), mac_of_peer(PEER_V6));
	expect_tenant(1, "from a peer to a port");
	assert_int_equal(ref.event[0].type, XV_EVENT_MOVE);
	assert_int_equal(ref.event[0].kind, XV_FDB_PORT);
}

/* A map entry has XV_FDB_MOVING now; so has the world's. */
static void is_moving(const __u8 *mac)
{
	int i;

	assert_true(hs_fdb_get(BD_LEARN, mac, 0).flags & XV_FDB_MOVING);
	for (i = 0; i < world.fdbs; i++)
		if (world.fdb[i].bd == BD_LEARN && !memcmp(world.fdb[i].mac, mac, 6))
			world.fdb[i].flags |= XV_FDB_MOVING;
}

/* Once a move was told, frames from the old place are told too: the last one decides. */
static void test_moving(void **state)
{
	struct frame from_port;

	(void)state;
	tenant_frame(PORT_LEARN, mac_of_peer(PEER_V4), mac_of_port(PORT_LEARN));
	from_port = frame;
	expect_tenant(0, "where it was, port");
	wire_frame(BD_LEARN, mac_of_port(PORT_LEARN), mac_of_port(PORT_LEARN), PEER_V6);
	expect_wire(1, "port's MAC moved");
	is_moving(mac_of_port(PORT_LEARN));
	frame = from_port;
	expect_tenant(1, "where it was, port");
	assert_int_equal(ref.event[0].type, XV_EVENT_MOVE);
	assert_int_equal(ref.event[0].kind, XV_FDB_PORT);

	wire_frame(BD_LEARN, mac_of_port(PORT_LEARN), mac_of_peer(PEER_V4), PEER_V6);
	expect_wire(1, "peer's MAC moved");
	is_moving(mac_of_peer(PEER_V4));
	wire_frame(BD_LEARN, mac_of_port(PORT_LEARN), mac_of_peer(PEER_V4), PEER_V4);
	expect_wire(1, "where it was, peer");
	assert_int_equal(ref.event[0].dst, PEER_V4);
	world_default(&world);
	world_install(&world);
}

static void test_static(void **state)
{
	(void)state;
	wire_frame(BD_BLUE, mac_of_port(PORT_XDP), mac_static_port(), PEER_V4);
	expect_wire(0, "static elsewhere");
	assert_int_equal(ref_verdict(&ref), VERDICT_DROP(VXLAN_ENTRY_EXISTS));
	wire_frame(BD_BLUE, mac_of_port(PORT_XDP), mac_static_peer(), PEER_V6);
	expect_wire(0, "static at another peer");
	assert_int_equal(ref_verdict(&ref), VERDICT_DROP(VXLAN_ENTRY_EXISTS));
	wire_frame(BD_BLUE, mac_of_port(PORT_XDP), mac_static_peer(), PEER_V4);
	expect_wire(0, "static here");
	assert_int_equal(ref.path, XV_PATH_XDP_REDIRECT);
}

static void test_from_tenant(void **state)
{
	(void)state;
	tenant_frame(PORT_LEARN, mac_of_peer(PEER_V4), mac_unknown(10));
	expect_tenant(1, "learn");
	tenant_frame(PORT_LEARN, mac_unknown(11), mac_of_port(PORT_LEARN));
	expect_tenant(0, "unknown destination: flooded, nothing to learn");
	tenant_frame(PORT_LEARN, mac_unknown(12), mac_unknown(13));
	expect_tenant(1, "both unknown");
}

static void run_quietly(void)
{
	static struct run run;

	assert_int_equal(hs_run_xdp(&frame, 0, &run), 0);
	assert_int_equal(run.retval, XDP_REDIRECT);
}

static void run_tenant(void)
{
	static struct run run;

	assert_int_equal(hs_run_tc(hs.skel->progs.xv_encap, &frame, NULL, &run), 0);
	assert_int_equal(run.retval, ACT_REDIRECT);
}

/* Once in a period, again in the next; another peer with the same MAC is another event. */
static void test_repeated(void **state)
{
	struct counts counts;
	__u64 period;
	int i, n = 0;

	(void)state;
	do {
		wire_frame(BD_LEARN, mac_of_port(PORT_LEARN), mac_unknown(20 + n), PEER_V4);
		hs_events_reset();
		counts_read(&counts);
		period = period_start(REPEAT_SHIFT);
		for (i = 0; i < 5; i++)
			run_quietly();
	} while (!same_period(REPEAT_SHIFT, period) && ++n < 20);
	assert_true(n < 20);
	assert_int_equal(hs_events_poll(), 1);
	counts_since(&counts);
	assert_int_equal(counts.path[XV_PATH_EVENT].packets, 1);
	assert_int_equal(counts.path[XV_PATH_XDP_REDIRECT].packets, 5);
	period_start(REPEAT_SHIFT);
	run_quietly();
	assert_int_equal(hs_events_poll(), 2);
	wire_frame(BD_LEARN, mac_of_port(PORT_LEARN), mac_unknown(20 + n), PEER_V6);
	run_quietly();
	assert_int_equal(hs_events_poll(), 3);
}

static void burst(__u32 first)
{
	int i;

	for (i = 0; i < BURST; i++) {
		wire_frame(BD_RATE, mac_of_port(PORT_RATE), mac_unknown(first + i), PEER_V4);
		run_quietly();
	}
}

/* A sixtieth MAC in a burst is forwarded like the first; the daemon hears of ten. */
static void test_rate(void **state)
{
	struct counts counts;
	__u64 period;
	int n = 0;

	(void)state;
	assert_int_equal(world.net[BD_RATE].rate, RATE);
	do {
		hs_events_reset();
		period = period_start(RATE_SHIFT);
		counts_read(&counts);
		burst(100 + n % 2 * 100);
	} while (!same_period(RATE_SHIFT, period) && ++n < 20);
	assert_true(n < 20);
	counts_since(&counts);
	assert_int_equal(hs_events_poll(), A_PERIOD);
	assert_int_equal(counts.path[XV_PATH_EVENT].packets, A_PERIOD);
	assert_int_equal(counts.path[XV_PATH_EVENT_LIMITED].packets, BURST - A_PERIOD);
	assert_int_equal(counts.path[XV_PATH_XDP_REDIRECT].packets, BURST);
	period_start(RATE_SHIFT);
	run_quietly();
	assert_int_equal(hs_events_poll(), A_PERIOD + 1);
}

/* A move is told again a millisecond later: the MAC may have been taken away in between. */
static void test_move_again(void **state)
{
	__u64 period;
	int n = 0;

	(void)state;
	wire_frame(BD_LEARN, mac_of_port(PORT_LEARN), mac_of_peer(PEER_V4), PEER_V6);
	do {
		period_start(MOVE_SHIFT);
		hs_events_reset();
		period = period_start(MOVE_SHIFT);
		run_quietly();
		run_quietly();
	} while (!same_period(MOVE_SHIFT, period) && ++n < 1000);
	assert_true(n < 1000);
	assert_int_equal(hs_events_poll(), 1);
	period_start(MOVE_SHIFT);
	run_quietly();
	assert_int_equal(hs_events_poll(), 2);
}

/* A MAC of BD_RATE that is behind PEER_V4 speaks from another peer. */
static void move_frame(__u32 number, __u32 peer)
{
	struct xv_fdb_val val = {.kind = XV_FDB_PEER, .dst = PEER_V4, .last_seen = tick_now()};

	hs_fdb_put(BD_RATE, mac_unknown(number), val, 0);
	wire_frame(BD_RATE, mac_of_port(PORT_RATE), mac_unknown(number), peer);
	run_quietly();
}

/*
 * A place to which too many MACs move is held back, and no other; neither are moves by a storm of
 * unknown MACs, nor learning by moves.
 */
static void test_move_rate(void **state)
{
	struct counts counts;
	__u64 period;
	int i, n = 0;

	(void)state;
	do {
		hs_events_reset();
		period = period_start(RATE_SHIFT);
		counts_read(&counts);
		burst(300 + n % 2 * 100);
		for (i = 0; i < BURST; i++)
			move_frame(500 + n % 2 * 100 + i, PEER_V6);
		move_frame(700 + n, PEER_SLOW);
	} while (!same_period(RATE_SHIFT, period) && ++n < 20);
	assert_true(n < 20);
	counts_since(&counts);
	assert_int_equal(hs_events_poll(), A_PERIOD + MOVES + 1);
	assert_int_equal(counts.path[XV_PATH_EVENT_LIMITED].packets, 2 * BURST - A_PERIOD - MOVES);
	assert_int_equal(hs.event[A_PERIOD + MOVES].dst, PEER_SLOW);
	assert_int_equal(hs.event[A_PERIOD + MOVES].type, XV_EVENT_MOVE);
}

/* A full network, or a full port: an unknown MAC is no event, but counted; a move is one. */
static void test_full_quota(void **state)
{
	struct counts counts;
	int port;

	(void)state;
	for (port = 0; port < 2; port++) {
		world_default(&world);
		world.net[BD_LEARN].flags |= port ? 0 : XV_BD_FULL;
		world.port[PORT_LEARN].flags |= port ? XV_PORT_FULL : 0;
		world_key_set(&world, 1, 0, PORT_LEARN);
		world_install(&world);
		hs_events_reset();
		counts_read(&counts);
		wire_frame(BD_LEARN, mac_of_port(PORT_LEARN), mac_unknown(800 + port), PEER_V4);
		run_quietly();
		assert_int_equal(hs_events_poll(), port);
		wire_frame(BD_LEARN, mac_of_port(PORT_LEARN), mac_of_peer(PEER_V4), PEER_V6);
		period_start(MOVE_SHIFT);
		run_quietly();
		assert_int_equal(hs_events_poll(), port + 1);
		tenant_frame(PORT_LEARN, mac_of_peer(PEER_V4), mac_unknown(810 + port));
		run_tenant();
		assert_int_equal(hs_events_poll(), port + 1);
		counts_since(&counts);
		assert_int_equal(counts.path[XV_PATH_EVENT_FULL].packets, 2 - port);
	}
	world_default(&world);
	world_install(&world);
}

/* Nobody reads the ring: events are lost, counted, and no frame is. */
static void test_full_ring(void **state)
{
	__u8 mac[6] = {0x06, 0, 0, 0, 0, 0};
	struct counts counts;
	int i;

	(void)state;
	hs_events_reset();
	counts_read(&counts);
	wire_frame(BD_LEARN, mac_of_port(PORT_LEARN), mac, PEER_V4);
	for (i = 0; i < STORM; i++) {
		frame.b[50 + 8] = i >> 16;
		frame.b[50 + 10] = i >> 8;
		frame.b[50 + 11] = i;
		run_quietly();
	}
	counts_since(&counts);
	assert_int_equal(counts.path[XV_PATH_XDP_REDIRECT].packets, STORM);
	assert_int_equal(counts.path[XV_PATH_EVENT].packets +
				 counts.path[XV_PATH_EVENT_LOST].packets,
			 STORM);
	assert_in_range(counts.path[XV_PATH_EVENT].packets, 80000, STORM - 1);
	assert_int_equal(hs_events_poll(), counts.path[XV_PATH_EVENT].packets);
	hs_events_reset();
	wire_frame(BD_LEARN, mac_of_port(PORT_LEARN), mac_unknown(60), PEER_V4);
	run_quietly();
	assert_int_equal(hs_events_poll(), 1); /* and it goes on */
}

static void stamp_set(const __u8 *mac, __u32 tick)
{
	struct xv_fdb_val val = hs_fdb_get(BD_BLUE, mac, world.by_map);

	val.last_seen = tick;
	hs_fdb_put(BD_BLUE, mac, val, world.by_map);
}

/* Stamped with the present tick. */
static void expect_stamp(__u32 peer, const __u8 *src, __u32 ticks_ago, int stamped,
			 const char *what)
{
	__u32 before = tick_now(), set = before - ticks_ago, seen;

	wire_frame(BD_BLUE, mac_of_port(PORT_XDP), src, peer);
	stamp_set(src, set);
	assert_int_equal(ref_run_decap(&world, &frame, 0, REF_XDP, &ref, what), 0);
	seen = hs_fdb_get(BD_BLUE, src, world.by_map).last_seen;
	if (stamped)
		assert_in_range(seen, before, tick_now());
	else
		assert_int_equal(seen, set);
}

static void last_seen(int by_map)
{
	world.by_map = by_map;
	world_install(&world);
	expect_stamp(PEER_V4, mac_of_peer(PEER_V4), 4, 1, "two seconds ago");
	expect_stamp(PEER_V4, mac_of_peer(PEER_V4), 1, 1, "the tick before");
	expect_stamp(PEER_V4, mac_of_peer(PEER_V4), 0, 1, "this tick");
	expect_stamp(PEER_V4, mac_static_peer(), 4, 1, "static");
	expect_stamp(PEER_V6, mac_of_peer(PEER_V4), 4, 0, "from another peer");
	expect_stamp(PEER_V6, mac_static_peer(), 4, 0, "static, from another peer");
	world.by_map = 0;
}

static void test_last_seen(void **state)
{
	(void)state;
	last_seen(0);
}

static void test_last_seen_by_map(void **state)
{
	(void)state;
	last_seen(1);
}

/* What a MAC is sent does not keep it alive, only what it sends. */
static void test_last_seen_tenant(void **state)
{
	__u32 old = tick_now() - 4;

	(void)state;
	tenant_frame(PORT_XDP, mac_of_peer(PEER_V4), mac_of_port(PORT_XDP));
	stamp_set(mac_of_port(PORT_XDP), old);
	stamp_set(mac_of_peer(PEER_V4), old);
	assert_int_equal(ref_run_encap(&world, &frame, 0, &ref, "tenant"), 0);
	assert_true(hs_fdb_get(BD_BLUE, mac_of_port(PORT_XDP), 0).last_seen > old);
	assert_int_equal(hs_fdb_get(BD_BLUE, mac_of_peer(PEER_V4), 0).last_seen, old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_learn_from_wire),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_moving),
		cmocka_unit_test(test_static),
		cmocka_unit_test(test_from_tenant),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_move_again),
		cmocka_unit_test(test_move_rate),
		cmocka_unit_test(test_full_quota),
		cmocka_unit_test(test_full_ring),
		cmocka_unit_test(test_last_seen),
		cmocka_unit_test(test_last_seen_by_map),
		cmocka_unit_test(test_last_seen_tenant),
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
