/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon's log: see log.h. */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "log.h"

static char log_instance[64] = "?";
static bool log_verbose;
static bool log_journal;

void xv_log_open(const char *instance, bool verbose)
{
	snprintf(log_instance, sizeof(log_instance), "%s", instance);
	log_verbose = verbose;
	log_journal = !isatty(STDERR_FILENO);
}

void xv_log(int priority, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (priority > LOG_INFO && !log_verbose)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (log_journal)
		fprintf(stderr, "<%d>xvtepd[%s]: %s\n", priority, log_instance, line);
	else
		fprintf(stderr, "xvtepd[%s]: %s\n", log_instance, line);
}
