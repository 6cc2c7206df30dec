/* SPDX-License-Identifier: GPL-2.0-only */
/* Which kernels are new enough, and what is said of the others. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/kernel.h"

static void test_new_enough(void **state)
{
	static const char *const releases[] = {
		"6.1",	  "6.1.0",    "6.1.0-31-amd64", "6.1-rc1", "6.2.0",
		"6.10.3", "6.18.0-x", "7.0.0",		"10.0.1",
	};
	struct xv_err err = {.text = ""};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(releases) / sizeof(releases[0]); i++)
		if (xv_kernel_check(releases[i], &err))
			fail_msg("%s: %s", releases[i], err.text);
	assert_string_equal(err.text, "");
}

static void test_too_old(void **state)
{
	static const char *const releases[] = {
		"6.0.19", "6.0", "5.10.0-30-amd64", "5.15.0-100-generic", "4.19.0", "2.6.78",
		"6",	  "",	 "unknown",
	};
	struct xv_err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(releases) / sizeof(releases[0]); i++) {
		err.text[0] = '\0';
		if (xv_kernel_check(releases[i], &err) != -EOPNOTSUPP)
			fail_msg("\"%s\" is taken", releases[i]);
		assert_non_null(strstr(err.text, releases[i]));
		assert_non_null(strstr(err.text, "6.1 or newer"));
	}
}

/* Holes among the numbers count. */
static void test_cpus(void **state)
{
	(void)state;
	assert_int_equal(xv_kernel_parse_cpus("0\n"), 1);
	assert_int_equal(xv_kernel_parse_cpus("0-1\n"), 2);
	assert_int_equal(xv_kernel_parse_cpus("0-3,8-11\n"), 12);
	assert_int_equal(xv_kernel_parse_cpus("0,2"), 3);
	assert_int_equal(xv_kernel_parse_cpus(""), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_enough),
		cmocka_unit_test(test_too_old),
		cmocka_unit_test(test_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
