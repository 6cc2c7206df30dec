/* SPDX-License-Identifier: GPL-2.0-only */
/* What the service manager is told, as sd_notify(3) does. */
#ifndef XV_NOTIFY_H
#define XV_NOTIFY_H

/*
 * Sends the text, lines of VARIABLE=VALUE, to the socket that the environment's NOTIFY_SOCKET
 * names. Without one nothing is done; a manager that does not take it is not waited for.
 */
__attribute__((format(printf, 1, 2))) void xv_notify(const char *format, ...);

#endif
