/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's log: standard error, one line an event, with the priorities that journald reads.
 * Names from outside are escaped here. Nothing in here waits for whoever reads the log: what does
 * not fit into the pipe is counted, and the count told as soon as there is room.
 */
#ifndef XV_LOG_H
#define XV_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

/* Names the instance in each line; verbose lets LOG_DEBUG through. */
void xv_log_open(const char *instance, bool verbose);
void xv_log(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * For what others can cause as often as they like. fmt, a literal, and the bd of the network that
 * the line is about (0: none) name the cause: its first line in a second is written at once, later
 * ones are counted, and the last of them is written with the number when the second ends.
 */
void xv_log_limited(int priority, uint32_t bd, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Once a second: writes what xv_log_limited() counted, and how many lines were lost. */
void xv_log_second(void);
/* Why the process ends, without priority and instance. */
void xv_log_end(const char *text);

#endif
