/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A signal from a lower layer that something has happened. The lower layer does not know who
 * handles it: instance.c connects the two. A signal that is not connected does nothing.
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
