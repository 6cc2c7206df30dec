/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes text with names from outside (devices, networks, files) safe for a terminal and a log: the
 * names cannot end a line or send commands to the terminal.
 */
#ifndef XV_PRINTABLE_H
#define XV_PRINTABLE_H

#include <stddef.h>

/*
 * Copies text and cuts it to size - 1 bytes. Control characters, C1 ones included, and bytes that
 * are not UTF-8 become \xNN. Returns the length.
 */
size_t xv_printable(char *to, size_t size, const char *text);

#endif
