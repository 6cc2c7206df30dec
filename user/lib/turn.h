/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Long work in turns of the event loop. Work is a plain function, but on a stack of its own: where
 * it calls xv_turn_give_way() it may be left for a while, and the event loop serves others. So work
 * that takes seconds stays one function that begins, does one thing after the other, and ends.
 *
 * One piece of work is under way at a time; others wait, first come, first served. What is changed
 * by such work alone does not change while it gives way. Everything runs in the one thread of the
 * event loop.
 */
#ifndef XV_TURN_H
#define XV_TURN_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Runs fn(arg): now, up to the first time that it gives way, or after the work before it. 0 or
 * -ENOMEM.
 */
int xv_turn_begin(struct event_base *base, void (*fn)(void *arg), void *arg);
/*
 * For work: lets others have their turn if this one was long enough. Without work under way, as in
 * the start of the daemon, it does nothing.
 */
void xv_turn_give_way(void);
/* For work: others have their turn for that long. False: no work is under way; nothing is done. */
bool xv_turn_pause(unsigned int us);
/* For work: others have their turn until the descriptor can be read. False as above. */
bool xv_turn_wait(int fd);
/* Whether it is work that asks. */
bool xv_turn_is_on(void);
/* Whether work is under way, or waits. */
bool xv_turn_is_busy(void);
/* What work is at: "applying", done of total; total 0: not counted. what NULL: nothing. */
void xv_turn_tell(const char *what, size_t done, size_t total);
/* That as text: "applying, 8192 of 1000000"; "" when there is nothing to tell. */
void xv_turn_text(char *text, size_t size);
/* The loop has ended: what is under way is left where it is, and what waits is forgotten. */
void xv_turn_stop(void);

#endif
