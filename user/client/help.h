/* SPDX-License-Identifier: GPL-2.0-only */
/* Help and completion, printed from the grammar. */
#ifndef XV_HELP_H
#define XV_HELP_H

#include <stdio.h>

/* All commands, or those of one object (a prefix is enough); NULL: all. */
void xv_help_print(FILE *out, const char *object);
/*
 * For the shell: what may stand as the last of these words, one a line. The names of networks,
 * ports and peers are asked for from the instance's daemon, if one runs.
 */
void xv_help_complete(const char *instance, int argc, char *const argv[]);
/* For the shell: instances whose daemon answers, one a line. */
void xv_help_instances(void);

#endif
