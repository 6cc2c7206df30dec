/* SPDX-License-Identifier: GPL-2.0-only */
/* Standard output that may be closed or full: a program that could not write must not exit 0. */
#ifndef XV_OUTPUT_H
#define XV_OUTPUT_H

/*
 * To be called first. Opens descriptors 0 to 2 where they are closed, so that no later socket or
 * file becomes standard output. Writing to one that was closed fails (EBADF).
 */
void xv_output_open(void);
/* Flushes standard output. Returns status, or EXIT_FAILURE after a message if output was lost. */
int xv_output_close(const char *program, int status);

#endif
