/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that are sent to the daemon. */
#ifndef XV_FILE_H
#define XV_FILE_H

#include <jansson.h>

#include "client.h"

/*
 * The text of a file ("-": standard input) as a JSON string. -errno; -EILSEQ if it is not UTF-8
 * without NUL, with the line that is not.
 */
int xv_file_read(const char *name, json_t **text, struct xv_err *err);

/* A file descriptor ("-": standard input), or -errno. */
int xv_file_open(const char *name, struct xv_err *err);
/*
 * Sends a file of any size in blocks, as the daemon asked for it in the answer to a request; the
 * final answer comes then. progress: a terminal is shown how much is sent. -errno if it cannot be
 * read: the daemon drops what it has.
 */
int xv_file_send(int fd, const char *name, struct xv_client *client, bool progress,
		 struct xv_err *err);

#endif
