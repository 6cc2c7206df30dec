/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests on the control socket: one line of JSON, checked whole against the grammar (commands.h)
 * before a handler sees it.
 */
#ifndef XV_REQUEST_H
#define XV_REQUEST_H

#include "commands.h"

struct xv_request {
	const struct xv_command *command;
	json_t *args; /* object: the command's arguments, checked, with every required one */
};

/*
 * Parses a line (without its newline). On success the caller frees *request with xv_request_free().
 * -EINVAL: err names what is wrong and what would be right; *request is untouched.
 */
int xv_request_parse(const char *line, size_t len, struct xv_request *request, struct xv_err *err);
/* The request in one line for a log, without the text of a file; cut off to size. Returns buf. */
const char *xv_request_format(const struct xv_request *request, char *buf, size_t size);
void xv_request_free(struct xv_request *request);

#endif
