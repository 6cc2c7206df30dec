/* SPDX-License-Identifier: GPL-2.0-only */
/* Clocks that do not jump when the time of day is set. */
#ifndef XV_CLOCK_H
#define XV_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Whole seconds since the machine started, including time in suspend (CLOCK_BOOTTIME). */
static inline uint64_t xv_clock_boot(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec;
}

/* Whole seconds without time in suspend (CLOCK_MONOTONIC), for pauses and limits. */
static inline uint64_t xv_clock_run(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* CLOCK_MONOTONIC in microseconds. */
static inline uint64_t xv_clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

#endif
