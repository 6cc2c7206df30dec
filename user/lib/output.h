/* SPDX-License-Identifier: GPL-2.0-only */
/* Standard output that may be closed, or full: a program that could not write must not say 0. */
#ifndef XV_OUTPUT_H
#define XV_OUTPUT_H

/*
 * To be called first: descriptors 0 to 2 that are closed are taken, so that no socket or file
 * becomes standard output. What is written to such a one fails (EBADF).
 */
void xv_output_open(void);
/* Writes out what is buffered. status, or EXIT_FAILURE with a message if any of it was lost. */
int xv_output_close(const char *program, int status);

#endif
