/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads counters of received ICMP errors: see icmp.h. The format is described in proc_net_snmp(5)
 * and linux/snmp.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/icmp.h"

enum {
	LINE = 1024,
};

/*
 * The number in values that has the same position as name in names. Both are words separated by
 * blanks.
 */
static uint64_t below(char *names, char *values, const char *name)
{
	char *at_name, *at_value;
	const char *n = strtok_r(names, " \n", &at_name), *v = strtok_r(values, " \n", &at_value);

	while (n && v) {
		if (!strcmp(n, name))
			return strtoull(v, NULL, 10);
		n = strtok_r(NULL, " \n", &at_name);
		v = strtok_r(NULL, " \n", &at_value);
	}
	return 0;
}

static uint64_t unreachables(void)
{
	FILE *f = fopen("/proc/thread-self/net/snmp", "re");
	char names[LINE], values[LINE];
	uint64_t n = 0;

	while (f && fgets(names, sizeof(names), f) && fgets(values, sizeof(values), f))
		if (!strncmp(names, "Icmp: ", 6))
			n = below(names, values, "InDestUnreachs");
	if (f)
		fclose(f);
	return n;
}

static uint64_t too_bigs6(void)
{
	FILE *f = fopen("/proc/thread-self/net/snmp6", "re");
	uint64_t n = 0, value;
	char line[LINE];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Icmp6InPktTooBigs %" SCNu64, &value) == 1)
			n = value;
	if (f)
		fclose(f);
	return n;
}

uint64_t xv_icmp_errors(void)
{
	return unreachables() + too_bigs6();
}
