// SPDX-License-Identifier: GPL-2.0-only
/* MACs that move to and fro: which are duplicates, for how long, and how often the log says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "model/flap.h"
#include "model/peer.h"

#define SECOND 1000000000ULL

static struct xv_port p1 = {.key = {.dev = "p1"}, .id = 1};
static struct xv_port p2 = {.key = {.dev = "p2", .vlan = 5}, .id = 2};
static struct xv_peer peer = {.id = 1};
static struct xv_port *ports[XV_MAX_PORTS] = {[1] = &p1, [2] = &p2};
static struct xv_peer *peers[XV_MAX_PEERS] = {[1] = &peer};
static struct xv_model model = {.port_by_id = ports, .peer_by_id = peers};
static struct xv_network net;

static const struct xv_place at_p1 = {XV_FDB_PORT, 1}, at_p2 = {XV_FDB_PORT, 2},
			     at_peer = {XV_FDB_PEER, 1};

static struct xv_fdb_key key(int n)
{
	return (struct xv_fdb_key){.bd = 1, .mac = {2, 0, 0, 0, n >> 8, n}};
}

static int setup(void **state)
{
	static uint32_t bd; /* another network each, of which the log has said nothing yet */

	(void)state;
	net = (struct xv_network){.vni = 100, .bd = ++bd, .set = {.name = "blue"}};
	model.networks = NULL;
	HASH_ADD(hh, model.networks, vni, sizeof(net.vni), &net);
	xv_ip_parse("192.0.2.2", &peer.ip);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	xv_flap_free(&model);
	HASH_CLEAR(hh, model.networks);
	return 0;
}

/* n moves to and fro between two places, each `step` ns after the one before. */
static uint64_t to_and_fro(struct xv_fdb_key k, struct xv_place a, struct xv_place b, int n,
			   uint64_t now, uint64_t step)
{
	int i;

	for (i = 0; i < n; i++, now += step)
		xv_flap_note(&model, &net, &k, i % 2 ? b : a, i % 2 ? a : b, now);
	return now;
}

/* Lines that the log got meanwhile. */
static char said[65536];
static int old_stderr, pipe_end;

static void hear(void)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	fflush(stderr);
	old_stderr = dup(STDERR_FILENO);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	pipe_end = fds[0];
}

static int heard(void)
{
	ssize_t n;
	int lines = 0;
	char *p;

	fflush(stderr);
	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	n = read(pipe_end, said, sizeof(said) - 1);
	close(pipe_end);
	said[n > 0 ? n : 0] = '\0';
	for (p = said; (p = strchr(p, '\n')); p++)
		lines++;
	return lines;
}

static void test_duplicate(void **state)
{
	struct xv_fdb_key k = key(1);
	struct xv_place other;
	uint64_t now;

	(void)state;
	now = to_and_fro(k, at_p1, at_peer, XV_FLAP_RETURNS, 100 * SECOND, SECOND);
	assert_false(xv_flap_other(&model, &k, at_p1, &other));
	assert_int_equal(net.duplicates, 0);
	hear();
	xv_flap_note(&model, &net, &k, at_peer, at_p1, now);
	assert_int_equal(heard(), 1);
	assert_non_null(strstr(said, "blue: 02:00:00:00:00:01 is in two places, 192.0.2.2 and p1"));
	assert_int_equal(net.duplicates, 1);
	assert_true(xv_flap_other(&model, &k, at_p1, &other));
	assert_true(xv_place_equal(other, at_peer));
	assert_true(xv_flap_other(&model, &k, at_peer, &other));
	assert_true(xv_place_equal(other, at_p1));
	xv_flap_forget(&model, now + (XV_FLAP_QUIET_SECONDS + 1) * SECOND);
	assert_false(xv_flap_other(&model, &k, at_p1, &other));
}

/* From host to host, and a pair whose moves are far apart: as it should be. */
static void test_no_duplicate(void **state)
{
	struct xv_place hosts[] = {at_p1, at_p2, at_peer};
	struct xv_fdb_key k = key(1);
	uint64_t now = 100 * SECOND;
	int i;

	(void)state;
	hear();
	for (i = 0; i < 30; i++)
		xv_flap_note(&model, &net, &k, hosts[i % 3], hosts[(i + 1) % 3],
			     now += SECOND / 10);
	to_and_fro(key(2), at_p1, at_peer, 100, now, (XV_FLAP_QUIET_SECONDS + 1) * SECOND);
	assert_int_equal(heard(), 0);
	assert_int_equal(net.duplicates, 0);
}

/* A MAC for an hour, told each minute, then a thousand: counted, in a few lines. */
static void test_lines(void **state)
{
	uint64_t now = 100 * SECOND;
	int i;

	(void)state;
	hear();
	now = to_and_fro(key(1), at_p1, at_p2, 36000, now, SECOND / 10);
	assert_int_equal(net.duplicates, 1);
	for (i = 0; i < 1000; i++)
		now = to_and_fro(key(2 + i), at_p1, at_p2, 20, now, SECOND / 10000);
	assert_in_range(heard(), 1, 5);
	assert_non_null(strstr(said, "p2 vlan 5 and p1"));
	assert_int_equal(net.duplicates, 1001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_duplicate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_duplicate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
