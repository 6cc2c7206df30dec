// SPDX-License-Identifier: GPL-2.0-only
/* MACs that move to and fro: how many moves are admitted, and when again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "flap.h"

#define SECOND 1000000000ULL

static struct xv_network net = {.set = {.name = "blue"}};
static const struct xv_fdb_key key = {.bd = 1, .mac = {2, 0, 0, 0, 0, 1}};

/* The MAC tries to move every 10 ms; moves that are admitted in [from, to) seconds. */
static int moves(struct xv_flap **flaps, uint64_t from, uint64_t to)
{
	uint64_t now;
	int n = 0;

	for (now = from * SECOND; now < to * SECOND; now += SECOND / 100) {
		if (now < xv_flap_held_until(*flaps, &key))
			continue;
		xv_flap_note(flaps, &net, &key, now);
		n++;
	}
	return n;
}

static void test_hold(void **state)
{
	struct xv_flap *flaps = NULL;

	(void)state;
	assert_int_equal(moves(&flaps, 100, 101), XV_LEARN_MOVES);
	assert_int_equal(moves(&flaps, 101, 110), 0);
	assert_int_equal(moves(&flaps, 110, 120), 1);
	assert_int_equal(moves(&flaps, 120, 160), 4);
	xv_flap_free(&flaps);
}

static void test_forgiven(void **state)
{
	struct xv_flap *flaps = NULL;

	(void)state;
	moves(&flaps, 100, 105);
	xv_flap_forget(&flaps, 120 * SECOND);
	assert_non_null(flaps);
	assert_int_equal(moves(&flaps, 125, 126), XV_LEARN_MOVES);
	xv_flap_forget(&flaps, 147 * SECOND);
	assert_null(flaps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_forgiven),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
