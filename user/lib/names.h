/* SPDX-License-Identifier: GPL-2.0-only */
/* A list of names in a text, for people: "a, b, c". */
#ifndef XV_NAMES_H
#define XV_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Appends a name unless the list has it. If the name does not fit, appends "..." once. Returns
 * whether the list did not have the name; a name behind "..." is not remembered.
 */
bool xv_names_add(char *text, size_t size, const char *name);

#endif
