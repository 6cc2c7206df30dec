/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that are sent to the daemon. */
#ifndef XV_FILE_H
#define XV_FILE_H

#include <jansson.h>

#include "err.h"

/*
 * The text of a file ("-": standard input) as a JSON string. -errno; -EILSEQ if it is not UTF-8
 * without NUL, with the line that is not.
 */
int xv_file_read(const char *name, json_t **text, struct xv_err *err);

#endif
