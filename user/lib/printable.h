/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text with names from outside in it (devices, networks, files), made safe for a terminal and a
 * log: nothing in it ends a line or is obeyed.
 */
#ifndef XV_PRINTABLE_H
#define XV_PRINTABLE_H

#include <stddef.h>

/*
 * Copies text and cuts it to size - 1 bytes. Control characters, C1 ones among them, and bytes that
 * are not UTF-8 become \xNN. Returns the length.
 */
size_t xv_printable(char *to, size_t size, const char *text);

#endif
