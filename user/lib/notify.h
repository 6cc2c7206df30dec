/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages to the service manager, as by sd_notify(3). */
#ifndef XV_NOTIFY_H
#define XV_NOTIFY_H

/*
 * Sends the text, lines of VARIABLE=VALUE, to the socket that $NOTIFY_SOCKET names. Does nothing if
 * it is unset. Never waits for the service manager.
 */
__attribute__((format(printf, 1, 2))) void xv_notify(const char *format, ...);

#endif
