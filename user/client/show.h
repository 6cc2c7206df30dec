/* SPDX-License-Identifier: GPL-2.0-only */
/* Prints the daemon's answers on standard output, as text or JSON. */
#ifndef XV_SHOW_H
#define XV_SHOW_H

#include <stdbool.h>

#include "client.h"
#include "commands.h"

struct xv_show {
	const struct xv_command *command;
	const char *file; /* of apply and check: the file's name */
	bool json;
	bool all;     /* print rows whose counters are all zero, too */
	bool several; /* the answer has several tables: JSON is an object with a key for each */
};

/* Reads an answer to its end and prints it. Negative errno with the text in err. */
int xv_show_answer(const struct xv_show *show, struct xv_client *client, struct xv_err *err);

#endif
