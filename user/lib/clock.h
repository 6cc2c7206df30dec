/* SPDX-License-Identifier: GPL-2.0-only */
/* Clocks that nobody sets. */
#ifndef XV_CLOCK_H
#define XV_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Whole seconds since the machine's start, the time that it slept included. */
static inline uint64_t xv_clock_boot(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec;
}

/* The time that the machine slept left out: for pauses and limits. */
static inline uint64_t xv_clock_run(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Microseconds of the same. */
static inline uint64_t xv_clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

#endif
