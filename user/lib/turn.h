/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Long work in turns of the event loop. Work is a plain function that runs on a stack of its own.
 * When it calls xv_turn_give_way(), it may be suspended while the event loop serves other events.
 * So work that takes seconds is still one function that does one thing after the other.
 *
 * One piece of work is under way at a time; others wait, first come, first served. So data that
 * only such work changes stays the same while the work is suspended. Everything runs in the event
 * loop's thread.
 */
#ifndef XV_TURN_H
#define XV_TURN_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Runs fn(arg) as work: at once until it first gives way, or, if other work is under way, after
 * that. 0 or -ENOMEM.
 */
int xv_turn_begin(struct event_base *base, void (*fn)(void *arg), void *arg);
/*
 * For work: if its turn was long enough, lets the event loop serve others. Does nothing without
 * work under way, as during the daemon's start.
 */
void xv_turn_give_way(void);
/* For work: suspends it for us microseconds. False: no work is running, and nothing was done. */
bool xv_turn_pause(unsigned int us);
/* For work: suspends it until the descriptor is readable. False as above. */
bool xv_turn_wait(int fd);
/* Whether the caller is running as work. */
bool xv_turn_is_on(void);
/* Whether work is under way or waiting. */
bool xv_turn_is_busy(void);
/*
 * For work: notes its progress for xv_turn_text(): "applying", done of total. total 0: not counted.
 * what NULL: nothing.
 */
void xv_turn_tell(const char *what, size_t done, size_t total);
/* Writes the noted progress: "applying, 8192 of 1000000"; "" if there is none. */
void xv_turn_text(char *text, size_t size);
/* To be called when the event loop has ended. Abandons work under way and waiting work. */
void xv_turn_stop(void);

#endif
