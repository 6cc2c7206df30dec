/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A wish that goes up: a lower layer says that something has happened, and does not know who hears
 * it. instance.c connects the two. A signal that nobody has connected is not heard.
 */
#ifndef XV_SIGNAL_H
#define XV_SIGNAL_H

struct xv_signal {
	void (*fn)(void *arg);
	void *arg;
};

static inline void xv_signal_send(const struct xv_signal *signal)
{
	if (signal->fn)
		signal->fn(signal->arg);
}

#endif
