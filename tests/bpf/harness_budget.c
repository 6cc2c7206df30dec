// SPDX-License-Identifier: GPL-2.0-only
/* Reads budget.txt, which is beside the sources; the binary is in .output/tests/bpf. */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness_budget.h"

static FILE *budget_open(void)
{
	char path[PATH_MAX + 64] = "";
	FILE *file = NULL;
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);

	if (n > 0) {
		path[n] = '\0';
		dirname(path);
		strcat(path, "/../../../tests/bpf/budget.txt");
		file = fopen(path, "r");
	}
	if (!file) {
		fprintf(stderr, "# budget.txt: %s\n", strerror(errno));
		exit(1);
	}
	return file;
}

struct hs_budget hs_budget_of(const char *name)
{
	struct hs_budget budget = {}, one;
	FILE *file = budget_open();
	char line[160], word[64];

	while (fgets(line, sizeof(line), file)) {
		one = (struct hs_budget){};
		if (sscanf(line, "%63s %u insns %u bytes", word, &one.insns, &one.bytes) != 3 &&
		    sscanf(line, "%63s %u%%", word, &one.percent) != 2)
			continue;
		if (!strcmp(word, name))
			budget = one;
	}
	fclose(file);
	return budget;
}
