/* SPDX-License-Identifier: GPL-2.0-only */
/* Shows how much of a file has been sent, on one line of the terminal, wiped at the end. */
#ifndef XV_PROGRESS_H
#define XV_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct xv_progress {
	bool wanted;
	bool shown;	/* there is a line to wipe */
	uint64_t total; /* bytes of the file; 0: not known */
	uint64_t done;	/* bytes sent */
	uint64_t next;	/* ms: when the line is next written */
};

/* fd: the file. Nothing is ever written unless standard error is a terminal and wanted is true. */
void xv_progress_start(struct xv_progress *progress, int fd, bool wanted);
/*
 * Adds bytes that were sent. Writes the line after the first second, then at most ten times a
 * second.
 */
void xv_progress_add(struct xv_progress *progress, uint64_t bytes);
/* Wipes the line. To be called before anything else is written. */
void xv_progress_end(struct xv_progress *progress);

#endif
