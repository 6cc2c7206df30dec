// SPDX-License-Identifier: GPL-2.0-only
/* For how long a port that is found in a loop is contained. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/loop.h"

#define SECOND 1000000000ULL

/* Twice as long each time, up to the longest, while it comes back within a minute. */
static void test_hold(void **state)
{
	static const uint32_t want[] = {10, 20, 40, 80, 160, 320, 320, 320};
	uint64_t now = 100 * SECOND, until = 0;
	uint32_t seconds = 0;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		seconds = xv_loop_hold(seconds, until, now);
		assert_int_equal(seconds, want[i]);
		until = now + seconds * SECOND;
		now = until + 60 * SECOND - 1;
	}
}

/* A minute without a loop, and it begins anew. */
static void test_anew(void **state)
{
	uint64_t until = 1000 * SECOND;

	(void)state;
	assert_int_equal(xv_loop_hold(320, until, until + 60 * SECOND), 10);
	assert_int_equal(xv_loop_hold(320, until, until + 60 * SECOND - 1), 320);
	assert_int_equal(xv_loop_hold(10, until, until), 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
