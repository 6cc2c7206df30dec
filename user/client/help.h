/* SPDX-License-Identifier: GPL-2.0-only */
/* Help, printed from the grammar. */
#ifndef XV_HELP_H
#define XV_HELP_H

#include <stdio.h>

/* Prints help for all commands, or for those of one object (a prefix is enough; NULL: all). */
void xv_help_print(FILE *out, const char *object);

#endif
