/* SPDX-License-Identifier: GPL-2.0-only */
/* How much of a file has been sent, in one line of a terminal that is wiped at the end. */
#ifndef XV_PROGRESS_H
#define XV_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct xv_progress {
	bool wanted;
	bool shown;	/* there is a line to wipe */
	uint64_t total; /* bytes of the file; 0: not known */
	uint64_t done;	/* bytes that are sent */
	uint64_t next;	/* ms: when the line is written next */
};

/* fd: the file. Nothing is ever written unless standard error is a terminal and wanted is true. */
void xv_progress_start(struct xv_progress *progress, int fd, bool wanted);
/* That many bytes more are sent. A line is written after the first second, then ten times a second.
 */
void xv_progress_add(struct xv_progress *progress, uint64_t bytes);
/* Wipes the line, before anything else is written. */
void xv_progress_end(struct xv_progress *progress);

#endif
