/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's log: standard error, one line an event, with the priorities that journald reads.
 * Names from outside are escaped here. Logging never blocks: lines that do not fit into the pipe
 * are counted, and the count is logged as soon as there is room.
 */
#ifndef XV_LOG_H
#define XV_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

/* instance: named in each line. verbose: logs LOG_DEBUG too. */
void xv_log_open(const char *instance, bool verbose);
void xv_log(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * Logs what others can cause at any rate. fmt (a literal) and bd (of the network that the line is
 * about; 0: none) identify the message. Its first line in a second is written at once. Later ones
 * are counted; the last of them is written with their number when the second ends.
 */
void xv_log_limited(int priority, uint32_t bd, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * To be called once a second. Writes what xv_log_limited() counted, and how many lines were lost.
 */
void xv_log_second(void);
/* Writes why the process ends, without priority and instance. */
void xv_log_end(const char *text);

#endif
