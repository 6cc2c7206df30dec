/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon's log: standard error, one line an event, with the priorities that journald reads. */
#ifndef XV_LOG_H
#define XV_LOG_H

#include <stdbool.h>
#include <syslog.h>

/* Names the instance in each line; verbose lets LOG_DEBUG through. */
void xv_log_open(const char *instance, bool verbose);
void xv_log(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
