/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that are sent to the daemon. */
#ifndef XV_FILE_H
#define XV_FILE_H

#include <jansson.h>

#include "client.h"

/*
 * Reads a file ("-": standard input) into a JSON string. -EILSEQ: the file has a NUL or is not
 * UTF-8; err names the line. Other failures: -errno.
 */
int xv_file_read(const char *name, json_t **text, struct xv_err *err);

/* Opens a file ("-": standard input). Returns the descriptor or -errno. */
int xv_file_open(const char *name, struct xv_err *err);
/*
 * Sends a file of any size in blocks, after the daemon has answered the request by asking for it.
 * The daemon's final answer comes after the file. progress: shows on a terminal how much is sent.
 * -errno: the file cannot be read, and the daemon drops what it has received.
 */
int xv_file_send(int fd, const char *name, struct xv_client *client, bool progress,
		 struct xv_err *err);

#endif
